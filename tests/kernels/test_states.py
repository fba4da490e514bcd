"""States of every kind, handed in and handed on: those that the loss alone reads, those of several
steps with their gradients, and inputs of earlier steps."""

import random
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

import symrnn
from symrnn.errors import DataError, SymrnnError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.settings import Features
from symrnn.kernels.verification.case import case
from symrnn.language.arrays import Array
from symrnn.model import Model
from tests.cases import ZOO, model, state_names
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.in_floats import far_off

DRAWS = draws(20, 100, 2000)
WAYS: list[dict[str, Any]] = [
    {},
    {"lengths": True},
    {"checkpoint": True},
    {"forward_only": True},
    {"batch_first": True},
    {"truncate": 2},
    {"lengths": True, "batch_first": True},
    {"forward_only": True, "batch_first": True},
]


def wrong(mine: Model, steps: int, loops: bool | None, seed: int = 0, **way: Any) -> list[str]:
    """What is wrong with a kernel that is given all its states, and asked for all gradients."""
    inputs = [s.name for s in mine.system.named("input") if s.name not in way.get("ids", ())]
    wrt = () if way.get("forward_only") else (*inputs, *state_names(mine))
    wrt = tuple(n for n in wrt if n.rstrip("0123456789") not in way.get("ids", ()))
    made = case(mine.written, steps, wrt, 2, {}, seed, cast(Features, way))
    loops = None if way.get("checkpoint") or way.get("lengths") else loops
    return far_off(mine.kernel(steps, loops, wrt, **way), made)


def wrong_in_some_way(mine: Model, leave: Sequence[str] = (), **more: Any) -> dict[str, list[str]]:
    """The same for every way to make a kernel but some, with few steps and more, loops and not."""
    found = {}
    for place, way in enumerate(WAYS):
        if not way.keys() & set(leave):
            steps, loops = (1, 2, 5)[place % 3], place % 2 == 0
            found[f"{way} T = {steps}"] = wrong(mine, steps, loops, **way, **more)
    return {said: own for said, own in found.items() if own}


# what only the loss reads

LOSS_ONLY = {
    "lag": "h[t] = tanh(x[t] @ W + h[t-1] @ U); out[t] = h[t] @ V; y: target\n"
    "L = mean(rowsum(square(y[t] - out[t] - out[t-1])))",
    "lags": "h[t] = tanh(x[t] @ W + h[t-1] @ U); out[t] = h[t] @ V\n"
    "L = mean(rowsum(square(out[t-3] - out[t] * out[t-1])))",
    "nothing else": "out[t] = x[t] @ V; L = mean(rowsum(square(out[t])))",
    "errors": "out[t] = x[t] @ V; e[t] = y[t] - out[t]; y: target\n"
    "L = mean(rowsum(square(e[t] - e[t-1])))",
    "backwards": "q[t] = tanh(x[t] @ W + q[t+1] @ U); out[t] = q[t] @ V\n"
    "L = mean(rowsum(square(out[t] - out[t-2])))",
    "target": "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mean(mse(y[t-1], h[t] @ V)); y: target",
}


@pytest.mark.parametrize("name", LOSS_ONLY)
def test_states_that_only_the_loss_reads(name: str) -> None:
    refused = ["checkpoint"] * (name == "backwards")
    assert wrong_in_some_way(symrnn.parse(LOSS_ONLY[name], name), refused) == {}


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_with_a_state_that_only_the_loss_reads(name: str) -> None:
    lines = model(name).text.splitlines()
    loss = next(line for line in lines if line.replace(" ", "").startswith("L="))
    state = next(ref.name for ref in symrnn.system.initial_states(model(name).system).values())
    added = [
        f"extra[t] = {state}[t] @ V_extra; extra: 3",
        f"{loss} + 0.1 * mean(rowsum(square(extra[t] - extra[t-1] * extra[t-2])))",
    ]
    mine = symrnn.parse("\n".join([*(line for line in lines if line != loss), *added]), name)
    assert "extra0" in state_names(mine)
    for way in (WAYS[ZOO.index(name) % len(WAYS)], WAYS[0]):
        if not (way.get("checkpoint") and name in BOTH_WAYS):
            assert wrong(mine, 4, True, **way) == [], way


def test_a_model_that_gives_nothing_has_every_function_and_no_step() -> None:
    module = symrnn.parse(LOSS_ONLY["nothing else"], "none").kernel(3)
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 2))
    x = np.ones((3, 1, 2))
    assert module.forward(params, x=x) == ({}, {})
    assert module.loss(params, x=x) == module.loss_and_grads(params, x=x)[0]
    assert module.NO_STEP == (
        "none has no step: nothing comes out of it: there are neither outputs nor states"
    )


def test_a_state_that_needs_a_target_asks_for_it() -> None:
    module = symrnn.parse(LOSS_ONLY["errors"]).kernel(3)
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 2))
    with pytest.raises(TypeError, match=r"y is missing; expected an array of shape \(3, 1, 2\)"):
        module.forward(params, x=np.ones((3, 1, 2)))


