"""Systems drawn at random go the whole way to kernels, and agree with the equations."""

import random

import numpy as np
import pytest

from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import generate
from symrnn.kernels.load import load_source
from symrnn.kernels.numpy import NUMPY
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.settings import Settings
from symrnn.kernels.target import Target
from symrnn.language import parse
from symrnn.system import adjoint, normal
from tests.cases import explicit_states, numbers
from tests.extent import draws
from tests.grammar import Writer

DRAWS = draws(24, 120, 1500)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_a_random_system_as_a_kernel(seed: int) -> None:
    choose = random.Random(seed)
    passes = tuple(name for name in OPTIONAL if choose.random() < 0.8)
    agrees(seed, NUMPY, passes)


def agrees(seed: int, target: Target, passes: tuple[str, ...] = OPTIONAL) -> None:
    """A kernel of a system that is drawn gives what the equations say."""
    choose = random.Random(seed)
    written = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    system = normal(written)
    inputs = tuple(symbol.name for symbol in system.named("input"))
    steps, batch = choose.randint(1, 5), choose.randint(1, 3)
    settings = Settings.of(steps, choose.random() < 0.5, inputs, passes)
    module = load_source(generate(written, "", "drawn", settings, target), "drawn")
    data = numbers(written, steps, batch, seed)
    wanted = interpret(adjoint(system, inputs), data, steps)
    kernel = module.Kernel(batch, **sizes(module, data))
    for name, value in kernel.params.items():
        value[...] = data[name]
    loss, gradients = kernel.loss_and_grads(**{name: data[name] for name in module.INPUTS})
    found = {"L": loss, **{f"d {name}": value for name, value in gradients.items()}}
    for name, value in [*found.items(), *kernel.outputs.items()]:
        of = name.removeprefix("d ")
        true = wanted.adjoint_of(of) if name.startswith("d ") else wanted[of]
        assert true is not None
        if np.isfinite(true).all() and np.abs(true).max() < 1e6:
            size = max(float(np.linalg.norm(true)), 1e-4)
            assert float(np.linalg.norm(value - true)) <= 1e-11 * size, name


def sizes(module: object, data: dict[str, np.ndarray]) -> dict[str, int]:
    """The dimensions of a kernel, read off the numbers."""
    found: dict[str, int] = {}
    every = {**module.PARAMS, **module.INPUTS}  # type: ignore[attr-defined]
    for name, axes in every.items():
        found |= dict(zip(axes, data[name].shape, strict=True))
    return {name: found[name] for name in module.DIMS}  # type: ignore[attr-defined]
