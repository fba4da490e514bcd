"""The number of steps and of sequences, and every dimension, read off the data handed in."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from symrnn.errors import DataError, suggestion
from symrnn.language.printer import show_widths
from symrnn.language.tree import BATCH, STEPS, Width
from symrnn.system.symbols import GIVEN, Symbol, Symbols

Data = Mapping[str, Any]
ASKED = ("input", "target", *GIVEN)


def common_dtype(data: Data) -> Any:
    """The dtype to work in: that of the floating and complex arrays together."""
    kinds = {name: _array(name, value).dtype for name, value in data.items()}
    for name, kind in kinds.items():
        if kind.kind not in "fciub":
            raise DataError(f"{name} holds {kind}; expected numbers")
    floats = [kind for kind in kinds.values() if kind.kind in "fc"]
    return np.result_type(*floats) if floats else np.float64


def _array(name: str, value: Any) -> Any:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DataError(f"{name} is no array: {error}") from None


class Sizes:
    """T, B and the dimensions; raises DataError for what is missing, unknown or misshapen."""

    def __init__(self, symbols: Symbols, data: Data, steps: int | None) -> None:
        if steps is not None and (not isinstance(steps, int) or isinstance(steps, bool)):
            raise DataError(f"{steps!r} steps; expected a whole number")
        self.dims: dict[str, int] = {}
        self._sizes: dict[str, int] = {} if steps is None else {"T": steps}
        wanted = [symbol for symbol in symbols.values() if symbol.role in ASKED]
        names = [symbol.name for symbol in wanted]
        for name in data:
            if name not in names:
                near = suggestion(name, names)
                raise DataError(f"'{name}' is not asked for{near}; expected {', '.join(names)}")
        for symbol in wanted:
            if symbol.name not in data:
                raise DataError(f"{symbol.name} is missing: {_expectation(symbol)}")
            self._learn(symbol, _array(symbol.name, data[symbol.name]).shape)
        if "T" not in self._sizes:
            raise DataError("no input runs over time; say how many steps there are")
        self.steps, self.batch = self._sizes["T"], self._sizes.setdefault("B", 1)
        if self.steps < 1:
            raise DataError(f"{self.steps} steps; expected at least 1")
        for symbol in wanted:
            self._check(symbol, np.shape(data[symbol.name]))

    def _learn(self, symbol: Symbol, shape: tuple[int, ...]) -> None:
        for axis, size in zip(_axes(symbol), shape, strict=False):
            if axis in (STEPS, BATCH):
                self._sizes.setdefault(axis.names[0], size)
            elif len(axis.names) == 1 and not axis.number:
                self.dims.setdefault(axis.names[0], size)

    def _check(self, symbol: Symbol, shape: tuple[int, ...]) -> None:
        known = {**self._sizes, **self.dims}
        wanted = tuple(axis.count(known) for axis in _axes(symbol))
        if wanted != shape:
            said = ", ".join(f"{name} = {size}" for name, size in known.items())
            raise DataError(
                f"{symbol.name} has shape {shape}; {_expectation(symbol)}, which is {wanted} with"
                f" {said}"
            )
        if 0 in shape:
            raise DataError(f"{symbol.name} has shape {shape}; every size must be at least 1")


def _axes(symbol: Symbol) -> tuple[Width, ...]:
    if symbol.role in GIVEN:
        return symbol.shape
    return (*((STEPS,) if symbol.timed else ()), BATCH, *symbol.shape)


def _expectation(symbol: Symbol) -> str:
    return f"expected an array of shape {show_widths(_axes(symbol))}"
