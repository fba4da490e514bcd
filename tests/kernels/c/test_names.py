"""Whatever names a text has, its kernel in C compiles, and is the same as that in NumPy."""

import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import symrnn
from tests.kernels.c.compiler import compiled, needs_compiler, quick

pytestmark = needs_compiler

WIDTHS = """
x: DOUBLE
z: FLOAT
h: POLY
v: INCLUDED
y: LIBM
w: BLAS
k[t] = tanh(x[t] @ U + z[t] @ V)
h[t] = tanh(k[t] @ A + h[t-1] @ W)
v[t] = tanh(h[t] @ S)
w = v[T] @ R
L = bce(y, sigmoid(w @ Q))
"""
FUNCTIONS = """
x: seed
z: drawn
h: block_of_real
v: PARAMS
y: floor
w: uint32_t
k[t] = tanh(x[t] @ U + z[t] @ V)
h[t] = tanh(k[t] @ A + h[t-1] @ W)
v[t] = tanh(h[t] @ S)
w = v[T] @ R
L = bce(y, sigmoid(w @ Q))
"""
MEMBERS = """
x: SMALL
new[t] = tanh(x[t] @ this + new[t-1] @ template + EOF)
double = new[T] @ NULL + M_PI * stdin
memory[t] = x[t] @ none + signbit + isnan
L = bce(y, sigmoid(double @ I)) + mean(mse(register, memory[t] @ BITS + linux))
"""


@pytest.mark.parametrize("name", ["all", "copy", "math", "ünï cell.rnn", "net"])
@pytest.mark.parametrize("text", [WIDTHS, FUNCTIONS, MEMBERS])
def test_words_of_c_and_macros_of_the_file_are_names_too(
    text: str, name: str, tmp_path: Path
) -> None:
    made = symrnn.parse(text, name=name)
    dims = {dim: 2 + i for i, dim in enumerate(made.kernel(3).DIMS)}
    for file, content in made.generate_files(3, dims=dims, lengths=True).items():
        (tmp_path / file).write_text(content)
    assert compiled(tmp_path, "-O0", f"-I{tmp_path}") == ""


@pytest.mark.skipif(not which("c++"), reason="there is no C++ compiler here")
def test_a_header_is_one_for_cxx_too(tmp_path: Path) -> None:
    made = symrnn.parse(MEMBERS, name="net")
    dims = dict.fromkeys(made.kernel(3).DIMS, 2)
    (tmp_path / "net.h").write_text(made.generate_files(3, dims=dims)["net.h"])
    (tmp_path / "user.cpp").write_text('#include <cmath>\n#include <cstdio>\n#include "net.h"\n')
    command = ["c++", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "user.cpp"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr == ""


def test_a_width_is_not_taken_for_the_numbers(tmp_path: Path) -> None:
    made = symrnn.parse(WIDTHS, name="net")
    source = made.generate(3, backend="c")
    dims = {dim: 2 + i for i, dim in enumerate(made.kernel(3).DIMS)}
    ours = quick(source).Kernel(2, dtype=np.float32, **dims)
    theirs = made.kernel(3).Kernel(2, dtype=np.float32, **dims)
    assert "-DNET_DOUBLE" in source
    assert '"NET_DOUBLE_2"' in source
    for kernel in (ours, theirs):
        kernel.theta[...] = np.linspace(-1, 1, kernel.theta.size)
    given = {
        "x": np.ones((3, 2, dims["DOUBLE"])),
        "z": np.ones((3, 2, dims["FLOAT"])),
        "y": np.ones((2, dims["LIBM"])),
    }
    assert abs(ours.loss(**given) - theirs.loss(**given)) < 1e-6


def test_a_comment_has_no_trigraph(tmp_path: Path) -> None:
    text = "# why??/ */\nh[t] = tanh(x[t] @ w + h[t-1] @ u)\nL = mse(y, h[T])"
    made = symrnn.parse(text, name="a")
    for file, content in made.generate_files(3, dims={"D": 2, "C": 3}).items():
        (tmp_path / file).write_text(content)
    assert compiled(tmp_path, "-O0") == ""


def test_no_line_of_a_kernel_is_longer_than_a_hundred_columns() -> None:
    files = symrnn.load("elman_n4").generate_files(4, dims={"D": 2, "H": 3, "C": 1}, batch="any")
    code = (
        line for name in ("elman_n4.c", "elman_n4.h", "main.c") for line in files[name].split("\n")
    )
    assert not [line for line in code if len(line) > 100 and "Made by" not in line]
