"""The committed pages are what symrnn prints today, and they are texts in the language."""

import runpy
from pathlib import Path

import pytest

import symrnn
from symrnn.language import parse
from symrnn.system import normal
from tests.cases import ZOO, model

GENERATED = Path(__file__).parent.parent / "generated"
PAGES: dict[str, str] = runpy.run_path(str(GENERATED / "make.py"))["pages"]()


def test_the_folder_holds_these_files_and_no_others() -> None:
    found = {str(path.relative_to(GENERATED)) for path in GENERATED.glob("*/*.*")}
    assert found == set(PAGES), "run `make golden` and look at the difference"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_byte_is_as_committed(name: str) -> None:
    assert (GENERATED / name).read_bytes() == PAGES[name].encode(), "run `make golden` and look"


@pytest.mark.parametrize("name", ZOO)
def test_a_page_reads_back_as_the_adjoint(name: str) -> None:
    assert normal(parse(PAGES[f"adjoint/{name}.rnn"])) == model(name).adjoint


def test_a_page_can_be_shown_again() -> None:
    path = GENERATED / "adjoint" / "elman.rnn"
    assert symrnn.load(path).system == model("elman").adjoint
