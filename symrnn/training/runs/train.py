"""A run on files under way: its data fed into the loop, and its directory kept up to date."""

from collections.abc import Callable, Iterator, Sequence
from math import nan
from time import perf_counter
from typing import Any, NamedTuple, TextIO

import numpy as np

from symrnn.errors import Diverged, UsageError, not_enough, readable
from symrnn.training.kernels import Kernel
from symrnn.training.loop import Callback, Loop, Prepared, Record
from symrnn.training.ranks import WISHES
from symrnn.training.runs import checkpoint
from symrnn.training.runs.display import confusion, samples, table, watcher
from symrnn.training.runs.flow_watch import FlowWatch
from symrnn.training.runs.folder import CHECKPOINT, METRICS, PICTURE, WEIGHTS, Folder
from symrnn.training.runs.log import Log, plot
from symrnn.training.runs.scores import Scores, own_scores, score
from symrnn.training.runs.session import Session
from symrnn.training.runs.stopping import Stopping
from symrnn.training.runs.tensorboard import Board, Library
from symrnn.training.trainer import Step

SAVE, SAVE_AFTER_EPOCH, _, _ = WISHES
AFTER_EPOCH = 1.0
"""Seconds since the last checkpoint after which the end of an epoch is one."""


class Checkpointer:
    """The callback that keeps a run in its directory: a checkpoint after so many seconds (0 is
    after every step), and the weights to predict with."""

    def __init__(self, folder: Folder, session: Session, log: Log, save_every: float) -> None:
        self.folder, self.session, self.log = folder, session, log
        self.save_every = save_every
        self.saved = perf_counter()
        self.kept = session.trainer.count
        """The step of the last checkpoint."""
        self._wish()

    def __call__(self, record: Record) -> None:
        """After a step or an epoch: a checkpoint, where one is due."""
        wish = SAVE if isinstance(record, Step) else SAVE_AFTER_EPOCH
        if self.session.ranks.agree(wish, self._due(wish)):
            self.save()
        self._wish()

    def _due(self, wish: str) -> bool:
        after = self.save_every if wish == SAVE else min(AFTER_EPOCH, self.save_every)
        return perf_counter() - self.saved >= after

    def _wish(self) -> None:
        for wish in (SAVE, SAVE_AFTER_EPOCH):
            self.session.ranks.wish(wish, self._due(wish))

    def save(self) -> None:
        """A checkpoint, and the weights to predict with; there is none of parameters that are no
        numbers."""
        trainer, progress = self.session.trainer, self.session.progress
        state = _state(self.session)
        progress.lines = self.log.settle()
        checkpoint.save(self.folder / CHECKPOINT, state, progress)
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


def _state(session: Session) -> dict[str, Any]:
    """What a trainer goes on from, unless that is no numbers."""
    trainer = session.trainer
    if not np.isfinite(session.kernels.plain.theta).all():
        said = "parameters are nan or infinite now; try a smaller learning rate"
        raise Diverged(f"step {trainer.count}: {said}", trainer.count, nan, nan)
    return trainer.state()


class Outcome(NamedTuple):
    """What a run came to."""

    text: str
    """For whoever asked: a table, what was taken for what, samples of a text."""
    trouble: str = ""
    """What has to be said where errors are."""
    status: int = 0
    """Of a command: 0, 1 if the loss became no number or grew, 128 and the number of a signal."""


def carry_out(
    session: Session,
    folder: Folder,
    epochs: int,
    save_every: float,
    out: TextIO | None = None,
    remarks: Sequence[str] = (),
    events: Library | None = None,
) -> Outcome:
    """From where the session is to its end, whatever that is; how it goes is told to `out`, and to
    TensorBoard by `events`."""
    total, count = session.data.batches * epochs, session.trainer.count
    opened = session.ranks.agreed(lambda: _log(session, folder, events))
    with opened as log, Stopping(session.ranks) as stopping:
        folder.sweep()
        if log.lost:
            lost = f"{folder / METRICS} is shorter than it was; what is missing is gone"
            remarks = (*remarks, lost)
        for remark in remarks if out else ():
            print(readable(remark), file=out)
        watching = watcher(out, count, total, epochs, quiet=out is None)
        checkpointer = Checkpointer(folder, session, log, save_every)
        diverged: Diverged | None = None
        try:
            ended = train(session, checkpointer, epochs, watching, stopping)
        except Diverged as error:
            diverged = error
        finally:
            watching.close()
        if diverged is not None:
            checkpointer.save_weights()
            first = diverged.step == 1
            cure = "numbers of the order of 1" if first else "a smaller --learning-rate"
            kept = f"{folder.path} keeps the weights from before; start anew with {cure}"
            return Outcome("", f"{diverged}\n{kept}", 1)
    if ended == "callback":
        number = stopping.signal or 0
        where = f"{'interrupted' if number == 2 else 'ended'} at step {session.trainer.count}"
        again = f"symrnn train --resume {folder.path} goes on from there"
        return Outcome("", f"{where}; {again}", 128 + number)
    text, last = _report(session, folder, epochs, ended)
    first_loss = session.progress.first
    if not worse(first_loss, last):
        return Outcome(text)
    trouble = (
        f"the loss has grown from {first_loss:.4g} to {last:.4g}: the weights are worse than those"
        " to start from; start anew with a smaller --learning-rate"
    )
    return Outcome(text, trouble, 1)


