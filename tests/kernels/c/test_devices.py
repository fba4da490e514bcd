"""Kernels on other machines: what they compute there, and what they take of a library."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cases import ZOO, model
from tests.documents import ROOT
from tests.extent import WIDE
from tests.kernels.c.compiler import CC, STRICT, compiled, needs_compiler
from tests.kernels.c.machines import (
    CORTEX_M0,
    CORTEX_M4,
    DEVICES,
    MACHINES,
    Machine,
    each_machine,
    named,
)

pytestmark = needs_compiler

DIMS = {"D": 5, "H": 8, "C": 2}
STEPS, BATCH = 4, 3

BOTH = """
#include <stdio.h>
#include "lstm.h"
#include "small.h"

static lstm_params params, grads;
static lstm_inputs in;
static lstm_memory memory;
static small_params few;
static small_step_inputs now;
static small_step_memory step;

static void fill(float *numbers, size_t bytes)
{
    for (int i = 0; i < (int)(bytes / sizeof *numbers); i++)
        numbers[i] = (float)(i * 7 % 11 - 5) / 16;
}

static void print(const float *numbers, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *numbers; i++)
        printf("%.9g\\n", (double)numbers[i]);
}

int main(void)
{
    fill((float *)&params, sizeof params);
    fill((float *)&in.x, sizeof in.x);
    for (int r = 0; r < LSTM_B; r++)
        in.y[r][1] = 1;
    lstm_forward(&memory, &params, &in);
    lstm_loss(&memory, &params, &in);
    lstm_backward(&memory, &params, &grads, &in);
    print(memory.L, sizeof memory.L);
    print((const float *)&grads, sizeof grads);

    fill((float *)&few, sizeof few);
    for (int t = 0; t < LSTM_T; t++) {
        for (int r = 0; r < LSTM_B; r++)
            for (int j = 0; j < LSTM_D; j++)
                now.x[r][j] = in.x[t][r][j];
        small_step(&step, &few, &now);
        small_carry(&now, &step);
    }
    print((const float *)&step.yhat, sizeof step.yhat);
    return 0;
}
"""


def filled(shape: tuple[int, ...]) -> np.ndarray:
    """The numbers that `fill` makes, exactly."""
    return ((np.arange(np.prod(shape)) * 7 % 11 - 5) / 16).reshape(shape)


@pytest.fixture(scope="module")
def wanted() -> np.ndarray:
    """What the program prints, as NumPy works it out."""
    kernel = model("lstm").kernel(STEPS).Kernel(BATCH, **DIMS)
    theta = filled(kernel.theta.shape)
    kernel.theta[...] = theta
    # in C the parameters lie one after the other in the order of the text
    at = 0
    for value in kernel.params.values():
        value[...] = theta[at : at + value.size].reshape(value.shape)
        at += value.size
    y = np.tile([0.0, 1.0], (BATCH, 1))
    loss, grads = kernel.loss_and_grads(x=filled((STEPS, BATCH, DIMS["D"])), y=y)
    parts = [np.ravel(loss), *(grads[name].ravel() for name in kernel.params)]
    return np.concatenate([*parts, kernel.outputs["yhat"].ravel()])


def two_kernels(where: Path) -> Path:
    for name, forward_only in (("lstm", False), ("small", True)):
        files = model("lstm").generate_files(
            STEPS, name=name, dims=DIMS, batch=BATCH, forward_only=forward_only
        )
        for file in (f"{name}.h", f"{name}.c"):
            (where / file).write_text(files[file])
    (where / "main.c").write_text(BOTH)
    return where


@pytest.mark.parametrize("machine", each_machine())
def test_it_computes_there_what_it_computes_here(
    machine: Machine, wanted: np.ndarray, tmp_path: Path
) -> None:
    where = two_kernels(tmp_path)
    assert machine.compiled(where, "-O2") == ""
    found = np.array(machine.run(where).split(), float)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def undefined(where: Path, compiler: str, *flags: str) -> set[str]:
    """What an object needs from elsewhere."""
    (name,) = (path.name for path in where.glob("*.c") if path.name != "main.c")
    command = [compiler, *STRICT, *flags, "-c", name, "-o", "made.o"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    assert done.stderr == ""
    tools = compiler.removesuffix("gcc") if compiler.endswith("-gcc") else ""
    said = subprocess.run([f"{tools}nm", "-u", "made.o"], cwd=where, capture_output=True, text=True)
    return {line.split()[-1] for line in said.stdout.splitlines()}


def written(where: Path, name: str, **more: object) -> str:
    """A kernel's files but the example; its header."""
    dims = {dim: 3 + i for i, dim in enumerate(model(name).kernel(2).DIMS)}
    files = model(name).generate_files(4, dims=dims, batch=3, **more)  # type: ignore[arg-type]
    for file in (f"{name}.h", f"{name}.c"):
        (where / file).write_text(files[file])
    return files[f"{name}.h"]


def taken(header: str) -> set[str]:
    """The functions of libm that a header names."""
    (said,) = re.findall(r"Beside them it takes of\s+libm: ([\w, ]+) \*/", header)
    return set(said.split(", ")) - {"nothing"}


OF_A_COMPILER = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}
"""What a compiler may call without being told."""


