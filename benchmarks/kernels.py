"""What kernels cost to make, what each pass is worth, and how much memory a kernel takes.

make bench        (one BLAS thread; ratios are taken side by side in one run)
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import symrnn
from symrnn.kernels.generate import program
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.program.program import Program, plain
from symrnn.kernels.settings import Settings

SIZES = ((3, 3, 3, 3), (16, 8, 8, 16), (50, 1, 32, 64), (50, 32, 32, 64))
"""T, B, D, H; one output."""

SECONDS = 1.0


def main() -> None:
    generation()
    loops()
    passes()
    memory()


def generation() -> None:
    print("making a kernel (after import)")
    for name, steps, loops in (
        ("elman", 3, False),
        ("elman", 200, False),
        ("elman", 1000, True),
        ("lstm", 25, True),
        ("bilstm", 25, True),
    ):
        model = symrnn.load(name)
        model.generate(2)
        start = time.perf_counter()
        source = model.generate(steps, loops)
        took = time.perf_counter() - start
        way = "looped" if loops else "written out"
        lines = source.count("\n")
        print(f"  {name:<8} T = {steps:<5} {way:<12} {took * 1e3:8.1f} ms  {lines:>6,} lines")


def loops() -> None:
    print("\na loop, as a multiple of the same steps written out")
    for name in ("elman", "lstm", "gru_torch"):
        for steps in (3, 8, 16, 50):
            for batch, width, hidden in ((1, 4, 8), (8, 16, 32)):
                size = (steps, batch, width, hidden)
                runs = [step(name, size, OPTIONAL, way) for way in (False, True)]
                written_out, looped = in_turns(runs)
                shown = ", ".join(map(str, size))
                print(f"  {name:<9} {shown:<14} {looped / written_out:5.2f}")


def passes() -> None:
    print("\nwhat a pass is worth: time without it, as a multiple of the time with all")
    print(f"  {'T, B, D, H':<24}" + "".join(f"{name:>9}" for name in OPTIONAL))
    for name in ("elman", "lstm", "gru_torch"):
        for size in SIZES:
            runs = [step(name, size, OPTIONAL)]
            for left_out in OPTIONAL:
                runs.append(step(name, size, tuple(p for p in OPTIONAL if p != left_out)))
            times = in_turns(runs)
            row = "".join(f"{t / times[0]:9.2f}" for t in times[1:])
            print(f"  {name:<9} {', '.join(map(str, size)):<14}{row}")


def step(
    name: str, size: tuple[int, ...], passes: tuple[str, ...], loops: bool | None = None
) -> Callable[[], Any]:
    """One training step of a kernel made with these passes."""
    steps, batch, width, hidden = size
    source = symrnn.load(name).generate(steps, loops, passes=passes)
    module = load_source(source, name)
    dims = {"D": width, "H": hidden, "C": 1}
    kernel = module.Kernel(batch, dtype=np.float32, **dims)
    for key, value in module.init_params(0, **dims).items():
        kernel.params[key][...] = value
    rng = np.random.default_rng(0)
    x = rng.normal(size=(steps, batch, width)).astype(np.float32)
    y = rng.uniform(size=(batch, 1)).astype(np.float32)
    return lambda: kernel.loss_and_grads(x=x, y=y)


def in_turns(runs: list[Callable[[], Any]]) -> list[float]:
    """The median time of each, all of them taking turns."""
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times[0]) < 5:
        for run, own in zip(runs, times, strict=True):
            start = time.perf_counter()
            for _ in range(5):
                run()
            own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]


def memory() -> None:
    print("\nmemory of a kernel, float64, in MB: all of its arrays, and what must be kept at least")
    for name in ("elman", "lstm", "gru_torch"):
        for steps, batch, width, hidden in ((50, 32, 32, 64), (100, 64, 128, 256)):
            dims = {"D": width, "H": hidden, "C": 1}
            module = symrnn.load(name).kernel(steps)
            kernel = module.Kernel(batch, **dims)
            inputs = {"x": np.zeros((steps, batch, width)), "y": np.zeros((batch, 1))}
            tracemalloc.start()
            kernel.loss_and_grads(**inputs)
            taken = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            *_, made = program(symrnn.load(name).written, Settings.of(steps))
            least = kept(made, {**dims, "B": batch}) * 8
            print(
                f"  {name:<9} T = {steps:<3} B = {batch:<2} H = {hidden:<3}"
                f" {taken / 1e6:7.1f} {least / 1e6:7.1f}  {taken / least:5.2f} times"
            )


def kept(made: Program, sizes: Mapping[str, int]) -> int:
    """Numbers that the forward pass works out and the backward pass reads: no kernel that
    recomputes nothing can do with fewer."""
    written = {n for s in plain(made.sections["forward"]) for n in s.out.names}
    read = {n for s in plain(made.sections["backward"]) for r in s.reads for n in r.names}
    total = 0
    for name in written & read:
        array = made.arrays[name]
        count = int(np.prod([width.count(dict(sizes)) for width in array.shape]))
        steps = array.steps[1] - array.steps[0] + 1 if array.steps else 1
        total += count * steps * (sizes["B"] if array.rows else 1)
    return total


if __name__ == "__main__":
    main()
