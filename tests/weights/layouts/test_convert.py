"""Tensors in and out: there and back for every table, and what does not fit is said."""

from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import DataError, LayoutError, SymrnnError, UsageError
from symrnn.model import parse
from symrnn.weights import layouts
from symrnn.weights.layouts.tensors import Rest
from tests.weights.layouts import texts

PAIRS = [
    (framework, cell, shape)
    for framework in layouts.FRAMEWORKS
    for cell in texts.CELLS
    for shape in texts.SHAPES
    if not (framework == "pytorch" and (shape == "reverse" or cell in ("peephole", "gru_before")))
    if not (framework == "keras" and cell == "peephole")
]


@pytest.mark.parametrize(("framework", "cell", "shape"), PAIRS)
def test_there_and_back(framework: str, cell: str, shape: str) -> None:
    made = texts.model(cell, shape)
    params, x = texts.numbers(made)
    tensors = layouts.store(made, params, framework)
    found = layouts.load(made, tensors, framework)
    assert list(found) == list(params)
    wanted = texts.outputs(made, params, x)  # where biases are added, only their sum comes back
    np.testing.assert_allclose(texts.outputs(made, found, x), wanted, rtol=0, atol=1e-14)
    again = layouts.store(made, found, framework)
    assert list(again) == list(tensors)
    for key, value in tensors.items():
        np.testing.assert_array_equal(again[key], value)
        assert value.flags.c_contiguous


def test_where_there_are_as_many_biases_each_comes_back() -> None:
    made = symrnn.load("gru_torch")
    params, _ = texts.numbers(made)
    params = {name: params[name] for name in params if name not in ("y", "w_y", "b_y")}
    found = layouts.load(made, layouts.store(made, params, "pytorch"), "pytorch")
    assert found.keys() == params.keys()
    for name, value in params.items():
        np.testing.assert_array_equal(found[name], value)


def state(**changed: Any) -> dict[str, Any]:
    """What PyTorch has for elman.rnn."""
    own = {
        "weight_ih_l0": np.arange(6.0).reshape(3, 2),
        "weight_hh_l0": np.arange(9.0).reshape(3, 3),
        "bias_ih_l0": np.arange(3.0),
        "bias_hh_l0": np.ones(3),
    }
    return {k: v for k, v in (own | changed).items() if v is not None}


ELMAN = symrnn.load("elman")


