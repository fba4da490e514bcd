"""`symrnn train --backend c`: the same run as with NumPy, up to rounding, and itself to the bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symrnn import weights
from symrnn.cli import main
from symrnn.clock import Figure
from symrnn.training.runs.trained import Kernels
from tests.kernels.c.compiler import CC, needs_compiler

pytestmark = needs_compiler
TRAIN = ["train", "elman", "--data", "cat-mat-rat", "--hidden", "6", "--epochs", "40", "--quiet"]


def trained(where: Path, backend: str, data: str = "cat-mat-rat") -> Path:
    assert main([*TRAIN, "--data", data, "--backend", backend, "--out", str(where)]) == 0
    return where


def losses(run: Path) -> list[float]:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines if '"loss"' in line]


def test_the_same_run_as_with_numpy(tmp_path: Path) -> None:
    ours, theirs = trained(tmp_path / "c", "c"), trained(tmp_path / "numpy", "numpy")
    assert len(losses(ours)) == 40
    np.testing.assert_allclose(losses(ours), losses(theirs), rtol=1e-3)
    assert main(["predict", str(ours), "cat mat rat"]) == 0


def test_the_same_bits_again(tmp_path: Path) -> None:
    one, two = (
        weights.load(trained(tmp_path / name, "c") / "weights.safetensors") for name in "ab"
    )
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_sequences_of_several_lengths(tmp_path: Path) -> None:
    """The same run as with NumPy, on texts that end where they end."""
    texts = tmp_path / "texts.csv"
    texts.write_text("text,label\n" + "a b c,good\nb a,bad\nc,good\nb b a,bad\n" * 3)
    command = ["train", "gru", "--data", str(texts), "--hidden", "4", "--epochs", "5", "--quiet"]
    runs = {name: tmp_path / name for name in ("c", "numpy")}
    for name, run in runs.items():
        assert main([*command, "--batch", "4", "--backend", name, "--out", str(run)]) == 0
    np.testing.assert_allclose(losses(runs["c"]), losses(runs["numpy"]), rtol=1e-4)
    assert "struct" in (runs["c"] / "kernel_lengths.py").read_text()
    assert main(["predict", str(runs["c"]), "b a"]) == 0


@pytest.mark.parametrize("data", ["cat-mat-rat", "reviews"])  # of one length, and of several
def test_evaluated_it_says_what_it_said_in_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: str
) -> None:
    run = trained(tmp_path / "r", "c", data)
    capsys.readouterr()
    asked: list[str] = []
    init = Kernels.__init__

    def noted(self: Kernels, *args: Any) -> None:
        asked.append(args[-1])
        init(self, *args)

    monkeypatch.setattr(Kernels, "__init__", noted)
    assert main(["evaluate", str(run), "--format", "json"]) == 0
    by_c = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("CC", "no-such-compiler")  # a machine to name one: the same but for rounding
    assert main(["evaluate", str(run), "--format", "json"]) == 0
    by_numpy = json.loads(capsys.readouterr().out)
    assert asked == ["c", "c", "numpy"]
    np.testing.assert_allclose(by_c["loss"], by_numpy["loss"], rtol=1e-5)


def quicker(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A clock on which this back end is the quicker one."""
    monkeypatch.setattr(
        "symrnn.kernels.auto.take_turns",
        lambda steps, *_: {each: Figure(1 + (each != name), 1, 2, 3, 4) for each in steps},
    )


def test_auto_is_one_of_them_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    quicker(monkeypatch, "c")
    one = trained(tmp_path / "one", "auto")
    quicker(monkeypatch, "numpy")
    two, named = trained(tmp_path / "two", "auto"), trained(tmp_path / "named", "c")
    for run in (one, two, named):
        assert json.loads((run / "config.json").read_text())["training"]["backend"] == "c"
        assert (run / "weights.safetensors").read_bytes() == (
            one / "weights.safetensors"
        ).read_bytes()
    more = ["train", "--resume", str(one), "--epochs", "45", "--quiet"]
    assert main([*more, "--backend", "auto"]) == 0
    assert main(["train", "--resume", str(two), "--epochs", "45", "--quiet"]) == 0
    assert losses(one) == losses(two)
    assert main([*more, "--backend", "numpy"]) == 2
    assert "--backend numpy contradicts the run's c" in capsys.readouterr().err


def test_auto_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    quicker(monkeypatch, "numpy")
    loud = [word for word in TRAIN if word != "--quiet"]
    assert main([*loud, "--backend", "auto", "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().err
    assert "back end: numpy (numpy 1,000,000.0 µs a step, c 2,000,000.0 µs)\n" in said
    monkeypatch.setenv("CC", "no-such-compiler")
    assert main([*loud, "--backend", "auto", "--out", str(tmp_path / "other")]) == 0
    assert "back end: numpy (there is no other)\n" in capsys.readouterr().err


def test_a_compiler_that_fails_on_the_way_leaves_the_run_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    failing = tmp_path / "failing-cc"
    failing.write_text(
        f"""#!/bin/sh
case "$*" in *-shared*)
    if [ -e {tmp_path}/once ]; then echo "error: full" >&2; exit 1; fi
    touch {tmp_path}/once
esac
exec {CC} "$@"
"""
    )
    failing.chmod(0o755)
    monkeypatch.setenv("CC", str(failing))
    texts = tmp_path / "texts.csv"
    texts.write_text("text,label\n" + "a b,good\nb a,bad\n" * 3)  # six: four and two
    run = tmp_path / "r"
    command = ["train", "elman", "--data", str(texts), "--hidden", "2", "--epochs", "3", "--quiet"]
    command += ["--validation", "0", "--batch", "4", "--out", str(run), "--backend", "c"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "failing-cc cannot compile this kernel: error: full\n" in said
    assert f"symrnn train --resume {run} goes on from there" in said
    monkeypatch.setenv("CC", CC)
    assert main(["train", "--resume", str(run), "--quiet"]) == 0
    assert len(losses(run)) == 6


def test_where_all_batches_have_lengths_one_kernel_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    texts = tmp_path / "texts.csv"
    texts.write_text("text,label\n" + "a b c,good\nb a,bad\nc,good\n")
    command = ["train", "elman", "--data", str(texts), "--hidden", "2", "--epochs", "2", "--quiet"]
    assert (
        main([*command, "--validation", "0", "--backend", "c", "--out", str(tmp_path / "r")]) == 0
    )
    assert len(list((tmp_path / "cache").rglob("*.so"))) == 1


def test_without_a_compiler_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert main([*TRAIN, "--backend", "c", "--out", str(tmp_path / "r")]) == 2
    assert "compiler no-such-compiler cannot be run" in capsys.readouterr().err
    monkeypatch.setenv("CC", "false")
    assert main([*TRAIN, "--backend", "c", "--out", str(tmp_path / "r")]) == 2
    assert "false cannot compile this kernel: it says nothing" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
    assert main(["verify", "elman_n4", "--backend", "c"]) == 2
    said = capsys.readouterr()
    assert said.err == "symrnn: false cannot compile this kernel: it says nothing\n"
    assert said.out == ""
