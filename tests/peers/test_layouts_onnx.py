"""Weights to and from ONNX: equal outputs of its reference evaluator, in double precision."""

from collections.abc import Iterator

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from symrnn.weights import layouts
from symrnn.weights.layouts.layout import Layout
from tests.weights.layouts import texts

onnx = pytest.importorskip("onnx", reason="ONNX is not installed: pip install onnx")


@pytest.fixture(scope="module")
def errors(figures: list[str]) -> Iterator[list[float]]:
    yield from texts.largest("weights of ONNX", [], figures)


ALLOWED = 1e-12
CELLS = [
    "tanh",
    "no_bias",
    "lstm",
    "lstm_joined",
    "peephole",
    "gru_after",
    "gru_after_turned",
    "gru_before",
]


def run(where: Layout, tensors: dict[str, Array], x: Array, relu_as: str = "") -> Array:
    """A graph with a node for each layer: (T, B, H), both directions side by side."""
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    nodes, reads = [], "x"
    for number, placed in enumerate(where.layers):
        settings = {**where.settings(placed), "hidden_size": 3}
        if "activations" in settings:
            said = [relu_as or name for name in settings["activations"]]
            settings["activations"] = said * len(placed.ways)
        if relu_as == "Affine":
            settings |= {"activation_alpha": [1.0] * len(placed.ways)}
            settings |= {"activation_beta": [0.0] * len(placed.ways)}
        keys = {t.key.removeprefix(placed.prefix): t.key for t in where.tensors(placed)}
        inputs = [reads, keys["W"], keys["R"], keys["B"]]
        if "P" in keys:
            inputs += ["", "", "", keys["P"]]
        y, flat = f"y{number}", f"flat{number}"
        nodes += [
            helper.make_node(placed.layer.name, inputs, [y], **settings),
            helper.make_node("Transpose", [y], [f"{y}t"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"{y}t", "shape"], [flat]),
        ]
        reads = flat
    shape = np.array([0, 0, -1], np.int64)
    initial = [numpy_helper.from_array(value, key) for key, value in tensors.items()]
    initial.append(numpy_helper.from_array(shape, "shape"))
    graph = helper.make_graph(
        nodes,
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, x.shape)],
        [helper.make_tensor_value_info(reads, TensorProto.DOUBLE, None)],
        initial,
    )
    (found,) = ReferenceEvaluator(helper.make_model(graph)).run(None, {"x": x})
    return np.asarray(found)


@pytest.mark.parametrize("shape", texts.SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_onnx_computes_the_same_with_our_weights(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    params, x = texts.numbers(made)
    tensors = layouts.store(made, params, "onnx")
    found = run(layouts.layout(made, "onnx"), tensors, x)
    error = float(np.abs(texts.outputs(made, params, x) - found).max())
    errors.append(error)
    assert error <= ALLOWED


@pytest.mark.parametrize("shape", texts.SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_we_compute_the_same_with_weights_of_onnx(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    params, x = texts.numbers(made)
    rng = np.random.default_rng(4)
    where = layouts.layout(made, "onnx")
    tensors = {
        key: without(cell, np.asarray(rng.normal(size=value.shape) / 2), key)
        for key, value in layouts.store(made, params, "onnx").items()
    }
    found = layouts.load(made, tensors, "onnx")
    error = float(np.abs(texts.outputs(made, found, x) - run(where, tensors, x)).max())
    errors.append(error)
    assert error <= ALLOWED


def without(cell: str, value: Array, key: str) -> Array:
    """Zeros where the text has no bias."""
    if key.endswith("B") and cell == "no_bias":
        return np.zeros_like(value)
    if key.endswith("B") and cell == "lstm_joined":
        value[:, 9:12] = 0  # the candidate
        value[:, 21:24] = 0
    return value


@pytest.mark.parametrize("shape", texts.SHAPES)
def test_relu_is_the_identity_on_positive_numbers(shape: str) -> None:
    """The reference evaluator has no Relu; among positive numbers its Affine is the same."""
    made = texts.model("relu", shape)
    params, x = texts.numbers(made)
    params, x = {name: np.abs(value) for name, value in params.items()}, np.abs(x)
    found = run(
        layouts.layout(made, "onnx"), layouts.store(made, params, "onnx"), x, relu_as="Affine"
    )
    wanted = texts.outputs(made, params, x)
    assert np.abs(found - wanted).max() <= ALLOWED * np.abs(wanted).max()


def test_a_node_without_biases_gives_zeros() -> None:
    tensors = {"W": np.ones((1, 3, 2)), "R": np.ones((1, 3, 3))}
    found = layouts.load(symrnn.load("elman"), tensors, "onnx")
    assert found["b"].tolist() == [0, 0, 0]


def test_peepholes_that_are_missing_are_zero() -> None:
    tensors = {"W": np.ones((1, 12, 2)), "R": np.ones((1, 12, 3)), "B": np.ones((1, 24))}
    found = layouts.load(symrnn.load("lstm_peephole"), tensors, "onnx")
    assert not np.any(found["p_f"])
    assert found["b_f"].tolist() == [2, 2, 2]


def test_a_gate_of_the_other_sense_has_its_weights_negated() -> None:
    made = symrnn.load("mgu")  # a GRU whose two gates are one, each in its own sense
    params, x = texts.numbers(made)
    del params["y"]
    found = layouts.store(made, params, "onnx")
    np.testing.assert_array_equal(found["W"][0, :3], -params["W_f"].T)
    np.testing.assert_array_equal(found["W"][0, 3:6], params["W_f"].T)
    outputs, _ = made.kernel(steps=texts.STEPS).forward(params, x=x)
    last = run(layouts.layout(made, "onnx"), found, x)[-1]
    yhat = 1 / (1 + np.exp(-(last @ params["w_y"] + params["b_y"])))
    assert np.abs(yhat - outputs["yhat"]).max() <= ALLOWED
    changed = {key: value.copy() for key, value in found.items()}
    assert layouts.load(made, changed, "onnx").keys() == params.keys() - {"w_y", "b_y"}
    changed["W"][0, 0, 0] += 1
    with pytest.raises(symrnn.SymrnnError, match=r"W_f of mgu stands in several places"):
        layouts.load(made, changed, "onnx")
