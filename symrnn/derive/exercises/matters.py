"""Whether a slip matters: whether the gradients come out as other numbers."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from symrnn.derive.columns import as_columns
from symrnn.derive.derivation import Derivation
from symrnn.derive.evaluate import Strict
from symrnn.derive.exercises.exercise import Sheets
from symrnn.derive.formula import Equation, Immediate, Sheet, Total, walk
from symrnn.derive.views.chain import chain
from symrnn.derive.views.local import local
from symrnn.errors import CheckError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.table import Array
from symrnn.language.tree import Ref
from symrnn.system import initial_states, with_states
from symrnn.system.symbols import dimensions

Matters = Callable[[Sheets], bool]


def equations_of(sheets: Iterable[Sheet]) -> Iterator[Equation]:
    return (equation for sheet in sheets for equation in sheet.equations)


def matters_for(derivation: Derivation, sheets: Sheets, columns: bool = False) -> Matters:
    """Tells whether changed sheets give another gradient than these, by numbers.

    What does not fit in its shapes is no plausible slip; a partial the wrong way round is one,
    though it has no value: it is zero. Initial states are no zeros here, since that would hide
    whatever is multiplied by them.
    """
    steps = derivation.steps or derivation.plain.steps or 3
    plain = derivation.plain
    system = with_states(plain) if initial_states(plain) else plain
    widths = zip(dimensions(plain.symbols), itertools.cycle((3, 5, 7, 9, 11)), strict=False)
    dims = {**dict(widths), **derivation.dims}
    data = sample(derivation.written, system.symbols, dims, steps, 1)
    values = interpret(system, data, steps)
    asked = _gradients(sheets, derivation)
    extra = local(derivation)
    if not asked:
        extra = (*extra, *chain(derivation))
        asked = _gradients(extra, derivation)
    extra = as_columns(extra) if columns else extra

    def worked_out(found: Sheets) -> list[Array]:
        equations = [*equations_of(found), *equations_of(extra)]
        on = Strict(equations, values, data, dims, columns)
        with np.errstate(all="ignore"):
            return [on(left, {"t": t}) for left in asked for t in _times(left, steps)]

    right = worked_out(sheets)
    known = _partials(sheets)

    def matters(found: Sheets) -> bool:
        new = _partials(found) - known
        if any(replace(p, of=p.by, by=p.of) in known for p in new):
            return True
        try:
            wrong = worked_out(found)
        except (CheckError, ValueError, RecursionError):
            return False
        pairs = list(zip(right, wrong, strict=True))
        if any(a.shape != b.shape or not np.isfinite(b).all() for a, b in pairs):
            return False
        return any(np.linalg.norm(b - a) > MATTERS * np.linalg.norm(a) for a, b in pairs)

    return matters


MATTERS = 1e-4
"""By how much of its norm a gradient changes at least."""


def _gradients(sheets: Sheets, derivation: Derivation) -> list[Total]:
    return [
        equation.left
        for equation in equations_of(sheets)
        if isinstance(equation.left, Total)
        and equation.left.of == Ref("L")
        and isinstance(equation.left.by, Ref)
        and equation.left.by.name in derivation.parameters
    ]


def _times(left: Total, steps: int) -> range:
    """The steps at which a left side is to be worked out: all of them for ∂L/∂x_t."""
    timed = isinstance(left.by, Ref) and left.by.base == "t"
    return range(1, steps + 1) if timed else range(1, 2)


def _partials(sheets: Sheets) -> set[Immediate]:
    return {
        each
        for equation in equations_of(sheets)
        for right in equation.rights
        for each in walk(right)
        if isinstance(each, Immediate)
    }
