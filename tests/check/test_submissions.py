"""A class hands in its derivations: one command says of each where it first goes wrong."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from symrnn.cli import main

RIGHT = (
    r"\hat{y} = \sigma(O_3 w_o)",
    r"\frac{\partial L}{\partial w_o} = (\hat{y} - y) O_3",
    r"\frac{\partial^{+} O_3}{\partial w_h} = (1 - O_3^2) O_2",
    r"\frac{\partial L}{\partial O_3} = (\hat{y} - y) w_o",
)
SLIPS = {
    1: (r"\frac{\partial L}{\partial w_o} = (y - \hat{y}) O_3", "sign"),
    2: (r"\frac{\partial^{+} O_3}{\partial w_h} = (1 - O_3^2)", "missing factor"),
    3: (r"\frac{\partial L}{\partial O_3} = (\hat{y} - y) w_h", "wrong operand"),
}
"""A line, how somebody gets it wrong, and what is wrong then."""

ARGUMENTS = ("check", "elman_n4", "--steps", "3", "--scalar")


@dataclass(frozen=True)
class Student:
    name: str
    ending: str
    slip: int | None

    @property
    def lines(self) -> list[str]:
        return [SLIPS[i][0] if i == self.slip else line for i, line in enumerate(RIGHT)]

    @property
    def text(self) -> str:
        """Each formula begins on a line of its own, the third of those that it takes."""
        displays = [f"So we have\n\\[\n{line}\n\\]\n" for line in self.lines]
        if self.ending == ".tex":
            return "".join(displays)
        marked = "".join(d.replace("\\[", "$$").replace("\\]", "$$") for d in displays)
        if self.ending == ".md":
            return marked
        cells = [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "markdown"}]
        cells[1]["source"] = marked
        return json.dumps({"cells": cells, "nbformat": 4})


CLASS = [
    Student(f"student{i:02}", ending, (None, 1, 2, 3)[i % 4])
    for i, ending in enumerate((".tex", ".md", ".ipynb") * 4)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for student in CLASS:
        (tmp_path / f"{student.name}{student.ending}").write_text(student.text, "utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> tuple[object, str]:
    files = sorted(path.name for path in folder.iterdir())
    status = main([*ARGUMENTS, *options, "-f", *files])
    said = capsys.readouterr()
    assert said.err == ""
    return status, said.out


def test_each_has_a_line_with_what_is_wrong_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = told(capsys, folder)
    assert status == 1
    for student in CLASS:
        (line,) = [line for line in out.splitlines() if student.name in line]
        if student.slip is None:
            assert line.startswith("✓")
            assert "4 right" in line
        else:
            assert line.startswith("✗")
            if student.ending != ".ipynb":
                assert f"line {4 * student.slip + 3}:" in line


def test_a_table_has_every_line_of_every_student(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = told(capsys, folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == len(RIGHT) * len(CLASS)
    for student in CLASS:
        own = [row for row in rows if student.name in row["file"]]
        for place, row in enumerate(own):
            wrong = place == student.slip
            assert row["status"] == ("wrong" if wrong else "right")
            assert row["kind"] == (SLIPS[place][1] if wrong else "")


def test_json_and_a_page_hold_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = told(capsys, folder, "--format", "json")
    reports = json.loads(out)
    assert len(reports) == len(CLASS)
    wrong = {r["name"] for r in reports if r["status"] == "wrong"}
    assert {name.split(".")[0] for name in wrong} == {s.name for s in CLASS if s.slip}
    _, page = told(capsys, folder, "--format", "html")
    assert all(student.name in page for student in CLASS)


def test_one_who_hands_in_nothing_costs_nobody_else_the_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty.tex").write_text("")
    (folder / "picture.md").write_bytes(b"\x89PNG\r\n\xff")
    (folder / "large.tex").write_text("{" * 1_000_000)
    status, out = told(capsys, folder)
    assert status == 1
    lines = out.splitlines()
    for name in ("empty.tex", "picture.md", "large.tex"):
        assert any(line.startswith("?") and name in line for line in lines)
    assert sum(line.startswith("✓") for line in lines) == len(CLASS) // 4


def test_where_all_is_right_the_status_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for student in CLASS[::4]:
        (tmp_path / f"{student.name}{student.ending}").write_text(student.text, "utf-8")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    assert main([*ARGUMENTS, "-f", *files]) == 0
    (tmp_path / "unread.tex").write_text(r"\[ \foo = \bar{x} \]", "utf-8")
    assert main([*ARGUMENTS, "-f", *files, str(tmp_path / "unread.tex")]) == 2
    capsys.readouterr()
