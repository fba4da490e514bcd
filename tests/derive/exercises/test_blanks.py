"""Blanks: the round trip, how many there are, and which factors they may take."""

from itertools import pairwise

import pytest

from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises.blanks import Sheets, exercise, filled, terms_of
from symrnn.derive.formula import (
    Blank,
    Chain,
    Formula,
    Immediate,
    Odot,
    Product,
    Times,
    Total,
    Value,
)
from symrnn.derive.pieces import at_path, walk
from symrnn.derive.views import VIEWS
from symrnn.language.tree import Num, Size
from tests.cases import model

MODELS = ("elman", "elman_n4", "lstm", "char", "birnn", "gru")
SEEDS = range(4)


def sheets_of(name: str, view: str, steps: int | None = 3, scalar: bool = False) -> Sheets:
    return VIEWS[view](Derivation(name, model(name).written, steps, scalar=scalar))


def gaps(formula: Formula) -> list[int]:
    return [each.number for each in walk(formula) if isinstance(each, Blank)]


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta", "product"])
@pytest.mark.parametrize("name", MODELS)
def test_the_answers_put_in_give_back_the_sheets(name: str, view: str, scalar: bool) -> None:
    sheets = sheets_of(name, view, scalar=scalar)
    for seed in SEEDS:
        found, answers = exercise(sheets, seed)
        assert found != sheets
        assert filled(found, answers) == sheets
        assert exercise(sheets, seed) == (found, answers)


def test_another_seed_leaves_other_blanks() -> None:
    sheets = sheets_of("elman", "closed")
    assert len({exercise(sheets, seed)[0] for seed in range(10)}) > 5


@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta"])
@pytest.mark.parametrize("name", MODELS)
def test_blanks_are_numbered_as_they_are_read(name: str, view: str) -> None:
    found, answers = exercise(sheets_of(name, view), 1)
    numbers = [n for s in found for e in s.equations for right in e.rights for n in gaps(right)]
    assert numbers == list(range(1, len(answers) + 1)) == [number for number, _ in answers]


@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta"])
@pytest.mark.parametrize("name", MODELS)
def test_a_blank_is_never_a_number_nor_on_the_left(name: str, view: str) -> None:
    sheets = sheets_of(name, view)
    for seed in SEEDS:
        found, answers = exercise(sheets, seed)
        assert not any(isinstance(f, Num | Size | Value | Blank) for _, f in answers)
        for before, after in zip(sheets, found, strict=True):
            assert [e.left for e in before.equations] == [e.left for e in after.equations]


@pytest.mark.parametrize("steps", [3, None])
@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta"])
@pytest.mark.parametrize("name", MODELS)
def test_each_product_has_a_blank_and_each_term_a_factor(
    name: str, view: str, steps: int | None
) -> None:
    for seed in SEEDS:
        found, _ = exercise(sheets_of(name, view, steps), seed)
        for sheet in found:
            for equation in sheet.equations:
                if not isinstance(equation.left, Total | Immediate):
                    continue
                blanks = 0
                for right in equation.rights:
                    for term in terms_of(right):
                        blank = [p for p in term.paths if p not in term.open]
                        assert len(term.paths) > 1 or not _is_blank(right, term.paths[0])
                        own = sum(_is_blank(right, p) for p in blank)
                        assert own <= max(1, round(len(term.paths) / 3))
                        blanks += own
                assert blanks == sum(len(gaps(right)) for right in equation.rights)
                assert blanks or not _has_factors(equation.rights[0])


def _is_blank(formula: Formula, path: tuple[int, ...]) -> bool:
    return isinstance(at_path(formula, path), Blank)


def _has_factors(formula: Formula) -> bool:
    """Whether there is a product anywhere: of which something could be left blank."""
    return any(isinstance(each, Chain | Times | Odot | Product) for each in walk(formula))


def test_neighbours_are_never_both_blank() -> None:
    for seed in range(20):
        for sheet in exercise(sheets_of("elman", "chain"), seed)[0]:
            for equation in sheet.equations:
                for product in walk(equation.rights[0]):
                    if isinstance(product, Chain):
                        blank = [isinstance(f, Blank) for f in product.factors]
                        assert not any(a and b for a, b in pairwise(blank))


def test_the_forward_equations_stay_whole() -> None:
    sheets = sheets_of("elman", "delta")
    found, _ = exercise(sheets, 3)
    assert found[0] == sheets[0]
    assert found[1:] != sheets[1:]
