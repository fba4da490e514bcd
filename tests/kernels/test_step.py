"""One step at a time: a chain of steps is the forward pass, and what stands in the way says so."""

import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.interpret.interpreter import interpret
from symrnn.language.arrays import Array
from symrnn.system import normal
from symrnn.system.states import is_causal, why_no_step
from tests.cases import ZOO, model
from tests.kernels.truth import truth

BACKWARD = ["bilstm", "birnn"]
STEPPED = [name for name in ZOO if name not in BACKWARD]
LAG = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-3])"
SIZES = {"D": 3, "H": 2, "C": 1}


def chain(
    module: ModuleType, params: dict[str, Array], inputs: dict[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The outputs of each step, and the states after the last; the first is given none."""
    each: list[dict[str, Array]] = []
    states: dict[str, Array] = {}
    for t in range(module.STEPS):
        now = {name: v[t] if module.INPUTS[name][0] == "T" else v for name, v in inputs.items()}
        outputs, states = module.step(params, **now, **states)
        each.append(outputs)
    timed = {name for name, axes in module.OUTPUTS.items() if axes[0] == "T"}
    found = {n: np.stack([e[n] for e in each]) if n in timed else v for n, v in each[-1].items()}
    return found, states


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("name", STEPPED)
def test_a_chain_of_steps_is_what_the_equations_say(name: str, steps: int) -> None:
    module = model(name).kernel(steps)
    for batch in (1, 4):
        true = truth(name, steps, batch)
        params = {key: true.data[key] for key in module.PARAMS}
        inputs = {key: true.data[key] for key in module._STEP if key in module.INPUTS}
        outputs, states = chain(module, params, inputs)
        _, last = module.forward(params, **inputs)
        for key, wanted in true.outputs.items():
            assert outputs[key].shape == wanted.shape
            assert np.allclose(outputs[key], wanted, rtol=1e-12, atol=1e-13)
        for key, wanted in last.items():
            assert np.allclose(states[key], wanted, rtol=1e-12, atol=1e-13)


def test_a_state_of_several_steps_may_be_the_kernels_own_array() -> None:
    module = symrnn.parse(LAG).kernel(5)
    kernel = module.Kernel(2, D=3, H=2)
    params = module.init_params(0, D=3, H=2)
    for name, value in params.items():
        kernel.params[name][...] = value
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    wanted, last = module.forward(params, x=x)
    states: dict[str, Array] = {}
    for t in range(5):
        outputs, states = kernel.step(x=x[t], **states)
        assert np.allclose(outputs["h"], wanted["h"][t], rtol=1e-13)
    assert states["h0"].shape == (3, 2, 2)
    assert np.allclose(states["h0"], last["h0"], rtol=1e-13)


def test_a_short_kernel_may_be_given_its_own_states_too() -> None:
    long, short = (symrnn.parse(LAG).kernel(steps) for steps in (6, 2))
    params = long.init_params(0, D=3, H=2)
    x = np.random.default_rng(0).normal(size=(6, 2, 3))
    kernel = short.Kernel(2, D=3, H=2)
    for name, value in params.items():
        kernel.params[name][...] = value
    states: dict[str, Array] = {}
    for start in (0, 2, 4):
        _, states = kernel.forward(x=x[start : start + 2], **states)
    _, wanted = long.forward(params, x=x)
    assert np.allclose(states["h0"], wanted["h0"], rtol=1e-13)


@pytest.mark.parametrize("name", ["elman", "lstm", "gru"])
def test_a_second_step_allocates_nothing_that_grows(name: str) -> None:
    module = model(name).kernel(3)
    peaks = []
    for batch in (64, 256):  # NumPy's own buffers have found their size
        kernel = module.Kernel(batch, **{**SIZES, "H": 256})
        x = np.ones((batch, 3))
        kernel.step(x=x)
        tracemalloc.start()
        _, states = kernel.step(x=x)
        kernel.step(x=x, **states)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 512  # in bytes; 192 more sequences of a state are 393,216


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_a_step_has_the_dtype_of_its_parameters(dtype: Any) -> None:
    module = model("lstm").kernel(2)
    outputs, states = module.step(module.init_params(0, dtype, **SIZES), x=np.ones((2, 3)))
    assert {a.dtype for a in (*outputs.values(), *states.values())} == {np.dtype(dtype)}


def test_parameters_lie_as_the_other_passes_have_them() -> None:
    """A step reads the gates' columns where training wrote them, whatever their order there."""
    for name in ("lstm", "gru", "gru_torch", "lstm_peephole", "mgu"):
        module = model(name).kernel(2, loops=True)
        params = module.init_params(3, **SIZES)
        x = np.random.default_rng(1).normal(size=(2, 2, 3))
        outputs, _ = chain(module, params, {"x": x})
        wanted, _ = module.forward(params, x=x)
        assert np.allclose(outputs["yhat"], wanted["yhat"], rtol=1e-13)


def test_a_constant_input_is_given_at_each_step() -> None:
    written = symrnn.parse("h[t] = tanh(x[t] @ W + c @ V + h[t-1] @ U); c: input")
    module = written.kernel(3)
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 2))
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(3, 2, 2)), "c": rng.normal(size=(2, 2))}
    outputs, _ = chain(module, params, data)
    wanted = interpret(normal(written.written), {**params, **data})["h"]
    assert np.allclose(outputs["h"], wanted, rtol=1e-13)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": np.ones((1, 2, 3))}, ValueError, r"x has shape \(1, 2, 3\); expected the axes \(B, D\)"),
    ({"x": np.ones((2, 4))}, ValueError, r"x has shape \(2, 4\); expected \(2, 3\)"),
    ({}, TypeError, r"x is missing; expected an array with the axes \(B, D\)"),
    ({"x": np.ones((2, 3)), "y": np.ones((2, 1))}, TypeError, "'y' is no input; there are x, O0"),
    ({"x": np.ones((2, 3)), "O0": np.ones((2, 5))}, ValueError, r"O0 has shape \(2, 5\)"),
    ({"O0": np.ones((2, 2))}, TypeError, r"x is missing; expected an array of shape \(2, 3\)"),
]


