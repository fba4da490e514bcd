"""Functions of one's own, stops and surrogates: through systems, kernels, print and checks."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.errors import CheckError
from symrnn.interpret.held import held
from symrnn.interpret.interpreter import Interpreter, interpret
from symrnn.interpret.oracle import complex_step, gradient, precise
from symrnn.interpret.sample import sample
from symrnn.language import parse, show
from symrnn.language import table as functions
from symrnn.language.numpy_forms import erf
from symrnn.language.table import ELEMENTWISE, Elementwise
from symrnn.system import normal, resolve

MISH = "mish(z) = z * tanh(softplus(z))\n"
TEXTS = {
    "one": MISH + "h[t] = mish(x[t] @ W + h[t-1] @ U + b)\nL = mse(y, h[T] @ V)",
    "several arguments": (
        "lerp(a, b, z) = (1 - z) * a + z * b\nz[t] = sigmoid(x[t] @ W_z)\n"
        "h[t] = lerp(h[t-1], tanh(x[t] @ W), z[t])\nL = mse(y, h[T] @ V)"
    ),
    "numbers and callees": (
        "k = 1 / 4\nsoft(u) = log(1 + k * u**2)\nf(a, b) = soft(a) * exp(-k * square(b)) + b\n"
        "h[t] = f(x[t] @ W, h[t-1] @ U)\nL = mse(y, soft(h[T]) @ V)"
    ),
    "across features": (
        "norm(v) = (v - rowmean(v)) / sqrt(rowmean(square(v - rowmean(v))) + 1e-5)\n"
        "h[t] = tanh(norm(x[t] @ W))\nL = mse(y, h[T])"
    ),
    "layer norm": (
        "h[t] = tanh(g * layernorm(x[t] @ W + h[t-1] @ U) + b)\nL = mse(y, rmsnorm(h[T] @ V, 0.1))"
    ),
    "rows": (
        "a[t] = x[t] @ W + h[t-1] @ U\nh[t] = tanh(a[t] - rowmax(a[t])) + rowmin(a[t])\n"
        "L = mse(y, h[T] @ V)"
    ),
    "width one": ("a: 1\na[t] = x[t] @ W\nh[t] = layernorm(a[t]) + rowmax(a[t])\nL = mse(y, h[T])"),
    "erf": "h[t] = erf(x[t] @ W + h[t-1] @ U + b)\nL = mse(y, gelu(h[T] @ V))",
    "max and min": "h[t] = max(x[t] @ W + b, min(h[t-1] @ U, 0.2))\nL = mse(y, h[T] @ V)",
    "spikes": (
        "spike(v) = surrogate(step(v), sigmoid(4 * v))\n"
        "v[t] = 0.8 * v[t-1] * (1 - stop(s[t-1])) + x[t] @ W + s[t-1] @ U\n"
        "s[t] = spike(v[t] - 0.3)\nL = mse(y, mean(s[t]) @ V)"
    ),
    "straight through": (
        "q[t] = surrogate(step(x[t] @ W), x[t] @ W)\nh[t] = tanh(q[t] + stop(w) * h[t-1])\n"
        "L = mse(y, h[T] @ V)"
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_system_prints_its_functions_and_reads_them_back(text: str) -> None:
    written = parse(text)
    assert show(parse(show(written))) == show(written)
    adjoint = symrnn.parse(text).adjoint
    assert str(normal(parse(str(adjoint)))) == str(adjoint)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_verify_holds(text: str) -> None:
    assert symrnn.parse(text).verify(2).holds


@pytest.mark.parametrize("features", [{"lengths": True}, {"truncate": 2}, {"checkpoint": 2}])
def test_stops_hold_with_what_a_kernel_can_do(features: dict[str, int]) -> None:
    assert symrnn.parse(TEXTS["spikes"]).verify(3, **features).holds  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["one", "spikes", "max and min", "erf"])
def test_a_generated_file_checks_itself(name: str) -> None:
    module = symrnn.parse(TEXTS[name]).kernel(3)
    assert isinstance(module, ModuleType)
    found = module.self_check()
    assert found
    assert all(error <= allowed for error, allowed in found.values())


def data_of(text: str) -> dict[str, np.ndarray]:
    written = parse(text)
    symbols = resolve(written)
    names = {name for s in symbols.values() for width in s.shape for name in width.names}
    return sample(written, symbols, dict.fromkeys(sorted(names), 2), 3, 2, 1)


@pytest.mark.parametrize("name", ["spikes", "straight through"])
def test_gradients_are_slopes_in_which_what_is_stopped_is_a_number(name: str) -> None:
    text = TEXTS[name]
    data = data_of(text)
    found = interpret(symrnn.parse(text).adjoint, data)
    for parameter in ("W", "V"):
        own = found.adjoint_of(parameter)
        assert own is not None
        for slope in (precise, complex_step):
            wanted = gradient(slope(parse(text), data, 3), data, parameter)
            assert np.allclose(own, wanted, rtol=1e-11, atol=1e-13)
            assert np.abs(wanted).max() > 1e-3


def test_what_only_a_stop_reads_has_no_gradient() -> None:
    text = TEXTS["straight through"]
    own = interpret(symrnn.parse(text).adjoint, data_of(text)).adjoint_of("w")
    assert own is not None
    assert not own.any()


def test_held_numbers_stand_for_what_is_stopped() -> None:
    text = parse("h[t] = x[t] * stop(2 * x[t]) + stop(0.5)")
    found, data = held(text, {"x": np.full((2, 1, 1), 3.0)}, Interpreter)
    assert "h[t] = x[t] * held[t] + 0.5" in show(found)
    assert data["held"].ravel().tolist() == [6.0, 6.0]


def test_f_prime_is_said_once_in_print() -> None:
    derived = symrnn.parse(TEXTS["one"]).derive(steps=2)
    text = derived.text("local")
    assert "∂h₂/∂h₁ = diag(mish′(a₂)) Uᵀ" in text
    lines = text.splitlines()
    assert lines.count("    mish(z)  = z tanh(softplus(z))") == 1
    wanted = "    mish′(z) = tanh(softplus(z)) + z (1 - tanh²(softplus(z))) σ(z)"
    assert lines.count(wanted) == 1
    assert r"\mathrm{mish}'(a_2)" in derived.latex("local")


def sympy_text(text: str, view: str, capsys: pytest.CaptureFixture[str]) -> str:
    command = ["derive", "-e", text, "--steps", "1", "--scalar", "--view", view]
    assert main([*command, "--format", "sympy"]) == 0
    return capsys.readouterr().out


def test_sympy_text_defines_the_functions(capsys: pytest.CaptureFixture[str]) -> None:
    text = sympy_text(TEXTS["one"], "delta", capsys)
    assert "def mish(x):\n    return x*tanh(softplus(x))\n" in text
    assert "def d_mish(x):" in text
    exec(compile(text, "derived", "exec"), {})


ROW = r"""
        Elementwise(
            "mish",
            "tanh(softplus(x)) + x * sigmoid(x) * (1 - tanh(softplus(x))**2)",
            "x * tanh(log(1 + exp(x)))",
            r"\mathrm{Mish}",
        ),
