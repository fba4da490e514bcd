"""The author's variables and what each hands back to what it reads: the graph of a derivation.

A node is a variable of the text at a step, `O[3]`; what normal form gave a name is folded into its
readers. An edge from v to u is the immediate derivative ∂⁺v/∂u, kept as the operators that carry a
row at v back to u, route by route. One builder serves unrolled systems and those with a symbolic
T, where an edge says at which steps it exists.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symrnn.derive.edges import (
    Carrier,
    Edge,
    LayerNorm,
    Softmax,
    by_source,
    check_edge,
    moved,
    moved_carrier,
    moved_edge,
    mover,
    without_folded,
)
from symrnn.derive.functions import LONG, PRIME
from symrnn.derive.layer_norm import Norm
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Ref, Width
from symrnn.system.adjoint_steps import Landing, active
from symrnn.system.adjoint_terms import Contribution, Contributions, Values
from symrnn.system.graph import edges_of, outside
from symrnn.system.system import Equation, Linear, Matrix, Pointwise, Row, Scale, System, Term, uses
from symrnn.system.windows import Windows


@dataclass(frozen=True)
class Network:
    """The edges into each node and into each parameter; a node's readers come before it."""

    system: System
    own: frozenset[str]
    edges: dict[Ref, list[Edge]]
    values: dict[Ref, Equation] = field(default_factory=dict)
    """What the names that are not the author's stand for."""

    folded: dict[Ref, list[Edge]] = field(default_factory=dict)
    """The edges into what has no node: where in time they lead to is true of the others too."""

    added: dict[Ref, list[tuple[str, int]]] = field(default_factory=dict)
    """The steps at which something is added to what has no node."""

    def is_matrix(self, node: Ref) -> bool:
        """Whether a node is a matrix that is computed."""
        symbol = self.system.symbols[node.name]
        return symbol.role == "weight" and len(symbol.shape) == 2

    @cached_property
    def parameters(self) -> list[Ref]:
        return [Ref(s.name) for s in self.system.named("parameter")]


def network(
    system: System,
    own: Iterable[str],
    wrt: Iterable[str] = (),
    starts: Iterable[Ref] = (),
    windows: Windows | None = None,
    keep: Collection[str] = (),
    norms: Sequence[Norm] = (),
) -> Network:
    """The network of a plain system (its losses as written), unrolled or with a symbolic T.

    `starts` are boundaries that only say the name of an initial state; they are folded. Between
    windows, of an unrolled system, there are no edges. The derivatives of the functions in `keep`
    stand for themselves, as those do that are long.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> from symrnn.system.unroll import unroll
    >>> text = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    >>> found = network(unroll(normal(text, stable=False), 2), {"h", "L"})
    >>> [(edge.of.name, edge.of.shift + 1) for edge in found.edges[Ref("U")]]
    [('h', 2), ('h', 1)]
    """
    names = frozenset(own) | {"L"}
    return _Builder(
        system, names, frozenset(wrt), frozenset(starts), windows, keep, norms
    ).network()


def matrices(system: System) -> set[str]:
    """The matrices, computed of parameters, that rows are multiplied with: whatever made their
    names, they are nodes, so that ∂L/∂V stands by itself."""
    return {
        term.by.name
        for equation in system.equations
        if isinstance(equation, Linear) and system.symbols[equation.target.name].role == "variable"
        for term in equation.terms
        if isinstance(term.by, Matrix) and system.symbols[term.by.name].role == "weight"
    }


