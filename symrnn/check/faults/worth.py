"""What formulas are worth beside what a left side is: quickly at one setting, surely at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symrnn.check.faults.budget import Budget
from symrnn.check.judging import Point
from symrnn.check.judging.choices import free_bases
from symrnn.check.judging.fitting import OutsideError
from symrnn.check.judging.outcome import agree, close
from symrnn.check.judging.values import MOST
from symrnn.derive.formula import Big, Bracket, Formula, Immediate, Name, Total, Value
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import map_children, walk
from symrnn.errors import SymrnnError
from symrnn.language.arrays import Array
from symrnn.language.tree import Num, Ref

FAILS = (SymrnnError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What working out raises where something has no value."""

ANYWHERE: Mapping[str, int] = dict.fromkeys(("t", "k", "j", "i"), 2)
"""Steps for the indices of sums, where only the shape of what they hold is asked for."""

WHOLE = (Num, Ref, Total, Immediate, Name)
"""What stands for itself: it takes no time, and it tells what may be beside it."""


@dataclass(frozen=True)
class Setting:
    """A point, the steps that free indices stand for, and what a right side must be there."""

    point: Point
    at: Indices
    target: Array

    @property
    def step(self) -> int:
        """The step that its first index stands for; that between the first and the last if none."""
        return next(iter(self.at.values()), 2)

    def agrees(self, formula: Formula) -> bool:
        """Whether a formula is worth that here, as the judge compares the sides of a line, or says
        nothing of these steps, as a product that would run backwards."""
        try:
            return self.is_worth(value_of(self.point, formula, self.at, silent=OutsideError))
        except OutsideError:
            return True

    def is_worth(self, found: Array | None) -> bool:
        try:
            return found is not None and agree(self.target, found, self.point.values)[0]
        except FAILS:
            return False


class Worth:
    """Tells whether formulas are what a left side is.

    The first setting decides most of them. There every piece is worked out once, and in a formula
    that holds it its value stands for it.
    """

    def __init__(self, settings: Sequence[Setting], budget: Budget, left: Formula) -> None:
        self.settings, self.budget, self.left = settings, budget, left
        self.loose = False
        """Whether what has another shape than the left side may be right, as a diagonal's row."""
        self._known: dict[int, tuple[Formula, Array | None, Formula]] = {}

    @property
    def steps(self) -> int:
        return self.settings[0].point.steps

    def array(self, formula: Formula) -> Array | None:
        """The value at the first setting; nothing where there is none."""
        return self._entry(formula)[1]

    def is_worth(self, formula: Formula, value: Array | None) -> bool:
        found = self.array(formula)
        return value is not None and found is not None and same(value, found)

    def is_zero(self, formula: Formula) -> bool:
        """Whether a formula is zero at every setting."""
        first = self.array(formula)
        if first is None or first.any():
            return False
        every = (value_of(each.point, formula, each.at) for each in self.settings)
        return not any(value is not None and value.any() for value in every)

    def shape(self, formula: Formula) -> tuple[int, ...] | None:
        found = self.array(formula)
        return None if found is None else found.shape

    def _entry(self, formula: Formula) -> tuple[Formula, Array | None, Formula]:
        known = self._known.get(id(formula))
        if known is None:
            first = self.settings[0]
            found = value_of(first.point, self._short(formula), {**ANYWHERE, **first.at})
            self.spend(first)
            literal = formula if found is None else Value(tuple(map(tuple, found.tolist())))
            known = self._known[id(formula)] = (formula, found, literal)
        return known

    def _short(self, formula: Formula) -> Formula:
        """The formula with values in it, as far as they do not depend on an index that it binds."""
        if isinstance(formula, Big | Total | Immediate) or is_at_a_step(formula):
            return formula
        return map_children(
            formula, lambda child: child if isinstance(child, WHOLE) else self._entry(child)[2]
        )

    def fits(self, formula: Formula) -> bool:
        """Whether a right side is what the left side is, at every setting, and says it without
        the left side itself."""
        found, first = self.array(formula), self.settings[0]
        if found is None or not (self.loose or found.shape in (first.target.shape, (1, 1))):
            return False
        if not first.is_worth(found) or not set(free_bases(formula)) <= set(first.at):
            return False
        if self.left in (part for part in walk(formula) if type(part) is type(self.left)):
            return False
        return self.everywhere(formula)

    def everywhere(self, formula: Formula, most: int | None = None) -> bool:
        for setting in self.settings[:most]:
            agrees = setting.agrees(formula)
            self.spend(setting)
            if not agrees:
                return False
        return True

    def spend(self, setting: Setting) -> None:
        """The pieces that were worked out there just now."""
        self.budget.spend(1 + MOST - setting.point.values.worth)

    def for_right(self, right: Formula) -> "Worth | None":
        """The same for what a right formula is worth: an addend beside other addends."""
        return self._within(lambda each: value_of(each.point, right, each.at, silent=OutsideError))

    def beside(self, others: Sequence[Formula]) -> "Worth | None":
        """The same for what other addends leave over."""

        def rest(setting: Setting) -> Array | None:
            left = setting.target
            for other in others:
                value = value_of(setting.point, other, setting.at)
                if value is None or value.shape != left.shape:
                    return None
                left = left - value
            return left

        return self._within(rest)

    def _within(self, target: Callable[[Setting], Array | None]) -> "Worth | None":
        found: list[Setting] = []
        for setting in self.settings:
            try:
                there = target(setting)
            except OutsideError:  # it says nothing of these steps
                if not found:
                    return None
                continue
            if there is None:
                return None
            found.append(replace(setting, target=there))
        within = Worth(found, self.budget, self.left)
        within._known, within.loose = self._known, self.loose
        return within


def is_at_a_step(formula: Formula) -> bool:
    """Whether a bracket says which step an index in it stands for."""
    return isinstance(formula, Bracket) and any(
        isinstance(part, Ref) and part.base == "t" for part in walk(formula.body)
    )


def value_of(
    point: Point, formula: Formula, at: Indices, silent: type[Exception] | tuple[()] = ()
) -> Array | None:
    """A value of numbers; nothing where a formula has none. What is `silent` is raised."""
    try:
        with np.errstate(all="ignore"):
            found = np.atleast_2d(point.value(formula, at))
    except silent:
        raise
    except FAILS:
        return None
    return found if np.isfinite(found).all() else None


def same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and close(one, other)


def distinct(worth: Worth, formulas: Iterable[Formula]) -> list[Formula]:
    """Those that have a value, one of each value."""
    found: list[tuple[Formula, Array]] = []
    for formula in dict.fromkeys(formulas):
        value = worth.array(formula)
        if value is not None and not any(same(value, other) for _, other in found):
            found.append((formula, value))
    return [formula for formula, _ in found]
