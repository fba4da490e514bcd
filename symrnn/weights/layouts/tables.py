"""The tables: where each framework has the weights of each of its layers.

    cells/NAME.rnn        what a layer computes, in the language, with letters of its own
    tables/FRAMEWORK.toml which tensors a layer has, and which letters lie in each of them

A list of letters is blocks side by side along the width of the output; a list of lists is such
rows in one array. A bias in two places is the sum of both.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from symrnn.errors import UsageError, suggestion
from symrnn.language.parse import parse
from symrnn.language.printer import show_definition
from symrnn.language.tree import Written
from symrnn.system import System, normal

FRAMEWORKS = ("pytorch", "keras", "onnx")

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cell:
    """The equations of a layer: as they are written, and as a system."""

    name: str
    written: Written
    system: System

    @property
    def equations(self) -> dict[str, str]:
        """Each as it is written, by the variable that it defines."""
        return {d.target.name: show_definition(d) for d in self.written.definitions}

    @property
    def output(self) -> str:
        return self.system.outputs[0].name


@dataclass(frozen=True)
class Entry:
    """One tensor: its key, and the letters in it, row by row."""

    key: str
    rows: Rows
    nested: bool
    """Whether the rows are an axis of their own."""

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(letter for row in self.rows for letter in row)


@dataclass(frozen=True)
class Layer:
    """A layer of a framework as it is when it computes the cell."""

    name: str
    cell: str
    entries: tuple[Entry, ...]
    settings: dict[str, Any] = field(hash=False)
    optional: tuple[frozenset[str], ...] = ()
    """Keys that may be missing, those of a set together: their values are then zero."""

    def __str__(self) -> str:
        return said(self.name, self.settings)


@dataclass(frozen=True)
class Direction:
    """What {way} stands for in the keys of the forward and the backward recurrence."""

    ways: tuple[str, ...]
    settings: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Framework:
    title: str
    transposed: bool
    directions: dict[str, Direction] = field(hash=False)
    layers: tuple[Layer, ...]
    stacks: bool = False
    """Whether one object may hold several layers."""
    module: str = ""
    """Else what the keys of each of several layers begin with."""
    direction_axis: bool = False
    """Whether the first axis of a tensor is the direction."""


def said(layer: str, settings: dict[str, Any]) -> str:
    """
    >>> said("GRU", {"reset_after": False})
    'GRU(reset_after=False)'
    """
    words = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    return f"{layer}({words})" if words else layer


@cache
def framework(name: str) -> Framework:
    """
    >>> framework("onnx").layers[2].entries[0].letters
    ('W_i', 'W_o', 'W_f', 'W_g')
    """
    if name not in FRAMEWORKS:
        raise UsageError(
            f"there is no table of '{str(name)[:60]}'{suggestion(str(name), list(FRAMEWORKS))}\n"
            f"there are {', '.join(FRAMEWORKS)}"
        )
    table = tomllib.loads(_read("tables", f"{name}.toml"))
    directions = {
        direction: Direction(tuple(said["ways"]), said.get("settings", {}))
        for direction, said in table.pop("directions").items()
    }
    layers = tuple(map(_layer, table.pop("layers")))
    return Framework(directions=directions, layers=layers, **table)


@cache
def cell(name: str) -> Cell:
    """
    >>> cell("rnn_tanh").equations["h"]
    'h[t] = tanh(x[t] @ W + h[t-1] @ U + b)'
    """
    written = parse(_read("cells", f"{name}.rnn"), name)
    return Cell(name, written, normal(written))


def _layer(said: dict[str, Any]) -> Layer:
    return Layer(
        said["name"],
        said["cell"],
        tuple(_entry(key, blocks) for key, blocks in said["tensors"].items()),
        said.get("settings", {}),
        tuple(map(frozenset, said.get("optional", ()))),
    )


def _entry(key: str, blocks: list[Any]) -> Entry:
    nested = isinstance(blocks[0], list)
    rows = blocks if nested else [blocks]
    return Entry(key, tuple(map(tuple, rows)), nested)


def _read(folder: str, name: str) -> str:
    return (files("symrnn.weights.layouts") / folder / name).read_text("utf-8")
