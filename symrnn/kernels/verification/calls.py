"""A kernel called on the numbers of a case. The arrays that it is given cannot be written to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from symrnn.interpret.oracle import Value, error
from symrnn.interpret.sizes import Data
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.lengths import without_padding
from symrnn.language.arrays import Array
from symrnn.system.symbols import GIVEN

SMALL = 1e-3


@dataclass(frozen=True)
class Found:
    """What a kernel gives for the numbers of a case."""

    value: Any
    """The loss; None where the text has none."""
    outputs: dict[str, Array]
    states: dict[str, Array]
    grads: dict[str, Array]

    def arrays(self) -> dict[str, Array]:
        """All of it, by what it is."""
        loss = {} if self.value is None else {"loss": np.asarray(self.value)}
        return {
            **loss,
            **{f"output {name}": array for name, array in self.outputs.items()},
            **{f"state {name}": array for name, array in self.states.items()},
            **{f"gradient {name}": array for name, array in self.grads.items()},
        }


def apart(one: Found, other: Found) -> float:
    """The largest error of all that two calls gave; NaN where they do not give the same things.

    What is much smaller than the rest, a difference of larger terms, is held relative to the rest.
    """
    ours, theirs = one.arrays(), other.arrays()
    if ours.keys() != theirs.keys():
        return float("nan")
    scale = SMALL * max((float(np.linalg.norm(a)) for a in theirs.values()), default=0.0)
    return float(np.max([error(ours[name], theirs[name], scale) for name in ours], initial=0.0))


def arguments(case: Case, data: Data) -> tuple[dict[str, Array], dict[str, Array]]:
    """Parameters, and inputs: as class ids what is asked for so, states of a variable together, and
    axes in the kernel's order."""
    params = {s.name: _locked(data[s.name]) for s in case.named(*GIVEN)}
    inputs = {
        symbol.name: _locked(turned(case, symbol.name, as_given(case, data, symbol.name)))
        for symbol in case.named("input", "target")
        if symbol.name not in case.states
    }
    if case.lengths:
        inputs["lengths"] = _locked(case.lengths)
    return params, inputs | states_given(case, data)


def states_given(case: Case, data: Data) -> dict[str, Array]:
    """The states as a kernel takes them: those of a variable together."""
    each = {name: as_ids(case, name, np.asarray(data[name])) for name in case.states}
    return {
        key: _locked(np.stack([each[name] for name in own]) if len(own) > 1 else each[key])
        for key, own in case.groups.items()
    }


def as_given(case: Case, data: Data, name: str) -> Array:
    """An input as a kernel takes it."""
    array = as_ids(case, name, np.asarray(data[name]))
    return without_padding(case.lengths, array) if case.symbols[name].timed else array


def as_ids(case: Case, name: str, rows: Array) -> Array:
    """What comes as class ids, as these: they are where the ones of its rows are, and -1 where a
    state has none."""
    if name not in case.ids:
        return rows
    return np.where(rows.any(-1), np.argmax(rows.real, -1), -1)


def plainly(module: ModuleType, case: Case, data: Data) -> Found:
    """By the functions of the module."""
    params, inputs = arguments(case, data)
    outputs, states = module.forward(params, **inputs)
    if case.features.get("forward_only"):
        value = None if case.weights else module.loss(params, **inputs)
        return as_text_has_it(case, Found(value, outputs, states, {}))
    if not case.weights:
        alone = module.loss(params, **inputs)
        value, grads = module.loss_and_grads(params, **inputs)
        if alone != value and not (np.isnan(alone) and np.isnan(value)):
            raise ValueError(f"loss gives {alone}, loss_and_grads {value}")
        return as_text_has_it(case, Found(value, outputs, states, grads))
    grads = module.vjp(params, weights(case), **inputs) if case.wrt else {}
    return as_text_has_it(case, Found(None, outputs, states, grads))


def forward_of(module: ModuleType, case: Case) -> Found:
    """The forward pass alone."""
    params, inputs = arguments(case, case.data)
    targets = {symbol.name for symbol in case.named("target")} - set(module._NEEDED["forward"])
    ahead = {name: array for name, array in inputs.items() if name not in targets}
    outputs, states = module.forward(params, **ahead)
    return as_text_has_it(case, Found(None, outputs, states, {}))


def of_kernel(kernel: Any, case: Case, data: Data) -> Found:
    """By one kernel, in the arrays that it has used before."""
    params, inputs = arguments(case, data)
    fill(kernel, params)
    outputs, states = map(_copies, kernel.forward(**inputs))
    value, grads = None, {}
    if case.features.get("forward_only"):
        value = None if case.weights else kernel.loss(**inputs)
    elif not case.weights:
        value, grads = kernel.loss_and_grads(**inputs)
    elif case.wrt:
        grads = kernel.vjp(weights(case), **inputs)
    return as_text_has_it(case, Found(value, outputs, states, _copies(grads)))


def value_of(module: ModuleType, case: Case, dtype: Any) -> Value:
    """The forward pass of a kernel as a function of the data, of which most is the case's own."""
    kernel = module.Kernel(case.batch, dtype=dtype, **case.dims)
    own, given = arguments(case, case.data)
    fill(kernel, own)

    def value(data: Data) -> Any:
        moved = {name for name in data if data[name] is not case.data[name]}
        params, inputs = {name: data[name] for name in moved & own.keys()}, given
        if moved - own.keys():
            params, inputs = arguments(case, data)
        fill(kernel, params)
        try:
            return result(inputs)
        finally:
            fill(kernel, {name: own[name] for name in params})

    def result(inputs: Data) -> Any:
        if not case.weights:
            return kernel.loss(**inputs)
        outputs, _ = kernel.forward(**inputs)
        return sum((weight * outputs[name]).sum() for name, weight in weights(case).items())

    return value


# the order of axes


def turned(case: Case, name: str, array: Any) -> Any:
    """An array with steps and sequences as the kernel has them, or back again."""
    return np.swapaxes(array, 0, 1) if name in case.turned else array


def weights(case: Case) -> dict[str, Array]:
    return {name: turned(case, name, array) for name, array in case.weights.items()}


def as_text_has_it(case: Case, found: Found) -> Found:
    """What a kernel gave, with the steps first."""

    def back(arrays: dict[str, Array]) -> dict[str, Array]:
        return {name: turned(case, name, array) for name, array in arrays.items()}

    return replace(found, outputs=back(found.outputs), grads=back(found.grads))


class _NumPy(ModuleType):
    """NumPy, whose new arrays hold NaN and not what happens to lie in memory."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def empty(shape: Any, dtype: Any = float, **other: Any) -> Array:
        array = np.empty(shape, dtype, **other)
        if array.dtype.kind in "fc":
            array.fill(np.nan)
        return array


@contextmanager
def nothing_in_memory(module: ModuleType) -> Iterator[None]:
    """What is read before it is written is NaN; else it may be right by chance."""
    before = module.__dict__.get("np")
    module.__dict__["np"] = _NumPy("numpy")
    try:
        yield
    finally:
        module.__dict__["np"] = before


def fill(kernel: Any, params: Data) -> None:
    for name, array in params.items():
        kernel.params[name][...] = array


def _copies(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: np.array(array) for name, array in arrays.items()}


def _locked(array: Any) -> Array:
    """A copy that nobody writes to."""
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
