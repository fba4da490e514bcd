"""Sequences with lengths of their own: each is worked out by itself, with as many steps as it has.

That is what a kernel with lengths is held against; it knows nothing of batches that are padded.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symrnn.interpret.arithmetic import Arithmetic, Floats
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.interpret.sizes import Data, common_dtype
from symrnn.language.arrays import Array
from symrnn.system.symbols import GIVEN, Symbol, Symbols


def drawn(rng: np.random.Generator, steps: int, batch: int) -> tuple[int, ...]:
    """Lengths up to a number of steps: one sequence has all of them, and another one alone.

    >>> drawn(np.random.default_rng(0), 5, 4)
    (4, 5, 1, 5)
    """
    rest = rng.integers(1, steps + 1, size=batch)
    lengths = np.concatenate([[steps, 1], rest])[:batch]
    return tuple(int(n) for n in rng.permutation(lengths))


@dataclass(frozen=True)
class Joined:
    """The values of all sequences, side by side; zero where a sequence has ended."""

    parts: tuple[Result, ...]
    steps: int
    on: Arithmetic

    @property
    def loss(self) -> Any:
        total = sum(part.loss for part in self.parts)
        return total / self.on.number(Fraction(len(self.parts)))

    def __getitem__(self, name: str) -> Array:
        columns = [part[name] for part in self.parts]
        if not self.parts[0].symbols[name].timed:
            return np.concatenate(columns)
        return np.concatenate([self.padded(column) for column in columns], 1)

    def padded(self, column: Array) -> Array:
        zeros = np.broadcast_to(self.on.number(Fraction(0)), (self.steps, *column.shape[1:]))
        return np.concatenate([column, zeros[len(column) :]])

    def at(self, name: str, first: int | None, last: int | None) -> Array:
        """A variable at one step of each, counted from its first step or its last."""
        return np.concatenate([part.at(name, first, last) for part in self.parts])

    def largest(self) -> float:
        return float(np.max([part.largest() for part in self.parts]))

    def is_finite(self) -> bool:
        return all(part.is_finite() for part in self.parts)


@dataclass(frozen=True)
class Alone:
    """Works out a text for each sequence by itself."""

    run: Interpreter
    symbols: Symbols
    lengths: tuple[int, ...]

    def __call__(
        self,
        data: Data,
        steps: int | None = None,
        arithmetic: Arithmetic | None = None,
        before: Joined | None = None,
    ) -> Joined:
        on = arithmetic or Floats(common_dtype(data))
        earlier = before.parts if before else [None] * len(self.lengths)
        parts = [
            self.run(self.column(data, place, length), length, on, earlier[place])
            for place, length in enumerate(self.lengths)
        ]
        return Joined(tuple(parts), steps or max(self.lengths), on)

    def column(self, data: Data, place: int, length: int) -> dict[str, Array]:
        """What belongs to one sequence."""
        one = slice(place, place + 1)

        def own(symbol: Symbol, array: Array) -> Array:
            if symbol.role in GIVEN:
                return array
            return array[:length, one] if symbol.timed else array[one]

        return {name: own(self.symbols[name], array) for name, array in data.items()}


def without_padding(case_lengths: tuple[int, ...], array: Array) -> Array:
    """An array over time whose padding is NaN, or a class that does not exist."""
    result = np.array(array)
    for place, length in enumerate(case_lengths):
        result[length:, place] = np.nan if result.dtype.kind in "fc" else -1
    return result