class _Builder:
    def __init__(
        self,
        system: System,
        own: frozenset[str],
        wrt: frozenset[str],
        starts: frozenset[Ref],
        windows: Windows | None,
        keep: Collection[str],
        norms: Sequence[Norm],
    ) -> None:
        self.windows, self.keep = windows, keep
        self.norms = {norm.name: norm for norm in norms}
        self.system, self.own, self.wrt, self.starts = system, own, wrt, starts
        self.symbols = dict(system.symbols)
        self.varied = {*wrt, *(s.name for s in system.named("parameter"))}
        self.active = active(self.without_scales(system), [Ref("L")], self.varied)
        self.active_names = {node.name for node in self.active}
        self.made_values = Values(system, self.symbols)
        self.shares = Contributions(self.symbols, self.made_values, self.wants)
        self.landing = Landing(system)
        self.edges: dict[Ref, list[Edge]] = {}
        self.places: dict[tuple[Ref, Edge], int] = {}
        """Where each edge stands among those that arrive at a node, whatever its routes."""
        self.added: dict[Ref, list[tuple[str, int]]] = {}

    def without_scales(self, system: System) -> System:
        """The system in which a layer norm reads what it normalises alone, as its one edge has
        it."""
        equations = tuple(
            Pointwise(e.target, replace(e.target, name=self.norms[e.target.name].of))
            if e.target.name in self.norms
            else e
            for e in system.equations
        )
        return replace(system, equations=equations) if self.norms else system

    def wants(self, ref: Ref) -> bool:
        return ref.name in self.varied or ref.name in self.active_names

    def network(self) -> Network:
        own = {e.target: e for e in self.system.equations}
        nodes = [node for group in reversed(self.system.groups()) for node in reversed(group.nodes)]
        for node in self.in_order([node for node in nodes if node in self.active]):
            shares = self.all_shares(own[node])
            if not self.is_own(node) and self.sums_twice(node, [share for share, _ in shares]):
                self.own |= {node.name}
            for share in shares:
                self.push(node, share)
        folded = {
            target: e
            for target, e in [*own.items(), *((e.target, e) for e in self.made_values.made)]
            if not self.is_own(target)
        }
        for node, arriving in self.edges.items():
            for edge in arriving:
                check_edge(edge, node, self.system.steps)
        place = {node: position for position, node in enumerate(nodes)}
        kept = sorted(filter(self.is_kept, self.edges), key=lambda node: place.get(node, -1))
        edges = {node: self.edges[node] for node in kept}
        if self.windows is not None:
            edges = _from_the_loss(edges)
        system = replace(self.system, symbols=self.symbols)
        others = {node: found for node, found in self.edges.items() if node not in edges}
        return Network(system, self.own, edges, folded, others, self.added)

    def sums_twice(self, node: Ref, shares: list[Contribution]) -> bool:
        """Whether a sum over time arrives at what is itself a sum over time: Σ_t Σ_k. One of them
        keeps a name, so that each has an index of its own."""
        arrives = any(edge.over for edge in self.edges.get(node, []))
        return arrives and not node.base and any(share.over for share in shares)

    def in_order(self, nodes: list[Ref]) -> list[Ref]:
        """The author's nodes first, then each that is folded after whatever folded reads it."""
        needs = edges_of(
            {e.target: list(uses(e)) for e in self.system.equations}, self.system.steps
        )
        folded = {node: 0 for node in nodes if not self.is_own(node)}
        for node in folded:
            for operand, _ in needs[node]:
                if operand in folded:
                    folded[operand] += 1
        found = [node for node in nodes if self.is_own(node)]
        ready = [node for node in nodes if folded.get(node) == 0]
        while ready:
            node = ready.pop(0)
            found.append(node)
            for operand, _ in needs[node]:
                if operand in folded:
                    folded[operand] -= 1
                    if not folded[operand]:
                        ready.append(operand)
        return found

    def is_own(self, node: Ref) -> bool:
        return node.name in self.own and node not in self.starts

    def is_kept(self, node: Ref) -> bool:
        return self.is_own(node) or node.name in self.varied

    def all_shares(self, equation: Equation) -> list[tuple[Contribution, Carrier]]:
        """What each operand gets, with what the derivative is of."""
        norm = self.norms.get(equation.target.name)
        if norm is not None:
            value = equation.target
            ref, scale = replace(value, name=norm.of), replace(value, name=norm.scale)
            back = LayerNorm(value, scale, norm.centred)
            carrier = Carrier(back, width=self.width(ref), rows=self.rows(ref))
            return [(Contribution(ref, Scale()), carrier)] if self.wants(ref) else []
        if isinstance(equation, Row) and equation.function == "softmax":
            (ref,) = equation.args
            value = equation.target
            carrier = Carrier(
                Softmax(value), "softmax", value, width=self.width(value), rows=self.rows(value)
            )
            return [(Contribution(ref, Scale()), carrier)] if self.wants(ref) else []
        found = []
        for share in self.shares.of(equation):
            width, rows = self.width(share.ref), self.rows(share.ref)
            carrier = Carrier(share.by, width=width, rows=rows)
            match equation:
                case Row(function=function, args=(target, prediction)) if function in LOSSES:
                    if share.ref == prediction:
                        carrier = Carrier(share.by, function, prediction, target, width, rows)
                case Pointwise(body=Call(function=function, args=(Ref() as arg,), own=own)):
                    kept = function in self.keep or function + PRIME in LONG
                    stands = kept and own is None
                    by = Scale(Call(function + PRIME, (arg,))) if stands else share.by
                    carrier = Carrier(by, function, equation.target, None, width, rows)
            found.append((share, carrier))
        return found

    def width(self, ref: Ref) -> Width | None:
        shape = self.symbols[ref.name].shape
        return shape[-1] if shape else None

    def rows(self, ref: Ref) -> Width | None:
        shape = self.symbols[ref.name].shape
        return shape[0] if len(shape) == 2 else None

    def push(self, node: Ref, found: tuple[Contribution, Carrier]) -> None:
        """Hand what arrives at a node on to what it reads: from itself, if it is the author's."""
        share, carrier = found
        if self.windows is not None and self.is_cut(node, share.ref):
            return
        source = Ref(node.name, *share.at) if share.at is not None else node
        if share.ref.name in self.varied and not self.symbols[share.ref.name].timed:
            # a parameter is an end: what every step adds to it is one sum over time
            over = source.base == "t" or share.over
            landings = [(share.ref, Term(source, over=over))]
        else:
            landings = list(self.landing.land(source, share.ref, Term(source), share.over))
        for target, landed in landings:
            if target not in self.active and target.name not in self.varied:
                continue
            assert landed.ref is not None
            move = mover(source, landed.ref)
            if self.is_own(node):
                edge = Edge(landed.ref, target, ((),))
                self.arrive(edge, target, moved_carrier(carrier, move), landed)
                continue
            # a folded node has no edges of its own: each that arrives at it goes on from here
            for edge in self.arrivals(node, share.at):
                if edge.at is not None:
                    self.arrive_at(edge, target, share.ref, carrier, landed)
                else:
                    seen = moved(edge, move)
                    if node.base == "t" and not (edge.over or landed.over):
                        # it exists where the folded node stands within 1…T
                        if (landed.ref.base, landed.ref.shift) in edge.without:
                            continue
                        generic = share.ref.base == target.base == "t"
                        without = without_folded(edge, share.ref.shift) if generic else ()
                        seen = replace(seen, without=without)
                    self.arrive(seen, target, moved_carrier(carrier, move), landed)

    def is_cut(self, node: Ref, read: Ref) -> bool:
        """Whether a step reads a variable at a step of another window."""
        windows = self.windows
        if windows is None or not node.base or not read.base:
            return False
        if self.symbols[read.name].role != "variable" or not 0 <= node.shift < windows.steps:
            return False
        return windows.part(windows.step(node, 0), windows.step(read, 0))

    def arrivals(self, node: Ref, at: tuple[str, int] | None) -> list[Edge]:
        """What arrives at a folded node: at any step, or at the one at which something is added."""
        found = self.edges.get(node, [])
        if at is None or node.base != "t":
            return found
        self.added.setdefault(node, []).append(at)
        place = Ref(node.name, *at)
        here = [edge for edge in found if edge.at in (None, at) and at not in edge.without]
        return [replace(moved_edge(edge, node, place), at=None) for edge in here]

    def arrive_at(self, edge: Edge, target: Ref, read: Ref, carrier: Carrier, landed: Term) -> None:
        """What arrives at a folded node at a fixed step goes on from there alone."""
        assert edge.at is not None
        base, shift = edge.at
        there = moved_carrier(carrier, mover(Ref("", "t"), Ref("", base, shift)))
        landed = replace(landed, over=False)
        place = base, shift + read.shift
        if target.base == "t" and read.base == "t":
            if outside(Ref("", *place)):
                return
            landed = replace(landed, at=place)
        elif target.base and read.base == "t" and place != (target.base, target.shift):
            return  # a boundary is met by one step alone
        self.arrive(replace(edge, at=None), target, there, landed)

    def arrive(self, edge: Edge, target: Ref, carrier: Carrier, landed: Term) -> None:
        """One more edge, or one more route of an edge that is there."""
        routes = tuple((*route, carrier) for route in edge.routes)
        at = landed.at if landed.at is not None else edge.at
        when = landed.when if landed.when is not None else edge.when
        by = Ref(target.name, *at) if at is not None and target.base else target
        new = Edge(edge.of, by, routes, landed.over or edge.over, at, when, edge.without)
        if landed.over and not edge.over:
            new = by_source(new)
        edges = self.edges.setdefault(target, [])
        place = self.places.setdefault((target, replace(new, routes=())), len(edges))
        if place < len(edges):
            edges[place] = replace(new, routes=edges[place].routes + new.routes)
        else:
            edges.append(new)


def _from_the_loss(edges: dict[Ref, list[Edge]]) -> dict[Ref, list[Edge]]:
    """The edges that a path from the loss arrives at, and no others."""
    found: dict[Ref, list[Edge]] = {}
    alive = {Ref("L")}
    targets: dict[Ref, list[Ref]] = {}
    for target, own in edges.items():
        for edge in own:
            targets.setdefault(edge.of, []).append(target)
    waiting = [Ref("L")]
    while waiting:
        for target in targets.get(waiting.pop(), ()):
            if target not in alive:
                alive.add(target)
                waiting.append(target)
    for target, own in edges.items():
        if kept := [edge for edge in own if edge.of in alive]:
            found[target] = kept
    return found
