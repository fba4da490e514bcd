"""Sequences of different lengths, each with a target, as batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symrnn.language.table import Array
from symrnn.training.data.batch import Batch, Batches, Position, position
from symrnn.training.data.buckets import bucketed, in_order
from symrnn.training.data.task import Task
from symrnn.training.data.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Sequences:
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
