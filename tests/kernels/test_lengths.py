"""Sequences with lengths of their own: a batch is what its sequences are one by one."""

import random
import tracemalloc
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.kernels.generate import generate
from symrnn.kernels.load import load_source
from symrnn.kernels.numpy import NUMPY
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.settings import Settings
from symrnn.kernels.target import Target
from symrnn.language import parse
from symrnn.language.tree import Written
from symrnn.library.zoo import models
from symrnn.model import Model
from symrnn.system import adjoint, normal
from tests.cases import explicit_states, model, numbers
from tests.extent import draws
from tests.grammar import Writer

DRAWS = draws(24, 120, 1500)
ALLOWED = 1e-11
Numbers = dict[str, np.ndarray]

TEXTS = {
    "lags": "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V + x[t-1] @ Q); L = mse(y, h[T])",
    "both ways": """
        h[t] = tanh(x[t] @ W + h[t-1] @ U)
        q[t] = tanh(x[t+1] @ W2 + q[t+1] @ U2 + q[t+2] @ U3)
        z[t] = concat(h[t], q[t])
        L = mean(mse(y[t], z[t] @ V))
    """,
    "pooled": """
        h[t] = tanh(x[t] @ W + h[t-1] @ U)
        p = mean(h[t] * g + b)
        L = mse(y, p @ V + h[1] @ V3 + h[3] @ V4)
    """,
    "once": """
        c: input
        h[t] = tanh(x[t] @ W + h[t-1] @ U + c @ Q)
        s = h[T]
        k[t] = s * h[t]
        L = mse(y, sum(k[t]) @ V)
    """,
    "two losses": """
        h[t] = tanh(x[t] @ W + p[t-1] @ U)
        p[t] = sigmoid(h[t] @ V)
        L = mean(bce(y[t], p[t])) + 0.1 * mse(z, h[T])
    """,
    "learned states": """
        h[0] = h0
        h[t] = tanh(x[t] @ W + h[t-1] @ U)
        q[T+1] = q0
        q[t] = tanh(x[t] @ W2 + q[t+1] @ U2)
        L = mse(y, h[T] + q[1])
    """,
    "diagonal": "h[t] = tanh(x[t] * w + h[t-1] * u * x[t]); L = sum(mse(y[t], h[t]))",
    "penalised": """
        h[t] = tanh(x[t] @ W + h[t-1] * u)
        L = sum(rowsum(h[t] * k + b)) + mse(y, h[T])
    """,
    "quotient": "h[t] = x[t] @ W / (2 + square(h[t-1] @ U)); L = mse(y, h[T])",
    "near the ends": """
        h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ U2)
        q[t] = tanh(x[t] @ W2 + q[t+1] @ U3)
        L = mse(y, h[T-1] @ V + h[T-2] @ V2 + q[2] @ V3)
    """,
    "one step": "h[t] = tanh(x[t] @ W); L = mse(y, h[T])",
}


def written(name: str) -> Written:
    """A text with a line for each initial state."""
    text = parse(TEXTS[name]) if name in TEXTS else model(name).written
    return explicit_states(text)


def lengths_of(rng: np.random.Generator, steps: int, batch: int) -> np.ndarray:
    return rng.permutation(np.concatenate([[steps, 1], rng.integers(1, steps + 1, batch)])[:batch])


class OneByOne:
    """What the equations and their gradient give for each sequence alone."""

    def __init__(self, text: Written, data: Numbers, lengths: np.ndarray, steps: int) -> None:
        self.system = normal(text)
        self.inputs = tuple(symbol.name for symbol in self.system.named("input"))
        run = Interpreter(adjoint(self.system, self.inputs))
        self.symbols, self.data, self.lengths = self.system.symbols, data, lengths
        self.parts: list[Result] = []
        self.steps = steps
        for place, length in enumerate(lengths):
            own = {
                name: array
                if self.symbols[name].role == "parameter"
                else array[:length, place : place + 1]
                if self.symbols[name].timed
                else array[place : place + 1]
                for name, array in data.items()
            }
            self.parts.append(run(own, int(length)))

    @property
    def loss(self) -> float:
        return float(np.mean([part.loss for part in self.parts]))

    def gradient(self, name: str) -> np.ndarray:
        found = [np.asarray(part.adjoint_of(name)) / len(self.parts) for part in self.parts]
        return np.sum(found, 0) if name not in self.inputs else self.joined(name, found)

    def output(self, name: str) -> np.ndarray:
        return self.joined(name, [part[name] for part in self.parts])

    def joined(self, name: str, found: list[np.ndarray]) -> np.ndarray:
        if not self.symbols[name].timed:
            return np.concatenate(found)
        whole = np.zeros((self.steps, len(found), found[0].shape[-1]))
        for place, one in enumerate(found):
            whole[: len(one), place] = one[:, 0]
        return whole


