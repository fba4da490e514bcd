"""What class ids are worth, and how the gradient of a look-up gets back to its rows.

make bench        (one BLAS thread; the ways take turns)

The constants of `templates/numpy/ids.py.jinja` are set by the first table: up to LITTLE numbers
they are added one by one, and a class that occurs OFTEN is a product of its own.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

import symrnn
from symrnn.language.arrays import Array

SECONDS = 1.0
SIZES = ((50, 30, 16), (800, 100, 64), (3200, 5000, 256), (1600, 50, 512))
"""How many rows there are (T B), how many classes, how many features."""
NETWORKS = (
    ("char", 25, 2, 30, 32),
    ("char", 25, 32, 100, 64),
    ("char", 50, 32, 5000, 128),
    ("lstm", 50, 32, 100, 128),
    ("lstm", 50, 32, 5000, 64),
)
"""T, B, classes that go in and come out at every step, H."""

Way = Callable[[Array, Array, Array], None]
Run = Callable[[], Any]


def main() -> None:
    scatters()
    constants()
    kernels()


# the gradient of a look-up


def scatters() -> None:
    made = symrnn.load("char").kernel(1, ids=("x",))
    print("rows added to those of their classes, float32, in µs, zeroing included")
    for count, classes, width in SIZES:
        for how, ids in (("evenly", evenly(count, classes)), ("as words", words(count, classes))):
            ways = {**WAYS, "kernel": made._scatter}
            if count * classes <= 3_000_000:
                ways["one-hot"] = one_hot(ids, classes)
            rows = np.random.default_rng(1).normal(size=(count, width)).astype(np.float32)
            out = np.zeros((classes, width), np.float32)
            runs: list[Run] = [partial(way, ids, rows, out) for way in ways.values()]
            times = dict(zip(ways, in_turns(runs), strict=True))
            said = "  ".join(f"{name} {took * 1e6:.0f}" for name, took in times.items())
            print(f"  {count:>5} rows, {classes:>5} classes, {width:>3} wide, {how:<9} {said}")


def constants() -> None:
    """Where one way of the kernel becomes quicker than another."""
    made = symrnn.load("char").kernel(1, ids=("x",))
    print("\nadded one by one, as a multiple of ordered first; LITTLE is where that is about 1")
    for numbers in (12_500, 25_000, 50_000, 100_000, 200_000):
        ratios = []
        for width in (16, 64, 256):
            ids, rows, out = drawn(numbers // width, 100, width)
            ratios.append(ratio(made, "LITTLE", (10**9, 0), ids, rows, out))
        said = "  ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"  {numbers:>7} numbers, 16, 64 and 256 wide: {said}")
    print("\nOFTEN, as a multiple of 16")
    for count, classes, width in SIZES[1:]:
        ids, rows, out = drawn(count, classes, width)
        ratios = [ratio(made, "OFTEN", (n, 16), ids, rows, out) for n in (4, 8, 32, 64)]
        said = "  ".join(f"{n}: {r:.2f}" for n, r in zip((4, 8, 32, 64), ratios, strict=True))
        print(f"  {count:>5} rows, {classes:>5} classes, {width:>3} wide  {said}")


def ratio(
    made: ModuleType, name: str, values: tuple[int, int], ids: Array, rows: Array, out: Array
) -> float:
    """The time with the first value of a constant, as a multiple of that with the second."""
    before = {key: getattr(made, key) for key in ("LITTLE", "OFTEN")}

    def run(value: int) -> None:
        vars(made).update({"LITTLE": 0, name: value})
        made._scatter(ids, rows, out)

    one, other = in_turns([partial(run, value) for value in values])
    vars(made).update(before)
    return one / other


def drawn(count: int, classes: int, width: int) -> tuple[Array, Array, Array]:
    rows = np.random.default_rng(1).normal(size=(count, width)).astype(np.float32)
    return words(count, classes), rows, np.zeros((classes, width), np.float32)


def evenly(count: int, classes: int) -> Array:
    return np.random.default_rng(0).integers(classes, size=count)


def words(count: int, classes: int) -> Array:
    """Few classes often and many seldom, as in a text."""
    return np.minimum(np.random.default_rng(0).zipf(1.3, count), classes) - 1


def add_at(ids: Array, rows: Array, out: Array) -> None:
    out.fill(0)
    np.add.at(out, ids, rows)


def add_each(ids: Array, rows: Array, out: Array) -> None:
    out.fill(0)
    places = ids[:, None] * rows.shape[1] + np.arange(rows.shape[1])
    np.add.at(out.reshape(-1), places.reshape(-1), rows.reshape(-1))


def ordered(ids: Array) -> tuple[Array, Array, Array]:
    """The order by id, the ids that occur, and where each of them starts."""
    order = np.argsort(ids, kind="stable")
    by_id = ids[order]
    start = np.flatnonzero(np.append(True, by_id[1:] != by_id[:-1]))
    return order, by_id[start], start


def reduceat(ids: Array, rows: Array, out: Array) -> None:
    out.fill(0)
    order, found, start = ordered(ids)
    out[found] = np.add.reduceat(rows[order], start, 0)


def segments(ids: Array, rows: Array, out: Array) -> None:
    out.fill(0)
    order, found, start = ordered(ids)
    by_id = rows.take(order, 0)
    ends = [*start[1:].tolist(), len(ids)]
    for place, first, last in zip(found.tolist(), start.tolist(), ends, strict=True):
        np.add.reduce(by_id[first:last], 0, None, out[place])


def bincount(ids: Array, rows: Array, out: Array) -> None:
    for column in range(rows.shape[1]):
        out[:, column] = np.bincount(ids, rows[:, column], len(out))


def row_by_row(ids: Array, rows: Array, out: Array) -> None:
    out.fill(0)
    for place, row in zip(ids.tolist(), rows, strict=True):
        np.add(out[place], row, out[place])


def one_hot(ids: Array, classes: int) -> Way:
    """The product with a one-hot matrix that is there already."""
    matrix = np.eye(classes, dtype=np.float32)[ids]

    def way(_: Array, rows: Array, out: Array) -> None:
        np.dot(matrix.T, rows, out)

    return way


WAYS: dict[str, Way] = {
    "add.at": add_at,
    "add.at, each number": add_each,
    "reduceat": reduceat,
    "segments": segments,
    "bincount": bincount,
    "row by row": row_by_row,
}


# whole kernels


def kernels() -> None:
    print("\na training step, float32: with one-hot rows, as a multiple of the same with class ids")
    for name, steps, batch, classes, hidden in NETWORKS:
        model = symrnn.load(name)
        model = model if name == "char" else model.with_head("steps")
        rng = np.random.default_rng(0)
        ids = {key: rng.integers(classes, size=(steps, batch)) for key in ("x", "y")}
        rows = {key: np.eye(classes, dtype=np.float32)[value] for key, value in ids.items()}
        dims = {"D": classes, "H": hidden, "C": classes}
        by_rows = training_step(model.kernel(steps), batch, dims, rows)
        half = training_step(
            model.kernel(steps, ids=("x",)), batch, dims, {"x": ids["x"], "y": rows["y"]}
        )
        by_ids = training_step(model.kernel(steps, ids=("x", "y")), batch, dims, ids)
        first, second, third = in_turns([by_rows, half, by_ids])
        size = f"T = {steps}, B = {batch}, {classes} classes, H = {hidden}"
        print(
            f"  {name:<5} {size:<40} {third * 1e3:8.2f} ms"
            f"   {first / third:6.2f} times, with ids for x alone {second / third:5.2f}"
        )


def training_step(
    module: ModuleType, batch: int, dims: dict[str, int], inputs: dict[str, Array]
) -> Run:
    kernel = module.Kernel(batch, dtype=np.float32, **dims)
    for key, value in module.init_params(0, np.float32, **dims).items():
        kernel.params[key][...] = value
    return lambda: kernel.loss_and_grads(**inputs)


def in_turns(runs: list[Run]) -> list[float]:
    """The median time of each, all of them taking turns."""
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times[0]) < 5:
        for run, own in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]


if __name__ == "__main__":
    main()
