"""JAX, where there is one: what the tests of its back end share."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from symrnn.language.arrays import Array
from tests.cases import model

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed here"
)


@contextmanager
def double() -> Iterator[None]:
    """Numbers of 64 bits, as NumPy has them."""
    import jax

    with jax.enable_x64(True):
        yield


@cache
def file_of(name: str, steps: int, loops: bool | None = None) -> ModuleType:
    return model(name).kernel(steps, loops, backend="jax")


def graded(module: ModuleType) -> Any:
    """The loss and its gradients, compiled, as a function of parameters and inputs."""
    import jax

    return jax.jit(lambda params, inputs: module.loss_and_grads(params, **inputs))


def apart(one: Any, other: Any) -> float:
    """The largest distance of two trees of arrays, relative to the larger norm."""
    import jax
    import numpy as np

    def off(a: Array, b: Array) -> float:
        a, b = np.asarray(a, float), np.asarray(b, float)
        assert a.shape == b.shape
        return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), 1e-4)

    return max(jax.tree.leaves(jax.tree.map(off, one, other)), default=0.0)
