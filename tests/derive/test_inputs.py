"""Inputs outside 1…T are zero: nothing that is written out names them."""

import re

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.views import VIEWS
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.tree import Ref
from symrnn.system import resolve
from tests.cases import odd_widths, oracle

FILTER = (
    "h[t] = tanh(x[t] @ W + x[t-1] @ V + x[t-2] @ Z + u * x[t+1] + h[t-1] @ U); L = mse(y, h[T])"
)
SHORT = "h[t] = tanh(x[t] @ W + x[t-1] @ V); L = mse(y, h[T])"


def test_terms_with_an_input_before_the_first_step_are_not_printed() -> None:
    assert symrnn.parse(SHORT).derive(1).text("closed") == (
        "Gradient with respect to W\n    ∂L/∂W = 2/C x₁ᵀ ((h₁ - y) ⊙ (1 - h₁²))\n\n"
        "Gradient with respect to V\n    ∂L/∂V = 0\n"
    )


@pytest.mark.parametrize("notation", ["default", "books", "N3"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_no_view_names_an_input_outside(steps: int, notation: str) -> None:
    derivation = symrnn.parse(FILTER).derive(steps)
    names = [view for view in VIEWS if view not in ("delta", "product", "forward")]
    printed = derivation.latex(names, notation=notation)
    times = "|".join(["0", "-1", str(steps + 1)])
    assert not re.search(rf"x_\{{?({times})\b|x\^\{{\(({times})\)\}}", printed)


def test_for_any_number_of_steps_it_is_said() -> None:
    said = "Inputs outside 1, …, T are zero."
    assert said in symrnn.parse(SHORT).derive().text("delta")
    assert said not in symrnn.parse(SHORT).derive(3).text("closed")
    assert said not in symrnn.load("elman").derive().text("delta")


@pytest.mark.parametrize("view", ["closed", "chain", "expanded"])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_gradients_are_the_oracles(steps: int, view: str) -> None:
    written = symrnn.parse(FILTER).written
    dims = odd_widths(written)
    data = sample(written, resolve(written), dims, steps, 1, seed=steps)
    derivation = Derivation("a", written, steps)
    sheets = (*VIEWS[view](derivation), *VIEWS["local"](derivation))
    values = interpret(derivation.plain, data, steps)
    on = Evaluator((e for s in sheets for e in s.equations), values, data, dims)
    judge = oracle(written, data, steps)
    for name in derivation.parameters:
        found = on(Total(LOSS, Ref(name))).reshape(np.shape(data[name]))
        assert judge.misses(found, data, name) <= 1, name
