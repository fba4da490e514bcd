"""`symrnn train --backend c`: the same run as with NumPy, up to rounding, and itself to the bit."""

import json
from pathlib import Path

import numpy as np
import pytest

from symrnn import weights
from symrnn.cli import main
from tests.kernels.c.compiler import needs_compiler

pytestmark = needs_compiler
TRAIN = ["train", "elman", "--data", "cat-mat-rat", "--hidden", "6", "--epochs", "40", "--quiet"]


def trained(where: Path, backend: str) -> Path:
    assert main([*TRAIN, "--backend", backend, "--out", str(where)]) == 0
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


def test_sequences_of_several_lengths_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "train",
        "elman",
        "--data",
        "reviews",
        "--backend",
        "c",
        "--out",
        str(tmp_path / "r"),
    ]
    assert main(command) == 2
    assert (
        "the back end c has no kernels with lengths; leave --backend out" in capsys.readouterr().err
    )
    assert not (tmp_path / "r").exists()


def test_without_a_compiler_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert main([*TRAIN, "--backend", "c", "--out", str(tmp_path / "r")]) == 2
    assert "compiler no-such-compiler cannot be run" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