# gradients by states of several steps

BOTH_WAYS = ["bilstm", "birnn"]
LAGS = {
    "one and two": "v[t] = tanh(a * v[t-1] + b * v[t-2] + x[t] @ W); L = mean(mse(y[t], v[t]))",
    "two alone": "v[t] = tanh(b * v[t-2] + x[t] @ W); L = mse(y, v[T])",
    "far": "v[t] = tanh(v[t-1] @ A + v[t-4] @ B + x[t] @ W); L = mse(y, v[T])",
    "backwards": "q[t] = tanh(q[t+1] @ A + q[t+3] @ B + x[t] @ W); L = mse(y, q[1])",
    "both ways": "v[t] = tanh(v[t-2] @ A + x[t] @ W); q[t] = tanh(q[t+1] @ B + q[t+2] * c + v[t])\n"
    "L = mse(y, v[T] + q[1])",
}


@pytest.mark.parametrize("name", LAGS)
def test_a_gradient_by_a_state_has_the_shape_of_the_state(name: str) -> None:
    mine = symrnn.parse(LAGS[name], name)
    keys, steps = state_names(mine), 3
    backwards = ["checkpoint"] * (name in ("backwards", "both ways"))
    assert wrong_in_some_way(mine, ["forward_only", *backwards]) == {}
    module = mine.kernel(steps, wrt=keys)
    assert tuple(module.STATES) == keys
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 2))
    sizes = {"T": steps, "B": 3, **dict.fromkeys(module.DIMS, 2)}
    given = {
        key: np.ones([sizes.get(a, a) for a in axes])
        for key, axes in {**module.INPUTS, **module.STATES}.items()
    }
    _, grads = module.loss_and_grads(params, **given)
    assert {key: grads[key].shape for key in keys} == {key: given[key].shape for key in keys}
    assert all(error <= allowed for error, allowed in module.self_check().values())


def test_verify_sees_a_gradient_that_is_shaped_otherwise() -> None:
    from symrnn.kernels.verification.generated import verify_source

    source = symrnn.parse(LAGS["one and two"], "two").generate(3, wrt="v0")
    assert verify_source(source, "two").holds
    changed = source.replace('"v0": d_v0_steps', '"v0": d_v0_steps[0]')
    assert changed != source
    said = str(verify_source(changed, "two"))
    assert "gradient v0 has shape (2, 2), not (2, 2, 2)" in said


def test_a_part_of_a_state_is_no_name() -> None:
    with pytest.raises(UsageError, match=r"'vm1' is no input or state .*part of v0, of 2 steps"):
        symrnn.parse(LAGS["one and two"]).generate(3, wrt="vm1")


# inputs of earlier steps

EARLIER = {
    "fir": "u[t] = x[t] @ A + x[t-1] @ B + x[t-2] @ C0",
    "qrnn": "z[t] = tanh(x[t-1] @ A + x[t] @ B); f[t] = sigmoid(x[t-1] @ C0 + x[t] @ E)\n"
    "h[t] = f[t] * h[t-1] + (1 - f[t]) * z[t]; yhat = h[T] @ V; L = mse(y, yhat)",
    "token shift": "k[t] = (m * x[t] + (1 - m) * x[t-1]) @ K\n"
    "h[t] = tanh(k[t] + h[t-1] @ U); yhat[t] = h[t] @ V; L = mean(mse(y[t], yhat[t]))",
    "narx": "yhat[t] = tanh(x[t] @ W + x[t-1] @ V + y[t-1] @ U + y[t-2] @ Q)\n"
    "L = mean(mse(y[t], yhat[t]))",
    "later too": "h[t] = tanh(x[t-1] @ A + x[t+1] @ B + h[t-1] @ U); L = mean(mse(y[t], h[t]))",
    "backwards": "q[t] = tanh(q[t+1] @ U + x[t-1] @ A + x[t] @ B); L = mse(y, q[1])",
    "summed": "p = mean(x[t-1] * b); h[t] = tanh(x[t] @ A + h[t-1] @ U); L = mse(y, h[T] @ V + p)",
}


@pytest.mark.parametrize("name", EARLIER)
def test_inputs_of_earlier_steps_are_states(name: str) -> None:
    mine = symrnn.parse(EARLIER[name], name)
    assert "x0" in state_names(mine)
    refused = ["checkpoint"] * (name in ("fir", "later too", "backwards"))
    assert wrong_in_some_way(mine, refused) == {}


