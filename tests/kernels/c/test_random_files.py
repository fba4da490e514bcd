"""Random systems of random sizes as C files, under sanitizers, held against the equations: what is
read before it is written is NaN."""

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.kernels.c import C
from symrnn.kernels.c.folder import files
from symrnn.kernels.c.unit import Work, works
from symrnn.kernels.generate import kernel
from symrnn.kernels.sections import gradients_by_input, handed_out
from symrnn.kernels.settings import Settings, Sizes
from symrnn.language import parse
from symrnn.system import adjoint, normal, resolve
from symrnn.system.symbols import dimensions
from tests.cases import explicit_states
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.c.compiler import CLEAN, compiled, needs_compiler

pytestmark = needs_compiler

PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "drawn.h"
#include "numbers.h"

static drawn_params params, grads;
static drawn_inputs in;
static drawn_memory memory;

static void print(const double *numbers, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *numbers; i++)
        printf("%.17g\\n", numbers[i]);
}

int main(void)
{
    memset(&memory, 255, sizeof memory);
    memset(&grads, 255, sizeof grads);
    GIVEN
    drawn_forward(&memory, &params, &in);
    drawn_loss(&memory, &params, &in);
    drawn_backward(&memory, &params, &grads, &in);
    ASKED
    return 0;
}
"""
WIDTHS = (1, 1, 2, 3, 4, 5, 8, 9, 17)


@pytest.mark.parametrize("seed", range(draws(2, 12, 400)))
def test_a_random_system_of_random_sizes_under_sanitizers(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    text = Writer(choose, rough=seed % 3 == 0, attention=True).text()
    written = explicit_states(parse(text))
    system = normal(written)
    inputs = tuple(symbol.name for symbol in system.named("input"))
    steps, batch = choose.randint(1, 6), choose.randint(1, 5)
    settings = Settings.of(steps, choose.random() < 0.5, inputs)
    dims = {name: choose.choice(WIDTHS) for name in dimensions(resolve(written))}
    made = kernel(written, text, "drawn", settings, C)
    for file, content in files(made, Sizes(dims, batch, "float64")).items():
        (tmp_path / file).write_text(content)
    whole = works(made, tuple(dimensions(made.system.symbols)))[0]
    data = sample(written, resolve(written), dims, steps, batch, seed)
    asked = places(whole)
    (tmp_path / "numbers.h").write_text(as_arrays(whole, data))
    given = "\n    ".join(
        f"memcpy(&{struct}.{whole.spelling.own[name]}, given_{name}, sizeof given_{name});"
        for struct, names in (("params", whole.params), ("in", [n for n, _ in whole.inputs]))
        for name in names
        if name in data
    )
    prints = "\n    ".join(f"print((const double *)&{at}, {size});" for _, at, size in asked)
    (tmp_path / "main.c").write_text(PROGRAM.replace("GIVEN", given).replace("ASKED", prints))
    assert compiled(tmp_path, *CLEAN) == ""
    done = subprocess.run([tmp_path / "made"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = iter(np.array(done.stdout.split(), float))
    wanted = interpret(adjoint(system, inputs), data, steps)
    for name, *_ in asked:
        of = name.removeprefix("d ")
        true = wanted.adjoint_of(of) if name.startswith("d ") else wanted[of]
        assert true is not None
        value = np.array([next(found) for _ in range(true.size)]).reshape(true.shape)
        if np.isfinite(true).all() and np.abs(true).max() < 1e6:
            size = max(float(np.linalg.norm(true)), 1e-4)
            assert float(np.linalg.norm(value - true)) <= 1e-11 * size, name
    assert not list(found)


def places(whole: Work) -> list[tuple[str, str, str]]:
    """The loss, the outputs and the gradients, each with where it begins and how long it is."""
    contract, own = whole.contract, whole.spelling.own
    there = {s.name: handed_out(contract, s.name) for s in contract.system.outputs}
    there |= {f"d {name}": place for name, (place,) in gradients_by_input(contract).items()}
    found = [("L", "memory.L", "sizeof memory.L")]
    for name, place in there.items():
        found.append((name, whole.start(place, "memory."), whole.bytes(place, "memory.")))
    for name in whole.params:
        found.append((f"d {name}", f"grads.{own[name]}", f"sizeof grads.{own[name]}"))
    return found


def as_arrays(whole: Work, data: dict[str, np.ndarray]) -> str:
    """Numbers as arrays of C, to the last bit; what is not among them is zero."""
    lines = []
    for name in data.keys() & {*whole.params, *(n for n, _ in whole.inputs)}:
        numbers = ", ".join(f"{value:.17g}" for value in data[name].ravel())
        lines.append(f"static const double given_{name}[] = {{{numbers}}};\n")
    return "".join(lines)
