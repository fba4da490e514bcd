"""Sequences with lengths of their own against packed sequences of PyTorch, in double precision."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from tests.cases import model

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

GATES = ("i", "f", "g", "o")
LAYERS: dict[str, tuple[str, list[dict[str, tuple[str, ...]]]]] = {
    "elman": ("RNN", [{"weight_ih_l0": ("w_i",), "weight_hh_l0": ("w_h",), "bias_ih_l0": ("b",)}]),
    "lstm": (
        "LSTM",
        [
            {
                "weight_ih_l0": tuple(f"W_{g}" for g in GATES),
                "weight_hh_l0": tuple(f"U_{g}" for g in GATES),
                "bias_ih_l0": tuple(f"b_{g}" for g in GATES),
            }
        ],
    ),
    "gru_torch": (
        "GRU",
        [
            {
                "weight_ih_l0": ("W_r", "W_z", "W_n"),
                "weight_hh_l0": ("U_r", "U_z", "U_n"),
                "bias_ih_l0": ("b_r", "b_z", "b_n"),
                "bias_hh_l0": ("c_r", "c_z", "c_n"),
            }
        ],
    ),
    "bilstm": (
        "LSTM",
        [
            {
                f"weight_ih_l0{end}": tuple(f"W{g}_{way}" for g in GATES),
                f"weight_hh_l0{end}": tuple(f"U{g}_{way}" for g in GATES),
                f"bias_ih_l0{end}": tuple(f"b{g}_{way}" for g in GATES),
            }
            for way, end in (("f", ""), ("b", "_reverse"))
        ],
    ),
}
"""The layer that is the same function, and which parameters its tensors hold, one below another."""


def off(found: Any, wanted: Any) -> float:
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted)) / max(float(np.linalg.norm(wanted)), 1e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_packed_sequences_are_the_same(name: str, seed: int) -> None:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    steps, batch, dims = 9, 5, {"D": 3, "C": 2}
    rng = np.random.default_rng(seed)
    module = model(name).kernel(steps, wrt=("x",), lengths=True)
    dims |= {size: 4 for size in module.DIMS if size not in dims}
    params = {
        n: rng.normal(size=value.shape) / 2 for n, value in module.init_params(**dims).items()
    }
    x, y = rng.normal(size=(steps, batch, 3)), rng.uniform(size=(batch, 2))
    lengths = rng.permutation([steps, 1, *rng.integers(1, steps + 1, size=batch - 2)])

    kind, tables = LAYERS[name]
    layer = getattr(torch.nn, kind)(3, 4, bidirectional=len(tables) > 1, dtype=torch.float64)
    places = {key: own for table in tables for key, own in table.items()}
    tensors = dict(layer.named_parameters())
    with torch.no_grad():
        for tensor in tensors.values():
            tensor.zero_()
        for key, own in places.items():
            tensors[key].copy_(torch.from_numpy(np.concatenate([params[n].T for n in own])))
    named = {n for own in places.values() for n in own}
    readout = [n for n in params if n not in named]
    w, b = (torch.from_numpy(params[n]).requires_grad_() for n in readout)
    given = torch.from_numpy(x).requires_grad_()
    together = pack_padded_sequence(given, torch.as_tensor(lengths), enforce_sorted=False)
    every, last = layer(together)
    hidden = last[0] if isinstance(last, tuple) else last
    yhat = torch.sigmoid(torch.cat(list(hidden), -1) @ w + b)
    loss = torch.nn.functional.binary_cross_entropy(yhat, torch.from_numpy(y))
    loss.backward()

    for place, length in enumerate(lengths):
        x[length:, place] = np.nan
    own_loss, grads = module.loss_and_grads(params, x=x, y=y, lengths=lengths)
    outputs, _ = module.forward(params, x=x, lengths=lengths)
    assert off(own_loss, loss.item()) <= 1e-12
    assert off(outputs["yhat"], yhat.detach()) <= 1e-12
    assert off(grads["x"], given.grad) <= 1e-12
    for key, own in places.items():
        found = np.concatenate([grads[n].T for n in own])
        assert off(found, tensors[key].grad) <= 1e-12, key
    for n, tensor in zip(readout, (w, b), strict=True):
        assert off(grads[n], tensor.grad) <= 1e-12, n
    assert pad_packed_sequence(every)[0].shape[0] == steps
