"""The equations of a system at each of its steps, in the order in which they can be worked out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from symrnn.interpret.interpreter import Interpreter
from symrnn.language.table import TIME
from symrnn.language.tree import Call, Expr, Ref, children
from symrnn.system.graph import at_step
from symrnn.system.system import System

Node = tuple[str, int | None]
"""A variable at a step, or one without time; so are inputs, parameters and targets."""


@dataclass(frozen=True)
class Work:
    """One equation at one step."""

    node: Node
    bodies: tuple[Expr, ...]
    t: int
    reads: frozenset[Node]


@dataclass(frozen=True)
class Unrolled:
    """The equations of a system at each of its steps, in the order in which they can be worked
    out."""

    system: System
    steps: int
    works: tuple[Work, ...]
    states: frozenset[str]
    """The variables of recurrences."""


@lru_cache(maxsize=64)
def unrolled(system: System, steps: int) -> Unrolled:
    """The system for a number of steps."""
    run = Interpreter(system)
    works: dict[Node, Work] = {}
    for group in run.groups:
        order = range(1, steps + 1)
        for t in order if group.direction >= 0 else reversed(order):
            for ref in group.nodes:
                own = run.own[ref]
                node = node_of(own.target, t, steps)
                fixed = own.target.base != "t" and node in works
                if system.symbols[ref.name].role == "constant" or fixed:
                    continue
                bodies = [own.body]
                for more in run.added.get(ref.name, ()):
                    lands = steps if more.when is not None else node_of(more.target, t, steps)[1]
                    if lands == (more.when or node[1]):
                        bodies.append(more.body)
                reads = {n for body in bodies for n in _reads(body, t, steps)}
                works[node] = Work(node, tuple(bodies), t, frozenset(reads))
    states = {ref.name for group in run.groups if group.direction for ref in group.nodes}
    return Unrolled(system, steps, tuple(works.values()), frozenset(states))


def node_of(ref: Ref, t: int, steps: int) -> Node:
    if not ref.base:
        return ref.name, None
    return ref.name, t + ref.shift if ref.base == "t" else at_step(ref, steps).shift + 1


def _reads(expr: Expr, t: int, steps: int) -> Iterator[Node]:
    if isinstance(expr, Ref):
        yield node_of(expr, t, steps)
    over = isinstance(expr, Call) and expr.function in TIME and expr.own is None
    for child in children(expr):
        for step in range(1, steps + 1) if over else (t,):
            yield from _reads(child, step, steps)
