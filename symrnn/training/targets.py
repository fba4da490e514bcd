"""y as an estimator gets it, checked: labels, or numbers."""

from typing import Any

import numpy as np

from symrnn.errors import EstimatorError
from symrnn.language.table import Array
from symrnn.training.conventions import warn_of_column
from symrnn.training.datasets import numbers
from symrnn.weights.expected import check_plain


def labels_of(y: Any, count: int) -> tuple[Array, Array]:
    """The classes in order, and the number of each label's class.

    >>> labels_of(["no", "yes", "no"], 3)
    (array(['no', 'yes'], dtype='<U3'), array([0, 1, 0]))
    """
    labels = _targets(y, count, "labels")
    if labels.ndim == 2 and labels.shape[1] == 1:
        warn_of_column()
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise EstimatorError(f"y has shape {labels.shape}; expected (n,), a label a sequence")
    if labels.dtype.kind == "f":
        odd = labels[labels != np.floor(labels)]  # nan is odd too
        if odd.size or np.isinf(labels).any():
            shown = odd[0] if odd.size else "inf"
            raise EstimatorError(
                f"Unknown label type: y holds {shown}; expected labels, or SequenceRegressor for"
                " continuous numbers"
            )
    try:
        classes, places = np.unique(labels, return_inverse=True)
    except TypeError:
        raise EstimatorError(
            "Unknown label type: y mixes kinds of labels that have no order; expected all strings"
            " or all numbers"
        ) from None
    if len(classes) < 2:
        raise EstimatorError(f"y has one class, {classes[0]}; expected at least two")
    return classes, places


def numbers_of(y: Any, count: int, dtype: Any) -> Array:
    """Numbers to come near to: (n,), or (n, C)."""
    found = numbers(_targets(y, count, "targets"), "y")
    if found.ndim not in (1, 2) or not found.size:
        raise EstimatorError(f"y has shape {found.shape}; expected (n,) or (n, C)")
    with np.errstate(over="ignore"):
        wanted: Array = found.astype(dtype)
    odd = np.argwhere(~np.isfinite(wanted))
    if len(odd):
        at = ", ".join(map(str, odd[0]))
        value = found[tuple(odd[0])]
        raise EstimatorError(f"y[{at}] is {value}; expected finite numbers of {wanted.dtype}")
    return wanted


def _targets(y: Any, count: int, what: str) -> Array:
    if y is None:
        raise EstimatorError(
            "fit requires y to be passed, but the target y is None; expected one a sequence"
        )
    check_plain("y", y, EstimatorError)
    found = np.asarray(y)
    if found.dtype.kind == "c":
        raise EstimatorError(f"Complex data not supported: y is {found.dtype}")
    if found.ndim == 0 or len(found) != count:
        held = len(found) if found.ndim else 1
        raise EstimatorError(f"X has {count} sequences and y {held} {what}; expected as many")
    return found
