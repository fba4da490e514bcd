"""Class ids say what one-hot rows say: the same numbers, and no way to say anything else."""

import random
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

import symrnn
from symrnn.errors import SymrnnError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.kernels.generate import program
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.program.run import run
from symrnn.kernels.settings import Settings
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.system import resolve
from symrnn.system.ids import with_ids
from tests.cases import ZOO, explicit_states, model, odd_widths
from tests.extent import draws, pairs
from tests.grammar import Writer

WITHOUT = [(), *((name,) for name in OPTIONAL), OPTIONAL]


def cases() -> Iterator[tuple[Model, tuple[str, ...]]]:
    """Every model of the zoo, as it is and under heads that have classes."""
    for name in ZOO:
        whole = model(name)
        yield whole, ("x", "y") if name == "char" else ("x",)
        if name not in ("char", "jordan"):
            yield whole.with_head("classes"), ("x", "y")
            yield whole.with_head("steps"), ("y", "x")


EMBEDDED = """
    h[t] = tanh(x[t] @ E @ W + h[t-1] @ U)
    yhat[t] = softmax(h[t] @ transpose(E))
    L = mean(ce(y[t], yhat[t]))
"""
ODD = {
    "tied": (EMBEDDED, "x,y"),
    "once": (
        "h[t] = tanh(c @ W + x[t] @ V + h[t-1] @ U); c: input; L = ce(y, softmax(h[T]))",
        "c,y",
    ),
    "lagged": (
        "h[t] = tanh(x[t-1] @ W + x[t+2] @ V + h[t-1] @ U); L = ce(y, softmax(h[T]))",
        "x,y",
    ),
    "fixed steps": ("h[t] = tanh(x[T] @ W + x[1] @ V + h[t-1] @ U); L = mse(y, h[T])", "x"),
    "a sum": ("s = sum(x[t] @ W); L = ce(y, softmax(mean(x[t] @ W) @ V + s @ U))", "x,y"),
    "twice": ("h[t] = tanh(x[t] @ W + (x[t] @ W) @ U + 2 * (x[t] @ V)); L = mse(y, h[T])", "x"),
    "forced": ("h[t] = tanh(y[t-1] @ W + h[t-1] @ U); L = mean(ce(y[t], softmax(h[t] @ V)))", "y"),
    "every step": ("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mean(ce(y, softmax(h[t])))", "x,y"),
    "one guess": ("p = softmax(c @ W + b); c: input; L = mean(ce(y[t], p))", "y"),
    "a share": ("h[t] = sigmoid(x[t] @ W + h[t-1] @ U); L = sum(ce(y[t], 0.5 * h[t]))", "x,y"),
    "weights": (
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); m: 1; L = sum(m[t] * ce(y[t], softmax(h[t])))",
        "x,y",
    ),
    "heat": ("h[t] = g * tanh(x[t] @ W + h[t-1] @ U); L = sum(ce(y[t], softmax(g * h[t])))", "y"),
    "two losses": (
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); p[t] = softmax(h[t] @ V); q[t] = softmax(h[t] @ Q)\n"
        "L = mean(ce(y[t], p[t])) + 0.3 * mean(ce(z[t], q[t]))",
        "x,y,z",
    ),
    "fed back": (
        "h[t] = tanh(x[t] @ W + p[t-1] @ U); p[t] = softmax(h[t] @ V); L = mean(ce(y[t], p[t]))",
        "x,y",
    ),
    "one class": ("x: 1; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])", "x"),
    "one class out": ("y: 1; L = mean(ce(y[t], softmax(x[t] @ W)))", "y"),
    "no loss": ("h[t] = tanh(x[t] @ W + h[t-1] @ U)", "x"),
    "unrolled": ("T = 3; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = ce(y[2], softmax(h[T-1]))", "x,y"),
}


