"""What few states cost and save: memory and time of checkpointed kernels beside plain ones.

Run with `make bench`. Memory is the highest that was in use while a kernel was made and called
once, beside its inputs and parameters; times are medians of the two in turn, in one process.
"""

import statistics
import time
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np

import symrnn

SIZES = ((8, 16, 64), (2, 8, 16))
STEPS = (2_500, 10_000)
REPEATS = 7


def numbers(module: ModuleType, steps: int, size: tuple[int, int, int]) -> dict[str, Any]:
    """Inputs and targets, in float32."""
    batch, width, hidden = size
    known = {"T": steps, "B": batch, "D": width, "H": hidden, "C": 1}
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(size=[known[str(axis)] for axis in axes]).astype(np.float32)
        for name, axes in module.INPUTS.items()
    }


def kernel(module: ModuleType, size: tuple[int, int, int]) -> Any:
    batch, width, hidden = size
    made = module.Kernel(batch, dtype=np.float32, D=width, H=hidden, C=1)
    for name, value in module.init_params(0, D=width, H=hidden, C=1).items():
        made.params[name][...] = value
    return made


def peak(module: ModuleType, size: tuple[int, int, int], inputs: dict[str, Any]) -> int:
    """The bytes that a kernel takes at most, from when it is made."""
    tracemalloc.start()
    kernel(module, size).loss_and_grads(**inputs)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def times(kernels: list[Any], inputs: dict[str, Any]) -> list[float]:
    """The median time of a step of each, taken in turn."""
    found: list[list[float]] = [[] for _ in kernels]
    for repeat in range(REPEATS + 1):
        for own, each in zip(found, kernels, strict=True):
            start = time.process_time()
            each.loss_and_grads(**inputs)
            if repeat:  # the first call makes the arrays
                own.append(time.process_time() - start)
    return [statistics.median(own) for own in found]


def main() -> None:
    print("float32; peak memory of making a kernel and calling it once, and a step's time")
    print(f"{'':14}{'B, D, H':>12}{'T':>8}{'plain':>12}{'few states':>12}", end="")
    print(f"{'plain':>11}{'few states':>12}{'extra':>8}")
    for name in ("elman", "lstm"):
        for size in SIZES:
            for steps in STEPS:
                modules = [symrnn.load(name).kernel(steps, checkpoint=few) for few in (False, True)]
                inputs = numbers(modules[0], steps, size)
                peaks = [peak(module, size, inputs) for module in modules]
                plain, few = times([kernel(module, size) for module in modules], inputs)
                said = ", ".join(map(str, size))
                print(f"{name:14}{said:>12}{steps:>8,}", end="")
                print("".join(f"{each / 1e6:>9.2f} MB" for each in peaks), end="")
                print(f"{1000 * plain:>8.0f} ms{1000 * few:>9.0f} ms{few / plain - 1:>8.0%}")


if __name__ == "__main__":
    main()