def _log(session: Session, folder: Folder, events: Library | None) -> Log:
    log = Log(folder / METRICS, session.progress.lines)
    if events is not None:
        log.tell(Board(events, folder.path, session.model.text))
    return log


def train(
    session: Session,
    checkpointer: Checkpointer,
    epochs: int,
    watching: Callback,
    stopping: Stopping,
) -> str:
    """Go on to the end of the last epoch; what has ended it: epochs, patience, or a callback."""
    log = checkpointer.log.watch(session.trainer, session.progress)
    every = session.config.training.flow if session.ranks.rank == 0 else 0
    flows = (FlowWatch(session, checkpointer.log, every),) if every else ()
    try:
        ended = _loop(session, (log, *flows, watching, checkpointer, stopping)).run(epochs)
        checkpointer.save()
    except (UsageError, MemoryError) as error:  # a full disk, a full memory
        said = not_enough(error) if isinstance(error, MemoryError) else error
        raise UsageError(
            f"{said}\nthe checkpoint of step {checkpointer.kept} is as it was; symrnn train"
            f" --resume {checkpointer.folder.path} goes on from there"
        ) from None
    return ended


def attend(session: Session, epochs: int) -> Outcome:
    """What another rank than the first does meanwhile: the same steps on rows of its own, and its
    part in whatever all of them do. It writes nothing, and tells nobody."""
    ranks = session.ranks
    ranks.agreed(lambda: None)
    with Stopping(ranks) as stopping:
        try:
            ended = _loop(session, (_Attending(session), stopping)).run(epochs)
            _state(session)
        except Diverged:
            return Outcome("", status=1)
    if ended == "callback":
        return Outcome("", status=128 + (stopping.signal or 0))
    _take_best(session)
    last = own_scores(session.data, session.kernels, ranks)[0].loss
    return Outcome("", status=int(worse(session.progress.first, last)))


class _Attending:
    """The callback in the place of a `Checkpointer`, where another rank has that."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self, record: Record) -> None:
        wish = SAVE if isinstance(record, Step) else SAVE_AFTER_EPOCH
        if self.session.ranks.agree(wish, False):
            _state(self.session)


def _loop(session: Session, callbacks: Sequence[Callback]) -> Loop:
    """The loop over the data of a session."""
    return Loop(
        session.trainer,
        lambda epoch, rng: _prepared(session, epoch, rng),
        session.progress,
        callbacks,
        _validation(session),
        session.config.training.patience,
    )


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
    data, ranks = session.data, session.ranks
    return lambda kernel: score(session.kernels, data.validation_batches(), ranks)


# what is said


def worse(first: float | None, last: float) -> bool:
    """Whether a loss is far above that of the first step, or no number.

    >>> worse(0.7, 0.9), worse(3.0, 1.7e5), worse(None, 1.0)
    (False, True, False)
    """
    return first is not None and not last - first <= abs(first) + 1e-6


def _report(session: Session, folder: Folder, epochs: int, ended: str) -> tuple[str, float]:
    """The table, what is taken for what, samples; and the picture is drawn. And the last loss."""
    progress = session.progress
    _take_best(session)
    scores, part = own_scores(session.data, session.kernels, session.ranks)
    why = plot(folder / METRICS, folder / PICTURE, folder.path.name)
    seconds = progress.seconds
    rate = f", {progress.tokens / seconds:,.0f} tokens a second" if seconds > 0 else ""
    early = f": {progress.waited} without a lower validation" if ended == "patience" else ""
    best = f", of epoch {progress.best_epoch + 1}" if progress.best is not None else ""
    rows = [
        ("epochs", f"{progress.epoch} of {epochs}{early}"),
        ("steps", f"{session.trainer.count:,} in {seconds:.1f} s{rate}"),
        ("loss", f"{scores.loss:.4g} ({part})"),
        (scores.metric, f"{scores.said()} ({part})"),
        ("weights", f"{folder / WEIGHTS}{best}"),
        ("picture", f"none: {why}" if why else str(folder / PICTURE)),
    ]
    parts = [table(str(folder.path), rows)]
    if scores.confusion is not None:
        parts.append(confusion(scores.confusion, session.config.task.labels, part))
    if session.kernels.is_text and session.data.vocabulary:
        length = progress.tokens // max(progress.epoch, 1)
        parts.append(samples(session.kernels, session.data.vocabulary, length))
    return "\n".join(parts), scores.loss


def _take_best(session: Session) -> None:
    if session.progress.best is not None:
        session.kernels.plain.theta[...] = session.progress.best


def beginning(session: Session) -> str:
    """What a run begins with, in a line or two."""
    config, data = session.config, session.data
    sizes = " ".join(f"{name}={size}" for name, size in config.kernel.dims.items())
    head = f" under the head {config.head}" if config.head else ""
    size = session.kernels.plain.theta.size
    return (
        f"{config.model}{head}: {size:,} parameters, {sizes}; {data.batches:,} batches of up to"
        f" {data.batch} sequences of {'up to ' if data.ragged else ''}{data.steps} steps"
    )
