"""Whatever fails once, a disk or the memory, leaves a run that is readable: as it was, or newer."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.errors import UsageError
from symrnn.training.runs import checkpoint
from symrnn.training.runs.display import Quiet
from symrnn.training.runs.folder import CHECKPOINT, METRICS, WEIGHTS, Folder
from symrnn.training.runs.log import Log
from symrnn.training.runs.session import RunRequest, Session, begin, resume, settle
from symrnn.training.runs.stopping import Stopping
from symrnn.training.runs.train import Checkpointer, train
from tests.test_files import CALLS, faulty
from tests.training.runs.setting import ROOT, Here

Numbers = dict[str, np.ndarray[Any, Any]]


def state(run: Path) -> tuple[Numbers, int, Numbers]:
    """All that can be read of a run."""
    trainer, progress = checkpoint.load(run / CHECKPOINT)
    return trainer, progress.epoch, weights.load(run / WEIGHTS)


def same_numbers(one: Numbers, other: Numbers) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def session() -> Session:
    return begin(symrnn.load("elman"), "cat-mat-rat", RunRequest({}, {"epochs": 9}, hidden=3))


def test_each_call_of_a_checkpoint_may_fail(tmp_path: Path) -> None:
    """Checkpoint and weights are two files: each is the old one or the new one."""
    run = tmp_path / "run"
    begun = session()
    folder = settle(begun, run)
    shutil.copytree(run, tmp_path / "old")
    with Log(run / METRICS, 0) as log, Stopping() as stopping:
        checkpointer = Checkpointer(folder, begun, log, 1e9)
        train(begun, checkpointer, 2, Quiet(), stopping)
        old, new = state(tmp_path / "old"), state(run)
        assert not same_numbers(old[0], new[0])
        failures = 0
        for number in range(2 * CALLS + 8):
            for name in (CHECKPOINT, WEIGHTS):
                shutil.copy(tmp_path / "old" / name, run / name)
            with pytest.MonkeyPatch.context() as patch:
                found = faulty(patch, number)
                with suppress(UsageError):
                    checkpointer.save()
            failures += found.failed
            trainer, epoch, params = state(run)
            assert any(same_numbers(trainer, each[0]) and epoch == each[1] for each in (old, new))
            assert any(same_numbers(params, each[2]) for each in (old, new))
            assert resume(Folder(run), begun.config).progress.epoch == epoch
    assert failures == 2 * CALLS + 1  # both files, and the lines are synced


@pytest.mark.parametrize("number", range(0, 6 * CALLS, 4))
def test_a_beginning_is_there_whole_or_not_at_all(tmp_path: Path, number: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = faulty(patch, number)
        with suppress(UsageError):
            settle(session(), tmp_path / "run")
    assert found.failed
    if list(tmp_path.iterdir()):
        assert [path.name for path in tmp_path.iterdir()] == ["run"]
        assert state(tmp_path / "run")[1] == 0


# memory

LIMITED = """
import os, resource, sys
import numpy
from symrnn.cli import main

assert main(["train", "--resume", "warm", "--epochs", "2", "--quiet"]) == 0  # all is imported now
for room in map(int, sys.argv[1:]):
    child = os.fork()
    if child == 0:
        sys.stderr.flush()
        os.dup2(os.open(f"said-{room}", os.O_WRONLY | os.O_CREAT), 2)
        with open("/proc/self/statm") as file:
            there = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (there + room,) * 2)
        try:
            status = main(["train", "--resume", f"run-{room}", "--epochs", "2", "--quiet"])
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            status = 99
        os._exit(status)
    print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
ROOMS = [*(n << 20 for n in (0, 2, 5, 8, 12)), 1 << 30]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system has no /proc")
def test_a_memory_that_is_full(here: Here, tmp_path: Path) -> None:
    """With little room, and with more and more of it: refused, or done, and always readable."""
    command = "train elman --data cat-mat-rat --hidden 300 --quiet --learning-rate 1e-4"
    here.result(f"{command} --epochs 1 --out warm")
    for room in ROOMS:
        shutil.copytree(tmp_path / "warm", tmp_path / f"run-{room}")
    old = state(tmp_path / "warm")
    found = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, ROOMS)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    statuses = [int(each) for each in re.findall(r"^status (.*)$", found.stdout, re.M)]
    new = state(tmp_path / "warm")
    for room, status in zip(ROOMS, statuses, strict=True):
        said = (tmp_path / f"said-{room}").read_text()
        assert status in (0, 2), said
        assert (said == "") == (status == 0), said
        assert status == 0 or said.startswith("symrnn: there is not enough memory"), said
        trainer, epoch, params = state(tmp_path / f"run-{room}")
        assert any(same_numbers(trainer, each[0]) and epoch == each[1] for each in (old, new))
        assert any(same_numbers(params, each[2]) for each in (old, new))
    assert (statuses[0], statuses[-1]) == (2, 0)


def test_what_was_asked_for_is_said(here: Here) -> None:
    said = here.refusal("train elman --data hello --hidden 1000000 --quiet --out run")
    assert re.match(r"there is not enough memory: Unable to allocate [\d.]+ TiB for an array", said)
    assert said.endswith(
        "; asked for was train elman --data hello --hidden 1000000 --quiet --out run: expected a"
        " smaller file, or fewer steps, sequences or features"
    )


def test_memory_that_is_full_in_the_middle(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.result("train elman --data cat-mat-rat --hidden 3 --epochs 2 --out run --quiet")
    before = state(tmp_path / "run")

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(weights.npz, "encode", full)
    monkeypatch.setitem(weights.FORMATS, ".npz", (weights.npz.decode, full))
    said = here.refusal("train --resume run --epochs 3 --quiet")
    assert said == (
        "there is not enough memory\nthe checkpoint of step 2 is as it was; symrnn train --resume"
        " run goes on from there"
    )
    assert same_numbers(state(tmp_path / "run")[0], before[0])
