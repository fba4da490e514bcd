"""Epochs over batches: `fit` makes a trainer and runs it, `run` runs one that is there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from time import perf_counter
from typing import TypeAlias

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.table import Array
from symrnn.training.kernels import Inputs, Kernel
from symrnn.training.memory import Optimiser
from symrnn.training.records import STOP, Callback, Epoch, History, Record, Step, StopTraining
from symrnn.training.schedules import Schedule
from symrnn.training.trainer import Trainer

Batches: TypeAlias = Callable[[int, np.random.Generator], Iterable[Inputs]] | Iterable[Inputs]


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
    validate: Callable[[Kernel], float] | None = None,
    patience: int | None = None,
    tokens: Callable[[Inputs], int] | None = None,
    seed: int = 0,
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
    validate: Callable[[Kernel], float] | None = None,
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
    state = _Run(trainer, callbacks, validate, patience, tokens)
    order = batches if callable(batches) else _shuffled(tuple(batches), trainer.carry)
    ended = "epochs"
    try:
        for number in range(first, epochs):
            if state.epoch(number, order(number, trainer.rng)):
                ended = "patience"
                break
    except StopTraining:
        ended = "callback"
    if state.theta is not None:
        trainer.kernel.theta[...] = state.theta
    return History(tuple(state.losses), tuple(state.norms), tuple(state.epochs), ended)


class _Run:
    """What a run has seen so far."""

    def __init__(
        self,
        trainer: Trainer,
        callbacks: Sequence[Callback],
        validate: Callable[[Kernel], float] | None,
        patience: int | None,
        tokens: Callable[[Inputs], int] | None,
    ) -> None:
        self.trainer, self.callbacks, self.tokens = trainer, callbacks, tokens
        self.validate, self.patience = validate, patience
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.epochs: list[Epoch] = []
        self.lowest, self.waited = inf, 0
        self.theta: Array | None = None

    def epoch(self, number: int, batches: Iterable[Inputs]) -> bool:
        """One epoch; whether patience is at its end."""
        start, before = perf_counter(), len(self.losses)
        if self.trainer.carry:
            self.trainer.reset()
        weights = [self.step(number, batch) for batch in batches]
        if not weights:
            raise DataError(f"epoch {number} has no batches; expected at least one")
        loss = float(np.average(self.losses[before:], weights=weights if any(weights) else None))
        value, best = self.validated()
        done = Epoch(
            number=number,
            steps=len(weights),
            loss=loss,
            seconds=perf_counter() - start,
            tokens=sum(weights) if self.tokens else None,
            validation=value,
            best=best,
        )
        self.epochs.append(done)
        self.tell(done)
        return self.patience is not None and self.waited >= self.patience

    def step(self, epoch: int, batch: Inputs) -> int:
        """One step; its weight in the mean loss."""
        found = self.trainer.train_step(batch)
        counted = self.tokens(batch) if self.tokens else None
        self.losses.append(found.loss)
        self.norms.append(found.norm)
        if self.callbacks:
            self.tell(Step(*found[:5], epoch, counted))
        return 1 if counted is None else counted

    def validated(self) -> tuple[float | None, bool]:
        """The value of the validation, and whether none was lower; that theta is kept."""
        if self.validate is None:
            return None, False
        value = float(self.validate(self.trainer.kernel))
        best = value < self.lowest
        self.waited = 0 if best else self.waited + 1
        if best:
            self.lowest = value
            if self.patience is not None:
                self.theta = self.trainer.kernel.theta.copy()
        return value, best

    def tell(self, record: Record) -> None:
        """All callbacks hear of it before one of them ends the run."""
        answers = [callback(record) for callback in self.callbacks]
        if any(isinstance(answer, str) and answer == STOP for answer in answers):
            raise StopTraining


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
