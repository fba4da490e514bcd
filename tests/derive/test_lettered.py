"""What goes into a function has a letter where derivatives would write it out again and again."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Equation, Sheet
from symrnn.derive.left_sides import LeftSides
from symrnn.derive.output import Output
from symrnn.derive.pieces import walk
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.tree import Ref
from symrnn.model import Model, parse
from symrnn.system import normal, resolve
from symrnn.system.symbols import dimensions
from tests.cases import model
from tests.extent import draws
from tests.grammar import Writer

TITLE = ("What goes into the functions",)
HIGHWAY = "h[t] = h[t-1] + tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"


def told(output: Output) -> list[Sheet]:
    return [sheet for part in output.parts() for sheet in part.sheets if sheet.title == TITLE]


def test_a_letter_and_its_equation_stand_for_what_was_written_out() -> None:
    text = model("leaky").derive(3, scalar=True).text("closed", "W_h")
    assert text.splitlines()[:2] == [
        "What goes into the functions",
        "    aₜ = xₜ W_x + hₜ₋₁ W_h + b,   t = 1, …, 3",
    ]
    assert "∂L/∂W_h = α (ŷ - y) w_y (1 - tanh²(a₃)) h₂" in text
    assert text.count("xₜ") == 1
    assert "x₃" not in text


@pytest.mark.parametrize(
    "view", ["chain", "local", "closed", "product", "paths", "uses", "forward"]
)
def test_every_view_that_puts_values_in_has_the_letter(view: str) -> None:
    steps = None if view == "product" else 2
    output = parse(HIGHWAY).derive(steps, scalar=True).output(view)
    read = {p.name for part in output.parts() for s in part.sheets for e in s.equations
            for r in e.rights for p in walk(r) if isinstance(p, Ref)}  # fmt: skip
    assert ("a_tanh_h" in read) == bool(told(output))
    assert "a_tanh_h" in read or view in ("chain", "paths", "uses", "forward")


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])",
        "h[t] = h[t-1] + tanh(h[t-1] @ U); L = mse(y, h[T])",
        "a[t] = x[t] @ W + h[t-1] @ U + b; h[t] = h[t-1] + tanh(a[t]); L = mse(y, h[T])",
    ],
)
def test_no_letter_where_there_is_a_name_or_nothing_to_shorten(text: str) -> None:
    assert told(parse(text).derive(3).output(["chain", "local", "closed"])) == []


def test_all_written_out_has_no_letter() -> None:
    derivation = parse(HIGHWAY).derive(2, scalar=True)
    assert told(derivation.output("closed", all=True)) == []
    assert "tanh²(x₂ W + h₁ U)" in derivation.text("closed", all=True)


def test_it_is_said_once_and_before_it_is_read() -> None:
    output = model("leaky").derive(3).output(["chain", "local", "closed", "delta"])
    first, *others = output.parts()
    assert first.sheets[0].title == TITLE
    assert all(sheet.title != TITLE for part in others for sheet in part.sheets)


def places(equation: Equation, steps: int) -> Iterator[int]:
    sides = LeftSides([equation], steps)
    assert isinstance(equation.left, Ref)
    if not equation.left.base:
        return
    if equation.left.base != "t":
        yield sides.step(equation.left, {})
        return
    low, high = (
        (sides.step(bound, {}) for bound in equation.steps) if equation.steps else (1, steps)
    )
    yield from range(low, high + 1)


def check(of: Model, asked: int | None, seed: int) -> int:
    """Hold every letter's equation against the interpreter; how many numbers were compared."""
    steps = asked or 4
    plain = normal(of.written, stable=False)
    dims = {n: 2 + i for i, n in enumerate(dimensions(plain.symbols))}
    data = sample(of.written, resolve(of.written), dims, steps, 1, seed=seed)
    values = interpret(plain, data, steps)
    views = ("chain", "local", "closed") if asked else ("closed", "product")
    compared = 0
    for view in views:
        try:
            sheets = told(of.derive(asked).output(view))
        except (EquationError, UsageError):
            continue
        for equation in (e for sheet in sheets for e in sheet.equations):
            on = Evaluator([equation], values, data, dims)
            assert isinstance(equation.left, Ref)
            for step in places(equation, steps):
                wanted = values.values[equation.left.name, step]
                found = on(equation.rights[0], {"t": step})
                np.testing.assert_allclose(found + 0 * wanted, wanted, rtol=1e-9, atol=1e-12)
                compared += 1
    return compared


@pytest.mark.parametrize("asked", [1, 2, 3, None])
def test_the_equations_are_true(asked: int | None) -> None:
    assert check(model("leaky"), asked, 1) >= (asked or 4)
    compared = 0
    for seed in range(draws(8, 60, 400)):
        found = parse(Writer(random.Random(seed), attention=True).text())
        compared += check(found, asked, seed)
    assert compared > 10
