"""Gradients that use no derivative rule: from the written equations, by evaluating them alone.

- `precise`  central differences in mpmath at 50 digits; no function is too rough, no step too small
- `complex_step`  exact to rounding wherever every function is analytic
- `central`  central differences in float64, for the rest

Each goes through the interpreter on the text's own tree, and so shares nothing with normal form,
adjoint or kernels.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from symrnn.arithmetic import Arithmetic, mpmath_objects
from symrnn.functions import ELEMENTWISE, Array
from symrnn.interpret import interpret
from symrnn.language.tree import Call, Written, walk
from symrnn.sizes import Data

DIGITS = 50
STEP = 16
"""Central differences at 50 digits take h = 1e-16: an error of 1e-32, and 18 digits to spare."""

ROUGH = {name for name, row in ELEMENTWISE.items() if not row.analytic}
"""Functions through which no complex step may be taken."""

Loss = Callable[[Data], Any]


def loss_of(written: Written, steps: int, arithmetic: Arithmetic | None = None) -> Loss:
    """The loss of the equations as they are written, as a function of the data."""
    return lambda data: interpret(written, data, steps, arithmetic).loss


def is_analytic(written: Written) -> bool:
    """Whether a complex step may be taken through every function of the text."""
    for definition in written.definitions:
        for node in walk(definition.body):
            if isinstance(node, Call) and node.function in ROUGH:
                return False
    return True


def complex_step(
    written: Written, data: Data, steps: int, name: str, entries: Iterable[Any] | None = None
) -> Array:
    """∂L/∂name, entry by entry, as Im L(x + ih)/h."""
    loss, h = loss_of(written, steps), 1e-30

    def slope(entry: Any) -> float:
        return float(loss(_moved(data, name, entry, 1j * h, complex)).imag / h)

    return _each(data, name, slope, entries)


def central(
    written: Written,
    data: Data,
    steps: int,
    name: str,
    entries: Iterable[Any] | None = None,
    h: float = 1e-5,
) -> Array:
    """∂L/∂name, entry by entry, as (L(x + h) - L(x - h))/2h."""
    loss = loss_of(written, steps)

    def slope(entry: Any) -> float:
        ahead = loss(_moved(data, name, entry, h, np.float64))
        behind = loss(_moved(data, name, entry, -h, np.float64))
        return float((ahead - behind) / (2 * h))

    return _each(data, name, slope, entries)


def precise(
    written: Written, data: Data, steps: int, name: str, entries: Iterable[Any] | None = None
) -> Array:
    """∂L/∂name, entry by entry, by central differences at 50 digits."""
    on = mpmath_objects(DIGITS)
    loss = loss_of(written, steps, on)
    h = on.number(Fraction(1, 10**STEP))
    exact = {key: _exact(on, value) for key, value in data.items()}

    def slope(entry: Any) -> float:
        ahead = loss(_moved(exact, name, entry, h, object))
        behind = loss(_moved(exact, name, entry, -h, object))
        return float((ahead - behind) / (2 * h))

    return _each(exact, name, slope, entries)


def _exact(on: Arithmetic, values: Any) -> Array:
    """Floats as the numbers that they are, in another arithmetic."""
    each = np.frompyfunc(lambda value: on.number(Fraction(float(value))), 1, 1)
    return on.array(each(np.asarray(values)))


def _each(
    data: Data, name: str, slope: Callable[[Any], float], entries: Iterable[Any] | None
) -> Array:
    shape = np.shape(data[name])
    if entries is not None:
        return np.array([slope(entry) for entry in entries])
    return np.array([slope(entry) for entry in np.ndindex(shape)]).reshape(shape)


def _moved(data: Data, name: str, entry: Any, by: Any, dtype: Any) -> Data:
    moved = np.array(data[name], dtype)
    moved[entry] += by
    return {**data, name: moved}


def error(found: Array, wanted: Array) -> float:
    """How far two gradients are apart, relative to the norm of the wanted one."""
    distance = float(np.linalg.norm(np.ravel(found) - np.ravel(wanted)))
    size = float(np.linalg.norm(np.ravel(wanted)))
    return distance / size if size > 0 else distance
