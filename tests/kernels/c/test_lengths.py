"""C kernels for sequences with lengths of their own, and for as many sequences as are said when
they run: what they compute, and what wrong numbers do to them."""

import faulthandler
import os
import random
import re
import subprocess
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.kernels.c import C
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.verification import verify
from symrnn.language import parse
from symrnn.model import Model
from tests.cases import ZOO, explicit_states, model
from tests.extent import WIDE, draws
from tests.grammar import Writer
from tests.kernels.c.compiler import CLEAN, compiled, folder, needs_compiler, quick
from tests.kernels.test_lengths import TEXTS, held, written

pytestmark = needs_compiler

SHAPES = ((5, 4), (1, 3), (7, 1), (3, 2))


@pytest.mark.parametrize(
    ("name", "steps", "batch"),
    [
        (name, *shape)
        for i, name in enumerate([*ZOO, *TEXTS])
        for j, shape in enumerate(SHAPES)
        if WIDE or i % 4 == j
    ],
)
def test_a_batch_is_its_sequences_one_by_one(name: str, steps: int, batch: int) -> None:
    held(written(name), steps, batch, OPTIONAL, steps, C, quick)


@pytest.mark.parametrize("seed", range(draws(4, 24, 400)))
def test_so_are_random_systems(seed: int) -> None:
    choose = random.Random(seed)
    text = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    passes = tuple(name for name in OPTIONAL if choose.random() < 0.8)
    held(text, choose.randint(1, 5), choose.randint(1, 4), passes, seed, C, quick)


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("lstm", {"wrt": ("x", "h0")}),
        ("char", {"ids": ("x", "y")}),
        ("birnn", {"batch_first": True}),
    ],
)
def test_it_keeps_what_kernels_promise(name: str, features: dict[str, object]) -> None:
    asked = {"lengths": True, **features}
    module = quick(model(name).generate(4, backend="c", **asked))  # type: ignore[arg-type]
    report = verify(name, model(name).written, module, batch=3, **asked)  # type: ignore[arg-type]
    assert report.holds, str(report)


@pytest.mark.parametrize("lengths", [False, True])
def test_a_gradient_by_what_is_fixed(lengths: bool) -> None:
    cell = symrnn.parse("W: fixed; h[t] = tanh(x[t] @ V + h[t-1] @ W); L = mse(y, h[T])")
    module = quick(cell.generate(3, wrt=("W", "x"), backend="c", lengths=lengths))
    report = verify("drawn", cell.written, module, wrt=("W", "x"), lengths=lengths)
    assert report.holds, str(report)


LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V + e[t-1] @ Q); L = mse(y, h[T])"
CALLS = (
    [5, 5, 5],  # all equal
    [1, 1, 1],
    [2, 5, 1],
    [4],  # one sequence, and fewer steps than the kernel has
    [3, 2],
    None,
)


@pytest.mark.parametrize("text", [LAGS, LAGS.replace("mse(y, h[T])", "mse(y, mean(h[t]))")])
def test_one_kernel_serves_all_lengths(text: str) -> None:
    """Call after call in the same memory, as NumPy's kernel has it; also where `e` is ids, and a
    state of two steps is carried."""
    cell = symrnn.parse(text)
    modules = [
        load(cell.generate(5, wrt=("x", "h0"), lengths=True, ids=("e",), backend=name))
        for load, name in ((quick, "c"), (quick, "numpy"))
    ]
    dims = dict(zip(modules[0].DIMS, (2, 3, 4, 5), strict=False))
    ours, theirs = (module.Kernel(3, **dims) for module in modules)
    ours.theta[...] = theirs.theta[...] = np.random.default_rng(0).normal(size=ours.theta.size)
    rng = np.random.default_rng(1)
    for lengths in CALLS:
        batch, steps = len(lengths or "123"), max(lengths or [5])
        sizes = {"T": steps, "B": batch, **dims}
        inputs = {
            n: rng.normal(size=modules[0]._sizes(axes, sizes))
            for n, axes in modules[0]._EVERY.items()
        }
        many = modules[0]._sizes((modules[0].IDS["e"],), dims)[0]
        inputs |= {n: rng.integers(many, size=inputs[n].shape) for n in modules[0].IDS}
        for place, length in enumerate(lengths or []):
            inputs["x"][length:, place], inputs["e"][length:, place] = np.nan, -1
        found = []
        for kernel in (ours, theirs):
            loss, grads = kernel.loss_and_grads(**inputs, lengths=lengths)
            found.append({"L": np.array(loss), **grads, **kernel.outputs, **kernel.states})
        assert found[0].keys() == found[1].keys()
        for name, value in found[0].items():
            assert value.dtype == found[1][name].dtype, name
            np.testing.assert_allclose(value, found[1][name], rtol=1e-11, atol=1e-13, err_msg=name)


