"""C kernels: what they compute, held against the equations; what the compiler says of them."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.c import C
from symrnn.kernels.load import load_source
from symrnn.kernels.settings import Features
from symrnn.kernels.verification import verify
from tests.cases import STOPPED, ZOO, model
from tests.documents import Page
from tests.extent import WIDE, draws
from tests.kernels.c.compiler import CLEAN, compiled, folder, needs_compiler, quick
from tests.kernels.test_random_kernels import agrees

pytestmark = needs_compiler

SIZES = ((1, 1), (3, 4), (7, 1), (50, 4))
"""Steps and sequences; each model with two of them, each of them with half of the models."""


@pytest.mark.parametrize(
    ("name", "steps", "batch"),
    [(n, *size) for i, n in enumerate(ZOO) for j, size in enumerate(SIZES) if WIDE or (i + j) % 2],
)
def test_its_kernels_hold_what_their_texts_say(name: str, steps: int, batch: int) -> None:
    report = model(name).verify(steps, batch=batch, backend="c")
    assert report.holds, str(report)


@pytest.mark.parametrize(
    "features", [Features(forward_only=True), Features(batch_first=True)], ids=str
)
@pytest.mark.parametrize("name", ["lstm", "birnn", "char"])
def test_what_is_a_transformation_it_has_for_nothing(name: str, features: Features) -> None:
    report = model(name).verify(5, backend="c", **features)
    assert report.holds, str(report)


IDS = """
    h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U)
    L = mean(ce(y[t], softmax(h[t] @ Z)))
