"""Who needs whom, and in which order: scans over time and everything else.

A node is the left side of a definition: `v[t]`, `v`, or a fixed step such as `v[0]`. A strongly
connected component of the dependency graph with a cycle is a scan; the sign of its shifts is
its direction in time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from symrnn.errors import EquationError
from symrnn.language.tree import Ref


@dataclass(frozen=True, slots=True)
class Use:
    """A reference as a definition makes it; `whole` inside a sum over time."""

    ref: Ref
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are worked out together, in this order within a step.

    `direction` is 1 for a scan from the first step to the last, -1 for one from the last to the
    first, 0 where no step needs another.
    """

    nodes: tuple[Ref, ...]
    direction: int = 0


N = TypeVar("N")
"""A node: a reference, or a name alone."""

Definitions = Mapping[Ref, Sequence[Use]]
Edge = tuple[Ref, int | None]
"""A node that is needed, and at which shift; None where a fixed step or all steps are needed."""


def _complain(node: Ref, message: str) -> str:
    return message


def order(
    definitions: Definitions,
    steps: int | None = None,
    mark: Callable[[Ref, str], str] = _complain,
) -> list[Group]:
    """The groups, each after those that it needs. `mark` puts the place of a node into a message.

    >>> h, a = Ref("h", "t"), Ref("a", "t")
    >>> order({h: [Use(a)], a: [Use(Ref("x", "t")), Use(Ref("h", "t", -1))]})[0].direction
    1
    """
    edges = edges_of(definitions, steps)
    return [_group(component, edges, mark) for component in _components(edges)]


def edges_of(definitions: Definitions, steps: int | None) -> dict[Ref, list[Edge]]:
    boundaries: dict[str, list[Ref]] = {}
    for node in definitions:
        if node.base in ("1", "T"):
            boundaries.setdefault(node.name, []).append(node)
    return {
        node: [edge for use in uses for edge in _edges(node, use, definitions, boundaries, steps)]
        for node, uses in definitions.items()
    }


def needs_of(definitions: Definitions, steps: int | None) -> dict[Ref, list[Ref]]:
    """The nodes that each node needs."""
    edges = edges_of(definitions, steps)
    return {node: [other for other, _ in found] for node, found in edges.items()}


def inverse(edges: Mapping[N, Iterable[N]]) -> dict[N, list[N]]:
    """The edges the other way round: who reads each node.

    >>> inverse({"h": ["x", "u"], "y": ["h", "u"]})
    {'x': ['h'], 'u': ['h', 'y'], 'h': ['y']}
    """
    found: dict[N, list[N]] = {}
    for node, others in edges.items():
        for other in others:
            found.setdefault(other, []).append(node)
    return found


def reached(start: Iterable[N], edges: Mapping[N, Iterable[N]]) -> set[N]:
    """Everything that can be reached along the edges, the start included."""
    found: set[N] = set()
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges.get(node, ())
    return found


def _edges(
    node: Ref,
    use: Use,
    definitions: Definitions,
    boundaries: Mapping[str, list[Ref]],
    steps: int | None,
) -> Iterator[Edge]:
    """Which nodes a use may read: the variable itself, and boundaries that the step may hit."""
    ref = use.ref
    if not ref.base:
        if ref in definitions:
            yield ref, None
        return
    if ref.base == "t":
        timed = Ref(ref.name, "t")
        if timed in definitions:
            yield timed, None if use.whole or node.base != "t" else ref.shift
        hit = (ref.shift < 0, ref.shift > 0)
    elif steps is not None:
        exact = at_step(ref, steps)
        if exact in definitions:
            yield exact, None
        elif Ref(ref.name, "t") in definitions:
            yield Ref(ref.name, "t"), None
        return
    elif ref in definitions:
        yield ref, None
        return
    elif outside(ref):
        return
    else:
        if Ref(ref.name, "t") in definitions:
            yield Ref(ref.name, "t"), None
        hit = (ref.base == "T" and ref.shift < 0, ref.base == "1" and ref.shift > 0)
    for boundary in boundaries.get(ref.name, ()):
        if hit[is_after(boundary, steps)]:
            yield boundary, None


