"""Which nodes have an adjoint worth writing, and at which step its terms stand.

A reference at a shift hands its term that shift the other way, for every step; where the shift
leads out of 1…T the term goes to a boundary, if there is one. A reference to a fixed step hands it
there alone. What is read once by every step gets the sum over time.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from symrnn.language.tree import ZERO, Call, Ref
from symrnn.system.calculus import derivative
from symrnn.system.graph import Use, at_step, inverse, needs_of, outside, reached
from symrnn.system.system import Equation, Pointwise, System, Term, map_term, uses

Landed = tuple[Ref, Term]
"""A node, and what its adjoint gets: a term as it stands in that node's own equation."""


class Landing:
    """Where in time what an operand gets lands."""

    def __init__(self, system: System) -> None:
        self.steps = system.steps
        self.nodes: Set[Ref] = {e.target for e in system.equations}
        self.boundaries: dict[str, list[Ref]] = {}
        for node in self.nodes:
            if node.base in ("1", "T"):
                self.boundaries.setdefault(node.name, []).append(node)
        for nodes in self.boundaries.values():
            nodes.sort(key=lambda node: (node.base, node.shift))

    def land(self, source: Ref, ref: Ref, term: Term, over: bool = False) -> Iterator[Landed]:
        """The nodes at which `term` lands, worked out at the step of `source`, which reads `ref`
        there, or at every step if it is defined once and sums over time (`over`)."""
        every_step = source.base == "t"
        if not ref.base:
            yield ref, replace(term, over=every_step or over)
        elif ref.base != "t":
            yield from self.fixed(ref, replace(term, over=every_step or over))
        elif not every_step:
            yield Ref(ref.name, "t"), term
        else:
            yield Ref(ref.name, "t"), moved(term, "t", -ref.shift)
            for boundary in self.boundaries.get(ref.name, ()):
                shift = boundary.shift - ref.shift
                if shift >= 0 if boundary.base == "1" else shift <= 0:
                    yield boundary, moved(term, boundary.base, shift)

    def fixed(self, ref: Ref, term: Term) -> Iterator[Landed]:
        if self.steps is not None:
            yield at_step(ref, self.steps), term
        elif ref in self.nodes:
            yield ref, term
        elif not outside(ref):  # a step that is never in 1…T reads zero, and nothing lands
            yield Ref(ref.name, "t"), replace(term, at=(ref.base, ref.shift))
            for boundary in self.boundaries.get(ref.name, ()):
                when = steps_that_meet(ref, boundary)
                if when is not None:
                    yield boundary, replace(term, when=when)


def steps_that_meet(ref: Ref, boundary: Ref) -> int | None:
    """The number of steps for which a fixed step, counted from one end, is a boundary at the other.

    >>> steps_that_meet(Ref("v", "T", -2), Ref("v", "1", -1))  # v[T-2] is v[0] for two steps
    2
    """
    if (ref.base, boundary.base) == ("T", "1"):
        steps = boundary.shift + 1 - ref.shift
    elif (ref.base, boundary.base) == ("1", "T"):
        steps = ref.shift + 1 - boundary.shift
    else:
        return None
    return steps if steps >= 1 else None


def moved(term: Term, base: str, shift: int) -> Term:
    """The term at another step: t becomes `base` plus `shift`."""

    def change(ref: Ref) -> Ref:
        return Ref(ref.name, base, ref.shift + shift) if ref.base == "t" else ref

    return map_term(term, change) if shift or base != "t" else term


def active(system: System, roots: Iterable[Ref], varied: Set[str]) -> set[Ref]:
    """The nodes that the roots need and that need a varied name themselves.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> system = normal(parse("h[t] = x[t] @ W; k[t] = 2 * x[t]; L = mse(y, h[T] + k[T])"))
    >>> sorted({node.name for node in active(system, [Ref("L")], {"W"})})
    ['L', 'h', 'l_L', 'yhat']
    """
    definitions = {e.target: list(_moved_by(e)) for e in system.equations}
    needs = needs_of(definitions, system.steps)
    moved = [n for n, found in definitions.items() if any(u.ref.name in varied for u in found)]
    needed, dependent = reached(roots, needs), reached(moved, inverse(needs))
    return needed & dependent


def _moved_by(equation: Equation) -> Iterator[Use]:
    """What an equation reads, but for what its derivative by is zero: what a stop holds back."""
    body = equation.body if isinstance(equation, Pointwise) else None
    for use in uses(equation):
        if not isinstance(body, Call) or derivative(body, use.ref) != ZERO:
            yield use
