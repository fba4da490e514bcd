"""Recursions at their ends: fixed steps that may coincide, and what stands outside 1…T.

Everything is worked out on its own tree, and every derivative that is read has an equation: none is
taken to be zero because nothing is said of it.
"""

import re
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Immediate, Name, Total
from symrnn.derive.left_sides import Indices
from symrnn.derive.printing.python.module import python_text
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.errors import CheckError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref
from symrnn.model import Model, load, parse
from symrnn.system import resolve
from tests.cases import odd_widths, oracle

STEPS = (1, 2, 3, 4)
FORMS = ("scalar", "rows", "columns")
SAME = {  # the least T for which the recursion for any T holds
    "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T] * h[1])": 2,
    "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T] * h[1] + h[T-1] * h[2])": 4,
    "h[t] = tanh(x[t] @ W + h[t+1] @ U); L = mse(y, h[T] * h[1] + h[2])": 3,
    "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V); L = mse(y, h[T-2] + h[T])": 3,
    "a[t] = sin(x[t] @ W); h[t] = tanh(a[t] + h[t-1] @ U); L = mse(y, h[T] * a[2] + a[T])": 3,
}
LAGS = (
    "h[t] = tanh(x[t] @ W + h[t-2] @ U + h[t-1] @ V); L = mse(y, h[T])",
    "h[t] = tanh(x[t] @ W + h[t-5] @ U); L = mse(y, h[T])",
    "h[t] = tanh(x[t] @ W + h[t+2] @ U + h[t+1] @ V); L = mse(y, h[1])",
    "h[t] = tanh(x[t] @ W + h[t-3] @ U); L = mean(mse(y[t], h[t]))",
    "g[t] = sigmoid(x[t] @ W + h[t-2] @ U); h[t] = g[t] * h[t-1] + x[t] @ V; L = mse(y, h[T])",
)


class Told(Evaluator):
    """Takes nothing to be zero that no equation tells."""

    def named(self, key: Total | Immediate | Name, at: Indices) -> Array:
        if self.left_sides.lookup(key, at) is None:
            raise CheckError(f"no equation tells {key}")
        return super().named(key, at)


def sizes(model: Model, form: str) -> dict[str, int]:
    found = odd_widths(model.written)
    return dict.fromkeys(found, 1) if form == "scalar" else found


def worst(text: str, view: str, form: str, steps: int, given: int | None) -> float:
    """How far the gradients of a view are off, as a multiple of what is allowed."""
    model, columns = parse(text), form == "columns"
    derivation = Derivation("m", model.written, given, scalar=form == "scalar")
    data = sample(model.written, resolve(model.written), sizes(model, form), steps, 1, seed=steps)
    sheets = VIEWS[view](derivation)
    if view == "chain":
        sheets = (*sheets, *VIEWS["local"](derivation))
    sheets = as_columns(sheets) if columns else sheets
    work = (Evaluator if view in ("chain", "product") else Told)(
        [e for sheet in sheets for e in sheet.equations],
        interpret(derivation.plain, data, steps),
        data,
        sizes(model, form),
        columns,
    )
    judge = oracle(model.written, data, steps)
    found = {name: work(Total(LOSS, Ref(name))) for name in derivation.parameters}
    return max(judge.misses(g.T if columns else g, data, n) for n, g in found.items())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [*SAME, *LAGS])
@pytest.mark.parametrize("view", ["closed", "delta"])
def test_for_a_number_of_steps(view: str, text: str, form: str) -> None:
    for steps in STEPS:
        assert worst(text, view, form, steps, steps) <= 1, steps


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [*SAME, *LAGS])
@pytest.mark.parametrize("view", ["chain", "closed", "delta"])
def test_for_any_number_of_steps(view: str, text: str, form: str) -> None:
    least = SAME.get(text, 1)
    for steps in range(least, least + 4):
        assert worst(text, view, form, steps, None) <= 1, steps


@pytest.mark.parametrize("text", SAME)
def test_it_says_for_which_steps_it_holds(text: str) -> None:
    said = f"For T ≥ {SAME[text]}: with fewer steps some of those named here would coincide"
    for view in ("chain", "closed", "delta"):
        assert said in parse(text).derive(scalar=True).text(view)


@pytest.mark.parametrize("text", LAGS)
def test_where_any_number_of_steps_will_do_it_says_nothing(text: str) -> None:
    assert "For T" not in parse(text).derive(scalar=True).text(["chain", "closed", "delta"])


def test_steps_that_coincide_are_one_equation() -> None:
    text = next(iter(SAME))
    assert parse(text).derive(1, scalar=True).text("delta") == (
        "Forward\n"
        "    a₁ = x₁ W + h₀ U\n"
        "    h₁ = tanh(a₁)\n"
        "    L  = (h₁ h₁ - y)²\n"
        "\n"
        "Backward\n"
        "Here δ₁ = ∂L/∂a₁.\n"
        "    δ₁ = 4 (h₁ h₁ - y) h₁ (1 - h₁²)\n"
        "\n"
        "Gradients\n"
        "    ∂L/∂W = δ₁ x₁\n"
        "    ∂L/∂U = δ₁ h₀\n"
    )


def backward(text: str, wrt: tuple[str, ...] = (), steps: int | None = None) -> list[str]:
    """The left sides of a recursion, and those that are zero with their 0."""
    printed = parse(text).derive(steps, wrt, scalar=True).text("delta", wrt)
    lines = printed.split("Backward\n")[1].split("\n\n")[0].splitlines()
    told = [line.split(" = ") for line in lines if " = " in line and not line.startswith("Here")]
    return [left.strip() + (" = 0" if right == "0" else "") for left, right, *_ in told]


