"""Weights to and from PyTorch: equal outputs of its own layers, in double precision."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from symrnn.weights import layouts
from symrnn.weights.layouts.layout import Layout
from tests.weights.layouts import texts

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")


@pytest.fixture(scope="module")
def errors(figures: list[str]) -> Iterator[list[float]]:
    yield from texts.largest("weights of PyTorch", [], figures)


ALLOWED = 1e-12
CELLS = ["tanh", "no_bias", "relu", "lstm", "lstm_joined", "gru_after", "gru_after_turned"]
SHAPES = [shape for shape in texts.SHAPES if shape != "reverse"]


def layer_of(where: Layout) -> Any:
    """The layer that a layout says, with weights that PyTorch draws."""
    torch.manual_seed(1)
    first = where.layers[0]
    kind = getattr(torch.nn, first.layer.name)
    settings = where.settings(first)
    return kind(2, 3, num_layers=len(where.layers), dtype=torch.float64, **settings)


def off(found: Array, wanted: Any) -> float:
    return float(np.abs(found - wanted.detach().numpy()).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_pytorch_computes_the_same_with_our_weights(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    params, x = texts.numbers(made)
    layer = layer_of(layouts.layout(made, "pytorch"))
    state = layouts.store(made, params, "pytorch")
    layer.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    error = off(texts.outputs(made, params, x), layer(torch.from_numpy(x))[0])
    errors.append(error)
    assert error <= ALLOWED


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_we_compute_the_same_with_weights_of_pytorch(
    cell: str, shape: str, errors: list[float]
) -> None:
    made = texts.model(cell, shape)
    _, x = texts.numbers(made)
    layer = layer_of(layouts.layout(made, "pytorch"))
    state = without_what_the_model_has_not(cell, layer.state_dict())
    layer.load_state_dict(state)
    params = layouts.load(made, state, "pytorch")
    error = off(texts.outputs(made, params, x), layer(torch.from_numpy(x))[0])
    errors.append(error)
    assert error <= ALLOWED


def without_what_the_model_has_not(cell: str, state: dict[str, Any]) -> dict[str, Any]:
    """PyTorch's weights with zeros where the text has no bias."""
    for key, value in state.items():
        if cell == "no_bias" and key.startswith("bias"):
            value.zero_()
        if cell == "lstm_joined" and key.startswith("bias"):
            value[6:9] = 0  # the candidate
    return state


@pytest.mark.parametrize("name", ["elman", "elman_n4", "lstm", "gru_torch", "bilstm", "stacked"])
def test_a_whole_network_of_the_zoo_comes_from_a_state_dict(name: str) -> None:
    made = symrnn.load(name)
    where = layouts.layout(made, "pytorch", prefix="rnn.")

    class Network(torch.nn.Module):  # type: ignore[misc, name-defined]  # torch is there or not
        def __init__(self) -> None:
            super().__init__()
            bias = {} if name != "elman_n4" else {"bias": False}
            self.rnn = layer_of(where)
            if bias:
                self.rnn = torch.nn.RNN(2, 3, bias=False, dtype=torch.float64)
            ways = 2 if name == "bilstm" else 1
            self.fc = torch.nn.Linear(3 * ways, 1, dtype=torch.float64, **bias)

        def forward(self, x: Any) -> Any:
            found = self.rnn(x)[0]
            last = found[-1]
            if name == "bilstm":
                last = torch.cat([found[-1, :, :3], found[0, :, 3:]], -1)
            return torch.sigmoid(self.fc(last))

    network = Network()
    known = [p.name for p in made.system.named("parameter")]
    weight, *bias_too = [n for n in known if n in HEADS[name]]
    rest: dict[str, Any] = {weight: ("fc.weight", "T")} | dict.fromkeys(bias_too, "fc.bias")
    params = layouts.load(made, network.state_dict(), "pytorch", "rnn.", rest)
    x = np.random.default_rng(0).normal(size=(5, 4, 2))
    found, _ = made.kernel(steps=5).forward(params, x=x)
    assert off(found["yhat"], network(torch.from_numpy(x))) <= ALLOWED
    state = layouts.store(made, params, "pytorch", "rnn.", rest)
    strict = name != "elman_n4"  # there PyTorch's layer has no biases to take the zeros
    network.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()}, strict=strict)
    assert off(found["yhat"], network(torch.from_numpy(x))) <= ALLOWED


HEADS = {"elman": ("w_o", "b_o"), "elman_n4": ("w_o",)}
HEADS |= dict.fromkeys(["lstm", "gru_torch", "bilstm", "stacked"], ("w_y", "b_y"))


def test_layers_of_different_kinds_are_objects_of_their_own() -> None:
    made = symrnn.parse("""
        h[t] = relu(x[t] @ A + h[t-1] @ B + b)
        e[t] = h[t] @ E + c
        v[t] = tanh(e[t] @ F + v[t-1] @ G + d)
        v: output
    """)
    torch.manual_seed(2)
    first = torch.nn.RNN(2, 3, nonlinearity="relu", dtype=torch.float64)
    between = torch.nn.Linear(3, 4, dtype=torch.float64)
    second = torch.nn.RNN(4, 5, dtype=torch.float64)
    network = torch.nn.ModuleDict({"one": first, "between": between, "two": second})
    params = layouts.load(
        made,
        network.state_dict(),
        "pytorch",
        prefix=["one.", "two."],
        rest={"E": ("between.weight", "T"), "c": "between.bias"},
    )
    x = np.random.default_rng(0).normal(size=(4, 3, 2))
    found, _ = made.kernel(steps=4).forward(params, x=x)
    assert off(found["v"], second(between(first(torch.from_numpy(x))[0]))[0]) <= ALLOWED


def test_a_dtype_stays_and_a_tensor_with_history_is_taken() -> None:
    made = symrnn.load("elman")
    layer = torch.nn.RNN(2, 3)
    found = layouts.load(made, dict(layer.named_parameters()), "pytorch")
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}
    assert {v.dtype for v in layouts.store(made, found, "pytorch").values()} == {
        np.dtype(np.float32)
    }


def test_a_change_of_what_was_loaded_does_not_reach_the_layer() -> None:
    layer = torch.nn.RNN(2, 3, dtype=torch.float64)
    before = layer.weight_hh_l0.detach().clone()
    for value in layouts.load(symrnn.load("elman"), layer.state_dict(), "pytorch").values():
        value[...] = 7
    assert torch.equal(layer.weight_hh_l0, before)


def test_numbers_that_numpy_has_not_are_refused() -> None:
    state = torch.nn.RNN(2, 3, dtype=torch.bfloat16).state_dict()
    with pytest.raises(symrnn.SymrnnError, match="'weight_ih_l0' cannot be made an array of NumPy"):
        layouts.load(symrnn.load("elman"), state, "pytorch")


def test_a_projection_has_no_place() -> None:
    state = torch.nn.LSTM(2, 3, proj_size=2, dtype=torch.float64).state_dict()
    with pytest.raises(symrnn.SymrnnError, match="'weight_hh_l0' has shape"):
        layouts.load(symrnn.load("lstm"), state, "pytorch")
