"""The committed pages are what symrnn prints today, and they are texts in the language."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import symrnn
from symrnn.language import parse
from symrnn.system import normal
from tests.cases import ZOO, model
from tests.kernels.c.compiler import CC

GENERATED = Path(__file__).parent.parent / "generated"
PAGES: dict[str, str] = runpy.run_path(str(GENERATED / "make.py"))["pages"]()


def test_the_folder_holds_these_files_and_no_others() -> None:
    paths = [*GENERATED.glob("*/*.*"), *GENERATED.glob("*_t*.py"), *GENERATED.glob("c/Makefile")]
    found = {str(p.relative_to(GENERATED)) for p in paths if p.suffix not in (".pyc", ".o")}
    assert found == set(PAGES), "run `make golden` and look at the difference"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_byte_is_as_committed(name: str) -> None:
    assert (GENERATED / name).read_bytes() == PAGES[name].encode(), "run `make golden` and look"


@pytest.mark.parametrize(
    "name", [n for n in sorted(PAGES) if n.endswith(".py") and not n.startswith("jax/")]
)
def test_a_kernel_stands_by_itself(name: str) -> None:
    """It runs where symrnn is not, checks itself, and says what it found."""
    if name.startswith("c/") and not CC:
        pytest.skip("there is no C compiler here")
    if name.startswith("torch/"):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    alone = [sys.executable, "-I", str(GENERATED / name)]
    said = subprocess.run(alone, capture_output=True, text=True, check=True)
    assert "symrnn" not in _imports(PAGES[name])
    lines = said.stdout.splitlines()[1:]
    assert lines
    assert all(line.endswith("ok") for line in lines)


@pytest.mark.parametrize("name", [n for n in sorted(PAGES) if n.startswith("jax/")])
def test_a_jax_file_imports_jax_alone(name: str) -> None:
    assert _imports(PAGES[name]) <= {"functools", "jax", "jax.numpy"}


def _imports(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("name", ZOO)
def test_a_page_reads_back_as_the_adjoint(name: str) -> None:
    assert normal(parse(PAGES[f"adjoint/{name}.rnn"])) == model(name).adjoint


def test_a_page_can_be_shown_again() -> None:
    path = GENERATED / "adjoint" / "elman.rnn"
    assert symrnn.load(path).system == model("elman").adjoint
