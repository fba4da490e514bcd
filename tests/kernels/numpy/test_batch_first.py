"""Kernels that take (B, T, D) and not (T, B, D): the same numbers, and one copy at most."""

import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from tests.cases import ZOO, model, state_names

SIZES = {"D": 3, "H": 2, "C": 1}
NO_LOSS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b); yhat[t] = h[t] @ V"


def drawn(module: ModuleType, steps: int, batch: int) -> dict[str, Array]:
    """Numbers with the steps first, as a plain kernel has them."""
    rng = np.random.default_rng(3)
    known = {"T": steps, "B": batch, **{name: 2 + i % 3 for i, name in enumerate(module.DIMS)}}
    tables = {**module.INPUTS, **module.STATES}
    return {n: module._draw(rng, n, module._sizes(axes, known)) for n, axes in tables.items()}


def turned(plain: ModuleType, arrays: dict[str, Array]) -> dict[str, Array]:
    """The same with the sequences first, each in memory of its own."""
    tables = {**plain.INPUTS, **plain.OUTPUTS}
    return {
        name: np.ascontiguousarray(a.swapaxes(0, 1)) if tables.get(name, "")[:1] == ("T",) else a
        for name, a in arrays.items()
    }


def same(ours: dict[str, Array], theirs: dict[str, Array]) -> bool:
    assert ours.keys() == theirs.keys()
    return all(np.allclose(ours[name], theirs[name], rtol=1e-13, atol=1e-15) for name in theirs)


def test_the_tables_say_so() -> None:
    module = model("char").kernel(4, batch_first=True)
    assert module.INPUTS == {"x": ("B", "T", "D"), "y": ("B", "T", "C")}
    assert module.OUTPUTS == {"yhat": ("B", "T", "C")}
    assert module.STATES == {"h0": ("B", "H")}
    assert symrnn.parse("h[t] = tanh(x[t] + h[t-2])").kernel(3, batch_first=True).STATES == {
        "h0": (2, "B", "D")
    }


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", ZOO)
def test_it_gives_what_the_plain_kernel_gives(name: str, loops: bool) -> None:
    wrt = ("x", *state_names(model(name)))
    for steps in (1, 2, 7):
        plain = model(name).kernel(steps, loops, wrt)
        other = model(name).kernel(steps, loops, wrt, batch_first=True)
        params = plain.init_params(1, **{n: 2 + i % 3 for i, n in enumerate(plain.DIMS)})
        for batch in (1, 3):
            given = drawn(plain, steps, batch)
            loss, grads = other.loss_and_grads(params, **turned(plain, given))
            wanted, slopes = plain.loss_and_grads(params, **given)
            assert loss == pytest.approx(wanted, rel=1e-13)
            assert grads["x"].shape == (batch, steps, given["x"].shape[-1])
            assert same(grads, turned(plain, slopes))
            some = {k: v for k, v in given.items() if k not in plain.TARGETS}
            outputs, states = other.forward(params, **turned(plain, some))
            there, left = plain.forward(params, **some)
            assert same(outputs, turned(plain, there))
            assert same(states, left)
        assert all(e <= allowed for e, allowed in other.self_check(batch=3).values())


def test_cotangents_come_in_the_same_order() -> None:
    plain, other = (symrnn.parse(NO_LOSS).kernel(4, wrt="x", batch_first=b) for b in (False, True))
    params = plain.init_params(1, **{n: 2 + i for i, n in enumerate(plain.DIMS)})
    given = drawn(plain, 4, 3)
    shape = plain.forward(params, **given)[0]["yhat"].shape
    weights = {"yhat": np.random.default_rng(0).normal(size=shape)}
    wanted = plain.vjp(params, weights, **given)
    found = other.vjp(params, turned(plain, weights), **turned(plain, given))
    assert same(found, turned(plain, wanted))
    nothing = other.vjp(params, {}, **turned(plain, given))
    assert not any(value.any() for value in nothing.values())


@pytest.mark.parametrize("name", ["elman", "lstm", "birnn", "char"])
def test_it_is_verified_like_the_others(name: str) -> None:
    assert model(name).verify(3, wrt="x", batch_first=True).holds
    assert model(name).verify(9, loops=True, batch_first=True, forward_only=True).holds
    assert symrnn.parse(NO_LOSS).verify(3, wrt="x", batch_first=True).holds


# copies