@pytest.mark.parametrize(
    ("text", "lefts"),
    [
        (LAGS[0], ["δ_T", "δₜ", "δ_{T+1} = 0"]),
        (LAGS[1], ["δ_T", "δₜ", *(f"δ_{{T+{k}}} = 0" for k in (1, 2, 3, 4))]),
        (LAGS[2], ["δ₁", "δₜ", "δ₀ = 0"]),
        (LAGS[3], ["δₜ", *(f"δ_{{T+{k}}} = 0" for k in (1, 2, 3))]),
        ("h[t] = tanh(x[t] @ W + h[t+3] @ U); L = mse(y, h[1])", ["δ₁", "δₜ", "δ₀ = 0", "δ₋₁ = 0"]),
    ],
)
def test_what_a_recursion_reads_outside_of_time_is_zero(text: str, lefts: list[str]) -> None:
    assert backward(text) == lefts


def test_an_initial_state_further_back_than_there_are_steps() -> None:
    assert backward(LAGS[0], ("h0",), 1) == ["δ_T", "δₜ", "δ_{T+1} = 0"]


def test_what_a_gradient_by_an_input_reads_outside_of_time_is_zero() -> None:
    text = "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U); L = mse(y, h[T])"
    assert backward(text, ("x",)) == ["δ_T", "δₜ", "δ_{T+1} = 0"]


READ_APART = (  # an input that the text reads at certain steps too, and the least T
    ("h[t] = tanh(x[t] @ W + x[t-1] @ Z + h[t-1] @ U); L = mse(y, h[T] + x[1] @ V)", 1),
    ("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T] * (x[1] @ V) + x[T] @ V)", 2),
    ("h[t] = tanh(x[t] @ W + h[t+1] @ U); g = x[2] @ V; L = mse(y, h[1] * tanh(g))", 2),
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", ["chain", "closed", "delta"])
@pytest.mark.parametrize(("text", "least"), READ_APART)
def test_an_input_that_is_read_at_certain_steps(
    text: str, least: int, view: str, form: str
) -> None:
    model, columns = parse(text), form == "columns"
    for steps, given in [
        *((s, s) for s in STEPS[least - 1 :]),
        *((least + k, None) for k in STEPS),
    ]:
        data = sample(model.written, resolve(model.written), sizes(model, form), steps, 1, steps)
        derivation = Derivation("m", model.written, given, ("x",), form == "scalar")
        sheets = VIEWS[view](derivation, ["x"])
        if view == "chain":
            sheets = (*sheets, *VIEWS["local"](derivation, ["x"]))
        sheets = as_columns(sheets) if columns else sheets
        equations = [e for sheet in sheets for e in sheet.equations]
        values = interpret(derivation.plain, data, steps)
        work = Evaluator(equations, values, data, sizes(model, form), columns)
        each = [work(Total(LOSS, Ref("x", "1", s))) for s in range(steps)]
        found = np.stack([g.T if columns else g for g in each])
        assert oracle(model.written, data, steps).misses(found, data, "x") <= 1, (steps, given)


def test_the_steps_at_which_an_input_is_read_apart_are_told() -> None:
    found = parse(READ_APART[0][0]).derive(wrt="x", scalar=True)
    assert found.text("delta", "x").split("Gradients\n")[1] == (
        "    ∂L/∂x₁ = δ₁ W + δ₂ Z + 2 (h_T + x₁ V - y) V\n"
        "    ∂L/∂xₜ = δₜ W + δₜ₊₁ Z,   t = T, …, 2\n"
    )
    assert "Gradient with respect to x₁\n" in found.text("chain", "x")


def test_gates_after_the_last_step_are_zero() -> None:
    found = load("lstm").with_head("steps").derive(scalar=True).text("delta", all=True)
    assert [line.split()[0] for line in found.splitlines() if line.endswith(" = 0")] == [
        "∂L/∂c_{T+1}", "δ^g_{T+1}", "δ^f_{T+1}", "δ^o_{T+1}", "δ^i_{T+1}",
    ]  # fmt: skip


def test_products_need_the_steps_apart() -> None:
    text = next(iter(SAME))
    with pytest.raises(UsageError, match=r"holds for T ≥ 2 here, .* for T = 1 chain, closed and"):
        parse(text).derive(1).text("product")
    for steps in (2, 3):
        assert worst(text, "product", "rows", steps, steps) <= 1


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("text", [*list(SAME)[:2], *LAGS[:2]])
def test_python_text_defines_the_same_in_both_views(text: str, steps: int) -> None:
    """In numbers: the gradients of the recursion are those of the closed form."""
    derivation = parse(text).derive(steps, scalar=True)
    found: list[dict[str, Any]] = []
    for view in ("closed", "delta"):
        output = derivation.output(view)
        sheets = [sheet for part in output.parts() for sheet in part.sheets]
        printer = output.latex_printer
        names: dict[str, Any] = {}
        written = python_text(sheets, derivation, printer.letters, plain=output.plain_printer)
        assert not re.search(r"(?<![\w.])0\*[^*]", written)  # a zero has a name
        exec(compile(written, "derived", "exec"), names)
        found.append(names)
    closed, delta = found
    for name in (f"dL_d{name}" for name in derivation.parameters):
        wanted = closed[name]
        known = {s: delta[s.name] for s in wanted.free_symbols if s.name in delta}
        gap = wanted.subs(known) - delta[name]
        point = {s: Rational(7 + i, 11 + 3 * i) for i, s in enumerate(sorted_by_name(gap))}
        assert abs(gap.subs(point).evalf()) < 1e-12


def sorted_by_name(expression: Any) -> list[Any]:
    return sorted(expression.free_symbols, key=str)
