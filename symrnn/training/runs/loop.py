"""Step after step: what a run does between its start and its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from symrnn.errors import Diverged, UsageError, not_enough
from symrnn.training.data import Batch
from symrnn.training.records import Step
from symrnn.training.runs import checkpoint
from symrnn.training.runs.folder import CHECKPOINT, Folder
from symrnn.training.runs.log import Log
from symrnn.training.runs.scores import Scores, score
from symrnn.training.runs.session import Session
from symrnn.training.runs.stopping import Stopping

AFTER_EPOCH = 1.0
"""Seconds since the last checkpoint after which the end of an epoch is one."""


class Watcher(Protocol):
    """Who is told how it goes."""

    def step(self, step: Step) -> None: ...

    def epoch(self, epoch: "EpochEnd") -> None: ...


@dataclass(frozen=True)
class EpochEnd:
    """One epoch, from 1 on."""

    number: int
    step: int
    loss: float
    validation: Scores | None
    best: bool
    seconds: float


class Loop:
    """A run under way. `save_every` is in seconds; 0 is after every step."""

    def __init__(
        self,
        folder: Folder,
        session: Session,
        log: Log,
        watcher: Watcher,
        save_every: float,
    ) -> None:
        self.folder, self.log, self.watcher, self.save_every = folder, log, watcher, save_every
        self.data, self.kernels, self.place = session.data, session.kernels, session.place
        self.trainer, self.patience = session.trainer, session.config.training.patience
        self.saved = self.started = perf_counter()
        self.kept = self.trainer.count
        """The step of the last checkpoint."""

    def run(self, epochs: int, stopping: Stopping) -> str:
        """Go on to the end of the last epoch; what has ended it: epochs, patience or signal."""
        try:
            return self._run(epochs, stopping)
        except (UsageError, MemoryError) as error:  # a full disk, a full memory
            said = not_enough(error) if isinstance(error, MemoryError) else error
            raise UsageError(
                f"{said}\nthe checkpoint of step {self.kept} is as it was; symrnn train --resume"
                f" {self.folder.path} goes on from there"
            ) from None

    def _run(self, epochs: int, stopping: Stopping) -> str:
        place = self.place
        while place.epoch < epochs and not place.ended:
            if not self._epoch(stopping):
                self.save()
                return "signal"
            if stopping.signal is None and self._due(min(AFTER_EPOCH, self.save_every)):
                self.save()
        self.save()
        return place.ended or "epochs"

    def _epoch(self, stopping: Stopping) -> bool:
        """The epoch, or what is left of it; False if it was broken off."""
        place, rng = self.place, self.trainer.rng
        if place.position is None:
            batches = self.data.train_batches(place.epoch, rng)
        else:
            batches = self.data.restore(place.position)
        for batch in batches:
            step = self._step(batch)
            place.position = batches.position
            self.watcher.step(step)
            if stopping.signal is not None:
                return False
            if self._due(self.save_every):
                self.save()
        self._end()
        return stopping.signal is None

    def _step(self, batch: Batch) -> Step:
        trainer, place = self.trainer, self.place
        if trainer.carry and batch["reset"]:
            trainer.reset()
        inputs = self.kernels.inputs(batch)
        trainer.kernel = self.kernels.of(inputs)
        found = trainer.train_step(inputs, batch["share"])
        if found.number == 1:
            place.first = found.loss
        weight = batch["tokens"] if self.kernels.config.task.timed else len(batch["lengths"])
        place.loss += found.loss * weight
        place.weight += weight
        place.tokens += batch["tokens"]
        if told(found.number):
            self.log.write(
                {"step": found.number, "epoch": place.epoch + 1, "loss": found.loss}
                | {"norm": found.norm, "rate": found.rate, "tokens": batch["tokens"]}
                | {"seconds": round(found.seconds, 6)}
            )
        return Step(*found[:5], place.epoch, batch["tokens"])

    def _end(self) -> None:
        """What there is to do after the last batch of an epoch."""
        place = self.place
        validation = None
        for_validation = self.data.validation_batches()
        first = next(for_validation, None)
        if first is not None:
            validation = score(self.kernels, _again(first, for_validation))
        best = validation is not None and validation.loss < place.lowest
        if validation is not None:
            place.waited = 0 if best else place.waited + 1
        if best and validation is not None:
            place.lowest, place.best_epoch = validation.loss, place.epoch
            place.best = self.kernels.plain.theta.copy()
        seconds = place.seconds + perf_counter() - self.started
        end = EpochEnd(
            place.epoch + 1,
            self.trainer.count,
            place.loss / max(place.weight, 1),
            validation,
            best,
            seconds,
        )
        record: dict[str, Any] = {"epoch": end.number, "step": end.step, "mean_loss": end.loss}
        if validation is not None:
            record |= {"validation": validation.loss, validation.metric: validation.value}
            record |= {"best": best}
        self.log.write(record | {"seconds": round(seconds, 3)})
        self.watcher.epoch(end)
        place.epoch, place.position = place.epoch + 1, None
        place.loss, place.weight = 0.0, 0
        if self.patience is not None and place.waited >= self.patience:
            place.ended = "patience"

    # checkpoints

    def _due(self, seconds: float) -> bool:
        return perf_counter() - self.saved >= seconds

    def save(self) -> None:
        """A checkpoint, and the weights to predict with; there is none of parameters that are no
        numbers."""
        if not np.isfinite(self.kernels.plain.theta).all():
            count = self.trainer.count
            said = f"step {count}: parameters are nan or infinite now; try a smaller learning rate"
            raise Diverged(said, count, nan, nan)
        place, now = self.place, perf_counter()
        place.seconds, self.started = place.seconds + now - self.started, now
        place.lines = self.log.settle()
        checkpoint.save(self.folder / CHECKPOINT, self.trainer.state(), place)
        self.kept = self.trainer.count
        self.save_weights()
        self.saved = perf_counter()

    def save_weights(self) -> None:
        """Those of the lowest validation, or the last, if these are numbers."""
        theta, best = self.kernels.plain.theta, self.place.best
        if best is None:
            if np.isfinite(theta).all():
                self.folder.save_weights(self.kernels.plain.params)
            return
        last = theta.copy()
        theta[...] = best
        try:
            self.folder.save_weights({n: a.copy() for n, a in self.kernels.plain.params.items()})
        finally:
            theta[...] = last


def told(step: int) -> bool:
    """Whether metrics.jsonl tells of this step: of the first thousand, then of every tenth, …

    >>> [step for step in (1, 999, 1000, 1001, 1010, 10010, 10100) if told(step)]
    [1, 999, 1000, 1010, 10100]
    """
    every: int = 10 ** max(0, len(str(step)) - 3)
    return step % every == 0


def _again(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from rest
