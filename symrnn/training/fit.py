"""Epochs over batches: `fit` makes a trainer and runs it, `run` runs one that is there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from symrnn.errors import UsageError
from symrnn.training.kernels import Inputs, Kernel
from symrnn.training.loop import Callback, Epoch, Loop, Prepared, Progress, Record, Validate
from symrnn.training.optimisers import Optimiser
from symrnn.training.ranks import ALONE, Ranks
from symrnn.training.schedules import Schedule
from symrnn.training.trainer import Step, Trainer

Batches: TypeAlias = Callable[[int, np.random.Generator], Iterable[Inputs]] | Iterable[Inputs]


@dataclass(frozen=True)
class History:
    """A run: the loss and the norm of every step, the epochs, and what ended it: `epochs`,
    `patience` or `callback`."""

    losses: tuple[float, ...]
    norms: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    ended: str

    @property
    def best(self) -> Epoch | None:
        """The epoch of the lowest validation."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)


def fit(
    kernel: Kernel,
    batches: Batches,
    optimiser: Optimiser | None = None,
    epochs: int = 10,
    *,
    schedule: Schedule | str | None = None,
    clip: float | None = None,
    value_clip: float | None = None,
    carry: bool = False,
    masks: Mapping[str, float] | None = None,
    callbacks: Sequence[Callback] = (),
    validate: Validate | None = None,
    patience: int | None = None,
    tokens: Callable[[Inputs], int] | None = None,
    seed: int = 0,
    ranks: Ranks = ALONE,
) -> History:
    """Train the kernel, by Adam if nothing else is said; the same seed does the same again.

    See `Trainer` for how a step is made and `run` for the rest.
    """
    trainer = Trainer(
        kernel,
        optimiser,
        schedule=schedule,
        clip=clip,
        value_clip=value_clip,
        carry=carry,
        masks=masks,
        seed=seed,
        ranks=ranks,
    )
    return run(
        trainer,
        batches,
        epochs,
        callbacks=callbacks,
        validate=validate,
        patience=patience,
        tokens=tokens,
    )


def run(
    trainer: Trainer,
    batches: Batches,
    epochs: int = 10,
    *,
    first: int = 0,
    callbacks: Sequence[Callback] = (),
    validate: Validate | None = None,
    patience: int | None = None,
    tokens: Callable[[Inputs], int] | None = None,
) -> History:
    """Epochs `first`, first + 1, … of so many in all.

    `batches` is a function of the epoch and the trainer's generator, or batches that are shuffled
    each epoch; where states are carried they keep their order, and each epoch starts without. A
    callback gets every `Step` and every `Epoch`, and returns STOP to end the run. `validate` is
    lower where the kernel is better. After `patience` epochs without a lower value the run ends;
    with `patience`, however it ends, theta is that of the lowest.

    An interrupt goes through to the caller, and theta is that of the last step that was finished;
    what the optimiser remembers may be half a step on, so keep `trainer.state()` at ends of epochs.
    """
    _check("epochs", epochs)
    if patience is not None:
        _check("patience", patience)
        if validate is None:
            raise UsageError("patience is for a validation; expected validate=… with it")
    progress, history = Progress(epoch=first), _Recorder()
    order = batches if callable(batches) else _shuffled(tuple(batches), trainer.carry)

    def feed(epoch: int, rng: np.random.Generator) -> Iterator[Prepared]:
        for place, batch in enumerate(order(epoch, rng)):
            counted = None if tokens is None else tokens(batch)
            weight = 1 if counted is None else counted
            yield Prepared(batch, weight, counted, reset=place == 0)

    loop = Loop(trainer, feed, progress, (history, *callbacks), validate, patience)
    ended = loop.run(epochs)
    if patience is not None and progress.best is not None:
        trainer.kernel.theta[...] = progress.best
    return History(tuple(history.losses), tuple(history.norms), tuple(history.epochs), ended)


class _Recorder:
    """The callback that remembers what a history has."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.epochs: list[Epoch] = []

    def __call__(self, record: Record) -> None:
        if isinstance(record, Step):
            self.losses.append(record.loss)
            self.norms.append(record.norm)
        else:
            self.epochs.append(record)


def _shuffled(
    batches: tuple[Inputs, ...], carry: bool
) -> Callable[[int, np.random.Generator], Iterator[Inputs]]:
    """The batches in an order of the generator's; as they stand where states are carried."""

    def order(epoch: int, rng: np.random.Generator) -> Iterator[Inputs]:
        places = range(len(batches)) if carry else rng.permutation(len(batches))
        return (batches[place] for place in places)

    return order


def _check(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{name} is {value!r}; expected a whole number, at least 1")
