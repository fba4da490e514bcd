"""One batch as plain arrays under the model's own names: for what is no kernel.

Ids become rows, masks are as evaluation has them, and of sequences of several lengths those of the
most common one are taken, cut to it: what works on a system has one number of steps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.errors import DataError
from symrnn.interpret.sample import sample
from symrnn.kernels.generate import check_widths
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.system.symbols import GIVEN, dimensions
from symrnn.training.data import Batch, Data, one_hot
from symrnn.training.runs.scores import opened
from symrnn.training.runs.session import RunRequest, Session, begin, same_data
from symrnn.training.runs.trained import Kernels, trained
from symrnn.weights import check, load


@dataclass(frozen=True)
class PlainBatch:
    """A model with its parameters, and a batch of data for it."""

    model: Model
    params: Mapping[str, Array]
    inputs: Mapping[str, Array]
    remarks: tuple[str, ...] = ()


def of_run(
    path: str, source: str | None = None, text: str | None = None, label: str | None = None
) -> PlainBatch:
    """The parameters of a run, and the first batch of its own data, of the part that was kept
    apart if there is one, or of other data of the same kind."""
    run = trained(path)
    if source is None:
        data = same_data(run.config, run.config.data.source, run.vocabulary)
    else:
        data = opened(run, source, text, label)
    batches = _batches(data, source is None)
    return _plain(run.model, run.kernels_as_trained(data.batch, data.steps, data.ragged), batches)


def of_session(session: Session) -> PlainBatch:
    """The parameters of a run under way, and a batch that is always the same."""
    return _plain(session.model, session.kernels, _batches(session.data, True))


def of_beginning(model: Model, source: str, request: RunRequest) -> PlainBatch:
    """The parameters that a run would begin with, and its first batch."""
    session = begin(model, source, request)
    return _plain(session.model, session.kernels, _batches(session.data, False))


def _batches(data: Data, kept_apart: bool) -> Iterator[Batch]:
    if kept_apart:
        yield from data.validation_batches()
    yield from data.train_batches(0, np.random.default_rng(0))


def _plain(model: Model, kernels: Kernels, batches: Iterator[Batch]) -> PlainBatch:
    batch = next(batches, None)
    if batch is None:
        raise DataError("there are no data; expected one batch or more")
    lengths = np.asarray(batch["lengths"])
    found, counts = np.unique(lengths, return_counts=True)
    steps = int(found[len(found) - 1 - int(np.argmax(counts[::-1]))])
    kept = np.nonzero(lengths == steps)[0]
    remarks = []
    if len(found) > 1:
        remarks.append(
            f"of {len(lengths)} sequences the {len(kept)} of {steps} steps are taken, the most"
            " common length"
        )
    inputs: dict[str, Any] = {}
    task, roles = kernels.config.task, kernels.roles
    for said, role, width in (("x", roles.x, task.features), ("y", roles.y, task.outputs)):
        if role is not None:
            value = np.asarray(batch[said])  # type: ignore[literal-required]
            inputs[role.name] = one_hot(value, width) if said in task.ids else value
    inputs |= kernels.neutral(kernels.plain, len(lengths))
    symbols = model.system.symbols
    for name, value in inputs.items():
        inputs[name] = value[:steps][:, kept] if symbols[name].timed else value[kept]
    params = {**kernels.plain.params, **getattr(kernels.plain, "fixed", {})}
    return PlainBatch(model, params, inputs, tuple(remarks))


def drawn(
    model: Model,
    steps: int,
    batch: int,
    dims: Mapping[str, int],
    width: int,
    seed: int = 0,
    weights: str | None = None,
) -> PlainBatch:
    """Inputs and targets that are drawn, and parameters as the model starts; widths that are not
    in `dims` are `width`."""
    known = dimensions(model.system.symbols)
    check_widths(model.name, known, dims)
    sizes = {name: dims.get(name, width) for name in known}
    given = load(weights) if weights else {}
    check(given, model, sizes, complete=False)
    start = model.kernel(steps).init_params(seed, np.float64, **sizes)
    symbols = model.system.symbols
    data = sample(model.written, symbols, sizes, steps, batch, seed)
    inputs = {name: value for name, value in data.items() if symbols[name].role not in GIVEN}
    params = {**{n: v for n, v in data.items() if n not in inputs}, **start, **given}
    return PlainBatch(model, params, inputs)
