"""Kernels without gradients give what the others give, and keep no history."""

import random
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import generate, program
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL, Program
from symrnn.kernels.program.run import run
from symrnn.kernels.sections import names_in_use
from symrnn.kernels.settings import Settings
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.system import initial_states, normal
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, explicit_states, model, numbers
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.test_random_kernels import sizes

DRAWS = draws(12, 60, 800)
MINE = {
    "three back": "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-3]); p = h[T] @ V; L = mse(y, p)",
    "still read": "h[t] = tanh(x[t] @ W + h[t-1] @ U); q[t] = h[t] - h[t-1]; p = q[T] @ V",
    "mean": "h[t] = tanh(x[t] @ W + h[t-1] @ U); p = mean(h[t]); L = mse(y, p @ V)",
    "mean, backwards": "q[t] = tanh(x[t] @ W + q[t+1] @ U); p = mean(q[t]); L = mse(y, p @ V)",
    "both ways": "q[t] = tanh(q[t+2] @ U + x[t]); h[t] = tanh(q[t] @ A + h[t-2] @ B + x[t-1])",
    "one before the last": "h[t] = tanh(h[t-1] @ U + x[t] @ W); p = h[T-1] @ V; L = mse(y, p)",
    "pooled": "h[t] = tanh(x[t] @ W + h[t-1] @ U); e[t] = exp(h[t] @ a); a: (H, 1); n = sum(e[t]);"
    " p = sum(e[t] * h[t]) / n; L = mse(y, p @ V)",
    "tied": "h[t] = tanh(x[t] @ W + h[t-1] @ U); z[t] = h[t] @ transpose(W);"
    " L = mean(mse(x[t], z[t]))",
    "once": "s = c @ K; c: input; h[t] = tanh(h[t-1] @ U + x[t] @ W + s); p = h[T] @ V",
    "itself": "h[t] = silu(h[t-1]) + x[t]; p = h[T] @ V; L = mse(y, p)",
    "to the last": "h[t] = tanh(x[t] @ W + h[t-1] @ U); k[t] = h[t] * h[T];"
    " L = mean(mse(y[t], k[t]))",
}
TEXTS = {**{name: model(name).text for name in ZOO}, **MINE}


def drawn(module: ModuleType, steps: int, batch: int) -> dict[str, Array]:
    """Numbers for all that a module takes, its states too."""
    rng = np.random.default_rng(3)
    known = {"T": steps, "B": batch, **{name: 2 + i % 3 for i, name in enumerate(module.DIMS)}}
    tables = {**module.INPUTS, **module.STATES}
    return {n: module._draw(rng, n, module._sizes(axes, known)) for n, axes in tables.items()}


def params_of(module: ModuleType) -> dict[str, Array]:
    dims = {name: 2 + i % 3 for i, name in enumerate(module.DIMS)}
    return {n: v + 0.1 for n, v in module.init_params(2, **dims).items()}


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", TEXTS)
def test_it_gives_what_the_plain_kernel_gives(name: str, loops: bool) -> None:
    mine = symrnn.parse(TEXTS[name], name)
    for steps in (1, 2, 7):
        plain = mine.kernel(steps)
        alone = mine.kernel(steps, loops, forward_only=True)
        assert (alone.PARAMS, alone.INPUTS) == (plain.PARAMS, plain.INPUTS)
        assert (alone.STATES, alone.OUTPUTS) == (plain.STATES, plain.OUTPUTS)
        params = params_of(plain)
        for batch in (1, 3):
            given = drawn(plain, steps, batch)
            kernel = alone.Kernel(batch, **{n: 2 + i % 3 for i, n in enumerate(alone.DIMS)})
            for key, value in params.items():
                kernel.params[key][...] = value
            inputs = {
                k: v for k, v in given.items() if k in (*plain._NEEDED["forward"], *plain.STATES)
            }
            wanted = plain.forward(params, **inputs)
            found = kernel.forward(**inputs)
            again = kernel.forward(**{**inputs, **kernel.states})
            twice = plain.forward(params, **{**inputs, **wanted[1]})
            for ours, theirs in zip((*found, *again), (*wanted, *twice), strict=True):
                assert ours.keys() == theirs.keys()
            for ours, theirs in zip(again, twice, strict=True):
                for key in theirs:
                    assert np.allclose(ours[key], theirs[key], rtol=1e-12, atol=1e-13), key
            if hasattr(plain, "loss"):
                loss = kernel.loss(**given)
                assert loss == pytest.approx(plain.loss(params, **given), rel=1e-12)


