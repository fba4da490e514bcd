"""Equations by their left sides: which one says what a derivative is at a step."""

from collections.abc import Iterable, Iterator, Mapping

from symrnn.derive.formula import Equation, Formula, Immediate, Name, Total
from symrnn.derive.pieces import children
from symrnn.language.tree import Ref

Indices = Mapping[str, int]
"""The step that an index stands for: t, k, j."""


Key = Total | Immediate | Name
"""A left side that others read."""


class LeftSides:
    """Equations by their left sides, for a number of steps."""

    def __init__(self, equations: Iterable[Equation], steps: int) -> None:
        self.steps = steps
        known: dict[object, Equation] = {}
        for equation in equations:
            if isinstance(equation.left, Key):
                known.setdefault(equation.left, equation)
        self.exact_first = sorted(known.values(), key=is_general)

    def step(self, ref: Ref, at: Indices) -> int:
        """The step, counted from 1."""
        if ref.base == "1":
            return 1 + ref.shift
        return (self.steps if ref.base == "T" else at[ref.base]) + ref.shift

    def equation_for(self, key: Key, at: Indices) -> tuple[Equation, Indices, object] | None:
        """The equation, for that step or for all, with the indices that it is read with, and a
        label that is alike wherever the same is meant. A total derivative is said by the equation
        of the immediate one, where nothing else is left."""
        found = self.lookup(key, at)
        if found is None and isinstance(key, Total):
            return self.lookup(Immediate(key.of, key.by), at)
        return found

    def lookup(self, key: Key, at: Indices) -> tuple[Equation, Indices, object] | None:
        refs = list(_refs(key))
        steps = [self.step(r, at) if r.base else None for r in refs]
        at_steps = tuple((r.name, s) for r, s in zip(refs, steps, strict=True))
        label = (type(key).__name__, _within(key), at_steps)
        for equation in self.exact_first:
            if type(equation.left) is not type(key) or _within(equation.left) != _within(key):
                continue
            left = list(_refs(equation.left))
            if [r.name for r in left] != [r.name for r in refs]:
                continue
            inner = self.matches(left, steps, equation)
            if inner is not None:
                return equation, inner, label
        return None

    def matches(
        self, left: list[Ref], steps: list[int | None], equation: Equation
    ) -> Indices | None:
        inner: dict[str, int] = {}
        for ref, step in zip(left, steps, strict=True):
            if (not ref.base) != (step is None):
                return None
            if step is None:
                continue
            if ref.base in ("1", "T"):
                if self.step(ref, {}) != step:
                    return None
            else:
                found = step - ref.shift
                if inner.setdefault(ref.base, found) != found:
                    return None
                if equation.steps:
                    low, high = sorted(equation.steps, key=lambda bound: bound.base)
                    if not self.step(low, {}) <= found <= self.step(high, {}):
                        return None
        return inner


def _refs(key: Formula) -> Iterator[Ref]:
    """The references of a left side; a letter beside the model's own stands as one too."""
    match key:
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            yield from (*_refs(of), *_refs(by))
        case Name(letter=letter, at=at):
            yield Ref(f"({letter})", at.base, at.shift)
        case Ref():
            yield key
        case _:
            for child in children(key):
                yield from _refs(child)


def _within(key: Formula) -> bool:
    """Whether it is a derivative over one step of a recurrence."""
    return isinstance(key, Immediate) and key.fixed is not None


def is_general(equation: Equation) -> bool:
    """Whether an equation is for several steps; one for a certain step comes before it."""
    return any(ref.base not in ("", "1", "T") for ref in _refs(equation.left))
