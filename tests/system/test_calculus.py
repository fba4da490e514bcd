"""Derivatives by the rules for sums and products are to the letter what SymPy gives."""

import subprocess
import sys
from fractions import Fraction

import hypothesis.strategies as st
import pytest
import sympy
from hypothesis import given

from symrnn.language.parse import parse_expression
from symrnn.language.printer import show_expr
from symrnn.language.tree import Add, Expr, Mul, Neg, Num, Ref
from symrnn.library.zoo import models
from symrnn.system import calculus
from tests.extent import FEW

NAMES = st.sampled_from(["a", "v1", "v10", "v2", "z"])
NUMBERS = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3)])
LEAVES: st.SearchStrategy[Expr] = NAMES.map(Ref) | NUMBERS.map(Num)


def bodies(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return (
        st.tuples(inner, inner).map(lambda pair: Mul(*pair))
        | st.lists(inner, min_size=2, max_size=4).map(lambda terms: Add(tuple(terms)))
        | inner.map(Neg)
    )


def by_sympy(body: Expr, by: str) -> Expr:
    return calculus.from_sympy(sympy.diff(calculus.to_sympy(body), sympy.Symbol(by)))


@given(st.recursive(LEAVES, bodies, max_leaves=8), NAMES)
def test_the_rules_give_what_sympy_gives(body: Expr, by: str) -> None:
    found = calculus._of_products(body, by)
    if found is not None:
        assert found == by_sympy(body, by), (show_expr(found), show_expr(by_sympy(body, by)))


@pytest.mark.parametrize(
    "text",
    [
        "(1 - z) * n + z * h",
        "z * h + (1 - z) * n",
        "f * c + i * g",
        "h + z * n",
        "a * b * c + b * d + c * e + g",
        "a * (1 - b) * c - d",
        "-a * b + 0.5 * c",
    ],
)
def test_they_serve_what_gates_are_made_of(text: str) -> None:
    body = parse_expression(text)
    for by in "abcdefghinz":
        assert calculus._of_products(body, by) == by_sympy(body, by)


@pytest.mark.parametrize("text", ["a / b", "a ** 2", "a * a", "(a + b) * (a - b)", "exp(a) * b"])
def test_what_they_do_not_know_is_left_to_sympy(text: str) -> None:
    assert calculus._of_products(parse_expression(text), "a") is None


def test_no_model_of_the_zoo_needs_sympy() -> None:
    script = f"""
import sys, symrnn
for name in {list(models())[:: 5 if FEW else 1]!r}:
    model = symrnn.load(name)
    for view in ("chain", "closed", "delta"):
        model.derive(steps=2).latex(view)
    model.kernel(steps=3, wrt=[])
assert "sympy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
