"""Gradients that use no derivative rule: the written equations, evaluated at neighbouring points.

- `precise`  differences in mpmath at 50 digits
- `complex_step`  exact to rounding, wherever every function is analytic
- `central`  central differences in float64, for the rest

Each works on the text's own tree, and so shares no rewriting and no derivative with the rest. Each
gives a function that takes a direction, an array for each name that moves, and returns the slope
of the loss along it. `complex_slope` and `central_slope` do the same to any function of the data.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from symrnn.interpret.arithmetic import Arithmetic, Floats, mpmath_objects
from symrnn.interpret.held import held
from symrnn.interpret.interpreter import Interpreter
from symrnn.interpret.sizes import Data
from symrnn.language.arrays import Array
from symrnn.language.calls import rough_functions
from symrnn.language.tree import Written

DIGITS = 50
AHEAD, AROUND = 25, 16
"""At 50 digits h = 1e-25 for a difference ahead, with an error of order 1e-25; for a central one,
which at a tie of two maxima is the mean of both sides, 1e-16 and 1e-32."""

Direction = Mapping[str, Array]
Slope = Callable[[Direction], float]
Value = Callable[[Data], Any]
"""A number that depends on the data, such as the loss of a kernel."""

STEP = 1e-5
"""Of a central difference in float64: truncation and rounding are then both about 1e-10."""
SMOOTH_STEP = 3e-5
"""Of one of the fourth order, (4 D(h) - D(2h)) / 3, where D(h) is the one above: half the rounding,
and little truncation even in long sequences, whose third slopes are thousands of times the first.
"""


def complex_step(written: Written, data: Data, steps: int) -> Slope:
    """Im L(x + ihd) / h: no difference is taken, so h can be as small as one likes."""
    run, on = Interpreter(written), Floats(complex)
    here = run(data, steps, on)
    return complex_slope(lambda moved: run(moved, steps, on, here).loss, data)


def central(written: Written, data: Data, steps: int) -> Slope:
    """(L(x + hd) - L(x - hd)) / 2h, in float64."""
    written, data = held(written, data, _alone(steps, Floats(float)))
    run = Interpreter(written)
    return central_slope(lambda moved: run(moved, steps).loss, data)


def complex_slope(value: Value, data: Data) -> Slope:
    h = 1e-30
    return lambda direction: float(value(_moved(data, direction, 1j * h)).imag / h)


def central_slope(value: Value, data: Data, smooth: bool = False) -> Slope:
    """Differences around the data; of the fourth order, where no step may cross an edge."""

    def difference(direction: Direction, step: float) -> float:
        ahead = value(_moved(data, direction, step))
        behind = value(_moved(data, direction, -step))
        return float((ahead - behind) / (2 * step))

    def slope(direction: Direction) -> float:
        if not smooth:
            return difference(direction, STEP)
        near, far = (difference(direction, step) for step in (SMOOTH_STEP, 2 * SMOOTH_STEP))
        return (4 * near - far) / 3

    return slope


def precise(
    written: Written,
    data: Data,
    steps: int,
    of: Callable[[Any], Any] | None = None,
    make: Callable[[Written], Callable[..., Any]] = Interpreter,
) -> Slope:
    """Differences at 50 digits, where neither the step nor rounding is felt in the first 16.

    `of` is the number whose slope is wanted; without it, that is the loss. `make` makes ready what
    works a text out: for all sequences side by side, unless it is said.
    """
    on = mpmath_objects(DIGITS)
    value = of or (lambda result: result.loss)
    written, data = held(written, data, _alone(steps, on, make))
    run = make(written)
    exact = {name: exactly(on, array) for name, array in data.items()}
    smooth = not rough_functions(written)
    h = on.number(Fraction(1, 10 ** (AHEAD if smooth else AROUND)))

    @cache
    def here() -> Any:
        return run(exact, steps, on)

    def slope(direction: Direction) -> float:
        way = {name: exactly(on, array) for name, array in direction.items()}
        ahead = value(run(_moved(exact, way, h), steps, on, here()))
        if smooth:
            return float((ahead - value(here())) / h)
        behind = value(run(_moved(exact, way, -h), steps, on, here()))
        return float((ahead - behind) / (2 * h))

    return slope


def _alone(
    steps: int, on: Arithmetic, make: Callable[[Written], Callable[..., Any]] = Interpreter
) -> Callable[[Written], Callable[[Data], Any]]:
    """What works a text out in an arithmetic, from floats."""

    def ready(written: Written) -> Callable[[Data], Any]:
        run = make(written)
        return lambda data: run({n: exactly(on, a) for n, a in data.items()}, steps, on)

    return ready


def gradient(slope: Slope, data: Data, name: str) -> Array:
    """The gradient by one name, entry by entry."""
    found = np.empty(np.shape(data[name]))
    for entry in np.ndindex(found.shape):
        direction = np.zeros(found.shape)
        direction[entry] = 1
        found[entry] = slope({name: direction})
    return found


def error(found: Array, wanted: Array, floor: float = 0.0) -> float:
    """How far two gradients are apart, relative to the norm of the wanted one.

    `floor` is the least norm that counts: a difference of two losses carries their rounding, and
    says nothing of gradients far smaller than that.
    """
    distance = float(np.linalg.norm(np.ravel(found) - np.ravel(wanted)))
    size = max(floor, float(np.linalg.norm(np.ravel(wanted))))
    return distance / size if size > 0 else distance


def _moved(data: Data, direction: Direction, by: Any) -> Data:
    return {**data, **{name: data[name] + by * way for name, way in direction.items()}}


def exactly(on: Arithmetic, values: Any) -> Array:
    """Floats as the numbers that they are, in another arithmetic."""
    each = np.frompyfunc(lambda value: on.number(Fraction(float(value))), 1, 1)
    return on.array(each(np.asarray(values)))
