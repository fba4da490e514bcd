"""The network with a node for what goes into each function, and the ways in it from δ to δ.

There every edge is one elementary derivative: ∂O_t/∂a_t of a function, ∂a_t/∂O_{t-1} of a product.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cached_property
from math import prod

from symrnn.derive.build import plus
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Formula, Immediate
from symrnn.derive.paths import LOSS, Term
from symrnn.derive.recursion import Deltas, pre_activations, summed
from symrnn.derive.views.chain import has_no_matrix, is_general, over_steps
from symrnn.derive.views.common import closing
from symrnn.language.tree import Ref

MOST = 60
"""Ways from one node on to the next δ: of more nobody would read the sum."""


class Fine(Derivation):
    """A derivation whose nodes are also what goes into functions: a_t of O_t = tanh(a_t)."""

    @cached_property
    def own(self) -> frozenset[str]:
        """With a number of steps the same names as without: what is said for any T holds there."""
        found = super().own.union(pre_activations(self, self.plain))
        return found if self.steps is None else found | self.rolled.own

    @cached_property
    def coarse(self) -> Derivation:
        """The derivation in the author's variables alone."""
        return Derivation(**{f.name: getattr(self, f.name) for f in fields(self)})

    @cached_property
    def author(self) -> frozenset[str]:
        """The variables that have a name in the text, or that a sum over a sum needs one for."""
        return self.coarse.own | self.coarse.rolled.own

    def factor(self, edge: Edge) -> Immediate:
        """∂⁺of/∂by; where the author's variable reads the other by way of a node of these too,
        with what is held fixed: of h_t = z h_{t-1} + tanh(a_t) it is ∂h_t/∂h_{t-1} at fixed a_t.
        Of the loss ∂⁺ stands at every step of a variable, or at none: one equation has them all."""
        held = tuple(self._between(edge))
        found = super().factor(edge)
        if held:
            return replace(found, alone=False, fixed=held)
        if edge.of != LOSS or not found.alone:
            return found
        alike = [
            other
            for node, edges in self.network.edges.items()
            if node.name == edge.by.name
            for other in edges
            if other.of == LOSS
        ]
        return replace(found, alone=all(super(Fine, self).factor(other).alone for other in alike))

    def _between(self, edge: Edge) -> Iterator[Ref]:
        if edge.of.name not in self.author:
            return
        for other in self.paths.edges(edge.by):
            if other.of.name not in self.author and self._leads(edge.of, other.of):
                yield other.of

    def _leads(self, of: Ref, through: Ref) -> bool:
        """Whether a node is read by another, by way of made-up ones at most."""
        return any(
            edge.of == of or (edge.of.name not in self.author and self._leads(of, edge.of))
            for edge in self.paths.edges(through)
        )


def fine(derivation: Derivation) -> Fine:
    return Fine(**{f.name: getattr(derivation, f.name) for f in fields(derivation)})


class Ways:
    """The ways from each node of a recursion on to the next ones, in the fine network."""

    def __init__(
        self, of: Fine, found: Deltas, known: Iterable[str], said: Container[Formula]
    ) -> None:
        """`known` are names whose totals have equations beside those of the recursion; `said` the
        local derivatives that have one."""
        self.said = said
        self.fine, self.found, self.paths = of, found, of.paths
        self.known = frozenset(known)
        self.names = {*self.known, *(node.name for node in found.nodes)}

    def terms(self, target: Ref) -> tuple[Term, ...] | None:
        """The terms of ∂L/∂target, each from the loss or a δ; None where a chain of derivatives
        does not say what they are, since steps are left out, or a sum stands inside another."""
        terms: list[Term] = []
        for edge in self.paths.edges(target):
            for start, before in self._from(edge.of):
                terms.append(Term(target, start, (*before, edge)))
                if len(terms) > MOST:
                    return None
        as_found = terms and self._counted(terms) == self._routes(target)
        return tuple(terms) if as_found and self._plain(target, terms) else None

    def _routes(self, target: Ref) -> Counter[object]:
        """How many routes lead to a target from each node of the recursion, and over which steps
        they are summed."""
        found: Counter[object] = Counter()
        for edge in self.found.paths.edges(target):
            found[edge.of, edge.over, edge.without] += len(edge.routes)
        return found

    def _counted(self, terms: Sequence[Term]) -> Counter[object]:
        """The same of the ways: where these are all routes, they say the same."""
        found: Counter[object] = Counter()
        for term in terms:
            overs = [edge.without for edge in term.path if edge.over]
            start = LOSS if term.start.name in self.known else term.start
            key = start, bool(overs), overs[0] if overs else ()
            found[key] += prod(len(edge.routes) for edge in term.path)
        return found

    def _from(self, ref: Ref) -> Iterator[tuple[Ref, tuple[Edge, ...]]]:
        if ref == LOSS or (ref.name in self.names and not self.paths.outside(ref)):
            yield ref, ()
        elif not self.paths.outside(ref):
            for edge in self.paths.edges(ref):
                for start, before in self._from(edge.of):
                    yield start, (*before, edge)

    def _plain(self, target: Ref, terms: Sequence[Term]) -> bool:
        ends: dict[str, set[Edge]] = {}
        for term in terms:
            if not has_no_matrix(self.fine, term.last):
                ends.setdefault(term.last.of.name, set()).add(term.last)
        if any(len(own) > 1 and any(edge.over for edge in own) for own in ends.values()):
            return False  # they are one derivative at the steps that they share
        known = {(p.base, p.shift) for p in self.found.paths.landings(self.paths.node(target))}
        return all(self._is_plain(term, known) for term in terms)

    def _is_plain(self, term: Term, known: set[tuple[str, int]]) -> bool:
        path = term.path
        overs = [place for place, edge in enumerate(path) if is_general(edge)]
        if len(overs) > 1 or any(edge.when is not None for edge in path):
            return False
        if overs and overs[0] < len(path) - 1:
            later = [ref for edge in path[overs[0] + 1 :] for ref in (edge.of, edge.by)]
            if any(ref.base == "t" for ref in later):
                return False  # the index of the sum would be that of the equation
        shifts = [edge.of.shift for edge in path if edge.of.base == "t"]
        first = term.start.shift if term.start.base == "t" else 0
        if shifts and not min(0, first) <= min(shifts) <= max(shifts) <= max(0, first):
            return False  # what lies outside 1…T would not be zero of itself
        if any(self._is_unsaid(edge) for edge in path):
            return False
        for edge in path[:-1]:
            places = self.paths.landings(self.paths.node(edge.by)) if edge.by.base == "t" else []
            if any((p.base, p.shift - edge.by.shift) not in known for p in places):
                return False
        return True

    def _is_unsaid(self, edge: Edge) -> bool:
        """Whether a derivative that holds something fixed at one step alone has no equation."""
        factor = self.fine.factor(edge)
        fixed_step = any(ref.base in ("1", "T") for ref in (edge.of, edge.by))
        return bool(factor.fixed) and fixed_step and factor not in self.said

    def chain(self, term: Term) -> Formula:
        """The derivatives along a way, one after the other."""
        body = closing(self.fine, self.fine.factors(term)[:-1], term.last)
        middle = next((edge for edge in term.path[:-1] if is_general(edge)), None)
        if middle is not None:
            return summed(middle, body)
        return over_steps(self.fine, term, body)

    def put_in(self, terms: Sequence[Term]) -> Formula:
        return plus(map(self.chain, terms))