def test_two_biases_are_added_and_the_first_of_two_is_the_sum() -> None:
    found = layouts.load(ELMAN, state(), "pytorch")
    assert list(found) == ["w_i", "w_h", "b"]
    assert found["b"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(found["w_i"], state()["weight_ih_l0"].T)
    back = layouts.store(ELMAN, found, "pytorch")
    assert back["bias_ih_l0"].tolist() == [1, 2, 3]
    assert back["bias_hh_l0"].tolist() == [0, 0, 0]


def test_missing_biases_are_zero_where_all_are() -> None:
    found = layouts.load(ELMAN, state(bias_ih_l0=None, bias_hh_l0=None), "pytorch")
    assert found["b"].tolist() == [0, 0, 0]
    with pytest.raises(
        DataError, match=r"'bias_hh_l0' is missing; expected an array of shape \(H\)"
    ):
        layouts.load(ELMAN, state(bias_hh_l0=None), "pytorch")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_a_dtype_stays(dtype: Any) -> None:
    tensors = {key: value.astype(dtype) for key, value in state().items()}
    found = layouts.load(ELMAN, tensors, "pytorch")
    assert {value.dtype for value in found.values()} == {np.dtype(dtype)}
    assert {v.dtype for v in layouts.store(ELMAN, found, "onnx").values()} == {np.dtype(dtype)}


def test_nothing_is_shared_with_what_was_handed_in() -> None:
    tensors = state()
    found = layouts.load(ELMAN, tensors, "pytorch")
    for value in found.values():
        value[...] = 100
    assert tensors["weight_hh_l0"].max() == 8
    made = layouts.store(ELMAN, found, "keras")
    made["recurrent_kernel"][...] = 7
    assert found["w_h"].min() == 100


def test_the_rest_is_where_one_says() -> None:
    tensors = {f"rnn.{key}": value for key, value in state().items()}
    tensors |= {"fc.weight": np.ones((1, 3)), "fc.bias": np.zeros(1), "other": np.ones(2)}
    rest: Rest = {"w_o": ("fc.weight", "T"), "b_o": "fc.bias"}
    found = layouts.load(ELMAN, tensors, "pytorch", "rnn.", rest)
    assert found["w_o"].shape == (3, 1)
    assert list(found) == ["w_i", "w_h", "b", "w_o", "b_o"]
    back = layouts.store(ELMAN, found, "pytorch", "rnn.", rest)
    assert list(back)[-2:] == ["fc.weight", "fc.bias"]
    np.testing.assert_array_equal(back["fc.weight"], tensors["fc.weight"])


def test_a_list_has_the_order_of_the_table() -> None:
    made = symrnn.load("bilstm")
    params, _ = texts.numbers(made)
    del params["y"]
    tensors = list(layouts.store(made, params, "keras", rest={"w_y": "k", "b_y": "b"}).values())
    found = layouts.load(made, tensors, "keras", rest={"w_y": 6, "b_y": 7})
    for name, value in params.items():
        np.testing.assert_array_equal(found[name], value)
    with pytest.raises(DataError, match="'7' has no place in bilstm; expected forward/kernel, "):
        layouts.load(made, tensors, "keras", rest={"w_y": 6})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weight_hh_l0": None}, "'weight_hh_l0' is missing; expected an array of shape (H, H)"),
        (
            {"weight_hh_l0": np.ones((3, 4))},
            "'weight_hh_l0' has shape (3, 4); expected (H, H) with H = 3",
        ),
        (
            {"weight_ih_l0": np.ones((2, 3))},
            "'weight_hh_l0' has shape (3, 3); expected (H, H) with H = 2",
        ),
        ({"weight_ih_l0": np.ones(3)}, "'weight_ih_l0' has shape (3,); expected (H, D) with H = 3"),
        (
            {"weight_ih_l0": np.ones((0, 2))},
            "'weight_ih_l0' has shape (0, 2); expected (H, D) with D = 2",
        ),
        ({"bias_ih_l0": 3.0}, "'bias_ih_l0' has shape (); expected (H) with H = 3"),
        (
            {"weight_ih_l1": np.ones((3, 3))},
            "'weight_ih_l1' has no place in elman; expected weight_ih_l0, weight_hh_l0, bias_ih_l0,"
            " bias_hh_l0, and others named in rest; say what begins the layer's keys, prefix=…",
        ),
        ({"bias_ih_l0": ["a", "b", "c"]}, "'bias_ih_l0' holds <U1; expected numbers"),
        ({"bias_ih_l0": [[1.0], 2.0]}, "'bias_ih_l0' cannot be made an array of NumPy: "),
        ({"bias_ih_l0": None, "bias_hh_l0": [object()]}, "'bias_hh_l0' holds object; expected"),
    ],
)
def test_tensors_that_do_not_fit(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        layouts.load(ELMAN, state(**changed), "pytorch")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_gates_that_cannot_be_told_apart() -> None:
    tensors = {"W": np.ones((1, 13, 2)), "R": np.ones((1, 12, 3))}
    with pytest.raises(DataError, match=r"'W' has shape \(1, 13, 2\); expected \(1, 4 H, D\)"):
        layouts.load(symrnn.load("lstm"), tensors, "onnx")
    tensors = {"W": np.ones((2, 12, 2)), "R": np.ones((2, 12, 3))}
    with pytest.raises(DataError, match=r"'W' has shape \(2, 12, 2\); expected \(1, 4 H, D\)"):
        layouts.load(symrnn.load("lstm"), tensors, "onnx")
    tensors |= {"P": np.ones((2, 9))}
    with pytest.raises(DataError, match="'P' has no place in bilstm"):
        layouts.load(symrnn.load("bilstm"), tensors, "onnx")


def test_a_bias_for_which_the_model_has_nothing() -> None:
    made = symrnn.load("elman_n4")
    with pytest.raises(
        DataError, match="b of the layer is not zero, and elman_n4 has nothing in its place"
    ):
        layouts.load(made, state(), "pytorch")
    zero = np.zeros(3)
    found = layouts.load(made, state(bias_ih_l0=zero, bias_hh_l0=zero), "pytorch")
    assert list(found) == ["w_i", "w_h"]
    assert not np.any(layouts.store(made, found, "pytorch")["bias_ih_l0"])


def test_weights_that_are_one_in_the_model_and_two_in_the_file() -> None:
    made = parse("h[t] = tanh(x[t] @ U + h[t-1] @ U + b); U: (H, H)", "tied")
    square = state(weight_ih_l0=np.arange(9.0).reshape(3, 3))
    assert layouts.load(made, square, "pytorch")["U"].shape == (3, 3)
    square["weight_ih_l0"] = square["weight_ih_l0"].T
    with pytest.raises(DataError, match="U of tied stands in several places of the layer, and the"):
        layouts.load(made, square, "pytorch")


def test_a_matrix_of_the_model_may_lie_transposed_or_have_the_other_sign() -> None:
    made = parse("h[t] = tanh(b - x[t] @ transpose(W) + h[t-1] @ U)", "turned")
    found = layouts.load(made, state(), "pytorch")
    np.testing.assert_array_equal(found["W"], -state()["weight_ih_l0"])


@pytest.mark.parametrize(
    ("rest", "error", "message"),
    [
        ({"w_x": "k"}, UsageError, "rest: 'w_x' is no parameter; did you mean 'w_o'?; the model"),
        ({"w_h": "k"}, UsageError, "rest: 'w_h' is a weight of the layer already; the model has"),
        (
            {"w_o": ("k", "S")},
            UsageError,
            "rest: w_o is at ('k', 'S'); expected a key or (key, 'T'",
        ),
        ({"w_o": "fc"}, DataError, "'fc', which is w_o of elman, is missing"),
    ],
)
def test_a_rest_that_is_not_there(
    rest: dict[str, Any], error: type[SymrnnError], message: str
) -> None:
    with pytest.raises(error) as caught:
        layouts.load(ELMAN, state(), "pytorch", rest=rest)
    assert str(caught.value).startswith(message)


def test_the_rest_has_to_fit_the_model() -> None:
    with pytest.raises(DataError, match=r"w_o has shape \(4, 1\); expected \(H, C\), which is"):
        layouts.load(ELMAN, state(fc=np.ones((4, 1))), "pytorch", rest={"w_o": "fc"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"w_h": None}, "missing w_h; the layers of elman need them"),
        ({"w_x": np.ones(3)}, "'w_x': no such parameter; did you mean 'w_o'?; expected w_i, "),
        ({"b": np.ones(4)}, "b has shape (4,); expected (H), which is (3,) with H = 3"),
        ({"b": ["x", "y", "z"]}, "b holds <U1; expected numbers"),
    ],
)
def test_parameters_that_do_not_fit(changed: dict[str, Any], message: str) -> None:
    params = {**layouts.load(ELMAN, state(), "pytorch"), **changed}
    with pytest.raises(DataError) as caught:
        layouts.store(ELMAN, {k: v for k, v in params.items() if v is not None}, "pytorch")
    assert str(caught.value).startswith(message)


