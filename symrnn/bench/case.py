"""One model at one size, with numbers; who takes part in it, and whether answers are the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from symrnn.bench.request import Size
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


# whether answers are the same


ALLOWED = {"float32": 2e-5, "float64": 1e-10}
SMALL = 1e-3  # of the largest gradient: below, a relative error says little


class Answer(NamedTuple):
    """What a training step finds out, by the names of the model."""

    loss: float
    grads: Mapping[str, Any]


def disagreement(found: Answer, wanted: Answer, allowed: float) -> str:
    """What is wrong with an answer, or nothing.

    >>> right = Answer(1.0, {"w": np.ones(3)})
    >>> disagreement(Answer(1.0, {"w": np.ones(3) + 1e-12}), right, 1e-10)
    ''
    >>> disagreement(Answer(1.0, {"w": np.zeros(3)}), right, 1e-10)
    'gradient by w: off by 1.0e+00 of its norm, allowed 1.0e-10'
    """
    if not abs(found.loss - wanted.loss) <= allowed * max(abs(wanted.loss), SMALL):
        return f"loss {found.loss:.9g}, expected {wanted.loss:.9g}"
    if missing := sorted(wanted.grads.keys() ^ found.grads.keys()):
        return f"gradients that one has and the other has not: {', '.join(missing)}"
    norms = {name: float(np.linalg.norm(value)) for name, value in wanted.grads.items()}
    least = SMALL * max(norms.values(), default=0.0)
    for name, norm in norms.items():
        got = np.asarray(found.grads[name], np.float64)
        if got.shape != np.shape(wanted.grads[name]):
            return f"gradient by {name}: shape {got.shape}, not {np.shape(wanted.grads[name])}"
        error = float(np.linalg.norm(got - wanted.grads[name])) / (max(norm, least) or 1.0)
        if not error <= allowed:
            return f"gradient by {name}: off by {error:.1e} of its norm, allowed {allowed:.1e}"
    return ""


# one who takes part


class LeftOut(Exception):  # noqa: N818  (no error: a reason)
    """Why one does not take part in a case."""


@dataclass(frozen=True)
class Entrant:
    """`step` is what is timed; `read` makes its result an answer, by the model's own names. A step
    that gives no answer has no `read`."""

    step: Callable[[], Any]
    read: Callable[[Any], Answer] | None = None
