"""Masks for `with_dropout` and `with_zoneout`: drawn by NumPy, the same for the same generator."""

import numpy as np
from numpy.typing import DTypeLike

from symrnn.errors import DataError
from symrnn.language.table import Array

Shape = int | tuple[int, ...]


def dropout(
    rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike = np.float64
) -> Array:
    """0 with probability p, else 1/(1 - p): on average a mask changes nothing.

    >>> dropout(np.random.default_rng(0), (2, 4), 0.5).tolist()
    [[2.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]]
    """
    dropped = _drawn(rng, shape, p, dtype)
    return np.where(dropped, 0, 1 / (1 - p)).astype(dtype)


def zoneout(
    rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike = np.float64
) -> Array:
    """1, which keeps the old value, with probability p, else 0.

    >>> zoneout(np.random.default_rng(0), (2, 4), 0.5).tolist()
    [[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """
    return _drawn(rng, shape, p, dtype).astype(dtype)


def _drawn(rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike) -> Array:
    """True with probability p; drawn in double precision, so that every dtype has the same mask."""
    if not 0 <= p < 1:
        raise DataError(f"the probability is {p}; expected a number from 0 to below 1, such as 0.2")
    if np.dtype(dtype).kind not in "fc":
        raise DataError(
            f"a mask of {np.dtype(dtype)} cannot hold 1/(1 - p); expected a float dtype"
        )
    return np.asarray(rng.random(shape) < p)
