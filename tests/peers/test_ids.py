"""Kernels with class ids against PyTorch: an embedding, an LSTM, a cross-entropy."""

import importlib.util

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

TEXT = """
    e[t] = x[t] @ E
    i[t] = sigmoid(e[t] @ W_i + b_i + h[t-1] @ U_i + c_i)
    f[t] = sigmoid(e[t] @ W_f + b_f + h[t-1] @ U_f + c_f)
    g[t] = tanh(e[t] @ W_g + b_g + h[t-1] @ U_g + c_g)
    o[t] = sigmoid(e[t] @ W_o + b_o + h[t-1] @ U_o + c_o)
    c[t] = f[t] * c[t-1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
    yhat[t] = softmax(h[t] @ V + d)
    L = mean(ce(y[t], yhat[t]))
    E: (D, K)
"""
GATES = "ifgo"
SIZES = {"D": 11, "K": 4, "H": 5, "C": 7}


def by_torch(params: dict[str, Array], x: Array, y: Array) -> tuple[float, dict[str, Array]]:
    import torch

    def gates(letter: str) -> "torch.Tensor":
        joined = np.concatenate([params[f"{letter}_{gate}"].T for gate in GATES])
        return torch.tensor(joined, requires_grad=True)

    embedding = torch.tensor(params["E"], requires_grad=True)
    lstm = torch.nn.LSTM(SIZES["K"], SIZES["H"]).double()
    own = {letter: gates(letter) for letter in "WUbc"}
    layer = dict(
        zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), own.values(), strict=True)
    )
    read_out = {name: torch.tensor(params[name], requires_grad=True) for name in ("V", "d")}
    looked_up = torch.nn.functional.embedding(torch.tensor(x), embedding)
    h, _ = torch.func.functional_call(lstm, layer, (looked_up,))
    logits = h @ read_out["V"] + read_out["d"]
    loss = torch.nn.functional.cross_entropy(
        logits.reshape(-1, SIZES["C"]), torch.tensor(y).ravel()
    )
    tensors = {"E": embedding, **read_out, **own}
    grads: dict[str, Array] = {}
    for name, grad in zip(tensors, torch.autograd.grad(loss, list(tensors.values())), strict=True):
        if name in own:
            parts = np.split(grad.numpy(), len(GATES))
            grads |= {f"{name}_{gate}": part.T for gate, part in zip(GATES, parts, strict=True)}
        else:
            grads[name] = grad.numpy()
    return loss.item(), grads


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("steps", [1, 3, 12])
def test_an_embedding_an_lstm_and_a_cross_entropy(steps: int, batch: int, loops: bool) -> None:
    kernel = symrnn.parse(TEXT).kernel(steps, loops, ids=["x", "y"])
    rng = np.random.default_rng(steps)
    params = {n: rng.normal(size=v.shape) for n, v in kernel.init_params(0, **SIZES).items()}
    x, y = (rng.integers(SIZES[n], size=(steps, batch)) for n in "DC")
    loss, grads = kernel.loss_and_grads(params, x=x, y=y)
    wanted, by_name = by_torch(params, x, y)
    assert abs(loss - wanted) <= 1e-12 * abs(wanted)
    assert grads.keys() == by_name.keys()
    for name, grad in by_name.items():
        off = float(np.linalg.norm(grads[name] - grad))
        assert off <= 1e-12 * max(float(np.linalg.norm(grad)), 1e-3), name
