"""What a step of training costs beside the kernel: the bare kernel, a trainer, an optimiser alone.

make bench        (one BLAS thread; what is compared takes turns, on the time of the process)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from timing import table

import symrnn
from symrnn.clock import take_turns
from symrnn.training import SGD, Adam, Optimiser, Trainer, started

CASES = (
    ("char", 25, 32, {"D": 65, "H": 128, "C": 65}),
    ("lstm", 25, 32, {"D": 65, "H": 128, "C": 1}),
    ("elman", 3, 3, {"D": 3, "H": 3, "C": 1}),
)
SECONDS = 1.0
OPTIMISERS = (SGD(1e-4), Adam(1e-4))


def main() -> None:
    for name, steps, batch, dims in CASES:
        module = symrnn.load(name).kernel(steps)
        for dtype in (np.float32, np.float64):
            for optimiser in OPTIMISERS:
                runs = ways(module, batch, dims, dtype, optimiser)
                what = f"{name}, T = {steps}, {batch} sequences, H = {dims['H']}"
                title = f"{what}, {np.dtype(dtype)}, {type(optimiser).__name__}"
                found = {name: f.median for name, f in take_turns(runs, SECONDS).items()}
                table(title, found, against="kernel")


def ways(
    module: Any, batch: int, dims: dict[str, int], dtype: Any, optimiser: Optimiser
) -> dict[str, Callable[[], Any]]:
    """The same step, with less and with more around it."""
    rng = np.random.default_rng(0)
    sizes = {"T": module.STEPS, "B": batch, **dims}
    inputs = {}
    for name, axes in module.INPUTS.items():
        wide = tuple(sizes[axis] for axis in axes)
        classes = np.eye(wide[-1], dtype=dtype)
        inputs[name] = classes[rng.integers(wide[-1], size=wide[:-1])]
    kernel = started(module, batch, dtype=dtype, **dims)  # one: where arrays lie matters more
    memory = optimiser.start(kernel.theta)
    trainer = Trainer(kernel, optimiser, clip=5.0, schedule="cosine:1000000")
    carried = Trainer(kernel, optimiser, clip=5.0, carry=True)

    def by_hand() -> None:
        kernel.loss_and_grads(**inputs)
        memory.step(kernel.dtheta)

    return {
        "kernel": lambda: kernel.loss_and_grads(**inputs),
        "kernel and optimiser": by_hand,
        "train_step": lambda: trainer.train_step(inputs),
        "train_step, carry": lambda: carried.train_step(inputs),
    }


if __name__ == "__main__":
    main()
