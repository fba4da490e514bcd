"""A right side that is right but for one number: 1/T of a mean, 2 of a square."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from symrnn.check.claims import Fault
from symrnn.check.faults.truths import STEPS
from symrnn.check.faults.worth import Setting, Worth, value_of
from symrnn.check.judging.outcome import close
from symrnn.derive.build import minus
from symrnn.derive.formula import Formula, Immediate, Times, Total, Words
from symrnn.derive.paths import LOSS
from symrnn.language.tree import ONE, Div, Num, Size, Width

NUMBERS = (Fraction(1), Fraction(2), Fraction(1, 2))
LARGEST = 100
"""Of numerators and denominators that somebody may have left out."""


@dataclass(frozen=True)
class Factor:
    """A number, times powers of the numbers of steps and of entries."""

    number: Fraction
    powers: tuple[tuple[str, int], ...] = ()

    @property
    def inverse(self) -> "Factor":
        return Factor(1 / self.number, tuple((name, -power) for name, power in self.powers))

    @property
    def is_a_part(self) -> bool:
        """Whether it makes things smaller: 1/T, 2/C; of numbers alone, whether it is above 1."""
        if not self.powers:
            return self.number > 1
        return any(power < 0 for _, power in self.powers)

    def at(self, setting: Setting) -> float:
        found = float(self.number)
        for name, power in self.powers:
            count = setting.point.steps if name == STEPS else setting.point.setting.dims[name]
            found *= float(count) ** power
        return found

    @property
    def formula(self) -> Formula:
        above, below = (
            [Num(Fraction(whole))] * (whole != 1)
            + [Size(Width((name,))) for name, power in self.powers if power == sign]
            for whole, sign in ((self.number.numerator, 1), (self.number.denominator, -1))
        )
        top, bottom = _joined(above), _joined(below)
        return top if bottom == ONE else Div(top, bottom)


def _joined(parts: Sequence[Formula]) -> Formula:
    return ONE if not parts else parts[0] if len(parts) == 1 else Times(tuple(parts))


def by_factor(right: Formula, worth: Worth) -> Fault | None:
    """What is wrong where a right side is what is right times one number."""
    ratio = _ratio(right, worth.settings[0])
    if ratio is None or close(np.array(abs(ratio)), np.ones(())):
        return None
    every = [(setting, _ratio(right, setting)) for setting in worth.settings]
    known = [(setting, found) for setting, found in every if found is not None]
    flipped = ratio < 0
    for factor in _factors(worth.settings[0], 1 / abs(ratio)):
        if all(
            close(np.array(abs(found) * factor.at(setting)), np.ones(()))
            for setting, found in known
        ):
            return _told(factor, right, flipped, worth)
    return None


def _ratio(right: Formula, setting: Setting) -> float | None:
    """What a right side is times what is right; nothing where that is no single number."""
    found, target = value_of(setting.point, right, setting.at), setting.target
    if found is None or found.shape != target.shape or not target.any():
        return None
    ratio = float(np.vdot(target, found) / np.vdot(target, target))
    return ratio if ratio and close(ratio * target, found) else None


def _factors(setting: Setting, first: float) -> Iterator[Factor]:
    """What the number may be, the simplest first; `first` is what it is at the first setting."""
    names = [STEPS, *setting.point.setting.dims]
    simple = [Factor(number) for number in NUMBERS]
    for name in names:
        simple += [Factor(number, ((name, power),)) for power in (-1, 1) for number in NUMBERS]
    for one, other in product(names, repeat=2):
        if names.index(one) < names.index(other):
            powers = product((-1, 1), repeat=2)
            simple += [Factor(n, ((one, a), (other, b))) for a, b in powers for n in NUMBERS]
    yield from simple
    whole = Fraction(first).limit_denominator(LARGEST)
    if whole.numerator and max(whole.numerator, whole.denominator) <= LARGEST:
        yield Factor(whole)


def _told(factor: Factor, right: Formula, flipped: bool, worth: Worth) -> Fault | None:
    whole = Times((factor.formula, minus(right) if flipped else right))
    if not worth.everywhere(whole):
        return None
    if factor.is_a_part:
        kind, says = "missing factor", (factor.formula, " is missing", *_why(factor, worth.left))
    else:
        kind, says = "extra factor", (factor.inverse.formula, " is a factor too many")
    words: Words = ("the sign is flipped, and ", *says) if flipped else says
    return Fault("compound" if flipped else kind, (), words, corrected=whole)


def _why(factor: Factor, left: Formula) -> Words:
    """What a factor comes from, in a derivative of the loss."""
    if not (isinstance(left, Total | Immediate) and left.of == LOSS):
        return ()
    over = dict.fromkeys(
        "steps" if n == STEPS else "entries" for n, power in factor.powers if power < 0
    )
    squares = factor.number == 2
    if over:
        of = " of squares" if squares else ""
        return (f": the loss is a mean{of} over the {' and the '.join(over)}",)
    return (": it comes from the derivative of a square",) if squares else ()
