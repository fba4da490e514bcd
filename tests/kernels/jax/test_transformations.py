"""What JAX makes of functions, and what libraries around it do with parameters."""

import importlib.util
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.kernels.jax.library import apart, double, file_of, needs_jax

pytestmark = needs_jax

SINGLE = 1e-5


@cache
def point() -> tuple[Any, Any, Any]:
    """Parameters and inputs, in 32 bits."""
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    params = file_of("lstm", 9).init_params(1, D=3, H=4, C=2)
    x = jnp.asarray(rng.normal(size=(9, 4, 3)), jnp.float32)
    return params, x, jnp.asarray(rng.integers(0, 2, (4, 2)), jnp.float32)


def loss(params: Any, x: Any, y: Any) -> Any:
    return file_of("lstm", 9).loss(params, x=x, y=y)


def test_vmap_over_inputs_and_over_parameters() -> None:
    import jax
    import jax.numpy as jnp

    params, x, y = point()
    grad = jax.grad(loss)
    over_x = jax.jit(jax.vmap(grad, (None, 0, None)))(params, jnp.stack([x, 2 * x]), y)
    assert apart(jax.tree.map(lambda a: a[1], over_x), grad(params, 2 * x, y)) <= SINGLE
    twice = jax.tree.map(lambda a: 2 * a, params)
    both = jax.tree.map(lambda a, b: jnp.stack([a, b]), params, twice)
    over_params = jax.jit(jax.vmap(grad, (0, None, None)))(both, x, y)
    assert apart(jax.tree.map(lambda a: a[1], over_params), grad(twice, x, y)) <= SINGLE


def test_the_gradient_scales_with_what_comes_in() -> None:
    import jax

    params, x, y = point()
    three = jax.grad(lambda p: 3 * loss(p, x, y))(params)
    one = jax.grad(loss)(params, x, y)
    assert apart(three, jax.tree.map(lambda a: 3 * a, one)) <= SINGLE


def test_second_derivatives_are_right_and_forward_mode_is_refused() -> None:
    import jax
    import jax.numpy as jnp

    with double():
        params, x, y = (jax.tree.map(lambda a: a.astype(float), part) for part in point())
        grad = jax.jit(jax.grad(loss, 1))

        def steepness(x: Any) -> Any:
            return jnp.sum(grad(params, x, y) ** 2)

        slope = jnp.vdot(jax.grad(steepness)(x), x)
        wanted = (steepness(1.00001 * x) - steepness(0.99999 * x)) / 2e-5
        assert abs(slope - wanted) <= 1e-6 * abs(wanted)
        with pytest.raises(TypeError, match="forward-mode"):
            jax.jvp(lambda x: loss(params, x, y), (x,), (x,))
        rows = jax.jacrev(lambda x: file_of("lstm", 9).forward(params, x=x)[0]["yhat"])(x)
        assert rows.shape == (4, 2, 9, 4, 3)


def test_there_is_no_gradient_by_a_target() -> None:
    import jax

    with pytest.raises(TypeError, match="no gradient by the target y"):
        jax.grad(loss, 2)(*point())


@pytest.mark.parametrize("name", ["bfloat16", "float16", "float32"])
def test_results_have_the_dtype_of_the_parameters(name: str) -> None:
    import jax

    params, x, y = point()
    own = jax.tree.map(lambda a: a.astype(name), params)
    value, grads = jax.value_and_grad(loss)(own, x, y)
    assert {str(a.dtype) for a in jax.tree.leaves((value, grads))} == {name}
    assert apart(grads, jax.grad(loss)(params, x, y)) <= 0.1


def test_without_64_bits_numbers_of_numpy_become_32() -> None:
    import jax

    params, x, y = point()
    wide = {name: np.asarray(array, float) for name, array in params.items()}
    with jax.enable_x64(False):  # whatever was asked for in this process before
        value = loss(wide, np.asarray(x, float), y)
        assert str(value.dtype) == "float32"
        assert apart(value, loss(params, x, y)) <= SINGLE


