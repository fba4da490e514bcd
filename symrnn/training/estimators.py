"""Networks as estimators: fit, predict and score on arrays, in scikit-learn's convention."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from symrnn.errors import EstimatorError
from symrnn.language.table import Array
from symrnn.training.sequence_estimator import SequenceEstimator
from symrnn.training.targets import labels_of, numbers_of


class SequenceClassifier(SequenceEstimator):
    """Tells classes of whole sequences apart; see `SequenceEstimator` for its parameters.

    X is (n, T, D), or a list of arrays (T_i, D); y is a label each. The head is `binary` for two
    classes and `classes` for more.

    >>> X, y = np.array([[[0.0], [1.0]], [[1.0], [0.0]]] * 20), ["up", "down"] * 20
    >>> net = SequenceClassifier("elman", hidden=4, epochs=20, random_state=0).fit(X, y)
    >>> net.predict([[[0], [1]], [[1], [0]], [[1], [1], [0]]]).tolist()
    ['up', 'down', 'down']
    """

    classes_: Array

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from the beginning, whatever was learned before."""
        from symrnn.training.network import network

        data = self._data(X)
        classes, places = labels_of(y, len(data))
        head = self.head or ("binary" if len(classes) == 2 else "classes")
        net = network(self.model, head)
        if not net.losses <= {"ce", "ce_logits"}:
            if len(classes) > 2 or not net.losses <= {"bce", "bce_logits"}:
                wanted = "ce, or bce" if len(classes) == 2 else "ce"
                raise EstimatorError(
                    f"head '{head}' has the loss {', '.join(sorted(net.losses))}; expected {wanted}"
                    f" for {len(classes)} classes, or head=None"
                )
            targets = places[:, None]
        else:
            targets = np.eye(len(classes))[places]
        self._learn(data, net, targets.astype(self.dtype), places)
        self.classes_ = classes
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The likeliest class of each sequence."""
        found: Array = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[found])

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probability of each class, in the order of `classes_`: (n, classes)."""
        found = self._read(X)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The share that is right."""
        found = self.predict(X)
        right = found == _alike(y, found)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return float(np.average(right, weights=weights))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        return self._tags("classifier", classifier_tags=ClassifierTags())


class SequenceRegressor(SequenceEstimator):
    """Finds a number, or several, for whole sequences; see `SequenceEstimator` for its parameters.

    X is (n, T, D), or a list of arrays (T_i, D); y is (n,), or (n, C). The head is `regress`. It
    learns most quickly where numbers in X and y are of the order of 1.

    >>> X = np.random.default_rng(0).normal(size=(200, 5, 1))
    >>> net = SequenceRegressor("elman", hidden=8, random_state=0).fit(X, X.mean((1, 2)))
    >>> net.score(X, X.mean((1, 2))) > 0.9
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from the beginning, whatever was learned before."""
        from symrnn.training.network import network

        data = self._data(X)
        targets = numbers_of(y, len(data), self.dtype)
        net = network(self.model, self.head or "regress")
        rows = targets.reshape(len(targets), -1)
        self._learn(data, net, rows, np.zeros(len(data), int))
        self._flat = targets.ndim == 1
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The numbers of each sequence, in the shape that y had."""
        found = self._read(X)
        return found[:, 0] if self._flat else found

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """R², the share of the variance of y that is predicted; the mean over its columns."""
        found = self.predict(X)
        y = np.asarray(_alike(y, found), np.float64).reshape(len(found), -1)
        off = (y - found.reshape(y.shape)) ** 2
        weights = None if sample_weight is None else np.asarray(sample_weight)
        spread = (y - np.average(y, axis=0, weights=weights)) ** 2
        left, whole = (np.average(part, axis=0, weights=weights) for part in (off, spread))
        flat = np.where(left == 0, 1.0, 0.0)  # of a column that never changes
        with np.errstate(all="ignore"):
            return float(np.where(whole > 0, 1 - left / whole, flat).mean())

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        return self._tags("regressor", regressor_tags=RegressorTags())


def _alike(y: ArrayLike, found: Array) -> Array:
    """y, as many as are predicted."""
    y = np.asarray(y)
    if y.size != found.size or len(y) != len(found):
        raise EstimatorError(
            f"y has shape {y.shape}, and predictions {found.shape}; expected alike"
        )
    return y.reshape(found.shape)
