"""The command: what it reads, what it refuses, and the status with which it leaves."""

import csv
import io
import json
from pathlib import Path

import pytest

import symrnn
from symrnn.cli import main
from symrnn.cli.check import spaced
from symrnn.errors import UsageError

RIGHT = r"\frac{\partial L}{\partial w_o} = (\hat{y} - y) \, O_3"
WRONG = r"\frac{\partial L}{\partial w_o} = \hat{y} - y"
SCALAR = ("--steps", "3", "--scalar")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["check", *arguments])
    return status, *capsys.readouterr()


def display(path: Path, *formulas: str) -> str:
    path.write_text("\n".join(f"prose \\[ {each} \\]" for each in formulas), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("formulas", "status"),
    [
        ((RIGHT,), 0),
        ((RIGHT, WRONG), 1),
        ((RIGHT, r"x = \foo"), 2),
        ((WRONG, r"x = \foo"), 1),
    ],
)
def test_the_status_says_what_was_found(
    capsys: pytest.CaptureFixture[str], formulas: tuple[str, ...], status: int
) -> None:
    assert run(capsys, "elman_n4", *SCALAR, *formulas)[::2] == (status, "")


@pytest.mark.parametrize(
    "formula", [r"-(y - \hat{y}) O_3", r"-y O_3 + \hat{y} O_3", r"-O_3 (y - \hat y)"]
)
@pytest.mark.parametrize("last", [False, True])
def test_a_formula_may_begin_with_a_minus_sign(
    capsys: pytest.CaptureFixture[str], formula: str, last: bool
) -> None:
    options = (*SCALAR, "--wrt", "w_o")
    given = ("elman_n4", *options, formula) if last else ("elman_n4", formula, *options)
    status, out, err = run(capsys, *given)
    assert (status, err) == (0, ""), out


def test_options_are_no_formulas() -> None:
    assert spaced(["-f", "a.tex", "-h", "--steps", "-x"]) == ["-f", "a.tex", "-h", "--steps", " -x"]


def test_a_formula_without_a_left_side_is_a_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    right = r"\sum_{t=1}^{3} \frac{\partial L}{\partial O_t} (1 - O_t^2) x_t"
    assert run(capsys, "elman_n4", *SCALAR, "--wrt", "w_i", right)[0] == 0


def test_files_of_each_kind_are_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tex = display(tmp_path / "a.tex", RIGHT)
    md = tmp_path / "b.md"
    md.write_text(f"# Title\n\n$$\n{RIGHT}\n$$\n", "utf-8")
    notebook = tmp_path / "c.ipynb"
    cell = {"cell_type": "markdown", "source": [f"$${RIGHT}$$"]}
    notebook.write_text(json.dumps({"cells": [cell]}), "utf-8")
    for path in (tex, str(md), str(notebook)):
        status, out, err = run(capsys, "elman_n4", *SCALAR, "-f", path)
        assert (status, err) == (0, ""), out
        assert "1 right" in out


def test_standard_input_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (RIGHT, f"so $${RIGHT}$$"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert run(capsys, "elman_n4", *SCALAR, "-f", "-")[0] == 0


def test_of_several_files_each_has_a_line_and_a_bad_one_stops_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    display(tmp_path / "good.tex", RIGHT)
    display(tmp_path / "bad.tex", RIGHT, WRONG)
    (tmp_path / "empty.tex").write_text("prose", "utf-8")
    (tmp_path / "binary.tex").write_bytes(b"\xff\xfe\x00")
    files = [f"{name}.tex" for name in ("good", "bad", "empty", "binary", "none")]
    status, out, err = run(capsys, "elman_n4", *SCALAR, "-f", *files)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].split()[0] == "✓"
    assert "line 2: missing factor" in out
    assert "binary.tex is no UTF-8 text" in out
    assert [line[0] for line in lines if line[0] != " "] == ["✓", "✗", "?", "?", "?"]
    status, out, _ = run(capsys, "elman_n4", *SCALAR, "-f", *files, "--format", "csv")
    assert status == 1
    assert [row["status"] for row in csv.DictReader(io.StringIO(out))] == [
        "right",
        "right",
        "wrong",
        *["cannot read"] * 3,
    ]


