"""Edges of a network: what a variable hands back to one that it reads, and where in time.

An edge from v to u is the immediate derivative ∂⁺v/∂u, kept as the operators that carry a row at v
back to u, route by route.
"""

from dataclasses import dataclass, replace

from symrnn.language.tree import Ref, Width
from symrnn.system.graph import outside
from symrnn.system.rewrite import Change, map_jacobian
from symrnn.system.system import (
    Jacobian,
)


@dataclass(frozen=True, slots=True)
class Softmax:
    """v̄ ↦ v̄ (diag(s) - sᵀs), where s is the value of the softmax."""

    value: Ref


@dataclass(frozen=True, slots=True)
class Carrier:
    """One operator on the way back, and of which loss or link function it is the derivative."""

    by: Jacobian | Softmax
    function: str = ""
    value: Ref | None = None
    """The value of the link function; for a loss, the prediction that it judges."""
    target: Ref | None = None
    width: Width | None = None
    """How wide the row is that comes out: a number may be spread over features."""
    rows: Width | None = None
    """How many rows come out, where that is a matrix."""


Route = tuple[Carrier, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """∂⁺of/∂by. `over`, `at`, `when` are as in a `Term`: they say where in time it counts.

    `without` are fixed steps at which it does not: there the folded node that leads from `of` to
    `by` would stand outside 1…T. They are steps of `by`, or of the sum over time.
    """

    of: Ref
    by: Ref
    routes: tuple[Route, ...]
    over: bool = False
    at: tuple[str, int] | None = None
    when: int | None = None
    without: tuple[tuple[str, int], ...] = ()

    @property
    def missing(self) -> tuple[tuple[str, int], ...]:
        """The steps of `by` at which there is no such edge."""
        return () if self.over else self.without


def mover(source: Ref, landed: Ref) -> Change:
    """How references move when what is worked out at `source` is seen from where it lands."""

    def move(ref: Ref) -> Ref:
        if ref.base != "t":
            return ref
        return Ref(ref.name, landed.base, ref.shift + landed.shift - source.shift)

    return move if source.base == "t" and landed != source else lambda ref: ref


def without_folded(edge: Edge, shift: int) -> tuple[tuple[str, int], ...]:
    """Where an edge does not exist once its folded node, read `shift` steps off, is passed.

    Where its source leaves 1…T as well nothing has to be said.
    """
    source = edge.of.shift - shift if edge.of.base == "t" else 0
    found = [(base, old + shift) for base, old in edge.without]
    found += [("T", step) for step in range(shift + 1, 1 - max(source, 0))]
    found += [("1", step) for step in range(max(-source, 0), shift)]
    return tuple(dict.fromkeys(p for p in found if not outside(Ref("", *p))))


def by_source(edge: Edge) -> Edge:
    """A sum over time by the step of its source: Σ of ∂L/∂h_{t+1} … => Σ of ∂L/∂h_t …"""
    if edge.of.base != "t" or not edge.of.shift:
        return edge
    here = Ref(edge.of.name, "t")
    without = without_folded(replace(edge, of=Ref("L")), edge.of.shift)
    return replace(moved(edge, mover(edge.of, here)), without=without)


def moved(edge: Edge, move: Change) -> Edge:
    routes = tuple(tuple(moved_carrier(c, move) for c in route) for route in edge.routes)
    return replace(edge, of=move(edge.of), routes=routes)


def moved_carrier(carrier: Carrier, move: Change) -> Carrier:
    by = carrier.by
    moved = Softmax(move(by.value)) if isinstance(by, Softmax) else map_jacobian(by, move)
    value, target = carrier.value, carrier.target
    return replace(
        carrier,
        by=moved,
        value=move(value) if value is not None else None,
        target=move(target) if target is not None else None,
    )


def moved_edge(edge: Edge, node: Ref, ref: Ref) -> Edge:
    """An edge into `node`, as it is at the step of `ref`."""
    if node == ref or edge.at is not None:
        return edge
    move = mover(node, ref)
    return replace(moved(edge, move), by=ref)


def edge_of(edge: Edge, of: Ref) -> Edge:
    """One step of a sum over time: the edge from its source at this step."""
    return replace(moved(edge, mover(edge.of, of)), of=of, over=False, without=())
