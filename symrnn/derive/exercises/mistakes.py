"""The slips of real notes: everything that could go wrong in an equation.

A missing factor, a lost path, a wrong index, a partial the wrong way round, a wrong sign, a plus
for a product.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symrnn.derive.build import transposed
from symrnn.derive.exercises import FACTOR, INDEX, PATH, PLUS, REVERSED, SIGN, TRANSPOSE
from symrnn.derive.exercises.blanks import PRODUCTS
from symrnn.derive.formula import Bracket, Equation, Formula, Immediate, Name, Product, Total
from symrnn.derive.pieces import Path, children
from symrnn.language.tree import Add, Call, Div, Neg, Num, Part, Pow, Ref, Size, Transpose

Text = tuple[str | Formula, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A slip that could be made: another piece at one place of a right side."""

    kind: str
    path: Path
    new: Formula
    right: Formula
    wrong_part: Formula | None
    why: Text


def step_of(at: Ref) -> Formula:
    """The step of a term: 2, or T - 1."""
    if at.base == "1":
        return Num(Fraction(1 + at.shift))
    if not at.shift:
        return Name(at.base)
    lag: Formula = Num(Fraction(abs(at.shift)))
    return Add((Name(at.base), Neg(lag) if at.shift < 0 else lag))


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
        case Add(terms=terms) if is_paths(formula):
            yield from _lost(equation, terms, path)
        case Add(terms=terms):
            yield from _turned(formula, path)
        case Neg(arg=arg):
            yield Change(SIGN, path, arg, formula, arg, ("a minus is missing before ", arg))
    if isinstance(formula, PRODUCTS):
        yield from _forgotten(formula, path)
    yield from _as_it_stands(formula, path)
    for i, child in enumerate(children(formula)):
        # the minus of a difference belongs to the difference
        inner = child.arg if isinstance(formula, Add) and isinstance(child, Neg) else child
        deeper = (*path, i, 0) if inner is not child else (*path, i)
        yield from _changes(equation, inner, deeper, known)


def _forgotten(formula: Any, path: Path) -> Iterator[Change]:
    """A factor left out, or a plus where two factors are multiplied."""
    factors = formula.factors
    for i, factor in enumerate(factors):
        if isinstance(factor, (Part, *PRODUCTS)):
            continue  # nobody forgets a row that is a product itself
        rest = _joined(formula, (*factors[:i], *factors[i + 1 :]))
        why = ("the factor ", factor, " is missing: ", *_reason(factor, factors))
        yield Change(FACTOR, path, rest, factor, None, why)
    for i in range(1, len(factors)):
        # T + …: a number is no factor that anyone would add
        if not any(isinstance(f, Num | Size | Div) for f in factors[i - 1 : i + 1]):
            parts = (_joined(formula, factors[:i]), _joined(formula, factors[i:]))
            why = ("there is a plus before ", factors[i], " where a product belongs: only the"
                   " terms of different paths are added")  # fmt: skip
            yield Change(PLUS, path, Add(parts), formula, Add(parts), why)


def _as_it_stands(formula: Formula, path: Path) -> Iterator[Change]:
    """A matrix that is not transposed on the way back; an outer product turned round."""
    match formula:
        case Transpose(arg=Ref(base="") as weight):
            why: Text = (weight, " is written for ", formula, ": what comes back through a product"
                         " goes through the transpose of its matrix")  # fmt: skip
            yield Change(TRANSPOSE, path, weight, formula, weight, why)
        case Product(factors=(Transpose(), _) | (_, Transpose())):
            turned = transposed(formula)
            why = (turned, " is written for ", formula, ", which is its transpose: the gradient by"
                   " a matrix has the matrix's rows and columns")  # fmt: skip
            yield Change(TRANSPOSE, path, turned, formula, turned, why)


def _joined(formula: Any, factors: tuple[Formula, ...]) -> Formula:
    return factors[0] if len(factors) == 1 else replace(formula, factors=factors)


def _reason(factor: Formula, factors: tuple[Formula, ...]) -> Text:
    match factor:
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            return ("the path goes from ", of, " to ", by, ", and each step of it is a factor")
        case Num() | Size() | Div(left=Num()):
            return ("a constant factor stays in the derivative",)
    one = Num(Fraction(1))
    slope: Formula = Add((one, Neg(factor)))
    if isinstance(factor, Ref) and slope in factors:
        return (factor, " and ", slope, " together are the local derivative")
    if isinstance(factor, Add) and factor.terms[0] == one:
        return ("what comes back along the path is multiplied by this local derivative",)
    return ("what comes back along the path is multiplied by it",)


def _lost(equation: Equation, terms: tuple[Formula, ...], path: Path) -> Iterator[Change]:
    """One path left out of a sum."""
    left = equation.left
    for i, term in enumerate(terms):
        rest = (*terms[:i], *terms[i + 1 :])
        which: Text = ("the term ", term)
        if isinstance(term, Bracket):
            which = ("the term of ", Name("t"), " = ", step_of(term.at))
        why: Text = (*which, " is missing")
        if isinstance(left, Total | Immediate):
            why = (*why, ": ", left.of, " depends on ", left.by)
            why = (*why, " along several paths, and all of them are added")
        yield Change(PATH, path, rest[0] if len(rest) == 1 else Add(rest), term, None, why)


def is_paths(formula: Add[Formula]) -> bool:
    """Whether each term is a product that some path brings, unlike the parts of ŷ - y."""
    plain = (Ref, Num, Size, Pow, Call)
    bare = [t.arg if isinstance(t, Neg) else t for t in formula.terms]
    return not any(isinstance(term, plain) for term in bare)


def _turned(formula: Add[Formula], path: Path) -> Iterator[Change]:
    """1 + o² for 1 - o²; y - ŷ for ŷ - y."""
    match formula.terms:
        case (first, Neg(arg=second)):
            plus = Add((first, second))
            wrong = plus if isinstance(first, Num | Size) else Add((second, Neg(first)))
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
            turned = replace(formula, of=operand, by=of)
            why = (turned, " is written for ", formula, ": ", operand, " does not depend on ", of)
            yield Change(
                REVERSED, path, turned, formula, turned, (*why, ", so that partial is zero")
            )


def _because(right: Formula) -> Text:
    if isinstance(right, Ref):
        return ("the value of step ", step_of(right), " belongs there")
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
