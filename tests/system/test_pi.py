"""`pi` is the number, unless a text says what else it is."""

import mpmath
import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.interpret.arithmetic import mpmath_objects
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import exactly
from symrnn.language import parse
from symrnn.system import normal

CIRCLE = (
    "h[t] = tanh(x[t] @ W) * pi + log(pi) * sin(2 * pi * u)\nL = mse(y, h[T]) + log(2 * pi) / 2"
)
DATA = {
    "x": np.ones((1, 1, 1)),
    "W": np.zeros((1, 1)),
    "u": np.full(1, 0.25),
    "y": np.zeros((1, 1)),
}


def test_its_value_is_right_to_ninety_digits() -> None:
    on = mpmath_objects(90)
    found = interpret(parse(CIRCLE), {k: exactly(on, v) for k, v in DATA.items()}, 1, on).loss
    with mpmath.workdps(95):
        wanted = mpmath.log(mpmath.pi) ** 2 + mpmath.log(2 * mpmath.pi) / 2
        assert abs(mpmath.mpf(str(found)) - wanted) < mpmath.mpf(10) ** -86


def test_a_system_with_it_prints_without_digits_and_reads_back() -> None:
    adjoint = symrnn.parse(CIRCLE).adjoint
    assert "3.14" not in str(adjoint)
    assert normal(parse(str(adjoint))) == adjoint


def test_kernels_and_derivations_have_it() -> None:
    model = symrnn.parse(CIRCLE)
    kernel = model.kernel(steps=1)
    params = {name: DATA[name] for name in ("W", "u")}
    loss, _ = kernel.loss_and_grads(params, x=DATA["x"], y=DATA["y"])
    assert loss == pytest.approx(np.log(np.pi) ** 2 + np.log(2 * np.pi) / 2, rel=1e-15)
    assert model.verify(steps=2).holds
    assert r"\sin(2 \, \pi \, u)" in model.derive().latex("delta")


def test_a_worked_example_leaves_the_letter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "-e", CIRCLE, *["--steps", "1", "--scalar", "--view", "numbers"]]) == 0
    assert r"\pi" in (said := capsys.readouterr().out)
    assert "3.14" not in said


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("pi = 3\nh[t] = x[t] * pi", "constant"),
        ("pi[t] = softmax(x[t] @ W)\nh[t] = pi[t] * 2", "variable"),
        ("pi: parameter\nh[t] = x[t] * pi", "parameter"),
        ("pi: D\nx: D\nh[t] = x[t] * pi", "parameter"),
        ("pi: init(1)\nh[t] = x[t] * pi", "parameter"),
        ("h[t] = x[t] @ pi", "parameter"),
        ("h[t] = x[t] * pi[t]", "input"),
        ("h[t] = x[t] @ W\nL = mse(pi, h[T])", "target"),
    ],
)
def test_a_text_that_says_what_it_is_keeps_its_own(text: str, role: str) -> None:
    symbol = symrnn.parse(text).system.symbols["pi"]
    assert symbol.role == role
    assert symbol.value in (None, 3)


def test_an_output_that_is_a_multiple_of_it_needs_no_width() -> None:
    assert symrnn.parse("tau = 2 * pi\nh[t] = u * x[t] * tau").verify(steps=1).holds
