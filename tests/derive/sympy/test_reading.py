"""Models of SymPy's equations: what they say, what they compute, and what is refused."""

from typing import Any

import pytest
import sympy
from sympy import (
    Abs,
    Eq,
    Function,
    HadamardProduct,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    Sum,
    Symbol,
    log,
    symbols,
    tanh,
)

import symrnn
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.model import from_sympy
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model

t, T, Z = symbols("t T z")
h, x, y = IndexedBase("h"), IndexedBase("x"), IndexedBase("y")
w, u, b, v, target, yhat, L = symbols("w u b v y yhat L")
f, sigmoid = Function("f"), Function("sigmoid")
READ_OUT = [
    Eq(yhat, sigmoid(v * h[T])),
    Eq(L, -target * log(yhat) - (1 - target) * log(1 - yhat)),
]
CELL = Eq(h[t], tanh(w * x[t] + u * h[t - 1] + b))

TEXT = """\
h: 1
yhat: 1
h[t] = tanh(b + u * h[t-1] + w * x[t])
yhat = sigmoid(v * h[T])
L = bce(y, yhat)
"""


def test_numbers_are_numbers() -> None:
    found = from_sympy([CELL, *READ_OUT])
    assert found.text == TEXT
    assert {s.shape for s in found.system.named("parameter")} <= {found.system.symbols["h"].shape}
    assert found.verify(steps=2).holds


def test_functions_of_time_say_the_same() -> None:
    s, i = Function("h"), Function("x")
    cell = Eq(s(t), tanh(w * i(t) + u * s(t - 1) + b))
    read_out = [Eq(yhat, sigmoid(v * s(T))), READ_OUT[1]]
    assert from_sympy([cell, *read_out]).text == TEXT


def test_parameters_may_be_matrices() -> None:
    found = from_sympy([CELL, *READ_OUT], matrices=["w", "u", "v"])
    assert "h[t] = tanh(b + h[t-1] @ u + x[t] @ w)" in found.text
    assert found.system.symbols["u"].shape[0] == found.system.symbols["h"].width
    assert found.verify(steps=2).holds


def test_an_activation_is_a_function_of_the_text() -> None:
    activation = {"f": Lambda(Z, Z / (1 + Abs(Z)))}
    found = from_sympy([Eq(h[t], f(w * x[t] + u * h[t - 1])), *READ_OUT], activations=activation)
    assert "f(z) = z / (1 + abs(z))\n" in found.text
    assert found.verify(steps=2).holds


SUMS = [
    (Sum((v * h[t] - y[t]) ** 2, (t, 1, T)) / T, "mean(mse(y[t], v * h[t]))"),
    (Sum((y[t] - v * h[t]) ** 2, (t, 1, T)), "sum(mse(y[t], v * h[t]))"),
    (-Sum(y[t] * log(sigmoid(h[t])), (t, 1, T)) / T, "mean(ce(y[t], sigmoid(h[t])))"),
    ((target - h[T]) ** 2, "mse(y, h[T])"),
    ((target - h[T]) ** 2 / 2, "0.5 * mse(y, h[T])"),
    (3 * h[T] ** 2, "3 * h[T]**2"),
    (Function("mse")(target, h[T]), "mse(y, h[T])"),
]


@pytest.mark.parametrize(("loss", "text"), SUMS, ids=[text for _, text in SUMS])
def test_losses_are_known_by_their_formulas(loss: Any, text: str) -> None:
    assert from_sympy([CELL, Eq(L, loss)]).text.splitlines()[-1] == f"L = {text}"


def row(name: str, width: Any) -> Any:
    return MatrixSymbol(name, 1, width)


def test_matrices() -> None:
    wide, high = symbols("D H", integer=True, positive=True)
    weight, back = MatrixSymbol("W", wide, high), MatrixSymbol("U", high, high)
    state, before, peephole = row("h[t]", high), row("h[t-1]", high), row("p", high)
    inside = row("x[t]", wide) * weight + before * back.T + HadamardProduct(peephole, before)
    gap = row("h[T]", high) - row("y", high)
    loss = Eq(L, sympy.Trace(gap * gap.T) / high)
    found = from_sympy([Eq(state, inside.applyfunc(tanh)), loss])
    assert found.text.splitlines()[-1] == "L = mse(y, h[T])"
    first = found.text.splitlines()[-2]
    assert {"h[t-1] @ transpose(U)", "x[t] @ W"} < set(first[12:-1].split(" + "))
    assert found.verify(steps=2).holds
    again = from_sympy([Eq(state, inside.applyfunc(tanh)), Eq(L, sympy.Trace(gap * gap.T))])
    assert again.text.splitlines()[-1] == "L = rowsum((h[T] - y)**2)"  # no mean over the entries


def test_shapes_that_are_numbers_are_declared() -> None:
    weight, back = MatrixSymbol("W", 2, 4), MatrixSymbol("U", 4, 4)
    inside = row("x[t]", 2) * weight + row("h[t-1]", 4) * back
    found = from_sympy([Eq(row("h[t]", 4), inside.applyfunc(tanh))])
    assert str(found.system.symbols["W"].shape[0]) == "2"
    assert str(found.system.symbols["h"].width) == "4"


