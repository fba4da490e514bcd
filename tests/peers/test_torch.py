"""Generated kernels against layers of PyTorch, in double precision: loss, outputs, gradients."""

import importlib.util

import numpy as np
import pytest

from symrnn.bench.case import Case, case
from symrnn.bench.peers.by_torch import Form, layered
from symrnn.bench.peers.cells import NETWORKS
from symrnn.bench.request import Size
from symrnn.language.arrays import Array
from tests.cases import model

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

LAYERS = [name for name, network in NETWORKS.items() if network.layer]
ALLOWED = 1e-12


def off(found: Array, wanted: Array) -> float:
    """Relative to the norm, above an absolute floor."""
    return float(np.linalg.norm(found - wanted)) / max(float(np.linalg.norm(wanted)), 1e-3)


def by_torch(made: Case) -> tuple[float, Array, dict[str, Array]]:
    """The loss, the output and the gradients by the model's parameters."""
    import torch

    form: Form = layered(made, NETWORKS[made.model.name])
    assert form.outputs is not None
    value = form.loss()
    grads = torch.autograd.grad(value, form.tensors)
    return (
        value.item(),
        form.outputs().detach().numpy(),
        form.read([grad.numpy() for grad in grads]),
    )


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("steps", [1, 3, 20])
@pytest.mark.parametrize("name", LAYERS)
def test_kernels_agree_with_layers_of_pytorch(
    name: str, steps: int, batch: int, loops: bool
) -> None:
    made = case(model(name), Size(steps, batch, 3, 5))
    kernel = made.model.kernel(steps, loops)
    loss, output, grads = by_torch(made)
    outputs, _ = kernel.forward(made.params, **made.inputs)
    own_loss, own_grads = kernel.loss_and_grads(made.params, **made.inputs)
    (own_output,) = outputs.values()
    assert abs(own_loss - loss) <= ALLOWED * max(abs(loss), 1e-3)
    assert off(own_output, output) <= ALLOWED
    assert own_grads.keys() == grads.keys() == made.params.keys()
    for parameter, grad in grads.items():
        assert off(own_grads[parameter], grad) <= ALLOWED, parameter


def test_the_layers_are_a_network_an_lstm_a_gru_and_a_bidirectional_one() -> None:
    assert LAYERS == ["elman", "lstm", "gru_torch", "birnn"]
