"""One model at one size, with numbers for all that it asks for."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symrnn.bench.plan import Size
from symrnn.interpret.sample import sample
from symrnn.model import Model
from symrnn.system.symbols import GIVEN, dimensions

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Everyone who takes part gets the same one."""

    model: Model
    size: Size
    dims: dict[str, int]
    params: Arrays
    inputs: Arrays

    @property
    def dtype(self) -> Any:
        return np.result_type(*self.inputs.values())

    def cast(self, dtype: Any) -> "Case":
        """The same numbers in another precision, as arrays of their own."""
        params = {name: value.astype(dtype) for name, value in self.params.items()}
        inputs = {name: value.astype(dtype) for name, value in self.inputs.items()}
        return replace(self, params=params, inputs=inputs)


def case(model: Model, size: Size, seed: int = 0) -> Case:
    """In double precision: D features go in, one comes out, and every state has H.

    >>> from symrnn import load
    >>> made = case(load("elman"), Size(3, 2, 5, 8))
    >>> made.dims, made.inputs["x"].shape, made.params["w_o"].shape
    ({'D': 5, 'H': 8, 'C': 1}, (3, 2, 5), (8, 1))
    """
    symbols = model.system.symbols
    known = {"D": size.inputs, "C": 1}
    dims = {name: known.get(name, size.hidden) for name in dimensions(symbols)}
    data = sample(model.written, symbols, dims, size.steps, size.batch, seed)
    names = {symbol.name for symbol in model.system.named(*GIVEN)}
    params = {name: value for name, value in data.items() if name in names}
    inputs = {name: value for name, value in data.items() if name not in names}
    return Case(model, size, dims, params, inputs)
