"""One plausible error, planted in a derivation for students to find: the slips of real notes.

A missing factor, a lost path, a wrong index, a partial the wrong way round, a wrong sign, a plus
for a product. Whether a slip matters is for the caller to say, by numbers (`matters_for`).
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from symrnn.derivation.columns import as_columns
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.evaluate import Evaluator, Indices
from symrnn.derivation.exercise import PRODUCTS, Path, Sheets, at_path, put
from symrnn.derivation.formula import (
    Apply,
    Big,
    Bracket,
    Carried,
    Carry,
    Equation,
    Formula,
    Immediate,
    Minus,
    Name,
    Odot,
    Power,
    Ratio,
    Sheet,
    Slice,
    Sum,
    Times,
    Total,
    children,
    walk,
)
from symrnn.derivation.views.chain import chain
from symrnn.derivation.views.local import local
from symrnn.errors import CheckError, UsageError
from symrnn.functions import Array
from symrnn.interpret import interpret
from symrnn.language.tree import Num, Ref, Size
from symrnn.sample import sample
from symrnn.system import initial_states, with_states
from symrnn.system.symbols import dimensions

FACTOR, PATH, INDEX = "missing factor", "lost path", "wrong index"
REVERSED, SIGN, PLUS = "reversed partial", "wrong sign", "plus for a product"
KINDS = (FACTOR, PATH, INDEX, REVERSED, SIGN, PLUS)

Text = tuple[str | Formula, ...]
Matters = Callable[[Sheets], bool]


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


@dataclass(frozen=True, slots=True)
class Change:
    """A slip that could be made: another piece at one place of a right side."""

    kind: str
    path: Path
    new: Formula
    right: Formula
    wrong_part: Formula | None
    why: Text


def plant(sheets: Sheets, seed: int, matters: Matters) -> tuple[Sheets, Slip]:
    """The sheets with one error in them that matters; the same for the same seed."""
    rng = random.Random(seed)
    # the kind is drawn first: there are many more factors to forget than signs to turn
    found: dict[str, list[tuple[int, int, Change]]] = {kind: [] for kind in KINDS}
    known = frozenset(each for e in _equations(sheets) for r in e.rights for each in walk(r))
    for i, sheet in enumerate(sheets):
        for j, equation in enumerate(sheet.equations):
            if isinstance(equation.left, Total | Immediate):
                for change in changes(equation, known):
                    found[change.kind].append((i, j, change))
    for kind in rng.sample(KINDS, len(KINDS)):
        for i, j, change in rng.sample(found[kind], len(found[kind])):
            equation = sheets[i].equations[j]
            wrong = _changed(equation, change)
            planted = _with(sheets, i, j, wrong)
            if matters(planted):
                return planted, _slip(equation, wrong, change)
    raise UsageError(
        "there is nothing to get wrong in these equations: no slip would change a gradient"
    )


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
    terms = equation.by_terms and isinstance(right, Sum)
    return replace(equation, rights=(*equation.rights[:-1], right), by_terms=terms)


def _with(sheets: Sheets, i: int, j: int, equation: Equation) -> Sheets:
    equations = sheets[i].equations
    sheet = replace(sheets[i], equations=(*equations[:j], equation, *equations[j + 1 :]))
    return (*sheets[:i], sheet, *sheets[i + 1 :])


def _equations(sheets: Iterable[Sheet]) -> Iterator[Equation]:
    return (equation for sheet in sheets for equation in sheet.equations)


def _where(right: Formula, path: Path) -> Text:
    """In which term of the equation: by its step, or counted."""
    counted: Text = ()
    for i in path:
        if isinstance(right, Bracket):
            return ("In the term of ", Name("t"), " = ", _step(right.at))
        if isinstance(right, Sum) and _is_paths(right):
            counted = (f"In term {i + 1} of the sum",)
        elif not isinstance(right, Minus | Big | Carry):
            break
        right = list(children(right))[i]
    if isinstance(right, Bracket):
        return ("In the term of ", Name("t"), " = ", _step(right.at))
    return counted


def _step(at: Ref) -> Formula:
    """The step of a term: 2, or T - 1."""
    if at.base == "1":
        return Num(Fraction(1 + at.shift))
    if not at.shift:
        return Name(at.base)
    lag: Formula = Num(Fraction(abs(at.shift)))
    return Sum((Name(at.base), Minus(lag) if at.shift < 0 else lag))


# what could go wrong


def changes(equation: Equation, known: frozenset[Formula]) -> Iterator[Change]:
    """Every slip that could be made in an equation; `known` is what the sheets hold anyway."""
    yield from _changes(equation, equation.rights[-1], (), known)


def _changes(
    equation: Equation, formula: Formula, path: Path, known: frozenset[Formula]
) -> Iterator[Change]:
    match formula:
        case Ref() | Total() | Immediate():
            yield from _shifted(formula, path, known)
            return
        case Sum(terms=terms) if _is_paths(formula):
            yield from _lost(equation, terms, path)
        case Sum(terms=terms):
            yield from _turned(formula, path)
        case Minus(arg=arg):
            yield Change(SIGN, path, arg, formula, arg, ("a minus is missing before ", arg))
    if isinstance(formula, PRODUCTS):
        yield from _forgotten(formula, path)
    for i, child in enumerate(children(formula)):
        # the minus of a difference belongs to the difference
        inner = child.arg if isinstance(formula, Sum) and isinstance(child, Minus) else child
        deeper = (*path, i, 0) if inner is not child else (*path, i)
        yield from _changes(equation, inner, deeper, known)


def _forgotten(formula: Any, path: Path) -> Iterator[Change]:
    """A factor left out, or a plus where two factors are multiplied."""
    factors = formula.factors
    for i, factor in enumerate(factors):
        if isinstance(factor, (Carried, Slice, *PRODUCTS)):
            continue  # nobody forgets a row that is a product itself
        rest = _joined(formula, (*factors[:i], *factors[i + 1 :]))
        why = ("the factor ", factor, " is missing: ", *_reason(factor, factors))
        yield Change(FACTOR, path, rest, factor, None, why)
    for i in range(1, len(factors)):
        # T + …: a number is no factor that anyone would add
        if not any(isinstance(f, Num | Size | Ratio | Carried) for f in factors[i - 1 : i + 1]):
            parts = (_joined(formula, factors[:i]), _joined(formula, factors[i:]))
            why = ("there is a plus before ", factors[i], " where a product belongs: only the"
                   " terms of different paths are added")  # fmt: skip
            yield Change(PLUS, path, Sum(parts), formula, Sum(parts), why)


def _joined(formula: Any, factors: tuple[Formula, ...]) -> Formula:
    return factors[0] if len(factors) == 1 else replace(formula, factors=factors)


def _reason(factor: Formula, factors: tuple[Formula, ...]) -> Text:
    match factor:
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            return ("the path goes from ", of, " to ", by, ", and each step of it is a factor")
        case Num() | Size() | Ratio(top=Num()):
            return ("a constant factor stays in the derivative",)
    one = Num(Fraction(1))
    slope = Sum((one, Minus(factor)))
    if isinstance(factor, Ref) and slope in factors:
        return (factor, " and ", slope, " together are the local derivative")
    if isinstance(factor, Sum) and factor.terms[0] == one:
        return ("what comes back along the path is multiplied by this local derivative",)
    return ("what comes back along the path is multiplied by it",)


def _lost(equation: Equation, terms: tuple[Formula, ...], path: Path) -> Iterator[Change]:
    """One path left out of a sum."""
    left = equation.left
    assert isinstance(left, Total | Immediate)
    for i, term in enumerate(terms):
        rest = (*terms[:i], *terms[i + 1 :])
        which: Text = ("the term ", term)
        if isinstance(term, Bracket):
            which = ("the term of ", Name("t"), " = ", _step(term.at))
        why = (*which, " is missing: ", left.of, " depends on ", left.by)
        why = (*why, " along several paths, and all of them are added")
        yield Change(PATH, path, rest[0] if len(rest) == 1 else Sum(rest), term, None, why)


def _is_paths(formula: Sum) -> bool:
    """Whether each term is a product that some path brings, unlike the parts of ŷ - y."""
    plain = (Ref, Num, Size, Power, Apply)
    bare = [t.arg if isinstance(t, Minus) else t for t in formula.terms]
    return not any(isinstance(term, plain) for term in bare)


def _turned(formula: Sum, path: Path) -> Iterator[Change]:
    """1 + o² for 1 - o²; y - ŷ for ŷ - y."""
    match formula.terms:
        case (first, Minus(arg=second)):
            plus = Sum((first, second))
            wrong = plus if isinstance(first, Num | Size) else Sum((second, Minus(first)))
            why = ("the sign is wrong: ", wrong, " is written for ", formula)
            yield Change(SIGN, path, wrong, formula, wrong, why)


def _shifted(formula: Formula, path: Path, known: frozenset[Formula]) -> Iterator[Change]:
    """The value or the partial derivative of a neighbouring step; a partial turned round."""
    for by in (-1, 1):
        wrong = _moved(formula, by)
        if wrong != formula and wrong in known:
            why: Text = (wrong, " is written for ", formula, ": ", *_because(formula))
            yield Change(INDEX, path, wrong, formula, wrong, why)
    match formula:
        case Immediate(of=Ref() as of, by=Ref() as operand) if (
            of.base and of.base == operand.base and of.shift != operand.shift
        ):
            turned = Immediate(operand, of, formula.alone)
            why = (turned, " is written for ", formula, ": ", operand, " does not depend on ", of)
            yield Change(
                REVERSED, path, turned, formula, turned, (*why, ", so that partial is zero")
            )


def _because(right: Formula) -> Text:
    if isinstance(right, Ref):
        return ("the value of step ", _step(right), " belongs there")
    assert isinstance(right, Total | Immediate)
    return ("the path leads through ", right.of if isinstance(right, Immediate) else right.by,
            " here, and each factor begins where the one before it ended")  # fmt: skip


def _moved(formula: Formula, by: int) -> Formula:
    match formula:
        case Ref(base=base, shift=shift) if base:
            return replace(formula, shift=shift + by)
        case Total(of=of, by=operand) | Immediate(of=of, by=operand):
            return replace(formula, of=_moved(of, by), by=_moved(operand, by))
    return formula


# whether it matters


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
        equations = [*_equations(found), *_equations(extra)]
        on = Strict(equations, values, data, dims, columns)
        with np.errstate(all="ignore"):
            return [on(left, {"t": t}) for left in asked for t in _times(left, steps)]

    right = worked_out(sheets)
    known = _partials(sheets)

    def matters(found: Sheets) -> bool:
        new = _partials(found) - known
        if any(Immediate(p.by, p.of, p.alone) in known for p in new):
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
        for equation in _equations(sheets)
        if isinstance(equation.left, Total)
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
        for equation in _equations(sheets)
        for right in equation.rights
        for each in walk(right)
        if isinstance(each, Immediate)
    }


class Strict(Evaluator):
    """Adds and multiplies only what has one shape, or is a number: NumPy would stretch the rest."""

    def value(self, formula: Formula, at: Indices, carried: Array | None) -> Array:
        if isinstance(formula, Big) and formula.sign != "sum":
            raise CheckError("a product of Jacobians has a value only within a chain")
        if not isinstance(formula, Sum | Times | Odot | Ratio):
            return super().value(formula, at, carried)
        parts = [self.value(child, at, carried) for child in children(formula)]
        if len({part.shape for part in parts if part.size != 1}) > 1:
            raise CheckError("the shapes differ")
        joins = {Sum: np.add, Times: np.multiply, Odot: np.multiply, Ratio: np.divide}
        return np.asarray(functools.reduce(joins[type(formula)], parts))
