"""The loop that is written by hand, as a file and on a page, learns the notes' reviews."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.documents import Page

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated"
LOOPS = [block.text for block in Page("docs/training-python.md").blocks("python")][:2]


def test_the_file_needs_numpy_and_the_generated_file_alone() -> None:
    path = GENERATED / "train_by_hand.py"
    said = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert float(re.findall(r"step 100   loss (\S+)", said.stdout)[0]) < 0.05
    found = re.findall(r"y (\d)   ŷ (\S+)", said.stdout)
    assert [round(float(yhat)) for _, yhat in found] == [int(y) for y, _ in found] == [1, 1, 0]
    tree = ast.parse(path.read_text("utf-8"))
    imported = [node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert sorted(imported) == ["elman_n4_t3", "numpy"]
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


@pytest.mark.parametrize("example", LOOPS, ids=["by hand", "with symrnn.training"])
def test_the_loops_of_the_page_learn(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    names: dict[str, Any] = {}
    exec(compile(example, "training-python.md", "exec"), names)
    assert names["loss"] < 0.05


def test_there_are_two_loops() -> None:
    assert ["import elman_n4_t3" in LOOPS[0], "training.fit(" in LOOPS[1]] == [True, True]