def padded(data: Numbers, text: Written, lengths: np.ndarray) -> Numbers:
    """The inputs, NaN where their sequences have ended."""
    symbols = normal(text).symbols
    found = {}
    for name, array in data.items():
        if symbols[name].role != "parameter":
            found[name] = array.copy()
            if symbols[name].timed:
                for place, length in enumerate(lengths):
                    found[name][length:, place] = np.nan
    return found


def loaded(source: str) -> ModuleType:
    return load_source(source, "drawn")


def held(
    text: Written,
    steps: int,
    batch: int,
    passes: tuple[str, ...],
    seed: int,
    target: Target = NUMPY,
    load: Callable[[str], ModuleType] = loaded,
) -> None:
    """A kernel with lengths gives what the sequences give one by one."""
    data = numbers(text, steps, batch, seed)
    lengths = lengths_of(np.random.default_rng(seed), steps, batch)
    wanted = OneByOne(text, data, lengths, steps)
    settings = Settings.of(steps, None, wanted.inputs, passes, lengths=True)
    module = load(generate(text, "", "drawn", settings, target))
    params = {name: data[name] for name in module.PARAMS}
    given = padded(data, text, lengths)
    loss, grads = module.loss_and_grads(params, lengths=lengths, **given)
    needed = {name: given[name] for name in module.INPUTS if name not in module.TARGETS}
    outputs, _ = module.forward(params, lengths=lengths, **needed)
    found = {"L": np.asarray(loss), **outputs, **{f"d {n}": g for n, g in grads.items()}}
    for name, value in found.items():
        if name.startswith("d "):
            true = wanted.gradient(name.removeprefix("d "))
        else:
            true = np.asarray(wanted.loss) if name == "L" else wanted.output(name)
        if np.isfinite(true).all() and np.abs(true).max() < 1e6:
            size = max(float(np.linalg.norm(true)), 1e-4)
            assert float(np.linalg.norm(value - true)) <= ALLOWED * size, name


PASSES = [OPTIONAL, (), *[tuple(p for p in OPTIONAL if p != out) for out in OPTIONAL]]


@pytest.mark.parametrize("passes", PASSES, ids=lambda p: ",".join(p) or "none")
@pytest.mark.parametrize("name", [*models(), *TEXTS])
def test_a_batch_is_its_sequences_one_by_one(name: str, passes: tuple[str, ...]) -> None:
    shapes = ((5, 4), (1, 3), (7, 1), (2, 2)) if passes == OPTIONAL else ((5, 4),)
    for steps, batch in shapes:
        held(written(name), steps, batch, passes, seed=steps)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_so_are_random_systems(seed: int) -> None:
    choose = random.Random(seed)
    text = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    steps, batch = choose.randint(1, 5), choose.randint(1, 4)
    passes = tuple(name for name in OPTIONAL if choose.random() < 0.8)
    held(text, steps, batch, passes, seed)


def test_a_text_without_a_loss() -> None:
    text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); q[t] = tanh(h[t] @ W2 + q[t+1] @ U2); q: output"
    for steps in (1, 4):
        found = symrnn.parse(text).verify(steps, batch=3, wrt=["x", "h0", "qT1"], lengths=True)
        assert found.failed == ()


def lstm(steps: int = 5) -> tuple[ModuleType, Numbers, Numbers]:
    module = model("lstm").kernel(steps, lengths=True)
    rng = np.random.default_rng(3)
    params = module.init_params(seed=1, D=2, H=3, C=1)
    inputs = {"x": rng.normal(size=(steps, 4, 2)), "y": rng.uniform(size=(4, 1))}
    return module, params, inputs


@pytest.mark.parametrize("padding", [np.nan, np.inf, -1e308, 0.0])
def test_padding_changes_no_bit(padding: float) -> None:
    module, params, inputs = lstm()
    lengths = np.array([2, 5, 1, 3])
    loss, grads = module.loss_and_grads(params, lengths=lengths, **inputs)
    x = inputs["x"].copy()
    for place, length in enumerate(lengths):
        x[length:, place] = padding
    again, same = module.loss_and_grads(params, lengths=lengths, x=x, y=inputs["y"])
    assert loss == again
    assert all((grads[name] == same[name]).all() for name in grads)


def test_lengths_that_are_not_said_are_all_the_steps() -> None:
    module, params, inputs = lstm()
    loss, grads = module.loss_and_grads(params, **inputs)
    other, plain = model("lstm").kernel(5).loss_and_grads(params, **inputs)
    assert abs(loss - other) <= 1e-15
    assert all(np.abs(grads[name] - plain[name]).max() <= 1e-15 for name in grads)


