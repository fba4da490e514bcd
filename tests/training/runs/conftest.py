"""What the tests of runs share."""

from pathlib import Path

import pytest

from symrnn.cli import main
from tests.training.runs.setting import Here, labelled, text


@pytest.fixture
def here(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Here:
    monkeypatch.chdir(tmp_path)
    return Here(capsys)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some short runs that are over."""
    folder = tmp_path_factory.mktemp("runs")
    labelled(folder / "colours.csv")
    text(folder / "book.txt")
    for command in (
        "elman --data cat-mat-rat --out animals --epochs 200",
        "char --data hello --out hello --epochs 300",
        f"gru --data {folder}/colours.csv --out colours --hidden 12 --epochs 60 --batch 8",
        f"char --data {folder}/book.txt --out book --hidden 16 --epochs 3 --batch 4",
    ):
        words = command.split()
        words[words.index("--out") + 1] = str(folder / words[words.index("--out") + 1])
        assert main(["train", *words, "--quiet"]) == 0
    return folder
