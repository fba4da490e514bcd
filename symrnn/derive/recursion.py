"""Terms in closed form, and the recursion: which derivatives it has names for.

In closed form the local derivatives are put in: a row is carried back along each path. A recursion
has names for the derivatives by pre-activations, the textbook's δ, and for what is shared. Every
other variable is folded away if only one thing reads it or only one thing is read by it, so that a
plain recurrence has one recursion, δ_t from δ_{t+1}.
"""

from dataclasses import dataclass, replace

from symrnn.derive.build import plus, total_over
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Formula, Total
from symrnn.derive.losses import logit_slope
from symrnn.derive.network import Network, matrices
from symrnn.derive.paths import LOSS, Paths, Term
from symrnn.derive.rows import Rows
from symrnn.derive.shapes import Sized
from symrnn.language.tree import NARROW, ONE, Call, Ref
from symrnn.system.system import Linear, Pointwise, Row, System, uses


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


@dataclass(frozen=True)
class Deltas:
    """A network whose nodes are the pre-activations and what several paths share."""

    network: Network
    rows: Rows
    paths: Paths

    @property
    def nodes(self) -> list[Ref]:
        return [node for node in self.network.edges if node.name in self.network.own]

    @property
    def closed(self) -> Closed:
        return Closed(self.rows, self.paths)


def deltas(derivation: Derivation) -> Deltas:
    """The recursion of a derivation, with its own steps."""
    return derivation.once(_deltas)


def _deltas(derivation: Derivation) -> Deltas:
    names = kept(derivation)
    found = derivation.network_of(names)
    values = {
        node: equation
        for node, equation in (derivation.network.values | found.values).items()
        if node.name not in names | derivation.own or node in derivation.starts
    }
    found = replace(found, values=values)
    return Deltas(found, Rows(found.system, values, derivation.dims), Paths(found, every=True))


def kept(derivation: Derivation) -> frozenset[str]:
    """The names of the nodes of the recursion; found with a symbolic T where there is one."""
    return derivation.rolled.once(_kept)


def _kept(derivation: Derivation) -> frozenset[str]:
    system = derivation.system
    activations = set(pre_activations(derivation, system))
    known = {s.name for s in system.named("variable", "weight")}
    names = known & (derivation.own | activations) - {LOSS.name}
    stay = matrices(system) | {n for norm in derivation.norms for n in (norm.name, norm.of)}
    while True:
        found = derivation.network_of(frozenset(names))
        around = _neighbours(found)
        folded: set[str] = set()
        for name in sorted(names - stay):
            # what one folds away leaves the edges of others alone, but for its neighbours'
            if folded.isdisjoint(around.get(name, ())) and _folds(name, found, activations):
                folded.add(name)
        if not folded:
            return frozenset(n for n in names if any(node.name == n for node in found.edges))
        names -= folded


def _neighbours(network: Network) -> dict[str, set[str]]:
    """The names that each one reads or is read by."""
    found: dict[str, set[str]] = {}
    for node, edges in network.edges.items():
        for edge in edges:
            found.setdefault(node.name, set()).add(edge.of.name)
            found.setdefault(edge.of.name, set()).add(node.name)
    return found


def pre_activations(derivation: Derivation, system: System) -> dict[str, str]:
    """What the author has no name for, is linear, and goes into functions of each entry or into a
    softmax alone, with the name of the first such function's value.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)   =>   x[t] @ W + h[t-1] @ U, whose name is a_h, goes into h
    """
    found: dict[str, str] = {}
    elsewhere = set(derivation.named)
    for equation in system.equations:
        match equation:
            case (
                Pointwise(body=Call(args=(Ref(name=name),)))
                | Row(function="softmax", args=(Ref(name=name),))
            ):
                found.setdefault(name, equation.target.name)
            case _:
                elsewhere.update(use.ref.name for use in uses(equation))
    linear = {e.target.name for e in system.equations if isinstance(e, Linear)}
    return {name: of for name, of in found.items() if name in linear - elsewhere}


def _folds(name: str, found: Network, activations: set[str]) -> bool:
    into = [edge for node, edges in found.edges.items() if node.name == name for edge in edges]
    out = {
        (node, edge.of.shift, edge.at)
        for node, edges in found.edges.items()
        for edge in edges
        if edge.of.name == name
    }
    if not into or any(node.name == name for node, _, _ in out):
        return not into
    if len(into) == 1 and into[0].of == LOSS:
        return True
    if name in activations:
        return False
    landed = any(edge.at is not None for edge in into)
    shifted = any(shift or at is not None for _, shift, at in out)
    return (len(into) == 1 or len({node for node, _, _ in out}) == 1) and not (landed and shifted)
