"""A system that stands still says the same, and so does its gradient taken apart."""

import numpy as np
import pytest

from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.library.zoo import models
from symrnn.system import adjoint, normal
from symrnn.system.carriers import SIZE, apart, with_carriers
from symrnn.system.system import System, uses
from tests.cases import numbers
from tests.kernels.test_lengths import TEXTS, written


def crossings(system: System) -> set[str]:
    """The equations that read another step, or a step at all where they have none."""
    return {
        e.target.name
        for e in system.equations
        for use in uses(e)
        if use.ref.base and not use.whole and (use.ref.base, use.ref.shift) != ("t", 0)
    }


@pytest.mark.parametrize("name", [*models(), *TEXTS])
def test_values_and_gradients_stay_the_same(name: str) -> None:
    text = written(name)
    system = normal(text)
    inputs = tuple(symbol.name for symbol in system.named("input"))
    quiet = with_carriers(system)
    gradient = apart(adjoint(quiet, inputs))
    for steps in (1, 3):
        data = numbers(text, steps, 2)
        wanted = interpret(adjoint(system, inputs), data, steps)
        extra = {SIZE: np.full((2, 1), float(steps))} if SIZE in quiet.symbols else {}
        found = interpret(gradient, {**data, **extra}, steps)
        assert abs(found.loss - wanted.loss) <= 1e-13 * max(1, abs(wanted.loss))
        for of in (*inputs, *(symbol.name for symbol in system.named("parameter"))):
            true = np.asarray(wanted.adjoint_of(of))
            off = np.abs(np.asarray(found.adjoint_of(of)) - true).max(initial=0)
            assert off <= 1e-12 * max(1, np.abs(true).max(initial=0)), of


@pytest.mark.parametrize("name", [*models(), *TEXTS])
def test_only_carriers_read_other_steps(name: str) -> None:
    gradient = apart(adjoint(with_carriers(normal(written(name)))))
    own = {equation.target.name: equation for equation in gradient.equations}
    for target in crossings(gradient):
        reads = [use.ref for use in uses(own[target])]
        assert len([ref for ref in reads if ref.base]) == 1, target


def test_what_is_printed() -> None:
    text = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    assert (
        str(apart(adjoint(with_carriers(normal(text)))))
        .split("\n\n")[-1]
        .endswith(
            "d_last_h = 2 * (last_h - y) / (size(B) * size(C))\n"
            "d_h[t] = d_prev_h[t+1]\n"
            "d_h[T] += d_last_h\n"
            "d_a_h[t] = d_h[t] * (1 - h[t]**2)\n"
            "d_prev_h[t] = d_a_h[t] @ transpose(U)\n"
            "d_W = sum(transpose(x[t]) @ d_a_h[t])\n"
            "d_U = sum(transpose(prev_h[t]) @ d_a_h[t])\n"
        )
    )
