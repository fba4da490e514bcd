"""A run for TensorBoard: every line of metrics.jsonl as events in a file beside it.

Events are made by tensorboardX or by torch.utils.tensorboard, whichever is installed, and written
here one after the other: their own writers leave that to a thread, which a full disk ends unheard.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import time, time_ns
from typing import Any, NamedTuple

from symrnn.errors import UsageError

EVENTS = "events.out.tfevents.{}.symrnn"
"""What the file is called; in the place of {} stands when it was begun."""


class Library(NamedTuple):
    """What is used of either of them."""

    scalar: Callable[[str, float], Any]
    text: Callable[[str, str], Any]
    events: Any
    open: Callable[[Path], Any]


def library() -> Library:
    """Whichever is installed; one message if neither is."""
    try:
        from tensorboardX.proto import event_pb2
        from tensorboardX.record_writer import RecordWriter
        from tensorboardX.summary import scalar, text

        return Library(scalar, text, event_pb2, lambda path: RecordWriter(str(path.absolute())))
    except ImportError:
        pass
    try:
        from torch.utils.tensorboard.summary import scalar, text  # isort: skip (it may be missing)
        from tensorboard.compat.proto import event_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise UsageError(
            "--tensorboard needs tensorboardX, or PyTorch and tensorboard, and neither is"
            " installed; pip install tensorboardX, or leave out --tensorboard"
        ) from None
    return Library(scalar, text, event_pb2, lambda path: RecordWriter(open(path, "wb")))


def library_of(folder: Path, asked: bool) -> tuple[Library | None, str]:
    """For a run that goes on: where TensorBoard was told of it, it still is. And a remark, where
    that cannot be and nobody has asked for it."""
    if not asked and not list(_files(folder)):
        return None, ""
    try:
        return library(), ""
    except UsageError:
        if asked:
            raise
    return None, "neither tensorboardX nor tensorboard is here: TensorBoard is told no more of it"


class Board:
    """The file of events of a run. It is begun anew each time that the run goes on, and is told of
    the lines that the run has kept first: it says what metrics.jsonl says, whatever a process that
    was killed had said."""

    def __init__(self, made_by: Library, folder: Path, model: str) -> None:
        self._by = made_by
        self.path = folder / EVENTS.format(time_ns() // 10**6)
        with _said(self.path):
            self._file = made_by.open(self.path)
            for old in set(_files(folder)) - {self.path}:
                old.unlink()
        self._write(0, file_version="brain.Event:2")
        begun = made_by.events.SessionLog(status=made_by.events.SessionLog.START)
        self._write(0, session_log=begun)  # whoever watches forgets what an earlier file has said
        self._write(0, summary=made_by.text("model", _code(model)))

    def tell(self, line: Mapping[str, Any]) -> None:
        """Of a line of the log."""
        for name, value in scalars(line):
            self._write(line["step"], summary=self._by.scalar(name, value))
        for each in line.get("flow", ()):
            verdict = self._by.text(f"{_flow(each)}/verdict", each["verdict"])
            self._write(line["step"], summary=verdict)

    def flush(self) -> None:
        with _said(self.path):
            self._file.flush()

    def close(self) -> None:
        with _said(self.path):
            self._file.close()

    def _write(self, step: int, **what: Any) -> None:
        event = self._by.events.Event(wall_time=time(), step=step, **what)
        with _said(self.path):
            self._file.write(event.SerializeToString())


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """What goes wrong with the file is one message."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None


def scalars(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of a line of metrics.jsonl, under the names that they have in TensorBoard.

    >>> dict(scalars({"step": 7, "epoch": 1, "loss": 0.5, "norm": 2.0}))
    {'step/loss': 0.5, 'step/norm': 2.0}
    >>> dict(scalars({"epoch": 1, "step": 9, "mean_loss": 0.25, "best": True}))
    {'epoch/mean_loss': 0.25}
    >>> verdict = {"states": ["c", "h"], "verdict": "healthy", "factor": 0.5, "reach": None}
    >>> dict(scalars({"step": 7, "flow": [verdict | {"delta": [0.1, 0.2, 0.4]}]}))
    {'flow/c-h/factor': 0.5, 'flow/c-h/delta_1': 0.1, 'flow/c-h/delta_2': 0.2, 'flow/c-h/delta_3': 0.4}
    """  # noqa: E501
    kind = "step" if "loss" in line else "epoch"
    yield from _numbers(kind, {n: v for n, v in line.items() if n not in ("step", "epoch")})
    for each in line.get("flow", ()):
        yield from _numbers(_flow(each), each)
        delta = each["delta"]
        yield from _numbers(_flow(each), {f"delta_{t}": delta[t - 1] for t in shown(len(delta))})


def shown(steps: int) -> list[int]:
    """The steps t whose ‖δ_t‖ has a curve of its own: both ends, and 1, 2, 4, … before the last.

    >>> shown(3), shown(50)
    ([1, 2, 3], [1, 18, 34, 42, 46, 48, 49, 50])
    """
    return sorted({1, steps, *(steps - 2**n for n in range(steps.bit_length()) if 2**n < steps)})


def _numbers(kind: str, named: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in named.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{kind}/{name.replace(' ', '_')}", value


def _flow(recurrence: Mapping[str, Any]) -> str:
    return f"flow/{'-'.join(recurrence['states'])}"


def _code(text: str) -> str:
    """As code of Markdown, which is what TensorBoard shows."""
    return "".join(f"    {line}\n" for line in text.splitlines())


def _files(folder: Path) -> Iterator[Path]:
    return folder.glob(EVENTS.format("*"))