def rows_and_ids(
    found: Model, ids: tuple[str, ...], steps: int, batch: int, seed: int = 0
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Numbers for a model with one-hot rows, and the same with ids."""
    written = with_ids(found.written, ids)
    rows = sample(written, resolve(written), odd_widths(written), steps, batch, seed)
    return rows, {k: np.argmax(v, -1) if k in ids else v for k, v in rows.items()}


def called(module: ModuleType, data: dict[str, Array]) -> dict[str, Array]:
    """All that a kernel gives: loss, outputs, states, gradients."""
    params = {name: data[name] for name in module.PARAMS}
    inputs = {name: data[name] for name in module.INPUTS}
    outputs, states = module.forward(params, **inputs)
    if hasattr(module, "loss"):
        loss, grads = module.loss_and_grads(params, **inputs)
        assert loss == module.loss(params, **inputs)
    else:
        loss, grads = 0.0, module.vjp(params, outputs, **inputs)
    named = {"loss": np.asarray(loss), **outputs, **states}
    return {**named, **{f"gradient {name}": grad for name, grad in grads.items()}}


def rows_of(found: Array, like: Array) -> Array:
    """The rows that ids stand for, of which there are none where an id is -1."""
    return found[..., None] == np.arange(like.shape[-1]) if found.dtype.kind == "i" else found


def off(found: dict[str, Array], wanted: dict[str, Array]) -> dict[str, float]:
    assert found.keys() == wanted.keys()
    found = {name: rows_of(value, wanted[name]) for name, value in found.items()}
    errors = {
        name: float(np.linalg.norm(found[name] - value)) / max(float(np.linalg.norm(value)), 1e-3)
        for name, value in wanted.items()
    }
    return {name: error for name, error in errors.items() if not error <= 1e-12}


@pytest.mark.parametrize(
    ("case", "steps", "loops"),
    pairs(list(cases()), (1, 3, 12), (True, False)),
    ids=lambda value: value[0].name if isinstance(value, tuple) else None,
)
def test_ids_give_what_one_hot_rows_give(
    case: tuple[Model, tuple[str, ...]], steps: int, loops: bool
) -> None:
    made, ids = case
    plain = made.kernel(steps, loops)
    one_by_one = steps == 3 and made.name.partition("-")[0] in ("char", "lstm", "gru", "birnn")
    every = WITHOUT if one_by_one else (WITHOUT[0], WITHOUT[-1])
    modules = {
        without: load_source(
            made.generate(steps, loops, passes=[p for p in OPTIONAL if p not in without], ids=ids),
            made.name,
        )
        for without in every
    }
    for batch in (1, 4):
        rows, given = rows_and_ids(made, ids, steps, batch)
        wanted = called(plain, rows)
        for without, module in modules.items():
            assert not off(called(module, given), wanted), without


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", ODD)
def test_wherever_a_row_is_picked_or_a_class_is_named(name: str, loops: bool) -> None:
    text, names = ODD[name]
    made, ids = symrnn.parse(text, name), tuple(names.split(","))
    for steps in (1, 3, 4) if made.system.steps is None else (3,):
        plain = made.kernel(steps, loops)
        for without in WITHOUT:
            passes = [each for each in OPTIONAL if each not in without]
            source = made.generate(steps, loops, passes=passes, ids=ids)
            module = load_source(source, "odd")
            for batch in (1, 4):
                rows, given = rows_and_ids(made, ids, steps, batch)
                assert not off(called(module, given), called(plain, rows)), (steps, without)


@pytest.mark.parametrize("name", ODD)
def test_the_program_says_the_same(name: str) -> None:
    """Its slow interpreter gives what the equations give."""
    text, names = ODD[name]
    ids = tuple(names.split(","))
    made = Model(name, explicit_states(symrnn.parse(text, name).written))
    rows, given = rows_and_ids(made, ids, 3, 2)
    system, _, worked_out = program(made.written, Settings.of(3, True, ids=ids))
    more = [s for s in system.named("input") if s.name not in rows]
    weights = {s.name: np.ones((3, 2, 3)) for s in more if s.timed}
    ahead = {s.name: np.full(2, -1) for s in more if not s.timed}  # no id has been yet
    dims = odd_widths(made.written)
    nothing = {name: np.zeros((2, system.symbols[name].width.count(dims))) for name in ahead}
    found = run(worked_out, {**given, **weights, **ahead}, odd_widths(made.written), 2)
    wanted = interpret(system, {**rows, **weights, **nothing}, 3)
    for symbol in system.named("total"):
        true = wanted[symbol.name]
        own = found[symbol.name].reshape(true.shape)
        assert np.allclose(own, true, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(draws(12, 60, 600)))
def test_random_systems(seed: int) -> None:
    """Ids for whatever can come as ids, by random passes."""
    choose = random.Random(seed)
    made = symrnn.parse(Writer(choose, rough=seed % 3 == 0, attention=True).text())
    names = [symbol.name for symbol in made.system.named("input", "target")]
    ids = tuple(name for name in names if takes_ids(made, name))
    if not ids:
        pytest.skip("nothing in it can come as ids")
    steps, batch, loops = choose.randint(1, 5), choose.randint(1, 3), choose.random() < 0.5
    passes = [name for name in OPTIONAL if choose.random() < 0.7]
    rows, given = rows_and_ids(made, ids, steps, batch, seed)
    module = made.kernel(steps, loops)
    found = load_source(made.generate(steps, loops, passes=passes, ids=ids), "ids")
    axes = [*found.PARAMS.values(), *found.INPUTS.values()]
    if not {*found.DIMS} <= {axis for each in axes for axis in each}:
        pytest.skip("ids alone do not tell how many classes there are, and no parameter does")
    wanted = called(module, rows)
    if all(np.isfinite(value).all() for value in wanted.values()):
        assert not off(called(found, given), wanted)


def takes_ids(made: Model, name: str) -> bool:
    try:
        return with_ids(made.written, [name]) is not None
    except SymrnnError:
        return False


def test_a_program_is_read_by_people() -> None:
    *_, made = program(model("char").written, Settings.of(3, True, ids=("x", "y")))
    text = str(made)
    assert text.startswith("T = 3\nx: class ids, of D\ny: class ids, of C\n")
    assert "pick_l_yhat[1 … 3] = pick(a_yhat[1 … 3], y[1 … 3])" in text
    assert "d_a_yhat[1 … 3] = add_at(m_d_a_yhat[1 … 3], -(1 / (size(B) * 3)), y[1 … 3])" in text


def test_the_gates_of_an_lstm_are_one_look_up_and_one_gradient() -> None:
    source = model("lstm").generate(12, ids=("x",))
    training, _, single = source.partition("def _step_plan(")
    assert training.count(" take(") == single.count(" take(") == 1
    assert source.count(" scatter(") == 1