def test_inputs_may_be_shorter_than_the_kernel() -> None:
    module, params, inputs = lstm(9)
    lengths = [2, 5, 1, 4]
    loss, grads = module.loss_and_grads(params, lengths=lengths, **inputs)
    less = {**inputs, "x": inputs["x"][:5]}
    again, same = module.loss_and_grads(params, lengths=lengths, **less)
    assert loss == again
    assert all((grads[name] == same[name]).all() for name in grads)
    with pytest.raises(ValueError, match="lengths hold 5 at 1; expected 1 to 4"):
        module.loss(params, lengths=lengths, **{**inputs, "x": inputs["x"][:4]})
    with pytest.raises(ValueError, match="x has 10 steps; expected 1 to 9"):
        module.loss(params, x=np.zeros((10, 4, 2)), y=inputs["y"])


def test_results_come_back_in_the_order_of_the_caller() -> None:
    module = model("char").kernel(4, lengths=True)
    rng = np.random.default_rng(0)
    params = module.init_params(D=3, H=4, C=3)
    x, lengths = rng.normal(size=(4, 5, 3)), np.array([1, 4, 2, 4, 3])
    order = rng.permutation(5)
    outputs, states = module.forward(params, x=x, lengths=lengths)
    others, again = module.forward(params, x=x[:, order], lengths=lengths[order])
    assert np.abs(outputs["yhat"][:, order] - others["yhat"]).max() <= 1e-15
    assert np.abs(states["h0"][order] - again["h0"]).max() <= 1e-15
    assert (outputs["yhat"][1:, 0] == 0).all()
    assert (outputs["yhat"][:, 1] != 0).all()


def test_a_state_stands_still_when_its_sequence_has_ended() -> None:
    module = model("elman").kernel(6, lengths=True)
    params = module.init_params(D=2, H=3, C=1)
    x = np.random.default_rng(0).normal(size=(6, 3, 2))
    _, states = module.forward(params, x=x, lengths=[2, 6, 4])
    for place, length in enumerate((2, 6, 4)):
        alone = model("elman").kernel(length)
        _, own = alone.forward(params, x=x[:length, place : place + 1])
        assert np.abs(states["O0"][place] - own["O0"][0]).max() <= 1e-15


def test_other_lengths_in_the_same_arrays() -> None:
    module, _, inputs = lstm(40)
    kernel = module.Kernel(4, D=2, H=3, C=1)
    rng = np.random.default_rng(0)
    tracemalloc.start()
    held = []
    for _ in range(30):
        kernel.loss_and_grads(lengths=lengths_of(rng, 40, 4), **inputs)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held[20:]) <= 1.1 * max(held[:10])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([0, 1, 2, 3], "lengths hold 0 at 0; expected 1 to 5"),
        ([1, 2, 6, 3], "lengths hold 6 at 2; expected 1 to 5"),
        ([1, 2, -1, 3], "lengths hold -1 at 2; expected 1 to 5"),
        ([1, 2, 3], r"lengths have shape \(3,\); expected \(4,\), one a sequence"),
        ([[1, 2, 3, 4]], r"lengths have shape \(1, 4\); expected \(4,\), one a sequence"),
        ([1.0, 2.0, 3.0, 4.0], "lengths hold float64; expected integers"),
        ([True, True, True, True], "lengths hold bool; expected integers"),
        ("abcd", "lengths hold <U4; expected integers"),
        ([], "lengths hold float64; expected integers"),
    ],
)
def test_lengths_that_cannot_be(lengths: object, message: str) -> None:
    module, params, inputs = lstm()
    with pytest.raises((TypeError, ValueError), match=message):
        module.loss_and_grads(params, lengths=lengths, **inputs)


def test_nan_in_a_target_is_blamed_where_it_is_real() -> None:
    module = model("char").kernel(3, lengths=True)
    params = module.init_params(D=2, H=2, C=2)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 2, 2)), np.eye(2)[rng.integers(0, 2, (3, 2))]
    y[2, 0] = np.nan
    assert np.isfinite(module.loss(params, x=x, y=y, lengths=[2, 3]))
    y[1, 1, 0] = np.nan
    with pytest.raises(ValueError, match=r"y holds nan, first at \(1, 1, 0\); expected numbers"):
        module.loss(params, x=x, y=y, lengths=[2, 3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size_T: input\nh[t] = tanh(x[t] @ W) * size_T; L = mse(y, mean(h[t]))", "rename it"),
    ],
)
def test_what_has_no_meaning_with_lengths_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as problem:
        symrnn.parse(text).generate(3, lengths=True)
    assert message in str(problem.value)


def test_a_file_with_lengths_checks_itself() -> None:
    module: Model = model("bilstm")
    found = module.kernel(3, lengths=True).self_check()
    assert all(error <= allowed for error, allowed in found.values())
