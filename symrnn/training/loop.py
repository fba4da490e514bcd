"""The one loop of training: epochs, validation, patience, the best theta; and what it tells of.

`fit` and `run` feed it with batches of the caller's, `symrnn train` with those of a file. Whoever
watches (a history, a log, a bar, checkpoints) is a callback of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Final, NamedTuple, SupportsFloat, TypeAlias

import numpy as np

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training.kernels import Inputs, Kernel
from symrnn.training.trainer import Step, Trainer

STOP: Final = "stop"
"""A callback that returns it ends the run after this step or epoch."""


class StopTraining(Exception):  # noqa: N818 (it is no error)
    """A callback, or the batches, may raise it: the run ends, and its history is handed back."""


class Epoch(NamedTuple):
    """One epoch, from 0 on: its steps, the mean of their losses (weighted by tokens, if they are
    counted), seconds with validation, tokens, the validation's value, whether none was lower; and
    what the validation gave, which may know more than this value."""

    number: int
    steps: int
    loss: float
    seconds: float
    tokens: int | None
    validation: float | None
    best: bool
    scores: SupportsFloat | None = None


Record: TypeAlias = Step | Epoch
Callback: TypeAlias = Callable[[Record], object]
Validate: TypeAlias = Callable[[Kernel], SupportsFloat]


class Prepared(NamedTuple):
    """A batch that is ready for a step."""

    inputs: Inputs
    weight: int = 1
    """What its loss counts in the mean of the epoch."""
    tokens: int | None = None
    """How many there are in it, if they are counted."""
    share: float = 1.0
    """What its gradient counts; see `Trainer.train_step`."""
    reset: bool = False
    """States that are carried start anew here."""
    kernel: Kernel | None = None
    """The kernel for it, where there are several that share theta."""


Feed: TypeAlias = Callable[[int, np.random.Generator], Iterable[Prepared]]
"""The batches of an epoch; what is random about them is drawn from the trainer's generator."""


@dataclass
class Progress:
    """How far a run has come. Beside the trainer it is all that a loop changes, so that who keeps
    both can go on from there."""

    epoch: int = 0
    """The one that is under way, or comes next."""
    loss: float = 0.0
    """The sum of its losses so far, each times what it counts."""
    weight: int = 0
    """What they count together."""
    lowest: float = inf
    """Of all validations."""
    waited: int = 0
    """Epochs since then."""
    best: Array | None = None
    """Theta at the lowest."""
    best_epoch: int = -1
    ended: str = ""
    """What has ended the run before its last epoch."""
    tokens: int = 0
    """In all steps so far."""
    seconds: float = 0.0
    """Spent so far."""
    first: float | None = None
    """The loss of the first step."""


@dataclass
class Loop:
    """A run under way. After `patience` epochs without a lower validation it is over."""

    trainer: Trainer
    feed: Feed
    progress: Progress
    callbacks: Sequence[Callback] = ()
    validate: Validate | None = None
    patience: int | None = None

    def run(self, epochs: int) -> str:
        """Go on to the end of the last of so many epochs; the answer is what has ended the run:
        `epochs`, `patience`, or `callback`, which may go on later."""
        self._began = perf_counter() - self.progress.seconds
        try:
            while self.progress.epoch < epochs and not self.progress.ended:
                self._epoch()
        except StopTraining:
            return "callback"
        return self.progress.ended or "epochs"

    def _epoch(self) -> None:
        """The epoch, or what is left of it."""
        progress, start = self.progress, perf_counter()
        steps, summed, tokens = 0, 0.0, None
        for batch in self.feed(progress.epoch, self.trainer.rng):
            found = self._step(batch)
            steps, summed = steps + 1, summed + found.loss
            if batch.tokens is not None:
                tokens = (tokens or 0) + batch.tokens
            self._tell(found)
        if not (steps or progress.weight):  # there is none left where a run goes on at its end
            raise DataError(f"epoch {progress.epoch} has no batches; expected at least one")
        loss = progress.loss / progress.weight if progress.weight else summed / steps
        scores = self.validate(self.trainer.kernel) if self.validate else None
        value = None if scores is None else float(scores)
        best = value is not None and self._compare(value)
        done = Epoch(
            progress.epoch, steps, loss, perf_counter() - start, tokens, value, best, scores
        )
        progress.epoch, progress.loss, progress.weight = progress.epoch + 1, 0.0, 0
        if self.patience is not None and progress.waited >= self.patience:
            progress.ended = "patience"
        self._tell(done)

    def _step(self, batch: Prepared) -> Step:
        trainer, progress = self.trainer, self.progress
        if trainer.carry and batch.reset:
            trainer.reset()
        if batch.kernel is not None:
            trainer.kernel = batch.kernel
        found = trainer.train_step(batch.inputs, batch.share)
        if found.number == 1:
            progress.first = found.loss
        progress.loss += found.loss * batch.weight
        progress.weight += batch.weight
        progress.tokens += batch.tokens or 0
        return Step(*found[:5], progress.epoch, batch.tokens)

    def _compare(self, value: float) -> bool:
        """Whether no validation was lower; theta is kept then."""
        progress = self.progress
        best = value < progress.lowest
        progress.waited = 0 if best else progress.waited + 1
        if best:
            progress.lowest, progress.best_epoch = value, progress.epoch
            progress.best = self.trainer.kernel.theta.copy()
        return best

    def _tell(self, record: Record) -> None:
        """All callbacks hear of it before one of them ends the run."""
        self.progress.seconds = perf_counter() - self._began
        stop = False
        for callback in self.callbacks:
            answer = callback(record)
            stop |= isinstance(answer, str) and answer == STOP
        if stop:
            raise StopTraining
