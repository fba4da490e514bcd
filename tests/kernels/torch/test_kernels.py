"""Kernels in PyTorch: what they compute, held against the equations."""

import contextlib
import random
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import generate
from symrnn.kernels.settings import Features, Settings
from symrnn.kernels.torch import TORCH
from symrnn.kernels.verification.generated import verify_source
from symrnn.language import parse
from symrnn.system import adjoint, normal
from tests.cases import STOPPED, ZOO, explicit_states, model, numbers
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
BEGUN = "h[0] = x[1] @ Q; h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V); L = mse(y, h[T])"
ALONE = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"
PRODUCT = "h[t] = tanh(x[t] @ W + h[t-1] @ U); g = h[1] * h[T]; L = mse(y, g @ V)"
DIVIDED = "k[t] = 0.3 * exp(x[t] @ W); z[t] = 2 * k[t]; g[t] = u / z[t]; L = mean(mse(y[t], g[t]))"


@pytest.mark.parametrize(
    ("text", "steps", "wrt", "features"),
    [
        (IDS, 5, (), Features(ids=("x", "y"))),
        (LAGS, 4, ("h0", "x"), Features(batch_first=True)),
        (LAGS, 1, ("h0", "x"), Features()),
        (BEGUN, 1, (), Features()),
        (ALONE, 4, ("h0", "x"), Features()),
        (ALONE.replace("b)", "b); L = mse(y, h[T])"), 9, ("x",), Features(truncate=3)),
        (LEAKY, 7, ("x",), Features(truncate=3)),
        (TWICE, 2, (), Features()),
        (STOPPED, 3, ("x",), Features()),
        (DIVIDED, 2, (), Features()),
        (PRODUCT, 4, ("x",), Features()),
    ],
    ids=[
        *(
            "ids",
            "lags",
            "one step of two",
            "a beginning of its own",
            "no loss",
            "truncated",
            "cut at each step",
            "twice",
            "stopped",
        ),
        *("divided by a product", "a result as wide as a state"),
    ],
)
def test_what_a_kernel_can_do_beside(
    text: str, steps: int, wrt: tuple[str, ...], features: Features
) -> None:
    report = symrnn.parse(text).verify(steps, wrt=wrt, backend="torch", **features)
    assert report.holds, str(report)


@pytest.mark.parametrize(
    ("text", "features"),
    [(LEAKY, Features()), (LEAKY, Features(truncate=3)), (STOPPED, Features())],
    ids=["slopes", "cut", "stopped"],
)
def test_the_own_check_of_a_file_holds_and_notices(text: str, features: Features) -> None:
    """Where no gradient is a slope, it is the forward pass that is looked at."""
    module = symrnn.parse(text).kernel(7, backend="torch", **features)
    assert module.self_check()
    ahead, back = module._FORWARD.values, module._LOSS.gradient

    def values(*given: Any) -> Any:
        outputs, kept = ahead(*given)
        return tuple(value + 1 for value in outputs), kept

    if text == STOPPED:
        module._FORWARD.values = values
    else:
        module._LOSS.gradient = lambda *given: [g if g is None else g + 1 for g in back(*given)]
    assert not module.self_check()


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


@pytest.mark.parametrize("name", ZOO)
def test_sequences_of_different_lengths_are_what_their_text_says(name: str) -> None:
    """Padding is NaN there, and must not matter; each sequence is worked out by itself."""
    of = model(name)
    wrt = tuple(symbol.name for symbol in of.system.named("input"))
    report = of.verify(6, wrt=wrt, batch=4, backend="torch", lengths=True)
    assert report.holds, str(report)


KEPT = (
    "h[t] = tanh(x[t] @ W + x[t-2] @ V + h[t-1] @ U + q[t+1]); q[t] = tanh(x[t] @ R + q[t+1] @ S);"
    " p = h[T] @ Z; L = mse(y, p) + mean(mse(x[t+1], h[t] @ A))"
)
BEYOND = (
    "g[t] = tanh(x[t] @ W); g[T+1] = x[T] @ V; g[0] = x[1] @ A; h[t] = h[t-1] + g[t+1] * g[t-1];"
    " L = mean(mse(y[t], h[t]))"
)
FIXED = "E: fixed; h[t] = tanh(x[t] @ W + E * h[t-1]); L = mse(y, h[T] @ V)"


@pytest.mark.parametrize(
    ("text", "wrt", "features"),
    [
        (IDS, (), Features(ids=("x", "y"))),
        (IDS, (), Features(ids=("y",), batch_first=True)),
        (LAGS, ("h0", "x"), Features(batch_first=True)),
        (ALONE, ("h0", "x"), Features()),
        (ALONE, ("h0", "x"), Features(batch_first=True)),
        (KEPT, ("x",), Features()),
        (BEYOND, ("x",), Features()),
        (FIXED, ("x", "E"), Features()),
        (DIVIDED, ("x",), Features()),
    ],
)
def test_lengths_together_with_what_a_kernel_can_do_beside(
    text: str, wrt: tuple[str, ...], features: Features
) -> None:
    asked: Features = {**features, "lengths": True}
    for steps, batch in ((5, 4), (2, 1)):
        report = symrnn.parse(text).verify(steps, wrt=wrt, batch=batch, backend="torch", **asked)
        assert report.holds, str(report)


@pytest.mark.parametrize("seed", range(draws(2, 8, 300)))
def test_a_random_system_with_lengths(seed: int) -> None:
    choose = random.Random(seed)
    text = Writer(choose, rough=False, attention=True).text()
    of, steps, batch = symrnn.parse(text), choose.randint(2, 6), choose.randint(1, 4)
    wrt = tuple(symbol.name for symbol in of.system.named("input"))
    report = of.verify(steps, None, wrt, batch, seed=seed, backend="torch", lengths=True)
    wrong = [check for check in report.checks if check.holds is False]
    assert not [check for check in wrong if check.what != "its own check"], str(report)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("steps[:, None, None] <= lengths[:, None]", "steps[:, None, None] < lengths[:, None]"),
        ("    x = _filled(x, lengths)\n", ""),
        ("_at_end(h, lengths, 0)", "h[-1]"),
        ("_landed(d_last_h, lengths, 0)", "_landed(d_last_h, lengths, -1)"),
        ("_carried(h_at, t - 1, alive_at,", "_carried(h_at, t - 2, alive_at,"),
        ("torch.where(alive[t], source[t][..., columns], base)", "source[t][..., columns]"),
    ],
)
def test_a_module_that_gets_lengths_wrong_does_not_hold(right: str, wrong: str) -> None:
    source = model("lstm").generate(5, backend="torch", lengths=True)
    assert right in source
    assert not verify_source(source.replace(right, wrong), "lstm.py", 4, {}, 0).holds


def test_lengths_that_are_none_are_refused() -> None:
    module = model("elman").kernel(4, backend="torch", lengths=True)
    cell = module.Elman(D=2, H=3, C=1)
    x, y = torch.ones(4, 2, 2), torch.ones(2, 1)
    assert torch.equal(cell.loss(x, y), cell.loss(x, y, lengths=[4, 4]))
    assert torch.equal(cell.loss(x[:3], y, lengths=[3, 1]), cell.loss(x, y, lengths=[3, 1]))
    for lengths, said in (([5, 1], "from 1 to 5; expected 1 to 4"), ([1, 2, 3], "expected 2 who")):
        with pytest.raises(ValueError, match=said):
            cell.loss(x, y, lengths=lengths)
