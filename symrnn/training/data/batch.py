"""What a trainer sees of any data set: batches, and how to go on in the middle of an epoch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypedDict

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.training.data.task import Task
from symrnn.training.data.vocabulary import Vocabulary


class Batch(TypedDict):
    """Some sequences side by side, time first; up to T steps each, with zeros behind its end."""

    x: Array
    """(T, B) ids, or (T, B, D) numbers."""
    y: Array
    """As the task says."""
    lengths: Array
    """(B,): how many steps each sequence has, at least one."""
    tokens: int
    """How many steps there are in it, without padding."""
    share: float
    """How much its gradient counts, to that of a whole batch: the end of a running text has fewer
    steps."""
    reset: bool
    """No state is carried in from the batch before."""


@dataclass(frozen=True)
class Position:
    """A place in an epoch: what was drawn from when it began, and how many batches are done.

    It holds numbers and texts alone (with NumPy's own default generator): `asdict` of it can be
    saved as JSON, and `Position(**saved)` is the same place.
    """

    epoch: int
    done: int
    state: dict[str, Any]
    """Of the random generator when the epoch began."""

    def rng(self) -> np.random.Generator:
        """A generator as it was when the epoch began."""
        kind = getattr(np.random, str(self.state.get("bit_generator")), None)
        if not (isinstance(kind, type) and issubclass(kind, np.random.BitGenerator)):
            raise DataError("the saved position is of no random generator that NumPy has")
        bits = kind()
        bits.state = self.state
        return np.random.Generator(bits)


class Batches:
    """The batches of an epoch, one after the other; knows its place."""

    def __init__(self, position: Position, batches: Iterator[Batch]) -> None:
        self.position = position
        self._batches = batches

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = next(self._batches)
        self.position = replace(self.position, done=self.position.done + 1)
        return batch


class Data(Protocol):
    """Batches for training and for validation, the same whenever the generator is the same."""

    @property
    def task(self) -> Task: ...

    @property
    def steps(self) -> int:
        """T, of every batch."""

    @property
    def batch(self) -> int:
        """The most sequences in a batch."""

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""

    @property
    def ragged(self) -> bool:
        """Some sequence is shorter than T: a kernel for it needs lengths."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """What the ids of x mean."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know: what was cut, what is missing."""

    def train_batches(self, epoch: int, rng: np.random.Generator) -> Batches:
        """An epoch; all that is random is drawn now."""

    def restore(self, position: Position) -> Batches:
        """The rest of an epoch, from a place in it."""

    def validation_batches(self) -> Iterator[Batch]:
        """The validation part, always the same; nothing if there is none."""


def position(epoch: int, rng: np.random.Generator) -> Position:
    """The place where an epoch begins."""
    return Position(epoch, 0, dict(rng.bit_generator.state))
