"""One plausible error, planted in a derivation for students to find, which changes a gradient."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symrnn.derive.derivation import Derivation
from symrnn.derive.evaluate import Strict
from symrnn.derive.exercises import KINDS
from symrnn.derive.exercises.blanks import Sheets
from symrnn.derive.exercises.mistakes import Change, Text, changes, is_paths, step_of
from symrnn.derive.formula import Big, Bracket, Equation, Formula, Immediate, Name, Sheet, Total
from symrnn.derive.pieces import Path, at_path, children, put, walk
from symrnn.derive.sheets import as_columns
from symrnn.derive.views.chain import view as chain
from symrnn.derive.views.local import view as local
from symrnn.errors import CheckError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Neg, Ref
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


@dataclass(frozen=True, slots=True)
class Slip:
    """What was planted: in `equation`, `place` was changed, where `right` belongs."""

    kind: str
    equation: Equation
    wrong: Equation
    place: Formula
    """The piece of the right equation in which the error is."""
    right: Formula
    """What is missing, or what should stand for the wrong part."""
    wrong_part: Formula | None
    says: Text


def plant(
    sheets: Sheets, seed: int, matters: Matters, kinds: Sequence[str] = tuple(KINDS)
) -> tuple[Sheets, Slip]:
    """The sheets with one error of these kinds that matters; the same for the same seed."""
    rng = random.Random(seed)
    # the kind is drawn first: there are many more factors to forget than signs to turn
    found: dict[str, list[tuple[int, int, Change]]] = {kind: [] for kind in KINDS}
    known = frozenset(each for e in equations_of(sheets) for r in e.rights for each in walk(r))
    for i, sheet in enumerate(sheets):
        for j, equation in enumerate(sheet.equations):
            if isinstance(equation.left, Total | Immediate):
                for change in changes(equation, known):
                    found[change.kind].append((i, j, change))
    for kind in rng.sample(kinds, len(kinds)):
        for i, j, change in rng.sample(found[kind], len(found[kind])):
            equation = sheets[i].equations[j]
            wrong = _changed(equation, change)
            planted = _with(sheets, i, j, wrong)
            if matters(planted):
                return planted, _slip(equation, wrong, change)
    raise UsageError(
        f"there is nothing to get wrong in these equations: {no_slip(kinds)} would change a"
        " gradient"
    )


def no_slip(kinds: Sequence[str]) -> str:
    """No slip, or none of the kinds that are asked for.

    >>> no_slip(["sign", "path"])
    'no slip of the kind sign or path'
    """
    return "no slip" if set(kinds) == set(KINDS) else f"no slip of the kind {' or '.join(kinds)}"


def _slip(equation: Equation, wrong: Equation, change: Change) -> Slip:
    right = equation.rights[-1]
    says = _sentence(_where(right, change.path), change.why)
    place = at_path(right, change.path)
    return Slip(change.kind, equation, wrong, place, change.right, change.wrong_part, says)


def _sentence(where: Text, why: Text) -> Text:
    first = why[0]
    if isinstance(first, str):
        begins = (*where, " ", first) if where else (first[0].upper() + first[1:],)
    else:
        begins = (*where, ", ", first) if where else ("Here ", first)
    return (*begins, *why[1:], ".")


def _changed(equation: Equation, change: Change) -> Equation:
    right = put(equation.rights[-1], change.path, change.new)
    terms = equation.by_terms and isinstance(right, Add)
    return replace(equation, rights=(*equation.rights[:-1], right), by_terms=terms)


def _with(sheets: Sheets, i: int, j: int, equation: Equation) -> Sheets:
    equations = sheets[i].equations
    sheet = replace(sheets[i], equations=(*equations[:j], equation, *equations[j + 1 :]))
    return (*sheets[:i], sheet, *sheets[i + 1 :])


def _where(right: Formula, path: Path) -> Text:
    """In which term of the equation: by its step, or counted."""
    counted: Text = ()
    for i in path:
        if isinstance(right, Bracket):
            return ("In the term of ", Name("t"), " = ", step_of(right.at))
        if isinstance(right, Add) and is_paths(right):
            counted = (f"In term {i + 1} of the sum",)
        elif not isinstance(right, Neg | Big):
            break
        right = children(right)[i]
    if isinstance(right, Bracket):
        return ("In the term of ", Name("t"), " = ", step_of(right.at))
    return counted
