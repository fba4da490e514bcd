"""Networks as estimators: fit, predict and score on arrays, in scikit-learn's convention."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from symrnn.errors import EstimatorError, suggestion
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.training.conventions import (
    Conventional,
    Sequences,
    check_whole,
    held_out,
    labels_of,
    numbers_of,
    sequences_of,
)
from symrnn.training.data.examples import bucketed, cut
from symrnn.training.fit import History, fit
from symrnn.training.kernels import Kernel, started
from symrnn.training.network import Reader, SequenceNetwork, module, network
from symrnn.training.optimisers import OPTIMISERS, Optimiser
from symrnn.training.schedules import Schedule, lasting

# what a classifier and a regressor share


POOL = 16
"""So many batches are drawn together, and put in order of length."""
RATE = 0.01
"""The learning rate of an optimiser that is given by its name."""


class SequenceEstimator(Conventional):
    """What both estimators are; see them.

    `model` is a name, a path, a text or a Model, `head` likewise (its read-out and loss; chosen by
    the task if it is None). `hidden` is the width of what the model leaves open, a number or a
    number for each name. `learning_rate` is 0.01, or an optimiser object's own, if it is None.
    `schedule` multiplies it; "cosine" goes down to zero over the whole run. `dropout` is for what
    the read-out reads. With `patience`, a share of the sequences validates, and training ends after
    so many epochs without a lower loss on it. `features=D` reads X as a table (n, T·D).
    """

    n_features_in_: int
    model_: Model
    params_: dict[str, Array]
    loss_curve_: list[float]
    validation_curve_: list[float]
    n_iter_: int

    def __init__(
        self,
        model: str | Path | Model = "lstm",
        *,
        hidden: int | Mapping[str, int] = 32,
        head: str | Path | None = None,
        epochs: int = 50,
        batch_size: int = 32,
        optimiser: str | Optimiser = "adam",
        learning_rate: float | None = None,
        schedule: str | Schedule | None = "cosine",
        clip: float | None = 1.0,
        dropout: float = 0.0,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        features: int | None = None,
        random_state: Any = None,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.model = model
        self.hidden = hidden
        self.head = head
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clip = clip
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.features = features
        self.random_state = random_state
        self.dtype = dtype

    def _learn(self, data: Sequences, net: SequenceNetwork, targets: Array, groups: Array) -> None:
        """Find parameters for targets (n, C); a part to validate with has its share of groups."""
        rng = np.random.default_rng(_seed(self.random_state))
        dims = net.sizes(data.width, targets.shape[1], self.hidden)
        train = np.arange(len(data))
        validate = None
        if self.patience is not None:
            train, valid = held_out(groups, self.validation_fraction, rng)
            reader = Reader(net, data.some(valid), self.batch_size, dims, self.dtype)
            held = targets[valid]

            def validate(kernel: Kernel) -> float:
                return reader.loss(kernel.params, held)

        trained, masks = net.masked() if self.dropout else (net, [])
        batch = min(self.batch_size, len(train))
        kernel = started(
            module(trained, data), batch, seed=int(rng.integers(2**31)), dtype=self.dtype, **dims
        )
        lengths = data.lengths[train]
        history = fit(
            kernel,
            lambda epoch, rng: (
                trained.inputs(data, train[places], targets)
                for places in _batches(lengths, batch, rng)
            ),
            self._optimiser(),
            int(self.epochs),  # which may be one of NumPy's
            schedule=self._schedule(-(-len(train) // batch)),
            clip=self.clip,
            masks=dict.fromkeys(masks, self.dropout),
            validate=validate,
            patience=None if self.patience is None else int(self.patience),
            tokens=lambda inputs: len(inputs[trained.target]),
            seed=int(rng.integers(2**31)),
        )
        self._keep(data, net, dims, kernel, history)

    def _keep(
        self,
        data: Sequences,
        net: SequenceNetwork,
        dims: Mapping[str, int],
        kernel: Kernel,
        history: History,
    ) -> None:
        """What a fit has found. No kernel is kept, so that the whole can be pickled."""
        self._network, self._dims = net, dims
        self.n_features_in_ = data.columns
        self.model_ = net.model
        self.params_ = {name: value.copy() for name, value in kernel.params.items()}
        self.loss_curve_ = [epoch.loss for epoch in history.epochs]
        self.validation_curve_ = [e.validation for e in history.epochs if e.validation is not None]
        self.n_iter_ = len(history.epochs)

    def _read(self, X: ArrayLike) -> Array:
        """What the read-out says of each sequence, (n, C)."""
        self._check_fitted()
        data = self._data(X)
        if data.columns != self.n_features_in_:
            raise EstimatorError(
                f"X has {data.columns} features, but {type(self).__name__} is expecting"
                f" {self.n_features_in_} features as input"
            )
        reader = Reader(self._network, data, self.batch_size, self._dims, self.dtype)
        return reader.outputs(self.params_)

    def _data(self, X: ArrayLike) -> Sequences:
        dtype = np.dtype(self.dtype)
        if dtype.kind != "f":
            raise EstimatorError(f"dtype is {dtype}; expected one of real numbers, such as float32")
        check_whole("epochs", self.epochs)
        check_whole("batch_size", self.batch_size)
        if self.patience is not None:
            check_whole("patience", self.patience)
        if not isinstance(self.dropout, float | int | np.floating) or not 0 <= self.dropout < 1:
            raise EstimatorError(f"dropout is {self.dropout!r}; expected one from 0 to below 1")
        return sequences_of(X, self.features, dtype)

    def _optimiser(self) -> Optimiser:
        own, rate = self.optimiser, self.learning_rate
        if isinstance(own, Optimiser):
            return own if rate is None else replace(own, learning_rate=rate)
        if own not in OPTIMISERS:
            raise EstimatorError(
                f"optimiser is {own!r}{suggestion(str(own), [*OPTIMISERS])}; expected"
                f" {', '.join(OPTIMISERS)}, or an object such as training.SGD(0.1)"
            )
        return OPTIMISERS[own](RATE if rate is None else rate)

    def _schedule(self, steps: int) -> str | Schedule | None:
        """The schedule, for epochs of so many steps."""
        own = self.schedule
        return lasting(own, int(self.epochs) * steps) if isinstance(own, str) else own

    def _tags(self, kind: str, **tags: Any) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        several = kind == "regressor"
        table = self.features is not None
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True, multi_output=several),
            input_tags=InputTags(two_d_array=table, three_d_array=not table),
            **tags,
        )


def _batches(lengths: Array, size: int, rng: np.random.Generator) -> list[Array]:
    """Places in a random order, in batches of sequences that are about as long."""
    if (lengths == lengths[0]).all():
        return cut(rng.permutation(len(lengths)), size)
    return bucketed(lengths, size, rng, POOL)


def _seed(given: Any) -> int:
    """A number to start from, of None (another each time), a number or a generator."""
    if given is None:
        return int(np.random.default_rng().integers(2**31))
    if isinstance(given, np.random.Generator):
        return int(given.integers(2**31))
    if isinstance(given, np.random.RandomState):
        return int(given.randint(2**31))
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise EstimatorError(
            f"random_state is {given!r}; expected a whole number, a generator of NumPy, or None"
        )
    return int(given)


# the two


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
