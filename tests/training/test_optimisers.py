"""Every optimiser against its formula, written out here once more without any cleverness."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.training import OPTIMISERS, SGD, Adagrad, Adam, AdamW, Optimiser, RMSprop
from tests.training.setting import gradients

Path = Iterator[Array]


def sgd(o: SGD, theta: Array, found: Array) -> Path:
    v = np.zeros_like(theta)
    for g in found:
        g = g + o.weight_decay * theta
        v = o.momentum * v + g
        theta = theta - o.learning_rate * (g + o.momentum * v if o.nesterov else v)
        yield theta


def adagrad(o: Adagrad, theta: Array, found: Array) -> Path:
    s = np.full_like(theta, o.initial)
    for g in found:
        g = g + o.weight_decay * theta
        s = s + g**2
        theta = theta - o.learning_rate * g / (np.sqrt(s) + o.eps)
        yield theta


def rmsprop(o: RMSprop, theta: Array, found: Array) -> Path:
    s, m, v = np.zeros((3, *theta.shape))
    for g in found:
        g = g + o.weight_decay * theta
        s = o.alpha * s + (1 - o.alpha) * g**2
        m = o.alpha * m + (1 - o.alpha) * g
        root = np.sqrt(np.maximum(s - m**2, 0) if o.centred else s)
        v = o.momentum * v + g / (root + o.eps)
        theta = theta - o.learning_rate * v
        yield theta


def adam(o: Adam, theta: Array, found: Array) -> Path:
    m, s = np.zeros((2, *theta.shape))
    for k, g in enumerate(found, 1):
        decay = o.weight_decay * theta
        g = g if o.decoupled else g + decay
        m = o.beta1 * m + (1 - o.beta1) * g
        s = o.beta2 * s + (1 - o.beta2) * g**2
        mean, root = m / (1 - o.beta1**k), np.sqrt(s / (1 - o.beta2**k))
        theta = theta - o.learning_rate * (mean / (root + o.eps) + (decay if o.decoupled else 0))
        yield theta


FORMULAS: dict[type[Optimiser], Callable[[Any, Array, Array], Path]] = {
    SGD: sgd,
    Adagrad: adagrad,
    RMSprop: rmsprop,
    Adam: adam,
    AdamW: adam,
}
ALL: list[Optimiser] = [
    SGD(0.1),
    SGD(0.1, weight_decay=0.01),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    Adagrad(),
    Adagrad(0.1, initial=0.1, weight_decay=0.01),
    RMSprop(),
    RMSprop(0.02, centred=True),
    RMSprop(0.02, momentum=0.9, alpha=0.9),
    RMSprop(0.02, momentum=0.9, centred=True, weight_decay=0.01),
    Adam(),
    Adam(0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.01),
    Adam(0.02, beta1=0.0),
    AdamW(),
    AdamW(0.02, weight_decay=0.1),
]
each = pytest.mark.parametrize("optimiser", ALL, ids=str)


def start(size: int = 7) -> Array:
    return np.random.default_rng(0).normal(size=size)


@each
def test_an_optimiser_is_its_formula(optimiser: Optimiser) -> None:
    memory, found = optimiser.start(start()), gradients(7)
    for gradient, wanted in zip(
        found, FORMULAS[type(optimiser)](optimiser, start(), found), strict=True
    ):
        memory.step(gradient)
        np.testing.assert_allclose(memory.theta, wanted, rtol=1e-12, atol=1e-12)
    assert memory.count == len(found)


def test_the_command_line_has_a_name_for_each() -> None:
    assert set(OPTIMISERS.values()) == set(FORMULAS)


@each
def test_the_gradient_stays_as_it_is_and_theta_is_changed_in_place(optimiser: Optimiser) -> None:
    theta, gradient = start(), gradients(7)[5]
    before, own = gradient.copy(), theta.copy()
    memory = optimiser.start(theta)
    memory.step(gradient)
    assert memory.theta is theta
    assert np.array_equal(gradient, before)
    assert not np.array_equal(theta, own)


@each
def test_the_scale_multiplies_the_learning_rate(optimiser: Optimiser) -> None:
    scaled, halved = (
        optimiser.start(start()),
        replace(optimiser, learning_rate=0.005).start(start()),
    )
    for gradient in gradients(7):
        scaled.step(gradient, np.float64(0.005 / optimiser.learning_rate))
        halved.step(gradient)
    np.testing.assert_allclose(scaled.theta, halved.theta, rtol=1e-12, atol=1e-12)


@each
def test_single_precision_stays_what_it_is(optimiser: Optimiser) -> None:
    found = gradients(7).astype(np.float32)
    single, double = optimiser.start(start().astype(np.float32)), optimiser.start(start())
    for gradient in found[:20]:
        single.step(gradient, np.float64(0.5))
        double.step(gradient.astype(float), 0.5)
    assert {single.theta.dtype, *(a.dtype for a in single.state.values())} == {np.dtype("float32")}
    np.testing.assert_allclose(single.theta, double.theta, rtol=1e-4, atol=1e-5)


@each
def test_nothing_is_allocated_after_the_start(optimiser: Optimiser) -> None:
    size = 50_000
    memory, gradient = optimiser.start(start(size)), gradients(size, 3)[1]
    memory.step(gradient)
    tracemalloc.start()
    try:
        for _ in range(5):
            memory.step(gradient, 0.5)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2000  # one vector would be 400,000


@each
def test_what_is_remembered_can_be_put_back(optimiser: Optimiser) -> None:
    found = gradients(7)
    through = optimiser.start(start())
    for gradient in found[:30]:
        through.step(gradient)
    first = optimiser.start(start())
    for gradient in found[:12]:
        first.step(gradient)
    kept = {name: array.copy() for name, array in first.state.items()}
    again = optimiser.start(first.theta.copy())
    again.restore(kept, first.count)
    for gradient in found[12:30]:
        again.step(gradient)
    assert again.theta.tobytes() == through.theta.tobytes()
    assert again.count == through.count == 30


def test_centred_rmsprop_takes_no_root_below_zero() -> None:
    memory = RMSprop(centred=True, alpha=0.5).start(np.zeros(1000))
    gradient = start(1000)
    for _ in range(300):
        memory.step(gradient)  # always the same: the variance is zero, but for rounding
    assert np.isfinite(memory.theta).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(-1), "Adam: learning_rate is -1; expected a number that is not negative"),
        (lambda: Adam(beta1=1.0), "Adam: beta1 is 1.0; expected a number from 0 to below 1"),
        (lambda: SGD(float("nan")), "SGD: learning_rate is nan; expected a number"),
        (lambda: SGD(nesterov=True), "SGD: nesterov needs a momentum; expected one such as 0.9"),
        (lambda: AdamW(weight_decay=-0.1), "AdamW: weight_decay is -0.1; expected a number that"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="theta is complex128; expected an array of real"):
        SGD().start(np.zeros(3, complex))
    with pytest.raises(DataError, match="theta is int64; expected an array of real"):
        SGD().start(np.zeros(3, np.int64))
    memory = Adam().start(np.zeros(3))
    with pytest.raises(DataError, match=r"the gradient has shape \(1,\); expected \(3,\)"):
        memory.step(np.ones(1))
    with pytest.raises(DataError, match="Adam remembers mean, square; the state holds nothing"):
        memory.restore({}, 1)
    with pytest.raises(
        DataError, match=r"mean is float64 of shape \(2,\); expected float64 of sha"
    ):
        memory.restore({"mean": np.ones(2), "square": np.ones(3)}, 1)
    assert memory.count == 0
    assert not memory.state["square"].any()


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    memory = Adam(0.01, eps=0).start(np.zeros(2))
    memory.step(np.array([3.0, -1e-5]))
    assert memory.theta == pytest.approx([-0.01, 0.01], rel=1e-12)
    assert memory.state["square"][0] == pytest.approx(0.009)
    assert sqrt(memory.state["square"][0] / 0.001) == pytest.approx(3)