@pytest.mark.parametrize("forward_only", [False, True])
@pytest.mark.parametrize("math", ["poly", "libm"])
@pytest.mark.parametrize("name", ["elman_n4", "char", "indrnn"])
def test_the_header_names_what_is_taken_of_libm(
    name: str, math: str, forward_only: bool, tmp_path: Path
) -> None:
    header = written(tmp_path, name, math=math, forward_only=forward_only)
    needed = undefined(tmp_path, CC, "-O0", "-fno-builtin") - OF_A_COMPILER
    own = {"fabsf", "copysignf"} if math == "poly" else {"expf", "tanhf"}
    used = {f"{function}f" for function in taken(header)}
    assert used <= needed <= used | own
    if math == "libm" and name == "elman_n4":
        assert needed == used | own


@pytest.mark.skipif(bool(MACHINES[0].missing), reason=f"{MACHINES[0].missing}: not installed here")
@pytest.mark.parametrize("flags", [CORTEX_M4, CORTEX_M0], ids=["m4", "m0"])
@pytest.mark.parametrize("forward_only", [False, True])
def test_no_double_is_worked_with_on_a_chip_that_has_none(
    flags: tuple[str, ...], forward_only: bool, tmp_path: Path
) -> None:
    for name in ZOO[:: 1 if WIDE else 5]:
        where = tmp_path / name
        where.mkdir()
        header = written(where, name, forward_only=forward_only)
        needed = undefined(where, "arm-none-eabi-gcc", "-Os", "-Wdouble-promotion", *flags)
        libm = {f"{function}f" for function in taken(header)}
        of_the_chip = {n for n in needed if re.fullmatch(r"__aeabi_(f\w+|u?[il]2f|mem\w+)", n)}
        assert not [n for n in of_the_chip if re.search("2d$|^__aeabi_d", n)]
        of_the_chip |= {n for n in needed if re.fullmatch(r"__aeabi_u?i?div(mod)?|__aeabi_l\w+", n)}
        assert needed - OF_A_COMPILER - libm - of_the_chip == set(), name
        if flags == CORTEX_M4:
            assert not {n for n in of_the_chip if n.startswith("__aeabi_f")}


# the page


def shell(where: Path, text: str) -> str:
    """What commands print; `symrnn` among them is this one."""
    tools = where / "tools"
    tools.mkdir(exist_ok=True)
    own = tools / "symrnn"
    own.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m symrnn "$@"\n')
    own.chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", text],
        cwd=where,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_the_page_for_devices_is_followed_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    first, *blocks = [block.text for block in DEVICES.blocks("sh")]
    assert len(blocks) == 5
    (shown,) = (block.text for block in DEVICES.blocks("text"))
    shell(tmp_path, first)
    for file in ("net.c", "start.c"):
        (tmp_path / "net" / file).write_text(named(DEVICES, file))
    there = [block for block in blocks if not missing(block)]
    said = shell(tmp_path, "\n".join(there))
    runs = [steps_of(run) for run in re.findall(r"(?:step .*\n){3}", said)]
    assert len(runs) == sum("./elman" in block or "-kernel elman" in block for block in there)
    for run in runs:
        np.testing.assert_allclose(run, runs[0], atol=1.01e-4)
        np.testing.assert_allclose(run, steps_of(shown), atol=0.02)
    strict = [*STRICT, "-Wdouble-promotion", "-c", "net.c"]
    done = subprocess.run([CC, *strict], cwd=tmp_path / "net", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def missing(block: str) -> list[str]:
    """The commands of other machines that a block needs and that are not here."""
    return [c for c in re.findall(r"[\w-]+-gcc|qemu-[\w-]+", block) if not shutil.which(c)]


def steps_of(text: str) -> list[float]:
    return [float(line.split()[-1]) for line in text.splitlines()]


# memory


def test_what_does_not_fit_is_refused_by_the_compiler_too(tmp_path: Path) -> None:
    most = 4 * 15 * 4 + 8  # parameters, gradients and two moments, and their count
    memory = most + 4 * (3 * 2 + 1 + 3) + 1000
    files = model("elman_n4").generate_files(3, dims={"D": 2, "H": 3, "C": 1}, memory=memory)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    assert compiled(tmp_path) == ""
    assert "fits_into_memory" in compiled(tmp_path, "-DELMAN_N4_B=9")


@pytest.mark.parametrize("command", [(CC,), ("arm-none-eabi-gcc", *CORTEX_M4)])
def test_what_large_products_take_of_the_stack(command: tuple[str, ...], tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]}: not installed here")
    dims = {"D": 64, "H": 64, "C": 1}
    for file, text in model("elman_n4").generate_files(9, dims=dims, batch=9).items():
        (tmp_path / file).write_text(text)

    def most(*flags: str) -> int:
        compile_it = [*command, "-std=c99", "-Os", "-fstack-usage", *flags, "-c", "elman_n4.c"]
        subprocess.run(compile_it, cwd=tmp_path, check=True)
        found = (tmp_path / "elman_n4.su").read_text().splitlines()
        return max(int(line.split("\t")[1]) for line in found)

    assert 64 < most("-DELMAN_N4_SMALL_STACK") < 4000
    assert most() < (150_000 if command == (CC,) else 400)
