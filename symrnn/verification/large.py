"""What a text gives with large parameters, where a careless formula would overflow."""

from dataclasses import dataclass

import numpy as np

from symrnn.functions import Array
from symrnn.verification.case import Case
from symrnn.verification.exact import NO_NUMBER, worked_out

TIMES = (1000, 300, 100, 30, 10, 5, 4, 3, 2)
"""The largest of these is taken with which the text itself has a value, and no exp that it asks
for leaves the range of floats."""
DIGITS = 3000
"""One minus a sigmoid has as many nines as its argument has digits of e: many hundreds."""
WORK = 10_000
"""Steps times sequences times entries of gradients, up to where that is quick enough."""
ROUNDING = 2.0**-52
LEEWAY = 1000


@dataclass(frozen=True)
class Large:
    """The value of a text with all parameters larger."""

    times: int
    value: float
    moves: float
    """How far the value moves when every number moves by its last bit, and a thousand times that:
    of a system that is chaotic then, nothing is asked."""


def large(case: Case) -> Large | None:
    """The value, if the text has one and it does not take too long."""
    named = case.wrt or [symbol.name for symbol in case.named("parameter")]
    entries = sum(int(np.prod(case.full_shape(name))) for name in named)
    if case.steps * case.batch * entries > WORK or not named:
        return None
    return next((found for times in TIMES if (found := _value(case, times)) is not None), None)


def larger(case: Case, times: int) -> dict[str, Array]:
    """The numbers of a case with larger parameters."""
    parameters = {symbol.name for symbol in case.named("parameter")}
    return {name: a * times if name in parameters else a for name, a in case.data.items()}


def _value(case: Case, times: int) -> Large | None:
    rng = np.random.default_rng([case.seed, 3])
    data = larger(case, times)
    near = {n: a * (1 + ROUNDING * rng.choice([-1, 1], np.shape(a))) for n, a in data.items()}
    try:
        value, other = (
            case.value(worked_out(case, each, DIGITS, in_range=True)) for each in (data, near)
        )
        found = Large(times, float(value), LEEWAY * abs(float(value) - float(other)))
    except NO_NUMBER:
        return None
    return found if np.isfinite([found.value, found.moves]).all() else None