def kernel_of(name: str, steps: int, batch: int, **features: Any) -> tuple[Any, Array, Array]:
    """A kernel, and inputs for it with the sequences first in memory, and with the steps first."""
    module = model(name).kernel(steps, batch_first=True, **features)
    kernel = module.Kernel(batch, D=64, H=4, C=1)
    x = np.random.default_rng(0).normal(size=(batch, steps, 64))
    return kernel, x, np.ascontiguousarray(x.swapaxes(0, 1)).swapaxes(0, 1)


@pytest.mark.parametrize("forward_only", [False, True])
def test_a_second_call_copies_into_what_is_there(forward_only: bool) -> None:
    for name in ("elman", "gru"):
        kernel, *orders = kernel_of(name, 100, 16, forward_only=forward_only)
        for x in orders:
            kernel.forward(x=x)
            tracemalloc.start()
            kernel.forward(x=x)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < x.nbytes / 4


def handed_over(kernel: Any, x: Array) -> Array:
    """What the passes are given for x."""
    _, found = kernel._ready({"x": x}, ("x",))
    return np.asarray(found[0])


def test_what_lies_with_its_steps_first_is_used_where_it_is() -> None:
    kernel, x, ready = kernel_of("elman", 20, 3)
    assert np.shares_memory(handed_over(kernel, ready), ready)
    copy = handed_over(kernel, x)
    assert not np.shares_memory(copy, x)
    assert np.array_equal(copy, ready.swapaxes(0, 1))
    assert np.shares_memory(copy, handed_over(kernel, x + 1))  # one place for all calls


def test_what_is_read_step_by_step_is_read_where_it_is() -> None:
    kernel, x, _ = kernel_of("elman", 20, 3, forward_only=True)
    assert np.shares_memory(handed_over(kernel, x), x)
    assert "matmul(x_t, w_i" in model("elman").generate(20, batch_first=True, forward_only=True)


def test_what_the_kernel_copies_anyway_is_not_copied_before() -> None:
    module = symrnn.parse("h[t] = tanh(x[t] * h[t-1] @ U + h[t-1]); L = mse(y, h[T])").kernel(
        20, batch_first=True
    )
    kernel = module.Kernel(3, D=4)
    x = np.random.default_rng(0).normal(size=(3, 20, 4))
    assert module._STRIDED == ("x",)
    assert np.shares_memory(handed_over(kernel, x), x)


def test_lists_other_dtypes_and_odd_strides_are_read() -> None:
    module = model("elman").kernel(4, batch_first=True)
    params = module.init_params(0, **SIZES)
    x = np.arange(24).reshape(2, 4, 3)
    y = np.array([[1.0], [0.0]])
    wanted = module.loss(params, x=x.astype(float), y=y)
    wide = np.zeros((2, 8, 3))
    wide[:, ::2] = x
    for other in (x, x.tolist(), np.asfortranarray(x, float), wide[:, ::2], x.astype(np.float32)):
        assert module.loss(params, x=other, y=y) == wanted


def test_outputs_are_views_of_the_kernel() -> None:
    module = model("char").kernel(9, batch_first=True)
    kernel = module.Kernel(2, D=3, H=4, C=5)
    outputs, _ = kernel.forward(x=np.ones((2, 9, 3)))
    assert outputs["yhat"].shape == (2, 9, 5)
    assert outputs["yhat"].base is not None
    again, _ = kernel.forward(x=np.ones((2, 9, 3)))
    assert np.shares_memory(outputs["yhat"], again["yhat"])


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": np.ones((4, 2, 3))}, ValueError, r"x has 4 sequences; expected 1 to 2"),
    ({"x": np.ones((2, 5, 3))}, ValueError, r"x has shape \(2, 5, 3\); expected \(2, 4, 3\)"),
    ({"x": np.ones((2, 3))}, ValueError, r"x has shape \(2, 3\); expected the axes \(B, T, D\)"),
    ({"x": np.ones((2, 4, 3), complex)}, TypeError, "x is complex, and the kernel works in float"),
    ({"x": np.full((2, 4, 3), "a")}, TypeError, "x holds <U1; expected numbers"),
]


@pytest.mark.parametrize(("inputs", "kind", "message"), BAD)
def test_bad_inputs_are_named(inputs: dict[str, Any], kind: type[Exception], message: str) -> None:
    kernel = model("elman").kernel(4, batch_first=True).Kernel(2, **SIZES)
    with pytest.raises(kind, match=message):
        kernel.forward(**inputs)
