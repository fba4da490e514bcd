"""What training asks of a kernel, and a kernel with parameters to start from."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.training.ranks import Ranks

Axes = tuple[str | int, ...]
Inputs = Mapping[str, Any]


class Kernel(Protocol):
    """A `Kernel` of a generated file."""

    theta: Array
    dtheta: Array
    params: dict[str, Array]
    states: dict[str, Array]
    dims: dict[str, int]
    dtype: Any
    batch: int

    def loss_and_grads(self, **inputs: Any) -> tuple[Any, dict[str, Array]]: ...


def started(
    module: Any,
    batch: int,
    *,
    params: Any = None,
    seed: int = 0,
    dtype: DTypeLike = np.float64,
    **dims: int,
) -> Kernel:
    """A kernel of a generated file with the parameters of its `init_params`; those in `params` go
    before them, and what is fixed may be there alone.

    >>> import symrnn
    >>> kernel = started(symrnn.load("elman").kernel(steps=3), batch=2, D=3, H=4, C=1)
    >>> kernel.params["w_h"].shape, bool(kernel.params["w_h"].any())
    ((4, 4), True)
    """
    kernel: Kernel = module.Kernel(batch, dtype=dtype, **dims)
    put(kernel, {**module.init_params(seed, dtype, **dims), **(params or {})})
    return kernel


def put(kernel: Kernel, params: Mapping[str, Array]) -> None:
    """Copy parameters into a kernel; all of them have to be there."""
    if params.keys() != kernel.params.keys():
        odd = min(params.keys() ^ kernel.params.keys())
        said = "is missing" if odd in kernel.params else "is no parameter"
        if odd in getattr(kernel, "fixed", {}):
            raise DataError(
                f"'{odd}' is fixed and missing: hand it in, or say in the model how it starts, such"
                f" as {odd}: init(orthogonal)"
            )
        raise DataError(f"'{odd}' {said}; expected {', '.join(kernel.params)}")
    for name, value in params.items():
        wanted = kernel.params[name].shape
        if np.shape(value) != wanted:
            raise DataError(f"{name} has shape {np.shape(value)}; expected {wanted}")
    for name, value in params.items():
        kernel.params[name][...] = value


def table(kernel: Kernel, name: str) -> dict[str, Axes]:
    """INPUTS, STATES, … of the file that a kernel is from."""
    return cast(dict[str, Axes], _file(kernel)[name])


def shape(kernel: Kernel, axes: Axes, batch: int, steps: int | None = None) -> tuple[int, ...]:
    """Axes such as ("T", "B", "H_f+H_b", 3) as numbers, for so many sequences; of all steps, if it
    is not said how many."""
    sizes = {"T": steps or _file(kernel)["STEPS"], "B": batch, **kernel.dims}
    parts = [str(axis).split("+") for axis in axes]
    return tuple(sum(int(p) if p.isdigit() else sizes[p] for p in part) for part in parts)


def blanks(kernel: Kernel, inputs: Inputs, stepwise: bool = False) -> dict[str, Array]:
    """Zeros for the targets that a forward pass, or a step, asks for because the loss alone reads
    them of earlier steps: no output depends on them."""
    file = _file(kernel)
    every = file["_STEP"] if stepwise else file["_EVERY"]
    needed = file["_STEP_NEEDED"] if stepwise else file["_NEEDED"]["forward"]
    batch, length = sequences(kernel, inputs), None if stepwise else steps(kernel, inputs)
    if stepwise:
        batch = next(np.shape(v)[every[n].index("B")] for n, v in inputs.items() if n in every)
    return {
        name: np.zeros(
            shape(kernel, every[name], batch, length),
            np.intp if name in file.get("IDS", {}) else kernel.dtype,
        )
        for name in needed
        if name not in inputs
    }


def own_rows(kernel: Kernel, inputs: Inputs, ranks: Ranks) -> Inputs:
    """Of what a whole batch is, the rows of one of the ranks that share it."""
    if ranks.size == 1:
        return inputs
    every: dict[str, Axes] = {**_file(kernel)["_EVERY"], "lengths": ("B",)}
    found = {}
    for name, value in inputs.items():
        axes, array = every.get(name, ()), np.asarray(value)
        shared = "B" in axes and array.ndim == len(axes)  # what is odd is refused as it stands
        found[name] = ranks.own(array, axes.index("B")) if shared else value
    return found


def sequences(kernel: Kernel, inputs: Inputs) -> int:
    """How many sequences there are, read off the first input that tells."""
    return _extent(kernel, inputs, "B") or kernel.batch


def steps(kernel: Kernel, inputs: Inputs) -> int | None:
    """How many steps there are, likewise; with lengths they may be fewer than the kernel's."""
    return _extent(kernel, inputs, "T")


def _extent(kernel: Kernel, inputs: Inputs, axis: str) -> int | None:
    for name, axes in table(kernel, "INPUTS").items():
        if name in inputs and axis in axes:
            found = np.shape(inputs[name])
            if len(found) == len(axes):
                return int(found[axes.index(axis)])
    return None


def check_kernel(kernel: Any) -> None:
    """Refuse what cannot be trained, and say what it is."""
    if hasattr(kernel, "Kernel"):
        raise UsageError(
            "this is the module of a kernel; expected a kernel of it: training.started(module,"
            " batch=32, D=…, H=…), or module.Kernel(…) with parameters put in"
        )
    if not hasattr(kernel, "loss_and_grads"):
        raise UsageError(
            "the kernel has no loss_and_grads; expected one of a model with a loss, made with"
            " gradients"
        )


def _file(kernel: Kernel) -> dict[str, Any]:
    """The names of the file; a module made in memory stands under no name in sys.modules."""
    made: Any = type(kernel)
    return cast(dict[str, Any], made.forward.__globals__)
