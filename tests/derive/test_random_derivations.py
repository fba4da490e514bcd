"""What the views print for systems drawn at random from the grammar is their gradient.

Everything printed is worked out on its own tree, as for the zoo, and held against the adjoint
system, which other tests hold against the oracles; every tenth system against an oracle here.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pytest

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.sheets import as_columns
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import complex_step, gradient
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref
from symrnn.model import Model, parse
from symrnn.system import resolve
from tests.derive.test_views import sheets_of, shown
from tests.extent import FEW, WIDE, draws
from tests.grammar import Writer

SEEDS = range(draws(6, 34, 1000))
FORMS = {"scalar": {"D": 1, "E": 1}, "rows": {"D": 2, "E": 3}, "columns": {"D": 2, "E": 3}}
AGREES, FLOOR = 1e-9, 1e-3
"""How far off a gradient may be, relative to its norm, and the least norm that counts."""

WRITTEN_OUT = ("chain", "closed", "uses", "forward")
REFUSED = {"chain": 0.12, "closed": 0.12, "delta": 0.12, "product": 0.4, "uses": 0.12}
REFUSED |= {"forward": 0.9}
"""The share of systems that a view may refuse for a symbolic T."""

SOME_STEPS = {"delta": 0, "product": 0.6, "paths": 0.5}
"""The share that may be refused for a number of steps, of what any T is written for, or paths."""

drawn: Counter[str] = Counter()
refused: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _few_are_refused(figures: list[str]) -> Iterator[None]:
    """The figures are printed, and the module fails if a view refuses more than its share."""
    yield
    figures.append(
        "random derivations, refused for a symbolic T: "
        + ", ".join(f"{view} {refused[view]} of {drawn[view]}" for view in REFUSED)
    )
    for view, share in REFUSED.items():
        assert FEW or refused[view] <= share * drawn[view], view


def seeds(views: Iterable[str], view: str, form: str) -> list[int]:
    """The systems that a view is tried on in a form: each in one form, and each form of each in
    some view; all of them for WIDE."""
    place = list(views).index(view) + list(FORMS).index(form)
    return [seed for seed in SEEDS if WIDE or (seed + place) % len(FORMS) == 0]


def drawn_at_random(seed: int) -> Model:
    return parse(Writer(random.Random(seed), attention=True).text())


def numbers(model: Model, form: str, steps: int, seed: int) -> dict[str, Array]:
    return sample(model.written, resolve(model.written), FORMS[form], steps, 1, seed=seed)


def printed(
    derivation: Derivation, view: str, data: dict[str, Array], form: str, steps: int
) -> dict[str, Array]:
    """Every gradient that a view prints, worked out."""
    sheets = sheets_of(derivation, view)
    columns = form == "columns"
    equations = [e for s in (as_columns(sheets) if columns else sheets) for e in s.equations]
    named = derivation.by_steps if view in ("paths", "forward") else derivation
    values = interpret(named.plain, data, steps)
    work = Evaluator(equations, values, data, FORMS[form], columns)
    found = {name: work(Total(LOSS, Ref(name))) for name in shown(derivation, view)}
    return {name: g.T if columns else g for name, g in found.items()}


def wanted(model: Model, data: dict[str, Array], steps: int, seed: int) -> dict[str, Array]:
    if seed % 10 == 0:
        slope = complex_step(model.written, data, steps)
        return {s.name: gradient(slope, data, s.name) for s in model.system.named("parameter")}
    result = interpret(model.adjoint, data, steps)
    found = {s.name: result.adjoint_of(s.name) for s in model.system.named("parameter")}
    return {name: own for name, own in found.items() if own is not None}


def holds(found: Mapping[str, Array], exact: Mapping[str, Array]) -> None:
    for name, own in exact.items():
        if name not in found:
            continue  # by a matrix the view forward says nothing
        gap = float(np.linalg.norm(found[name].ravel() - own.ravel()))
        assert gap <= AGREES * max(FLOOR, float(np.linalg.norm(own))), name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", WRITTEN_OUT)
def test_written_out(view: str, form: str) -> None:
    for seed in seeds(WRITTEN_OUT, view, form):
        model, steps = drawn_at_random(seed), 1 + seed % 4
        data = numbers(model, form, steps, seed)
        derivation = Derivation("drawn", model.written, steps, scalar=form == "scalar")
        try:
            found = printed(derivation, view, data, form, steps)
        except UsageError as error:
            if view != "forward" or "computed matrix" not in str(error):
                raise
            continue
        holds(found, wanted(model, data, steps, seed))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", SOME_STEPS)
def test_for_a_number_of_steps(view: str, form: str) -> None:
    """Few steps make what is written for any T coincide: then it is refused, or written out."""
    refusals, tried = 0, seeds(SOME_STEPS, view, form)
    for seed in tried:
        model, steps = drawn_at_random(seed), 1 + seed % 4
        data = numbers(model, form, steps, seed)
        derivation = Derivation("drawn", model.written, steps, scalar=form == "scalar")
        try:
            found = printed(derivation, view, data, form, steps)
        except (EquationError, UsageError):
            refusals += 1
            continue
        holds(found, wanted(model, data, steps, seed))
    assert FEW or refusals <= SOME_STEPS[view] * len(tried)  # few say nothing of a share


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", REFUSED)
def test_for_any_number_of_steps(view: str, form: str) -> None:
    for seed in seeds(REFUSED, view, form):
        model, steps = drawn_at_random(seed), 7
        data = numbers(model, form, steps, seed)
        derivation = Derivation("drawn", model.written, scalar=form == "scalar")
        drawn[view] += 1
        try:
            found = printed(derivation, view, data, form, steps)
        except (EquationError, UsageError):
            refused[view] += 1
            continue
        holds(found, wanted(model, data, steps, seed))


@pytest.mark.parametrize("view", REFUSED)
def test_it_prints(view: str) -> None:
    """Whatever a formula names has a letter."""
    for seed in SEEDS[:20]:
        for steps in (None, 1 + seed % 2) if FEW else (None, 1, 2):
            try:
                text = drawn_at_random(seed).derive(steps).text(view)
            except (EquationError, UsageError):
                continue
            assert "∂L/∂" in text, seed
