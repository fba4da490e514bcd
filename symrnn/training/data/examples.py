"""Examples in memory: batches of similar lengths, and some kept apart for validation."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training.data.contract import Batch, Batches, Position, Task, position
from symrnn.training.data.vocabulary import Vocabulary

# which stand together in a batch


POOL = 50
"""So many batches are sorted by length among themselves: shorter batches, still drawn."""


def bucketed(lengths: Array, batch: int, rng: np.random.Generator, pool: int = POOL) -> list[Array]:
    """Which sequences stand in which batch, each exactly once; one batch may be smaller.

    >>> lengths = np.array([9, 1, 8, 2, 7])
    >>> [lengths[each].tolist() for each in bucketed(lengths, 2, np.random.default_rng(0))]
    [[9], [1, 2], [7, 8]]
    """
    drawn = rng.permutation(len(lengths))
    batches = []
    for some in cut(drawn, pool * batch):
        batches += cut(some[np.argsort(lengths[some], kind="stable")], batch)
    return [batches[each] for each in rng.permutation(len(batches))]


def in_order(lengths: Array, batch: int) -> list[Array]:
    """The same with nothing drawn: from the shortest to the longest."""
    return cut(np.argsort(lengths, kind="stable"), batch)


def cut(rows: Array, batch: int) -> list[Array]:
    """
    >>> cut(np.arange(3), 2)
    [array([0, 1]), array([2])]
    """
    return [rows[first : first + batch] for first in range(0, len(rows), batch)]


# which are kept apart


def split(
    count: int, share: float, seed: int, source: str, classes: Array | None = None
) -> tuple[Array, Array]:
    """The examples to train on and those to validate with, in order; each class gives its share.

    As many are kept apart as the share says, at least one, and of no class all.

    >>> split(5, 0.4, 0, "a.csv", np.array([0, 0, 0, 1, 1]))
    (array([0, 1, 3]), array([2, 4]))
    """
    if not share:
        return np.arange(count), np.arange(0)
    groups = [np.arange(count)] if classes is None else by_class(classes)
    room = np.array([len(group) - 1 for group in groups])
    wanted = min(max(1, round(share * count)), room.sum())
    if not wanted:
        each = "in any class " if classes is not None and len(groups) > 1 else ""
        raise DataError(
            f"{source}: there are too few examples to keep some apart for validation; expected two"
            f" {each}or more: give more, or a share of 0"
        )
    return kept_apart(groups, _shares(room, share, wanted), np.random.default_rng(seed))


def by_class(classes: Array) -> list[Array]:
    """The examples of each class.

    >>> by_class(np.array([1, 0, 1]))
    [array([1]), array([0, 2])]
    """
    return [np.flatnonzero(classes == each) for each in np.unique(classes)]


def kept_apart(
    groups: Sequence[Array], many: Iterable[int], rng: np.random.Generator
) -> tuple[Array, Array]:
    """The examples that stay and those that are drawn, so many of each group, both in order."""
    drawn = [rng.permutation(group)[:each] for group, each in zip(groups, many, strict=True)]
    apart = np.sort(np.concatenate(drawn))
    return np.setdiff1d(np.concatenate(groups), apart), apart


def _shares(room: Array, share: float, wanted: int) -> Array:
    """How many of each group: its share rounded down, and one more where most is left over."""
    exact = share * (room + 1)
    many: Array = np.minimum(np.floor(exact).astype(int), room)
    while many.sum() < wanted:
        left = np.where(many < room, exact - many, -np.inf)
        many[np.argmax(left)] += 1
    return many


# sequences of different lengths, each with a target


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples in memory; batches of them hold similar lengths, and no state is carried over."""

    task: Task
    steps: int
    batch: int
    x: Sequence[Array]
    """For each example its ids (length,) or features (length, D); at most `steps` long."""
    y: Sequence[Array] | Array
    """For each example its target, or one for each of its steps."""
    train: Array
    """Which examples are for training."""
    validation: Array
    vocabulary: Vocabulary | None = None
    remarks: tuple[str, ...] = ()

    @cached_property
    def lengths(self) -> Array:
        return np.array([len(each) for each in self.x])

    @property
    def ragged(self) -> bool:
        return bool((self.lengths < self.steps).any())

    @property
    def batches(self) -> int:
        return -(-len(self.train) // self.batch)

    def train_batches(self, epoch: int, rng: np.random.Generator) -> Batches:
        """An epoch: every example once."""
        return self._from(position(epoch, rng), rng)

    def restore(self, position: Position) -> Batches:
        """The rest of an epoch."""
        return self._from(position, position.rng())

    def validation_batches(self) -> Iterator[Batch]:
        """From the shortest to the longest."""
        part = self.validation
        return map(self._batch, [part[of] for of in in_order(self.lengths[part], self.batch)])

    def _from(self, place: Position, rng: np.random.Generator) -> Batches:
        drawn = bucketed(self.lengths[self.train], self.batch, rng)
        return Batches(place, (self._batch(self.train[of]) for of in drawn[place.done :]))

    def _batch(self, rows: Array) -> Batch:
        lengths = self.lengths[rows]
        return {
            "x": side_by_side([self.x[row] for row in rows], self.steps),
            "y": side_by_side([self.y[row] for row in rows], self.steps)
            if self.task.timed
            else np.array([self.y[row] for row in rows]),
            "lengths": lengths,
            "tokens": int(lengths.sum()),
            "share": 1.0,
            "reset": True,
        }


def side_by_side(sequences: Sequence[Array], steps: int) -> Array:
    """Time first, with zeros behind the end of each. Ids get a dtype that every index has.

    >>> side_by_side([np.array([1, 2, 3]), np.array([4])], 3).tolist()
    [[1, 4], [2, 0], [3, 0]]
    """
    one = sequences[0]
    dtype = one.dtype if one.dtype.kind == "f" else np.dtype(np.int64)
    out = np.zeros((steps, len(sequences), *one.shape[1:]), dtype)
    for at, each in enumerate(sequences):
        out[: len(each), at] = each
    return out


def shortened(lengths: Array, steps: int | None) -> tuple[int, tuple[str, ...]]:
    """T, the longest unless said, and what has to be said about sequences that are cut there.

    >>> shortened(np.array([2, 5]), 4)
    (4, ('1 of 2 sequences is longer than 4 steps and is cut there',))
    """
    top = int(lengths.max()) if steps is None else steps
    many = int((lengths > top).sum())
    if not many:
        return top, ()
    verb = "is" if many == 1 else "are"
    of = f"{many:,} of {len(lengths):,} sequences"
    return top, (f"{of} {verb} longer than {top} steps and {verb} cut there",)
