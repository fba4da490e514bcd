"""How good predictions are: pure functions, target first, as in the losses of the language.

Where a prediction has a step, time comes first: (T, B, C). `weights`, (T, B) or (T, B, 1), says how
much each counts, and `lengths`, (B,), how many steps of each sequence do; what does not count may
hold anything. A class is a one-hot row or a number: (T, B, C) or (T, B).

>>> y, yhat = np.array([[1.0], [0.0], [1.0]]), np.array([[0.9], [0.2], [0.4]])
>>> round(binary_accuracy(y, yhat), 4), confusion(y, yhat).tolist()
(0.6667, [[1, 0], [1, 1]])
"""

from math import log

import numpy as np
from numpy.typing import ArrayLike

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.weights.expected import check_plain


def binary_accuracy(
    y: ArrayLike,
    yhat: ArrayLike,
    *,
    threshold: float = 0.5,
    weights: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> float:
    """The share of yes and no that is right, over all features."""
    y, yhat = _alike(y, yhat)
    right = (y > threshold) == (yhat > threshold)
    return _mean(right.mean(-1), _counted(yhat, weights, lengths))


def class_accuracy(
    y: ArrayLike,
    yhat: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> float:
    """The share of rows in which the likeliest class is the right one.

    >>> class_accuracy([0, 2], [[0.6, 0.3, 0.1], [0.1, 0.7, 0.2]])
    0.5
    """
    yhat = _plain("yhat", yhat)
    counted = _counted(yhat, weights, lengths)
    return _mean(_classes(y, yhat, counted) == yhat.argmax(-1), counted)


def squared_error(
    y: ArrayLike,
    yhat: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> float:
    """The mean of (ŷ - y)² over features, steps and sequences.

    >>> squared_error([[1.0], [2.0]], [[1.0], [4.0]])
    2.0
    """
    y, yhat = _alike(y, yhat)
    with np.errstate(all="ignore"):
        return _mean(((yhat - y) ** 2).mean(-1), _counted(yhat, weights, lengths))


def bits_per_character(
    y: ArrayLike,
    yhat: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> float:
    """The mean of -log₂ of the probability that the right class was given.

    >>> bits_per_character([0, 1], [[0.5, 0.5], [0.75, 0.25]])
    1.5
    """
    yhat = _plain("yhat", yhat)
    counted = _counted(yhat, weights, lengths)
    right = np.take_along_axis(yhat, _classes(y, yhat, counted)[..., None], -1)[..., 0]
    with np.errstate(all="ignore"):
        return _mean(-np.log2(right), counted)


def bits(nats: float) -> float:
    """A cross-entropy, which a kernel counts in nats, in bits.

    >>> bits(2 * log(2))
    2.0
    """
    return nats / log(2)


def confusion(
    y: ArrayLike,
    yhat: ArrayLike,
    *,
    threshold: float = 0.5,
    weights: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> Array:
    """How often each class (row) was taken for each (column): no and yes where the width is 1.
    What has a weight other than 0 is counted."""
    yhat = _plain("yhat", yhat)
    counted = _counted(yhat, weights, lengths)
    if yhat.shape[-1] == 1:
        y, yhat = _alike(y, yhat)
        truth, found, count = y[..., 0] > threshold, yhat[..., 0] > threshold, 2
    else:
        truth, found, count = _classes(y, yhat, counted), yhat.argmax(-1), yhat.shape[-1]
    counts = counted != 0
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (truth[counts].astype(int), found[counts].astype(int)), 1)
    return table


def _alike(y: ArrayLike, yhat: ArrayLike) -> tuple[Array, Array]:
    y, yhat = _plain("y", y), _plain("yhat", yhat)
    if y.shape != yhat.shape:
        raise DataError(f"y has shape {y.shape} and yhat {yhat.shape}; expected the same")
    return y, yhat


def _classes(y: ArrayLike, yhat: Array, counted: Array) -> Array:
    """The right classes as numbers; where nothing counts, any."""
    y, count = _plain("y", y), yhat.shape[-1]
    if y.shape == yhat.shape:
        return np.asarray(y.argmax(-1))
    if y.shape != yhat.shape[:-1] or y.dtype.kind not in "iu":
        raise DataError(
            f"y is {y.dtype} of shape {y.shape}; expected one-hot rows of shape {yhat.shape}, or"
            f" whole numbers of shape {yhat.shape[:-1]}"
        )
    there = (y >= 0) & (y < count)
    odd = y[~there & (counted != 0)]
    if odd.size:
        raise DataError(f"y holds the class {odd[0]}; expected numbers from 0 to {count - 1}")
    return np.where(there, y, 0)


def _mean(values: Array, counted: Array) -> float:
    total = float(counted.sum())
    if not total:
        raise DataError("nothing counts: all weights are 0; expected one that is not")
    return float((np.where(counted, values, 0) * counted).sum()) / total


def _plain(name: str, value: ArrayLike) -> Array:
    check_plain(name, value)
    return np.asarray(value)


def _counted(yhat: Array, weights: ArrayLike | None, lengths: ArrayLike | None) -> Array:
    """How much each prediction counts."""
    shape = np.shape(yhat)[:-1]
    found = np.ones(shape)
    if weights is not None:
        given = _plain("weights", weights).astype(np.float64)
        if given.shape not in (shape, (*shape, 1)):
            raise DataError(f"weights have shape {given.shape}; expected {shape}")
        found *= given.reshape(shape)
    if lengths is not None:
        ends = np.asarray(lengths)
        if len(shape) != 2 or ends.shape != shape[1:]:
            raise DataError(
                f"lengths have shape {ends.shape}, and what is measured {shape}; expected (B,) for"
                " (T, B)"
            )
        found *= np.arange(shape[0])[:, None] < ends
    return found
