"""How good a model is on batches: its loss, and the measure that suits the task."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training import metrics
from symrnn.training.data import Batch, Data, open_data
from symrnn.training.data.opening import BUILT_IN
from symrnn.training.kernels import own_rows
from symrnn.training.ranks import ALONE, Ranks
from symrnn.training.runs.session import same_data
from symrnn.training.runs.trained import Kernels, Trained


@dataclass(frozen=True)
class Scores:
    """Means over all that was counted: sequences, or steps where each has a target."""

    loss: float
    metric: str
    """What `value` is: accuracy, bits per character or word, squared error."""
    value: float | None
    """None if the model gives its prediction no name."""
    counted: int
    confusion: Array | None = None
    """How often each class (row) was taken for each (column)."""

    def __float__(self) -> float:
        """The loss: lower is better."""
        return self.loss

    def said(self) -> str:
        """
        >>> Scores(0.1, "accuracy", 0.5, 2).said()
        '50.0 %'
        """
        if self.value is None:
            return "the prediction has no name"
        if self.metric == "accuracy":
            return f"{100 * self.value:.1f} %"
        return f"{self.value:.4g}"


MANY = 1_000
"""Of more classes than these there is no table of what was taken for what."""


@np.errstate(all="ignore")  # a loss that is no number says so itself
def score(kernels: Kernels, batches: Iterable[Batch], ranks: Ranks = ALONE) -> Scores:
    """One pass over batches, without dropout; states go from one to the next in a running text.
    Where there are several ranks, each has its rows of every batch, and all get the same."""
    task, name = kernels.config.task, metric(kernels)
    loss = value = 0.0
    counted = 0
    confused: Array | None = None
    states: dict[str, Array] = {}
    for batch in batches:
        inputs = kernels.inputs(batch)
        kernel = kernels.of(inputs)
        if batch["reset"]:
            states = {}
        y, ends = ranks.own(batch["y"], int(task.timed)), ranks.own(batch["lengths"], 0)
        rows, batch_rows = len(ends), len(batch["lengths"])
        if not rows:
            continue
        own = own_rows(kernel, inputs, ranks)
        one = float(kernel.loss(**own, **states, **kernels.neutral(kernel, rows)))
        if kernels.carries:
            states = {name: array.copy() for name, array in kernel.states.items()}
        # the loss is a mean over sequences, what is measured one over what there is to predict
        loss += one * (batch["tokens"] if task.timed else batch_rows) * (rows / batch_rows)
        count = int(ends.sum()) if task.timed else rows
        counted += count
        found = predicted(kernels, kernel)
        if found is None:
            continue
        lengths = ends if task.timed else None
        value += count * MEASURES[name.split()[0]](y, found, lengths)
        if 0 < len(task.labels) <= MANY:
            table = metrics.confusion(y, found, lengths=lengths)
            confused = table if confused is None else confused + table
    return _together(kernels, name, ranks.everyone((loss, value, counted, confused)))


def _together(
    kernels: Kernels, name: str, parts: list[tuple[float, float, int, Array | None]]
) -> Scores:
    """The scores of all, of the sums that each rank has."""
    loss, value, counted = (sum(each) for each in zip(*(part[:3] for part in parts), strict=True))
    if not counted:
        raise DataError("there is nothing to evaluate on; expected one batch or more")
    tables = [part[3] for part in parts if part[3] is not None]
    known = kernels.roles.prediction is not None
    return Scores(
        loss / counted,
        name,
        value / counted if known else None,
        int(counted),
        np.add.reduce(tables) if tables else None,
    )


def predicted(kernels: Kernels, kernel: Any) -> Array | None:
    """What the kernel has just predicted: probabilities or numbers."""
    name = kernels.roles.prediction
    if name is None:
        return None
    return squashed(kernels, kernel.outputs[name])


def squashed(kernels: Kernels, found: Array) -> Array:
    """An output as probabilities, if it is what these are made of."""
    match kernels.roles.loss:
        case "bce_logits":
            return np.asarray(1 / (1 + np.exp(-found.astype(np.float64))))
        case "ce_logits":
            raised = np.exp(found - found.max(-1, keepdims=True))
            return np.asarray(raised / raised.sum(-1, keepdims=True))
    return found


def metric(kernels: Kernels) -> str:
    """What is measured."""
    if kernels.is_text:
        return f"bits per {'word' if kernels.config.data.unit == 'words' else 'character'}"
    return "squared error" if kernels.config.task.kind == "regress" else "accuracy"


def _bits(y: Array, found: Array, lengths: Array | None) -> float:
    least = np.finfo(found.dtype).tiny  # a probability that has become 0 would count as infinite
    return metrics.bits_per_character(y, np.maximum(found, least), lengths=lengths)


def _accuracy(y: Array, found: Array, lengths: Array | None) -> float:
    if y.shape == found.shape:
        return metrics.binary_accuracy(y, found, lengths=lengths)
    return metrics.class_accuracy(y, found, lengths=lengths)


def _squared(y: Array, found: Array, lengths: Array | None) -> float:
    return metrics.squared_error(y, found, lengths=lengths)


MEASURES = {"bits": _bits, "accuracy": _accuracy, "squared": _squared}


# a trained model, on data of its own or on others


def evaluate(
    run: Trained, source: str | None = None, text: str | None = None, label: str | None = None
) -> tuple[Scores, str]:
    """The scores, and on what: a file of the same kind, or the run's own data, of which the part
    that was kept apart for validation counts if there is one."""
    if source is None:
        data = same_data(run.config, run.config.data.source, run.vocabulary)
        kernels = run.kernels_as_trained(data.batch, data.steps, data.ragged)
        return own_scores(data, kernels)
    data = opened(run, source, text, label)
    kernels = run.kernels_as_trained(data.batch, data.steps, data.ragged)
    return score(kernels, data.train_batches(0, np.random.default_rng(0))), source


def own_scores(data: Data, kernels: Kernels, ranks: Ranks = ALONE) -> tuple[Scores, str]:
    """On the validation part, or on what was trained on if there is none."""
    if next(data.validation_batches(), None) is not None:
        return score(kernels, data.validation_batches(), ranks), "validation"
    return score(kernels, data.train_batches(0, np.random.default_rng(0)), ranks), "training"


def opened(run: Trained, source: str, text: str | None, label: str | None) -> Data:
    """Other data, read as the data of the run were."""
    reading = run.config.data
    batch = reading.batch
    if source not in BUILT_IN and Path(source).suffix.lower() == ".txt" and Path(source).exists():
        # streams that are as long as a window where they can be: what comes first has no context
        batch = max(1, min(batch, Path(source).stat().st_size // (4 * run.config.kernel.steps)))
    asked = replace(
        reading,
        batch=batch,
        validation=0.0,
        text=text or reading.text,
        label=label or reading.label,
    )
    options = asked.options(run.config.training.seed, run.config.known(run.vocabulary))
    return open_data(source, options)
