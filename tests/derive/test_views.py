"""What every view prints, worked out on its own tree, is the gradient that the oracle finds.

The equations of a sheet are evaluated as they stand: a partial derivative by the equation that the
sheet gives for it, a variable by the interpreter. Nothing of the adjoint system takes part.
"""

from functools import cache

import numpy as np
import pytest

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Equation, Formula, Immediate, Sheet, Total
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import error, gradient
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Ref
from symrnn.system import resolve
from tests.cases import ZOO, Oracle, model, odd_widths, oracle
from tests.extent import pairs

STEPS = (1, 2, 3, 4)
AGREES = 1e-12
TOO_MANY = {("lstm_peephole", 3), ("lstm_peephole", 4)}
"""Where the paths to one parameter are more than two hundred."""

FORMS = ("scalar", "matrix", "columns")


@cache
def dims(name: str, scalar: bool) -> dict[str, int]:
    found = odd_widths(model(name).written)
    return dict.fromkeys(found, 1) if scalar else found


@cache
def data(name: str, scalar: bool, steps: int) -> dict[str, Array]:
    written = model(name).written
    return sample(written, resolve(written), dims(name, scalar), steps, 1, seed=steps)


@cache
def wanted(name: str, scalar: bool, steps: int) -> tuple[dict[str, Array], Oracle]:
    """The gradient by every parameter, entry by entry, from the written text alone."""
    numbers = data(name, scalar, steps)
    judge = oracle(model(name).written, numbers, steps)
    names = [s.name for s in model(name).system.named("parameter")]
    return {p: gradient(judge.slope, numbers, p) for p in names}, judge


def shown(derivation: Derivation, view: str) -> tuple[str, ...]:
    """The parameters that a view has: by a matrix the total ∂h_t/∂W of `forward` is none."""
    names = tuple(derivation.parameters)
    if view == "forward":
        return tuple(name for name in names if not derivation.rows.is_matrix(name))
    return names


def sheets_of(derivation: Derivation, view: str) -> tuple[Sheet, ...]:
    """The view, with equations for the partial derivatives that it leaves as they are."""
    names = shown(derivation, view)
    found = VIEWS[view](derivation, names) if names else ()
    named = derivation.by_steps if view in ("paths", "forward") else derivation
    bare = view in ("chain", "uses", "paths", "forward")
    return (*found, *VIEWS["local"](named)) if bare else found


def evaluator(
    derivation: Derivation, sheets: tuple[Sheet, ...], steps: int, columns: bool
) -> Evaluator:
    numbers = data(derivation.name, derivation.scalar, steps)
    return Evaluator(
        [e for sheet in sheets for e in sheet.equations],
        interpret(derivation.by_steps.plain, numbers, steps),
        numbers,
        dims(derivation.name, derivation.scalar),
        columns,
    )


def gap(found: Array, name: str, scalar: bool, steps: int, parameter: str) -> float:
    """How far off, as a multiple of what is allowed: rounding, or what the oracle itself can."""
    exact, judge = wanted(name, scalar, steps)
    tolerance = max(AGREES, judge.tolerance)
    return error(found.ravel(), exact[parameter].ravel(), judge.floor) / tolerance


@pytest.mark.parametrize(
    ("view", "name", "form"), pairs(["chain", "closed", "uses", "forward", "paths"], ZOO, FORMS)
)
def test_written_out(view: str, name: str, form: str) -> None:
    scalar, columns = form == "scalar", form == "columns"
    for steps in STEPS:
        derivation = Derivation(name, model(name).written, steps, scalar=scalar)
        if view == "paths" and (name, steps) in TOO_MANY:
            continue
        sheets = sheets_of(derivation, view)
        sheets = as_columns(sheets) if columns else sheets
        work = evaluator(derivation, sheets, steps, columns)
        for parameter in shown(derivation, view):
            found = work(Total(LOSS, Ref(parameter)))
            found = found.T if columns else found
            assert gap(found, name, scalar, steps, parameter) <= 1, (steps, parameter)


@pytest.mark.parametrize(
    ("view", "name", "form"),
    pairs(["chain", "closed", "delta", "product", "uses", "forward"], ZOO, FORMS),
)
def test_for_any_number_of_steps(view: str, name: str, form: str) -> None:
    scalar, columns = form == "scalar", form == "columns"
    derivation = Derivation(name, model(name).written, scalar=scalar)
    sheets = sheets_of(derivation, view)
    sheets = as_columns(sheets) if columns else sheets
    for steps in STEPS:
        work = evaluator(derivation, sheets, steps, columns)
        for parameter in shown(derivation, view):
            found = work(Total(LOSS, Ref(parameter)))
            found = found.T if columns else found
            assert gap(found, name, scalar, steps, parameter) <= 1, (steps, parameter)


@pytest.mark.parametrize("steps", [None, 3])
def test_forward_refuses_what_is_no_matrix(steps: int | None) -> None:
    derivation = model("elman").derive(steps)
    with pytest.raises(UsageError, match="has ∂h_t/∂w_h as a factor, and w_h is a matrix"):
        derivation.text("forward", "w_h")
    carried = "∂⁺O₃/∂b + ∂O₃/∂O₂ · ∂O₂/∂b" if steps else "∂⁺Oₜ/∂b + ∂Oₜ/∂Oₜ₋₁ · ∂Oₜ₋₁/∂b"
    assert carried in derivation.text("forward", "b")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ZOO)
def test_each_term_of_the_chain_is_that_of_the_closed_form(name: str, form: str) -> None:
    scalar, columns = form == "scalar", form == "columns"
    derivation = Derivation(name, model(name).written, 3, scalar=scalar)
    both = [sheets_of(derivation, view) for view in ("chain", "closed")]
    both = [as_columns(sheets) if columns else sheets for sheets in both]
    works = [evaluator(derivation, sheets, 3, columns) for sheets in both]
    for chained, closed in zip(*map(gradients, both), strict=False):
        several = chained.by_terms
        assert several == closed.by_terms
        pairs = zip(terms(chained, several), terms(closed, several), strict=True)
        for one, other in pairs:
            a, b = works[0](one), works[1](other)
            assert np.abs(a - b).max() <= AGREES * max(1, np.abs(b).max())


def gradients(sheets: tuple[Sheet, ...]) -> list[Equation]:
    return [e for sheet in sheets if sheet.about for e in sheet.equations]


def terms(equation: Equation, several: bool) -> tuple[Formula, ...]:
    right = equation.rights[0]  # a second form has common factors pulled out
    return right.terms if several and isinstance(right, Add) else (right,)


@pytest.mark.parametrize("name", ZOO)
def test_a_wrong_local_derivative_is_noticed(name: str) -> None:
    """The check can fail: with one partial derivative doubled the gradient is another."""
    derivation = Derivation(name, model(name).written, 3)
    chain, local = VIEWS["chain"](derivation), VIEWS["local"](derivation)[0]
    judged = next(e for e in local.equations if isinstance(e.left, Immediate) and e.left.of == LOSS)
    doubled = Equation(judged.left, (Add((judged.rights[0], judged.rights[0])),))
    wrong = Sheet(local.title, (doubled, *(e for e in local.equations if e != judged)))
    work = evaluator(derivation, (*chain, wrong), 3, False)
    gaps = [gap(work(Total(LOSS, Ref(p))), name, False, 3, p) for p in derivation.parameters]
    assert max(gaps) > 1e3
