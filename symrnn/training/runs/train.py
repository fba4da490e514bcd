"""A run on files under way: its data fed into the loop, and its directory kept up to date."""

import signal
import threading
from collections.abc import Callable, Iterator
from math import nan
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from symrnn.errors import Diverged, UsageError, not_enough
from symrnn.training.kernels import Kernel
from symrnn.training.loop import STOP, Callback, Loop, Prepared, Record
from symrnn.training.runs import checkpoint
from symrnn.training.runs.folder import CHECKPOINT, Folder
from symrnn.training.runs.log import Log
from symrnn.training.runs.scores import Scores, score
from symrnn.training.runs.session import Session
from symrnn.training.trainer import Step

AFTER_EPOCH = 1.0
"""Seconds since the last checkpoint after which the end of an epoch is one."""


class Keeper:
    """The callback that keeps a run in its directory: a checkpoint after so many seconds (0 is
    after every step), and the weights to predict with."""

    def __init__(self, folder: Folder, session: Session, log: Log, save_every: float) -> None:
        self.folder, self.session, self.log = folder, session, log
        self.save_every = save_every
        self.saved = perf_counter()
        self.kept = session.trainer.count
        """The step of the last checkpoint."""

    def __call__(self, record: Record) -> None:
        """After a step or an epoch: a checkpoint, where one is due."""
        ends = not isinstance(record, Step)
        due = min(AFTER_EPOCH, self.save_every) if ends else self.save_every
        if perf_counter() - self.saved >= due:
            self.save()

    def save(self) -> None:
        """A checkpoint, and the weights to predict with; there is none of parameters that are no
        numbers."""
        trainer, progress = self.session.trainer, self.session.progress
        if not np.isfinite(self.session.kernels.plain.theta).all():
            said = "parameters are nan or infinite now; try a smaller learning rate"
            raise Diverged(f"step {trainer.count}: {said}", trainer.count, nan, nan)
        progress.lines = self.log.settle()
        checkpoint.save(self.folder / CHECKPOINT, trainer.state(), progress)
        self.kept = trainer.count
        self.save_weights()
        self.saved = perf_counter()

    def save_weights(self) -> None:
        """Those of the lowest validation, or the last, if these are numbers."""
        plain, best = self.session.kernels.plain, self.session.progress.best
        if best is None:
            if np.isfinite(plain.theta).all():
                self.folder.save_weights(plain.params)
            return
        last = plain.theta.copy()
        plain.theta[...] = best
        try:
            self.folder.save_weights({name: each.copy() for name, each in plain.params.items()})
        finally:
            plain.theta[...] = last


def train(
    session: Session, keeper: Keeper, epochs: int, watching: Callback, stopping: "Stopping"
) -> str:
    """Go on to the end of the last epoch; what has ended it: epochs, patience or signal."""
    log = keeper.log.watch(session.trainer, session.progress)
    loop = Loop(
        session.trainer,
        lambda epoch, rng: _prepared(session, epoch, rng),
        session.progress,
        (log, watching, keeper, stopping),
        _validation(session),
        session.config.training.patience,
    )
    try:
        ended = loop.run(epochs)
        keeper.save()
    except (UsageError, MemoryError) as error:  # a full disk, a full memory
        said = not_enough(error) if isinstance(error, MemoryError) else error
        raise UsageError(
            f"{said}\nthe checkpoint of step {keeper.kept} is as it was; symrnn train --resume"
            f" {keeper.folder.path} goes on from there"
        ) from None
    return "signal" if ended == "callback" else ended


def _prepared(session: Session, epoch: int, rng: np.random.Generator) -> Iterator[Prepared]:
    """The batches of an epoch, or those that are left of it; the place knows how many are done."""
    data, kernels, progress = session.data, session.kernels, session.progress
    if progress.position is None:
        batches = data.train_batches(epoch, rng)
    else:
        batches = data.restore(progress.position)
    for batch in batches:
        progress.position = batches.position  # by the time that anyone saves it, the step is done
        inputs = kernels.inputs(batch)
        weight = batch["tokens"] if kernels.config.task.timed else len(batch["lengths"])
        kernel = kernels.of(inputs)
        yield Prepared(inputs, weight, batch["tokens"], batch["share"], batch["reset"], kernel)
    progress.position = None


def _validation(session: Session) -> Callable[[Kernel], Scores] | None:
    """The scores on what was kept apart, if anything was."""
    if next(session.data.validation_batches(), None) is None:
        return None
    return lambda kernel: score(session.kernels, session.data.validation_batches())


# Ctrl-C, and a polite request to end


SIGNALS = signal.SIGINT, signal.SIGTERM


class Stopping:
    """Hears signals between two steps, so that nothing is half done: while it is entered, the
    first signal is kept in `signal`; a second one ends at once.

    >>> with Stopping() as stopping:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stopping.signal == signal.SIGINT
    True
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():  # others may not ask for signals
            self._before = {each: signal.signal(each, self._heard) for each in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put_back()

    def __call__(self, record: Record) -> str | None:
        """As a callback of a loop: end it after the step that is done."""
        return None if self.signal is None else STOP

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._put_back()

    def _put_back(self) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        self._before = {}
