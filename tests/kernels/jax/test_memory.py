"""JAX files: what a loop reads for the last time makes room for what it hands out."""

import re
from typing import Any

import pytest

import symrnn
from tests.cases import ZOO
from tests.kernels.jax.library import file_of, needs_jax

STEPS, BATCH, HIDDEN = 23, 16, 32


def compiled(name: str, second: bool = False) -> Any:
    """A training step as XLA has compiled it, or the gradient of a sum of its gradients."""
    import jax
    import jax.numpy as jnp

    module = file_of(name, STEPS, True)
    params = module.init_params(0, **dict.fromkeys(module.DIMS, HIDDEN))
    sizes = {"T": STEPS, "B": BATCH}
    inputs = {
        n: jnp.ones([sizes.get(axis, HIDDEN) for axis in axes], jnp.float32)
        for n, axes in module.INPUTS.items()
    }

    def loss(params: Any, inputs: Any) -> Any:
        return module.loss(params, **inputs)

    def slopes(params: Any, inputs: Any) -> Any:
        return sum(a.sum() for a in jax.tree.leaves(jax.grad(loss)(params, inputs)))

    graded = jax.value_and_grad(slopes if second else loss)
    return jax.jit(graded).lower(params, inputs).compile()


@needs_jax
@pytest.mark.parametrize(
    ("name", "second"), [*((name, False) for name in ZOO), ("lstm", True), ("mgu", True)]
)
def test_no_loop_copies_a_stack(name: str, second: bool) -> None:
    """A stack that is written while it is still needed would be copied at each step."""
    loops = compiled(name, second).as_text().split("\nENTRY ")[0]
    assert "dynamic-update-slice(" in loops
    assert not re.findall(rf"= f32\[{STEPS},{BATCH},\d+\]\S* copy\(.*", loops)


@needs_jax
@pytest.mark.parametrize(
    ("name", "stacks"),
    [("elman", 2), ("indrnn", 2), ("mgu", 4), ("gru", 5), ("gru_torch", 10), ("lstm", 8)],
)
def test_what_is_kept_lies_where_something_else_has_been(name: str, stacks: int) -> None:
    """Products of the inputs, gates and adjoints take turns: of an LSTM there remain four gates,
    the states before and tanh(c), where each of them by itself makes fifteen."""
    whole = STEPS * BATCH * HIDDEN * 4
    assert compiled(name).memory_analysis().temp_size_in_bytes < (stacks + 0.9) * whole


def test_what_is_handed_in_is_left_as_it_is() -> None:
    """Neither inputs nor what is read again make room: XLA would have to copy them first."""
    text = "h[t] = tanh(x[t] * w + h[t-1] @ U); L = mse(y, h[T])"
    source = symrnn.parse(text).generate(9, True, backend="jax")
    calls = re.findall(r"= (\w+\.scan|scan_over)\(step_\d, \w+, (.+)\)\n", source)
    assert calls == [
        ("lax.scan", "x"),
        ("lax.scan", "(ct_h, h), reverse=True"),
        ("lax.scan", "x"),
        ("scan_over", "h, reverse=True"),
    ]
