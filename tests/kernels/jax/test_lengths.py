"""JAX files for sequences of different lengths: held against the text, one sequence at a time, and
under JAX's transformations, in which lengths are numbers as all others are."""

import random
from functools import cache
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.settings import Features
from symrnn.kernels.verification.generated import verify_source
from tests.cases import ZOO, model
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.jax.library import apart, needs_jax

STEPS = 6
LENGTHS = (6, 1, 3, 2)
EXACT = 1e-5
"""How far two ways to work out the same in float32 may be apart."""


@needs_jax
@pytest.mark.parametrize("name", ZOO)
def test_it_gives_what_the_text_says_for_each_sequence_by_itself(name: str) -> None:
    of = model(name)
    wrt = tuple(symbol.name for symbol in of.system.named("input"))
    report = of.verify(STEPS, wrt=wrt, batch=4, backend="jax", lengths=True)
    assert report.holds, str(report)


LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); p = h[T-1] @ V; L = mse(y, p)"
ALONE = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"
KEPT = (
    "h[t] = tanh(x[t] @ W + x[t-2] @ V + h[t-1] @ U + q[t+1]); q[t] = tanh(x[t] @ R + q[t+1] @ S);"
    " p = h[T] @ Z + q[2] @ S; L = mse(y, p) + mean(mse(x[t+1], h[t] @ A))"
)
BEYOND = (
    "g[t] = tanh(x[t] @ W); g[T+1] = x[T] @ V; g[0] = x[1] @ A; h[t] = h[t-1] + g[t+1] * g[t-1];"
    " L = mean(mse(y[t], h[t]))"
)
FIXED = "E: fixed; h[t] = tanh(x[t] @ W + E * h[t-1]); L = mse(y, h[T] @ V)"
GROWS = "h[t] = 9 * h[t-1] + x[t] @ W; L = mse(y, h[T])"
NAMED = (
    "came_m1[t] = tanh(alive[t] @ W + came_m1[t-1] @ long_1); ends_0 = came_m1[T] @ V;"
    " L = mse(alive_2, ends_0)"
)
DIVIDED = "s[t] = s[t-1] + exp(x[t] @ W); h[t] = h[t-1] + u / s[t]; L = mean(mse(y[t], h[t]))"


@needs_jax
@pytest.mark.parametrize(
    ("text", "wrt", "features"),
    [
        (LAGS, ("h0", "x"), Features(batch_first=True)),
        (ALONE, ("h0", "x"), Features()),
        (KEPT, ("x",), Features()),
        (BEYOND, ("x",), Features(batch_first=True)),
        (FIXED, ("x", "E"), Features()),
        (DIVIDED, ("x",), Features()),
        (NAMED, ("alive",), Features()),
    ],
)
def test_what_a_file_can_do_beside(text: str, wrt: tuple[str, ...], features: Features) -> None:
    of = symrnn.parse(text)
    asked: Features = {**features, "lengths": True}
    report = of.verify(5, wrt=wrt, batch=3, backend="jax", **asked)
    assert report.holds, str(report)


@needs_jax
def test_a_state_of_more_steps_than_there_are() -> None:
    far = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-3]); L = mse(y, h[T-2] @ V)"
    report = symrnn.parse(far).verify(2, wrt=("x", "h0"), backend="jax", lengths=True)
    assert report.holds, str(report)


@needs_jax
def test_class_ids() -> None:
    report = model("char").verify(4, batch=3, backend="jax", lengths=True, ids=("x", "y"))
    assert report.holds, str(report)


@needs_jax
@pytest.mark.parametrize("seed", range(draws(1, 4, 200)))
def test_a_random_system(seed: int) -> None:
    choose = random.Random(seed)
    of = symrnn.parse(Writer(choose, rough=False, attention=True).text())
    steps, batch = choose.randint(2, 6), choose.randint(1, 4)
    wrt = tuple(symbol.name for symbol in of.system.named("input"))
    report = of.verify(steps, None, wrt, batch, seed=seed, backend="jax", lengths=True)
    wrong = [check for check in report.checks if check.holds is False]
    assert not [check for check in wrong if check.what != "its own check"], str(report)


@needs_jax
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"alive": lambda k: t <= ends', '"alive": lambda k: t < ends'),
        ('"came": lambda k: t + k <= ends', '"came": lambda k: t <= ends'),
        ('"ends": lambda k: t == ends + k', '"ends": lambda k: t == STEPS + k'),
        ("given[name] = _filled(given[name], lengths)", "pass"),
    ],
)
def test_a_file_that_gets_lengths_wrong_does_not_hold(right: str, wrong: str) -> None:
    source = model("birnn").generate(5, backend="jax", lengths=True)
    assert source.count(right) == 1
    assert not verify_source(source.replace(right, wrong), "birnn.py", 4, {}, 0).holds


# under transformations


@cache
def made(name: str = "lstm", steps: int = STEPS) -> tuple[Any, Any, Any, Any]:
    """A file, parameters, inputs and targets."""
    import jax

    of = symrnn.parse(name) if "=" in name else model(name)
    module = of.kernel(steps, backend="jax", lengths=True)
    widths = {dim: 3 + place for place, dim in enumerate(module.DIMS)}
    params = module.init_params(0, **widths)
    x, y = (
        jax.random.uniform(
            jax.random.key(seed),
            [{"T": steps, "B": len(LENGTHS)}.get(a) or widths[a] for a in module.INPUTS[key]],
        )
        for seed, key in enumerate("xy")
    )
    return module, params, x, y


