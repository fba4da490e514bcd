"""`symrnn train`: its options, and what is done with them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from symrnn.cli.train_options import given
from symrnn.errors import Diverged, UsageError, readable

if TYPE_CHECKING:
    from symrnn.model import Model
    from symrnn.training.runs.folder import Folder
    from symrnn.training.runs.session import Session

THREADS = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"


def one_thread() -> None:
    """Products of this size are quicker on one core, and the same to the bit each time; whoever
    says how many threads there are, or has NumPy already, is left alone."""
    if "numpy" not in sys.modules and not any(name in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))


def train(model: "Model | None", options: argparse.Namespace) -> tuple[str, int]:
    """A new run, or the rest of one: what is printed at the end, and the exit status."""
    if options.resume is not None:
        return _resumed(options)
    if model is None:
        raise UsageError("no model given; expected MODEL, -f FILE or -e TEXT, or --resume DIR")
    if options.data is None:
        from symrnn.training.data.opening import BUILT_IN

        raise UsageError(f"no data given; expected --data FILE, or --data {', '.join(BUILT_IN)}")
    return _started(model, options)


def _started(model: "Model", options: argparse.Namespace) -> tuple[str, int]:
    from symrnn.training.runs.folder import check_free, default_path
    from symrnn.training.runs.session import begin, settle

    path = Path(options.out) if options.out else default_path(model.name, options.data)
    check_free(path)
    session = begin(model, options.data, given(options))
    folder = settle(session, path)
    return _run(session, folder, options, (_how(session), *session.data.remarks))


def _resumed(options: argparse.Namespace) -> tuple[str, int]:
    from symrnn.cli.train_options import check_agrees
    from symrnn.training.runs.folder import Folder
    from symrnn.training.runs.session import resume

    folder = Folder(options.resume)
    config = folder.config()
    check_agrees(options, config)
    session = resume(folder, config, options.data)
    return _run(session, folder, options, (f"{folder.path}: from step {session.trainer.count} on",))


def _run(
    session: "Session", folder: "Folder", options: argparse.Namespace, remarks: Sequence[str]
) -> tuple[str, int]:
    """From where the session is to its end, whatever that is."""
    from symrnn.training.runs.display import watcher
    from symrnn.training.runs.folder import METRICS
    from symrnn.training.runs.log import Log
    from symrnn.training.runs.train import Keeper, Stopping
    from symrnn.training.runs.train import train as run

    epochs = options.epochs or session.config.training.epochs
    total, count = session.data.batches * epochs, session.trainer.count
    with Log(folder / METRICS, session.progress.lines) as log, Stopping() as stopping:
        folder.sweep()
        for remark in remarks:
            _say(remark, options)
        if log.lost:
            _say(f"{folder / METRICS} is shorter than it was; what is missing is gone", options)
        watching = watcher(sys.stderr, count, total, epochs, options.quiet)
        keeper = Keeper(folder, session, log, options.save_every)
        diverged: Diverged | None = None
        try:
            ended = run(session, keeper, epochs, watching, stopping)
        except Diverged as error:
            diverged = error
        finally:
            watching.close()
        if diverged is not None:
            keeper.save_weights()
            cure = (
                "numbers of the order of 1" if diverged.step == 1 else "a smaller --learning-rate"
            )
            kept = f"{folder.path} keeps the weights from before; start anew with {cure}"
            return _broken(f"{diverged}\n{kept}"), 1
    if ended == "signal":
        number = stopping.signal or 0
        where = f"{'interrupted' if number == 2 else 'ended'} at step {session.trainer.count}"
        again = f"symrnn train --resume {folder.path} goes on from there"
        return _broken(f"{where}; {again}"), 128 + number
    text, last = _report(session, folder, epochs, ended)
    first = session.progress.first
    if not worse(first, last):
        return text, 0
    _broken(
        f"the loss has grown from {first:.4g} to {last:.4g}: the weights are worse than those to"
        " start from; start anew with a smaller --learning-rate"
    )
    return text, 1


def worse(first: float | None, last: float) -> bool:
    """Whether a loss is far above that of the first step, or no number.

    >>> worse(0.7, 0.9), worse(3.0, 1.7e5), worse(None, 1.0)
    (False, True, False)
    """
    return first is not None and not last - first <= abs(first) + 1e-6


def _report(session: "Session", folder: "Folder", epochs: int, ended: str) -> tuple[str, float]:
    """The table, what is taken for what, samples; and the picture is drawn. And the last loss."""
    from symrnn.training.runs.display import confusion, samples, table
    from symrnn.training.runs.folder import METRICS, PICTURE, WEIGHTS
    from symrnn.training.runs.log import plot
    from symrnn.training.runs.scores import own_scores

    progress = session.progress
    if progress.best is not None:
        session.kernels.plain.theta[...] = progress.best
    scores, part = own_scores(session.data, session.kernels)
    why = plot(folder / METRICS, folder / PICTURE, folder.path.name)
    rate = (
        f", {progress.tokens / progress.seconds:,.0f} tokens a second"
        if progress.seconds > 0
        else ""
    )
    early = f": {progress.waited} without a lower validation" if ended == "patience" else ""
    best = f", of epoch {progress.best_epoch + 1}" if progress.best is not None else ""
    rows = [
        ("epochs", f"{progress.epoch} of {epochs}{early}"),
        ("steps", f"{session.trainer.count:,} in {progress.seconds:.1f} s{rate}"),
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


def _how(session: "Session") -> str:
    """What a run begins with, in a line or two."""
    config, data = session.config, session.data
    sizes = " ".join(f"{name}={size}" for name, size in config.kernel.dims.items())
    head = f" under the head {config.head}" if config.head else ""
    size = session.kernels.plain.theta.size
    return (
        f"{config.model}{head}: {size:,} parameters, {sizes}; {data.batches:,} batches of up to"
        f" {data.batch} sequences of {'up to ' if data.ragged else ''}{data.steps} steps"
    )


def _say(text: str, options: argparse.Namespace) -> None:
    if not options.quiet and sys.stderr is not None:
        print(readable(text), file=sys.stderr)


def _broken(text: str) -> str:
    """Said where errors are; nothing is printed as a result."""
    if sys.stderr is not None:
        print(f"symrnn: {readable(text)}", file=sys.stderr)
    return ""
