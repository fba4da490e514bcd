"""Right sides with one thing wrong in them, as people get it wrong."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from symrnn.check.faults.vocabulary import DERIVATIVES, PRODUCTS, Piece, is_slope, pieces
from symrnn.derive.formula import (
    Big,
    Chain,
    Diagonal,
    Formula,
    Immediate,
    Name,
    Odot,
    Product,
    Times,
    Total,
)
from symrnn.derive.pieces import put
from symrnn.language.tree import ONE, Add, Neg, Num, Pow, Ref, Transpose

Mutant = tuple[str, Formula]
"""What was done, and the whole formula after it."""


def mutants(formula: Formula) -> Iterator[Mutant]:
    """Every formula that is one edit away, in these ways."""
    for piece in pieces(formula):
        for kind, new in _edited(piece):
            yield kind, put(formula, piece.path, new)


def _edited(piece: Piece) -> Iterator[Mutant]:
    formula = piece.formula
    match formula:
        case Neg(arg=arg):
            yield "sign", arg
        case Add(terms=terms):
            for i, term in enumerate(terms):
                flipped = term.arg if isinstance(term, Neg) else Neg(term)
                yield "sign", Add((*terms[:i], flipped, *terms[i + 1 :]))
                rest = (*terms[:i], *terms[i + 1 :])
                yield "term", rest[0] if len(rest) == 1 else Add(rest)
        case Times(factors=parts) | Odot(factors=parts) | Product(factors=parts) | Chain(
            factors=parts
        ):
            for i in range(len(parts)):
                rest = (*parts[:i], *parts[i + 1 :])
                yield "factor", rest[0] if len(rest) == 1 else replace(formula, factors=rest)
        case Transpose(arg=arg):
            yield "transpose", arg
        case Ref(base=base) if base:
            yield "index", replace(formula, shift=formula.shift - 1)
            yield "index", replace(formula, shift=formula.shift + 1)
        case Name(at=Ref(base=base) as at) if base:
            yield "index", replace(formula, at=replace(at, shift=at.shift + 1))
        case Total(by=Ref(base=base) as by) | Immediate(by=Ref(base=base) as by) if base:
            yield "index", replace(formula, by=replace(by, shift=by.shift - 1))
        case Ref(base="") if not isinstance(piece.holder, Transpose):
            yield "transpose", Transpose(formula)
    if isinstance(formula, Product | Chain):
        for i in range(len(formula.factors) - 1):
            a, b = formula.factors[i : i + 2]
            factors = (*formula.factors[:i], b, a, *formula.factors[i + 2 :])
            yield "order", replace(formula, factors=factors)
    if is_slope(formula):
        yield from _other_slopes(formula)


def _other_slopes(formula: Formula) -> Iterator[Mutant]:
    match formula:
        case Add(terms=(first, Neg(arg=Pow(left=value)))):
            rest = Add((ONE, Neg(value)))
            yield "slope", rest
            yield "slope", Odot((value, rest))
        case Odot(factors=(value, _)) | Times(factors=(value, _)):
            yield "slope", Add((ONE, Neg(Pow(value, Num(Fraction(2))))))


__all__ = ["DERIVATIVES", "PRODUCTS", "Big", "Diagonal", "Mutant", "mutants"]
