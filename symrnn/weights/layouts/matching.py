"""Whether two recurrences are the same function, but for the names of things.

The one is a cell of a framework, the pattern, the other a model's. Matching walks through both
sums, tries which term stands for which, and binds every weight of the pattern to weights of the
model. What it knows of algebra beside sums and products:

- a weight may stand with the other sign, x @ W for -(x @ W): its values are then negated
- sigmoid(-a) = 1 - sigmoid(a): a gate of the other sense has its weights negated
- a vector of the pattern may be a sum of vectors in the model, two biases for one, or be missing
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations

from symrnn.language.tree import Call, Ref
from symrnn.system.symbols import Symbols
from symrnn.system.system import Pointwise
from symrnn.weights.layouts.polynomials import (
    Atom,
    Bag,
    Function,
    Monomial,
    Poly,
    Product,
    Weight,
    atom,
    only_atom,
)
from symrnn.weights.layouts.recurrences import Recurrence, recurrence
from symrnn.weights.layouts.tables import Cell, cell


@dataclass(frozen=True, slots=True)
class Piece:
    """A weight of the model that stands for one of the pattern, or is one of several that do."""

    weight: Weight
    sign: int = 1


@dataclass(frozen=True)
class Binding:
    """What stands for what: weights, the input, and what stands where the pattern has a hole."""

    weights: dict[str, tuple[Piece, ...]] = field(default_factory=dict)
    open: dict[str, Poly] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def with_weight(self, name: str, pieces: tuple[Piece, ...]) -> "Iterator[Binding]":
        if name not in self.weights:
            yield replace(self, weights={**self.weights, name: pieces})
        elif self.weights[name] == pieces:
            yield self

    def with_open(self, name: str, poly: Poly) -> "Iterator[Binding]":
        if name not in self.open:
            yield replace(self, open={**self.open, name: poly})
        elif self.open[name] == poly:
            yield self


def match(known: Cell, target: Recurrence, symbols: Symbols) -> Binding | None:
    """How the recurrence of a cell becomes the target, if it does.

    `symbols` are those of the system in which the target stands.
    """
    turnable = gates(known)
    for count in range(len(turnable) + 1):
        for turned in combinations(turnable, count):
            found = match_but(known, target, symbols, (), turned)
            if found is not None:
                return found
    return None


def match_but(
    known: Cell,
    target: Recurrence,
    symbols: Symbols,
    holes: tuple[str, ...],
    turned: tuple[str, ...] = (),
) -> Binding | None:
    """The same if whatever the model likes may stand for the variables `holes` of the cell."""
    own = pattern(known.name, holes, turned)
    if len(own.states) != len(target.states):
        return None
    for order in permutations(target.states):
        states = dict(zip(own.states, order, strict=True))
        matcher = _Matcher(known.system.symbols, symbols, target, set(holes))
        pairs = [(own.states[s], target.states[states[s]]) for s in states if s not in holes]
        for found in matcher.all(pairs, Binding(states=states)):
            return found
    return None


@cache
def pattern(name: str, holes: tuple[str, ...] = (), turned: tuple[str, ...] = ()) -> Recurrence:
    """What a cell computes, with holes for some of its variables."""
    system = cell(name).system
    (group,) = (group for group in system.groups() if group.direction)
    return recurrence(system, group, set(), kept=set(holes), turned=set(turned))


def gates(known: Cell) -> list[str]:
    """The variables of a cell that are a sigmoid of something."""
    return [
        equation.target.name
        for equation in known.system.equations
        if isinstance(equation, Pointwise)
        and isinstance(equation.body, Call)
        and equation.body.function == "sigmoid"
    ]


@dataclass(frozen=True)
class _Matcher:
    """One attempt; every method gives the bindings with which the first thing is the second."""

    pattern_symbols: Symbols
    symbols: Symbols
    target: Recurrence
    holes: set[str]

    def all(self, pairs: Sequence[tuple[Poly, Poly]], known: Binding) -> Iterator[Binding]:
        if not pairs:
            yield known
            return
        (one, other), *rest = pairs
        for found in self.sum(one, other, known):
            yield from self.all(rest, found)

    def sum(self, one: Poly, other: Poly, known: Binding) -> Iterator[Binding]:
        alone = only_atom(one)
        if isinstance(alone, Ref) and self.is_open(alone):
            yield from self.opened(alone, other, known)
            return
        plain, vectors = _apart(one, self.pattern_symbols)
        other_plain, other_vectors = _apart(other, self.symbols)
        if len(plain) != len(other_plain):
            return
        for found in self.terms(plain, other_plain, known):
            yield from self.vectors(list(vectors.items()), list(other_vectors.items()), found)

    def is_open(self, ref: Ref) -> bool:
        here = ref.base == "t" and ref.shift == 0
        role = self.pattern_symbols[ref.name].role
        return here and (role == "input" or ref.name in self.holes)

    def opened(self, ref: Ref, other: Poly, known: Binding) -> Iterator[Binding]:
        """The input may be anything that the recurrence itself has no part in; a hole anything."""
        if ref.name in self.holes or not self.target.reads_itself(other):
            yield from known.with_open(ref.name, other)

    # sums

    def terms(
        self,
        one: Sequence[tuple[Monomial, Fraction]],
        other: Sequence[tuple[Monomial, Fraction]],
        known: Binding,
    ) -> Iterator[Binding]:
        if not one:
            yield known
            return
        (monomial, factor), *rest = one
        for n, (candidate, by) in enumerate(other):
            sign = by / factor
            if abs(sign) == 1:
                for found in self.monomial(monomial, candidate, int(sign), known):
                    yield from self.terms(rest, [*other[:n], *other[n + 1 :]], found)

    def vectors(
        self,
        one: Sequence[tuple[Monomial, list[Piece]]],
        other: Sequence[tuple[Monomial, list[Piece]]],
        known: Binding,
    ) -> Iterator[Binding]:
        """Each vector of the pattern gets those of the model that stand beside the same factors."""
        if not one:
            if not other:
                yield known
            return
        (beside, (vector,)), *rest = one
        for n, (candidate, pieces) in enumerate(other):
            signed = tuple(replace(p, sign=p.sign * vector.sign) for p in pieces)
            for found in self.monomial(beside, candidate, 1, known):
                for bound in found.with_weight(vector.weight.name, signed):
                    yield from self.vectors(rest, [*other[:n], *other[n + 1 :]], bound)
        for bound in known.with_weight(vector.weight.name, ()):
            yield from self.vectors(rest, other, bound)

    # products

    def monomial(
        self, one: Monomial, other: Monomial, sign: int, known: Binding
    ) -> Iterator[Binding]:
        """Atoms in any order; a product with a matrix takes a minus sign with it."""
        if len(one) != len(other):
            return
        if not len(one):
            if sign == 1:
                yield known
            return
        (first, times), *rest = one
        takes = isinstance(first, Product) and times == 1 and sign == -1
        for n, (candidate, power) in enumerate(other):
            if power == times:
                left: Monomial = Bag.of([*other.items[:n], *other.items[n + 1 :]])
                for found in self.atom(first, candidate, sign if takes else 1, known):
                    yield from self.monomial(Bag.of(rest), left, 1 if takes else sign, found)

    def atom(self, one: Atom, other: Atom, sign: int, known: Binding) -> Iterator[Binding]:
        match one, other:
            case Ref(), _ if self.is_open(one):
                yield from self.opened(one, atom(other), known)
            case Ref(), Ref():
                if Ref(known.states.get(one.name, ""), one.base, one.shift) == other:
                    yield known
            case Function(), Function():
                if (one.name, len(one.args)) == (other.name, len(other.args)):
                    yield from self.all(list(zip(one.args, other.args, strict=True)), known)
            case Product(), Product():
                pieces = (Piece(other.matrix, sign),)
                for found in self.sum(one.left, other.left, known):
                    yield from found.with_weight(one.matrix.name, pieces)


def _apart(
    poly: Poly, symbols: Symbols
) -> tuple[list[tuple[Monomial, Fraction]], dict[Monomial, list[Piece]]]:
    """A sum as its terms without a vector of weights, and the vectors by what they multiply."""
    plain: list[tuple[Monomial, Fraction]] = []
    vectors: dict[Monomial, list[Piece]] = {}
    for monomial, factor in poly:
        found = [
            (one, times)
            for one, times in monomial
            if isinstance(one, Ref)
            and one.name in symbols
            and symbols[one.name].role == "parameter"
        ]
        if len(found) == 1 and found[0][1] == 1 and abs(factor) == 1:
            ((vector, _),) = found
            beside: Monomial = Bag.of(pair for pair in monomial if pair[0] != vector)
            piece = Piece(Weight(vector.name), int(factor))
            vectors.setdefault(beside, []).append(piece)
        else:
            plain.append((monomial, factor))
    return plain, vectors
