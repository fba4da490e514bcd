"""Runs in this process and in others, and what they leave behind."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.language.arrays import Array

ROOT = Path(symrnn.__file__).parents[1]


class Said(NamedTuple):
    status: int
    out: str
    err: str


class Here:
    """The commands in this process; relative paths are in a folder of the test's own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        self.capsys.readouterr()
        try:
            status: Any = main(arguments)
        except SystemExit as leaving:
            status = leaving.code
        return Said(status, *self.capsys.readouterr())

    def result(self, command: str, *more: str) -> str:
        said = self(*command.split(), *more)
        assert said.status == 0, said.err
        return said.out

    def refusal(self, command: str, *more: str) -> str:
        """The one message of a command that is refused."""
        said = self(*command.split(), *more)
        assert (said.status, said.out) == (2, "")
        assert "Traceback" not in said.err
        *usage, message = said.err.strip().split("symrnn: ", 1)
        assert all(not line or line.startswith("usage") for line in usage[:1])
        return message


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """A process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "symrnn", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen[bytes]) -> Said:
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out.decode(), err.decode())


def records(run: Path) -> Iterator[dict[str, Any]]:
    """What metrics.jsonl says, but for the time that it took."""
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        record.pop("seconds")
        yield record


def same(one: Path, other: Path) -> bool:
    """Whether two runs came to the same weights by the same way, to the bit."""
    alike = (one / "weights.safetensors").read_bytes() == (
        other / "weights.safetensors"
    ).read_bytes()
    return alike and list(records(one)) == list(records(other))


# data

COLOURS = "red", "green", "blue"


def labelled(path: Path, count: int = 60) -> Path:
    """Texts of different lengths that end in the word that is their label."""
    rng = np.random.default_rng(0)
    rows = ["text,label"]
    for _ in range(count):
        words = [COLOURS[n] for n in rng.integers(3, size=rng.integers(1, 6))]
        rows.append(f"{' '.join(words)},{words[-1]}")
    path.write_text("\n".join(rows) + "\n")
    return path


def numbers(path: Path, **more: Array) -> Path:
    """Sequences of different lengths, and of each the mean of its first feature."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6, 2))
    lengths = rng.integers(2, 7, 60)
    y = np.array([each[:n, 0].mean() for each, n in zip(x, lengths, strict=True)])
    arrays: Any = {"x": x, "y": y, "lengths": lengths, **more}
    np.savez(path, **arrays)
    return path


def text(path: Path, size: int = 4000) -> Path:
    """A running text with some structure."""
    rng = np.random.default_rng(0)
    words = ["the cat", "a mat", "rat", "sat on", "saw", ".\n"]
    path.write_text(" ".join(words[n] for n in rng.integers(6, size=size))[:size])
    return path
