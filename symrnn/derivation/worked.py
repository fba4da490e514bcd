"""Data and weights for a worked example: from a file, from the notes, or made up by a seed."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.functions import Array
from symrnn.language.printer import show_widths
from symrnn.language.tree import STEPS, Width, Written
from symrnn.sample import losses_of
from symrnn.system.symbols import Symbol, Symbols, dimensions

NOTES = "notes"
MAX_BYTES = 10_000_000
MAX_STEPS = 1000
MAX_NUMBERS = 100_000
"""Nobody works through more by hand; what is printed has a limit of its own."""

ANIMALS = "cat", "mat", "rat"
REVIEWS = (("cat mat rat", 1), ("rat rat mat", 1), ("mat mat cat", 0))
LETTERS = "helo"
WORD = "hello"


def worked_data(
    written: Written,
    symbols: Symbols,
    steps: int | None = None,
    data: str | None = None,
    row: int = 1,
    weights: str | None = None,
    seed: int = 0,
    scalar: bool = False,
) -> tuple[dict[str, Array], int]:
    """One sequence, its target and all parameters, and the number of steps.

    `data` is "notes" or the path of a JSON file, of which `row` picks one sequence; `weights` is
    the path of another. What is not given is made up by the seed, in the scalar form with width 1.
    """
    if seed < 0:
        raise UsageError(f"the seed is {seed}; expected a whole number from 0 on")
    work = _Worked(written, symbols, scalar)
    work.choose(steps, written.steps)
    if data == NOTES:
        work.take(_notes(work, row), "the notes' data")
    elif data is not None:
        work.take(_sequences(work, data, row), data)
    elif row != 1:
        raise UsageError(f"there is no row {row}: without data one sequence is made up")
    if weights is not None:
        work.take(_weights(work, weights), weights)
    work.fill(np.random.default_rng([seed, 0]), work.asked)
    work.fill(np.random.default_rng([seed, 1]), work.parameters)
    return work.found, work.steps


@dataclass
class _Worked:
    """What is known so far: arrays, steps and dimensions, and what has fixed each of them."""

    written: Written
    symbols: Symbols
    scalar: bool
    found: dict[str, Array] = field(default_factory=dict)
    dims: dict[str, int] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> list[Symbol]:
        return [s for s in self.symbols.values() if s.role in ("input", "target")]

    @property
    def parameters(self) -> list[Symbol]:
        return [s for s in self.symbols.values() if s.role == "parameter"]

    @property
    def steps(self) -> int:
        return self.dims.get("(T)", 3)

    def choose(self, steps: int | None, fixed: int | None) -> None:
        """The steps that the caller or the text asks for."""
        if steps is not None and not 1 <= steps <= MAX_STEPS:
            raise UsageError(
                f"{steps:,} steps; expected a number from 1 to {MAX_STEPS:,} for a worked example"
            )
        if None not in (steps, fixed) and steps != fixed:
            raise UsageError(f"{steps} steps were asked for; the text says T = {fixed}")
        if steps or fixed:
            self.dims["(T)"] = steps or fixed or 0

    def axes(self, symbol: Symbol) -> tuple[Width, ...]:
        """The axes in a file, where there is no batch."""
        timed = symbol.timed and symbol.role != "parameter"
        return (*((STEPS,) if timed else ()), *symbol.shape)

    def key(self, symbol: Symbol, place: int) -> str:
        """The name of an axis that still has to get its size; none for a number or a sum."""
        axis = self.axes(symbol)[place]
        if axis is STEPS:
            return "(T)"  # in brackets: a dimension may be called anything
        return axis.names[0] if len(axis.names) == 1 and not axis.number else ""

    def take(self, arrays: Mapping[str, Array], source: str) -> None:
        """Keep the arrays and learn the sizes from them; what comes first counts."""
        for name, array in arrays.items():
            symbol = self.symbols[name]
            for place, size in enumerate(array.shape):
                self.learn(symbol, place, size, source, array.shape)
        for name, array in arrays.items():
            symbol = self.symbols[name]
            known = self.known(symbol)
            if known is not None and known != array.shape:
                raise DataError(
                    f"{source}: {name} has shape {array.shape}; expected {self.shape_of(symbol)},"
                    f" which is {known} here"
                )
            self.keep(symbol, array)

    def learn(
        self, symbol: Symbol, place: int, size: int, source: str, shape: tuple[int, ...]
    ) -> None:
        key = self.key(symbol, place)
        if not key:
            return
        if key == "(T)" and key in self.dims and key not in self.origin and self.dims[key] != size:
            raise UsageError(
                f"{self.dims[key]} steps were asked for; {symbol.name} in {source} has {size}:"
                " leave --steps away, or cut the data"
            )
        if self.dims.setdefault(key, size) != size:
            said = f"{key.strip('()')} = {self.dims[key]} by {self.origin[key]}"
            raise DataError(
                f"{source}: {symbol.name} has shape {shape}; expected {self.shape_of(symbol)}"
                f" with {said}"
            )
        self.origin.setdefault(key, f"{symbol.name} in {source}")

    def known(self, symbol: Symbol) -> tuple[int, ...] | None:
        """The shape in numbers, once every dimension has one."""
        sizes = {**self.dims, "T": self.dims["(T)"]} if "(T)" in self.dims else dict(self.dims)
        shape = []
        for axis in self.axes(symbol):
            if axis is not STEPS and any(name not in self.dims for name in axis.names):
                return None
            shape.append(axis.count(sizes if axis is STEPS else self.dims))
        return tuple(shape)

    def shape_of(self, symbol: Symbol) -> str:
        return show_widths(self.axes(symbol))

    def keep(self, symbol: Symbol, array: Array) -> None:
        """With an axis for the batch, of one sequence."""
        if symbol.role != "parameter":
            array = np.expand_dims(array, 1 if symbol.timed else 0)
        self.found[symbol.name] = array

    # what is made up

    def fill(self, rng: np.random.Generator, wanted: Iterable[Symbol]) -> None:
        missing = [symbol for symbol in wanted if symbol.name not in self.found]
        self.settle()
        shapes = {symbol.name: self.known(symbol) or () for symbol in missing}
        count = sum(math.prod(shape) for shape in shapes.values())
        if count > MAX_NUMBERS:
            raise UsageError(
                f"a worked example with {count:,} made-up numbers is none to follow (the limit is"
                f" {MAX_NUMBERS:,}); give small data and weights, or leave widths undeclared"
            )
        for symbol in missing:
            self.keep(symbol, self.made_up(rng, symbol, shapes[symbol.name]))

    def settle(self) -> None:
        """Two of everything that nothing has fixed, and one target, unless it is a class."""
        self.dims.setdefault("(T)", 3)
        narrow = {
            name
            for symbol in self.asked
            if symbol.role == "target" and not self.is_class(symbol)
            for name in symbol.width.names
        }
        wide = {n for s in self.asked if s.role == "input" for n in s.width.names}
        for name in dimensions(self.symbols):
            self.dims.setdefault(name, 1 if self.scalar or name in narrow - wide else 2)

    def is_class(self, symbol: Symbol) -> bool:
        return symbol.onehot or self.loss(symbol).startswith("ce")

    def loss(self, symbol: Symbol) -> str:
        return losses_of(self.written).get(symbol.name, "")

    def made_up(self, rng: np.random.Generator, symbol: Symbol, shape: tuple[int, ...]) -> Array:
        if symbol.role == "target" and self.is_class(symbol):
            return np.asarray(np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])])
        if symbol.role == "target" and self.loss(symbol).startswith("bce"):
            return rng.integers(2, size=shape).astype(float)
        return np.asarray(rng.integers(1, 10, size=shape) * rng.choice([-1, 1], size=shape) / 10)


# the notes' data


def _notes(work: _Worked, row: int) -> dict[str, Array]:
    inputs = [s for s in work.asked if s.role == "input"]
    targets = [s for s in work.asked if s.role == "target"]
    if len(inputs) != 1 or not inputs[0].timed or len(targets) != 1:
        there = ", ".join(f"{s.name} ({s.role}, {_when(s)})" for s in work.asked) or "nothing"
        raise UsageError(
            "the notes' data is for a model with one input that runs over time and one target;"
            f" this one asks for {there}: give data as a JSON file"
        )
    (x,), (y,) = inputs, targets
    if y.timed:
        _picked(row, 1, "the notes' data for a target at every step")
        rows = np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in WORD]]
        return {x.name: rows[:-1], y.name: rows[1:]}
    words, answer = REVIEWS[_picked(row, len(REVIEWS), "the notes' data")]
    vectors = np.eye(len(ANIMALS))[[ANIMALS.index(word) for word in words.split()]]
    one = np.eye(2)[answer] if work.is_class(y) else np.array([float(answer)])
    return {x.name: vectors, y.name: one}


def _when(symbol: Symbol) -> str:
    return "at every step" if symbol.timed else "once"


def _picked(row: int, count: int, source: str) -> int:
    if not 1 <= row <= count:
        raise UsageError(
            f"there is no row {row} in {source}; expected"
            f" {f'a number from 1 to {count}' if count > 1 else '1, it holds one sequence'}"
        )
    return row - 1


# files


def _sequences(work: _Worked, path: str, row: int) -> dict[str, Array]:
    """One sequence of a file that holds one or several."""
    arrays = _arrays(path, work.asked, work)
    timed = [s for s in work.asked if s.timed]
    # without anything that runs over time, only one that happens once can tell
    judges = timed or work.asked
    several = any(arrays[s.name].ndim > len(work.axes(s)) for s in judges)
    counts: dict[str, int] = {}
    found = {}
    for symbol in work.asked:
        array, full = arrays[symbol.name], len(work.axes(symbol)) + several
        if array.ndim == full - 1:
            array = array[..., np.newaxis]  # a feature of width 1 needs no brackets
        if array.ndim != full:
            raise DataError(
                f"{path}: {symbol.name} has shape {arrays[symbol.name].shape}; expected"
                f" {work.shape_of(symbol)} for one sequence, or one axis more in front of every"
                " array for several"
            )
        if several:
            counts[symbol.name] = len(array)
        found[symbol.name] = array
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{count} for {name}" for name, count in counts.items())
        raise DataError(f"{path}: the numbers of sequences differ: {said}")
    place = _picked(row, next(iter(counts.values()), 1), path)
    if several:
        found = {name: array[place] for name, array in found.items()}
    for symbol in work.asked:
        _check_onehot(path, symbol, found[symbol.name])
    return found


def _check_onehot(path: str, symbol: Symbol, array: Array) -> None:
    """The gradient is written ŷ - y because each row sums to one: so each must."""
    sums = np.atleast_1d(array.sum(-1))
    wrong = np.flatnonzero(abs(sums - 1) > 1e-9)
    if symbol.onehot and len(wrong):
        which = f"row {wrong[0] + 1} of {symbol.name}" if array.ndim > 1 else symbol.name
        raise DataError(
            f"{path}: {which} sums to {sums[wrong[0]]:g}; the text says {symbol.name}: onehot, so"
            " expected 1"
        )


def _weights(work: _Worked, path: str) -> dict[str, Array]:
    arrays = _arrays(path, work.parameters, work)
    found = {}
    for symbol in work.parameters:
        array = arrays[symbol.name]
        if not array.ndim:
            array = array.reshape((1,) * len(symbol.shape))
        if array.ndim != len(symbol.shape):
            raise DataError(
                f"{path}: {symbol.name} has shape {array.shape}; expected {work.shape_of(symbol)}"
            )
        found[symbol.name] = array
    return found


def _arrays(path: str, wanted: list[Symbol], work: _Worked) -> dict[str, Array]:
    """The arrays of a file, by name: all that are wanted and nothing else."""
    read = _read(path)
    names = [symbol.name for symbol in wanted]
    shapes = ", ".join(f'"{s.name}" {work.shape_of(s)}' for s in wanted) or "no names"
    if not isinstance(read, dict):
        raise DataError(f"{path} holds {_kind(read)}; expected an object with {shapes}")
    for name in read:
        if name not in names:
            near = suggestion(name, names)
            raise DataError(f"{path}: '{name}' is not asked for{near}; expected {shapes}")
    missing = [name for name in names if name not in read]
    if missing:
        raise DataError(f"{path}: {', '.join(missing)} missing; expected {shapes}")
    return {name: _array(path, name, value) for name, value in read.items()}


def _read(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {path!r}: {said}") from None
    if len(content) > MAX_BYTES:
        raise DataError(
            f"{path} holds more than {MAX_BYTES:,} bytes; a worked example needs a few numbers"
        )
    try:
        # whole numbers as floats: one of a million digits is infinite, and refused as such
        return json.loads(content.decode("utf-8-sig"), parse_int=float)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}"
        ) from None
    except RecursionError:
        raise DataError(f"{path}: brackets within brackets too deep for numbers") from None


def _array(path: str, name: str, value: Any) -> Array:
    """Nested lists of finite numbers, all of one length at each depth."""
    shape = []
    level = [value]
    while level and isinstance(level[0], list):
        lengths = {len(each) if isinstance(each, list) else None for each in level}
        if len(lengths) > 1:
            said = ", ".join(sorted("a number" if n is None else f"{n} entries" for n in lengths))
            raise DataError(f"{path}: {name} is ragged: where one has another there are {said}")
        shape.append(lengths.pop() or 0)
        if shape[-1] == 0:
            raise DataError(f"{path}: {name} holds an empty list; expected numbers")
        level = [inner for each in level for inner in each]
    for each in level:
        if isinstance(each, bool) or not isinstance(each, float):
            raise DataError(f"{path}: {name} holds {_kind(each)}; expected numbers")
        if not math.isfinite(each):
            raise DataError(f"{path}: {name} holds {each}; expected finite numbers")
    return np.array(level, float).reshape(shape)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:30]!r}"
        case dict():
            return "an object"
        case list():
            return "a list"
    return "a number"
