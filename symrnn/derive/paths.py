"""The paths of a network: from the loss, or a total derivative, back to where something is used."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.derive.edges import Edge, moved_edge
from symrnn.derive.network import Network
from symrnn.language.tree import Ref
from symrnn.system.graph import outside

LOSS = Ref("L")


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of ∂L/∂about: a path from `start` back to a use of `about`."""

    about: Ref
    start: Ref
    """The loss, or the node whose total derivative the path begins with."""
    path: tuple[Edge, ...]

    @property
    def last(self) -> Edge:
        return self.path[-1]

    @property
    def step(self) -> Ref | None:
        """The step of the use, as a reference without a name; None for what happens once."""
        of = self.last.of
        return Ref("", of.base, of.shift) if of.base else None


class Paths:
    """The paths of a network: from each node back to the loss, or to the next total."""

    def __init__(self, network: Network, every: bool = False, evenly: bool = False) -> None:
        self.network, self.steps = network, network.system.steps
        self.every, self.evenly = every, evenly
        """Whether each node's derivative has an equation of its own, and no path goes on; whether
        it has one at each step if it has one at some."""
        self._landings: dict[Ref, list[Ref]] = {}
        self._prefixes: dict[Ref, tuple[Ref, tuple[Edge, ...]] | None] = {}

    def node(self, ref: Ref) -> Ref:
        """The node whose edges are those of a reference, at some step."""
        if self.steps is None and ref.base and ref not in self.network.edges:
            return Ref(ref.name, "t")
        return ref

    def edges(self, ref: Ref) -> list[Edge]:
        """The edges into a node at the step of the reference: at a fixed one also those that
        exist there alone, without those that come from outside 1…T."""
        node = self.node(ref)
        here = (ref.base, ref.shift)
        found = [
            edge
            for edge in self.network.edges.get(node, [])
            if edge.at in (None, here) and here not in edge.missing
        ]
        moved = [(edge.of, moved_edge(edge, node, ref)) for edge in found]
        return _merged([e for of, e in moved if not self.leaves(of, e.of)])

    def leaves(self, of: Ref, moved: Ref) -> bool:
        """Whether the source of an edge, at a fixed step, lies outside 1…T. A boundary there is
        another node, which only an edge of its own leads to."""
        if self.steps is None and of.base == "t" and moved.base in ("1", "T"):
            return outside(moved)
        return self.outside(moved)

    def landings(self, node: Ref) -> list[Ref]:
        """The fixed steps at which more or less arrives at a node than at others."""
        if node not in self._landings:
            known = self.network.edges.get(node) or self.network.folded.get(node, [])
            edges = known if node.base == "t" else []
            places = dict.fromkeys(place for edge in edges for place in self.places(edge))
            self._landings[node] = [Ref(node.name, *place) for place in places]
        return self._landings[node]

    def places(self, edge: Edge) -> Iterator[tuple[str, int]]:
        """The steps at which an edge alone exists, or does not."""
        if edge.at is not None:
            yield edge.at
        yield from edge.missing
        if edge.of.base == "t" and edge.at is None:
            for boundary in self.boundaries.get(edge.of.name, ()):
                step = Ref("", boundary.base, boundary.shift - edge.of.shift)
                if not outside(step):  # ∂L/∂h_{t+1} would be that of h_{T+1} = …
                    yield step.base, step.shift

    @cached_property
    def boundaries(self) -> dict[str, list[Ref]]:
        """The nodes outside 1…T, of a symbolic T."""
        found: dict[str, list[Ref]] = {}
        for node in self.network.edges if self.steps is None else ():
            if node.base in ("1", "T"):
                found.setdefault(node.name, []).append(node)
        return found

    def is_total(self, ref: Ref) -> bool:
        """Whether several edges reach a node, or one that exists at certain steps alone."""
        return self._is_shared(ref) or (self.evenly and ref.name in self._shared_somewhere)

    @cached_property
    def _shared_somewhere(self) -> set[str]:
        return {ref.name for ref in self.network.edges if ref.base and self._is_shared(ref)}

    def _is_shared(self, ref: Ref) -> bool:
        found = self.network.edges.get(self.node(ref), [])
        if self.every or len(found) != 1 or self.network.is_matrix(ref):
            return True
        (edge,) = found
        node = self.node(ref)
        return edge.over or bool(self.landings(node)) or node in self.exposed

    @cached_property
    def exposed(self) -> set[Ref]:
        """Nodes that others read over a distance, while the path behind them stays at one step or
        turns back: outside 1…T only a total derivative of their own is sure to be zero."""
        found: set[Ref] = set()
        for edges in self.network.edges.values():
            for edge in edges:
                if self.steps is None and edge.of.base == "t" and edge.of.shift:
                    node = self.node(edge.of)
                    if not self.goes_on(node, edge.of.shift):
                        found.add(node)
        return found

    def goes_on(self, node: Ref, way: int) -> bool:
        """Whether every path from a node leads on to a step further that way."""
        while True:
            edges = self.network.edges.get(node, [])
            if self.every or len(edges) != 1:
                return True
            of = edges[0].of
            if of.base != "t" or of.shift * way < 0:
                return False
            if of.shift:
                return True
            node = self.node(of)

    def terms(self, target: Ref) -> tuple[Term, ...]:
        return tuple(self._terms(target))

    def _terms(self, target: Ref) -> Iterator[Term]:
        for edge in self.edges(target):
            prefix = self.prefix(edge.of)
            if prefix is not None:
                yield Term(target, prefix[0], (*prefix[1], edge))

    def prefix(self, ref: Ref) -> tuple[Ref, tuple[Edge, ...]] | None:
        """Where the path to a node begins, and its edges; None where it leaves 1…T."""
        walk: list[Ref] = []
        while ref not in self._prefixes:
            if ref == LOSS or (self.is_total(ref) and not self.outside(ref)):
                self._prefixes[ref] = (ref, ())
            elif self.outside(ref) or not self.edges(ref):
                self._prefixes[ref] = None
            else:
                walk.append(ref)
                ref = self.edges(ref)[0].of
        for back in reversed(walk):
            before = self._prefixes[ref]
            ref = back
            edge = self.edges(ref)[0]
            self._prefixes[ref] = (before[0], (*before[1], edge)) if before is not None else None
        return self._prefixes[ref]

    def outside(self, ref: Ref) -> bool:
        """Whether a fixed step surely lies outside 1…T, and is no boundary of its own."""
        if ref in self.network.edges or ref.base not in ("1", "T"):
            return False
        if self.steps is not None:
            return True
        return ref.shift < 0 if ref.base == "1" else ref.shift > 0