"""
"""What somebody writes who wants `mish` to be a function of the language."""

IN_A_COPY = """
import symrnn
from symrnn.cli import main

assert symrnn.__file__.startswith({folder!r}), symrnn.__file__
text = "h[t] = mish(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
model = symrnn.parse(text)
checked = model.kernel(3).self_check()
assert checked and all(off <= allowed for off, allowed in checked.values()), checked
report = model.verify(3)
assert report.holds, str(report)
latex = model.derive(steps=2).latex("chain", wrt="U")
assert "mathrm{{Mish}}" in latex and "prime" in latex
assert main(["derive", "-e", text, "--steps", "1", "--format", "sympy"]) == 0
"""


@pytest.mark.slow
def test_a_row_of_the_table_is_enough(tmp_path: Path) -> None:
    """In a copy of symrnn whose table has one row more, and which is changed nowhere else."""
    root = Path(symrnn.__file__).parent.parent
    for folder in ("symrnn", "templates"):
        shutil.copytree(root / folder, tmp_path / folder)
    table = tmp_path / "symrnn" / "language" / "table.py"
    text, before = table.read_text("utf-8"), '        Elementwise("identity"'
    assert text.count(before) == 1
    table.write_text(text.replace(before, ROW[1:] + before), "utf-8")
    command = [sys.executable, "-c", IN_A_COPY.format(folder=str(tmp_path))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "def mish_prime(x):" in done.stdout or "def mish(x):" in done.stdout


def test_a_row_without_a_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Elementwise("swoosh", "1 + o", "", r"\mathrm{swoosh}")
    monkeypatch.setitem(ELEMENTWISE, "swoosh", row)
    monkeypatch.setitem(functions.ARITY, "swoosh", 1)
    model = symrnn.parse("h[t] = swoosh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])")
    with pytest.raises(CheckError, match="no back end has swoosh"):
        model.generate(2)


def test_erf_is_accurate_to_a_few_units_in_the_last_place() -> None:
    import mpmath

    x = np.concatenate([np.linspace(-7, 7, 2001), np.logspace(-12, 1, 200), [np.inf, -np.inf]])
    found = erf(x)
    wanted = np.array([float(mpmath.erf(mpmath.mpf(float(v)))) for v in x])
    assert (np.abs(found - wanted) <= 4 * np.spacing(np.abs(wanted))).all()
    stepped = erf(x[:-2] + 1e-30j).imag / 1e-30
    assert np.allclose(stepped, 2 / np.sqrt(np.pi) * np.exp(-(x[:-2] ** 2)), rtol=1e-14, atol=0)
    assert erf(x.astype(np.float32)).dtype == np.float32


def test_those_that_are_the_largest_share_the_adjoint() -> None:
    found = interpret(
        symrnn.parse("m = rowmax(x[1])\nL = mse(y, 2 * m)").gradient(["x"]),
        {"x": np.array([[[1.0, 3.0, 3.0, 0.5]]]), "y": np.zeros((1, 1))},
    ).adjoint_of("x")
    assert found is not None
    assert found.ravel().tolist() == [0.0, 12.0, 12.0, 0.0]


def test_at_a_tie_each_of_two_gets_half() -> None:
    data = {"x": np.full((1, 1, 1), 2.0), "z": np.full((1, 1, 1), 2.0), "y": np.zeros((1, 1))}
    for name in ("max", "min"):
        text = f"L = mse(y, {name}(x[1], z[1]))"
        found = interpret(symrnn.parse(text).gradient(["x", "z"]), data)
        for name in "xz":
            own = found.adjoint_of(name)
            assert own is not None
            assert own.sum() == 2.0


def test_layer_norm_is_what_it_stands_for() -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, 5))
    found = interpret(parse("h[t] = layernorm(x[t])\nr[t] = rmsnorm(x[t], 0.1)"), {"x": x})
    gap = x - x.mean(-1, keepdims=True)
    assert np.allclose(found["h"], gap / np.sqrt((gap**2).mean(-1, keepdims=True) + 1e-5))
    assert np.allclose(found["r"], x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.1))
