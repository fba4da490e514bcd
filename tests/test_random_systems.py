"""Systems drawn at random from the grammar: what holds for the zoo holds for all of them."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import Slope, central, complex_step
from symrnn.language import Written, parse
from symrnn.language.arrays import Array
from symrnn.system import System, adjoint, normal, unroll
from tests.cases import CENTRAL, COMPLEX_STEP, explicit_states, numbers
from tests.extent import WIDE, draws
from tests.grammar import Writer

DRAWS = draws(30, 200, 2000)
drawn = {"systems": 0, "discarded": 0}


@pytest.fixture(scope="module", autouse=True)
def _few_draws_are_discarded(figures: list[str]) -> Iterator[None]:
    """Both figures are printed, and the module fails if more than a tenth was thrown away."""
    yield
    figures.append(
        f"random systems: {drawn['systems']} drawn, {drawn['discarded']} of them discarded"
        " (a loss or a gradient that is not finite, or above 1e6)"
    )
    assert drawn["discarded"] <= drawn["systems"] / 10


def usable(loss: complex, found: dict[str, Array]) -> bool:
    """Whether the numbers are of a size at which a relative error means something."""
    largest = max(float(np.abs(g).max()) for g in found.values())
    return bool(np.isfinite(loss)) and abs(loss) < 1e6 and largest < 1e6


def slopes_hold(
    slope: Slope, found: dict[str, Array], tolerance: float, rng: np.random.Generator
) -> None:
    """Along a random direction for each name, the gradient is the slope."""
    for name, own in found.items():
        way = np.asarray(rng.normal(size=own.shape))
        size = float(np.linalg.norm(own) * np.linalg.norm(way))
        gap = abs(float((own * way).sum()) - slope({name: way}))
        assert gap <= tolerance * max(size, 1e-3), name


def gradients(system: System, data: dict[str, Array], steps: int) -> dict[str, Array]:
    found = interpret(system, data, steps)
    own = {name: found.adjoint_of(name) for name in data}
    return {name: value for name, value in own.items() if value is not None}


def check_one(written: Written, steps: int, batch: int, seed: int, tolerance: float) -> None:
    system = normal(written)
    inputs = [symbol.name for symbol in system.named("input")]
    both = adjoint(system, inputs)
    data = numbers(written, steps, batch, seed)
    loss = interpret(written, data, steps).loss
    found = gradients(both, data, steps)
    drawn["systems"] += 1
    if not usable(loss, found):
        drawn["discarded"] += 1
        return
    assert interpret(system, data, steps).loss == pytest.approx(loss, rel=1e-12, abs=1e-12)
    slope = (complex_step if tolerance == COMPLEX_STEP else central)(written, data, steps)
    slopes_hold(slope, found, tolerance, np.random.default_rng(seed))
    for other in (unroll(both, steps), adjoint(unroll(system, steps), inputs)):
        again = gradients(other, data, steps)
        for name, own in found.items():
            assert np.allclose(again[name], own, rtol=1e-11, atol=1e-11), name


def reads_back(system: System) -> None:
    text = str(system)
    again = normal(parse(text))
    assert again == system
    assert str(again) == text


@settings(max_examples=DRAWS)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 2))
def test_the_adjoint_of_a_random_system_is_its_gradient(seed: int, steps: int, batch: int) -> None:
    text = Writer(random.Random(seed), lagged=seed % 3 == 0, attention=True).text()
    check_one(explicit_states(parse(text)), steps, batch, seed, COMPLEX_STEP)


@settings(max_examples=DRAWS // 6)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_the_same_through_functions_with_kinks(seed: int, steps: int) -> None:
    written = explicit_states(parse(Writer(random.Random(seed), rough=True, attention=True).text()))
    check_one(written, steps, 1, seed, CENTRAL)


@settings(max_examples=draws(20, 200, 2000))
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_a_random_system_prints_as_the_language_and_reads_back(seed: int, steps: int) -> None:
    system = normal(parse(Writer(random.Random(seed), rough=True, attention=True).text()))
    both = adjoint(system, [symbol.name for symbol in system.named("input")])
    written_out = (unroll(system, steps), unroll(both, steps))
    for one in (system, both, *(written_out if WIDE else written_out[seed % 2 :][:1])):
        reads_back(one)
