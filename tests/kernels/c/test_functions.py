"""The functions that stand in every C file: how far off they are, and products of all sizes."""

import ctypes
import re
from typing import Any

import numpy as np
import pytest

from tests.cases import model
from tests.kernels.c.compiler import folder, needs_compiler
from tests.kernels.c.library import library

pytestmark = needs_compiler

MANY = """
void many_NAME(real *out, const real *x, int n) { for (int i = 0; i < n; i++) out[i] = NAME(x[i]); }
"""
TRUE: dict[str, Any] = {
    "fast_tanh": np.tanh,
    "fast_exp": np.exp,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
}
NUMBERS = {"float32": (np.float32, ()), "float64": (np.float64, ("-DELMAN_N4_DOUBLE",))}


@pytest.fixture(scope="module", params=list(NUMBERS))
def functions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    where = folder(tmp_path_factory.mktemp("c"), "elman_n4")
    dtype, flags = NUMBERS[request.param]
    more = "".join(MANY.replace("NAME", n) for n in (*TRUE,))
    more += """
void product(int turned, int rows, int columns, int inner, const real *left, const real *right,
    real *out)
{
    if (turned) dot(rows, columns, inner, left, 1, rows, right, columns, out, columns);
    else dot(rows, columns, inner, left, inner, 1, right, columns, out, columns);
}
"""
    found = library(where, "elman_n4", more, *flags)

    def call(name: str, x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        pointers = (ctypes.c_void_p(a.ctypes.data) for a in (out, x))
        getattr(found, f"many_{name}")(*pointers, x.size)
        return out

    return dtype, call, found


def test_functions_are_off_by_less_than_the_header_says(functions) -> None:  # type: ignore[no-untyped-def]
    dtype, call, _ = functions
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.uniform(-9, 1.9, 200_000)
    x = (size * rng.choice([-1, 1], size.size)).astype(dtype)
    header = model("elman_n4").generate_files(3, dims={"D": 1, "H": 1, "C": 1})["elman_n4.h"]
    most, of_one, softplus = map(float, re.findall(r"at most ([\d.]+) ulp", header))
    allowed = dict(zip(TRUE, (most, most, of_one, softplus), strict=True))
    assert list(allowed.values()) == [2.6, 2.6, 0.7, 2.0]
    for name, true in TRUE.items():
        found, wanted = call(name, x), true(x.astype(np.longdouble))
        with np.errstate(over="ignore"):
            ulp = np.spacing(np.abs(wanted.astype(dtype)))
        if name == "sigmoid":
            ulp[:] = np.spacing(dtype(1))
        tiny = np.finfo(dtype).tiny
        normal = (np.abs(wanted) >= tiny) & (np.abs(wanted) < np.finfo(dtype).max)
        off = np.abs(found - wanted)[normal] / ulp[normal]
        assert float(off.max()) <= allowed[name], name
        if name != "sigmoid":
            assert np.all(np.abs(found[np.abs(wanted) < tiny]) <= tiny)


def test_what_is_no_plain_number(functions) -> None:  # type: ignore[no-untyped-def]
    dtype, call, _ = functions
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1000.0, -1000.0], dtype)
    tanh, exp = call("fast_tanh", x), call("fast_exp", x)
    assert tanh.tobytes()[: 4 * dtype().itemsize] == np.tanh(x[:4]).tobytes()
    assert np.isnan(tanh[4])
    assert tanh[5:].tolist() == [1, -1]
    assert exp[:2].tolist() == [1, 1]
    assert np.isnan(exp[4])
    assert exp[[2, 3, 5, 6]].tolist() == [np.inf, 0, np.inf, 0]
    assert call("sigmoid", x)[[2, 3]].tolist() == [1, 0]


SIZES = (1, 2, 3, 5, 8, 15, 16, 17, 33, 70)


@pytest.mark.parametrize("turned", [0, 1])
def test_products_of_all_sizes(functions, turned: int) -> None:  # type: ignore[no-untyped-def]
    dtype, _, found = functions
    rng = np.random.default_rng(1)
    allowed = 200 * float(np.finfo(dtype).eps)
    triples = [(m, n, k) for m in SIZES for n in SIZES for k in (1, 7, 64)]
    triples += [(40, 300, 600), (37, 301, 701), (270, 37, 731), (16, 800, 257)]  # copied in blocks
    for rows, columns, inner in triples:
        left = rng.normal(size=(inner, rows) if turned else (rows, inner)).astype(dtype)
        right = rng.normal(size=(inner, columns)).astype(dtype)
        out = np.full((rows + 1, columns), 7, dtype)  # the last row is nobody's
        pointers = (ctypes.c_void_p(a.ctypes.data) for a in (left, right, out))
        found.product(turned, rows, columns, inner, *pointers)
        wide = (left.T if turned else left).astype(np.longdouble)
        wanted = wide @ right.astype(np.longdouble)
        off = np.abs(out[:rows] - wanted).max() / max(1.0, float(np.abs(wanted).max()))
        assert off <= allowed, (rows, columns, inner)
        assert (out[rows] == 7).all()
