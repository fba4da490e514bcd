"""Other formulas of the same value: reordered, factored, expanded, with other indices.

Each rule takes a node and gives nodes that could stand for it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from symrnn.derive.build import transposed
from symrnn.derive.formula import (
    Big,
    Bracket,
    Chain,
    Diagonal,
    Formula,
    Name,
    Odot,
    Product,
    Times,
)
from symrnn.derive.pieces import Path, at_path, children, map_children, put, walk
from symrnn.derive.shapes import Shapes
from symrnn.language.tree import NARROW, ONE, Add, Div, Neg, Num, Pow, Ref, Size, Transpose

TWO = Num(Fraction(2))
Joined = type[Times] | type[Odot] | type[Product] | type[Chain]


class Rewriter:
    """Rewrites the formulas of one derivation; in column convention with `columns`."""

    def __init__(self, shapes: Shapes, scalar: bool, columns: bool, rng: random.Random) -> None:
        self.shapes, self.scalar, self.columns, self.rng = shapes, scalar, columns, rng
        self.rules: tuple[Callable[[Formula], Iterator[Formula]], ...] = (
            self.reordered,
            self.factored,
            self.expanded,
            self.squared,
            self.difference,
            self.signs,
            self.fractions,
            self.sums,
            self.turned,
            self.diagonals,
            self.grouped,
            self.ones,
        )

    def __call__(self, formula: Formula, times: int) -> Formula:
        """The formula with so many rules applied, each at a place of its own."""
        for _ in range(times):
            rules = self.rng.sample(self.rules, len(self.rules))
            formula = next((new for rule in rules for new in self.once(formula, rule)), formula)
        return formula

    def once(
        self, formula: Formula, rule: Callable[[Formula], Iterator[Formula]]
    ) -> Iterator[Formula]:
        """Each formula that one rule makes of this one, in random order."""
        places = list(paths(formula))
        for path in self.rng.sample(places, len(places)):
            found = list(rule(at_path(formula, path)))
            yield from (put(formula, path, new) for new in self.rng.sample(found, len(found)))

    # what a value is

    def is_number(self, formula: Formula) -> bool:
        if self.scalar or isinstance(formula, Num | Size):
            return True
        if any(isinstance(part, Name | Chain) for part in walk(formula)):
            return False  # whose shape is not told here
        return self.shapes.columns_of(formula) == self.shapes.rows_of(formula) == NARROW

    def is_row(self, formula: Formula) -> bool:
        if self.scalar or any(isinstance(part, Name | Chain) for part in walk(formula)):
            return False
        return self.shapes.rows_of(formula) == NARROW != self.shapes.columns_of(formula)

    def commutes(self, formula: Formula) -> bool:
        return isinstance(formula, Add | Odot | Times) or (
            self.scalar and isinstance(formula, Product | Chain)
        )

    # rules

    def reordered(self, formula: Formula) -> Iterator[Formula]:
        """a + b => b + a"""
        if self.commutes(formula):
            parts = list(children(formula))
            if isinstance(formula, Times) and not self.scalar:
                last = parts.pop()  # the one that may be none
                self.rng.shuffle(parts)
                yield Times((*parts, last))
            else:
                self.rng.shuffle(parts)
                yield _with(formula, parts)

    def factored(self, formula: Formula) -> Iterator[Formula]:
        """a b + a c => a (b + c)"""
        if not isinstance(formula, Add):
            return
        for i, one in enumerate(formula.terms):
            for j in range(i + 1, len(formula.terms)):
                for joined in self.joined(one, formula.terms[j]):
                    rest = [t for k, t in enumerate(formula.terms) if k not in (i, j)]
                    yield joined if not rest else Add((*rest[:i], joined, *rest[i:]))

    def joined(self, one: Formula, other: Formula) -> Iterator[Formula]:
        (a, minus), (b, less) = _sign(one), _sign(other)
        kind = type(a)
        if kind is not type(b) or kind not in (Times, Odot, Product):
            return
        left, right = children(a), children(b)

        def sum_of(p: Sequence[Formula], q: Sequence[Formula]) -> Formula:
            first, second = _product(kind, p), _product(kind, q)
            return Add((Neg(first) if minus else first, Neg(second) if less else second))

        if kind is Product and not self.scalar:
            if left[0] == right[0] and len(left) > 1 and len(right) > 1:
                yield Product((left[0], sum_of(left[1:], right[1:])))
            if left[-1] == right[-1] and len(left) > 1 and len(right) > 1:
                yield Product((sum_of(left[:-1], right[:-1]), left[-1]))
            return
        for common in dict.fromkeys(f for f in left if f in right):
            p, q = _without(left, common), _without(right, common)
            if kind is Times and not self.scalar:
                if not (self.is_number(common) and p and q):
                    continue
            elif not (p and q) and not self.scalar:
                continue
            yield kind((common, sum_of(p, q)))

    def expanded(self, formula: Formula) -> Iterator[Formula]:
        """a (b + c) => a b + a c"""
        if not isinstance(formula, Times | Odot | Product):
            return
        for i, factor in enumerate(formula.factors):
            if isinstance(factor, Add):
                before, after = formula.factors[:i], formula.factors[i + 1 :]
                found = []
                for term in factor.terms:
                    bare, negative = _sign(term)
                    inside = (*before, *([] if bare == ONE else [bare]), *after)
                    whole = _product(type(formula), inside)
                    found.append(Neg(whole) if negative else whole)
                if self.fits(formula, factor):
                    yield Add(tuple(found))

    def fits(self, formula: Formula, factor: Formula) -> bool:
        """Whether each term of a factor can stand for it: beside numbers a row is one as well."""
        narrow = [self.is_number(_sign(term)[0]) for term in children(factor)]
        if self.scalar or not any(narrow):
            return True
        return isinstance(formula, Odot) or (isinstance(formula, Times) and all(narrow))

    def squared(self, formula: Formula) -> Iterator[Formula]:
        """a² => a a"""
        match formula:
            case Pow(left=base, right=right) if right == TWO:
                if self.is_number(base):
                    yield Times((base, base))
                elif self.is_row(base):
                    yield Odot((base, base))

    def difference(self, formula: Formula) -> Iterator[Formula]:
        """1 - a² => (1 - a) (1 + a)"""
        match formula:
            case Add(terms=(one, Neg(arg=Pow(left=base, right=right)))) if one == ONE:
                if right == TWO and (self.is_number(base) or self.is_row(base)):
                    kind = Times if self.is_number(base) else Odot
                    yield kind((Add((ONE, Neg(base))), Add((ONE, base))))

    def signs(self, formula: Formula) -> Iterator[Formula]:
        """a - b => -(b - a), and -a b => (-a) b"""
        match formula:
            case Add(terms=terms):
                turned = tuple(_sign(t)[0] if _sign(t)[1] else Neg(t) for t in terms)
                if any(isinstance(t, Neg) for t in terms):
                    yield Neg(Add(turned[::-1]))
            case Neg(arg=Add(terms=terms)):
                yield Add(tuple(_sign(t)[0] if _sign(t)[1] else Neg(t) for t in terms))
            case Neg(arg=Times() | Odot() | Product() as product):
                first, *rest = product.factors
                yield replace(product, factors=(Neg(first), *rest))

    def fractions(self, formula: Formula) -> Iterator[Formula]:
        """a/b => 1/b a"""
        match formula:
            case Div(left=top, right=bottom) if top != ONE and self.is_number(bottom):
                yield Times((Div(ONE, bottom), top))
            case Div(left=Add(terms=terms), right=bottom):
                parts = (_sign(term) for term in terms)
                yield Add(
                    tuple(Neg(Div(t, bottom)) if less else Div(t, bottom) for t, less in parts)
                )

    def sums(self, formula: Formula) -> Iterator[Formula]:
        """Σ_t f(t) with another index, from another step, in two parts."""
        if not isinstance(formula, Big):
            return
        used = {bound for part in walk(formula.body) for bound in _indices(part)}
        for index in ("t", "k", "j"):
            if index not in used | {formula.index, formula.low.base, formula.high.base}:
                body = moved(formula.body, formula.index, Ref("", index))
                yield replace(formula, index=index, body=body)
        if formula.sign != "sum":
            return
        for by in (-1, 1):
            low, high = (replace(b, shift=b.shift + by) for b in (formula.low, formula.high))
            body = moved(formula.body, formula.index, Ref("", formula.index, -by))
            yield replace(formula, low=low, high=high, body=body)
        if formula.low == Ref("", "1") and formula.high == Ref("", "T"):
            last = moved(formula.body, formula.index, formula.high)
            yield Add((replace(formula, high=Ref("", "T", -1)), last))
        if isinstance(formula.body, Add):
            whole = [(replace(formula, body=t), less) for t, less in map(_sign, formula.body.terms)]
            yield Add(tuple(Neg(big) if less else big for big, less in whole))

    def turned(self, formula: Formula) -> Iterator[Formula]:
        """aᵀ b => (bᵀ a)ᵀ"""
        if isinstance(formula, Product) and not self.scalar:
            yield Transpose(transposed(formula))
        if isinstance(formula, Transpose) and isinstance(formula.arg, Product):
            yield transposed(formula.arg)

    def diagonals(self, formula: Formula) -> Iterator[Formula]:
        """a ⊙ b => a diag(b), for columns diag(b) a"""
        if isinstance(formula, Odot) and len(formula.factors) == 2:
            a, b = formula.factors
            if self.is_row(a) and self.is_row(b):
                yield Product((Diagonal(b), a) if self.columns else (a, Diagonal(b)))

    def grouped(self, formula: Formula) -> Iterator[Formula]:
        """a b c => (a b) c, and [a]_{t=3} => a"""
        if isinstance(formula, Odot | Product | Chain) and len(formula.factors) > 2:
            cut = self.rng.randrange(2, len(formula.factors))
            first = replace(formula, factors=formula.factors[:cut])
            yield replace(formula, factors=(first, *formula.factors[cut:]))
        if isinstance(formula, Bracket):
            yield formula.body

    def ones(self, formula: Formula) -> Iterator[Formula]:
        """a => 2 a/2"""
        if isinstance(formula, Ref | Times) and self.is_number(formula):
            yield Div(Times((TWO, formula)), TWO)


def paths(formula: Formula, path: Path = ()) -> Iterator[Path]:
    """Where pieces stand; what a derivative is of and by is left as it is."""
    yield path
    if not isinstance(formula, Ref) and type(formula).__name__ not in ("Total", "Immediate"):
        for i, child in enumerate(children(formula)):
            yield from paths(child, (*path, i))


def moved(formula: Formula, index: str, to: Ref) -> Formula:
    """The formula with another step for an index."""

    def step(at: Ref) -> Ref:
        return replace(at, base=to.base, shift=at.shift + to.shift) if at.base == index else at

    match formula:
        case Ref():
            return step(formula)
        case Name(at=at):
            return replace(formula, at=step(at))
        case Bracket(body=body, at=at):
            return Bracket(moved(body, index, to), step(at))
        case Big(low=low, high=high, body=body):
            return replace(formula, low=step(low), high=step(high), body=moved(body, index, to))
    return map_children(formula, lambda child: moved(child, index, to))


def _indices(part: Formula) -> Iterator[str]:
    match part:
        case Ref(base=base) | Name(at=Ref(base=base)):
            yield base
        case Big(index=index, low=low, high=high):
            yield from (index, low.base, high.base)


def _sign(formula: Formula) -> tuple[Formula, bool]:
    return (formula.arg, True) if isinstance(formula, Neg) else (formula, False)


def _with(formula: Formula, parts: Sequence[Formula]) -> Formula:
    found = iter(parts)
    return map_children(formula, lambda _: next(found))


def _product(kind: Joined, factors: Sequence[Formula]) -> Formula:
    return kind(tuple(factors)) if len(factors) > 1 else factors[0] if factors else ONE


def _without(factors: Sequence[Formula], one: Formula) -> list[Formula]:
    place = list(factors).index(one)
    return [*factors[:place], *factors[place + 1 :]]
