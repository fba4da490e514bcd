"""Tensors of a framework: arrays by key, whatever is handed in, and how each is put together.

PyTorch, LSTM     weight_ih_l0  (4 H, D)      i f g o, transposed
Keras, GRU        bias          (2, 3 H)      two rows of z r n
ONNX, both ways   W             (2, 4 H, D)   for each direction i o f g, transposed
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.system.symbols import GIVEN, Symbols
from symrnn.weights.expected import numbers
from symrnn.weights.layouts.layout import Layout, Tensor
from symrnn.weights.layouts.tables import Framework, Rows

Key = str | int
Tensors = Mapping[str, Any] | Sequence[Any]
Rest = Mapping[str, Key | tuple[Key, str]]
"""Where other parameters are: a key, or (key, "T") where the array lies transposed."""


def by_key(where: Layout, tensors: Tensors) -> dict[Key, Array]:
    """Copies of the tensors. Of a list the first ones are those of the layers, in the order of the
    table (without the optional ones, if there are just so many); the others go by their place."""
    if isinstance(tensors, Mapping):
        return {key: copied(key, value) for key, value in tensors.items()}
    asked = [tensor for placed in where.layers for tensor in where.tensors(placed)]
    needed = [tensor for tensor in asked if not tensor.optional]
    keys: list[Key] = [t.key for t in (needed if len(tensors) == len(needed) else asked)]
    keys += range(len(keys), len(tensors))
    return {key: copied(key, value) for key, value in zip(keys, tensors, strict=False)}


def copied(key: Key, value: Any) -> Array:
    """An array of its own; a tensor that remembers its history is taken out of it first."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"'{key}' cannot be made an array of NumPy: {said[0][:200]}") from None
    return numbers(f"'{key}'", array.copy())


def rest_of(
    model: Model, rest: Rest | None, taken: Collection[str]
) -> Iterator[tuple[str, Key, bool]]:
    """The other parameters: name, key, and whether the array lies transposed."""
    known = [symbol.name for symbol in model.system.named(*GIVEN)]
    for name, place in (rest or {}).items():
        if name not in known or name in taken:
            why = "is a weight of the layer already" if name in taken else "is no parameter"
            near = "" if name in taken else suggestion(name, known)
            raise UsageError(f"rest: '{name}' {why}{near}; the model has {', '.join(known)}")
        match place:
            case (str() | int() as key, "T"):
                yield name, key, True
            case str() | int():
                yield name, place, False
            case _:
                raise UsageError(f"rest: {name} is at {place!r}; expected a key or (key, 'T')")


def check_extra(where: Layout, arrays: Mapping[Key, Array], used: Collection[Key]) -> None:
    """Whatever begins as the layers' keys do has to have a place."""
    for key in arrays:
        if key not in used and (isinstance(key, int) or key.startswith(where.modules)):
            keys = ", ".join(str(one) for one in used)
            hint = "; say what begins the layer's keys, prefix=…" if where.modules == ("",) else ""
            raise DataError(
                f"'{key}' has no place in {where.model}; expected {keys}, and others named in"
                f" rest{hint}"
            )


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
