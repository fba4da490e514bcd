"""How a tensor is put together: blocks side by side, rows of blocks, directions.

PyTorch, LSTM     weight_ih_l0  (4 H, D)      i f g o, transposed
Keras, GRU        bias          (2, 3 H)      two rows of z r n
ONNX, both ways   W             (2, 4 H, D)   for each direction i o f g, transposed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.system.symbols import Symbols
from symrnn.weights.layouts.layout import Tensor
from symrnn.weights.layouts.tables import Framework, Rows


@dataclass(frozen=True)
class Form:
    """The axes of a tensor, each so many times a dimension of the cell ("" for a plain number)."""

    axes: tuple[tuple[int, str], ...]
    rows: Rows
    nested: bool
    transposed: bool
    directions: bool

    @classmethod
    def of(cls, framework: Framework, cell: Symbols, tensor: Tensor) -> "Form":
        rows = tensor.entry.rows
        *outer, last = (width.names[0] for width in cell[rows[0][0]].shape)
        inner = [*((1, name) for name in outer), (len(rows[0]), last)]
        axes: list[tuple[int, str]] = [(len(tensor.ways), "")] * framework.direction_axis
        axes += [(len(rows), "")] * tensor.entry.nested
        axes += inner[::-1] if framework.transposed else inner
        return cls(
            tuple(axes), rows, tensor.entry.nested, framework.transposed, framework.direction_axis
        )

    def __str__(self) -> str:
        """`(4 H, D)`"""
        said = [" ".join([str(n)] * (n > 1 or not d) + [d] * bool(d)) for n, d in self.axes]
        return f"({', '.join(said)})"

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(count * sizes.get(name, 1) for count, name in self.axes)

    def learn(self, key: str, shape: tuple[int, ...], known: dict[str, int]) -> dict[str, int]:
        """The sizes of the cell, with what a shape tells of them; DataError if it does not fit."""
        sizes = dict(known)
        for (count, name), size in zip(self.axes, shape, strict=False):
            if name and size and size % count == 0:
                sizes.setdefault(name, size // count)
        named = {name for _, name in self.axes if name}
        if len(shape) != len(self.axes) or not named <= sizes.keys() or self.shape(sizes) != shape:
            with_ = ", ".join(f"{name} = {sizes[name]}" for name in sorted(named & sizes.keys()))
            raise DataError(
                f"'{key}' has shape {shape}; expected {self}" + (f" with {with_}" if with_ else "")
            )
        return sizes

    def split(self, array: Array) -> list[list[tuple[str, Array]]]:
        """For each direction the blocks, with the letters that they stand for."""
        return [
            [
                (letter, block)
                for letters, row in zip(self.rows, way if self.nested else [way], strict=True)
                for letter, block in zip(
                    letters, np.split(self._turned(row), len(letters), axis=-1), strict=True
                )
            ]
            for way in (array if self.directions else [array])
        ]

    def join(self, ways: Sequence[Sequence[Array]]) -> Array:
        """The other way round: from the blocks of each direction, in the order of `rows`."""
        found = []
        for blocks in ways:
            waiting = iter(blocks)
            rows = [
                self._turned(np.concatenate([next(waiting) for _ in letters], axis=-1))
                for letters in self.rows
            ]
            found.append(np.stack(rows) if self.nested else rows[0])
        return np.ascontiguousarray(np.stack(found) if self.directions else found[0])

    def _turned(self, array: Array) -> Array:
        return array.T if self.transposed else array
