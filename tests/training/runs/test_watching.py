"""How a run tells how it goes: bars, lines, pictures; with and without the libraries for it."""

import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from symrnn.training import Epoch, Step
from symrnn.training.runs.display import Bar, Lines, Quiet, Tqdm, watcher
from symrnn.training.runs.log import plot
from symrnn.training.runs.scores import Scores
from tests.training.runs.setting import Here, labelled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(out: io.StringIO, **modules: Any) -> str:
    """What is seen of two epochs of three slow steps."""
    watching = watcher(out, 0, 6, 2, quiet=False)
    for number in range(1, 7):
        if hasattr(watching, "pace"):
            watching.pace._since -= 1  # a second has gone by
        watching(Step(number, 1 / number, 0.5, 0.1, 0.1, (number - 1) // 3, 32))
        if number % 3 == 0:
            scores = Scores(0.25, "accuracy", 0.75, 8)
            watching(Epoch(number // 3 - 1, 3, 0.5, 1.0, 96, 0.25, number == 3, scores))
    watching.close()
    return out.getvalue()


def test_a_bar_of_its_own_where_there_is_no_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    out = watched(Terminal())
    assert isinstance(watcher(Terminal(), 0, 6, 2, quiet=False), Bar)
    pictures = out.split("\r")
    assert pictures[1].startswith(" 17% [===                 ] loss 1, 32 tokens/s, |grad")
    assert ", epoch 1: loss 0.5, validation 0.25 (lowest), accuracy 75.0 %" in pictures[-2]
    assert ", epoch 2: loss 0.5, validation 0.25, accuracy 75.0 %" in pictures[-1]
    assert pictures[-1].startswith("100% [====================] ")
    assert out.endswith("\n")


class Fake:
    """What is used of tqdm."""

    def __init__(self, total: int, initial: int, file: Any, **options: Any) -> None:
        self.n, self.total, self.file = initial, total, file

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        self.text = text

    def update(self, count: int) -> None:
        self.n += count
        self.file.write(f"{self.n}/{self.total} {self.text}\n")

    def close(self) -> None:
        self.file.write("closed\n")


def test_tqdm_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = ModuleType("tqdm")
    fake.tqdm = Fake
    monkeypatch.setitem(sys.modules, "tqdm", fake)
    assert isinstance(watcher(Terminal(), 0, 6, 2, quiet=False), Tqdm)
    lines = watched(Terminal()).splitlines()
    assert lines[0] == "1/6 loss 1, 32 tokens/s, |gradient| 0.5"
    assert lines[-2].startswith("6/6 loss ")
    assert lines[-1] == "closed"


def test_lines_where_there_is_no_terminal() -> None:
    assert isinstance(watcher(io.StringIO(), 0, 6, 2, quiet=False), Lines)
    first, second = watched(io.StringIO()).splitlines()
    assert first.startswith("epoch 1 of 2: loss 0.5, validation 0.25 (lowest), accuracy 75")
    assert first.endswith(" left")
    assert second.startswith("epoch 2 of 2: loss 0.5, validation 0.25, accuracy 75.0 %, 32")


def test_nothing_if_asked(here: Here) -> None:
    assert type(watcher(Terminal(), 0, 6, 2, quiet=True)) is Quiet
    assert here("train", *["char", "--data", "hello", "--epochs", "3", "--quiet"]).err == ""


def test_a_reader_that_goes_away_ends_no_run() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    assert watched(Closed()) == ""


def test_without_matplotlib_it_is_said(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, name, None)
    out = here.result("train char --data hello --epochs 3 --quiet")
    assert "  picture             none: there is no matplotlib\n" in out
    assert not (tmp_path / "char-hello/loss.png").exists()


def test_the_losses_as_a_picture(here: Here, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    labelled(tmp_path / "colours.csv", 30)
    out = here.result("train gru --data colours.csv --hidden 4 --epochs 4 --out run --quiet")
    assert "  picture   run/loss.png\n" in out
    image = (tmp_path / "run/loss.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert plot(tmp_path / "run/metrics.jsonl", tmp_path / "again.png", "run") == ""
    assert (tmp_path / "again.png").read_bytes() == image
