"""What a text itself gives, at 50 digits: its values, and slopes by differences of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.arithmetic import mpmath_objects
from symrnn.errors import DataError
from symrnn.functions import Array
from symrnn.interpret import Interpreter, Result
from symrnn.oracle import DIGITS, exactly, precise
from symrnn.verification.case import Case

FEW_STEPS = 4
FEW_ENTRIES = 600
"""Up to here every entry of a gradient is looked at; above, three directions of each."""
DIRECTIONS = 3
LARGE = 1000
"""Parameters so many times as large take an exponential out of float64 ..."""
LARGE_DIGITS = 3000
"""... and one minus a sigmoid of theirs has as many nines."""
LARGE_WORK = 10_000
"""Steps times sequences times parameters, up to where that is quick enough."""
ROUNDING = 2.0**-52


@dataclass(frozen=True)
class Reference:
    """The numbers that a kernel is to give."""

    value: float
    """The loss, or the weighted sum of the outputs."""
    size: float
    """The same with every term taken as positive: what rounding is relative to."""
    outputs: dict[str, Array]
    states: dict[str, Array]
    """After the last step, under the names that a kernel has for them."""
    ways: dict[str, Array]
    """For each gradient, the directions in which it is looked at, one after the other."""
    slopes: dict[str, Array]
    every: bool
    """Whether the directions are the entries, all of them."""
    large: tuple[float, float] | None
    """The value with large parameters and how far it may be off; None where it is not finite."""

    @property
    def scale(self) -> float:
        """The norm of the whole gradient."""
        return float(np.sqrt(sum(np.sum(np.square(s)) for s in self.slopes.values())))


def reference(case: Case, every: bool | None = None) -> Reference:
    """Work out the text of a case. Without `every`, the sizes decide."""
    count = sum(int(np.prod(case.shape(name))) for name in case.wrt)
    if every is None:
        every = case.steps <= FEW_STEPS and count <= FEW_ENTRIES
    try:
        result = _exact_result(case, case.data, DIGITS)
        slope = precise(case.written, case.data, case.steps, case.value)
        ways = {name: directions(case, name, every) for name in case.wrt}
        slopes = {
            name: np.array([slope({name: way}) for way in found]) for name, found in ways.items()
        }
        outputs = {name: _floats(result[name]) for name in case.outputs}
        value = float(case.value(result))  # type: ignore[arg-type]  # a number of any kind
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise DataError(
            f"with the numbers drawn by seed {case.seed} the text itself gives no real number;"
            " try another --seed"
        ) from None
    size = sum(float(np.sum(np.abs(w * outputs[name]))) for name, w in case.weights.items())
    states = final_states(case, result)
    large = value_if_large(case) if case.steps * case.batch * count <= LARGE_WORK else None
    return Reference(value, size or abs(value), outputs, states, ways, slopes, every, large)


def larger(case: Case) -> dict[str, Array]:
    """The numbers of a case with large parameters."""
    parameters = {symbol.name for symbol in case.named("parameter")}
    return {n: array * LARGE if n in parameters else array for n, array in case.data.items()}


def value_if_large(case: Case) -> tuple[float, float] | None:
    """The value with large parameters, and how much of it is rounding.

    A thousand times what the value moves when every number moves by its last bit: of a system
    that is chaotic then, nothing is asked.
    """
    rng = np.random.default_rng([case.seed, 3])
    data = larger(case)
    near = {n: a * (1 + ROUNDING * rng.choice([-1, 1], np.shape(a))) for n, a in data.items()}
    try:
        value, other = (
            float(case.value(_exact_result(case, each, LARGE_DIGITS)))  # type: ignore[arg-type]
            for each in (data, near)
        )
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (value, 1000 * abs(value - other)) if np.isfinite([value, other]).all() else None


def directions(case: Case, name: str, every: bool) -> Array:
    """Every entry by itself, or three random directions of length one."""
    shape = case.shape(name)
    if every:
        return np.eye(int(np.prod(shape))).reshape(-1, *shape)
    rng = np.random.default_rng([case.seed, 2, case.wrt.index(name)])
    drawn = rng.normal(size=(DIRECTIONS, int(np.prod(shape))))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.reshape(-1, *shape)


def final_states(case: Case, result: Result) -> dict[str, Array]:
    """What a run leaves for the next: of a recurrence that runs backwards, its first steps."""

    def last(name: str) -> Array:
        ref = case.states[name]
        step = ref.shift if ref.base == "T" else case.steps + ref.shift + 1
        return _floats(result.values[ref.name, step])

    return {
        key: np.stack([last(name) for name in own]) if len(own) > 1 else last(key)
        for key, own in case.groups.items()
    }


def _exact_result(case: Case, data: dict[str, Array], digits: int) -> Result:
    on = mpmath_objects(digits)
    exact = {name: exactly(on, array) for name, array in data.items()}
    return Interpreter(case.written)(exact, case.steps, on)


def _floats(values: Any) -> Array:
    return np.asarray(np.frompyfunc(float, 1, 1)(values), float)
