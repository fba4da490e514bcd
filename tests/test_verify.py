"""`symrnn verify`: what it prints, and the status it leaves with."""

import json
import sys
from pathlib import Path

import pytest

from symrnn.cli import main
from tests.cases import model


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    try:
        status: object = main(arguments)
    except SystemExit as leaving:
        status = leaving.code
    return (status, *capsys.readouterr())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "elman.py"
    path.write_text(model("elman").generate(2), "utf-8", newline="")
    return path


def tamper(file: Path) -> None:
    """Turn the first difference into a sum."""
    source = file.read_text("utf-8")
    before, call, after = source.partition("        subtract(")
    assert call
    file.write_text(f"{before}        np.add({after}", "utf-8", newline="")


def test_a_model_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "verify", "elman", "--steps", "4", "--wrt", "x, O0", "--loop")
    assert (status, err) == (0, "")
    assert out.startswith("elman: 4 steps in a loop, 2 sequences, D=")
    assert out.endswith("\nholds: 39 checks\n")
    for name in ("w_i", "w_h", "b", "w_o", "b_o", "x", "O0"):
        (line,) = [line for line in out.splitlines() if line.startswith(f"gradient {name} ")]
        assert line.count(" ok") == 3


def test_a_file_that_holds(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, _ = run(capsys, "verify", str(file), "--dims", "H=4", "--batch", "1")
    assert (status, out.splitlines()[-1]) == (0, "holds: 32 checks")
    assert f"{file}: 2 steps written out, 1 sequence, " in out
    assert "H=4" in out
    status, out, _ = run(capsys, "verify", str(file), "--static")
    assert (status, out) == (0, f"{file}\nholds: every byte is what is generated from its text\n")


def test_a_file_that_was_tampered_with_is_caught_both_ways(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    tamper(file)
    status, out, err = run(capsys, "verify", str(file))
    assert (status, err) == (1, "")
    assert out.splitlines()[-1].startswith("DOES NOT HOLD: ")
    assert "WRONG" in out
    status, out, err = run(capsys, "verify", str(file), "--static")
    assert (status, err) == (1, "")
    number = file.read_text("utf-8").splitlines().index(_first_difference(out)) + 1
    assert out.endswith(f"DOES NOT HOLD: line {number} is not what is generated from its text\n")


def _first_difference(out: str) -> str:
    (line,) = [line for line in out.splitlines() if line.startswith("  found     ")]
    return line.removeprefix("  found     ")


def test_static_executes_nothing(
    capsys: pytest.CaptureFixture[str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "was_executed", False, raising=False)
    file.write_text(file.read_text("utf-8") + "\nimport sys\nsys.was_executed = True\n", "utf-8")
    assert run(capsys, "verify", str(file), "--static")[0] == 1
    assert not getattr(sys, "was_executed")  # noqa: B009  (no attribute that a type knows)
    assert run(capsys, "verify", str(file))[0] == 0
    assert getattr(sys, "was_executed")  # noqa: B009


@pytest.mark.parametrize("wrong", [False, True])
def test_json(capsys: pytest.CaptureFixture[str], file: Path, wrong: bool) -> None:
    if wrong:
        tamper(file)
    for arguments in (["--static"], ["--seed", "3"]):
        status, out, _ = run(capsys, "verify", str(file), "--format", "json", *arguments)
        found = json.loads(out)
        assert (status, found["holds"]) == (int(wrong), not wrong)
        assert found["verdict"].startswith("DOES NOT HOLD: " if wrong else "holds: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("none.py", "cannot read 'none.py': No such file or directory"),
        ("folder.py", "cannot read 'folder.py': Is a directory"),
        ("latin.py", "latin.py: byte 0xf6 at 3 is not UTF-8; expected a file that symrnn has"),
        ("plain.py", "plain.py does not say how it was made; expected a line 'Made by symrnn"),
        ("broken.py", "broken.py is no Python file: "),
        ("spoilt.py", "the model in spoilt.py, line 2, column 8: unknown function 'tanhh'; did"),
        ("good.py --steps 3", "good.py is a generated file and says its own; leave out --steps"),
        ("good.py --loop", "good.py is a generated file and says its own; leave out --loop and"),
        ("good.py --wrt x", "good.py is a generated file and says its own; leave out --wrt"),
        ("good.py --head steps", "good.py is a generated file and says its own; leave out --head"),
        (
            "good.py --step-weights",
            "good.py is a generated file and says its own; leave out --step",
        ),
        (
            "good.py --dropout O",
            "good.py is a generated file and says its own; leave out --dropout",
        ),
        (
            "good.py --recurrent-dropout O",
            "good.py is a generated file and says its own; leave out",
        ),
        (
            "good.py --zoneout O",
            "good.py is a generated file and says its own; leave out --zoneout",
        ),
        ("good.py -e h=1", "good.py is a generated file; -f and -e are for another model"),
        ("good.py --static --seed 1", "--static tries nothing out; leave out --seed"),
        ("good.py --dims Q=1", "the model has no dimension 'Q'; it has D, H, C"),
        ("elman --static", "--static is for a generated file; expected a path that ends in .py"),
        ("elman --steps 0", "cannot make a kernel of 0 steps; expected a number from 1 to 10,000"),
        ("elman --batch 0", "0 sequences; expected a number from 1 to 1,000,000"),
        ("elman --seed -1", "the seed is -1; expected 0 or more"),
        ("elman --wrt z", "'z' is no input or state to take a gradient by; there are x, O0"),
        ("elmann", "unknown model 'elmann'; did you mean 'elman'?"),
    ],
)
def test_bad_input_ends_in_one_message_and_status_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    source = model("elman").generate(2)
    Path("folder.py").mkdir()
    Path("latin.py").write_bytes(b"# g\xf6")
    Path("plain.py").write_text("print(1)\n")
    Path("broken.py").write_text("def f(:\n")
    Path("good.py").write_text(source, "utf-8")
    Path("spoilt.py").write_text(source.replace("= tanh(", "= tanhh(", 1), "utf-8")
    status, out, err = run(capsys, "verify", *arguments.split())
    assert (status, out) == (2, "")
    assert err.startswith(f"symrnn: {message}")
    assert "Traceback" not in err


def test_help_says_that_a_file_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "verify", "--help")
    assert status == 0
    assert "the file is EXECUTED" in out
