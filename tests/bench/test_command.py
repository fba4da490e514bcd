"""`symrnn bench` as it is typed: a process on one core, tables, JSON, pictures, bad input."""

import importlib.util
import json
from pathlib import Path

import pytest

from symrnn.bench import process
from symrnn.bench.process import THREADS, one_core
from symrnn.bench.request import SIZES, Request, Size, read_sizes
from symrnn.cli import main
from symrnn.errors import UsageError

QUICK = ["bench", "--models", "elman", "--peers", "kernel,numpy,floor", "--seconds", "0.001"]


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--sizes", "2,1,2,3;1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "elman: one training step, float32, µs of one core (medians)"
    assert lines[1].split("  ")[0] == "T, B, D, H"
    assert lines[1].split()[4:] == ["kernel", "numpy", "floor"]
    assert [line.split("  ")[0] for line in lines[2:4]] == ["2, 1, 2, 3", "3, 3, 3, 3"]


def test_json_has_medians_and_quartiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--sizes", "1", "--format", "json", "--dtype", "float64"]) == 0
    report = json.loads(capsys.readouterr().out)
    (row,) = report["rows"]
    assert (report["dtype"], row["model"], row["size"]) == ("float64", "elman", [3, 3, 3, 3])
    for figure in row["figures"].values():
        assert 0 < figure["lower"] <= figure["median"] <= figure["upper"]
        assert figure["rounds"] >= 5


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        assert main([*QUICK, "--sizes", "1", "--plot", str(tmp_path / "a.png")]) == 2
        assert "--plot needs matplotlib" in capsys.readouterr().err
        pytest.skip("matplotlib is not installed: pip install 'symrnn[bench]'")
    assert main([*QUICK, "--sizes", "1,2", "--plot", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_process_has_one_thread_and_finds_this_package() -> None:
    environment = one_core()
    assert {environment[name] for name in THREADS} == {"1"}
    assert "intra_op_parallelism_threads=1" in environment["XLA_FLAGS"]
    root = str(Path(process.__file__).parents[2])
    assert environment["PYTHONPATH"].startswith(root)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--models elmann", "unknown model 'elmann'; did you mean 'elman'?"),
        ("--models ,", "--models is empty; expected names, as elman,lstm"),
        ("--models ./none.rnn", "cannot read './none.rnn': "),
        ("--models ./bare.rnn", "./bare.rnn has no loss; there is no training step to measure"),
        ("--models ./three.rnn", "./three.rnn fixes T = 3; expected any T"),
        ("--peers kernl", "--peers: 'kernl' is not known; did you mean 'kernel'?; there are ker"),
        ("--sizes 8", "--sizes 8: 8 is none of the 7 sizes; expected their numbers, as 1,2,5,"),
        ("--sizes 1,x", "--sizes 1,x: 'x' is no whole number above 0; expected numbers of sizes"),
        ("--sizes 3,3,0,3", "--sizes 3,3,0,3: '0' is no whole number above 0"),
        ("--sizes 9,9", "--sizes 9,9: 9 is none of the 7 sizes"),
        ("--sizes ;", "--sizes is empty; expected numbers of sizes, as 1,2,5, or T,B,D,H"),
        ("--sizes 1,99999,99999,1", "--sizes 1, 99999, 99999, 1: too large to measure; the lar"),
        ("--seconds 0", "--seconds 0.0: expected a number above 0, such as 0.3"),
        ("--seconds nan", "--seconds nan: expected a number above 0, such as 0.3"),
        ("--plot a.txt", "--plot a.txt: expected a file that ends in .png or .svg or .pdf"),
    ],
)
def test_bad_input_is_said_before_anything_is_measured(
    arguments: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bare.rnn").write_text("h[t] = tanh(x[t] @ W)")
    Path("three.rnn").write_text("T = 3\nh[1] = x[1] @ W\nL = mse(y, h[1])")
    monkeypatch.setattr(process, "measured", lambda request: pytest.fail("it was measured"))
    assert main(["bench", *arguments.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"symrnn: {message}")
    assert "Traceback" not in said.err


def test_a_process_that_fails_is_told_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "false")
    with pytest.raises(UsageError, match="the process that measures ended with status 1"):
        process.measured(Request(()))


def test_sizes_by_number_and_by_themselves() -> None:
    assert read_sizes("7") == (SIZES[6],)
    assert read_sizes("1,2,5") == (SIZES[0], SIZES[1], SIZES[4])
    assert read_sizes("1,2,3,4") == SIZES[:4]
    assert read_sizes("4,3,2,1") == (Size(4, 3, 2, 1),)
    assert read_sizes("3,3,3,3; 1") == (SIZES[0],)
