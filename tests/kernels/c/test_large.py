"""Large products: by a BLAS that is handed in, and shared out among threads."""

import ctypes
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cases import model
from tests.kernels.c.compiler import CC, compiled, folder, needs_compiler
from tests.kernels.c.library import library

pytestmark = needs_compiler

GEMM = """
static int calls;
static void gemm(const char *right_way, const char *left_way, const int *columns, const int *rows,
    const int *inner, const real *factor, const real *right, const int *right_row, const real *left,
    const int *left_row, const real *kept, real *out, const int *out_row)
{
    calls += *right_way == 'N' && *factor == 1 && *kept == 0;
    for (int i = 0; i < *rows; i++)
        for (int j = 0; j < *columns; j++) {
            real sum = 0;
            for (int k = 0; k < *inner; k++)
                sum += right[k * *right_row + j]
                    * (*left_way == 'N' ? left[i * *left_row + k] : left[k * *left_row + i]);
            out[i * *out_row + j] = sum;
        }
}
int product(int with, int turned, int rows, int columns, int inner, const real *left,
    const real *right, real *out)
{
    static elman_n4_memory memory, *m = &memory;
    m->blas = with ? gemm : NULL;
    calls = 0;
    if (turned) dot(rows, columns, inner, left, 1, rows, right, columns, out, columns);
    else dot(rows, columns, inner, left, inner, 1, right, columns, out, columns);
    return calls;
}
"""
TRIPLES = ((1, 300, 900), (20, 15, 900), (64, 64, 64), (17, 301, 111), (150, 16, 129))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_blas_that_is_handed_in_works_out_what_is_large(dtype: str, tmp_path: Path) -> None:
    where = folder(tmp_path, "elman_n4", dtype)
    found = library(where, "elman_n4", GEMM, "-O1", "-DELMAN_N4_BLAS")
    rng = np.random.default_rng(0)
    for rows, columns, inner in TRIPLES:
        for turned in (0, 1):
            left = rng.normal(size=(inner, rows) if turned else (rows, inner)).astype(dtype)
            right = rng.normal(size=(inner, columns)).astype(dtype)
            results = []
            for given in (0, 1):
                out = np.full((rows, columns), np.nan, dtype)
                pointers = (ctypes.c_void_p(a.ctypes.data) for a in (left, right, out))
                calls = found.product(given, turned, rows, columns, inner, *pointers)
                large = rows >= 16 and columns >= 16 and rows * columns * inner >= 64**3
                assert calls == (given and large), (rows, columns, inner)
                results.append(out)
            wanted = (left.T if turned else left).astype(np.longdouble) @ right
            for out in results:
                np.testing.assert_allclose(out, wanted, atol=1e3 * float(np.finfo(dtype).eps))


def gradients(monkeypatch: pytest.MonkeyPatch, blas: str, dtype: type) -> np.ndarray:
    monkeypatch.setenv("SYMRNN_BLAS", blas)
    kernel = model("elman").kernel(3, backend="c").Kernel(64, dtype=dtype, D=20, H=80, C=1)
    kernel.theta[...] = np.random.default_rng(0).normal(size=kernel.theta.size) / 9
    x = np.random.default_rng(1).normal(size=(3, 64, 20))
    kernel.loss_and_grads(x=x, y=np.ones((64, 1)))
    return np.array(kernel.dtheta)


@pytest.mark.skipif(importlib.util.find_spec("scipy") is None, reason="SciPy is not installed")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scipys_blas(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (gradients(monkeypatch, blas, dtype) for blas in ("", "scipy"))
    np.testing.assert_allclose(theirs, ours, atol=1e2 * float(np.finfo(dtype).eps))


def test_where_it_is_asked_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="SYMRNN_BLAS is mkl; expected scipy, or nothing"):
        gradients(monkeypatch, "mkl", np.float32)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    with pytest.raises(RuntimeError, match="SYMRNN_BLAS is scipy, and that is not there: "):
        gradients(monkeypatch, "scipy", np.float32)


def has_openmp() -> bool:
    command = [CC, "-fopenmp", "-include", "omp.h", "-x", "c", "-", "-o", os.devnull]
    return (
        bool(CC)
        and not subprocess.run(
            command, input=b"int main(void) { return 0; }", capture_output=True
        ).returncode
    )


needs_openmp = pytest.mark.skipif(not has_openmp(), reason="the C compiler has no OpenMP")

GRADIENT = """
void gradient(int threads, real *out)
{
    static lstm_params p, g;
    static lstm_inputs in;
    static lstm_memory m;
    omp_set_num_threads(threads);
    lstm_start(&p, 1);
    for (size_t i = 0; i < sizeof in / sizeof(real); i++)
        ((real *)&in)[i] = (real)(i * 7919 % 1000) / 1000;
    lstm_forward(&m, &p, &in);
    lstm_loss(&m, &p, &in);
    lstm_backward(&m, &p, &g, &in);
    memcpy(out, &g, sizeof g);
}
"""


@needs_openmp
def test_the_same_bits_however_many_threads_there_are(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm")
    sizes = {"B": 83, "D": 21, "H": 250, "C": 1}  # the last block is none of the others' size
    flags = [f"-DLSTM_{name}={size}" for name, size in sizes.items()]
    found = library(where, "lstm", GRADIENT, "-O1", "-fopenmp", *flags)
    count = 4 * (21 + 250 + 1) * 250 + 250 + 1
    results = []
    for threads in (1, 2, 3):
        out = np.zeros(count, np.float32)
        found.gradient(threads, ctypes.c_void_p(out.ctypes.data))
        results.append(out.tobytes())
        if Path("/proc/self/task").exists():
            assert len(list(Path("/proc/self/task").iterdir())) >= threads
    assert np.abs(out).max() > 0
    assert results == results[:1] * 3


@needs_openmp
@pytest.mark.parametrize("flags", [("-fopenmp",), ("-DLSTM_BLAS",)], ids=str)
def test_no_compiler_warns_of_it(flags: tuple[str, ...], tmp_path: Path) -> None:
    assert compiled(folder(tmp_path, "lstm"), "-O1", *flags) == ""


def test_loops_over_several_rows_are_shared_out() -> None:
    source = model("elman").generate(3, backend="c")
    after = re.findall(r"IN_THREADS\((.*)\)\n *(.*)", source)
    assert ("B * H", "for (int r = 0; r < B; r++)") in after
    assert all(line.startswith(("for (int ", "PRAGMA", "#")) for _, line in after), after
