"""Small kernels and batches that several tests train with."""

from functools import cache
from typing import Any

import numpy as np

import symrnn
from symrnn.language.arrays import Array
from symrnn.training import Kernel, started

STEPS, BATCH = 4, 3
DIMS: dict[str, Any] = {"D": 2, "H": 3, "C": 1}


@cache
def module(name: str = "elman") -> Any:
    return symrnn.load(name).kernel(STEPS)


@cache
def masked() -> Any:
    """Elman's network with dropout before the read-out and inside, and with zoneout."""
    model = symrnn.load("elman").with_dropout("O", recurrent="O").with_zoneout("O")
    return model.kernel(STEPS)


def kernel(name: str = "elman", **settings: Any) -> Kernel:
    return started(module(name), BATCH, **{**DIMS, **settings})


def batches(count: int = 5, batch: int = BATCH, seed: int = 0) -> list[dict[str, Array]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "x": rng.normal(size=(STEPS, batch, DIMS["D"])),
            "y": rng.integers(2, size=(batch, DIMS["C"])).astype(float),
        }
        for _ in range(count)
    ]


def gradients(size: int, count: int = 200, seed: int = 1) -> Array:
    """Gradients that change their size as they do in training; some entries are zero at first."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(count, size)) * np.exp(rng.normal(size=(count, 1)) * 2)
    found[:3, :2] = 0
    return found
