"""States carried in and out against PyTorch, in double precision: over windows of one sequence."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from symrnn.weights import layouts
from tests.cases import model

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

LAYERS = {"elman": "RNN", "lstm": "LSTM", "gru_torch": "GRU"}
Rest = dict[str, str | int | tuple[str | int, str]]
REST: Rest = {"w_y": ("head.weight", "T"), "b_y": "head.bias"}
ELMAN: Rest = {"w_o": ("head.weight", "T"), "b_o": "head.bias"}


def off(found: Any, wanted: Any) -> float:
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted)) / max(float(np.linalg.norm(wanted)), 1e-3)


@pytest.mark.parametrize("name", LAYERS)
def test_states_and_their_gradients_are_the_same(name: str) -> None:
    import torch

    torch.manual_seed(0)
    steps, windows, batch = 5, 3, 4
    states = list(model(name).kernel(1).STATES)
    module = model(name).kernel(steps, wrt=tuple(states))
    layer = getattr(torch.nn, LAYERS[name])(3, 6, dtype=torch.float64)
    head = torch.nn.Linear(6, 2, dtype=torch.float64)
    tensors = {
        **{f"rnn.{key}": value for key, value in layer.state_dict().items()},
        **{f"head.{key}": value for key, value in head.state_dict().items()},
    }
    rest = ELMAN if name == "elman" else REST
    params = layouts.load(model(name), tensors, "pytorch", prefix="rnn.", rest=rest)
    rng = np.random.default_rng(0)
    given = {key: rng.normal(size=(batch, 6)) for key in states}
    for _ in range(windows):
        x, y = rng.normal(size=(steps, batch, 3)), rng.uniform(size=(batch, 2))
        first = [torch.from_numpy(given[key])[None].requires_grad_() for key in states]
        every, last = layer(torch.from_numpy(x), tuple(first) if len(first) > 1 else first[0])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            head(every[-1]), torch.from_numpy(y)
        )
        slopes = torch.autograd.grad(loss, first)
        own, grads = module.loss_and_grads(params, x=x, y=y, **given)
        _, given = module.forward(params, x=x, **given)
        assert off(own, loss.item()) <= 1e-12
        for key, slope in zip(states, slopes, strict=True):
            assert off(grads[key], slope[0]) <= 1e-12, key
        for key, value in zip(states, last if len(states) > 1 else (last,), strict=True):
            assert off(given[key], value[0].detach()) <= 1e-12, key