def is_after(boundary: Ref, steps: int | None) -> bool:
    """Whether a boundary lies after the last step; all others lie before the first."""
    return boundary.base == "T" or (steps is not None and boundary.shift >= steps)


def outside(ref: Ref) -> bool:
    """Whether a fixed step lies outside 1…T, however many steps there are: v[0], v[T+1], …"""
    return ref.shift < 0 if ref.base == "1" else ref.shift > 0


def at_step(ref: Ref, steps: int) -> Ref:
    """A fixed step counted from the first, once the number of steps is known.

    >>> at_step(Ref("h", "T", -1), 3)
    Ref(name='h', base='1', shift=1)
    """
    return Ref(ref.name, "1", steps - 1 + ref.shift) if ref.base == "T" else ref


def _components(edges: Mapping[Ref, list[Edge]]) -> list[list[Ref]]:
    """Tarjan's strongly connected components, without recursion; those needed come first."""
    index: dict[Ref, int] = {}
    low: dict[Ref, int] = {}
    stack: list[Ref] = []
    on_stack: set[Ref] = set()
    found: list[list[Ref]] = []
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            for successor, _ in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(edges[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    found.append(component[::-1])
    return found


def _group(
    component: list[Ref], edges: Mapping[Ref, list[Edge]], mark: Callable[[Ref, str], str]
) -> Group:
    members = set(component)
    inner = {node: [(d, s) for d, s in edges[node] if d in members] for node in component}
    if not any(inner.values()):
        return Group(tuple(component))
    signs: dict[int, tuple[Ref, Ref]] = {}
    for node, needs in inner.items():
        for needed, shift in needs:
            if shift is None:
                raise EquationError(mark(node, _whole_cycle(node, needed)))
            if shift:
                signs[1 if shift < 0 else -1] = (node, needed)
    if len(signs) == 2:
        (early, past), (late, future) = signs[1], signs[-1]
        raise EquationError(
            mark(
                late,
                "a forward and a backward recurrence are tied into each other:"
                f" {early.name}[t] needs an earlier {past.name}, and {late.name}[t] a later"
                f" {future.name}; no order of the steps works them out",
            )
        )
    return Group(_within_step(inner, mark), next(iter(signs), 0))


def _whole_cycle(node: Ref, needed: Ref) -> str:
    if not node.base and node == needed:
        return f"{node.name} is defined by itself; a recurrence is written {node.name}[t] = …"
    if not (node.base or needed.base):
        return f"{node.name} and {needed.name} are defined by each other"
    if node == needed:
        return (
            f"{node.name} needs itself, at the same step, at a fixed one, or at all of them;"
            f" a recurrence reads an earlier or a later step, {node.name}[t-1]"
        )
    return (
        f"{node.name} needs {needed.name} at a fixed step or at all steps, and {needed.name} needs"
        f" {node.name} first"
    )


def _within_step(
    inner: Mapping[Ref, list[Edge]], mark: Callable[[Ref, str], str]
) -> tuple[Ref, ...]:
    """The members ordered so that each comes after what it needs at the same step."""
    done: dict[Ref, None] = {}
    for start in inner:
        path: dict[Ref, Iterator[Edge]] = {}
        node: Ref | None = start if start not in done else None
        while node is not None:
            edges = path.setdefault(node, iter(inner[node]))
            needed = next((n for n, shift in edges if shift == 0 and n not in done), None)
            if needed in path:
                raise EquationError(mark(needed, _ring([*path], needed)))
            if needed is None:
                done[node] = None
                del path[node]
                needed = next(reversed(path), None)
            node = needed
    return tuple(done)


def _ring(path: list[Ref], node: Ref) -> str:
    ring = [*path[path.index(node) :], node]
    said = " needs ".join(f"{member.name}[t]" for member in ring[:6]) + " …" * (len(ring) > 6)
    return f"a cycle within one time step: {said}; break it with a lag, {node.name}[t-1]"
