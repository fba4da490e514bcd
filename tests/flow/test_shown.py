"""A flow as text, as numbers for programs, as pictures; and the command."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.flow.pictures import kinds
from tests.flow.test_numbers import LINE, flow_of

PNG = b"\x89PNG"


def test_a_line_as_text() -> None:
    data = {"x": np.ones((3, 1, 1)), "y": [[0.0]]}
    found = str(symrnn.parse(LINE, "line").flow({"u": [2.0]}, data))
    assert (
        found
        == """\
line: 3 steps, 1 sequence, loss 49

h (forwards, 1 numbers): HEALTHY
  ‖∂L/∂h‖ changes by a factor of 2 a step; 2 steps back 100 % of the largest is left
  a step's Jacobian: spectral norm 2, spectral radius 2 (geometric means over steps)
  the product of all 2: spectral norm 4
  ∂hₜ/∂hₜ₋₁ = diag(u), a factor of 2 a step

  gradient by  norm  largest at  cosine  outside  reach
  u              70      step 3    1.00        -      1

norm of what each step adds to a gradient
  step   ‖∂L/∂h‖         u
  3     1.40e+01  4.20e+01
  2     2.80e+01  2.80e+01
  1     5.60e+01  0.00e+00
"""
    )


def test_a_notebook_shows_verdict_tables_and_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    found = flow_of("elman_steps", 4)
    html = found._repr_html_()
    assert html.startswith('<section id="flow">\n<h2>How the gradient of elman_steps flows</h2>')
    (recurrence,) = found.recurrences
    assert f">{recurrence.states[0]}: {recurrence.verdict.word}</h3>" in html
    assert recurrence.verdict.said in html
    assert all(f"<td>{each.name}</td>" in html for each in found.parameters)
    pictures = html.count('<img src="data:image/')
    assert pictures == (len(kinds(found)) if importlib.util.find_spec("matplotlib") else 0)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    bare = found._repr_html_()
    assert "<img" not in bare
    assert "if matplotlib were installed" in bare


def test_pictures_are_drawn() -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    assert kinds(flow_of("bilstm", 4)) == ("steps", "spectrum")
    found = flow_of("elman_steps", 4)
    assert kinds(found) == ("steps", "triangle", "spectrum")
    first = found.picture("triangle", "svg")
    assert first.startswith(b"<?xml")
    assert first == found.picture("triangle", "svg")
    assert found.picture("all", "png").startswith(PNG)


def test_a_picture_of_nan_and_of_one_step() -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    data = {"x": np.ones((3, 1, 1)), "y": [[0.0]]}
    odd = symrnn.parse(LINE, "a$b").flow({"u": [np.nan]}, data)
    assert odd.picture("all", "png").startswith(PNG)
    assert flow_of("elman_steps", 1, 1).picture("steps", "png").startswith(PNG)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = [
        "flow",
        "elman",
        "--steps",
        "5",
        "--batch",
        "1",
        "--dims",
        "D=2,H=3,C=1",
        "--seed",
        "1",
    ]
    assert main(asked) == 0
    text = capsys.readouterr().out
    assert text.startswith("elman: 5 steps, 1 sequence, loss ")
    assert main([*asked, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["steps"], found["entries"]) == (5, [5])
    assert len(found["recurrences"][0]["eigenvalues"]) == 4
    assert main([*asked, "-o", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spectrum.svg", "steps.svg"]
    assert main([*asked, "-o", str(tmp_path / "all.png")]) == 0
    assert (tmp_path / "all.png").read_bytes().startswith(PNG)


def test_the_command_on_a_run_and_on_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = str(tmp_path / "run")
    asked = ["train", "elman", "--data", "reviews", "--out", run, "--epochs", "1", "--quiet"]
    assert main([*asked, "--hidden", "4", "--flow", "1"]) == 0
    capsys.readouterr()
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").open()]
    (logged,) = [line for line in lines if "flow" in line]
    assert logged["step"] == 1
    assert [len(each["delta"]) for each in logged["flow"]] == [3]
    (tmp_path / "drawn").mkdir()
    assert main(["flow", run, "-o", str(tmp_path / "drawn")]) == 0
    names = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert names == ["spectrum.svg", "steps.svg", "training.svg"]
    assert main(["flow", run]) == 0
    said = capsys.readouterr().out
    assert said.startswith("elman: 3 steps, 2 sequences")
    assert "of 3 sequences the 2 of 3 steps are taken" in said
    assert main(["flow", "char", "--data", "hello", "--dims", "H=4"]) == 0
    assert capsys.readouterr().out.startswith("char: 4 steps, 1 sequence")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "no model given"),
        (["elman", "--steps", "0"], "--steps is 0"),
        (["elman", "--dims", "Q=3"], "'Q' is no width of elman"),
        (["elman", "--text", "a"], "--text: it is for --data"),
        (["elman", "-o", "flow.bmp"], "expected a file that ends in .svg"),
        (["elman", "-o", "f.svg", "--format", "json"], "leave one away"),
        (["-e", "h[t] = u * h[t-1] + x[t]"], "the model has none"),
        (["elman", "--seed", "-1"], "--seed is -1"),
    ],
)
def test_what_is_wrong_is_said(
    asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["flow", *asked]) == 2
    assert said in capsys.readouterr().err
