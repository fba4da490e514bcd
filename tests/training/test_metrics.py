"""Metrics against loops over their definition; what does not count may hold anything."""

from math import log, log2
from typing import Any

import numpy as np
import pytest

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training import metrics

T, B, C = 5, 4, 3
LENGTHS = np.array([5, 1, 3, 2])


def drawn() -> tuple[Array, Array, Array]:
    """Right classes, probabilities, weights."""
    rng = np.random.default_rng(2)
    yhat = rng.dirichlet(np.ones(C), size=(T, B))
    return rng.integers(C, size=(T, B)), yhat, rng.integers(3, size=(T, B)).astype(float)


def test_classes_one_by_one() -> None:
    y, yhat, weights = drawn()
    right = bits = square = total = 0.0
    table = np.zeros((C, C), int)
    for t in range(T):
        for b in range(B):
            if t < LENGTHS[b]:
                w, c = weights[t, b], y[t, b]
                total += w
                right += w * (yhat[t, b].argmax() == c)
                bits += w * -log2(yhat[t, b, c])
                square += w * sum((yhat[t, b, k] - (k == c)) ** 2 for k in range(C)) / C
                table[c, yhat[t, b].argmax()] += w > 0
    only: dict[str, Any] = {"weights": weights, "lengths": LENGTHS}
    assert metrics.class_accuracy(y, yhat, **only) == pytest.approx(right / total)
    assert metrics.bits_per_character(y, yhat, **only) == pytest.approx(bits / total)
    assert metrics.squared_error(np.eye(C)[y], yhat, **only) == pytest.approx(square / total)
    assert metrics.confusion(y, yhat, **only).tolist() == table.tolist()


def test_one_hot_rows_and_numbers_are_the_same_classes() -> None:
    y, yhat, weights = drawn()
    rows = np.eye(C)[y]
    for measure in (metrics.class_accuracy, metrics.bits_per_character):
        assert measure(rows, yhat) == measure(y, yhat)
        assert measure(y, yhat, weights=weights) == measure(y, yhat, weights=weights[..., None])
    assert np.array_equal(metrics.confusion(rows, yhat), metrics.confusion(y, yhat))


def test_padding_may_hold_anything() -> None:
    y, yhat, _ = drawn()
    ended = np.arange(T)[:, None] >= LENGTHS
    numbers, rows, spoilt = y.copy(), np.eye(C)[y], yhat.copy()
    numbers[ended], rows[ended], spoilt[ended] = -1, np.nan, np.nan
    for measure in (metrics.class_accuracy, metrics.bits_per_character):
        wanted = measure(y, yhat, lengths=LENGTHS)
        assert measure(numbers, spoilt, lengths=LENGTHS) == wanted
        assert measure(rows, spoilt, lengths=LENGTHS) == wanted
    wanted = metrics.squared_error(np.eye(C)[y], yhat, lengths=LENGTHS)
    assert metrics.squared_error(rows, spoilt, lengths=LENGTHS) == wanted


def test_yes_and_no() -> None:
    y, yhat = np.array([[1.0], [0], [1], [0]]), np.array([[0.9], [0.6], [0.2], [0.1]])
    assert metrics.binary_accuracy(y, yhat) == 0.5
    assert metrics.binary_accuracy(y, yhat, threshold=0.7) == 0.75
    assert metrics.binary_accuracy(y, yhat, weights=[1, 0, 0, 0]) == 1
    assert metrics.confusion(y, yhat).tolist() == [[1, 1], [1, 1]]
    assert metrics.confusion(y, yhat, threshold=0.15).tolist() == [[1, 1], [0, 2]]


def test_the_loss_of_a_character_model_in_bits() -> None:
    import symrnn

    kernel = symrnn.load("char").kernel(steps=T)
    params = kernel.init_params(D=C, H=4, C=C)
    y, _, _ = drawn()
    x = np.eye(C)[y]
    loss = kernel.loss(params, x=x, y=x)
    yhat = kernel.forward(params, x=x)[0]["yhat"]
    assert metrics.bits_per_character(y, yhat) == pytest.approx(metrics.bits(loss), rel=1e-12)
    assert metrics.bits(log(8)) == pytest.approx(3)


def test_what_does_not_fit_is_refused() -> None:
    y, yhat, _ = drawn()
    with pytest.raises(DataError, match=r"y has shape \(5, 4\) and yhat \(5, 4, 3\); expected the"):
        metrics.squared_error(y, yhat)
    with pytest.raises(DataError, match=r"y is float64 of shape .* expected one-hot rows of shape"):
        metrics.class_accuracy(y.astype(float), yhat)
    with pytest.raises(DataError, match="y holds the class 3; expected numbers from 0 to 2"):
        metrics.class_accuracy(y + 1, yhat)
    with pytest.raises(DataError, match="nothing counts: all weights are 0"):
        metrics.class_accuracy(y, yhat, weights=np.zeros((T, B)))
    with pytest.raises(DataError, match=r"weights have shape \(4,\); expected \(5, 4\)"):
        metrics.class_accuracy(y, yhat, weights=np.ones(B))
    with pytest.raises(DataError, match=r"lengths have shape \(4,\), and what is measured \(4,\)"):
        metrics.class_accuracy(y[0], yhat[0], lengths=LENGTHS)
