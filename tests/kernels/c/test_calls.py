"""Calls from Python that come again: nothing of the call before stays, and steps in C are those of
a loop in Python."""

from typing import Any

import numpy as np
import pytest

import symrnn

Inputs = dict[str, Any]


def kernels(name: str, steps: int, **features: Any) -> tuple[Any, Any]:
    """The same kernel of both back ends, with the same parameters."""
    made = [symrnn.load(name).kernel(steps, backend=b, **features) for b in ("c", "numpy")]
    dims = {dim: 2 + n for n, dim in enumerate(made[0].DIMS)}
    own = [module.Kernel(3, **dims) for module in made]
    for kernel in own:
        for key, value in made[0].init_params(1, **dims).items():
            kernel.params[key][...] = value
    return own[0], own[1]


def drawn(kernel: Any, seed: int, ahead: tuple[int, ...] = (), batch: int = 3) -> Inputs:
    file = type(kernel).forward.__globals__
    sizes, rng = {"T": file["STEPS"], "B": batch, **kernel.dims}, np.random.default_rng(seed)
    found: Inputs = {}
    for name, axes in file["_EVERY"].items():
        shape = (*ahead, *file["_sizes"](axes, sizes))
        found[name] = rng.uniform(0.1, 0.9, shape)
        if name in file.get("IDS", {}):
            found[name] = rng.integers(2, size=shape)
    return found


@pytest.mark.parametrize("features", [{}, {"batch_first": True}], ids=str)
def test_a_training_step_knows_nothing_of_the_one_before(features: dict[str, Any]) -> None:
    """Other numbers, states left out after they were there, other batches, dtypes and strides."""
    ours, theirs = kernels("elman", 3, **features)
    first = drawn(ours, 0)
    without = {name: value for name, value in drawn(ours, 1).items() if name != "O0"}
    strided = {name: np.repeat(value, 2, -1)[..., ::2] for name, value in first.items()}
    single = {name: value.astype(np.float32) for name, value in first.items()}
    calls = [first, first, without, without, first, strided, single, drawn(ours, 2, batch=2)]
    calls += [{**without, "O0": None}, without, {k: first[k] for k in ("y", "x")}]
    for inputs in calls:
        loss, grads = ours.loss_and_grads(**inputs)
        wanted, slopes = theirs.loss_and_grads(**inputs)
        assert abs(loss - wanted) < 1e-14
        for name, slope in slopes.items():
            np.testing.assert_allclose(grads[name], slope, 0, 1e-14)
    ours.loss_and_grads(**without)
    ours.forward(x=first["x"], O0=first["O0"])
    assert abs(ours.loss_and_grads(**without)[0] - theirs.loss_and_grads(**without)[0]) < 1e-14


def test_what_is_refused_at_first_is_refused_again() -> None:
    kernel, _ = kernels("elman", 3)
    good = {name: value for name, value in drawn(kernel, 0).items() if name != "O0"}
    x, y = good["x"], good["y"]
    kernel.loss_and_grads(**good)
    wrong: list[tuple[Inputs, type[Exception], str]] = [
        ({"x": x, "y": y[:1]}, ValueError, r"y has shape \(1, 4\); expected \(3, 4\)"),
        ({"x": x + 0j, "y": y}, TypeError, "x is complex"),
        ({"x": x}, TypeError, "y is missing"),
        ({"x": x, "z": y}, TypeError, "'z' is no input"),
        ({"x": np.ma.masked_array(x), "y": y}, TypeError, "x is a masked array"),
        ({"x": x, "y": np.full_like(y, np.nan)}, ValueError, "y holds nan"),
        ({"x": x, "y": kernel.outputs["yhat"]}, ValueError, "y lies in this kernel's own yhat"),
    ]
    for inputs, kind, said in wrong:
        expected = kernel.loss_and_grads(**good)[0]
        with pytest.raises(kind, match=said):
            kernel.loss_and_grads(**inputs)
        assert kernel.loss_and_grads(**good)[0] == expected


@pytest.mark.parametrize(
    ("name", "features"),
    [("elman", {}), ("char", {"ids": ("x", "y")}), ("gru", {"batch_first": True})],
    ids=str,
)
def test_fit_takes_the_steps_of_a_loop_in_python(name: str, features: dict[str, Any]) -> None:
    ours, theirs = kernels(name, 4, **features)
    batches = drawn(ours, 0, ahead=(5,))
    found = ours.fit(0.1, 3, **batches)
    for _ in range(3):
        losses = []
        for i in range(5):
            loss, grads = theirs.loss_and_grads(**{k: value[i] for k, value in batches.items()})
            losses.append(loss)
            for key, grad in grads.items():
                theirs.params[key][...] -= 0.1 * grad
    assert abs(found - np.mean(losses)) < 1e-14
    for key, value in theirs.params.items():
        np.testing.assert_allclose(ours.params[key], value, 0, 1e-14)


def test_fit_says_what_it_cannot_do() -> None:
    kernel, _ = kernels("elman", 3)
    x, y, state = drawn(kernel, 0, ahead=(2,)).values()
    assert kernel.fit(0.1, x=x, y=y) != kernel.fit(0.1, x=x, y=y, O0=state)
    wrong: list[tuple[Inputs, type[Exception], str]] = [
        ({}, TypeError, "x is missing"),
        ({"x": x, "y": y[:1]}, ValueError, r"y has shape \(1, 3, 4\); expected as many batches"),
        ({"x": x[:0], "y": y[:0]}, ValueError, "1 or more"),
        ({"x": x, "y": np.float64(1)}, ValueError, r"y has shape \(\)"),
        ({"x": x[0], "y": y[0]}, ValueError, "x has shape"),
        ({"x": x, "y": y, "z": y}, TypeError, "'z' is no input"),
        ({"x": x, "y": y + 0j}, TypeError, "y is complex"),
        ({"x": x, "y": np.where(y > 0.5, np.nan, y)}, ValueError, "y holds nan"),
    ]
    for inputs, kind, said in wrong:
        with pytest.raises(kind, match=said):
            kernel.fit(0.1, **inputs)
