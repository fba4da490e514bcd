"""Kernels in PyTorch: what they compute, held against the equations."""

import contextlib
import random
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import generate
from symrnn.kernels.settings import Features, Settings
from symrnn.kernels.torch import TORCH
from symrnn.language import parse
from symrnn.system import adjoint, normal
from tests.cases import ZOO, explicit_states, model, numbers
from tests.extent import WIDE, draws
from tests.grammar import Writer
from tests.kernels.truth import truth

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

PRECISE = 1e-10

SIZES = ((1, 1), (3, 4), (7, 1), (50, 4))
"""Steps and sequences; each model with two of them, each of them with half of the models."""


def tensors(found: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: torch.tensor(found[name]) for name in names if name in found}


@pytest.mark.parametrize(
    ("name", "steps", "batch"),
    [(n, *size) for i, n in enumerate(ZOO) for j, size in enumerate(SIZES) if WIDE or (i + j) % 2],
)
def test_loss_and_gradients_are_those_of_the_equations(name: str, steps: int, batch: int) -> None:
    module, true = model(name).kernel(steps, backend="torch"), truth(name, steps, batch)
    params = tensors(true.data, module.PARAMS)
    inputs = tensors(true.data, (*module.INPUTS, *module.STATES))
    loss, grads = module.loss_and_grads(params, **inputs)
    assert abs(loss.item() - true.loss) <= PRECISE * max(1, abs(true.loss))
    for key, wanted in true.gradients.items():
        norm = max(float(np.linalg.norm(wanted)), 1e-3)
        assert float(np.linalg.norm(grads[key].numpy() - wanted)) <= PRECISE * norm, key


@pytest.mark.parametrize("name", ["elman", "bilstm", "gru_torch"])
def test_a_kernel_holds_what_its_text_says(name: str) -> None:
    report = model(name).verify(4, wrt=("x",), backend="torch")
    assert report.holds, str(report)


IDS = "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U); L = mean(ce(y[t], softmax(h[t] @ Z)))"
LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); p = h[T-1] @ V; L = mse(y, p)"
LEAKY = "h[t] = 0.3 * tanh(x[t] @ W + h[t-1] @ U) + 0.7 * h[t-1]; L = mean(mse(y[t], h[t] @ V))"
TWICE = "a[t] = h[t-1] @ U; z[t] = sigmoid(a[t] + x[t] @ V); h[t] = z[t] * tanh(a[t] + x[t] @ W)"
ALONE = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"
DIVIDED = "k[t] = 0.3 * exp(x[t] @ W); z[t] = 2 * k[t]; g[t] = u / z[t]; L = mean(mse(y[t], g[t]))"


@pytest.mark.parametrize(
    ("text", "steps", "wrt", "features"),
    [
        (IDS, 5, (), Features(ids=("x", "y"))),
        (LAGS, 4, ("h0", "x"), Features(batch_first=True)),
        (LAGS, 1, ("h0", "x"), Features()),
        (ALONE, 4, ("h0", "x"), Features()),
        (ALONE.replace("b)", "b); L = mse(y, h[T])"), 9, ("x",), Features(truncate=3)),
        (LEAKY, 7, ("x",), Features(truncate=3)),
        (TWICE, 2, (), Features()),
        (DIVIDED, 2, (), Features()),
    ],
    ids=[
        *("ids", "lags", "one step of two", "no loss", "truncated", "cut at each step", "twice"),
        "divided by a product",
    ],
)
def test_what_a_kernel_can_do_beside(
    text: str, steps: int, wrt: tuple[str, ...], features: Features
) -> None:
    report = symrnn.parse(text).verify(steps, wrt=wrt, backend="torch", **features)
    assert report.holds, str(report)


@pytest.mark.parametrize("seed", range(draws(6, 40, 600)))
def test_a_random_system(seed: int) -> None:
    choose = random.Random(seed)
    written = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    system = normal(written)
    inputs = tuple(symbol.name for symbol in system.named("input"))
    steps, batch = choose.randint(1, 5), choose.randint(1, 3)
    source = generate(written, "", "drawn", Settings.of(steps, True, inputs), TORCH)
    module, data = TORCH.load(source, "drawn"), numbers(written, steps, batch, seed)
    params = tensors(data, module.PARAMS)
    given = {n: torch.tensor(data[n]).requires_grad_(n in inputs) for n in module.INPUTS}
    loss, grads = module.loss_and_grads(params, **given)
    wanted = interpret(adjoint(system, inputs), data, steps)
    found = {"L": loss}
    ahead = {n: given[n] for n in getattr(module, "_FORWARD_NEEDS", ())}
    with contextlib.suppress(TypeError):  # a width that only the target has
        found |= module.forward(params, **ahead)[0]
    found |= {f"d {name}": value for name, value in grads.items()}
    for name, value in found.items():
        of = name.removeprefix("d ")
        true = wanted.adjoint_of(of) if name.startswith("d ") else wanted[of]
        assert true is not None
        if np.isfinite(true).all() and np.abs(true).max() < 1e6:
            size = max(float(np.linalg.norm(true)), 1e-4)
            error = float(np.linalg.norm(value.detach().numpy() - true))
            assert error <= PRECISE * size, name


