"""Gradients that use no derivative rule: the written equations, evaluated at neighbouring points.

- `precise`  central differences in mpmath at 50 digits
- `complex_step`  exact to rounding, wherever every function is analytic
- `central`  central differences in float64, for the rest

Each works on the text's own tree, and so shares no rewriting and no derivative with the rest. Each
gives a function that takes a direction, an array for each name that moves, and returns the slope
of the loss along it.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symrnn.arithmetic import Arithmetic, mpmath_objects
from symrnn.functions import ELEMENTWISE, Array
from symrnn.interpret import Interpreter
from symrnn.language.tree import Call, Written, walk
from symrnn.sizes import Data

DIGITS = 50
EXPONENT = 16
"""At 50 digits h = 1e-16: an error of order 1e-32, with 18 digits to spare."""

ROUGH = {name for name, row in ELEMENTWISE.items() if not row.analytic}
"""Functions through which no complex step may be taken."""

Direction = Mapping[str, Array]
Slope = Callable[[Direction], float]


def is_analytic(written: Written) -> bool:
    """Whether a complex step may be taken through every function of the text."""
    return not any(
        isinstance(node, Call) and node.function in ROUGH
        for definition in written.definitions
        for node in walk(definition.body)
    )


def complex_step(written: Written, data: Data, steps: int) -> Slope:
    """Im L(x + ihd) / h: no difference is taken, so h can be as small as one likes."""
    run, h = Interpreter(written), 1e-30
    return lambda direction: float(run(_moved(data, direction, 1j * h), steps).loss.imag / h)


def central(written: Written, data: Data, steps: int) -> Slope:
    """(L(x + hd) - L(x - hd)) / 2h, in float64."""
    run, h = Interpreter(written), 1e-5

    def slope(direction: Direction) -> float:
        ahead = run(_moved(data, direction, h), steps).loss
        behind = run(_moved(data, direction, -h), steps).loss
        return float((ahead - behind) / (2 * h))

    return slope


def precise(written: Written, data: Data, steps: int) -> Slope:
    """The same at 50 digits, where neither the step nor rounding is felt in the first 16."""
    run, on = Interpreter(written), mpmath_objects(DIGITS)
    h = on.number(Fraction(1, 10**EXPONENT))
    exact = {name: _exact(on, value) for name, value in data.items()}

    def slope(direction: Direction) -> float:
        way = {name: _exact(on, value) for name, value in direction.items()}
        ahead = run(_moved(exact, way, h), steps, on).loss
        behind = run(_moved(exact, way, -h), steps, on).loss
        return float((ahead - behind) / (2 * h))

    return slope


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


def _exact(on: Arithmetic, values: Any) -> Array:
    """Floats as the numbers that they are, in another arithmetic."""
    each = np.frompyfunc(lambda value: on.number(Fraction(float(value))), 1, 1)
    return on.array(each(np.asarray(values)))
