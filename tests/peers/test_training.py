"""Training beside PyTorch: its optimisers step by step, and whole loss curves of its layers."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from symrnn.bench.case import case
from symrnn.bench.peers.by_torch import layered
from symrnn.bench.peers.cells import NETWORKS
from symrnn.bench.request import Size
from symrnn.language.arrays import Array
from symrnn.training import SGD, Adagrad, Adam, AdamW, Optimiser, RMSprop, Trainer, put
from tests.cases import model
from tests.training.setting import gradients

if importlib.util.find_spec("torch") is None:
    pytest.skip("PyTorch is not installed: pip install torch", allow_module_level=True)

OPTIMISERS: list[tuple[Optimiser, dict[str, Any]]] = [
    (SGD(), {}),
    (SGD(0.1, weight_decay=0.01), {"lr": 0.1, "weight_decay": 0.01}),
    (SGD(0.1, momentum=0.9), {"lr": 0.1, "momentum": 0.9}),
    (
        SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    (Adagrad(), {}),
    (
        Adagrad(0.1, initial=0.1, weight_decay=0.01),
        {"lr": 0.1, "initial_accumulator_value": 0.1, "weight_decay": 0.01},
    ),
    (RMSprop(), {}),
    (RMSprop(0.02, centred=True), {"lr": 0.02, "centered": True}),
    (RMSprop(0.02, momentum=0.9, alpha=0.9), {"lr": 0.02, "momentum": 0.9, "alpha": 0.9}),
    (
        RMSprop(0.02, momentum=0.9, centred=True, weight_decay=0.01),
        {"lr": 0.02, "momentum": 0.9, "centered": True, "weight_decay": 0.01},
    ),
    (Adam(), {}),
    (
        Adam(0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.01),
        {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.01},
    ),
    (AdamW(), {}),
    (AdamW(0.02, weight_decay=0.1), {"lr": 0.02, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("optimiser", "settings"), OPTIMISERS, ids=[str(o) for o, _ in OPTIMISERS])
def test_an_optimiser_moves_as_that_of_the_same_name(
    optimiser: Optimiser, settings: dict[str, Any]
) -> None:
    import torch

    start = np.random.default_rng(0).normal(size=11)
    memory, found = optimiser.start(start.copy()), gradients(11, 200)
    theta = torch.from_numpy(start.copy()).requires_grad_()
    theirs = getattr(torch.optim, type(optimiser).__name__)([theta], **settings)
    for gradient in found:
        memory.step(gradient)
        theta.grad = torch.from_numpy(gradient.copy())
        theirs.step()
        np.testing.assert_allclose(memory.theta, theta.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("step:30:0.5", lambda t, o: t.StepLR(o, 30, 0.5)),
        ("exponential:0.97", lambda t, o: t.ExponentialLR(o, 0.97)),
        ("cosine:200:0.1", lambda t, o: t.CosineAnnealingLR(o, 200, 0.01)),
    ],
)
def test_a_schedule_is_that_of_the_same_name(text: str, theirs: Any) -> None:
    import torch

    from symrnn.training import schedule

    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
    running = theirs(torch.optim.lr_scheduler, optimiser)
    ours = schedule(text)
    for count in range(200):
        assert 0.1 * ours(count) == pytest.approx(running.get_last_lr()[0], rel=1e-12)
        optimiser.step()
        running.step()


CURVES: list[tuple[Optimiser, str]] = [(SGD(0.1), "SGD"), (Adam(0.02), "Adam")]


@pytest.mark.parametrize(("optimiser", "name"), CURVES, ids=["SGD", "Adam"])
@pytest.mark.parametrize("network", ["elman", "lstm", "gru_torch"])
def test_loss_curves_are_the_same(
    network: str, optimiser: Optimiser, name: str, figures: list[str]
) -> None:
    """The same start, the same batches, 200 steps in double precision; at rates at which a kernel
    agrees with itself after a start that is off by one rounding (SGD(0.5) sends Elman astray)."""
    import torch

    made = case(model(network), Size(12, 4, 3, 8))
    module = made.model.kernel(12)
    kernel = module.Kernel(4, **made.dims)
    put(kernel, made.params)
    trainer = Trainer(kernel, optimiser)
    form = layered(made, NETWORKS[network])
    theirs = getattr(torch.optim, name)(form.tensors, lr=optimiser.learning_rate)
    curve, other = [], []
    for batch in batches(made.inputs):
        for key, value in batch.items():
            made.inputs[key][...] = value  # PyTorch's tensors lie on these arrays
        theirs.zero_grad()
        loss = form.loss()
        loss.backward()
        theirs.step()
        curve.append(trainer.train_step(batch).loss)
        other.append(loss.item())
    off = float(np.abs(np.subtract(curve, other)).max())
    figures.append(f"200 steps of {network} by {name} beside PyTorch: loss off by {off:.1e}")
    assert len(curve) == 200
    assert np.mean(curve[-20:]) < np.mean(curve[:20])
    assert off < 1e-9


def batches(like: dict[str, Array], count: int = 200) -> list[dict[str, Array]]:
    """Does the first feature have a positive mean? Ten batches, over and over."""
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(10):
        x = np.asarray(rng.normal(size=like["x"].shape))
        drawn.append({"x": x, "y": (x[..., :1].mean(0) > 0).astype(float)})
    return [drawn[i % 10] for i in range(count)]
