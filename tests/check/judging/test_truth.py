"""Every derivative that formulas are held against, itself held against other ways to it."""

import numpy as np
import pytest

import symrnn
from symrnn.check.judging.points import network, settings
from symrnn.check.judging.truth import OTHERS, STATES, STEP, TOTAL, Truth
from symrnn.interpret.interpreter import interpret
from symrnn.language.tree import Ref
from symrnn.system import unroll
from tests.cases import ZOO, explicit_states, model, oracle
from tests.derive.quotients import Quotients

ROUGH = {
    function: symrnn.parse(f"h[t] = {function}(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    for function in ("relu", "leaky_relu", "elu", "hard_sigmoid", "softsign")
}


def truth_of(name: str) -> Truth:
    return settings(model(name).derive(), 3, 0)[0].truth


@pytest.mark.parametrize("name", ZOO)
def test_values_and_gradients_are_those_of_the_oracle(name: str) -> None:
    truth = truth_of(name)
    values = interpret(truth.of.system, truth.data, 3).values
    assert all(np.allclose(truth.values[node], value, 1e-13) for node, value in values.items())
    judge = oracle(explicit_states(model(name).written), dict(truth.data), 3)
    for symbol in model(name).system.named("parameter"):
        found = truth.slope(("L", None), (symbol.name, None))
        shaped = found.reshape(truth.data[symbol.name].shape)
        assert judge.misses(shaped, dict(truth.data), symbol.name) <= 1


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "birnn"])
def test_immediate_derivatives_are_quotients_with_the_rest_held(name: str) -> None:
    truth = truth_of(name)
    net = network(model(name).derive())
    quotients = Quotients(unroll(net.system, 3), dict(truth.data), net.named)
    nodes = [(n, t) for n in sorted(net.named) if net.system.symbols[n].timed for t in (2, 3)]
    for of in nodes:
        for by in nodes:
            if of != by:
                refs = Ref(of[0], "1", of[1] - 1), Ref(by[0], "1", by[1] - 1)
                for wanted, reading in (
                    (quotients.immediate(*refs), OTHERS),
                    (quotients.total(*refs), TOTAL),
                ):
                    found = truth.slope(of, by, reading)
                    np.testing.assert_allclose(found, wanted.reshape(found.shape), 1e-5, 1e-8)


def test_what_is_held_fixed() -> None:
    """∂c_t/∂c_{t-1} of an LSTM: f_t with the gates held, more with what happens within the step,
    and more again along every path."""
    truth = truth_of("lstm")
    of, by = ("c", 3), ("c", 2)
    forget = np.diag(truth.values["f", 3].ravel())
    np.testing.assert_allclose(truth.slope(of, by, OTHERS), forget, 1e-12)
    np.testing.assert_allclose(truth.slope(of, by, STATES), forget, 1e-12)
    np.testing.assert_allclose(truth.slope(of, by, STEP), forget, 1e-12)  # by way of h_2 alone
    assert np.abs(truth.slope(of, by, TOTAL) - forget).max() > 1e-3
    assert not truth.slope(("h", 3), ("h", 2), OTHERS).any()
    within = truth.slope(("h", 3), ("h", 2), STEP)
    np.testing.assert_allclose(within, truth.slope(("h", 3), ("h", 2)), 1e-12)


@pytest.mark.parametrize("function", ROUGH)
def test_kinks_are_no_obstacle(function: str) -> None:
    """Some entries are active at every step, and in one draw all of them are."""
    derivation = ROUGH[function].derive()
    for setting in settings(derivation, None, 0):
        truth = setting.truth
        judge = oracle(explicit_states(ROUGH[function].written), dict(truth.data), setting.steps)
        found = truth.slope(("L", None), ("U", None)).reshape(truth.data["U"].shape)
        assert found.any()
        assert judge.misses(found, dict(truth.data), "U") <= 1
    active = next(s for s in settings(derivation, None, 0) if s.active).truth
    assert all((active.values["h", t] > 0).all() for t in (1, 2, 3))


def test_points_differ_in_draw_steps_and_widths() -> None:
    found = settings(model("lstm").derive(), None, 0)
    assert len(found) == 12
    assert {s.steps for s in found} == {3, 4}
    for each in found:
        assert min(each.dims.values()) > 1
        assert len(set(each.dims.values())) == len(each.dims)
        assert all(each.truth.values[name, 0].all() for name in ("h", "c"))
