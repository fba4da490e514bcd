"""The table of functions: values, derivatives, stability, each against mpmath or a definition."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import symrnn
from symrnn.interpret.arithmetic import Floats, formula, mpmath_objects
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import gradient, precise
from symrnn.kernels.numpy.statements import CALLS, HELPERS
from symrnn.language import parse
from symrnn.language.parse import stable_form
from symrnn.language.printer import show_expr
from symrnn.language.table import ELEMENTWISE, LOSSES, Elementwise
from symrnn.language.tree import Call, Ref
from symrnn.system.calculus import derivative, sympy_class, to_sympy

POSITIVE = [row.name for row in ELEMENTWISE.values() if row.half]
POINTS = np.array([-2.9, -1.3, -0.4, 0.3, 0.8, 2.1, 3.7])
NAMES = sorted(ELEMENTWISE)
ONE = [name for name in NAMES if len(ELEMENTWISE[name].arguments) == 1]
TINY = Fraction(1, 10**16)


def points(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.abs(POINTS) if name in POSITIVE else POINTS


@pytest.mark.parametrize("name", NAMES)
def test_the_stable_form_equals_the_definition_at_fifty_digits(name: str) -> None:
    count = len(ELEMENTWISE[name].arguments)
    args = [points(name) * (-0.4) ** number for number in range(count)]
    exact = mpmath_objects(50).apply(name, *([exactly(v) for v in arg] for arg in args))
    found = Floats().apply(name, *args)
    assert np.allclose(found, exact.astype(float), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", [name for name in NAMES if ELEMENTWISE[name].stable])
def test_what_kernels_compute_equals_the_definition_at_fifty_digits(name: str) -> None:
    row, on = ELEMENTWISE[name], mpmath_objects(50)
    args = [[exactly(v) for v in points(name) * (-0.4) ** n] for n in range(len(row.arguments))]
    wanted = on.apply(name, *args)
    for small in (False, True):
        form = stable_form(name, small)
        assert form is not None
        made = np.frompyfunc(formula(form[1], form[0], on.convert, on.one), len(args), 1)
        assert max(abs(made(*args) - wanted)) < 1e-15  # constants such as sqrt(2) are doubles


@pytest.mark.parametrize("row", ELEMENTWISE.values(), ids=lambda row: row.name)
def test_what_a_row_says_of_its_values_is_so(row: Elementwise) -> None:
    floats = [POINTS * (-0.4) ** n for n in range(len(row.arguments))]
    with np.errstate(invalid="ignore"):
        found = Floats().apply(row.name, *floats)
    assert row.half == bool(np.isnan(found).any())
    if row.above_zero:
        assert (found > 0).all()
    if row.sympy:
        wanted = [getattr(sympy, row.sympy)(sympy.Rational(v)) for v in points(row.name)]
        here = Floats().apply(row.name, points(row.name))
        assert here == pytest.approx([float(each) for each in wanted], rel=1e-14)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE.values() if row.operation])
def test_every_operation_is_one_that_kernels_have(row: Elementwise) -> None:
    """NumPy's own function of that name, or what the printer or a kernel's file defines."""
    known = {*CALLS, *HELPERS}
    assert row.operation in known or hasattr(np, row.operation)


def exactly(value: float) -> Any:
    return mpmath_objects(50).number(Fraction(value))


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_equals_differences_at_fifty_digits(name: str) -> None:
    args = ["x[1]", "-0.4 * x[1]"][: len(ELEMENTWISE[name].arguments)]
    loss = f"L = mse(y, {name}({', '.join(args)}))"
    found = symrnn.parse(loss).gradient(["x"])
    data = {"x": points(name).reshape(1, -1, 1), "y": np.zeros((len(POINTS), 1))}
    own = interpret(found, data).adjoint_of("x")
    assert own is not None
    wanted = gradient(precise(parse(loss), data, 1), data, "x")
    assert np.allclose(own, wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ONE)
def test_sympy_knows_the_derivative_by_the_functions_own_value(name: str) -> None:
    x = sympy.Symbol("x")
    function = sympy_class(name)
    rule = to_sympy(derivative(Call(name, (Ref("x"),)), Ref("x")))
    assert sympy.diff(function(x), x) == rule
    if name not in ("erf", "gelu"):
        assert function(x).diff(x).has(sympy.exp) is False


def test_tanh_and_sigmoid_are_written_by_their_values() -> None:
    a, o = Ref("a", "t"), Ref("O", "t")
    written = {
        name: show_expr(derivative(Call(name, (a,)), a, o)) for name in ("tanh", "sigmoid", "exp")
    }
    assert written == {"tanh": "1 - O[t]**2", "sigmoid": "O[t] * (1 - O[t])", "exp": "O[t]"}


@pytest.mark.parametrize("name", [n for n in ONE if ELEMENTWISE[n].analytic and n != "stop"])
def test_analytic_functions_take_a_complex_step(name: str) -> None:
    h = 1e-30
    stepped = Floats(np.complex128).apply(name, points(name) + 1j * h)
    on = mpmath_objects(50)
    for x, value in zip(points(name), stepped, strict=True):
        ahead, behind = (on.apply(name, [exactly(x) + s * on.number(TINY)])[0] for s in (1, -1))
        slope = float((ahead - behind) / (2 * on.number(TINY)))
        assert value.imag / h == pytest.approx(slope, rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("size", [1000.0, -1000.0])
@pytest.mark.parametrize(
    "text",
    [
        "yhat[t] = sigmoid(x[t] * w)\nL = mean(bce(y[t], yhat[t]))",
        "yhat[t] = softmax(x[t] * w)\nL = mean(ce(y[t], yhat[t]))",
        "z = x[T] * w\nL = bce_logits(y, z)",
        "z = x[T] * w\nL = ce_logits(y, z)",
        "h[t] = softplus(x[t] * w) + elu(-x[t] * w) + silu(x[t] * w)\nL = mse(y, h[T])",
    ],
)
def test_saturated_losses_and_gradients_are_finite(
    text: str, size: float, dtype: type[np.generic]
) -> None:
    model = symrnn.parse(text)
    timed = model.system.symbols["y"].timed
    target = np.array([[0.0, 1.0, 0.0]])
    data = {
        "x": np.array([[[size, -size, 0.5]]], dtype),
        "w": np.ones(3, dtype),
        "y": (target[None] if timed else target).astype(dtype),
    }
    found = interpret(model.adjoint, data)
    own = found.adjoint_of("w")
    assert own is not None
    assert np.isfinite(found.loss)
    assert np.isfinite(own).all()
    assert own.dtype == dtype


def test_losses_over_their_link_are_computed_from_logits() -> None:
    on_link = symrnn.parse("yhat = sigmoid(x[T] @ w)\nL = bce(y, yhat)")
    assert "bce_logits(y, a_yhat)" in str(on_link.system)
    elsewhere = symrnn.parse("yhat = sigmoid(x[T] @ w)\nL = bce(y, 0.5 * yhat)")
    assert "bce_logits" not in str(elsewhere.system)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses_by_both_arguments(name: str) -> None:
    text = f"p[t] = sigmoid(x[t])\nq[t] = sigmoid(z[t])\nL = mean({name}(q[t], p[t]))"
    rng = np.random.default_rng(5)
    data = {n: rng.normal(size=(2, 3, 4)) for n in ("x", "z")}
    found = interpret(symrnn.parse(text).gradient(["x", "z"]), data)
    slope = precise(parse(text), data, 2)
    for moved in ("x", "z"):
        own = found.adjoint_of(moved)
        assert own is not None
        assert np.allclose(own, gradient(slope, data, moved), rtol=1e-12, atol=1e-14)


def test_values_of_losses_by_hand() -> None:
    y, p = np.array([[1.0, 0.0]]), np.array([[0.25, 0.5]])
    data = {"y": y, "p": p}

    def value(loss: str) -> float:
        return float(interpret(parse(f"p: input\nv = p * 1\nL = {loss}(y, v)"), data, 1).loss)

    assert value("mse") == pytest.approx((0.75**2 + 0.5**2) / 2)
    assert value("bce") == pytest.approx(-(np.log(0.25) + np.log(0.5)) / 2)
    assert value("ce") == pytest.approx(-np.log(0.25))
    assert value("bce_logits") == pytest.approx(
        (np.log(1 + np.exp(-0.25)) + np.log(1 + np.exp(0.5))) / 2
    )
    assert value("ce_logits") == pytest.approx(np.log(np.exp(0.25) + np.exp(0.5)) - 0.25)


def test_a_target_of_zero_silences_an_infinite_logarithm() -> None:
    data = {"y": np.array([[0.0, 1.0]]), "p": np.array([[0.0, 1.0]])}
    assert interpret(parse("p: input\nv = p * 1\nL = ce(y, v)"), data, 1).loss == 0
    assert interpret(parse("p: input\nv = p * 1\nL = bce(y, v)"), data, 1).loss == 0