"""


@pytest.mark.parametrize("loops", [False, True])
def test_class_ids_also_those_of_the_step_before(loops: bool) -> None:
    report = symrnn.parse(IDS).verify(5, loops, backend="c", ids=("x", "y"))
    assert report.holds, str(report)


@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize("dims", [{"D": 1, "H": 4, "C": 2}, {"D": 5, "H": 4, "C": 3}], ids=str)
def test_few_columns_are_summed_up_by_any_compiler(dims: dict[str, int], batch: int) -> None:
    """GCC 12 with AVX-512 made other numbers of a product with two columns."""
    report = model("leaky").verify(1, dims=dims, batch=batch, backend="c")
    assert report.holds, str(report)


def test_a_text_that_stops_derivatives() -> None:
    report = symrnn.parse(STOPPED).verify(3, backend="c")
    assert report.holds, str(report)


def test_what_it_has_not_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError) as problem:
        model("elman").generate(3, backend="c", checkpoint=True)
    assert str(problem.value).startswith(
        "--checkpoint is not for the back end c: few states are kept by running several kernels"
    )


@pytest.mark.parametrize(
    ("name", "steps", "size", "loops"),
    [
        ("elman_steps", 10, 3, None),
        ("birnn", 9, 3, True),
        ("leaky", 5, 2, False),
        ("char", 4, 1, True),
    ],
)
def test_backpropagation_is_cut(name: str, steps: int, size: int, loops: bool | None) -> None:
    module = quick(model(name).generate(steps, loops, ("x",), backend="c", truncate=size))
    report = verify(name, model(name).written, module, loops, ("x",), truncate=size)
    assert report.holds, str(report)


@pytest.mark.parametrize("seed", range(draws(4, 24, 400)))
def test_a_random_system(seed: int) -> None:
    agrees(seed, C)


@pytest.mark.parametrize(
    ("name", "dtype"), [(n, f"float{(32, 64)[i % 2]}") for i, n in enumerate(ZOO)]
)
def test_no_compiler_warns_and_no_sanitizer_complains(
    name: str, dtype: str, tmp_path: Path
) -> None:
    where = folder(tmp_path, name, dtype=dtype)
    assert compiled(where, *CLEAN) == ""
    done = subprocess.run([where / "made"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, *_, last = [float(line.split()[-1]) for line in done.stdout.splitlines()]
    assert last < first


def test_the_makefile_makes_what_the_python_module_computes(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm")
    subprocess.run(["make", "-s"], cwd=where, check=True)
    said = subprocess.run([where / "lstm"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("epoch   0  loss ")
    module = load_source((where / "lstm.py").read_text(), "lstm")
    assert module.self_check()


@pytest.mark.parametrize(("name", "dtype"), [("lstm", "float32"), ("birnn", "float64")])
def test_the_header_says_how_much_room_it_takes(name: str, dtype: str, tmp_path: Path) -> None:
    where = folder(tmp_path, name, dtype)
    header = (where / f"{name}.h").read_text()
    structs = re.findall(r"^   (\w+) (\d+)(?: \(state \d+\))?(?:,| \*/)$", header, re.MULTILINE)
    assert len(structs) in (3, 5)
    tests = "".join(f"if (sizeof({s}) != {size}) return 1;\n" for s, size in structs)
    (where / "main.c").write_text(f'#include "{name}.h"\nint main(void) {{ {tests}return 0; }}\n')
    assert compiled(where) == ""
    assert subprocess.run([where / "made"]).returncode == 0


def test_floats_are_worked_out_by_functions_for_floats(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm_peephole")
    assert compiled(where, "-Wdouble-promotion") == ""


def test_an_output_is_the_same_to_the_last_bit_again() -> None:
    module = symrnn.load("gru").kernel(6, backend="c")
    found = []
    for _ in range(2):
        kernel = module.Kernel(3, dtype=np.float32, D=4, H=5, C=1)
        kernel.theta[...] = np.random.default_rng(0).normal(size=kernel.theta.size)
        x, y = np.random.default_rng(1).normal(size=(6, 3, 4)), np.ones((3, 1))
        kernel.loss_and_grads(x=x, y=y)
        found.append(kernel.dtheta.copy())
    assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize("lengths", [False, True])
def test_what_the_page_calls_is_there(lengths: bool, tmp_path: Path) -> None:
    where = folder(tmp_path, "elman_n4", lengths=lengths)
    block = list(Page("docs/c.md").blocks("c"))[lengths]
    ahead = "static elman_n4_params params, grads; static elman_n4_memory memory;" * lengths
    text = f'#include "elman_n4.h"\nint main(void)\n{{\n{ahead}{block.text}return 0;\n}}\n'
    (where / "main.c").write_text(text)
    assert compiled(where) == ""


def test_weights_come_along(tmp_path: Path) -> None:
    module = model("elman_n4").kernel(3)
    params = module.init_params(3, np.float32, D=3, H=4, C=1)
    files = model("elman_n4").generate_files(3, batch=2, weights=params)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "main.c").write_text(PRINT)
    assert compiled(tmp_path) == ""
    done = subprocess.run([tmp_path / "made"], capture_output=True, text=True, check=True)
    x, y = np.ones((3, 2, 3), np.float32), np.zeros((2, 1), np.float32)
    assert float(done.stdout) == pytest.approx(float(module.loss(params, x=x, y=y)), rel=1e-6)


PRINT = """
#include <stdio.h>
#include "elman_n4.h"
#include "weights.h"
int main(void)
{
    static elman_n4_inputs in;
    static elman_n4_memory memory;
    for (int t = 0; t < 3; t++)
        for (int r = 0; r < 2; r++)
            for (int i = 0; i < 3; i++)
                in.x[t][r][i] = 1;
    elman_n4_forward(&memory, &elman_n4_weights, &in);
    elman_n4_loss(&memory, &elman_n4_weights, &in);
    printf("%.9g", (double)memory.L[0]);
    return 0;
}
"""


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    params = model("elman_n4").kernel(3).init_params(0, D=3, H=4, C=1)
    with pytest.raises(UsageError, match=r"w_i has shape \(3, 4\); expected \(5, 4\)"):
        model("elman_n4").generate_files(3, weights=params, dims={"D": 5})
    params["w_o"][0, 0] = np.nan
    with pytest.raises(UsageError, match="the weights hold nan, which C has no number for"):
        model("elman_n4").generate_files(3, weights=params)


def test_kernels_of_their_own_work_side_by_side() -> None:
    """While a C function works, other threads run."""
    module = symrnn.load("lstm").kernel(30, backend="c")
    x, y = np.random.default_rng(1).normal(size=(30, 4, 8)), np.ones((4, 1))

    def gradient(seed: int) -> bytes:
        kernel = module.Kernel(4, D=8, H=32, C=1)
        kernel.theta[...] = np.random.default_rng(seed).normal(size=kernel.theta.size) / 4
        for _ in range(30):
            kernel.loss_and_grads(x=x, y=y)
        return bytes(kernel.dtheta.tobytes())

    alone = [gradient(seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(gradient, range(6))) == alone


def test_the_third_slope_of_a_long_sequence_is_no_mistake_of_its_kernel() -> None:
    """Differences along one direction of b_h are 4.5e-7 off here, and more than is allowed."""
    assert symrnn.load("elman_steps").verify(steps=50, batch=1, backend="c").holds
