"""Weights to and from Keras: equal outputs of its own layers, in double precision.

On its back end of NumPy, and with its table of what becomes of 64 bits set to what it holds for
TensorFlow: elsewhere Keras makes float32 of every float64 on the way.
"""

import importlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from symrnn.weights import layouts
from symrnn.weights.layouts.layout import Layout, Placed
from tests.weights.layouts import texts

os.environ["KERAS_BACKEND"] = "numpy"
keras = pytest.importorskip("keras", reason="Keras is not installed: pip install keras")
keras.config.set_floatx("float64")
importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE["float64"] = (
    "float64"
)


@pytest.fixture(scope="module")
def errors(figures: list[str]) -> Iterator[list[float]]:
    yield from texts.largest("weights of Keras", [], figures)


ALLOWED = 1e-12
CELLS = [
    "tanh",
    "no_bias",
    "relu",
    "lstm",
    "lstm_joined",
    "gru_after",
    "gru_after_turned",
    "gru_before",
]


def layer_of(where: Layout, placed: Placed) -> Any:
    settings = where.settings(placed)
    wrapper = settings.pop("wrapper", None)
    kind = getattr(keras.layers, placed.layer.name)
    layer = kind(3, return_sequences=True, **settings)
    return getattr(keras.layers, wrapper)(layer) if wrapper else layer


def tensor(x: Array) -> Any:
    """Sequences first."""
    return keras.ops.convert_to_tensor(x.swapaxes(0, 1))


def run(where: Layout, made: list[Any], x: Array) -> Array:
    """Outputs with the time first, in its own order."""
    value = tensor(x)
    for layer in made:
        value = layer(value)
    found = keras.ops.convert_to_numpy(value).swapaxes(0, 1)
    backwards = where.settings(where.layers[-1]).get("go_backwards")
    return np.asarray(found[::-1] if backwards else found)


def built(where: Layout, x: Array) -> list[Any]:
    made = [layer_of(where, placed) for placed in where.layers]
    run(where, made, x)  # which makes their weights
    return made


@pytest.mark.parametrize("shape", texts.SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_keras_computes_the_same_with_our_weights(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    params, x = texts.numbers(made)
    where = layouts.layout(made, "keras")
    layers = built(where, x)
    tensors = layouts.store(made, params, "keras")
    for layer, placed in zip(layers, where.layers, strict=True):
        layer.set_weights(texts.of_layer(where, placed, tensors))
    error = float(np.abs(texts.outputs(made, params, x) - run(where, layers, x)).max())
    errors.append(error)
    assert error <= ALLOWED


@pytest.mark.parametrize("shape", texts.SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_we_compute_the_same_with_weights_of_keras(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    _, x = texts.numbers(made)
    where = layouts.layout(made, "keras")
    layers = built(where, x)
    rng = np.random.default_rng(3)
    for layer in layers:  # its own biases are zero at first
        layer.set_weights([drawn(cell, rng, value) for value in layer.get_weights()])
    weights = [value for layer in layers for value in layer.get_weights()]
    params = layouts.load(made, weights, "keras")
    error = float(np.abs(texts.outputs(made, params, x) - run(where, layers, x)).max())
    errors.append(error)
    assert error <= ALLOWED


def drawn(cell: str, rng: np.random.Generator, value: Array) -> Array:
    """Numbers for a weight, zero where the text has no bias."""
    found = np.asarray(rng.normal(size=value.shape) / 2)
    if cell == "no_bias" and value.ndim == 1:
        return np.zeros_like(found)
    if cell == "lstm_joined" and value.ndim == 1:
        found[6:9] = 0  # the candidate
    return found


def test_a_whole_model_comes_from_its_list_of_weights() -> None:
    made = symrnn.load("lstm")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3, 2))
    network = keras.Sequential(
        [
            keras.layers.LSTM(5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network(tensor(x))
    network.set_weights([rng.normal(size=value.shape) for value in network.get_weights()])
    rest = {"w_y": 3, "b_y": 4}
    params = layouts.load(made, network.get_weights(), "keras", rest=rest)
    wanted = keras.ops.convert_to_numpy(network(tensor(x)))
    found, _ = made.kernel(steps=4).forward(params, x=x)
    assert np.abs(found["yhat"] - wanted).max() <= ALLOWED
    back = layouts.store(made, params, "keras", rest=rest)
    for value, own in zip(back.values(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(value, own)
        assert value.dtype == np.float64


def test_weights_come_by_their_paths() -> None:
    made = symrnn.load("gru")
    layer = keras.layers.GRU(3, reset_after=False, name="g")
    layer(keras.ops.zeros((1, 2, 2)))
    by_path = {weight.path: weight for weight in layer.weights}
    found = layouts.load(made, by_path, "keras", prefix="g/gru_cell/")
    np.testing.assert_array_equal(found["U_z"], layer.get_weights()[1][:, :3])


def test_a_layer_without_biases_gives_zeros() -> None:
    layer = keras.layers.SimpleRNN(3, use_bias=False)
    layer(keras.ops.zeros((1, 2, 2)))
    found = layouts.load(symrnn.load("elman"), layer.get_weights(), "keras")
    assert found["b"].tolist() == [0, 0, 0]
