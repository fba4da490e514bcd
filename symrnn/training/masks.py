"""Masks for dropout and zoneout: drawn for a step, or such that they change nothing.

The name of an input says what it is: `drop_…` and `keep_…` are dropout, `zone_…` is zoneout.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import DTypeLike

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.arrays import Array
from symrnn.training.kernels import Kernel, shape, table

# one mask, drawn by NumPy, the same for the same generator


Shape = int | tuple[int, ...]


def dropout(
    rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike = np.float64
) -> Array:
    """0 with probability p, else 1/(1 - p): on average a mask changes nothing.

    >>> dropout(np.random.default_rng(0), (2, 4), 0.5).tolist()
    [[2.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]]
    """
    dropped = _drawn(rng, shape, p, dtype)
    return np.where(dropped, 0, 1 / (1 - p)).astype(dtype)


def zoneout(
    rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike = np.float64
) -> Array:
    """1, which keeps the old value, with probability p, else 0.

    >>> zoneout(np.random.default_rng(0), (2, 4), 0.5).tolist()
    [[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """
    return _drawn(rng, shape, p, dtype).astype(dtype)


def _drawn(rng: np.random.Generator, shape: Shape, p: float, dtype: DTypeLike) -> Array:
    """True with probability p; drawn in double precision, so that every dtype has the same mask."""
    if not 0 <= p < 1:
        raise DataError(f"the probability is {p}; expected a number from 0 to below 1, such as 0.2")
    if np.dtype(dtype).kind not in "fc":
        raise DataError(
            f"a mask of {np.dtype(dtype)} cannot hold 1/(1 - p); expected a float dtype"
        )
    return np.asarray(rng.random(shape) < p)


# all masks of a kernel


DRAWS: dict[str, Callable[..., Array]] = {
    "drop_": dropout,
    "keep_": dropout,
    "zone_": zoneout,
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
