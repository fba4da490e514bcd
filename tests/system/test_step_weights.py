"""Weights for the steps of a loss: which terms get them, and what a kernel makes of them."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.system import resolve
from symrnn.system.step_weights import weights_of
from tests.cases import model, numbers, oracle

CHOSEN = np.array([[0, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 1.0], [1, 0, 0]])[..., None]
BODY = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"


def test_what_is_printed() -> None:
    assert model("char").with_weights().text == (
        "y: onehot\n"
        "weights: 1\n"
        "h[t] = tanh(x[t] @ W_xh + h[t-1] @ W_hh + b_h)\n"
        "yhat[t] = softmax(h[t] @ W_hy + b_y)\n"
        "L = sum(weights[t] * ce(y[t], yhat[t])) / sum(weights[t])\n"
    )


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("L = sum(mse(y[t], h[t]))", "L = sum(weights[t] * mse(y[t], h[t]))"),
        (
            "L = 0.5 * mean(mse(y[t], h[t])) + sum(bce_logits(z[t], h[t])) / 3",
            "L = 0.5 * (sum(weights[t] * mse(y[t], h[t])) / sum(weights[t]))"
            " + sum(weights[t] * bce_logits(z[t], h[t])) / 3",
        ),
        (
            "L = mean(mse(y[t], h[t])) + 0.1 * mean(rowsum(square(h[t])))",
            "L = sum(weights[t] * mse(y[t], h[t])) / sum(weights[t])"
            " + 0.1 * mean(rowsum(square(h[t])))",
        ),
        (
            "e[t] = mse(y[t], h[t])\nf[t] = 2 * e[t]\nS = mean(f[t])\nL = S + mse(z, h[T])",
            "S = sum(weights[t] * f[t]) / sum(weights[t])",
        ),
        (
            "y: target\nL = mean(rowsum((y[t] - h[t])**2))",
            "L = sum(weights[t] * rowsum((y[t] - h[t])**2)) / sum(weights[t])",
        ),
        (
            "L = mean(mse(x[t+1] @ E, h[t]) - 1)",
            "L = sum(weights[t] * (mse(x[t+1] @ E, h[t]) - 1)) / sum(weights[t])",
        ),
    ],
)
def test_whatever_has_a_loss_at_each_step_is_weighted(loss: str, wanted: str) -> None:
    found = symrnn.parse(BODY + loss).with_weights()
    assert wanted in found.text.splitlines()
    assert found.text.count("weights: 1") == 1


def test_a_recurrence_that_a_target_is_fed_back_into_is_no_loss() -> None:
    text = "y: target\nh[t] = tanh(x[t] @ W + h[t-1] @ U + y[t-1] @ V)\n"
    text += "L = mean(mse(y[t], h[t] @ C)) + m\nm = mean(rowmean(h[t]))"
    found = symrnn.parse(text).with_weights()
    assert "m = mean(rowmean(h[t]))" in found.text


@pytest.mark.parametrize("name", ["elman_steps", "birnn", "char", "jordan"])
def test_the_loss_is_the_mean_over_the_chosen_steps(name: str) -> None:
    changed = model(name).with_weights()
    data = {**numbers(changed.written, steps=5, batch=3), "weights": CHOSEN}
    found = interpret(changed.adjoint, data)
    output = found[changed.system.outputs[0].name]
    kind = {"char": _ce, "jordan": _bce}.get(name, _mse)
    means = [kind(data["y"], output)[CHOSEN[:, b, 0] == 1, b].mean() for b in range(3)]
    assert found.loss == pytest.approx(np.mean(means), rel=1e-13)
    for symbol in changed.system.named("parameter"):
        own = found.adjoint_of(symbol.name)
        assert own is not None
        assert oracle(changed.written, data, 5).misses(own, data, symbol.name) <= 1
    params = {s.name: data.pop(s.name) for s in changed.system.named("parameter")}
    for loops in (False, True):
        value, grads = changed.kernel(5, loops).loss_and_grads(params, **data)
        assert value == pytest.approx(found.loss, rel=1e-13)
        assert all(np.allclose(grads[p], found[f"d_{p}"], rtol=1e-11) for p in params)


def _mse(y: Array, p: Array) -> Array:
    return np.asarray(((y - p) ** 2).mean(-1))


def _ce(y: Array, p: Array) -> Array:
    return np.asarray(-(y * np.log(p)).sum(-1))


def _bce(y: Array, p: Array) -> Array:
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(-1))


def test_a_step_of_weight_zero_reads_any_target() -> None:
    changed = model("elman_steps").with_weights()
    data = {**numbers(changed.written, steps=5, batch=3), "weights": CHOSEN}
    other = {**data, "y": np.where(CHOSEN == 1, data["y"], 7.5)}
    assert interpret(changed.written, data).loss == interpret(changed.written, other).loss


def test_models_without_a_loss_at_each_step_are_refused() -> None:
    for name in ("elman", "lstm"):
        with pytest.raises(EquationError, match="the loss has no terms that a weight for each ste"):
            model(name).with_weights()
    with pytest.raises(EquationError, match="weights are for a loss, and the model has none"):
        symrnn.parse(BODY).with_weights()


# what a kernel says


def call(text: str, weights: object, **others: Array) -> float:
    module = symrnn.parse(text).kernel(2)
    data = {"x": np.ones((2, 3, 1)), "y": np.zeros((2, 3, 1)), **others}
    return float(module.loss(module.init_params(D=1, C=1), **data, weights=weights))


MEAN = f"weights: 1\n{BODY}L = sum(weights[t] * mse(y[t], h[t])) / sum(weights[t])"
SUM = f"weights: 1\n{BODY}L = sum(weights[t] * mse(y[t], h[t]))"
NONE = [[[1.0], [2], [0]], [[1], [2], [0]]]


def test_a_sequence_without_weight_is_named() -> None:
    message = (
        "weights: sequence 2 has none but zeros, and its loss is a mean over no steps; give a step"
        " of it weight, or leave the sequence out"
    )
    with pytest.raises(ValueError, match=message):
        call(MEAN, NONE)
    kernel = symrnn.parse(MEAN).kernel(2).Kernel(3, D=1, C=1)
    data = {"x": np.ones((2, 3, 1)), "y": np.zeros((2, 3, 1)), "weights": np.array(NONE)}
    for run in (kernel.loss, kernel.loss_and_grads):
        with pytest.raises(ValueError, match=message):
            run(**data)
    params = {"W": np.ones((1, 1)), "U": np.ones((1, 1))}
    assert np.isnan(interpret(parse(MEAN), {**data, **params}).loss)


def test_a_sum_over_no_steps_is_zero_and_weights_may_be_negative() -> None:
    everyone = call(SUM, np.ones((2, 3, 1)))
    assert call(SUM, NONE) == pytest.approx(everyone)
    assert call(SUM, -np.ones((2, 3, 1))) == pytest.approx(-everyone)
    assert call(MEAN, -np.ones((2, 3, 1))) == pytest.approx(everyone / 2)


@pytest.mark.parametrize("text", [MEAN, SUM])
def test_weights_that_are_no_numbers_are_named_as_targets_are(text: str) -> None:
    weights = np.ones((2, 3, 1))
    weights[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"weights holds nan, first at \(1, 2, 0\); expected num"):
        call(text, weights)
    with pytest.raises(ValueError, match=r"y holds nan, first at \(1, 2, 0\)"):
        call(text, np.ones((2, 3, 1)), y=0 * weights)


def test_numbers_lost_elsewhere_are_not_blamed_on_weights() -> None:
    nothing = np.full((2, 3, 1), np.nan)
    assert np.isnan(call(MEAN, np.ones((2, 3, 1)), x=nothing))
    assert np.isnan(call(SUM, NONE, x=nothing))


def test_what_weighs_the_steps_is_known_by_structure() -> None:
    text = "h[t] = x[t] @ W; p = sum(m[t] * h[t]) / sum(m[t]); L = mse(y, p)"
    for found, wanted in ((MEAN, {"weights": "mean"}), (SUM, {"weights": "sum"}), (text, {})):
        written = parse(found)
        assert weights_of(written, resolve(written)) == (wanted or {"m": "mean"})
    assert "WEIGHTS" not in model("char").generate(2)
