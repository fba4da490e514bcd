"""JAX files: what they compute, held against the equations and against other kernels."""

import random
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import generate
from symrnn.kernels.jax import JAX
from symrnn.kernels.load import load_source
from symrnn.kernels.settings import Features, Settings
from symrnn.language import parse
from symrnn.system import adjoint, normal
from tests.cases import STOPPED, ZOO, explicit_states, model, numbers, state_names
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.jax.library import apart, double, file_of, graded, needs_jax
from tests.kernels.truth import misses, truth

ALLOWED = 1e-10


@needs_jax
@pytest.mark.parametrize(("steps", "batch", "loops"), [(1, 1, None), (3, 2, None), (4, 2, True)])
@pytest.mark.parametrize("name", ZOO)
def test_a_model_has_the_gradients_of_its_equations(
    name: str, steps: int, batch: int, loops: bool | None
) -> None:
    true = truth(name, steps, batch)
    module = file_of(name, steps, loops)
    params = {n: true.data[n] for n in module.PARAMS}
    inputs = {n: true.data[n] for n in module.INPUTS}
    with double():
        loss, grads = graded(module)(params, inputs)
        assert abs(float(loss) - true.loss) <= 1e-12 * max(abs(true.loss), 1)
        assert not misses({n: np.asarray(grad) for n, grad in grads.items()}, true)


@needs_jax
@pytest.mark.parametrize("seed", range(draws(4, 10, 60)))
def test_a_random_system(seed: int) -> None:
    choose = random.Random(seed)
    written = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    system = normal(written)
    wrt = tuple(symbol.name for symbol in system.named("input"))
    steps, batch, loops = choose.randint(1, 5), choose.randint(1, 3), choose.random() < 0.6
    source = generate(written, "", "drawn", Settings.of(steps, loops, wrt), JAX)
    module, data = load_source(source, "drawn"), numbers(written, steps, batch, seed)
    wanted = interpret(adjoint(system, wrt), data, steps)
    with double():
        params = {name: data[name] for name in module.PARAMS}
        loss, grads = graded(module)(params, {name: data[name] for name in module.INPUTS})
        found = {"L": loss, **grads}
        for name, value in found.items():
            true = wanted[name] if name == "L" else wanted.adjoint_of(name)
            assert true is not None
            if np.isfinite(true).all() and np.abs(true).max() < 1e6:
                size = max(float(np.linalg.norm(true)), 1e-4)
                assert float(np.linalg.norm(np.asarray(value) - true)) <= ALLOWED * size, name


@needs_jax
@pytest.mark.parametrize("name", ["lstm", "bilstm", "jordan"])
def test_outputs_and_final_states_carry_cotangents_back(name: str) -> None:
    """Along a direction the derivative of a weighted sum of all that comes out is its slope."""
    import jax
    import jax.numpy as jnp

    module, rng = file_of(name, 4, True), np.random.default_rng(5)
    data = truth(name, 4, 2).data
    with double():
        params = {n: jnp.asarray(data[n]) for n in module.PARAMS}
        targets = {s.name for s in model(name).system.named("target")}
        given = {n: jnp.asarray(data[n]) for n in module.INPUTS if n not in targets}
        outputs, states = module.forward(params, **given)
        assert set(states) == set(state_names(model(name)))
        given |= {n: jnp.asarray(rng.normal(size=a.shape)) for n, a in states.items()}
        weights = jax.tree.map(lambda a: rng.normal(size=a.shape), (outputs, states))

        def weighed(point: Any) -> Any:
            found = module.forward(point[0], **point[1])
            return sum(jax.tree.leaves(jax.tree.map(lambda a, w: (a * w).sum(), found, weights)))

        value, point = jax.jit(weighed), (params, given)
        way = jax.tree.map(lambda a: rng.normal(size=a.shape), point)
        grads = jax.grad(value)(point)
        slope = sum(jax.tree.leaves(jax.tree.map(lambda g, w: (g * w).sum(), grads, way)))

        def moved(by: float) -> Any:
            return value(jax.tree.map(lambda a, w: a + by * w, point, way))

        ahead, behind = moved(1e-5), moved(-1e-5)
        assert abs((ahead - behind) / 2e-5 - slope) <= 1e-6 * abs(slope)


@needs_jax
@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("lstm", Features()),
        ("birnn", Features(batch_first=True)),
        ("char", Features(forward_only=True)),
        ("char", Features(ids=("x", "y"))),
    ],
    ids=str,
)
def test_it_keeps_the_contract_with_numpy_around_it(name: str, features: Features) -> None:
    report = model(name).verify(3, backend="jax", **features)
    assert report.holds, str(report)


NO_LOSS = "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-2] * u + h[t-1] @ U)\ny[t] = h[t] @ Z\n"


@needs_jax
def test_states_of_several_steps_kept_inputs_and_no_loss() -> None:
    report = symrnn.parse(NO_LOSS).verify(4, True, wrt=("x", "h0"), backend="jax")
    assert report.holds, str(report)


@needs_jax
def test_a_text_that_stops_derivatives() -> None:
    report = symrnn.parse(STOPPED).verify(3, backend="jax")
    assert report.holds, str(report)


@needs_jax
def test_a_parameter_that_nothing_needs_has_no_gradient() -> None:
    text = "unused: parameter\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nq[t] = h[t] * unused\n"
    module = symrnn.parse(text + "L = mse(y, h[T])").kernel(4, True, backend="jax")
    rng = np.random.default_rng(0)
    shapes = {"D": 2, "H": 3, "T": 4, "B": 1}
    every = {**module.PARAMS, **module.INPUTS}
    data = {n: rng.normal(size=[shapes.get(a, 3) for a in axes]) for n, axes in every.items()}
    params = {n: data[n] for n in module.PARAMS}
    _, grads = graded(module)(params, {n: data[n] for n in module.INPUTS})
    assert not grads["unused"].any()
    assert grads["W"].any()


@needs_jax
def test_one_step_after_the_other_is_all_of_them() -> None:
    module, data = file_of("lstm", 4, True), truth("lstm", 4, 2).data
    params = {n: data[n] for n in module.PARAMS}
    with double():
        outputs, wanted = module.forward(params, x=data["x"])
        states: dict[str, Any] = {}
        for x in data["x"]:
            last, states = module.step(params, x=x, **states)
        assert apart((last, states), (outputs, wanted)) <= ALLOWED


def test_it_is_printed_where_there_is_no_jax() -> None:
    source = model("lstm").generate(20, backend="jax")
    assert "import jax\n" in source
    assert "import numpy" not in source
    assert compile(source, "lstm", "exec")
    assert source == model("lstm").generate(20, backend="jax")


def test_a_kernel_without_jax_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(UsageError, match=r"the back end jax needs JAX, .*; pip install jax"):
        model("elman").kernel(3, backend="jax")


@pytest.mark.parametrize("features", [Features(truncate=2), Features(checkpoint=True)], ids=str)
def test_what_it_has_not_is_refused(features: Features) -> None:
    with pytest.raises(UsageError, match="the back end jax has no kernels with --"):
        model("elman").generate(9, backend="jax", **features)


def test_it_is_one_file_for_all_sizes() -> None:
    with pytest.raises(
        UsageError, match="back end jax is one for all sizes; expected batch, dtype"
    ):
        model("elman").kernel(3, backend="jax", batch=2, D=2, H=3, C=1)
