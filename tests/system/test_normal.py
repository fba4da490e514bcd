"""Normal form: what becomes an equation of its own, what it is called, and that nothing changes."""

import numpy as np
import pytest

import symrnn
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.system import adjoint, normal
from symrnn.system.system import Linear, Pointwise, Row, Total
from tests.cases import ZOO, model, numbers


def lines(text: str) -> list[str]:
    """The equations of the normal form, without declarations."""
    return [line for line in str(normal(parse(text))).splitlines() if " = " in line]


@pytest.mark.parametrize("name", ZOO)
def test_prints_as_the_language_and_reads_back(name: str) -> None:
    system = model(name).system
    assert normal(parse(str(system))) == system


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("name", ZOO)
def test_means_what_was_written(name: str, steps: int) -> None:
    data = numbers(model(name).written, steps, batch=2)
    written = interpret(model(name).written, data)
    found = interpret(model(name).system, data)
    assert found.loss == pytest.approx(written.loss, rel=1e-14)
    for symbol in model(name).system.outputs:
        assert np.allclose(found[symbol.name], written[symbol.name], rtol=1e-13, atol=1e-15)


def test_a_preactivation_gets_a_name() -> None:
    assert lines("h[t] = tanh(x[t] @ W + h[t-1] @ U + b)") == [
        "a_h[t] = x[t] @ W + h[t-1] @ U + b",
        "h[t] = tanh(a_h[t])",
    ]


def test_a_peephole_belongs_to_the_preactivation() -> None:
    (first, _) = lines("c[t] = tanh(x[t] @ W + p * c[t-1])")
    assert first == "a_c[t] = x[t] @ W + c[t-1] * p"
    (equation, _) = normal(parse("c[t] = tanh(x[t] @ W + p * c[t-1])")).equations
    assert isinstance(equation, Linear)


def test_the_value_of_a_function_gets_a_name() -> None:
    assert lines("c[t] = f[t] * c[t-1]\nh[t] = o[t] * tanh(c[t])") == [
        "c[t] = f[t] * c[t-1]",
        "tanh_c[t] = tanh(c[t])",
        "h[t] = o[t] * tanh_c[t]",
    ]


def test_a_product_inside_arithmetic_gets_a_name_together_with_its_bias() -> None:
    assert lines("n[t] = tanh(x[t] @ W + b + r[t] * (n[t-1] @ U + c))") == [
        "u_n[t] = x[t] @ W + b",
        "u_n_2[t] = n[t-1] @ U + c",
        "a_n[t] = u_n[t] + r[t] * u_n_2[t]",
        "n[t] = tanh(a_n[t])",
    ]


def test_equal_equations_are_made_once() -> None:
    text = "h[t] = tanh(x[t] @ W) * tanh(x[t] @ W)\nk[t] = tanh(x[t] @ W)"
    made = lines(text)
    assert sum("tanh(" in line for line in made) == 1
    assert sum("@" in line for line in made) == 1
    assert "h[t] = k[t] * k[t]" in made


def test_a_sum_inside_a_timed_equation_is_worked_out_once() -> None:
    assert lines("h[t] = x[t] - mean(x[t])") == ["mean_x = mean(x[t])", "h[t] = x[t] - mean_x"]


def test_a_sum_over_the_batch_as_well_is_not_the_same_equation() -> None:
    """The gradient, which the author has named, reads as the sum over the steps does."""
    gradient = "d_u: adjoint(u)\nd_u = sum(batchsum(h[t]))\n"
    found = lines(gradient + "h[t] = u * x[t]\nL = mse(y, tanh(sum(h[t])))")
    assert found[0] == "d_u = sum(batchsum(h[t]))"
    assert found[2:4] == ["a_yhat = sum(h[t])", "yhat = tanh(a_yhat)"]


def test_a_narrow_term_of_a_wide_equation_gets_a_name() -> None:
    assert lines("x: 3\nh[t] = x[t] - rowmean(x[t])") == [
        "rowsum_x[t] = rowsum(x[t] / 3)",
        "h[t] = x[t] - rowsum_x[t]",
    ]


def test_named_constants_stay_by_name() -> None:
    assert "h[t] = h[t-1] * (1 - alpha) + x[t] * alpha" in lines(
        "alpha = 0.1\nh[t] = (1 - alpha) * h[t-1] + alpha * x[t]"
    )


def test_kinds() -> None:
    kinds = {e.target.name: type(e) for e in model("char").system.equations}
    assert kinds["a_h"] is Linear
    assert kinds["h"] is Pointwise
    assert kinds["yhat"] is Row
    assert kinds["L"] is Total


def test_made_up_names_avoid_those_of_the_text() -> None:
    made = lines("h[t] = tanh(x[t] @ a_h + tanh_h[t])\ntanh_h[t] = x[t] @ l")
    assert any(line.startswith("a_h_2[t] = ") for line in made)


def test_made_up_names_are_never_longer_than_a_text_may_have_them() -> None:
    name = "h" * 40
    system = symrnn.parse(f"{name}[t] = tanh(x[t] @ W + {name}[t-1] @ U)").system
    assert normal(parse(str(system))) == system


def test_what_is_an_output_does_not_hang_on_the_order_of_the_lines() -> None:
    body = ["h[t] = x[t] @ U + h[t-1]", "k = sigmoid(h[T] @ W)", "z = 2 * k", "z: hidden"]
    loss = "L = mse(y, sigmoid(h[T] @ W))"
    for lines in ([*body, loss], [loss, *body]):
        outputs = [s.name for s in normal(parse("\n".join(lines))).outputs]
        assert sorted(outputs) == ["h", "k"]


def test_outputs_stay_what_they_are_where_every_width_has_to_be_declared() -> None:
    text = """
        h1[t] = sin(concat((x[t] @ softmax(P) - x[1]) @ Q - x[2]**2 * b, s[t-1]) @ J1)
        h2[t] = sigmoid(concat(x[t+1], h1[t-1]) @ J2 @ V - s[t] / (1.5 + square(s[t]))
                        + rowmean(x[t] - mean(x[t])))
        h4[t] = sin(h2[2])
        c1    = mean(h7[t]) @ transpose(V)
        L     = mean(bce(y[t+1], sigmoid(h4[t-1])))
    """
    system = normal(parse(text))
    both = adjoint(system, ["x", "s"])
    assert {s.name for s in both.symbols.values() if s.output} == {"c1", "h1", "h4", "yhat"}
    assert normal(parse(str(both))) == both
