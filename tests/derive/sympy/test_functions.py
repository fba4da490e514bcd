"""The functions of the language as SymPy's: their values, derivatives and prints."""

import pickle

import numpy as np
import pytest
import sympy

from symrnn.derive.functions import LONG
from symrnn.derive.sympy.functions import EachEntry, class_of, softmax
from symrnn.derive.sympy.letters import Partial
from symrnn.derive.sympy.numbers import lambdify
from symrnn.interpret.arithmetic import Floats
from symrnn.language.parse import parse
from symrnn.language.table import ELEMENTWISE, STOPS

X, Y = sympy.symbols("x y", real=True)
SMOOTH = [name for name, row in ELEMENTWISE.items() if name not in STOPS]


def args(name: str, x: float) -> list[float]:
    x = abs(x) + 0.1 if name in ("log", "sqrt", "log1p") else x
    return [x, -x / 2][: len(ELEMENTWISE[name].arguments)]


@pytest.mark.parametrize("x", [-1.7, -0.3, 0.6, 2.1])
@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_a_function_has_its_value(name: str, x: float) -> None:
    numbers = args(name, x)
    want = float(Floats().apply(name, *numbers))
    letters = [X, Y][: len(numbers)]
    applied = class_of(name)(*letters)
    exact = [sympy.Rational(str(number)) for number in numbers]
    known = dict(zip(letters, exact, strict=True))
    assert float(applied.subs(known).evalf()) == pytest.approx(want, rel=1e-14, abs=1e-15)
    for modules in ("numpy", "mpmath"):
        found = sympy.lambdify(letters, applied, modules)(*numbers)
        assert float(found) == pytest.approx(want, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("x", [-1.7, -0.3, 0.6, 2.1])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_derivative_is_the_slope_of_the_value(name: str, x: float) -> None:
    numbers = args(name, x)
    letters = [X, Y][: len(numbers)]
    for number, letter in enumerate(letters):
        slope = sympy.lambdify(letters, class_of(name)(*letters).diff(letter))(*numbers)
        h = 1e-6
        above, below = (
            Floats().apply(name, *[a + s * h * (n == number) for n, a in enumerate(numbers)])
            for s in (1, -1)
        )
        assert float(slope) == pytest.approx(float(above - below) / (2 * h), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tanh", "1 - tanh(x)**2"),
        ("sigmoid", "(1 - sigmoid(x))*sigmoid(x)"),
        ("relu", "step(x)"),
        ("elu", "(1 - step(x))*(elu(x) + 1) + step(x)"),
        ("silu", "(1 - silu(x))*sigmoid(x) + silu(x)"),
        ("softsign", "(1 - Abs(softsign(x)))**2"),
    ],
)
def test_a_derivative_is_in_terms_of_the_value(name: str, text: str) -> None:
    assert str(class_of(name)(X).diff(X)) == text


def test_derivatives_with_a_name_can_be_differentiated_again() -> None:
    for name in sorted(LONG):
        slope = class_of(name)(X)
        again = float(sympy.lambdify(X, slope.diff(X))(0.7))
        h = 1e-6
        value = sympy.lambdify(X, slope)
        assert again == pytest.approx((value(0.7 + h) - value(0.7 - h)) / (2 * h), abs=1e-8)


def test_functions_are_rewritten() -> None:
    sigmoid, relu = class_of("sigmoid"), class_of("relu")
    assert sigmoid(X).rewrite(sympy.exp) == 1 / (1 + sympy.exp(-X))
    assert relu(X).rewrite(sympy.exp) == relu(X)
    assert relu(X).rewrite(sympy.Piecewise).has(sympy.Piecewise)
    assert sympy.latex(sigmoid(X) ** 2) == r"\sigma^{2}\left(x\right)"
    assert sigmoid(0.0) == 0.5
    assert sigmoid(sympy.Integer(2)).func is sigmoid


def test_a_function_of_the_text() -> None:
    own = parse("mish(z) = z * tanh(softplus(z)); v = mish(u)").definitions[0].body.own  # type: ignore[union-attr]
    mish = class_of(own)
    assert str(mish(X)) == "mish(x)"
    assert float(mish(0.5)) == pytest.approx(0.5 * np.tanh(np.log1p(np.exp(0.5))))
    assert sympy.latex(mish(X)) == r"\operatorname{mish}\left(x\right)"
    assert sympy.latex(mish(X).diff(X)) == r"\operatorname{mish}'\left(x\right)"


def test_entries_of_a_matrix() -> None:
    v = sympy.MatrixSymbol("v", 1, 2)
    applied = EachEntry(class_of("sigmoid"), v)
    assert applied == EachEntry(class_of("sigmoid"), v)
    assert (str(applied), sympy.latex(applied)) == (
        "v.applyfunc(sigmoid)",
        r"\sigma\left(v\right)",
    )
    found = lambdify([v], applied)(np.array([[0.0, 100.0]]))
    assert found.tolist() == [[0.5, 1.0]]
    assert applied.xreplace({v: sympy.ImmutableMatrix([[0, 0]])}).as_explicit().evalf()[0] == 0.5


def test_softmax_of_a_row_and_of_a_column() -> None:
    for shape in ((1, 3), (3, 1)):
        v = sympy.MatrixSymbol("v", *shape)
        values = np.array([0.1, 2.0, -1.0]).reshape(shape)
        want = np.exp(values) / np.exp(values).sum()
        assert np.allclose(lambdify([v], softmax(v))(values), want, atol=1e-15)
        exact = softmax(sympy.ImmutableMatrix(values.tolist())).doit()
        assert np.allclose(np.array(exact).astype(float), want)
        entry = softmax(v)[0, 0].xreplace({v: sympy.ImmutableMatrix(values.tolist())}).doit()
        assert float(entry) == pytest.approx(want.ravel()[0])


def test_symbols_of_derivatives_can_be_kept() -> None:
    found = Partial("dO_2_dO_1", r"\frac{\partial O_2}{\partial O_1}", "∂O₂/∂O₁", real=True)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert sympy.latex(again) == r"\frac{\partial O_2}{\partial O_1}"
    assert sympy.pretty(again) == "∂O₂/∂O₁"
    assert str(found * 2) == "2*dO_2_dO_1"