@pytest.mark.parametrize("name", ZOO)
def test_it_holds_its_own_check(name: str) -> None:
    for steps in (1, 3, 9):
        module = model(name).kernel(steps, forward_only=True)
        found = module.self_check()
        assert bool(found) == module.CAUSAL
        assert all(error <= allowed for error, allowed in found.values())


# nothing is kept


def peak(module: ModuleType, steps: int) -> int:
    """The most memory that a kernel and its call take, its inputs aside."""
    dims = dict.fromkeys(module.DIMS, 32)
    known = {"T": steps, "B": 4, **dims}
    inputs = {n: np.zeros(module._sizes(axes, known)) for n, axes in module.INPUTS.items()}
    params = module.init_params(0, **dims)
    call = module.loss if hasattr(module, "loss") else module.forward
    call(params, **inputs)
    tracemalloc.start()
    call(params, **inputs)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


SMALL = [name for name in ZOO if "yhat[t]" not in model(name).text and name != "birnn"]
POOLED = [
    "three back",
    "mean",
    "mean, backwards",
    "pooled",
    "once",
    "one before the last",
    "itself",
]


@pytest.mark.parametrize("name", [*SMALL, *POOLED])
def test_memory_does_not_grow_with_the_steps(name: str) -> None:
    mine = symrnn.parse(TEXTS[name], name)
    few, many = (peak(mine.kernel(steps, forward_only=True), steps) for steps in (200, 2000))
    assert many <= few + 1024  # in bytes; one array of all steps more would have 1,843,200


def test_outputs_over_time_are_kept_and_no_more() -> None:
    text = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b); yhat[t] = h[t] @ V + c"
    mine = symrnn.parse(text)
    few, many = (peak(mine.kernel(steps, forward_only=True), steps) for steps in (200, 2000))
    outputs = 1800 * 4 * 32 * 8
    assert many - few <= 2 * outputs + 1024  # what the kernel has, and the copy that is given back
    plain = [peak(mine.kernel(steps), steps) for steps in (200, 2000)]
    assert plain[1] - plain[0] > 4 * outputs


def kept(text: str, steps: int = 9) -> dict[str, int]:
    """How many places each variable has that has one for more than one step."""
    *_, made = program(parse(text), Settings.of(steps, loops=True, forward_only=True))
    used = names_in_use(made)
    arrays = [made.arrays[name] for name in sorted(used)]
    return {a.name: a.places for a in arrays if a.places and a.role not in ("input", "target")}


def test_places_are_as_many_as_steps_are_needed() -> None:
    assert kept(model("lstm").text) == {}
    assert kept("h[t] = tanh(x[t] @ W + h[t-3] @ U); p = h[T] @ V") == {"h": 3}
    assert kept("h[t] = tanh(x[t] + h[t-1] @ U); q[t] = h[t-1] * h[t]; p = q[T] @ V") == {"h": 2}
    assert kept(MINE["one before the last"]) == {"h": 2}
    assert kept(model("birnn").text) == {"O_f": 10, "O": 9}
    assert kept(MINE["to the last"]) == {"h": 10, "k": 9}


@pytest.mark.parametrize("passes", [(), ("layout", "merge"), ("share",), OPTIONAL])
@pytest.mark.parametrize("name", TEXTS)
def test_the_program_says_what_the_equations_say(name: str, passes: tuple[str, ...]) -> None:
    written = explicit_states(parse(TEXTS[name]))
    for steps in (1, 4):
        data = numbers(written, steps, 2)
        system, _, made = program(written, Settings.of(steps, True, (), passes, forward_only=True))
        dims = {n: (2, 3, 5, 4, 7)[i % 5] for i, n in enumerate(dimensions(system.symbols))}
        for symbol in system.named("input"):  # what comes before the first step is zero
            widths = [width.count(dims) for width in symbol.shape]
            data.setdefault(symbol.name, np.zeros((2, *widths)))
        found = run(made, data, dims, 2)
        wanted = interpret(system, data, steps)
        for symbol in system.outputs:
            ours = (
                over_time(made, found, symbol.name, steps) if symbol.timed else found[symbol.name]
            )
            assert np.allclose(ours, wanted[symbol.name], rtol=1e-12, atol=1e-13)


