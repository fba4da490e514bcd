"""Long derivatives: f′ where it is read, what it is once on the page, and right in numbers."""

import re

import mpmath
import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.functions import LONG, PRIME, formula_of, is_slope, slope_of
from symrnn.derive.pieces import walk
from symrnn.derive.views import VIEWS
from symrnn.derive.views.numbers import value_of
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Call, Ref
from symrnn.system import resolve
from tests.cases import model, odd_widths, oracle

TEXT = "h[t] = {}(x[t] @ W + h[t-1] @ U); q[t] = {}(h[t] * v); L = mean(mse(y[t], q[t]))"


def test_which_are_long() -> None:
    assert {"gelu'", "silu'", "selu'", "elu'"} <= LONG
    assert not {"tanh'", "sigmoid'", "relu'", "softplus'", "exp'"} & LONG


@pytest.mark.parametrize("name", sorted(n for n, r in ELEMENTWISE.items() if len(r.arguments) == 1))
@pytest.mark.parametrize("steps", [None, 2])
def test_no_number_in_print_is_longer_than_people_write(name: str, steps: int | None) -> None:
    text = TEXT.format(name, name)
    derivation = symrnn.parse(text).derive(steps)
    views = ("delta", "local", "closed", "chain", "product")
    for printed in (derivation.text(views), derivation.latex(views)):
        assert not re.search(r"\d\.\d{7}", printed)
        prime = printed.count("′") + printed.count(r"^{\prime}")
        assert bool(prime) == (name + PRIME in LONG)
    definition = [line for line in derivation.text(views).splitlines() if "′(z)" in line]
    assert len(definition) == (name + PRIME in LONG)


@pytest.mark.parametrize("name", sorted(LONG))
def test_what_is_printed_of_a_derivative_is_the_slope(name: str) -> None:
    """Against mpmath's differences of the definition, with the printed formula worked out."""
    values = interpret(symrnn.parse("h[t] = x[t] * v").system, {"x": [[[1.0]]], "v": [1.0]})
    on = Evaluator((), values, {}, {})
    own = name.removesuffix(PRIME)
    for point in (-3.7, -1.3, -0.2, 0.31, 0.9, 4.2):
        with mpmath.workdps(40):
            reference = mpmath.diff(lambda x: stable(own, x), mpmath.mpf(point))
        found = on(formula_of(slope_of(name), value_of(point)))
        assert float(found[0, 0]) == pytest.approx(float(reference), rel=1e-9, abs=1e-12)


def stable(name: str, x: mpmath.mpf) -> mpmath.mpf:
    """The function by its definition in the literature, with nothing of the table."""
    match name:
        case "erf":
            return mpmath.erf(x)
        case "gelu":
            return x / 2 * (1 + mpmath.erf(x / mpmath.sqrt(2)))
        case "gelu_tanh":
            c = mpmath.sqrt(2 / mpmath.pi)
            return x / 2 * (1 + mpmath.tanh(c * (x + mpmath.mpf("0.044715") * x**3)))
        case "silu":
            return x / (1 + mpmath.exp(-x))
        case "elu":
            return x if x > 0 else mpmath.exp(x) - 1
        case "selu":
            scale = mpmath.mpf("1.0507009873554804934193349852946")
            alpha = mpmath.mpf("1.6732632423543772848170429916717")
            return scale * (x if x > 0 else alpha * (mpmath.exp(x) - 1))
        case "hard_sigmoid":
            return min(max(x / 6 + mpmath.mpf(1) / 2, 0), 1)
        case "hard_tanh":
            return min(max(x, -1), 1)
    raise AssertionError(name)


@pytest.mark.parametrize("view", ["closed", "delta", "local", "expanded"])
@pytest.mark.parametrize("name", ["gelu", "selu", "silu"])
def test_gradients_with_long_derivatives_are_the_oracles(name: str, view: str) -> None:
    found = symrnn.parse(TEXT.format(name, name))
    dims = odd_widths(found.written)
    data = sample(found.written, resolve(found.written), dims, 2, 1, seed=3)
    derivation = Derivation("a", found.written, 2)
    sheets = (*VIEWS[view](derivation), *(VIEWS["chain"](derivation) if view == "local" else ()))
    equations = [e for sheet in sheets for e in sheet.equations]
    assert any(isinstance(p, Call) and p.function in LONG for e in equations
               for p in walk(e.rights[-1]))  # fmt: skip
    values = interpret(derivation.plain, data, 2)
    on = Evaluator(equations, values, data, dims)
    judge = oracle(found.written, data, 2)
    for parameter in derivation.parameters:
        got = on(Total(LOSS, Ref(parameter))).reshape(np.shape(data[parameter]))
        assert judge.misses(got, data, parameter) <= 1


