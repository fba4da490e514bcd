"""TensorBoard reads of a run what metrics.jsonl says, also after it was killed and went on."""

import importlib.util
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from time import sleep
from typing import Any

import pytest

from symrnn.training.runs.log import Log
from symrnn.training.runs.tensorboard import Board, library, scalars
from tests.training.runs.setting import Here, finished, labelled, start

HERE = {name for name in ("tensorboardX", "tensorboard", "torch") if importlib.util.find_spec(name)}
needed = pytest.mark.skipif(
    not ("tensorboardX" in HERE or {"torch", "tensorboard"} <= HERE),
    reason="neither tensorboardX nor PyTorch with tensorboard is installed",
)

# a reader of its own: records of TFRecord, and of protocol buffers what an event needs


def crc(data: bytes) -> int:
    """CRC-32C bit by bit, masked as in TFRecord."""
    found = 0xFFFFFFFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0x82F63B78 if found & 1 else 0)
    found ^= 0xFFFFFFFF
    return ((found >> 15 | found << 17) + 0xA282EAD8) & 0xFFFFFFFF


def unframed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8) == (crc(data[at : at + 8]),)
        record = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length) == (crc(record),)
        yield record
        at += 16 + length


def message(data: bytes) -> dict[int, list[Any]]:
    """The fields of a protocol buffer by their numbers."""
    at, found = 0, dict[int, list[Any]]()

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            at, byte = at + 1, data[at]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        values = found.setdefault(key >> 3, [])
        if key & 7 == 0:
            values.append(varint())
        else:
            size = {1: 8, 2: 0, 5: 4}[key & 7] or varint()
            values.append(data[at : at + size])
            at += size
    return found


def events(run: Path) -> list[tuple[str, int, Any]]:
    """What stands in the one file of events: name, step and number; a text has none."""
    (path,) = run.glob("*tfevents*")
    found = []
    for event in map(message, unframed(path.read_bytes())):
        for summary in event.get(5, []):
            for value in map(message, message(summary)[1]):
                number = struct.unpack("<f", value[2][0])[0] if 2 in value else float("nan")
                found.append((value[1][0].decode(), event.get(2, [0])[0], number))
    return found


