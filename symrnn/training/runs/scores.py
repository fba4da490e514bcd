"""How good a model is on batches: its loss, and the measure that suits the task."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.training import metrics
from symrnn.training.data import Batch
from symrnn.training.runs.kernels import Kernels


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
def score(kernels: Kernels, batches: Iterable[Batch]) -> Scores:
    """One pass over batches, without dropout; states go from one to the next in a running text."""
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
        one = float(
            kernel.loss(**inputs, **states, **kernels.neutral(kernel, len(batch["lengths"])))
        )
        if kernels.carries:
            states = {name: array.copy() for name, array in kernel.states.items()}
        count = batch["tokens"] if task.timed else len(batch["lengths"])
        loss, counted = loss + count * one, counted + count
        found = predicted(kernels, kernel)
        if found is None:
            continue
        lengths = batch["lengths"] if task.timed else None
        value += count * MEASURES[name.split()[0]](batch["y"], found, lengths)
        if 0 < len(task.labels) <= MANY:
            table = metrics.confusion(batch["y"], found, lengths=lengths)
            confused = table if confused is None else confused + table
    if not counted:
        raise DataError("there is nothing to evaluate on; expected one batch or more")
    known = kernels.roles.prediction is not None
    return Scores(loss / counted, name, value / counted if known else None, counted, confused)


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
