"""Kernels whose backpropagation is cut, against layers of PyTorch whose state is detached."""

import importlib.util
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from tests.cases import model

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

ALLOWED = 1e-12
GATES = {
    "elman": (("w_i",), ("w_h",), ("b",), ()),
    "lstm": (*(tuple(f"{kind}_{gate}" for gate in "ifgo") for kind in "WUb"), ()),
    "gru_torch": tuple(tuple(f"{kind}_{gate}" for gate in "rzn") for kind in "WUbc"),
}
"""What PyTorch calls weight_ih, weight_hh, bias_ih and bias_hh, gate by gate."""
LAYERS = {"elman": "RNN", "lstm": "LSTM", "gru_torch": "GRU"}
STATES = {"elman": "O", "lstm": "h", "gru_torch": "h"}


def by_torch(
    name: str, params: dict[str, Array], x: Array, y: Array, size: int
) -> tuple[float, dict[str, Array]]:
    """The mean of squares at every step, window by window, the first one the shorter."""
    import torch

    hidden = next(params[key] for key in GATES[name][1]).shape[0]
    layer = getattr(torch.nn, LAYERS[name])(x.shape[2], hidden, dtype=torch.float64)
    places = (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)
    readout = torch.from_numpy(params["V"]).requires_grad_()
    with torch.no_grad():
        for place, names in zip(places, GATES[name], strict=True):
            value = np.concatenate([params[key].T for key in names]) if names else 0.0
            place.copy_(torch.as_tensor(value))
    ends = [*range(len(x), 0, -size), 0][::-1]
    state: Any = None
    found = []
    for start, stop in pairwise(ends):
        out, state = layer(torch.from_numpy(x[start:stop]), state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        found.append(out)
    loss = torch.nn.functional.mse_loss(torch.cat(found) @ readout, torch.from_numpy(y))
    loss.backward()
    grads = {"V": readout.grad.numpy()}
    for place, names in zip(places, GATES[name], strict=True):
        own = np.split(place.grad.numpy(), max(len(names), 1))
        grads |= {key: part.T for key, part in zip(names, own, strict=False)}
    return loss.item(), grads


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize(("steps", "size"), [(12, 4), (11, 4), (10, 1), (7, 7)])
@pytest.mark.parametrize("name", GATES)
def test_cut_kernels_agree_with_pytorch_detached(
    name: str, steps: int, size: int, loops: bool
) -> None:
    body = "\n".join(line for line in model(name).text.split("\n") if "yhat" not in line)
    text = f"{body}\nyhat[t] = {STATES[name]}[t] @ V\nL = mean(mse(y[t], yhat[t]))"
    kernel = symrnn.parse(text).kernel(steps, loops, truncate=size)
    rng = np.random.default_rng(steps)
    params = kernel.init_params(1, D=3, H=5, C=2)
    params = {key: value + rng.normal(size=value.shape) / 4 for key, value in params.items()}
    x, y = rng.normal(size=(steps, 4, 3)), rng.normal(size=(steps, 4, 2))
    loss, grads = kernel.loss_and_grads(params, x=x, y=y)
    wanted, slopes = by_torch(name, params, x, y, size)
    assert loss == pytest.approx(wanted, rel=ALLOWED)
    assert grads.keys() == slopes.keys()
    for key, slope in slopes.items():
        off = float(np.linalg.norm(grads[key] - slope))
        assert off <= ALLOWED * max(float(np.linalg.norm(slope)), 1e-3), key
