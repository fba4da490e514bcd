"""Large products of C kernels beside NumPy's, and whether it pays to copy blocks of them: what the
constants of templates/c/products.c.jinja rest on.

make bench        (one BLAS thread; the two take turns, and the best of each counts)
"""

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import symrnn

SHAPES = (
    *((32, 64, 64, False), (64, 256, 256, False), (128, 512, 512, False)),
    *((1600, 64, 32, False), (6400, 256, 128, False), (6400, 512, 256, False)),
    *((64, 64, 1600, True), (256, 256, 6400, True), (512, 512, 6400, True)),
    *((100, 300, 250, False), (37, 1000, 777, False)),
)
"""Rows, columns, what is summed over, and whether the left matrix is read transposed: states by
weights, inputs by weights, gradients of weights, at three sizes; and some that are odd."""

WAYS = """
#include "elman_n4.c"
void product(int way, int rows, int columns, int inner, const real *left, int row, int step,
    const real *right, real *out)
{
    if (way == 0)
        large_dot(rows, columns, inner, left, row, step, right, columns, out, columns);
#if VECTOR
    else if (way == 1)
        for (int i = 0; i < rows; i += BLOCK)
            block_of_rows(rows - i < BLOCK ? rows - i : BLOCK, columns, inner, left + i * row, row,
                step, right, columns, out + i * columns, columns);
#endif
    else
        all_rows(rows, columns, inner, left, row, step, right, columns, out, columns, 0);
}
"""
FLAGS = ("-std=c99", "-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno")
SECONDS = 0.3
Run = Callable[[], object]


def main() -> None:
    for dtype in ("float32", "float64"):
        print(f"{dtype}, GFLOP/s          as chosen   in blocks    in place       NumPy")
        product = compiled(dtype)
        for rows, columns, inner, turned in SHAPES:
            left = np.random.default_rng(0).normal(size=(rows, inner)).astype(dtype)
            right = np.random.default_rng(1).normal(size=(inner, columns)).astype(dtype)
            out = np.empty((rows, columns), dtype)
            if turned:
                left = np.ascontiguousarray(left.T).T
            ways = [product(way, left, right, out) for way in range(3)]
            times = best([*ways, by_numpy(left, right, out)])
            speeds = "".join(f"{2e-9 * rows * columns * inner / t:12.1f}" for t in times)
            print(f"  {rows:5} {columns:5} {inner:5} {'turned' if turned else '':6}{speeds}")


def compiled(dtype: str) -> Callable[..., Run]:
    """What makes a call of a product; the library is loaded, and its files need not stay."""
    with tempfile.TemporaryDirectory() as folder:
        dims = {"D": 1, "H": 1, "C": 1}
        files = symrnn.load("elman_n4").generate_files(2, dims=dims, dtype=dtype)
        for name, text in (*files.items(), ("ways.c", WAYS)):
            (Path(folder) / name).write_text(text)
        command = ["cc", *FLAGS, "-fPIC", "-shared", "ways.c", "-o", "ways.so", "-lm"]
        subprocess.run(command, cwd=folder, check=True)
        function = ctypes.CDLL(f"{folder}/ways.so").product

    def call(way: int, left: np.ndarray, right: np.ndarray, out: np.ndarray) -> Run:
        rows, inner, columns = *left.shape, right.shape[1]
        row, step = (stride // left.itemsize for stride in left.strides)
        at, by, into = (ctypes.c_void_p(a.ctypes.data) for a in (left, right, out))
        return lambda: function(way, rows, columns, inner, at, row, step, by, into)

    return call


def by_numpy(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> Run:
    return lambda: np.matmul(left, right, out=out)


def best(runs: list[Run]) -> list[float]:
    """The shortest time of each, all of them taking turns."""
    found = [float("inf")] * len(runs)
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for place, run in enumerate(runs):
            start = time.perf_counter()
            run()
            found[place] = min(found[place], time.perf_counter() - start)
    return found


if __name__ == "__main__":
    main()
