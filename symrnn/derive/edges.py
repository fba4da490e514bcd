"""Edges of a network: what a variable hands back to one that it reads, and where in time.

An edge from v to u is the immediate derivative ∂⁺v/∂u, kept as the operators that carry a row at v
back to u, route by route.
"""

from dataclasses import dataclass, replace

from symrnn.errors import CheckError
from symrnn.language.printer import show_ref
from symrnn.language.tree import Ref, Width
from symrnn.system.graph import outside
from symrnn.system.system import Change, Jacobian, map_jacobian


@dataclass(frozen=True, slots=True)
class Softmax:
    """v̄ ↦ v̄ (diag(s) - sᵀs), where s is the value of the softmax."""

    value: Ref


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """v̄ ↦ (v̄ - mean(v̄) - n mean(v̄ ⊙ n)) / σ, where n is the value of the layer norm; without
    the first mean where it takes none away."""

    value: Ref
    scale: Ref
    centred: bool


@dataclass(frozen=True, slots=True)
class Carrier:
    """One operator on the way back, and of which loss or link function it is the derivative."""

    by: Jacobian | Softmax | LayerNorm
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
    """∂⁺of/∂by, and where in time it counts.

    With a number of steps each step is a node of its own, and nothing has to be said. For a
    symbolic T an edge into v[t] stands for one at each step, but:

    - `over`: every step of `of` hands something to one thing, a parameter or what stands at one
      step; it is the sum of that over time.
    - `at`: it exists at this fixed step alone, and `by` stands there.
    - `when`: it exists for this number of steps alone.
    - `without`: fixed steps within 1…T at which it does not exist, since there the folded node that
      leads from `of` to `by` would stand outside. They are steps of `by`, or those of the sum.

    `check_edge` holds a network to that.
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


def check_edge(edge: Edge, node: Ref, steps: int | None) -> None:
    """Refuse an edge into a node that says of time what cannot be: a mistake in this room.

    >>> check_edge(Edge(Ref("L"), Ref("h", "T"), (), at=("T", 0)), Ref("h", "t"), None)
    >>> check_edge(Edge(Ref("L"), Ref("h", "T"), (), at=("T", -1)), Ref("h", "t"), None)
    Traceback (most recent call last):
    symrnn.errors.CheckError: an edge from L to h[T] contradicts itself: it is at another step
    """
    said = edge.over or edge.at is not None or edge.when is not None or bool(edge.without)
    if not said and edge.by == node:
        return
    places = [*edge.without, *([] if edge.at is None else [edge.at])]
    wrong = {
        "each of so many steps is a node of its own": steps is not None and said,
        "it is at another step": edge.at is not None and (edge.by.base, edge.by.shift) != edge.at,
        "it leads into another node": edge.by != node
        and (edge.at is None or node != Ref(edge.by.name, "t")),
        "it is a sum over the steps, and at each of them": edge.over and edge.by.base == "t",
        "it leaves steps out of the one that it has": bool(edge.without)
        and not edge.over
        and (edge.at is not None or edge.by.base != "t"),
        "it counts no step within 1…T": any(
            base not in ("1", "T") or outside(Ref("", base, shift)) for base, shift in places
        ),
    }
    for what, holds in wrong.items():
        if holds:
            ends = f"{show_ref(edge.of)} to {show_ref(edge.by)}"
            raise CheckError(f"an edge from {ends} contradicts itself: {what}")


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
    moved: Jacobian | Softmax | LayerNorm
    match carrier.by:
        case Softmax(value=own):
            moved = Softmax(move(own))
        case LayerNorm(value=own, scale=scale, centred=centred):
            moved = LayerNorm(move(own), move(scale), centred)
        case by:
            moved = map_jacobian(by, move)
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
