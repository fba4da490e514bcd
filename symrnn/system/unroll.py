"""A system written out for a number of steps: v[t] becomes v[1], v[2], … v[T].

    O[t] = tanh(a[t]); L = l[T]   =>   O[1] = tanh(a[1]); O[2] = tanh(a[2]); L = l[2]

Sums over time become sums of terms, additions at a fixed step join the step at which they land, and
terms that an adjoint outside 1…T annihilates are gone.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

from symrnn.errors import UsageError
from symrnn.language.expressions import MAX_STEP
from symrnn.language.tree import STEPS, Expr, Num, Ref, Size, map_leaves
from symrnn.system.algebra import tidy
from symrnn.system.check import check
from symrnn.system.graph import at_step
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Pointwise,
    Scale,
    System,
    Term,
    Total,
    map_jacobian,
    map_refs,
)


def unroll(system: System, steps: int) -> System:
    """
    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> print(unroll(normal(parse("h[t] = u * h[t-1] + x[t]")), 2), end="")
    T = 2
    x: D
    h: output
    h[1] = h[0] * u + x[1]
    h[2] = h[1] * u + x[2]
    """
    check_steps(steps)
    if system.steps == steps:
        return system
    if system.steps is not None:
        raise UsageError(
            f"cannot unroll {steps} steps; it is written out for {system.steps} already"
        )
    with _collector_paused():
        result = _Unroller(system, steps).system()
        check(result, "unroll")
    return result


def check_steps(steps: object, what: str = "unroll") -> None:
    """Refuse what is no number of steps."""
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= MAX_STEP:
        raise UsageError(f"cannot {what} {steps!r} steps; expected a number from 1 to {MAX_STEP:,}")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: frozen trees hold no cycles, and going through all of them
    again and again would cost as much as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Unroller:
    def __init__(self, system: System, steps: int) -> None:
        self.rolled, self.steps = system, steps
        self.adjoints = {s.name for s in system.named("adjoint")}

    def system(self) -> System:
        own = {e.target: with_number_of_steps(e, self.steps) for e in self.rolled.equations}
        equations: list[Equation] = []
        for group in self.rolled.groups():
            timed = [node for node in group.nodes if node.base == "t"]
            order = range(1, self.steps + 1) if timed else range(1)
            for t in order if group.direction >= 0 else reversed(order):
                equations += [self.at(own[node], t) for node in group.nodes]
        return System(tuple(equations), self.rolled.symbols, self.steps)

    def at(self, equation: Equation, t: int) -> Equation:
        """The equation at step t."""
        place = self.place(t)
        target = place(equation.target)
        if isinstance(equation, Linear | Total):
            return type(equation)(target, tuple(self.terms(equation.terms, t, place)))
        return map_refs(replace(equation, target=target), place)

    def place(self, t: int) -> Callable[[Ref], Ref]:
        """A reference as one to a fixed step, counted from the first."""

        def change(ref: Ref) -> Ref:
            if ref.base == "t":
                return Ref(ref.name, "1", t + ref.shift - 1)
            return at_step(ref, self.steps)

        return change

    def terms(self, terms: tuple[Term, ...], t: int, place: Callable[[Ref], Ref]) -> Iterator[Term]:
        for term in terms:
            if term.when not in (None, self.steps):
                continue
            if term.at is not None and at_step(Ref("", *term.at), self.steps).shift != t - 1:
                continue
            if not term.over:
                yield from self.term(term, place)
                continue
            for step in range(1, self.steps + 1):
                yield from self.term(term, self.place(step))

    def term(self, term: Term, place: Callable[[Ref], Ref]) -> Iterator[Term]:
        ref = place(term.ref) if term.ref is not None else None
        outside = ref is not None and ref.base == "1" and not 0 <= ref.shift < self.steps
        if ref is not None and outside and ref.name in self.adjoints:
            return
        yield Term(ref, map_jacobian(term.by, place), rowless=term.rowless)


def with_number_of_steps(equation: Equation, steps: int) -> Equation:
    """size(T) as the number that it is."""

    def number(leaf: Expr) -> Expr:
        return Num(Fraction(steps)) if leaf == Size(STEPS) else leaf

    def term(old: Term) -> Term:
        if not isinstance(old.by, Scale | Dot):
            return old
        return replace(old, by=type(old.by)(tidy(map_leaves(old.by.factor, number))))

    if isinstance(equation, Linear | Total):
        return replace(equation, terms=tuple(map(term, equation.terms)))
    if isinstance(equation, Pointwise):
        return replace(equation, body=map_leaves(equation.body, number))
    return equation


def at_one_step(system: System, equation: Equation, steps: int, t: int) -> Equation:
    """One equation of a system as it stands at step t of so many."""
    return _Unroller(system, steps).at(with_number_of_steps(equation, steps), t)
