"""What is true of the zoo's models: worked out once, from the written equations alone."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from symrnn.interpret.arithmetic import mpmath_objects
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import complex_step, gradient, precise
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic
from tests.cases import PRECISE, model, numbers


@dataclass(frozen=True)
class Truth:
    """Numbers for a model, and its loss, outputs and gradients for them."""

    data: dict[str, Array]
    loss: float
    outputs: dict[str, Array]
    gradients: dict[str, Array]
    slopes: tuple[tuple[dict[str, Array], float], ...]
    """Slopes of the loss at 50 digits, along directions that move every parameter."""


@cache
def truth(name: str, steps: int, batch: int) -> Truth:
    """The loss at 50 digits, and the gradient: of few steps entry by entry at 50 digits, of more by
    complex step, and held against 50 digits along three random directions."""
    written = model(name).written
    system = model(name).system
    data = numbers(written, steps, batch)
    parameters = [symbol.name for symbol in system.named("parameter")]
    exact = precise(written, data, steps)
    few = steps <= 3 and batch == 1
    slope = complex_step(written, data, steps) if is_analytic(written) and not few else exact
    gradients = {name: gradient(slope, data, name) for name in parameters}
    rng = np.random.default_rng(7)
    slopes = []
    for _ in range(3):
        way = {name: np.asarray(rng.normal(size=data[name].shape)) for name in parameters}
        slopes.append((way, exact(way)))
    found = interpret(written, data, steps)
    loss = interpret(written, data, steps, mpmath_objects()).loss
    outputs = {symbol.name: found[symbol.name] for symbol in system.outputs}
    return Truth(data, float(loss), outputs, gradients, tuple(slopes))


def misses(found: dict[str, Array], true: Truth) -> dict[str, float]:
    """How far gradients are off, relative to their norm, where that is more than is allowed."""
    off: dict[str, float] = {}
    for name, wanted in true.gradients.items():
        norm = max(float(np.linalg.norm(wanted)), 1e-3)
        error = float(np.linalg.norm(found[name] - wanted)) / norm
        if not error <= PRECISE:
            off[name] = error
    for count, (way, slope) in enumerate(true.slopes):
        own = sum(float((found[name] * step).sum()) for name, step in way.items())
        size = sum(float(np.linalg.norm(found[n]) * np.linalg.norm(s)) for n, s in way.items())
        if not abs(own - slope) <= PRECISE * max(size, 1e-3):
            off[f"direction {count}"] = abs(own - slope) / size
    return off
