"""Modules that leave work to a kernel, beside others that do it by themselves."""

from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.kernels.generate import BACKENDS, helpers
from symrnn.kernels.settings import Features, Settings
from tests.cases import ZOO, model
from tests.kernels.c.compiler import quick

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

T, B, D, H, C = 4, 3, 3, 4, 2
PRECISE = 1e-10

ENDS = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
ALONE = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"
IDS = "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U); L = mean(ce(y[t], softmax(h[t] @ Z)))"
LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); p = h[T-1] @ V; L = mse(y, p)"
FIXED = "s: fixed; s: init(0.5); h[t] = tanh(x[t] @ W + s * h[t-1] @ U); L = mse(y, h[T])"


def of(name: str) -> Any:
    return model(name) if name in ZOO else symrnn.parse(name)


def class_of(module: Any) -> Any:
    kinds = [v for name, v in vars(module).items() if isinstance(v, type) and name[0] != "_"]
    (kind,) = [k for k in kinds if issubclass(k, torch.nn.Module)]
    return kind


def kernels(
    name: str, steps: int = T, backend: str = "numpy", wrt: tuple[str, ...] = (), **features: Any
) -> list[Any]:
    """The kernels of a model for its loss and for its forward pass."""
    settings = Settings.of(steps, wrt=wrt, **features)
    text, target = of(name), BACKENDS[backend]
    made = helpers(text.written, text.text, text.name, settings, target)
    return [quick(one.__dict__["__source__"]) for one in made] if backend == "c" else made


def pair(
    name: str = "mgu",
    steps: int = T,
    backend: str = "numpy",
    wrt: tuple[str, ...] = (),
    features: Features | None = None,
    **more: Any,
) -> tuple[Any, Any]:
    """Two modules with the same numbers: one that kernels work for, and one by itself."""
    features = features or Features()
    kernel = kernels(name, steps, backend, wrt, **features)
    module = of(name).kernel(steps, backend="torch", **features)
    dims = {dim: {"D": D, "C": C}.get(dim, H) for dim in module.DIMS}
    given: dict[str, Any] = {**dims, "dtype": torch.float64, **more}
    one, other = class_of(module)(**given, kernel=kernel), class_of(module)(**given)
    with torch.no_grad():
        drawn = torch.Generator().manual_seed(1)
        for value in one.parameters():
            value.copy_(torch.rand(value.shape, generator=drawn) - 0.4)
    other.load_state_dict(one.state_dict())
    return one, other


def numbers(*shape: int, dtype: Any = None) -> Any:
    values = np.random.default_rng(sum(shape)).random(shape)
    return torch.tensor(values, dtype=dtype or torch.float64)


X, Y = numbers(T, B, D), numbers(B, C)


def is_by_kernel(value: Any) -> bool:
    """Whether a loss, or an output, comes from a kernel."""
    return value.grad_fn.name() in ("_WeighedBackward", "_CarriedBackward")


def gradients(loss: Any, *leaves: Any) -> list[Any]:
    return list(torch.autograd.grad(loss, leaves))


def assert_alike(pair: tuple[Any, Any], *given: Any, leaves: Any = (), **more: Any) -> None:
    """A kernel has done it, and the loss and all gradients are those of the module by itself."""
    one, other = (cell.loss(*given, **more) for cell in pair)
    assert is_by_kernel(one)
    assert not is_by_kernel(other)
    assert one.dtype == other.dtype
    assert abs(one.item() - other.item()) <= PRECISE
    found, wanted = (
        gradients(3 * loss, *cell.parameters(), *leaves)
        for loss, cell in zip((one, other), pair, strict=True)
    )
    assert_near(found, wanted)


def assert_near(found: Any, wanted: Any) -> None:
    for mine, true in zip(found, wanted, strict=True):
        assert (mine is None) == (true is None)
        if mine is not None:
            assert mine.shape == true.shape
            assert (mine - true).norm().item() <= PRECISE * max(true.norm().item(), 1e-3)


def assert_passes_alike(
    pair: tuple[Any, Any], *given: Any, leaves: Any = (), of: Any = None, **more: Any
) -> None:
    """The same of outputs and final states, with a loss of one's own of all of them or of some."""
    found = []
    for cell in pair:
        outputs, states = cell(*given, **more)
        values = {**outputs, **states}
        ours = [v for n, v in values.items() if v.grad_fn is not None and (of is None or n in of)]
        assert any(map(is_by_kernel, ours)) == (cell is pair[0])
        own = sum((v * torch.linspace(-1, 1, v.numel()).view(v.shape)).sum() for v in ours)
        grads = torch.autograd.grad(own, [*cell.parameters(), *leaves], allow_unused=True)
        zeros = [torch.zeros(()) if grad is None else grad for grad in grads]
        found.append([*values.values(), *(z if z.dim() else 0 * z for z in zeros)])
    for mine, true in zip(*([v.double() for v in values] for values in found), strict=True):
        size = max(true.norm().item(), 1e-3)
        assert (mine - true).norm().item() <= PRECISE * size
