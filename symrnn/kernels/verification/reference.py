"""What a text itself gives, at 50 digits: its values, and slopes by differences of them."""

from dataclasses import dataclass

import numpy as np

from symrnn.errors import DataError
from symrnn.interpret.interpreter import Result
from symrnn.interpret.oracle import DIGITS, precise
from symrnn.kernels.verification.calls import as_ids
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.exact import NO_NUMBER, floats, worked_out
from symrnn.kernels.verification.large import Large, large
from symrnn.kernels.verification.lengths import Joined
from symrnn.kernels.verification.windowed import windowed
from symrnn.language.table import Array

FEW_STEPS = 4
FEW_ENTRIES = 50
"""Up to here every entry of a gradient is looked at; above, one direction of each, which no error
is likely to be at right angles to. The complex step and the differences of the kernel itself look
at every entry in both cases."""


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
    large: Large | None
    """The value with large parameters, where there is one."""

    @property
    def scale(self) -> float:
        """The norm of the whole gradient."""
        return float(np.sqrt(sum(np.sum(np.square(s)) for s in self.slopes.values())))


def reference(case: Case, every: bool | None = None) -> Reference:
    """Work out the text of a case. Without `every`, the sizes decide."""
    count = sum(int(np.prod(case.full_shape(name))) for name in case.wrt)
    if every is None:
        every = case.steps <= FEW_STEPS and count <= FEW_ENTRIES
    try:
        result = worked_out(case, case.data, DIGITS)
        if case.windows is not None:
            text, data = windowed(case.written, case.symbols, case.windows, case.data)
            slope = precise(text, data, case.steps, case.value)
        else:
            slope = precise(case.written, case.data, case.steps, case.value, case.run_of)
        ways = {name: directions(case, name, None if every else 1) for name in case.wrt}
        slopes = {
            name: np.array([slope(case.way(name, way)) for way in found])
            for name, found in ways.items()
        }
        outputs = {name: floats(result[name]) for name in case.outputs}
        if case.unnamed:
            form = worked_out(case, case.data, DIGITS, normal=True)
            outputs |= {name: floats(form[name]) for name in case.unnamed}
        value = float(case.value(result))
    except NO_NUMBER:
        raise DataError(
            f"with the numbers drawn by seed {case.seed} the text itself gives no real number;"
            " try another --seed"
        ) from None
    size = sum(float(np.sum(np.abs(w * outputs[name]))) for name, w in case.weights.items())
    states = final_states(case, result)
    return Reference(value, size or abs(value), outputs, states, ways, slopes, every, large(case))


def directions(case: Case, name: str, count: int | None) -> Array:
    """Every entry by itself, or so many random directions of length one."""
    shape = case.full_shape(name)
    if count is None:
        return np.eye(int(np.prod(shape))).reshape(-1, *shape)
    rng = np.random.default_rng([case.seed, 2, case.wrt.index(name)])
    drawn = rng.normal(size=(count, int(np.prod(shape))))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.reshape(-1, *shape)


def final_states(case: Case, result: Result | Joined) -> dict[str, Array]:
    """What a run leaves for the next: of a recurrence that runs backwards, its first steps."""

    def last(name: str) -> Array:
        ref = case.states[name]
        backward = ref.base == "T"
        first, last = (ref.shift, None) if backward else (None, ref.shift + 1)
        return as_ids(case, name, floats(result.at(ref.name, first, last)))

    return {
        key: np.stack([last(name) for name in own]) if len(own) > 1 else last(key)
        for key, own in case.groups.items()
    }