REORDERED = ("indrnn", "lstm_peephole")
"""A row times a weight, entry by entry, is printed with the row first."""


@pytest.mark.parametrize("name", ZOO)
def test_there_and_back(name: str) -> None:
    mine = model(name)
    found = from_sympy(mine.sympy())
    if name not in REORDERED:
        assert found.written.definitions == mine.written.definitions
    dims = dict.fromkeys(dimensions(resolve(mine.written)), 2)
    data = sample(mine.written, resolve(mine.written), dims, 2, 2, seed=1)
    want = interpret(mine.written, data, 2).loss
    assert interpret(found.written, data, 2).loss == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("name", [name for name in ZOO if name != "char"])
def test_numbers_there_and_back(name: str) -> None:
    """But softmax of one number, which is 1."""
    mine = model(name)
    found = from_sympy(mine.sympy(scalar=True))
    dims = dict.fromkeys(dimensions(resolve(mine.written)), 1)
    data = sample(mine.written, resolve(mine.written), dims, 2, 1, seed=1)
    shapes = {
        s.name: tuple(w.count(dims) for w in s.shape) for s in found.system.named("parameter")
    }
    given = {k: a.reshape(shapes.get(k, a.shape)) for k, a in data.items()}
    want = interpret(mine.written, data, 2).loss
    assert interpret(found.written, given, 2).loss == pytest.approx(want, rel=1e-14)


def test_functions_of_the_text_there_and_back() -> None:
    text = "mish(z) = z * tanh(softplus(z))\nh[t] = mish(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])\n"
    assert from_sympy(symrnn.parse(text).sympy()).text == text


def test_declarations_are_lines_of_the_language() -> None:
    found = from_sympy([CELL, *READ_OUT], declarations=["b: init(1)"])
    assert found.text == "b: init(1)\n" + TEXT


G = Function("g")
REFUSED = [
    ([h[t]], r"equation 1: h\[t\] is no sympy\.Eq"),
    ([Eq(h[t] + 1, x[t])], r"h\[t\] \+ 1 can have no equation; write h\[t\]"),
    ([Eq(h[t], x[2 * t])], r"x at 2\*t: a time is t, T or a number"),
    ([Eq(h[t], x[t, 1])], "has 2 indices; a variable has one, its time"),
    ([Eq(h[t], G(x[t]))], "what g is, is not said; say it by\nactivations"),
    ([Eq(h[t], sympy.zeta(x[t]))], "zeta is nothing that the language has"),
    ([Eq(h[t], x[t] * sympy.I)], "I is nothing|I: ImaginaryUnit is nothing"),
    ([Eq(h[t], x[t] + sympy.EulerGamma)], "EulerGamma: EulerGamma is nothing"),
    ([Eq(yhat, tanh(w))], "no equation is for all steps"),
    ([Eq(h[t], Sum(x[t], (t, 2, T)))], "a sum over something else than t = 1 … T"),
    ([Eq(Symbol("h "), x[t])], "no equation is for all steps"),
    ([Eq(Symbol("h,"), x[t])], "'h,' is no name"),
    ([CELL, Eq(L, (symbols("c") - target + v * h[T]) ** 2)], "may have c and y as its target"),
]


@pytest.mark.parametrize(("equations", "message"), REFUSED)
def test_what_is_no_model_is_refused(equations: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("\n", " ")):
        from_sympy(equations)


def test_what_else_is_refused() -> None:
    with pytest.raises(UsageError, match=r"activation f: tanh is no sympy\.Lambda"):
        from_sympy([CELL], activations={"f": tanh})
    with pytest.raises(UsageError, match="multiplies 2 matrices, and SymPy keeps no order"):
        from_sympy([Eq(h[t], x[t] * w * u)], matrices=["w", "u"])
    square = MatrixSymbol("h[t]", 2, 2)
    with pytest.raises(UsageError, match=r"h\[t\] has 2 rows; a variable at a time is a row"):
        from_sympy([Eq(square, MatrixSymbol("x[t]", 2, 2))])
    odd = [MatrixSymbol("x[t]", 1, 3), MatrixSymbol("x[t-1]", 1, 4)]
    with pytest.raises(UsageError, match=r"x is \(4\) here, and \(3\) elsewhere"):
        from_sympy(
            [
                Eq(MatrixSymbol("h[t]", 1, 3), odd[0] + sympy.ZeroMatrix(1, 3)),
                Eq(MatrixSymbol("g[t]", 1, 4), odd[1]),
            ]
        )
    with pytest.raises(UsageError, match="for a number"):
        from_sympy(model("elman").sympy(3))


def test_targets_may_be_named() -> None:
    c = Symbol("c")
    loss = Eq(L, (c - target + v * h[T]) ** 2)
    assert "L = mse(y, c + v * h[T])" in from_sympy([CELL, loss], targets="y").text