# the files


@pytest.mark.parametrize(
    ("name", "dtype", "features"),
    [
        ("lstm", "float32", {"lengths": True}),
        ("birnn", "float64", {"lengths": True, "batch": "any:5"}),
        ("char", "float32", {"lengths": True, "ids": ("x",)}),
        ("elman_steps", "float64", {"batch": "any:3"}),
        ("gru", "float32", {"batch": "any:3", "forward_only": True}),
        ("bilstm", "float32", {"batch": "any:2", "forward_only": True}),
        ("elman_steps", "float32", {"truncate": 2}),
    ],
)
def test_no_compiler_warns_and_no_sanitizer_complains(
    name: str, dtype: str, features: dict[str, object], tmp_path: Path
) -> None:
    where = folder(tmp_path, name, dtype, **features)  # type: ignore[arg-type]
    assert compiled(where, *CLEAN) == ""
    done = subprocess.run([where / "made"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if "forward_only" not in features:
        first, *_, last = [float(line.split()[-1]) for line in done.stdout.splitlines()]
        assert last < first


@pytest.mark.parametrize(
    ("name", "dtype", "features"),
    [
        ("lstm", "float32", {"lengths": True}),
        ("birnn", "float64", {"lengths": True, "batch": "any:3"}),
        ("elman_steps", "float64", {"batch": "any:3"}),
    ],
)
def test_the_header_says_how_much_room_it_takes(
    name: str, dtype: str, features: dict[str, object], tmp_path: Path
) -> None:
    where = folder(tmp_path, name, dtype, **features)  # type: ignore[arg-type]
    said = re.findall(r"^   (\w+_\w+) (\d+)", (where / f"{name}.h").read_text(), re.MULTILINE)
    assert len(said) in (3, 5)
    tests = "".join(f"if (sizeof({struct}) != {size}) return 1;\n" for struct, size in said)
    (where / "main.c").write_text(f'#include "{name}.h"\nint main(void) {{ {tests}return 0; }}\n')
    assert compiled(where) == ""
    assert subprocess.run([where / "made"]).returncode == 0


def said_by(where: Path, name: str, lines: str) -> list[float]:
    """What a program prints that works out a loss, gradients and outputs, under sanitizers."""
    (where / "main.c").write_text(PROGRAM.replace("LINES", lines).replace("NAME", name))
    assert compiled(where, *CLEAN) == ""
    done = subprocess.run([where / "made"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [float(number) for number in done.stdout.split()]


PROGRAM = """
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "NAME.h"
static NAME_params p, g;
static NAME_inputs in;
static NAME_memory m;
static void fill(NAME_real *numbers, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *numbers; i++)
        numbers[i] = (NAME_real)((int)(i * 37 % 101) - 50) / 50;
}
static void show(const NAME_real *numbers, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *numbers; i++)
        printf("%.17g ", (double)numbers[i]);
}
int main(void)
{
    fill((NAME_real *)&p, sizeof p);
    LINES
    memset(&m, 0xff, sizeof m);
    NAME_forward(&m, &p, &in);
    NAME_loss(&m, &p, &in);
    NAME_backward(&m, &p, &g, &in);
    show(m.L, sizeof m.L);
    show((const NAME_real *)&g, sizeof g);
    return 0;
}
"""


def test_wrong_lengths_are_the_nearest_that_can_be(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm", "float64", batch=5, lengths=True)
    lines = "fill((lstm_real *)&in, offsetof(lstm_inputs, lengths));"
    wrong, right = (
        lines + "".join(f"in.lengths[{r}] = {n};" for r, n in enumerate(lengths.split()))
        for lengths in ("0 INT_MIN 5 INT_MAX 3", "1 1 4 4 3")
    )
    assert said_by(where, "lstm", wrong) == said_by(where, "lstm", right)


def test_it_is_said_when_it_runs_how_many_sequences_there_are(tmp_path: Path) -> None:
    """And too few or too many are the nearest number that can be."""
    where = folder(tmp_path, "elman_steps", "float64", batch="any:5")
    module = model("elman_steps").kernel(4)
    for said, many in ((3, 3), (1, 1), (0, 1), (9, 5)):
        fill = "fill((elman_steps_real *)&in, offsetof(elman_steps_inputs, batch));"
        found = said_by(where, "elman_steps", f"{fill} in.batch = {said};")
        kernel = module.Kernel(many, **{dim: 3 + i for i, dim in enumerate(module.DIMS)})
        kernel.theta[...] = numbers(kernel.theta.size)
        inputs, start = {}, 0
        sizes = {"T": 4, "B": many, **kernel.dims}
        whole = numbers(10_000)
        for name, axes in {**module.INPUTS, **module.STATES}.items():
            shape = module._sizes(axes, sizes)
            inputs[name] = whole[start : start + int(np.prod(shape))].reshape(shape)
            start += int(np.prod(module._sizes(axes, {**sizes, "B": 5})))
        loss, _ = kernel.loss_and_grads(**inputs)
        np.testing.assert_allclose(found, [loss, *kernel.dtheta], rtol=1e-12, atol=1e-14)


def numbers(many: int) -> np.ndarray:
    """Those that the program fills a struct with."""
    return (np.arange(many) * 37 % 101 - 50) / 50


# mistakes


EDITS = (
    (r"rows->first\[t - 1\]", "rows->first[t]"),
    (r"first \+= alive", "first += alive + 1"),
    (r"before \+ step - 1", "before + step"),
    (r"\(before \+ behind\) \* B \+", ""),
    (r"rows->order\[r\]", "r"),
    (r"t > rows->length\[r\] \? 0 : ", ""),
    (r"shift > 0 \? other : t", "shift < 0 ? other : t"),
    (r"t \+ shift >= 1 && ", ""),
    (r"t == 1 \? one : ", ""),
    (r"= place;", "= 0;"),
    (r"--count\[length\]", "count[length] - 1"),
)


def mistakes(source: str) -> Iterator[str]:
    """The module with one piece of what knows the rows changed."""
    start = source.index("/* sequences with lengths of their own")
    stop = source.index("void drawn_forward(drawn_memory *restrict")
    body = source[start:stop]
    for old, new in EDITS:
        for found in re.finditer(old, body):
            changed = body[: found.start()] + new + body[found.end() :]
            yield source[:start] + changed + source[stop:]


BOTH_WAYS = """
    h[t] = tanh(x[t] @ W + h[t-1] @ U)
    q[t] = tanh(x[t] @ W2 + h[t] @ V + q[t+1] @ U2)
    L = mean(mse(y[t], q[t] @ Z)) + mse(z, sum(h[t]))
"""


def test_each_mistake_is_noticed() -> None:
    cell = symrnn.parse(BOTH_WAYS)
    source = cell.generate(4, name="drawn", backend="c", lengths=True)
    every = list(mistakes(source))
    assert len(every) > len(EDITS)
    assert holds(source, cell)
    tried = random.Random(0).sample(every, min(draws(3, 12, len(every)), len(every)))
    alive = [
        [a for a, b in zip(one.split("\n"), source.split("\n"), strict=False) if a != b]
        for one in tried
        if holds(one, cell)
    ]
    assert not alive


def holds(source: str, cell: Model) -> bool:
    """Whether a kernel does, in a process of its own: what counts rows wrongly may break it."""

    def check() -> None:
        faulthandler.disable()
        report = verify("drawn", cell.written, quick(source), batch=4, lengths=True)
        os._exit(0 if report.holds else 1)

    process = get_context("fork").Process(target=check)
    process.start()
    process.join()
    return process.exitcode == 0
