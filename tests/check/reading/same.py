"""Whether a formula that was read is the one that was printed, up to what no reader could tell.

On a page nobody sees which product of numbers was meant, whether an immediate derivative is the
only one there is, or ∂⁺ where a notation writes ∂; and δ_t is ∂L/∂a_t.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from symrnn.check.claims import Meanings
from symrnn.derive.formula import (
    Blocks,
    Bracket,
    Chain,
    Formula,
    Immediate,
    Name,
    Odot,
    Product,
    Times,
    Total,
    Value,
)
from symrnn.derive.pieces import map_children, walk
from symrnn.language.tree import Add, Call, Div, Neg, Num, Pow, Ref, Size

PRODUCTS = (Times, Product, Chain)


def plain(formula: Formula, plus: bool, scalar: bool) -> Formula:
    """The formula without what no reader could tell."""
    formula = map_children(formula, lambda child: plain(child, plus, scalar))
    match formula:
        case Immediate(of=of, by=by, alone=alone, fixed=fixed):
            by_use = isinstance(by, (*PRODUCTS, Odot))
            if not fixed and not by_use and (alone or not plus):
                return Total(of, by)
            return Immediate(of, by, fixed=fixed or None)
        case Call(function="square", args=(arg,)):
            return Pow(arg, Num(Fraction(2)))
        case Call(function="identity", args=(arg,)) | Bracket(body=arg, at=Ref(base="t")):
            return arg
        case Value(rows=rows):
            return plain(Blocks(tuple(tuple(map(_cell, row)) for row in rows)), plus, scalar)
        case Blocks(rows=((only,),)):
            return only
        case Add(terms=terms):
            return Add(tuple(u for t in terms for u in (t.terms if isinstance(t, Add) else (t,))))
        case Odot(factors=factors) if not scalar:
            opened = (f.factors if isinstance(f, Odot) else (f,) for f in factors)
            return Odot(tuple(f for each in opened for f in each))
        case Times(factors=factors) | Product(factors=factors) | Chain(factors=factors):
            return _times(factors)
        case Odot(factors=factors):
            return _times(factors)
    return formula


def _times(factors: tuple[Formula, ...]) -> Times:
    """One product, numbers in front."""
    opened = [g for f in factors for g in (f.factors if isinstance(f, PRODUCTS) else (f,))]
    return Times(tuple(sorted(opened, key=lambda f: not _is_count(f))))


def _is_count(formula: Formula) -> bool:
    return all(isinstance(part, Num | Size | Div | Times | Add | Neg) for part in walk(formula))


def _cell(x: float) -> Formula:
    found = Num(Fraction(f"{abs(x):.4g}"))
    return Neg(found) if x < 0 else found


def with_meanings(formula: Formula, meanings: Meanings, kept: Mapping[str, Formula]) -> Formula:
    """The formula with what its letters most likely stand for."""
    if isinstance(formula, Name) and formula.letter not in kept and meanings.get(formula.letter):
        at = formula.at
        return _moved(meanings[formula.letter][0], at) if at.base else meanings[formula.letter][0]
    return map_children(formula, lambda child: with_meanings(child, meanings, kept))


def _moved(formula: Formula, at: Ref) -> Formula:
    if isinstance(formula, Ref) and formula.base == "t":
        return replace(formula, base=at.base, shift=formula.shift + at.shift)
    return map_children(formula, lambda child: _moved(child, at))
