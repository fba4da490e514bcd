"""What a classifier and a regressor of sequences share: parameters, and how they are learned."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from symrnn.errors import EstimatorError, suggestion
from symrnn.language.table import Array
from symrnn.training.bucketing import held_out, shuffled
from symrnn.training.conventions import Conventional, check_whole
from symrnn.training.datasets import Sequences, sequences_of
from symrnn.training.fit import History, fit
from symrnn.training.kernels import Kernel, started
from symrnn.training.optimisers import OPTIMISERS, Optimiser
from symrnn.training.schedules import Cosine, Schedule

if TYPE_CHECKING:
    from symrnn.model import Model
    from symrnn.training.network import Network

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
    model_: "Model"
    params_: dict[str, Array]
    loss_curve_: list[float]
    validation_curve_: list[float]
    n_iter_: int

    def __init__(
        self,
        model: "str | Path | Model" = "lstm",
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

    def _learn(self, data: Sequences, net: "Network", targets: Array, groups: Array) -> None:
        """Find parameters for targets (n, C); a part to validate with has its share of groups."""
        from symrnn.training.network import Reader, module

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
                for places in shuffled(lengths, batch, rng)
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
        net: "Network",
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
        from symrnn.training.network import Reader

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
        return Cosine(int(self.epochs) * steps) if self.schedule == "cosine" else self.schedule

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
