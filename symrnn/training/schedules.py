"""Schedules: what the learning rate is multiplied by, as a function of the steps already done.

>>> halves = StepDecay(1000, 0.5)
>>> [halves(count) for count in (0, 999, 1000, 2000)]
[1.0, 1.0, 0.5, 0.25]

As text, NAME:NUMBER:NUMBER, a warm-up before and a comma between:

>>> schedule("warmup:100,cosine:1000")
WarmUp(steps=100, then=Cosine(steps=1000, floor=0.0))

A new one is a class with its formula, and its row in the table `SCHEDULES`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from math import cos, pi
from typing import Any, NamedTuple

from symrnn.errors import UsageError, suggestion

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class Shape(ABC):
    """A schedule that a text can name. Its numbers are its fields, in their order: an `int` is a
    number of steps, at least 1, a `float` a share from 0 to 1; one with a default may be left
    out."""

    def __post_init__(self) -> None:
        name = next((name for name, row in SCHEDULES.items() if row.kind is type(self)), "schedule")
        for each in fields(self):
            value = getattr(self, each.name)
            if each.type is int:
                if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                    raise UsageError(
                        f"{name}: {each.name} is {value!r}; expected a whole number, at least 1"
                    )
            elif each.type is float and not 0 <= value <= 1:
                raise UsageError(f"{name}: {each.name} is {value}; expected a number from 0 to 1")

    @abstractmethod
    def __call__(self, count: int) -> float:
        """The factor, from 0 to 1, of the step after so many."""


@dataclass(frozen=True)
class Constant(Shape):
    """Always the same."""

    def __call__(self, count: int) -> float:
        return 1.0


@dataclass(frozen=True)
class StepDecay(Shape):
    """`factor` times as much after `every` steps."""

    every: int
    factor: float = 0.1

    def __call__(self, count: int) -> float:
        return float(self.factor ** (count // self.every))


@dataclass(frozen=True)
class Exponential(Shape):
    """`factor` times as much after each step."""

    factor: float

    def __call__(self, count: int) -> float:
        return float(self.factor**count)


@dataclass(frozen=True)
class Cosine(Shape):
    """floor + (1 - floor) (1 + cos(π count/steps))/2, and the floor after so many steps."""

    steps: int
    floor: float = 0.0

    def __call__(self, count: int) -> float:
        way = min(count / self.steps, 1.0)
        return self.floor + (1 - self.floor) * (1 + cos(pi * way)) / 2


@dataclass(frozen=True)
class WarmUp(Shape):
    """1/steps, 2/steps, … up to 1, and then another schedule from its beginning.

    >>> [WarmUp(4)(count) for count in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    steps: int
    then: Schedule = field(default_factory=Constant)

    def __call__(self, count: int) -> float:
        return (count + 1) / self.steps if count < self.steps else self.then(count - self.steps)


class Row(NamedTuple):
    """What is known of a schedule by its name."""

    kind: type[Any]
    """A `Shape`; its fields are the numbers of a text."""
    example: str
    lasts: bool = False
    """Without a number it goes on to the end of the run, where that is known: see `lasting`."""


SCHEDULES: dict[str, Row] = {
    "constant": Row(Constant, "constant"),
    "step": Row(StepDecay, "step:1000:0.5"),
    "exponential": Row(Exponential, "exponential:0.999"),
    "cosine": Row(Cosine, "cosine:1000:0.1", lasts=True),
    "warmup": Row(WarmUp, "warmup:100,cosine:1000"),
}


def schedule(text: str) -> Schedule:
    """The schedule that a text names.

    >>> schedule("step:1000")
    StepDecay(every=1000, factor=0.1)
    """
    first, comma, rest = text.partition(",")
    name, *said = first.strip().split(":")
    if name not in SCHEDULES:
        others = ", ".join(each for each in SCHEDULES if each != "warmup")
        raise UsageError(
            f"schedule '{text}': '{name}' is none{suggestion(name, list(SCHEDULES))}; there are"
            f" {others}, and warmup:STEPS before any of them, with a comma"
        )
    kind = SCHEDULES[name].kind
    if comma and kind is not WarmUp:
        raise UsageError(
            f"schedule '{text}': {name} goes on for ever, nothing comes after it; expected a comma"
            " after warmup:STEPS alone"
        )
    numbers = _numbers(text, name, said)
    made: Schedule = kind(*numbers, schedule(rest)) if comma else kind(*numbers)
    return made


def lasting(text: str, steps: int) -> str:
    """The text, in which a last schedule that says no number lasts to the end of a run of so many
    steps, if it is one that can.

    >>> lasting("warmup:10,cosine", 100), lasting("step:5", 100)
    ('warmup:10,cosine:90', 'step:5')
    """
    *before, last = text.split(",")
    name = last.strip()
    if name not in SCHEDULES or not SCHEDULES[name].lasts:
        return text
    for each in before:
        _, _, count = each.partition(":")
        steps -= int(count) if count.isascii() and count.isdigit() else 0
    return ",".join([*before, f"{name}:{max(steps, 1)}"])


def _numbers(text: str, name: str, said: list[str]) -> list[int | float]:
    """The numbers after a name, as its fields want them."""
    row = SCHEDULES[name]
    wanted = [each for each in fields(row.kind) if each.type in (int, float)]
    needed = sum(each.default is MISSING for each in wanted)
    if not needed <= len(said) <= len(wanted):
        many = str(needed) if needed == len(wanted) else f"{needed} to {len(wanted)}"
        raise UsageError(
            f"schedule '{text}': {name} has {len(said)} numbers; expected {many}, as in"
            f" '{row.example}'"
        )
    try:
        pairs = zip(wanted, said, strict=False)  # those with a default may be left out
        return [int(number) if each.type is int else float(number) for each, number in pairs]
    except ValueError:
        raise UsageError(
            f"schedule '{text}': expected numbers after {name}, as in '{row.example}'"
        ) from None