@pytest.mark.parametrize("name", ["fir", "qrnn", "token shift", "narx"])
def test_windows_in_a_row_are_one_long_sequence(name: str) -> None:
    """Held against the text alone, which knows of no states."""
    mine = symrnn.parse(EARLIER[name], name)
    module = mine.kernel(3)
    assert module.CAUSAL
    sizes = {n: 2 + i for i, n in enumerate(module.DIMS)}
    params = module.init_params(1, **sizes)
    rng = np.random.default_rng(0)
    data = {
        key: rng.normal(size=(*((12,) if axes[0] == "T" else ()), 2, sizes[axes[-1]]))
        for key, axes in module.INPUTS.items()
    }
    wanted = interpret(mine.system, {**params, **data})
    data = {key: value for key, value in data.items() if key in module._STEP}
    kernel = module.Kernel(2, **sizes)
    for key, value in params.items():
        kernel.params[key][...] = value
    states: dict[str, Array] = {}
    found: dict[str, list[Array]] = {}
    for start in range(0, 12, 3):
        window = {key: value[start : start + 3] for key, value in data.items()}
        outputs, states = kernel.forward(**window, **states)
        for key, value in outputs.items():
            found.setdefault(key, []).append(np.array(value))
    for key, own in found.items():
        timed = module.OUTPUTS[key][0] == "T"
        assert np.allclose(np.concatenate(own) if timed else own[-1], wanted[key], rtol=1e-12)
    steps: dict[str, Array] = {}
    for t in range(12):
        outputs, steps = kernel.step(**{key: value[t] for key, value in data.items()}, **steps)
    for key, value in states.items():
        assert np.allclose(steps[key], value, rtol=1e-12)


def test_a_loss_over_windows_is_that_of_the_whole() -> None:
    """Targets of earlier steps, and errors of the step before, come from the window before."""
    for name in ("target", "errors", "lag"):
        mine = symrnn.parse(LOSS_ONLY[name], name)
        short, whole = mine.kernel(3), mine.kernel(9)
        sizes = {n: 2 + i for i, n in enumerate(short.DIMS)}
        params = short.init_params(1, **sizes)
        rng = np.random.default_rng(0)
        data = {key: rng.normal(size=(9, 2, sizes[a[-1]])) for key, a in short.INPUTS.items()}
        kernel = short.Kernel(2, **sizes)
        for key, value in params.items():
            kernel.params[key][...] = value
        states: dict[str, Array] = {}
        losses = []
        for start in (0, 3, 6):
            window = {key: value[start : start + 3] for key, value in data.items()}
            losses.append(kernel.loss(**window, **states))
            states = kernel.states
        assert np.mean(losses) == pytest.approx(whole.loss(params, **data), rel=1e-13)


IDS = {
    "both": (
        "h[t] = tanh(x[t] @ E + x[t-1] @ F + h[t-1] @ U)\nL = mean(ce(y[t], softmax(h[t] @ V)))",
        ("x", "y"),
    ),
    "later": ("h[t] = tanh(x[t-2] @ F + x[t+1] @ E); L = mse(y, h[T])", ("x",)),
    "two back": ("h[t] = tanh(x[t-2] @ G + h[t-1] @ U); L = mse(y, h[T])", ("x",)),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_of_earlier_steps_are_ids(name: str) -> None:
    text, ids = IDS[name]
    assert wrong_in_some_way(symrnn.parse(text, name), ["checkpoint"], ids=ids) == {}


def test_where_no_id_has_been_the_state_is_minus_one() -> None:
    text, ids = IDS["two back"]
    module = symrnn.parse(text).kernel(2, ids=ids)
    assert module.STATES == {"x0": (2, "B"), "h0": ("B", "C")}
    assert module.IDS == {"x": "D", "x0": "D"}
    params = module.init_params(0, D=4, C=3)
    x = np.array([[1, 2], [3, 0]])
    outputs, states = module.forward(params, x=x)
    assert not outputs["h"].any()
    assert states["x0"].tolist() == x.tolist()
    none = np.full((2, 2), -1)
    assert np.array_equal(module.forward(params, x=x, x0=none)[0]["h"], outputs["h"])
    with pytest.raises(ValueError, match="x0 holds -2 to -1; expected ids from 0 to 3, or -1 for"):
        module.forward(params, x=x, x0=none - [[0], [1]])


def test_truncate_cuts_no_input() -> None:
    report = symrnn.parse(EARLIER["token shift"]).verify(6, wrt=("x", "x0"), truncate=2)
    assert report.holds


# systems drawn at random


@pytest.mark.parametrize("seed", range(DRAWS))
def test_a_random_system_hands_its_states_on(seed: int) -> None:
    choose = random.Random(seed)
    mine = symrnn.parse(
        Writer(choose, rough=seed % 4 == 0, lagged=seed % 2 == 0, attention=True).text(), "drawn"
    )
    steps, way = choose.randint(1, 5), WAYS[seed % len(WAYS)]
    try:
        assert wrong(mine, steps, choose.random() < 0.5, seed, **way) == []
    except DataError:
        pytest.skip("no finite numbers")
    except SymrnnError:
        if not (way.get("checkpoint") or way.get("truncate")):
            raise
