"""Masks for a model with dropout or zoneout: drawn for a step, or such that they change nothing.

The name of an input says what it is: `drop_…` and `keep_…` are dropout, `zone_…` is zoneout.
"""

from collections.abc import Callable, Mapping

import numpy as np

from symrnn.errors import UsageError, suggestion
from symrnn.language.table import Array
from symrnn.training import masks
from symrnn.training.kernels import Kernel, shape, table

DRAWS: dict[str, Callable[..., Array]] = {
    "drop_": masks.dropout,
    "keep_": masks.dropout,
    "zone_": masks.zoneout,
}


def mask_names(kernel: Kernel) -> list[str]:
    """The inputs that are masks."""
    return [name for name in table(kernel, "INPUTS") if name[:5] in DRAWS]


def check_masks(kernel: Kernel, probabilities: Mapping[str, float]) -> None:
    """Refuse a name that is no mask of the kernel, and a number that is no probability."""
    known = mask_names(kernel)
    for name, p in probabilities.items():
        if name not in known:
            there = ", ".join(known) or "none: with_dropout and with_zoneout make them"
            raise UsageError(
                f"'{name}' is no mask of this kernel{suggestion(name, known)}; there are {there}"
            )
        if not 0 <= p < 1:
            raise UsageError(f"the probability of {name} is {p}; expected one from 0 to below 1")


def draw_masks(
    kernel: Kernel,
    probabilities: Mapping[str, float],
    batch: int,
    rng: np.random.Generator,
    steps: int | None = None,
) -> dict[str, Array]:
    """A mask for each name, features dropped or kept with its probability; drawn in the order of
    the file, so that the order of the names changes nothing. `steps` are fewer than the kernel's
    where its sequences are."""
    axes = table(kernel, "INPUTS")
    return {
        name: DRAWS[name[:5]](
            rng, shape(kernel, axes[name], batch, steps), probabilities[name], kernel.dtype
        )
        for name in mask_names(kernel)
        if name in probabilities
    }


def neutral_masks(
    kernel: Kernel, batch: int, probabilities: Mapping[str, float] | None = None
) -> dict[str, Array]:
    """Every mask of the kernel as evaluation has it: 1 for dropout; for zoneout its probability,
    the share that is kept in the mean, or 0 if it is not said.

    >>> import symrnn
    >>> model = symrnn.load("elman_n4").with_dropout("O").with_zoneout("O")
    >>> kernel = model.kernel(steps=2).Kernel(1, D=3, H=2, C=1)
    >>> found = neutral_masks(kernel, batch=1, probabilities={"zone_O": 0.1})
    >>> found["drop_O"].tolist(), found["zone_O"].tolist()
    ([[[1.0, 1.0]], [[1.0, 1.0]]], [[[0.1, 0.1]], [[0.1, 0.1]]])
    """
    probabilities = probabilities or {}
    check_masks(kernel, probabilities)
    axes = table(kernel, "INPUTS")
    return {
        name: np.full(
            shape(kernel, axes[name], batch),
            probabilities.get(name, 0) if name.startswith("zone_") else 1,
            kernel.dtype,
        )
        for name in mask_names(kernel)
    }