@pytest.mark.parametrize(("ending", "begins"), [("json", "["), ("csv", "file,"), ("html", "<!")])
def test_the_name_of_the_output_says_its_format_and_the_status_stays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str, begins: str
) -> None:
    path = tmp_path / f"found.{ending}"
    assert run(capsys, "elman_n4", *SCALAR, WRONG, "-o", str(path)) == (1, "", "")
    assert path.read_text("utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to check; expected a FORMULA, or -f FILE"),
        ([RIGHT, "-o", "x.png"], "tells no format"),
        ([RIGHT, "-o", "x.csv", "--format", "json"], "holds csv"),
        ([RIGHT, "--map", "W"], "is no pair; expected LETTER=NAME"),
        ([RIGHT, "--map", "W=w_h,W=w_i"], "W is given twice"),
        ([RIGHT, "--wrt", "w_q"], "'w_q' is no parameter, input or initial state"),
        ([RIGHT, "--notation", "nope"], "unknown notation 'nope'"),
        ([RIGHT, "--steps", "0"], "steps"),
        ([RIGHT, "--steps", "300"], "expected at most 100, or none given"),
        ([RIGHT, "--seed", "-5"], "the seed is -5; expected a whole number from 0 on"),
        (["-f", "notes.pdf"], "expected a file that ends in .tex, .md, .ipynb"),
        (["-f", "none.tex"], "cannot read none.tex"),
        (["-f", "-", "-"], "- is given twice"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, "elman_n4", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("symrnn: ")
    assert "Traceback" not in err


def test_a_command_without_a_model_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys)[2] == "symrnn: no model given; expected MODEL, then FORMULA … or -f FILE\n"


def test_a_model_checks_a_formula_several_and_a_text() -> None:
    model = symrnn.load("elman_n4")
    for latex in (RIGHT, [RIGHT, RIGHT], f"so\n\\[ {RIGHT} \\]"):
        found = model.check(latex, 3, scalar=True)
        assert found.holds
        assert {verdict.status for verdict in found[0].verdicts} == {"right"}
    wrong = model.check([RIGHT, WRONG], 3, scalar=True)
    assert not wrong.holds
    (right, verdict) = wrong[0].verdicts
    assert (right.status, verdict.status) == ("right", "wrong")
    assert verdict.fault is not None
    assert verdict.fault.kind == "missing factor"
    for other in (None, 3, b"a = b", [RIGHT, 3]):
        with pytest.raises(UsageError, match="is no text; expected a formula"):
            model.check(other)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no parameter"):
        model.check(RIGHT, wrt="nothing")


def test_a_formula_is_shown_in_the_letters_of_who_wrote_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    formula = r"\frac{\partial s_3}{\partial s_2} = (1 - s_3^2)"
    status, out, _ = run(capsys, "elman_n4", *SCALAR, "--map", "W_{hh}=w_h, s_t=O_t", formula)
    assert status == 1
    assert "W_hh" in out.split("it should read")[1]


def test_a_mistake_of_the_checker_is_told_of_at_the_command_line_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("x")

    files = [display(tmp_path / f"{name}.tex", WRONG) for name in "ab"]
    for place, wanted in (("fault", 1), ("judge", 2), ("Reports.text", 2)):
        with monkeypatch.context() as patch:
            where = "report." if "." in place else "checking."
            patch.setattr(f"symrnn.check.{where}{place}", fails)
            for given in ([WRONG], ["-f", *files]):
                status, out, err = run(capsys, "elman_n4", *SCALAR, *given)
                said = " ".join((out + err).split())
                assert status == wanted
                assert "KeyError: 'x'" in said
                assert "please report it" in said or len(given) > 1
                assert "Traceback" not in said
            with pytest.raises(KeyError):
                symrnn.load("elman_n4").check(WRONG, 3, scalar=True).text()
