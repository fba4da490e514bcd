"""The command as a process, run in another directory: imports, pipes, locales, hash seeds."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import symrnn

MINE = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"


class Said(NamedTuple):
    status: int
    out: str
    err: str


class Elsewhere:
    """Python in another directory; it finds the package by itself if it is installed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {k: v for k, v in os.environ.items() if k[:6] != "PYTHON"}
        found = self("-c", "import symrnn; print(symrnn.__file__)").out.strip()
        if found != symrnn.__file__:
            self.environment["PYTHONPATH"] = str(Path(symrnn.__file__).parents[1])

    def __call__(self, *arguments: str, given: str = "", **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory,
            env={**self.environment, **environment},
            input=given.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def symrnn(self, *arguments: str, given: str = "", **environment: str) -> Said:
        return self("-m", "symrnn", *arguments, given=given, **environment)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


def test_as_a_module(elsewhere: Elsewhere) -> None:
    assert elsewhere.symrnn("show", "elman") == (0, symrnn.load("elman").text, "")
    assert elsewhere.symrnn("show", "-", given=MINE) == (0, MINE + "\n", "")
    assert elsewhere.symrnn("--version") == (0, f"symrnn {symrnn.__version__}\n", "")
    refused = elsewhere.symrnn("show", "elmann")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("symrnn: unknown model 'elmann'; did you mean 'elman'?\n")


HEAVY = """
import sys
from symrnn.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sorted({"numpy", "sympy"} & set(sys.modules)), file=sys.stderr)
"""


def test_what_needs_no_numbers_imports_neither_numpy_nor_sympy(elsewhere: Elsewhere) -> None:
    written = ("show lstm --adjoint", "derive gru --steps 2", "generate bilstm --steps 3")
    for command in ("models", "--help", "--version", *written):
        found = elsewhere("-c", HEAVY, *command.split())
        assert found.out
        assert found.err == "\n", command
    assert elsewhere("-c", HEAVY, "verify", "elman").err == "numpy\n"


@pytest.mark.parametrize(
    "command",
    [
        *("show lstm --adjoint", "show bilstm --adjoint --unroll 2", "summary birnn"),
        "generate bilstm --steps 2 --backend torch --lengths",
    ],
)
def test_output_is_the_same_whatever_the_hash_seed(elsewhere: Elsewhere, command: str) -> None:
    found = {elsewhere.symrnn(*command.split(), PYTHONHASHSEED=seed) for seed in "012"}
    assert len(found) == 1
    assert found.pop().status == 0


@pytest.mark.parametrize("strict", [{}, {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
def test_a_terminal_without_unicode_breaks_nothing(
    elsewhere: Elsewhere, strict: dict[str, str]
) -> None:
    text = "# größer → kleiner\nh[t] = x[t]\n"
    (elsewhere.directory / "mine.rnn").write_text(text, "utf-8")
    shown = text.encode("ascii", "backslashreplace").decode() if strict else text
    assert elsewhere.symrnn("show", "mine.rnn", LC_ALL="C", **strict) == (0, shown, "")
    summary = elsewhere.symrnn("summary", "elman", LC_ALL="C", **strict)
    assert (summary.status, summary.err) == (0, "")
    dots = "\\u2026" if strict else "…"
    assert f"--dims D={dots},H={dots},C={dots}\n" in summary.out
    refused = elsewhere.symrnn("show", "-e", "h[t] = = 3", LC_ALL="C", **strict)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("symrnn: -e, line 1, column 8: invalid syntax; expected an equ")


def test_a_reader_that_has_seen_enough_is_no_error(elsewhere: Elsewhere) -> None:
    long = [sys.executable, "-m", "symrnn", "show", "lstm", "--adjoint", "--unroll", "60"]
    with subprocess.Popen(
        long,
        cwd=elsewhere.directory,
        env=elsewhere.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"# lstm: with its adjoint, 60 steps\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_said(elsewhere: Elsewhere) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "symrnn", "models"],
            cwd=elsewhere.directory,
            env=elsewhere.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"symrnn: cannot write the result: ")
    assert done.stderr.count(b"\n") == 1
