"""Functions in NumPy that neither overflow nor lose digits, for the rows of the table.

Complex numbers pass through, and a branch is chosen by the real part, so that a complex step
differentiates the branch on which the real point lies.
"""

from functools import cache
from importlib import import_module
from typing import Any

from symrnn.language.arrays import Array, np


def sigmoid(x: Array) -> Array:
    left = x.real < 0
    e = np.exp(np.where(left, x, -x))
    return np.asarray(np.where(left, e, 1) / (1 + e))


def positive(x: Array) -> Array:
    """What is above zero in x, and zero elsewhere: relu."""
    return np.where(x.real > 0, x, 0 * x.real)


def softplus(x: Array) -> Array:
    return positive(x) + np.log1p(np.exp(np.where(x.real < 0, x, -x)))


def step(x: Array) -> Array:
    return np.asarray(np.where(np.isnan(x.real), x.real, x.real > 0), x.dtype)


def stop(x: Array) -> Array:
    return np.asarray(x.real, x.dtype)


def greater(a: Array, b: Array) -> Array:
    """The larger of each two, a where they are as large; what is no number stays so."""
    return np.where((a.real >= b.real) | np.isnan(a.real), a, b)


def erf(z: Array) -> Array:
    """
    >>> import numpy as np
    >>> erf(np.array([0.5, -3.0])).round(6).tolist()
    [0.5205, -0.999978]
    """
    out = np.empty_like(z)
    _of_the_source()["_erf"](z, out)
    return out


@cache
def _of_the_source() -> dict[str, Any]:
    """What ERF defines."""
    names: dict[str, Any] = {"np": import_module("numpy")}
    exec(ERF, names)
    return names


ERF = '''\
def _erf(z, out):
    """2/√π times the integral of exp(-s²) from 0 to z, by Cody's rational forms (1969).

    What is complex is differentiated at its real part, as a complex step asks.
    """
    x = z.real
    y = np.abs(x)
    near = x * _ratio(_ERF_NEAR, np.minimum(y, 0.5) ** 2)
    middle = _ratio(_ERF_MIDDLE, np.clip(y, 0.4, 4))
    w = np.maximum(y, 3)
    far = (0.5641895835477563 - _ratio(_ERF_FAR, 1 / w**2) / w**2) / w
    rest = np.exp(-y * y) * np.where(y > 4, far, middle)
    value = np.where(y <= 0.46875, near, np.where(x < 0, rest - 1, 1 - rest))
    if z.dtype.kind == "c":
        value = value + 1.1283791670955126j * z.imag * np.exp(-x * x)
    np.copyto(out, value)


def _ratio(coefficients, z):
    """One polynomial over another, highest powers first."""
    over, under = 0 * z, 0 * z + 1
    for i, (p, q) in enumerate(coefficients):
        over, under = over * z + p, under * z + q if i else under
    return over / under


_ERF_NEAR = (
    (0.185777706184603153, 1),
    (3.16112374387056560, 23.6012909523441209),
    (113.864154151050156, 244.024637934444173),
    (377.485237685302021, 1282.61652607737228),
    (3209.37758913846947, 2844.23683343917062),
)
_ERF_MIDDLE = (
    (2.15311535474403846e-8, 1),
    (0.564188496988670089, 15.7449261107098347),
    (8.88314979438837594, 117.693950891312499),
    (66.1191906371416295, 537.181101862009858),
    (298.635138197400131, 1621.38957456669019),
    (881.952221241769090, 3290.79923573345963),
    (1712.04761263407058, 4362.61909014324716),
    (2051.07837782607147, 3439.36767414372164),
    (1230.33935479799725, 1230.33935480374942),
)
_ERF_FAR = (
    (0.0163153871373020978, 1),
    (0.305326634961232344, 2.56852019228982242),
    (0.360344899949804439, 1.87295284992346725),
    (0.125781726111229246, 0.527905102951428412),
    (0.0160837851487422766, 0.0605183413124413191),
    (0.000658749161529837803, 0.00233520497626869185),
)
'''
"""The error function, of NumPy alone, as generated files that need it hold it.

The rational forms are those of W. J. Cody, Rational Chebyshev approximations for the error
function, Mathematics of Computation 23 (1969).
"""
