"""X as an estimator gets it, checked: sequences of one length, or of several."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.errors import EstimatorError
from symrnn.language.table import Array
from symrnn.training.conventions import check_whole
from symrnn.weights.expected import check_plain


@dataclass(frozen=True)
class Sequences:
    """Where all are as long, one array for all, (T, n, D); else one a sequence, (T_i, D)."""

    lengths: Array
    columns: int
    """What scikit-learn calls the number of features: the columns of a table; else D."""
    stacked: Array | None
    arrays: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def width(self) -> int:
        """D."""
        return int((self.arrays[0] if self.stacked is None else self.stacked).shape[-1])

    def some(self, places: Array) -> "Sequences":
        """Those at these places."""
        if self.stacked is not None:
            stacked = self.stacked[:, places]
            return Sequences(self.lengths[places], self.columns, stacked)
        arrays = tuple(self.arrays[place] for place in places)
        return Sequences(self.lengths[places], self.columns, None, arrays)

    def padded(self, places: Array) -> Array:
        """x of these sequences, (T, B, D); zero where one has ended."""
        if self.stacked is not None:
            return self.stacked[:, places]
        lengths = self.lengths[places]
        x = np.zeros((lengths.max(), len(places), self.width), self.arrays[0].dtype)
        for column, (place, length) in enumerate(zip(places, lengths, strict=True)):
            x[:length, column] = self.arrays[place]
        return x


def sequences_of(data: Any, features: int | None, dtype: Any) -> Sequences:
    """X as an array (n, T, D), a list of arrays (T_i, D), or with `features` a table (n, T·D).

    >>> ragged = sequences_of([np.ones((2, 3)), np.zeros((1, 3))], None, float)
    >>> ragged.lengths.tolist(), ragged.width, ragged.padded(np.array([1, 0])).shape
    ([2, 1], 3, (2, 2, 3))
    >>> sequences_of(np.ones((5, 8)), 2, float).stacked.shape
    (4, 5, 2)
    """
    if hasattr(data, "toarray"):
        raise EstimatorError("X is sparse; expected dense numbers, X.toarray()")
    items = _items(data) if features is None else None
    if items is not None:
        return _ragged(items, dtype)
    X = numbers(data, "X")
    if features is not None:
        return _table(X, features, dtype)
    if X.ndim != 3:
        raise EstimatorError(
            f"X has shape {X.shape}; expected (n, T, D): sequences, steps, features, or a list of"
            " arrays (T, D). A table whose rows are whole sequences needs features=D; a series of"
            " single numbers is X[..., None]"
        )
    if not X.size:
        raise EstimatorError(f"X has shape {X.shape}; expected at least one of each")
    return _alike(_finite(X, dtype), X.shape[2])


def _table(X: Array, features: int, dtype: Any) -> Sequences:
    """Each row a sequence, step after step."""
    check_whole("features", features)
    if X.ndim != 2:
        raise EstimatorError(
            f"X has shape {X.shape}; expected a table (n, T * {features}), since features="
            f"{features} is given. Reshape your data, X.reshape(n, -1), or leave features out"
        )
    if not X.shape[1]:
        raise EstimatorError(
            f"X has 0 feature(s) (shape={X.shape}) while a minimum of 1 is required."
        )
    if not X.shape[0]:
        raise EstimatorError(f"X has shape {X.shape}; expected at least one sequence")
    if X.shape[1] % features:
        raise EstimatorError(
            f"X has {X.shape[1]} columns; expected whole steps, a multiple of features={features}"
        )
    return _alike(_finite(X.reshape(len(X), -1, features), dtype), X.shape[1])


def _alike(X: Array, columns: int) -> Sequences:
    stacked = np.ascontiguousarray(X.transpose(1, 0, 2))
    return Sequences(np.full(len(X), X.shape[1]), columns, stacked)


def _items(data: Any) -> list[Any] | None:
    """The sequences, if X is a list of them; None if it is one array, or a list that is one."""
    if isinstance(data, np.ndarray) and data.dtype == object and data.ndim == 1:
        return list(data)
    if not isinstance(data, list | tuple) or not data:
        return None
    return None if np.ndim(data[0]) < 2 else list(data)


def _ragged(items: list[Any], dtype: Any) -> Sequences:
    arrays: list[Array] = []
    for place, item in enumerate(items):
        array = numbers(item, f"X[{place}]")
        if array.ndim != 2 or not array.size:
            raise EstimatorError(
                f"X[{place}] has shape {array.shape}; expected (T, D), at least one of each"
            )
        if arrays and array.shape[1] != arrays[0].shape[1]:
            raise EstimatorError(
                f"X[{place}] has {array.shape[1]} features, and X[0] {arrays[0].shape[1]};"
                " expected as many"
            )
        arrays.append(_finite(array[None], dtype, place)[0])
    if len({len(array) for array in arrays}) == 1:
        return _alike(np.stack(arrays), arrays[0].shape[1])
    lengths = np.array([len(array) for array in arrays])
    return Sequences(lengths, arrays[0].shape[1], None, tuple(arrays))


def numbers(data: Any, name: str) -> Array:
    """An array of real numbers."""
    check_plain(name, data, EstimatorError)
    try:
        array = np.asarray(data)
        if array.dtype.kind not in "biufc":
            array = array.astype(np.float64)
    except ValueError as error:
        raise EstimatorError(f"{name} cannot be read as numbers: {error}") from None
    if array.dtype.kind == "c":
        raise EstimatorError(f"Complex data not supported: {name} is {array.dtype}")
    return array


def _finite(X: Array, dtype: Any, first: int = 0) -> Array:
    """The numbers in this dtype, all of them finite there."""
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(X, dtype)
    odd = ~np.isfinite(found)
    if odd.any():
        place, step, feature = np.argwhere(odd)[0]
        value = X[place, step, feature]
        said = "NaN" if np.isnan(value) else "inf" if np.isinf(value) else f"{value:.4g}"
        raise EstimatorError(
            f"X[{first + place}] holds {said} at step {step}, feature {feature}; expected finite"
            f" numbers of {np.dtype(dtype)}"
        )
    return found