def test_nan_goes_through() -> None:
    import jax.numpy as jnp

    params, x, y = point()
    assert jnp.isnan(loss(params, x.at[3, 0, 0].set(jnp.nan), y))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda p, x, y: (p, x[:, :, :2], y),
            r"x has shape \(9, 4, 2\); expected \(T=9, B=4, D=3\)",
        ),
        (lambda p, x, y: (p, x[:5], y), r"x has shape \(5, 4, 3\); expected \(T=9, B=4, D=3\)"),
        (lambda p, x, y: (p, x, y[0]), r"y has shape \(2,\); expected \(B=4, C=2\)"),
        (lambda p, x, y: (p, x, None), r"y is missing; it has the axes \(B, C\)"),
        (lambda p, x, y: ({**p, "W": x}, x, y), "'W' is no parameter; there are W_i"),
        (lambda p, x, y: ({"W_i": p["W_i"]}, x, y), r"U_i is missing; it has the axes \(H, H\)"),
        (lambda p, x, y: (p, x + 0j, y), "x is complex; expected real numbers"),
    ],
)
def test_what_does_not_fit_is_said_when_it_is_traced(change: Any, said: str) -> None:
    import jax

    with pytest.raises((TypeError, ValueError), match=said):
        jax.jit(jax.grad(loss))(*change(*point()))


def test_a_name_that_it_has_not_is_refused() -> None:
    params, x, _ = point()
    with pytest.raises(TypeError, match="'z' is no input; there are x, y, h0, c0"):
        file_of("lstm", 9).loss(params, x=x, z=x)


@pytest.mark.parametrize("library", ["optax", "flax"])
def test_parameters_are_trained_by(library: str) -> None:
    import jax

    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed here")
    import optax

    params, x, y = point()
    step: Any
    if library == "flax":
        from flax.training.train_state import TrainState

        state = TrainState.create(apply_fn=loss, params=params, tx=optax.adam(0.02))
        step = jax.jit(lambda s: s.apply_gradients(grads=jax.grad(loss)(s.params, x, y)))
        last = step(step(step(state))).params
    else:
        rule = optax.adam(0.02)
        last, moments = params, rule.init(params)
        for _ in range(3):
            updates, moments = rule.update(jax.grad(loss)(last, x, y), moments)
            last = optax.apply_updates(last, updates)
    assert loss(last, x, y) < loss(params, x, y)


DEVICES = """
import jax, jax.numpy as jnp, numpy as np, symrnn
from jax.sharding import Mesh, PartitionSpec as P

assert len(jax.devices()) == 2
mesh, rng = Mesh(np.array(jax.devices()), ("data",)), np.random.default_rng(0)


def shared(loss):
    def mean(params, inputs):
        return jax.lax.pmean(loss(params, **inputs), "data")

    specs = {"x": P(None, "data"), "y": P(None, "data") if timed else P("data")}
    return jax.shard_map(mean, mesh=mesh, in_specs=(P(), specs), out_specs=P())


for name, timed, ids in (("lstm", False, ()), ("char", True, ("x", "y"))):
    module = symrnn.load(name).kernel(9, backend="jax", ids=ids)
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 4))
    if ids:
        inputs = {n: jnp.asarray(rng.integers(0, 4, (9, 6))) for n in ids}
    else:
        inputs = {"x": jnp.asarray(rng.normal(size=(9, 6, 4)), "float32"), "y": jnp.ones((6, 4))}
    alone = jax.value_and_grad(lambda p: module.loss(p, **inputs))(params)
    both = jax.jit(jax.value_and_grad(shared(module.loss)))(params, inputs)
    off = jax.tree.map(lambda a, b: float(abs(a - b).max()), alone, both)
    assert max(jax.tree.leaves(off)) < 1e-6, off
print("the same")
"""


def test_two_devices_with_half_of_the_sequences_each() -> None:
    import os

    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    found = subprocess.run(
        [sys.executable, "-c", DEVICES], capture_output=True, text=True, env={**os.environ, **flags}
    )
    assert found.stdout == "the same\n", found.stderr[-2000:]
