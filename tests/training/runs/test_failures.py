"""A disk that is full, a loss that is none: a run ends cleanly, and what was good is kept."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symrnn import files, weights
from tests.training.runs.setting import Here, labelled, numbers, same

RUN = "train gru --data colours.csv --hidden 6 --batch 8 --quiet"


def full(*arguments: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("after", [0, 1, 2, 5, 6])
def test_a_write_that_fails_keeps_the_last_checkpoint(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    labelled(tmp_path / "colours.csv", 30)
    here.result(f"{RUN} --epochs 6 --out whole")
    here.result(f"{RUN} --epochs 2 --out run")
    beside, left = files._beside, [after]

    def fails(target: Path, content: bytes, waste: ExitStack) -> Path:
        if not left[0]:
            full()
        left[0] -= 1
        return beside(target, content, waste)

    monkeypatch.setattr(files, "_beside", fails)
    message = here.refusal("train --resume run --epochs 6 --quiet --save-every 0")
    assert message.startswith("cannot write run/")
    assert "No space left on device\nthe checkpoint of step " in message
    assert message.endswith("is as it was; symrnn train --resume run goes on from there")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    here.result("train --resume run --epochs 6 --quiet")
    assert same(tmp_path / "run", tmp_path / "whole")


def test_a_line_that_cannot_be_written(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(tmp_path / "colours.csv", 30)
    here.result(f"{RUN} --epochs 2 --out run")
    before = (tmp_path / "run/checkpoint.npz").read_bytes()
    monkeypatch.setattr("symrnn.training.runs.log.os.fsync", full)
    assert here.refusal("train --resume run --epochs 6 --quiet").startswith(
        "cannot write run/metrics.jsonl: No space left on device\nthe checkpoint of step "
    )
    assert (tmp_path / "run/checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize("after", range(7))
def test_a_beginning_that_fails_leaves_nothing(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    labelled(tmp_path / "colours.csv", 30)
    beside, left = files._beside, [after]

    def fails(target: Path, content: bytes, waste: ExitStack) -> Path:
        if not left[0]:
            full()
        left[0] -= 1
        return beside(target, content, waste)

    monkeypatch.setattr(files, "_beside", fails)
    assert "No space left on device" in here.refusal(f"{RUN} --epochs 2 --out run")
    assert [path.name for path in tmp_path.iterdir()] == ["colours.csv"]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_disk_that_is_full(here: Here, tmp_path: Path, small: Path) -> None:
    labelled(tmp_path / "colours.csv", 30)
    for out, epochs in (("whole", 6), (f"{small}/run", 2)):
        here.result(f"{RUN} --epochs {epochs} --out {out}")
    before = (small / "run/checkpoint.npz").read_bytes()
    room = shutil.disk_usage(small).free
    (small / "filler").write_bytes(bytes(room))
    resumed = f"train --resume {small}/run --epochs 6"
    said = here(*resumed.split())
    assert said.status == 2
    assert said.err.count("No space left on device") == 1
    assert (small / "run/checkpoint.npz").read_bytes() == before
    assert weights.load(small / "run/weights.safetensors")
    (small / "filler").unlink()
    here.result(resumed)
    assert same(small / "run", tmp_path / "whole")


def test_a_loss_that_is_no_number(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    (tmp_path / "mine.rnn").write_text(
        "h[t] = x[t] @ W + h[t-1] @ U\nyhat = exp(h[T] @ V)\nL = mse(y, yhat)\n"
    )
    command = "train ./mine.rnn --data mean.npz --learning-rate 1e6 --out run --quiet"
    said = here(*command.split(), "--optimiser", "sgd", "--clip", "0")
    assert (said.status, said.out) == (1, "")
    assert "the norm of the gradient" in said.err
    assert (
        "run keeps the weights from before; start anew with a smaller --learning-rate" in said.err
    )
    found = weights.load(tmp_path / "run/weights.safetensors")
    assert all(np.isfinite(array).all() for array in found.values())
    here.result("predict run --data mean.npz")