def test_the_letters_of_a_definition_are_free() -> None:
    text = "lam[t] = selu(x[t] @ W + lam[t-1] * alpha + z); L = mse(y, lam[T])"
    printed = symrnn.parse(text).derive().text("delta")
    assert "selu′(u) = κ [u > 0] + (1 - [u > 0]) (κ β + selu(u))" in printed
    assert "κ        = 1.0507" in printed
    assert "β        = 1.6733" in printed


def test_sympy_text_defines_what_it_calls() -> None:
    import sympy

    from symrnn.derive.printing.python.module import python_text

    derivation = symrnn.parse(TEXT.format("gelu_tanh", "silu")).derive(2, scalar=True)
    output = derivation.output("closed")
    every = [s for part in output.parts() for s in part.sheets]
    sheets = [s for s in every if not any(is_slope(e.left) for e in s.equations)]
    text = python_text(sheets, derivation, output.latex_printer.letters)
    space: dict[str, object] = {}
    exec(text, space)
    prime = space["gelu_tanh_prime"]
    assert abs(sympy.N(prime(sympy.Rational(1, 3))) - 0.7563097) < 1e-6  # type: ignore[operator]


def test_a_long_derivative_has_its_reason_once_and_in_steps_alone() -> None:
    assert all(ELEMENTWISE[name.removesuffix("'")].rule for name in LONG)
    derivation = symrnn.parse(TEXT.format("silu", "silu")).derive(2, scalar=True)
    steps = derivation.text("steps", width=0)
    assert steps.count("the product rule, for the argument") == 1
    assert steps.count("silu′(z) = σ(z) + z σ(z) (1 - σ(z))") == 1
    assert steps.count("= silu(z) + σ(z) (1 - silu(z))") == 1
    assert "product rule" not in derivation.text("delta")


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_short_derivatives_stay_where_they_are(name: str) -> None:
    assert "′" not in model(name).derive().text("delta")


def test_a_derivative_that_is_kept_stands_for_itself_and_is_said_once() -> None:
    printed = model("lstm").derive(keep=("tanh", "sigmoid")).text("delta")
    assert "∂L/∂hₜ ⊙ oₜ ⊙ tanh′(cₜ)" in printed
    assert printed.endswith(
        "Derivatives of functions\n    tanh′(z) = 1 - tanh²(z)\n    σ′(z)    = σ(z) (1 - σ(z))\n"
    )
    one = model("lstm").derive(keep="tanh").text("delta")
    assert "fₜ ⊙ (1 - fₜ)" in one
    assert "σ′" not in one


@pytest.mark.parametrize("view", ["closed", "local", "delta", "expanded"])
@pytest.mark.parametrize("name", sorted(n for n, r in ELEMENTWISE.items() if r.analytic))
def test_any_function_may_be_kept(name: str, view: str) -> None:
    if len(ELEMENTWISE[name].arguments) != 1 or name in ("stop", "log", "sqrt", "log1p"):
        pytest.skip("not of one number, whatever it is")
    found = symrnn.parse(TEXT.format(name, "tanh"))
    dims = odd_widths(found.written)
    drawn = sample(found.written, resolve(found.written), dims, 2, 1, seed=3)
    data = {each: array / 3 for each, array in drawn.items()}  # cosh of a cosh grows
    derivation = Derivation("a", found.written, 2, keep=(name,))
    sheets = (*VIEWS[view](derivation), *(VIEWS["chain"](derivation) if view == "local" else ()))
    equations = [e for sheet in sheets for e in sheet.equations]
    assert any(is_slope(part) for e in equations for part in walk(e.rights[-1]))
    on = Evaluator(equations, interpret(derivation.plain, data, 2), data, dims)
    judge = oracle(found.written, data, 2)
    for parameter in derivation.parameters:
        got = on(Total(LOSS, Ref(parameter))).reshape(np.shape(data[parameter]))
        assert judge.misses(got, data, parameter) <= 1


def test_only_what_is_applied_can_be_kept() -> None:
    own = symrnn.parse("mine(z) = z * tanh(z); h[t] = mine(x[t] @ W); L = mse(y, h[T])")
    assert "mine′(" in own.derive(keep=("mine", "tanh")).text("delta")
    with pytest.raises(UsageError, match="of 'tanhh': the model applies no such function; did you"):
        own.derive(keep="tanhh")
    with pytest.raises(UsageError, match=r"of 'gelu': .* it applies mine, tanh"):
        own.derive(keep="gelu")
    with pytest.raises(UsageError, match="it applies none of one argument"):
        symrnn.parse("h[t] = x[t] @ W; L = mse(y, h[T])").derive(keep="tanh")
