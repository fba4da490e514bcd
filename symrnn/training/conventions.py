"""scikit-learn's convention, without importing it: parameters, X and y, and its errors."""

import sys
import warnings
from dataclasses import dataclass
from inspect import signature
from typing import Any, Self

import numpy as np

from symrnn.errors import EstimatorError, SymrnnError, suggestion
from symrnn.language.arrays import Array
from symrnn.training.data.examples import by_class, kept_apart
from symrnn.weights.expected import check_plain

# what has parameters and is fitted


class Conventional:
    """Parameters are the arguments of `__init__`, kept as they are; what a fit has found ends in
    an underscore.

    >>> class Scale(Conventional):
    ...     def __init__(self, factor=2.0, offset=0.0):
    ...         self.factor, self.offset = factor, offset
    >>> Scale(offset=1.0).set_params(factor=3.0).get_params()
    {'factor': 3.0, 'offset': 1.0}
    >>> Scale(offset=1.0)
    Scale(offset=1.0)
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; none has parameters of its own, so `deep` changes nothing."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Other values for some of the parameters."""
        known = list(self._defaults())
        for name in params:
            if name not in known:
                raise EstimatorError(
                    f"{type(self).__name__} has no parameter '{name}'{suggestion(name, known)};"
                    f" there are {', '.join(known)}"
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = self._defaults()
        said = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name])
        ]
        return f"{type(self).__name__}({', '.join(said)})"

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        arguments = list(signature(cls.__init__).parameters.values())[1:]
        return {argument.name: argument.default for argument in arguments}

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        """Refuse to predict before anything is learned."""
        if not self.__sklearn_is_fitted__():
            raise not_fitted(f"this {type(self).__name__} is not fitted; call fit(X, y) first")


class NotFitted(SymrnnError, ValueError, AttributeError):  # noqa: N818 (it says what happened)
    """Something was asked of an estimator that only a fitted one has.

    Where scikit-learn is in use, it is one of its NotFittedErrors too.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return not_fitted, self.args


def not_fitted(message: str) -> NotFitted:
    """The error; whoever catches scikit-learn's class has imported it."""
    theirs = sys.modules.get("sklearn.exceptions")
    if theirs is None:
        return NotFitted(message)
    found: NotFitted = type("NotFitted", (NotFitted, theirs.NotFittedError), {})(message)
    return found


def check_whole(name: str, value: Any) -> None:
    """Refuse what is no number of things."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise EstimatorError(f"{name} is {value!r}; expected a whole number, at least 1")


def warn_of_column() -> None:
    """Say that a column stands where a row of labels does, in scikit-learn's class of warning."""
    theirs = sys.modules.get("sklearn.exceptions")
    warnings.warn(
        "A column-vector y was passed when a 1d array was expected: y of shape (n, 1) is read as"
        " (n,)",
        UserWarning if theirs is None else theirs.DataConversionWarning,
        stacklevel=4,
    )


# X, checked: sequences of one length, or of several


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


# y, checked: labels, or numbers


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


# which sequences validate


def held_out(groups: Array, fraction: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Places to train on, and a share of each group to validate with, one of each at least left.

    >>> train, valid = held_out(np.repeat([0, 1], 10), 0.2, np.random.default_rng(0))
    >>> len(train), len(valid), (valid < 10).sum()
    (16, 4, np.int64(2))
    """
    if not 0 < fraction < 1:
        raise EstimatorError(
            f"validation_fraction is {fraction}; expected a share between 0 and 1, such as 0.1"
        )
    each = by_class(groups)
    many = [min(round(fraction * len(places)), len(places) - 1) for places in each]
    if not any(many):
        raise EstimatorError(
            f"validation_fraction={fraction} leaves none of {len(groups)} to validate with;"
            " expected more sequences, a larger share, or patience=None"
        )
    return kept_apart(each, many, rng)
