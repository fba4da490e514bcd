"""Terms in closed form: the local derivatives put in, each row carried back along its path."""

from symrnn.derive.build import plus, total_over
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Formula, Total
from symrnn.derive.losses import logit_slope
from symrnn.derive.paths import LOSS, Paths, Term
from symrnn.derive.rows import Rows
from symrnn.derive.shapes import Sized
from symrnn.language.tree import NARROW, ONE, Ref


class Closed:
    """The value of ∂L/∂v at every node, as far back as a path is alone."""

    def __init__(self, rows: Rows, paths: Paths) -> None:
        self.rows, self.paths = rows, paths
        self._after: dict[Ref, Sized] = {}

    def term(self, term: Term) -> Formula:
        """The whole term; summed over time where every step has one like it."""
        return summed(term.last, self._carried(term))

    def equation(self, target: Ref) -> Formula:
        return plus(map(self.term, self.paths.terms(target)))

    def _carried(self, term: Term) -> Formula:
        first = len(term.path) - 1
        while first > 0 and term.path[first - 1].by not in self._after:
            first -= 1
        row = self.start(term.start)
        if first > 0:
            row = self._after[term.path[first - 1].by]
        for position in range(first, len(term.path)):
            row = self.along(term, position, row)
            if position < len(term.path) - 1:
                self._after[term.path[position].by] = row
        return row[0]

    def start(self, node: Ref) -> Sized:
        if node == LOSS:
            return ONE, NARROW
        return Total(LOSS, node), self.rows.width_of(node)

    def along(self, term: Term, position: int, row: Sized) -> Sized:
        """One edge back; a loss and its link function meet in ŷ - y."""
        edge = term.path[position]
        if position == 1 and term.start == LOSS:
            met = self.met(term.path[0], edge)
            if met is not None:
                return met
        return self.rows.carried(row, edge.routes)

    def met(self, loss: Edge, link: Edge) -> Sized | None:
        """The row behind a link function, where the loss that judges its value is the only
        thing that reads it."""
        if len(loss.routes) != 1:
            return None
        before = loss.routes[0]
        if logit_slope(self.rows.system, before[-1], link.routes[0][0]) is None:
            return None
        routes = tuple(self.rows.cancelled((*before, *route)) for route in link.routes)
        if any(route[: len(before)] != routes[0][: len(before)] for route in routes):
            return None
        row = self.rows.along((ONE, NARROW), routes[0][: len(before)])
        return self.rows.carried(row, tuple(route[len(before) :] for route in routes))


def summed(edge: Edge, body: Formula) -> Formula:
    """Σ_t of what an edge carries, if it sums over time, without the steps at which it is not."""
    if not edge.over:
        return body
    before = sum(base == "1" for base, _ in edge.without)
    after = sum(base == "T" for base, _ in edge.without)
    return total_over("t", Ref("", "1", before), Ref("", "T", -after), body)


def closed_of(derivation: Derivation) -> Closed:
    return Closed(derivation.rows, derivation.paths)
