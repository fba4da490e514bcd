"""A running text, for models of what comes next: read as it is needed, however large it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.files import opened
from symrnn.language.arrays import Array
from symrnn.training.data.contract import Batch, Batches, Options, Position, Task, position
from symrnn.training.data.labelled import left_out, vocabulary_of
from symrnn.training.data.text import Scan, TextPart, pieces, scan, stamp_of
from symrnn.training.data.vocabulary import Tokeniser, Vocabulary

# which tokens stand in which stream and which window


@dataclass(frozen=True, eq=False)
class StreamLayout:
    """Streams of nearly equal length, taken T steps at a time.

    A step is a token and the one that comes next, so that there is one step fewer than tokens, and
    each is in one stream and one window. Where the end cannot fill a window its lengths say so; no
    stream is without a step in any.
    """

    starts: Array
    """The first token of each stream."""
    steps: int
    full: int
    """So many windows have T steps in every stream."""
    rest: tuple[Array, ...]
    """The lengths in each window after these."""

    @classmethod
    def of(cls, tokens: int, rows: int, steps: int, tail: bool = True) -> "StreamLayout":
        """
        >>> StreamLayout.of(tokens=10, rows=2, steps=3).rest
        (array([2, 1]),)
        >>> StreamLayout.of(tokens=8, rows=2, steps=3).rest  # each has some in the last
        (array([2, 2]), array([2, 1]))
        """
        each, more = divmod(tokens - 1, rows)
        full, left = divmod(each, steps)
        row = np.arange(rows)
        if not tail:
            return cls(row * each, steps, full, ())
        rest: tuple[Array, ...] = (left + (row < more),)
        if not left and not more:
            rest = ()
        elif not left:
            full -= 1
            rest = (np.full(rows, steps - 1), 1 + (row < more))
        return cls(row * each + np.minimum(row, more), steps, full, rest)

    def __len__(self) -> int:
        return self.full + len(self.rest)

    def share(self, window: int) -> float:
        """How many steps there are in a window, to those in the largest.

        >>> StreamLayout.of(tokens=10, rows=2, steps=3).share(1)
        0.5
        """
        largest = max(self.lengths(each).sum() for each in (0, len(self) - 1))
        return float(self.lengths(window).sum() / largest)

    def lengths(self, window: int) -> Array:
        if window < self.full:
            return np.full(len(self.starts), self.steps)
        return self.rest[window - self.full]

    def begins(self, window: int) -> Array:
        """The first token of each stream there."""
        whole = min(window, self.full) * self.steps
        begins: Array = self.starts + whole
        for lengths in self.rest[: max(0, window - self.full)]:
            begins = begins + lengths
        return begins


# the text, read in streams side by side


STEPS = 50
IN_HAND = 1 << 19
"""Bytes that all streams together take from the file at a time."""


@dataclass(frozen=True, eq=False)
class Running:
    """Parallel streams through one text; a window begins where the one before has ended, so the
    state is carried over, but for the first window of an epoch (`reset`). Nothing is drawn."""

    path: Path
    scan: Scan
    windows: StreamLayout
    task: Task
    vocabulary: Vocabulary
    chunk: int
    tail: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        return self.windows.steps

    @property
    def batch(self) -> int:
        return len(self.windows.starts)

    @property
    def batches(self) -> int:
        return len(self.windows)

    @property
    def ragged(self) -> bool:
        """Its end is, in training or in validation."""
        held = self.scan.validation
        return bool(self.windows.rest or (held and self._validation(held).rest))

    def train_batches(self, epoch: int, rng: np.random.Generator) -> Batches:
        """An epoch: the text once, in order."""
        return self.restore(position(epoch, rng))

    def restore(self, position: Position) -> Batches:
        """The rest of an epoch; the file is read from there on."""
        part = self.scan.training
        return Batches(position, self._batches(part, self.windows, position.done))

    def validation_batches(self) -> Iterator[Batch]:
        """The end of the text, in order, in no more streams than in training."""
        held = self.scan.validation
        return iter(()) if held is None else self._batches(held, self._validation(held), 0)

    def _validation(self, held: TextPart) -> StreamLayout:
        """Its streams are as long as a window where it can be: what comes first has no context."""
        rows = min(self.batch, max(1, (held.tokens - 1) // self.steps))
        return StreamLayout.of(held.tokens, rows, self.steps, self.tail)

    def _batches(self, part: TextPart, windows: StreamLayout, first: int) -> Iterator[Batch]:
        with opened(self.path) as file:
            if stamp_of(file) != self.scan.stamp:
                raise DataError(
                    f"{self.path} has changed since it was first read; expected it to stay as it is"
                    " during training: start anew"
                )
            streams = [Stream(self._ids(file, part, at)) for at in windows.begins(first)]
            for window in range(first, len(windows)):
                yield _batch(streams, windows, window)

    def _ids(self, file: BinaryIO, part: TextPart, token: int) -> Iterator[Array]:
        """The ids from this token on."""
        place, skip = part.near(int(token))
        for _, text in pieces(file, place, self.vocabulary.tokeniser, self.chunk):
            ids = self.vocabulary.encode(text)
            if skip < len(ids):
                yield ids[skip:]
            skip = max(0, skip - len(ids))


class Stream:
    """Ids that are taken window by window; the last of one is the first of the next."""

    def __init__(self, ids: Iterator[Array]) -> None:
        self._more = ids
        self._ready = np.empty(0, np.int32)

    def take(self, count: int) -> Array:
        parts = [self._ready]
        there = len(self._ready)
        while there < count:
            parts.append(next(self._more))
            there += len(parts[-1])
        ids = np.concatenate(parts) if len(parts) > 1 else self._ready
        self._ready = ids[count - 1 :]
        return ids[:count]


def _batch(streams: list[Stream], windows: StreamLayout, window: int) -> Batch:
    lengths, steps = windows.lengths(window), windows.steps
    x, y = np.zeros((2, steps, len(streams)), np.int64)
    for row, (stream, length) in enumerate(zip(streams, lengths, strict=True)):
        ids = stream.take(length + 1)
        x[:length, row], y[:length, row] = ids[:-1], ids[1:]
    return {
        "x": x,
        "y": y,
        "lengths": lengths,
        "tokens": int(lengths.sum()),
        "share": windows.share(window),
        "reset": window == 0,
    }


def running(path: Path, options: Options) -> Running:
    """The text of a .txt file."""
    steps = STEPS if options.steps is None else options.steps
    if steps < 2:
        raise UsageError(f"steps is {steps}; expected 2 or more for a running text")
    tokeniser = options.tokeniser or Tokeniser(options.unit or "characters", options.lower)
    known = scan(path, tokeniser, options.share, options.chunk)
    _check_length(path, known, tokeniser, options, steps)
    vocabulary = vocabulary_of(known.counting, options)
    task = Task("steps", len(vocabulary), len(vocabulary), ("x", "y"), timed=True)
    windows = StreamLayout.of(known.training.tokens, options.batch, steps, options.tail)
    chunk = min(options.chunk, max(1 << 12, IN_HAND // options.batch))
    remarks = left_out(known.counting, vocabulary)
    return Running(path, known, windows, task, vocabulary, chunk, options.tail, remarks)


def _check_length(
    path: Path, known: Scan, tokeniser: Tokeniser, options: Options, steps: int
) -> None:
    each = 1 if options.tail else steps
    streams = f"{options.batch} parallel streams need" if options.batch > 1 else "a stream needs"
    for part, rows, what in (
        (known.training, options.batch, f"to train on; {streams}"),
        (known.validation, 1, "kept apart for validation; a stream needs"),
    ):
        if part is not None and part.tokens <= rows * each:
            less = [] if rows == 1 else ["a smaller batch"]
            less += [] if options.tail else ["fewer steps", "windows that are not full"]
            raise DataError(
                f"{path} has {part.tokens:,} {tokeniser.unit} {what} {rows * each + 1:,} or more:"
                f" use {' or '.join([*less, 'a longer text'])}"
            )