def _merged(edges: list[Edge]) -> list[Edge]:
    """What exists at every step and what exists here alone are one edge, if their ends are; sums
    over time are, if they are over the same steps."""
    found: dict[object, Edge] = {}
    for edge in edges:
        ends = edge.of, edge.by, edge.without if edge.over else None
        known = found.get(ends)
        found[ends] = edge if known is None else replace(known, routes=known.routes + edge.routes)
    return list(found.values())


EXAMPLE = 7
"""The number of steps at which a statement on every T is tried."""


class Alone:
    """Tells whether there is no other path from `by` to `of` than the edge between them.

    With a symbolic T the question is asked in the middle of an example.
    """

    def __init__(self, network: Network, example: int | None) -> None:
        self.example = example
        self.operands: dict[Ref, list[Ref]] = {}
        for node, found in network.edges.items():
            for edge in found:
                self.operands.setdefault(edge.of, []).append(node)
        self.bits = {node: 1 << i for i, node in enumerate([LOSS, *network.edges])}
        self.below: dict[Ref, int] = {}
        """For each node a bit for every node that it depends on."""
        for node in reversed(list(self._in_order(network))):
            own = 0
            for operand in self.operands.get(node, ()):
                own |= self.bits[operand] | self.below.get(operand, 0)
            self.below[node] = own

    def _in_order(self, network: Network) -> Iterator[Ref]:
        """The nodes, each after its readers."""
        waiting = {node: len(found) for node, found in network.edges.items()}
        ready = [LOSS]
        while ready:
            node = ready.pop()
            yield node
            for operand in self.operands.get(node, ()):
                waiting[operand] -= 1
                if not waiting[operand]:
                    ready.append(operand)

    def __call__(self, of: Ref, by: Ref) -> bool:
        of, by = self._placed(of), self._placed(by)
        bit = self.bits.get(by, 0)
        others = [r for r in self.operands.get(of, ()) if r != by]
        return bool(bit) and not any(self.below.get(r, 0) & bit for r in others)

    def _placed(self, ref: Ref) -> Ref:
        if self.example is None or not ref.base:
            return ref
        first = {"t": self.example // 2, "T": self.example - 1}.get(ref.base, 0)
        return Ref(ref.name, "1", first + ref.shift)
