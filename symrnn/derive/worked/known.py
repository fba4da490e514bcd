"""What is known of a worked example so far: its arrays and sizes; and the rest, made up."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.language.calls import losses_of
from symrnn.language.printer import show_widths
from symrnn.language.tree import STEPS, Width, Written
from symrnn.system.symbols import GIVEN, Symbol, Symbols, dimensions

MAX_STEPS = 1000
MAX_NUMBERS = 100_000
"""Nobody works through more by hand; what is printed has a limit of its own."""

ASKED_FOR = "--dims"


@dataclass
class Known:
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
        return [s for s in self.symbols.values() if s.role in GIVEN]

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

    def fix(self, dims: Mapping[str, int]) -> None:
        """The widths that the caller asks for."""
        self.dims |= dims
        self.origin |= dict.fromkeys(dims, ASKED_FOR)

    def axes(self, symbol: Symbol) -> tuple[Width, ...]:
        """The axes in a file, where there is no batch."""
        timed = symbol.timed and symbol.role not in GIVEN
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
            if self.origin[key] == ASKED_FOR:
                said += f": leave {key} away there, or change {symbol.name}"
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
        if symbol.role not in GIVEN:
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
