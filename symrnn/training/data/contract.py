"""What is asked of a reader of data, and what it gives: a task, and batches for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypedDict

import numpy as np
from numpy.typing import DTypeLike

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.training.data.vocabulary import UNITS, Tokeniser, Unit, Vocabulary

# what there is to learn


LARGEST = float(np.finfo(np.float32).max)
"""Runs are in single precision, which has no larger numbers."""

TaskKind = Literal["binary", "classes", "steps", "regress"]


@dataclass(frozen=True)
class Task:
    """What a data set asks of a model; its kind is the name of the head that fits.

    `binary`: y is (B, 1), 0.0 or 1.0. `classes`: y is (B,), ids. `steps`: y is (T, B), ids.
    `regress`: y is (B, C), numbers, or (T, B, C) if `timed`, for which no head comes along.
    """

    kind: TaskKind
    features: int
    """The width D of the inputs: how many features, or tokens in the vocabulary."""
    outputs: int
    """The width C of the targets: how many classes or numbers; 1 for two classes."""
    ids: tuple[str, ...] = ()
    """Which of x and y come as whole numbers in place of one-hot rows."""
    labels: tuple[str, ...] = ()
    """The names of the classes, by id."""
    timed: bool = False
    """There is a target at every step."""

    @property
    def dims(self) -> dict[str, int]:
        """
        >>> Task("binary", 5, 1, ids=("x",)).dims
        {'D': 5, 'C': 1}
        """
        return {"D": self.features, "C": self.outputs}


def one_hot(ids: Array, width: int, dtype: DTypeLike = np.float64) -> Array:
    """A row for each id, for kernels that do not take ids.

    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return np.eye(width, dtype=dtype)[ids]


# how a file is to be read


MOST = 10_000_000
"""Of whatever is counted here."""


@dataclass(frozen=True)
class Known:
    """What a model was trained on: other data for it are read into the same numbers."""

    task: Task
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Options:
    """What does not concern a kind of file is not looked at there."""

    steps: int | None = None
    """T; unsaid, as long as the longest sequence, or 50 for a running text."""
    batch: int = 32
    """The most sequences in a batch; the parallel streams of a running text."""
    validation: float | None = None
    """The share kept apart for validation: unsaid, 0.1, and none of the notes' few sequences."""
    seed: int = 0
    """For the choice of what is kept apart."""
    unit: Unit | None = None
    """Words or characters; unsaid, words of labelled texts and characters of running ones."""
    lower: bool = False
    min_count: int = 1
    """A rarer token is unknown."""
    max_size: int = 10_000
    """The most tokens in a vocabulary, with the unknown one."""
    text: str | None = None
    """The name of the column with the text."""
    label: str | None = None
    """The name of the column with the label."""
    regress: bool = False
    """Labels are numbers, not classes."""
    tail: bool = True
    """Keep the end of a running text that does not fill T steps of every stream."""
    chunk: int = 1 << 16
    """How many bytes of a running text are read at a time, at most."""
    known: Known | None = None
    """Read the file in these numbers, instead of finding out what its tokens and labels are."""

    def __post_init__(self) -> None:
        least = {"steps": 1, "batch": 1, "min_count": 1, "max_size": 2, "chunk": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise UsageError(f"{name} is {value}; expected a whole number from {low} up")
            if value is not None and value > MOST:
                raise UsageError(f"{name} is {value}; expected a whole number up to {MOST:,}")
        if not 0 <= self.share < 1:
            raise UsageError(
                f"the share for validation is {self.validation}; expected a number from 0, for"
                " none, to below 1, such as 0.1"
            )
        if self.unit is not None and self.unit not in UNITS:
            raise UsageError(f"'{self.unit}' is no unit of texts; there are {' and '.join(UNITS)}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are known; unsaid, those that occur."""
        return self.known.task.labels if self.known else ()

    @property
    def tokeniser(self) -> Tokeniser | None:
        """How the known vocabulary takes texts apart."""
        if self.known is None or self.known.vocabulary is None:
            return None
        return self.known.vocabulary.tokeniser

    @property
    def values(self) -> bool:
        """Whether labels are numbers."""
        return self.known.task.kind == "regress" if self.known else self.regress

    @property
    def share(self) -> float:
        return 0.1 if self.validation is None else self.validation


# what a trainer sees of any data set


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