def over_time(made: Program, found: dict[str, Array], name: str, steps: int) -> Array:
    places = [made.arrays[name].place(step) for step in range(1, steps + 1)]
    return np.asarray(found[name][places])


@pytest.mark.parametrize("seed", range(DRAWS))
def test_a_random_system_without_gradients(seed: int) -> None:
    choose = random.Random(seed)
    written = parse(Writer(choose, rough=seed % 3 == 0, attention=True).text())
    steps, batch, loops = choose.randint(1, 6), choose.randint(1, 3), choose.random() < 0.5
    features = {"forward_only": True, "batch_first": choose.random() < 0.3}
    settings = Settings.of(steps, loops, **features)  # type: ignore[arg-type]
    module = load_source(generate(written, "", "drawn", settings), "drawn")
    system = normal(written)
    data = numbers(written, steps, batch, seed)
    wanted = interpret(system, data, steps)
    turned = {
        n: np.swapaxes(v, 0, 1) if module.INPUTS.get(n, "")[1:2] == ("T",) else v
        for n, v in data.items()
    }
    kernel = module.Kernel(batch, **sizes(module, turned))
    for name, value in kernel.params.items():
        value[...] = data[name]
    loss = kernel.loss(**{name: turned[name] for name in module.INPUTS})
    outputs = dict(kernel.outputs)
    found = {"L": loss, **outputs}
    for name, value in found.items():
        true = wanted[name]
        ours = np.swapaxes(value, 0, 1) if module.OUTPUTS.get(name, "")[1:2] == ("T",) else value
        if np.isfinite(true).all() and np.abs(true).max() < 1e6:
            size = max(float(np.linalg.norm(true)), 1e-4)
            assert float(np.linalg.norm(ours - true)) <= 1e-11 * size, name


# what is not there


def test_there_are_no_gradients() -> None:
    module = model("elman").kernel(3, forward_only=True)
    kernel = module.Kernel(1, D=2, H=2, C=1)
    for of in (module, kernel):
        assert not any(hasattr(of, name) for name in ("loss_and_grads", "vjp", "grads", "dtheta"))
    with pytest.raises(TypeError, match="dtheta"):
        module.Kernel(1, dtheta=np.zeros(3), D=2, H=2, C=1)


@pytest.mark.parametrize("name", ["elman", "birnn"])
def test_a_file_says_what_it_checks(name: str, tmp_path: Path) -> None:
    path = tmp_path / "alone.py"
    path.write_text(model(name).generate(4, forward_only=True), "utf-8")
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    if name == "elman":
        assert "step: yhat" in done.stdout
        assert "step: O0" in done.stdout
    else:
        assert done.stdout.startswith("nothing to check: no gradients here")


def test_what_is_about_gradients_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        UsageError, match="--wrt is about gradients, and --forward-only leaves them"
    ):
        model("elman").generate(3, wrt="x", forward_only=True)
    assert main(["generate", "elman", "--steps", "3", "--forward-only", "--wrt", "x"]) == 2
    assert "expected one of the two" in capsys.readouterr().err


def test_verification_holds_values_and_leaves_gradients_out() -> None:
    for name in ("lstm", "birnn", "char"):
        report = model(name).verify(3, forward_only=True)
        assert report.holds
        said = {(check.what, check.holds) for check in report.checks}
        assert {("loss", True), ("gradients", None)} <= said
        assert not any(check.what.startswith("gradient ") for check in report.checks)
        assert "not applicable: no gradients in it" in str(report)


def test_verification_finds_a_wrong_forward_pass(tmp_path: Path) -> None:
    from symrnn.kernels.verification.generated import compare, verify_source

    source = model("elman").generate(12, forward_only=True)
    assert verify_source(source, "elman.py").holds
    assert compare(source, "elman.py").holds
    assert not verify_source(
        source.replace("add(s_a_O, O_w_h", "subtract(s_a_O, O_w_h", 1), "e"
    ).holds


def test_states_have_the_names_that_the_text_gives() -> None:
    states = initial_states(normal(parse(MINE["three back"])))
    assert list(states) == ["h0", "hm1", "hm2"]
    module = symrnn.parse(MINE["three back"]).kernel(7, forward_only=True)
    assert module.STATES == {"h0": (3, "B", "H")}
