"""Which nodes have an adjoint worth writing: those between what is varied and what is measured."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TypeVar

from symrnn.language.tree import ZERO, Call, Ref
from symrnn.system.calculus import derivative
from symrnn.system.graph import Use, edges_of
from symrnn.system.system import Equation, Pointwise, System, uses

N = TypeVar("N")
"""A node: a reference, or a name alone."""


def active(system: System, roots: Iterable[Ref], varied: Set[str]) -> set[Ref]:
    """The nodes that the roots need and that need a varied name themselves.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> system = normal(parse("h[t] = x[t] @ W; k[t] = 2 * x[t]; L = mse(y, h[T] + k[T])"))
    >>> sorted({node.name for node in active(system, [Ref("L")], {"W"})})
    ['L', 'h', 'l_L', 'yhat']
    """
    definitions = {e.target: list(_moved_by(e)) for e in system.equations}
    needs = {
        node: [other for other, _ in edges]
        for node, edges in edges_of(definitions, system.steps).items()
    }
    readers: dict[Ref, list[Ref]] = {}
    for node, others in needs.items():
        for other in others:
            readers.setdefault(other, []).append(node)
    moved = [n for n, found in definitions.items() if any(u.ref.name in varied for u in found)]
    needed, dependent = reached(roots, needs), reached(moved, readers)
    return needed & dependent


def _moved_by(equation: Equation) -> Iterator[Use]:
    """What an equation reads, but for what its derivative by is zero: what a stop holds back."""
    body = equation.body if isinstance(equation, Pointwise) else None
    for use in uses(equation):
        if not isinstance(body, Call) or derivative(body, use.ref) != ZERO:
            yield use


def reached(start: Iterable[N], edges: Mapping[N, list[N]]) -> set[N]:
    """Everything that can be reached along the edges, the start included."""
    found: set[N] = set()
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges.get(node, [])
    return found
