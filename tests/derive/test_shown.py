"""What a prompt and a notebook show of models, systems and derivations."""

import pytest

import symrnn
from symrnn.model import load, parse
from tests.cases import ZOO, model

LONG = "\n".join([*(f"h{n}[t] = tanh(h{n}[t-1] @ U{n} + x[t] @ W{n})" for n in range(80))])


def test_a_model_is_its_text_under_its_name() -> None:
    elman = load("elman_n4")
    assert repr(elman) == "# elman_n4\n" + elman.text.rstrip()
    assert parse(repr(elman)).written == elman.written
    assert str(elman) == elman.text


def test_a_system_is_its_text() -> None:
    system = load("elman_n4").adjoint
    assert repr(system) == str(system).rstrip()
    assert parse(repr(system)).written == parse(str(system)).written
    assert system._repr_html_().startswith("<pre>x: D\ny: C\n")


@pytest.mark.parametrize("name", ZOO)
def test_a_model_shows_its_equations(name: str) -> None:
    latex, html = model(name)._repr_latex_(), model(name)._repr_html_()
    assert latex.startswith("$$\n\\begin{aligned}\n")
    assert latex.count("&=") == len(model(name).written.definitions)
    assert html.startswith("<math")


def test_the_equations_of_a_model() -> None:
    assert load("elman_n4")._repr_latex_() == (
        "$$\n\\begin{aligned}\n"
        "O_t &= \\tanh(x_t \\, w_i + O_{t-1} \\, w_h) \\\\\n"
        "\\hat{y} &= \\sigma(O_T \\, w_o) \\\\\n"
        "L &= -\\frac{1}{C} \\, (y \\, (\\log \\hat{y})^{\\top}"
        " + (1 - y) \\, (\\log(1 - \\hat{y}))^{\\top})\n"
        "\\end{aligned}\n$$"
    )
    assert "&=" in parse("h[t] = tanh(x[t] @ W)")._repr_latex_()  # without a loss too


def test_no_more_than_some_screens() -> None:
    long = parse(LONG)
    assert long._repr_latex_().count("&=") == 60
    assert long._repr_latex_().endswith("$$\n\\text{and 20 more equations}\n$$")
    assert "and\xa020\xa0more\xa0equations" in long._repr_html_()
    unrolled = long.unroll(2)._repr_html_()
    assert unrolled.count("\n") == 100
    assert unrolled.endswith("more lines</pre>")


@pytest.mark.parametrize("name", ["elman", "lstm", "bilstm"])
def test_a_long_derivation_shows_its_recursion(name: str) -> None:
    few, many = (symrnn.load(name).derive(steps)._repr_latex_() for steps in (2, 60))
    assert r"\partial" in few
    assert r"\delta_{t+1}" in many or r"t+1" in many
    assert len(many) < 20_000
    assert symrnn.load(name).derive(60)._repr_html_().startswith("<math")
