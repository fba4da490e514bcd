"""Expressions as sums of products of atoms, so that two of them are equal however they are written.

    (1 - z) * n + z * h   =   n - z * n + z * h   =   n + z * (h - n)

An atom is a reference, a function of sums, or the product of a sum with a matrix. Sums keep the
order in which they were written, for what is made of them, and compare without it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Generic, TypeVar

from symrnn.language.tree import Ref, Width

K = TypeVar("K")

MAX_TERMS = 300
MAX_POWER = 8
CACHED = 10_000  # sums share parts, and a walk through each of them would be endless


class TooLongError(Exception):
    """A sum that gets longer than any cell of a framework is."""


@dataclass(frozen=True, eq=False)
class Bag(Generic[K]):
    """Things with a number each, none of them zero; compares without order.

    >>> Bag.of([("a", 1), ("b", 2)]) == Bag.of([("b", 1), ("a", 1), ("b", 1)])
    True
    """

    items: tuple[tuple[K, Fraction], ...]
    key: frozenset[tuple[K, Fraction]]
    hashed: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[K, Fraction | int]]) -> "Bag[K]":
        found: dict[K, Fraction] = {}
        for thing, number in pairs:
            found[thing] = found.get(thing, Fraction(0)) + number
        kept = tuple((thing, number) for thing, number in found.items() if number)
        if len(kept) > MAX_TERMS:
            raise TooLongError
        key = frozenset(kept)
        return cls(kept, key, hash(key))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Bag) and self.key == other.key)

    def __hash__(self) -> int:
        return self.hashed

    def __iter__(self) -> Iterator[tuple[K, Fraction]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its name, of sums."""

    name: str
    args: "tuple[Poly, ...]"


@dataclass(frozen=True, slots=True)
class Weight:
    """A matrix or a vector of the model as an equation uses it: transposed, or some of its rows."""

    name: str
    transposed: bool = False
    rows: tuple[Width, Width] | None = None
    """The rows that come first, and how many are used."""


@dataclass(frozen=True, slots=True)
class Product:
    """A sum times a matrix."""

    left: "Poly"
    matrix: Weight


Atom = Ref | Function | Product
Monomial = Bag[Atom]
"""Atoms with their powers."""
Poly = Bag[Monomial]
"""Monomials with their factors."""

UNIT: Monomial = Bag.of([])
NOTHING: Poly = Bag.of([])


def number(value: Fraction | int) -> Poly:
    return Bag.of([(UNIT, value)])


def atom(value: Atom) -> Poly:
    return Bag.of([(Bag.of([(value, 1)]), 1)])


def add(*sums: Poly) -> Poly:
    return Bag.of(pair for poly in sums for pair in poly)


def neg(poly: Poly) -> Poly:
    return Bag.of((monomial, -factor) for monomial, factor in poly)


def mul(one: Poly, other: Poly) -> Poly:
    """
    >>> a, b = atom(Ref("a")), atom(Ref("b"))
    >>> mul(add(a, b), add(a, neg(b))) == add(mul(a, a), neg(mul(b, b)))
    True
    """
    return Bag.of((Bag.of([*left, *right]), m * n) for left, m in one for right, n in other)


def power(base: Poly, exponent: Poly) -> Poly:
    """A whole power of a sum is multiplied out, that of a single product takes any whole number."""
    whole = as_number(exponent)
    if whole is not None and whole.denominator == 1 and abs(whole) <= MAX_POWER:
        if whole >= 0:
            found = number(1)
            for _ in range(int(whole)):
                found = mul(found, base)
            return found
        if len(base) == 1:
            ((monomial, factor),) = base
            return Bag.of([(Bag.of((a, n * whole) for a, n in monomial), factor ** int(whole))])
    return atom(Function("power", (base, exponent)))


def as_number(poly: Poly) -> Fraction | None:
    """The number that a sum is, if it is one."""
    if not len(poly):
        return Fraction(0)
    ((monomial, factor), *rest) = poly
    return factor if not rest and monomial == UNIT else None


def only_atom(poly: Poly) -> Atom | None:
    """The atom that a sum is, if it is one."""
    if len(poly) != 1:
        return None
    ((monomial, factor),) = poly
    if factor != 1 or len(monomial) != 1:
        return None
    ((found, times),) = monomial
    return found if times == 1 else None


@lru_cache(CACHED)
def names_in(poly: Poly) -> frozenset[str]:
    """The variables that a sum holds, and the vectors; no matrices."""
    found: set[str] = set()
    for monomial, _ in poly:
        for one, _ in monomial:
            match one:
                case Ref(name=name):
                    found.add(name)
                case Function(args=args):
                    found.update(*map(names_in, args))
                case Product(left=left):
                    found |= names_in(left)
    return frozenset(found)


@lru_cache(CACHED)
def functions_in(poly: Poly) -> frozenset[str]:
    """The functions that a sum holds, by their names."""
    found: set[str] = set()
    for monomial, _ in poly:
        for one, _ in monomial:
            if isinstance(one, Function):
                found |= {one.name}.union(*map(functions_in, one.args))
            elif isinstance(one, Product):
                found |= functions_in(one.left)
    return frozenset(found)