# lengths


def beside(of: Any, ids: tuple[str, ...], wrt: tuple[str, ...]) -> tuple[ModuleType, ModuleType]:
    features = Features(lengths=True, ids=ids)
    return of.kernel(6, wrt=wrt, **features), of.kernel(6, backend="torch", **features)


KEPT = (
    "h[t] = tanh(x[t] @ W + x[t-2] @ V + h[t-1] @ U + q[t+1]); q[t] = tanh(x[t] @ R + q[t+1] @ S);"
    " p = h[T] @ Z; L = mse(y, p) + mean(mse(x[t+1], h[t] @ A))"
)


@pytest.mark.parametrize("name", [*ZOO, IDS, LAGS, KEPT])
def test_sequences_of_different_lengths_are_what_they_are_in_numpy(name: str) -> None:
    """NumPy's kernel leaves out what is not there; here padding is NaN, and must not matter."""
    of, ids = (model(name), ()) if name in ZOO else (symrnn.parse(name), ("x", "y") * (name == IDS))
    numpy, module = beside(of, ids, () if ids else ("x",))
    rng, lengths = np.random.default_rng(0), np.array([6, 2, 1, 4])
    dims = {dim: 2 + place for place, dim in enumerate(numpy.DIMS)}
    params = numpy.init_params(seed=1, **dims)
    inputs: dict[str, Any] = {}
    for key, axes in {**numpy.INPUTS, **numpy.STATES}.items():
        shape = [{"T": 6, "B": 4}.get(a) or numpy._sizes((a,), dims)[0] for a in axes]
        value = rng.integers(0, 2, shape) if key in ids + ("x0",) * bool(ids) else rng.random(shape)
        if key in numpy.ONEHOT:
            value /= value.sum(-1, keepdims=True)
        if "T" in axes and value.dtype == float:
            for sequence, length in enumerate(lengths):
                value[length:, sequence] = np.nan
        inputs[key] = value
    loss, wanted = numpy.loss_and_grads(params, lengths=lengths, **inputs)
    given = {n: torch.tensor(v).requires_grad_(n == "x" and not ids) for n, v in inputs.items()}
    own, steps = tensors(params, params), torch.tensor(lengths)
    value, grads = module.loss_and_grads(own, lengths=steps, **given)
    ahead = [n for n in inputs if n in (*module._FORWARD_NEEDS, *module.STATES)]
    outputs, states = module.forward(own, lengths=steps, **{n: given[n] for n in ahead})
    there, left = numpy.forward(params, lengths=lengths, **{n: inputs[n] for n in ahead})
    assert abs(value.item() - loss) < 1e-12
    for found, true in ((grads, wanted), (outputs, there), (states, left)):
        for key in true:
            assert np.abs(found[key].detach().numpy() - true[key]).max() < 1e-12, key


def test_lengths_that_are_none_are_refused() -> None:
    module = model("elman").kernel(4, backend="torch", lengths=True)
    cell = module.Elman(D=2, H=3, C=1)
    x, y = torch.ones(4, 2, 2), torch.ones(2, 1)
    assert torch.equal(cell.loss(x, y), cell.loss(x, y, lengths=[4, 4]))
    assert torch.equal(cell.loss(x[:3], y, lengths=[3, 1]), cell.loss(x, y, lengths=[3, 1]))
    for lengths, said in (([5, 1], "from 1 to 5; expected 1 to 4"), ([1, 2, 3], "expected 2 who")):
        with pytest.raises(ValueError, match=said):
            cell.loss(x, y, lengths=lengths)


def test_lengths_are_not_verified_here() -> None:
    with pytest.raises(UsageError, match="NumPy's kernels with lengths are, and tests hold"):
        model("elman").verify(4, backend="torch", lengths=True)