@pytest.mark.parametrize(("inputs", "kind", "message"), BAD)
def test_bad_inputs_are_named(inputs: dict[str, Any], kind: type[Exception], message: str) -> None:
    kernel = model("elman").kernel(3).Kernel(2, **SIZES)
    with pytest.raises(kind, match=message):
        kernel.step(**inputs)


OBSTACLES = [
    ("q[t] = tanh(x[t] @ W + q[t+1] @ U)", "the recurrence of q runs backwards", False),
    ("h[t] = tanh(x[t+1] @ W)", "reads x[t+1]: one step alone does not have it", False),
    ("h[t] = tanh(x[t] @ W); k[t] = h[t+1] @ V", "k[t] = h[t+1] @ V reads h[t+1]", False),
    ("h[t] = tanh(x[t] @ W); p = mean(h[t])", "sums h[t] over all steps", True),
    ("h[t] = tanh(x[t] @ W); p = h[1] @ V", "p = h[1] @ V reads h[1]: one step alone", True),
    ("h[t] = tanh(x[t] @ W); p = h[T-1] @ V", "reads h[T-1]: one step alone", True),
    ("h[t] = tanh(x[t] @ W); k[t] = h[t] * h[T]", "reads h[T] at every step", False),
    ("h[t] = tanh(x[t] @ W); p = h[T] @ V; k[t] = h[t] @ V * p", "reads p, which is known", False),
    ("h[t] = tanh(x[t] @ W + h[t-1] @ U); h[0] = h0", "fixes h[0]: no state can be handed", True),
    ("h[t] = tanh(x[t] @ W) / size(T)", "needs the number of steps, size(T)", True),
    ("h[t] = x[t] @ W; h[T] += x[T] @ V", "adds something at one step only", False),
    ("T = 2; h[1] = x[1] @ W; h[2] = x[2] @ W", "written out for T = 2 steps", True),
]


@pytest.mark.parametrize(("text", "reason", "causal"), OBSTACLES, ids=[t for t, *_ in OBSTACLES])
def test_what_cannot_be_stepped_says_why(text: str, reason: str, causal: bool) -> None:
    mine = symrnn.parse(text, "mine")
    why = why_no_step(mine.system)
    assert why is not None
    assert reason in why
    assert is_causal(mine.system) == causal
    module = mine.kernel(mine.system.steps or 3)
    assert causal == module.CAUSAL
    params = module.init_params(0, **dict.fromkeys(module.DIMS, 2))
    kernel = module.Kernel(1, **dict.fromkeys(module.DIMS, 2))
    for call in (lambda: module.step(params, x=np.ones((1, 2))), kernel.step):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == f"mine has no step: {why}"


def test_what_only_the_loss_does_is_not_in_the_way() -> None:
    for text in (
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mean(mse(x[t+1], h[t] @ V))",
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); yhat = h[T] @ V; L = mse(y, yhat) + sum(rowsum(h[t]))",
    ):
        mine = symrnn.parse(text)
        assert why_no_step(mine.system) is None
        assert all(e <= allowed for e, allowed in mine.kernel(3).self_check().values())


@pytest.mark.parametrize("name", ZOO)
def test_of_the_zoo_what_runs_backwards_cannot_be_stepped(name: str) -> None:
    module = model(name).kernel(2)
    assert (name not in BACKWARD) == module.CAUSAL
    assert hasattr(module, "NO_STEP") == (name in BACKWARD)


# windows: gradients carried from one to the one before

HALVES = {"elman": ["O"], "lstm": ["h", "c"], "gru": ["h"], "two back": ["h"]}
"""The states that are carried over, by model."""
TWO_BACK = """
h[t] = tanh(x[t] @ W + h[t-1] @ U + u * h[t-2])
yhat = sigmoid(h[T] @ V + c)
L = bce(y, yhat)
"""


@pytest.mark.parametrize("name", HALVES)
def test_a_gradient_carried_over_two_halves_is_that_of_the_whole(name: str) -> None:
    """The second half's gradient by its first states is what the first half's last states weigh."""
    mine = symrnn.parse(TWO_BACK, name) if name == "two back" else model(name)
    variables = HALVES[name]
    body = [line for line in mine.text.splitlines() if "yhat" not in line and line.strip()]
    first = symrnn.parse("\n".join([*body, *(f"{v}: output" for v in variables)]))
    keys = [f"{variable}0" for variable in variables]
    whole, second = mine.kernel(8), mine.kernel(4, wrt=keys)
    head = first.kernel(4)
    dims = dict.fromkeys(whole.DIMS, 3)
    params = whole.init_params(1, **dims)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 2, 3)), rng.uniform(size=(2, 3))
    loss, wanted = whole.loss_and_grads(params, x=x, y=y)

    own = {key: params[key] for key in head.PARAMS}
    _, states = head.forward(own, x=x[:4])
    later, late = second.loss_and_grads(params, x=x[4:], y=y, **states)
    assert later == pytest.approx(loss, rel=1e-14)
    weights = {variable: np.zeros((4, 2, 3)) for variable in variables}
    for variable, key in zip(variables, keys, strict=True):
        weights[variable][-2 if name == "two back" else -1 :] = late[key]
    early = head.vjp(own, weights, x=x[:4])
    for key, value in wanted.items():
        assert np.allclose(late[key] + early.get(key, 0), value, rtol=1e-12, atol=1e-14)
