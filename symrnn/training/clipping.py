"""Gradients that are too long are shortened; entries that are too large are cut off. In place."""

from math import inf, isfinite, sqrt

import numpy as np

from symrnn.language.table import Array

SMALL = 1e-30  # below it, squares of single precision have lost digits


def norm(vector: Array) -> float:
    """The Euclidean norm, also where squares overflow; nan or inf if an entry is.

    >>> norm(np.array([3.0, 4.0]))
    5.0
    >>> f"{norm(np.array([3e30, 4e30], np.float32)):.6}"
    '5e+30'
    """
    with np.errstate(all="ignore"):
        square = float(vector.dot(vector))
    if SMALL < square < inf:
        return sqrt(square)
    largest = float(np.abs(vector).max(initial=0))
    if not isfinite(largest) or not largest:
        return largest
    scaled = vector.astype(np.float64) / largest
    return largest * sqrt(float(scaled.dot(scaled)))


def clip_norm(gradient: Array, most: float, found: float | None = None) -> float:
    """Shorten the gradient to the norm `most` if it is longer; its norm before is the answer.

    `found` is that norm, if it is known already.

    >>> gradient = np.array([3.0, 4.0])
    >>> clip_norm(gradient, 1.0), gradient.round(12).tolist()
    (5.0, [0.6, 0.8])
    """
    found = norm(gradient) if found is None else found
    if found > most:
        np.multiply(gradient, most / found, gradient)
    return found


def clip_value(gradient: Array, most: float) -> None:
    """Cut every entry off at -most and most.

    >>> gradient = np.array([3.0, -4.0, 0.5])
    >>> clip_value(gradient, 1.0)
    >>> gradient.tolist()
    [1.0, -1.0, 0.5]
    """
    np.minimum(gradient, most, out=gradient)
    np.maximum(gradient, -most, out=gradient)