def test_one_object_has_one_width() -> None:
    made = symrnn.load("birnn")
    params = made.kernel(steps=2).init_params(D=2, H=3, H_O_b=4, C=1)
    with pytest.raises(DataError) as caught:
        layouts.store(made, params, "onnx")
    assert str(caught.value) == (
        "widths of birnn: O_f 3, O_b 4; in one object of ONNX all are the same"
    )
    made = symrnn.load("stacked")
    params = made.kernel(steps=2).init_params(D=2, H=3, H_h2=4, C=1)
    with pytest.raises(DataError, match="all are the same; give each a prefix"):
        layouts.store(made, params, "pytorch")
    tensors = layouts.store(made, params, "pytorch", prefix=["one.", "two."])
    assert tensors["two.weight_ih_l0"].shape == (4, 3)
    found = layouts.load(made, tensors, "pytorch", prefix=["one.", "two."])
    np.testing.assert_array_equal(found["W_2"], params["W_2"])


def test_layers_of_their_own_are_counted() -> None:
    made = symrnn.load("stacked")
    where = layouts.layout(made, "keras", prefix="net/")
    assert [placed.prefix for placed in where.layers] == ["net/layer0/", "net/layer1/"]
    assert str(layouts.layout(symrnn.load("birnn"), "onnx")) == (
        "ONNX RNN(activations=['Tanh'], direction='bidirectional')\n"
        "  W  w_if; w_ib\n"
        "  R  w_hf; w_hb\n"
        "  B  b_f | b_f; b_b | b_b\n"
    )


def test_what_lies_where_is_printed_with_signs_and_sums() -> None:
    assert str(layouts.layout(symrnn.load("mgu"), "keras")) == (
        "Keras GRU(reset_after=False)\n"
        "  kernel            -W_f | W_f | W_n\n"
        "  recurrent_kernel  -U_f | U_f | U_n\n"
        "  bias              -b_f | b_f | b_n\n"
    )
    assert "b_r+c_r | b_z+c_z | b_n\n" in str(layouts.layout(symrnn.load("gru_torch"), "pytorch"))
    with pytest.raises(LayoutError):
        layouts.layout(symrnn.load("mgu"), "pytorch")