def expected(run: Path) -> list[tuple[str, int, Any]]:
    """The same of metrics.jsonl; events are in single precision."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [
        (name, line["step"], pytest.approx(value, rel=1e-6))
        for line in lines
        for name, value in scalars(line)
    ]


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """As if these libraries were not installed."""
    known = [name for name in sys.modules if name.split(".")[0] in names]
    for name in (*names, *known):
        monkeypatch.setitem(sys.modules, name, None)


def wait(process: Popen[bytes], run: Path, before: Path | None = None) -> None:
    """Until a process has logged some steps into a file of events of its own."""
    log = run / "metrics.jsonl"
    while process.poll() is None:
        there = set(run.glob("*tfevents*")) - {before}
        if there and log.exists() and log.stat().st_size > 100:
            return
        sleep(0.01)


def agree(run: Path) -> bool:
    return [each for each in events(run) if each[2] == each[2]] == expected(run)


@pytest.mark.parametrize("by", ["tensorboardX", "torch"])
def test_tensorboard_reads_what_the_log_says(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if not {by, "tensorboard" if by == "torch" else by} <= HERE:
        pytest.skip(f"{by} is not installed, or tensorboard with it")
    if by == "torch":
        hide(monkeypatch, "tensorboardX")
    labelled(tmp_path / "colours.csv")
    options = "--hidden 3 --epochs 2 --batch 20 --flow 3 --out run --quiet --tensorboard"
    here.result(f"train lstm --data colours.csv {options}")
    run = tmp_path / "run"
    assert agree(run)
    names = {name for name, _, _ in events(run)}
    assert {"step/loss", "step/norm", "step/rate", "epoch/mean_loss", "epoch/validation"} <= names
    assert {"epoch/accuracy", "flow/c-h/factor", "flow/c-h/delta_1"} <= names
    assert {"model/text_summary", "flow/c-h/verdict/text_summary"} <= names
    line = json.loads((run / "metrics.jsonl").read_text().splitlines()[0])
    assert ("step/loss", 1, pytest.approx(line["loss"], rel=1e-6)) in events(run)


@needed
def test_what_a_killed_process_had_said_too_much_is_taken_back(tmp_path: Path) -> None:
    """A checkpoint of step 0 alone, and then one of each step: what came after it is gone."""
    command = "train elman --data cat-mat-rat --epochs 300000 --out run --quiet --tensorboard"
    run = tmp_path / "run"
    process = start(tmp_path, *command.split(), "--save-every", "1e9")
    wait(process, run)
    process.kill()
    process.communicate()
    process = start(tmp_path, *["train", "--resume", "run", "--quiet", "--save-every", "0"])
    (before,) = run.glob("*tfevents*")
    wait(process, run, before)
    process.terminate()
    assert finished(process).status == 143
    assert agree(run)


@needed
def test_a_run_may_be_told_of_from_its_second_sitting_on(here: Here, tmp_path: Path) -> None:
    here.result("train elman --data cat-mat-rat --epochs 3 --out run --quiet")
    assert not list(Path("run").glob("*tfevents*"))
    here.result("train --resume run --epochs 5 --quiet --tensorboard")
    assert agree(tmp_path / "run")
    assert [step for name, step, _ in events(tmp_path / "run") if name == "step/loss"] == [
        *range(1, 6)
    ]


@pytest.mark.skipif("tensorboard" not in HERE, reason="tensorboard is not installed")
@needed
def test_tensorboard_itself_reads_it(here: Here, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    here.result("train elman --data cat-mat-rat --epochs 3 --out run --quiet --tensorboard")
    here.result("train --resume run --epochs 6 --quiet")  # goes on by itself
    read = EventAccumulator(str(tmp_path / "run"))
    read.Reload()
    found = expected(Path("run"))
    told = {(n, each.step, each.value) for n in read.Tags()["scalars"] for each in read.Scalars(n)}
    assert len(told) == len(found)
    assert all(any(each == one for one in told) for each in found)


@pytest.mark.parametrize("how", ["train elman --data cat-mat-rat --out new", "train --resume old"])
def test_without_either_library_nothing_is_begun(
    here: Here, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    here.result("train elman --data cat-mat-rat --epochs 1 --out old --quiet")
    kept = {path.name: path.read_bytes() for path in Path("old").iterdir()}
    hide(monkeypatch, "tensorboardX", "tensorboard")
    said = here.refusal(f"{how} --tensorboard")
    assert said.startswith("--tensorboard needs tensorboardX, or PyTorch and tensorboard, and")
    assert not Path("new").exists()
    assert {path.name: path.read_bytes() for path in Path("old").iterdir()} == kept


def test_a_run_that_was_told_of_goes_on_where_nobody_can_be_told(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.result("train elman --data cat-mat-rat --epochs 1 --out run --quiet")
    (Path("run") / "events.out.tfevents.1.symrnn").write_bytes(b"")
    hide(monkeypatch, "tensorboardX", "tensorboard")
    said = here("train", "--resume", "run", "--epochs", "2")
    assert said.status == 0
    assert "TensorBoard is told no more of it" in said.err


@needed
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_message(tmp_path: Path, here: Here) -> None:
    from symrnn.errors import UsageError

    full = library()._replace(open=lambda _: open("/dev/full", "wb"))  # noqa: SIM115
    with Log(tmp_path / "metrics.jsonl") as log:
        board = Board(full, tmp_path, "L = x")
        log.tell(board)
        with pytest.raises(UsageError, match=r"cannot write .*tfevents.*: No space left"):
            log.settle()
