"""What may belong in a formula: the pieces of right ones, and the model's own letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from symrnn.check.faults.worth import Worth, distinct
from symrnn.derive.build import minus
from symrnn.derive.formula import (
    Big,
    Bracket,
    Chain,
    Formula,
    Immediate,
    Name,
    Odot,
    Product,
    Times,
    Total,
)
from symrnn.derive.pieces import Path, children, walk
from symrnn.language.tree import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
)

PRODUCTS = (Times, Odot, Product, Chain)
DERIVATIVES = (Total, Immediate)

NEAR = (0, -1, 1)
"""How far from a step of a formula what belongs there may be."""

ADDENDS, FACTORS = 24, 48
"""So many terms and factors are tried where one may be missing."""


@dataclass(frozen=True)
class Piece:
    """A piece of a formula, and what holds it."""

    path: Path
    formula: Formula
    holder: Formula | None = None


def pieces(formula: Formula, path: Path = (), holder: Formula | None = None) -> Iterator[Piece]:
    """Everything in a formula, from the outside in; derivatives are whole."""
    yield Piece(path, formula, holder)
    if not isinstance(formula, DERIVATIVES):
        for i, child in enumerate(children(formula)):
            yield from pieces(child, (*path, i), formula)


def bare(formula: Formula) -> Formula:
    """Without its sign and the bracket of its step."""
    while isinstance(formula, Neg | Bracket):
        formula = formula.arg if isinstance(formula, Neg) else formula.body
    return formula


def is_slope(formula: Formula) -> bool:
    """Whether something is a function's derivative: 1 - o², o (1 - o), tanh'(a)."""
    match formula:
        case Add(terms=(first, Neg())) if first == ONE:
            return True
        case Odot(factors=(one, other)) | Times(factors=(one, other)):
            return other == Add((ONE, Neg(one))) or one == Add((ONE, Neg(other)))
        case Call(function=function):
            return function.endswith("'")
    return False


class Vocabulary:
    """The pieces of right formulas, `forms`, and letters near those of the wrong one.

    `letters` are the model's, at step t if they have one.
    """

    def __init__(
        self, wrong: Formula, forms: Sequence[Formula], letters: Sequence[Ref], worth: Worth
    ) -> None:
        self.wrong, self.forms, self.letters, self.worth = wrong, forms, letters, worth

    def exists(self, formula: Formula) -> bool:
        """Whether a letter has a value at its step, and a derivative is of steps that there are."""
        match formula:
            case Ref(base="1", shift=shift):
                return -1 <= shift <= self.worth.steps
            case Ref(base="T", shift=shift):
                return shift <= 0
            case Total() | Immediate():
                ends = [end for end in (formula.of, formula.by) if isinstance(end, Ref)]
                inner = [end for end in ends if end.base == "1"]
                return all(0 <= end.shift < self.worth.steps for end in inner) and all(
                    self.exists(end) for end in ends
                )
        return True

    def is_idle(self, new: Formula, old: Formula) -> bool:
        """Whether what an edit puts in is zero, or holds a derivative that is."""
        if new == ZERO:
            return False
        before = set(walk(old))
        own = [p for p in walk(new) if isinstance(p, DERIVATIVES) and p not in before]
        return any(map(self.worth.is_zero, [new, *own]))

    @cached_property
    def linked(self) -> bool:
        """Whether the formula is a chain of derivatives, or one of them."""
        return any(isinstance(part, Chain) for part in walk(self.wrong)) or isinstance(
            self.wrong, DERIVATIVES
        )

    @cached_property
    def said(self) -> list[Formula]:
        """Every piece of the right formulas, each once, those of the likest formula first."""
        found = (piece.formula for form in self.forms for piece in pieces(form))
        return list(dict.fromkeys(found))

    @cached_property
    def without(self) -> dict[Formula, list[tuple[Formula, Formula]]]:
        """Each sum and product of the right formulas without one of its parts: the whole of it,
        and that part."""
        found: dict[Formula, list[tuple[Formula, Formula]]] = {}
        for whole in self.said:
            if not isinstance(whole, (Add, *PRODUCTS)):
                continue
            parts = children(whole)
            for i, part in enumerate(parts):
                rest = (*parts[:i], *parts[i + 1 :])
                left = rest[0] if len(rest) == 1 else type(whole)(rest)
                found.setdefault(left, []).append((whole, part))
        return found

    @cached_property
    def refs(self) -> list[Ref]:
        """Letters of the right formulas, then all the model's at the steps that are read."""
        both = [*self.forms, self.wrong]
        read = [part for form in both for part in walk(form) if isinstance(part, Ref) and part.name]
        steps = list(dict.fromkeys((ref.base, ref.shift) for ref in read if ref.base))
        near = [Ref("", base, shift + by) for by in NEAR for base, shift in steps]
        found = [*read]
        for letter in self.letters:
            timed = [replace(step, name=letter.name) for step in near]
            found += timed if letter.base else [letter]
        return list(dict.fromkeys(found))

    @cached_property
    def derivatives(self) -> list[Total | Immediate]:
        """Those that are read in right formulas, and by what the wrong one has at hand."""
        both = [*self.said, *(piece.formula for piece in pieces(self.wrong))]
        return list(dict.fromkeys(part for part in both if isinstance(part, Total | Immediate)))

    @cached_property
    def slopes(self) -> list[Formula]:
        """Derivatives of functions: those of right formulas, then those of any value read."""
        found = [part for part in self.said if is_slope(part)]
        for product in self.said:
            if isinstance(product, Times | Odot):
                pairs = zip(product.factors, product.factors[1:], strict=False)
                found += filter(is_slope, map(type(product), pairs))
        names = {
            p.name for form in (*self.forms, self.wrong) for p in walk(form) if isinstance(p, Ref)
        }
        for ref in self.refs:
            if ref.base and ref.name in names:
                found += self._slopes_at(ref)
        return list(dict.fromkeys(found))

    def _slopes_at(self, value: Formula) -> list[Formula]:
        rest: Formula = Add((ONE, Neg(value)))
        square: Formula = Pow(value, Num(Fraction(2)))
        kind = Times if self.worth.shape(value) == (1, 1) else Odot
        return [Add((ONE, Neg(square))), kind((value, rest)), rest]

    @cached_property
    def own_factors(self) -> list[Formula]:
        """Those of right products."""
        products = [part for part in self.said if isinstance(part, PRODUCTS)]
        found = (bare(factor) for part in products for factor in part.factors)
        return distinct(self.worth, (f for f in found if not isinstance(f, Big)))[:FACTORS]

    @cached_property
    def factors(self) -> list[Formula]:
        """What may be missing in a product."""
        found: list[Formula] = []
        for part in self.said:
            if isinstance(part, PRODUCTS):
                found += map(bare, part.factors)
            if isinstance(part, Div):
                found += [Div(ONE, part.right)]
        whole = [part for part in self.said if isinstance(part, (*DERIVATIVES, Transpose, Call))]
        numbers = [part for part in self.said if isinstance(part, Num | Size)]
        read: list[Formula] = [*self.refs]
        read += [Transpose(ref) for ref in self.refs if (self.worth.shape(ref) or (1, 1)) > (1, 1)]
        every = [*found, *whole, *numbers, *self.slopes, *read]
        fitting = [part for part in every if not isinstance(part, Big) and part != ONE]
        products = [part for part in found if isinstance(part, Big) and part.sign == "prod"]
        return [*dict.fromkeys(products), *distinct(self.worth, fitting)[:FACTORS]]

    @cached_property
    def addends(self) -> list[Formula]:
        """What may be missing in a sum, with its sign."""
        found: list[Formula] = []
        for part in self.said:
            if isinstance(part, Add):
                found += part.terms
        found += self.forms
        rest: list[Formula] = [ONE, *self.refs]
        every = [*found, *rest, *map(minus, rest)]
        return distinct(self.worth, every)[:ADDENDS]

    def like(self, formula: Formula) -> list[Formula]:
        """What might be meant where a letter, a number or a derivative stands."""
        match formula:
            case Ref() | Name():
                found: list[Formula] = [*self.refs, *(p for p in self.said if isinstance(p, Name))]
                found += [p for p in self.said if isinstance(p, Call) and formula in p.args]
                found += filter(is_slope, self.said)
                return [*found, *self.derivatives] if isinstance(formula, Name) else found
            case Num() | Size():
                numbers = [p for p in self.said if isinstance(p, Num | Size)]
                return list(dict.fromkeys([*numbers, ONE, Num(Fraction(2)), Num(Fraction(3))]))
            case Total() | Immediate():
                return [*self.derivatives]
            case Call(args=args):
                calls = [p for p in self.said if isinstance(p, Call)]
                return [*(replace(p, args=args) for p in calls if len(p.args) == len(args)), *args]
            case Part():
                return [p for p in self.said if isinstance(p, Part)]
        return []
