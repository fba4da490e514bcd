"""Modules to try, and what to try them with."""

from typing import Any

import numpy as np
import pytest

from tests.cases import model

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

T, B, D, H, C = 6, 5, 4, 3, 2


def made(name: str = "lstm", steps: int = T, **more: Any) -> Any:
    """A module of the zoo, in double precision unless something else is said."""
    module = model(name).kernel(steps, backend="torch")
    kinds = [v for name, v in vars(module).items() if isinstance(v, type) and name[0] != "_"]
    (kind,) = [k for k in kinds if issubclass(k, torch.nn.Module)]
    dims = {dim: {"D": D, "C": C}.get(dim, H) for dim in module.DIMS}
    generator = torch.Generator().manual_seed(0)
    return kind(**dims | {"dtype": torch.float64, "generator": generator} | more)


def numbers(*shape: int, dtype: Any = None) -> Any:
    values = np.random.default_rng(sum(shape)).random(shape)
    return torch.tensor(values, dtype=dtype or torch.float64)


X, Y = numbers(T, B, D), numbers(B, C)


def gradients(loss: Any, cell: Any) -> list[Any]:
    return list(torch.autograd.grad(loss, list(cell.parameters()), allow_unused=True))
