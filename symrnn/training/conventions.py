"""scikit-learn's convention for what has parameters and is fitted, without importing it."""

import sys
import warnings
from inspect import signature
from typing import Any, Self

import numpy as np

from symrnn.errors import EstimatorError, SymrnnError, suggestion


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