def padded(x: Any, with_what: float) -> Any:
    """Inputs with a number behind the end of each sequence."""
    import jax.numpy as jnp

    there = np.arange(len(x))[:, None] < np.array(LENGTHS)
    return jnp.where(there[..., None], x, with_what)


@needs_jax
def test_other_lengths_are_compiled_once() -> None:
    import jax

    module, params, x, y = made()
    traced = []

    def loss(params: Any, x: Any, lengths: Any) -> Any:
        traced.append(1)
        return module.loss(params, x=x, y=y, lengths=lengths)

    graded = jax.jit(jax.value_and_grad(loss, (0, 1)))
    found = [graded(params, x, np.array(own)) for own in (LENGTHS, (1, 2, 3, 4), (6, 6, 6, 6))]
    assert len(traced) == 1
    assert len({float(value) for value, _ in found}) == 3
    plain = model("lstm").kernel(STEPS, backend="jax")
    assert apart(found[2][0], plain.loss(params, x=x, y=y)) < EXACT
    assert apart(module.loss(params, x=x, y=y), found[2][0]) < EXACT


@needs_jax
@pytest.mark.parametrize("name", ["lstm", "birnn", GROWS, DIVIDED])
def test_what_is_behind_the_end_does_not_matter(name: str) -> None:
    """NaN is there, or numbers with which a recurrence would go on to infinity."""
    import jax

    steps = 300 if name == GROWS else STEPS
    module, params, x, y = made(name, steps)

    def both(x: Any) -> Any:
        loss = jax.value_and_grad(lambda p, x: module.loss(p, x=x, y=y, lengths=LENGTHS), (0, 1))
        return loss(params, x), module.forward(params, x=x, lengths=LENGTHS)

    wanted = jax.tree.leaves(both(padded(x, 0.0)))
    assert all(np.isfinite(value).all() for value in wanted)
    for behind in (np.nan, np.inf, 1e30):
        for found, true in zip(jax.tree.leaves(both(padded(x, behind))), wanted, strict=True):
            assert np.array_equal(found, true)


@needs_jax
def test_vmap_over_lengths() -> None:
    import jax
    import jax.numpy as jnp

    module, params, x, y = made("birnn")
    grad = jax.grad(lambda p, lengths: module.loss(p, x=x, y=y, lengths=lengths))
    several = jnp.array([LENGTHS, (1, 2, 3, 4)])
    found = jax.jit(jax.vmap(grad, (None, 0)))(params, several)
    for place, own in enumerate(several):
        assert apart(jax.tree.map(lambda a, n=place: a[n], found), grad(params, own)) < EXACT


@needs_jax
def test_each_device_has_the_lengths_of_its_sequences() -> None:
    import jax
    from jax.sharding import Mesh
    from jax.sharding import PartitionSpec as P

    module, params, x, y = made()
    mesh = Mesh(np.array(jax.devices()[:2]), ("data",))

    def share(params: Any, x: Any, y: Any, lengths: Any) -> Any:
        return jax.lax.pmean(module.loss(params, x=x, y=y, lengths=lengths), "data")

    specs = (P(), P(None, "data"), P("data"), P("data"))
    whole = jax.shard_map(share, mesh=mesh, in_specs=specs, out_specs=P())
    found = jax.jit(jax.grad(whole))(params, x, y, np.array(LENGTHS))
    wanted = jax.grad(lambda p: module.loss(p, x=x, y=y, lengths=LENGTHS))(params)
    assert apart(found, wanted) < EXACT


@needs_jax
def test_fewer_steps_may_come() -> None:
    module, params, x, y = made()
    short, long = (
        module.loss_and_grads(params, x=own, y=y, lengths=[3, 1, 2, 3]) for own in (x[:3], x)
    )
    assert apart(short, long) < EXACT
    every = module.loss(params, x=x[:3], y=y)
    assert apart(every, module.loss(params, x=x, y=y, lengths=[3, 3, 3, 3])) < EXACT


@needs_jax
@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([6, 1, 3], r"lengths are \(3,\), int32; expected 4 whole numbers"),
        ([6.0, 1.0, 3.0, 2.0], r"lengths are \(4,\), float32; expected 4 whole numbers"),
        ([7, 1, 3, 2], "lengths from 1 to 7; expected 1 to 6"),
        ([0, 1, 3, 2], "lengths from 0 to 3; expected 1 to 6"),
    ],
)
def test_lengths_that_are_none_are_refused(lengths: Any, said: str) -> None:
    module, params, x, y = made()
    with pytest.raises(ValueError, match=said):
        module.loss(params, x=x, y=y, lengths=lengths)


@needs_jax
def test_a_step_has_no_lengths() -> None:
    module, params, x, _ = made()
    module.step(params, x=x[0])
    with pytest.raises(TypeError, match="'lengths' is no input"):
        module.step(params, x=x[0], lengths=LENGTHS)


def test_lengths_of_one_step_are_refused() -> None:
    with pytest.raises(
        UsageError, match="jax has no kernel with lengths for 1 step; expected 2 or"
    ):
        model("elman").generate(1, backend="jax", lengths=True)
