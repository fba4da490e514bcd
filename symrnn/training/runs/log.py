"""What a run leaves line by line, `metrics.jsonl`, and the picture of it, `loss.png`."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, BinaryIO
from warnings import catch_warnings

from symrnn.errors import UsageError, visible
from symrnn.files import check_kind, opened, write
from symrnn.training.loop import Callback, Progress, Record
from symrnn.training.runs.scores import Scores
from symrnn.training.runs.tensorboard import Board
from symrnn.training.trainer import Step, Trainer

SECONDS = 1.0
"""How long a line may wait for a reader."""


class Log:
    """Lines behind those that a checkpoint knows of; what came after it is cut off first."""

    def __init__(self, path: Path, length: int = 0) -> None:
        self.path = path
        self._board: Board | None = None
        self._shown = monotonic()
        try:
            self._file: BinaryIO = open(path, "ab")  # noqa: SIM115 (open as long as the run)
            if not _locked(self._file):
                raise UsageError(f"another process is training in {path.parent}; wait for its end")
            there = self._file.seek(0, os.SEEK_END)
            self.lost = there < length
            """Whether lines are gone that should be there."""
            self._file.truncate(min(length, there))
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise self._failed(error) from None

    def write(self, record: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(record).encode() + b"\n")
            seen = monotonic() - self._shown > SECONDS
            if seen:
                self._file.flush()
                self._shown = monotonic()
        except OSError as error:
            raise self._failed(error) from None
        if self._board is not None:
            self._board.tell(record)
            if seen:
                self._board.flush()

    def tell(self, board: Board) -> None:
        """Tell it of the lines that there are, and of each that comes."""
        self.settle()
        for line in records(self.path):
            board.tell(line)
        self._board = board

    def watch(self, trainer: Trainer, progress: Progress) -> Callback:
        """The callback of a loop that writes a line for each epoch, and for the steps that are
        logged (`is_logged`); epochs count from 1 on here."""

        def write(record: Record) -> None:
            if isinstance(record, Step):
                if is_logged(record.number):
                    self.write(
                        {"step": record.number, "epoch": record.epoch + 1, "loss": record.loss}
                        | {"norm": record.norm, "rate": record.rate, "tokens": record.tokens or 0}
                        | {"seconds": round(record.seconds, 6)}
                    )
                return
            line: dict[str, Any] = {"epoch": record.number + 1, "step": trainer.count}
            line["mean_loss"] = record.loss
            if isinstance(record.scores, Scores):
                scores = record.scores
                line |= {"validation": scores.loss, scores.metric: scores.value}
                line["best"] = record.best
            self.write(line | {"seconds": round(progress.seconds, 3)})

        return write

    def settle(self) -> int:
        """Everything on the disk; how long the file is now."""
        if self._board is not None:
            self._board.flush()
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()
        except OSError as error:
            raise self._failed(error) from None

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in (self._board, self._file):
            with suppress(OSError, UsageError):  # it has been said when it was settled
                if each is not None:
                    each.close()

    def _failed(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self.path}: {error.strerror or error}")


def is_logged(step: int) -> bool:
    """Whether metrics.jsonl tells of this step: of the first thousand, then of every tenth, …

    >>> [step for step in (1, 999, 1000, 1001, 1010, 10010, 10100) if is_logged(step)]
    [1, 999, 1000, 1010, 10100]
    """
    every: int = 10 ** max(0, len(str(step)) - 3)
    return step % every == 0


def _locked(file: BinaryIO) -> bool:
    """Whether nobody else holds the file; where there are no locks, nobody does."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


# the picture


def plot(metrics: Path, out: Path, title: str) -> str:
    """Draw the curves; why there are none, or nothing. What a run has learnt does not depend on
    its picture, so that whatever goes wrong here ends in a word."""
    try:
        if out.exists():
            check_kind(out)
        write(out, curve(list(records(metrics)), title))
    except ImportError:
        return "there is no matplotlib"
    except Exception as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return ""


def curve(records: list[dict[str, Any]], title: str) -> bytes:
    """The losses of a log as a picture, in PNG; ImportError where there is no matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with catch_warnings(action="ignore"):  # of letters that its font has not
        return _drawn(records, title, Figure, FigureCanvasAgg)


def _drawn(records: list[dict[str, Any]], title: str, make: Any, canvas: Any) -> bytes:
    """The picture as a file."""
    steps = [each for each in records if "loss" in each]
    epochs = [each for each in records if "mean_loss" in each]
    figure: Any = make(figsize=(7, 4.5), layout="constrained")
    canvas(figure)
    axes = figure.add_subplot()
    axes.plot(_of(steps, "step"), _of(steps, "loss"), color="#b8c4d6", lw=0.8, label="a step")
    mark = "o" if len(epochs) < 30 else ""
    axes.plot(
        _of(epochs, "step"), _of(epochs, "mean_loss"), color="#1f4e9e", marker=mark, ms=3,
        label="mean of an epoch",
    )  # fmt: skip
    checked = [each for each in epochs if "validation" in each]
    if checked:
        axes.plot(
            _of(checked, "step"), _of(checked, "validation"), color="#c2410c", marker=mark, ms=3,
            label="validation",
        )  # fmt: skip
    axes.set(xlabel="step", ylabel="loss")
    shown = visible(title.encode(errors="backslashreplace").decode())
    axes.set_title(shown, parse_math=False, usetex=False)  # a name may hold $ and no formula
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120, metadata={"Software": None})
    return image.getvalue()


def _of(records: list[dict[str, Any]], name: str) -> list[float]:
    return [each[name] for each in records]


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log."""
    with opened(path) as file:
        for line in file:
            yield json.loads(line)
