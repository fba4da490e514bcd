"""Schedules: what the learning rate is multiplied by, as a function of the steps already done.

>>> halves = StepDecay(1000, 0.5)
>>> [halves(count) for count in (0, 999, 1000, 2000)]
[1.0, 1.0, 0.5, 0.25]

As text, NAME:NUMBER:NUMBER, a warm-up before and a comma between:

constant               1
step:1000:0.5          half as much after every 1000 steps (0.1 if it is not said)
exponential:0.999      0.999 times as much after every step
cosine:1000:0.1        half a wave from 1 down to 0.1 (to 0 if it is not said), there from then on
warmup:100             a straight line up to 1 in 100 steps; alone, or before any of these:
warmup:100,cosine:1000
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from math import cos, pi

from symrnn.errors import UsageError, suggestion

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class Constant:
    """Always the same."""

    def __call__(self, count: int) -> float:
        return 1.0


@dataclass(frozen=True)
class StepDecay:
    """`factor` times as much after `every` steps."""

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _check_steps("step", "every", self.every)
        _check_share("step", "factor", self.factor)

    def __call__(self, count: int) -> float:
        return float(self.factor ** (count // self.every))


@dataclass(frozen=True)
class Exponential:
    """`factor` times as much after each step."""

    factor: float

    def __post_init__(self) -> None:
        _check_share("exponential", "factor", self.factor)

    def __call__(self, count: int) -> float:
        return float(self.factor**count)


@dataclass(frozen=True)
class Cosine:
    """floor + (1 - floor) (1 + cos(π count/steps))/2, and the floor after so many steps."""

    steps: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        _check_steps("cosine", "steps", self.steps)
        _check_share("cosine", "floor", self.floor)

    def __call__(self, count: int) -> float:
        way = min(count / self.steps, 1.0)
        return self.floor + (1 - self.floor) * (1 + cos(pi * way)) / 2


@dataclass(frozen=True)
class WarmUp:
    """1/steps, 2/steps, … up to 1, and then another schedule from its beginning.

    >>> [WarmUp(4)(count) for count in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    steps: int
    then: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        _check_steps("warmup", "steps", self.steps)

    def __call__(self, count: int) -> float:
        return (count + 1) / self.steps if count < self.steps else self.then(count - self.steps)


KINDS = {"constant": Constant, "step": StepDecay, "exponential": Exponential, "cosine": Cosine}


def schedule(text: str) -> Schedule:
    """The schedule that a text names.

    >>> schedule("warmup:100,cosine:1000")
    WarmUp(steps=100, then=Cosine(steps=1000, floor=0.0))
    """
    first, comma, rest = text.partition(",")
    name, *numbers = first.strip().split(":")
    if name == "warmup":
        (steps,) = _numbers(text, name, numbers, (int,), 1)
        return WarmUp(int(steps), schedule(rest) if comma else Constant())
    if name not in KINDS:
        raise UsageError(
            f"schedule '{text}': '{name}' is none{suggestion(name, [*KINDS, 'warmup'])}; there are"
            f" {', '.join(KINDS)}, and warmup:STEPS before any of them, with a comma"
        )
    if comma:
        raise UsageError(
            f"schedule '{text}': {name} goes on for ever, nothing comes after it; expected a comma"
            " after warmup:STEPS alone"
        )
    kind = KINDS[name]
    parts = fields(kind)
    types = tuple(int if part.type is int else float for part in parts)
    needed = sum(part.name in ("every", "steps") or kind is Exponential for part in parts)
    made: Schedule = kind(*_numbers(text, name, numbers, types, needed))
    return made


def _numbers(
    text: str, name: str, said: list[str], types: tuple[type[int] | type[float], ...], needed: int
) -> list[int | float]:
    """The numbers after a name, of these types; only so many have to be there."""
    if not needed <= len(said) <= len(types):
        wanted = str(needed) if needed == len(types) else f"{needed} to {len(types)}"
        raise UsageError(
            f"schedule '{text}': {name} has {len(said)} numbers; expected {wanted}, as in"
            f" '{EXAMPLES[name]}'"
        )
    try:
        return [kind(part) for kind, part in zip(types, said, strict=False)]
    except ValueError:
        raise UsageError(
            f"schedule '{text}': expected numbers after {name}, as in '{EXAMPLES[name]}'"
        ) from None


EXAMPLES = {
    "constant": "constant",
    "step": "step:1000:0.5",
    "exponential": "exponential:0.999",
    "cosine": "cosine:1000:0.1",
    "warmup": "warmup:100,cosine:1000",
}


def _check_steps(kind: str, name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{kind}: {name} is {value!r}; expected a whole number, at least 1")


def _check_share(kind: str, name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"{kind}: {name} is {value}; expected a number from 0 to 1")
