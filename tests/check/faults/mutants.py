"""Right sides with one thing wrong in them, as people get it wrong."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from symrnn.check.faults.vocabulary import PRODUCTS, Piece, is_slope, pieces
from symrnn.derive.formula import Chain, Formula, Immediate, Name, Odot, Product, Times, Total
from symrnn.derive.pieces import children, map_children, put, walk
from symrnn.language.tree import ONE, Add, Neg, Num, Pow, Ref, Transpose

KINDS = {
    "sign": "sign",
    "term": "missing term",
    "factor": "missing factor",
    "index": "time index",
    "transpose": "transpose or order",
    "order": "transpose or order",
    "slope": "wrong derivative",
}
"""What was done, and what that is called."""

Mutant = tuple[str, Formula]


def mutants(formula: Formula, steps: int | None = None) -> Iterator[Mutant]:
    """Every formula that is one edit away, in these ways, and reads no step that there is not."""
    for piece in pieces(formula):
        for kind, new in _edited(piece):
            if steps is None or not any(_is_outside(part, steps) for part in walk(new)):
                yield kind, put(formula, piece.path, new)


def shuffled(formula: Formula, rng: Random) -> Formula:
    """The same in another order: terms, and factors where that makes no difference."""
    if isinstance(formula, Total | Immediate):
        return formula
    found = map_children(formula, lambda child: shuffled(child, rng))
    parts = list(children(found))
    rng.shuffle(parts)
    return type(found)(tuple(parts)) if isinstance(found, Add | Times | Odot) else found


def _is_outside(part: Formula, steps: int) -> bool:
    return isinstance(part, Ref) and part.base == "1" and not 0 <= part.shift < steps


def _edited(piece: Piece) -> Iterator[Mutant]:
    formula: Any = piece.formula
    match formula:
        case Neg(arg=arg):
            yield "sign", arg
        case Add(terms=terms):
            for i, term in enumerate(terms):
                flipped = term.arg if isinstance(term, Neg) else Neg(term)
                rest = (*terms[:i], *terms[i + 1 :])
                yield "sign", Add((*terms[:i], flipped, *terms[i + 1 :]))
                yield "term", rest[0] if len(rest) == 1 else Add(rest)
        case Transpose(arg=arg):
            yield "transpose", arg
        case Ref(base="") if not isinstance(piece.holder, Transpose):
            yield "transpose", Transpose(formula)
        case Ref():
            yield "index", replace(formula, shift=formula.shift - 1)
            yield "index", replace(formula, shift=formula.shift + 1)
        case Name(at=Ref(base=base) as at) if base:
            yield "index", replace(formula, at=replace(at, shift=at.shift + 1))
        case Total(by=Ref(base=base) as by) | Immediate(by=Ref(base=base) as by) if base:
            yield "index", replace(formula, by=replace(by, shift=by.shift - 1))
    if isinstance(formula, PRODUCTS):
        parts = formula.factors
        for i in range(len(parts)):
            rest = (*parts[:i], *parts[i + 1 :])
            yield "factor", rest[0] if len(rest) == 1 else replace(formula, factors=rest)
    if isinstance(formula, Product | Chain):
        for i in range(len(parts) - 1):
            turned = (*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :])
            yield "order", replace(formula, factors=turned)
    if is_slope(formula):
        yield from _other_slopes(formula)


def _other_slopes(formula: Formula) -> Iterator[Mutant]:
    match formula:
        case Add(terms=(_, Neg(arg=Pow(left=value)))):
            rest: Formula = Add((ONE, Neg(value)))
            yield "slope", rest
            yield "slope", Odot((value, rest))
        case Odot(factors=(value, _)) | Times(factors=(value, _)):
            square: Formula = Pow(value, Num(Fraction(2)))
            yield "slope", Add((ONE, Neg(square)))
