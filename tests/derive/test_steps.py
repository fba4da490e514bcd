"""The view `steps`: every line is equal to the one before it, and the last lines are the gradient.

Each right side is worked out by itself, at every step for which its equation holds; what a left
side is, the adjoint system says, and for ∂⁺u/∂v a difference quotient of the equation of u.
"""

import random
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Equation, Total
from symrnn.derive.left_sides import LeftSides
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.table import Array
from symrnn.language.tree import Ref
from symrnn.model import Model, parse
from symrnn.system import adjoint, normal, resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model
from tests.derive.test_literally import case_of, holds
from tests.extent import draws
from tests.grammar import Writer

FORMS = ("scalar", "rows", "columns")
WIDTHS = (3, 5, 2, 4, 7, 6)
SEEDS = range(draws(12, 200, 2000))
AGREES, FLOOR = 1e-8, 1e-6


class Worked:
    """The sheets of a model for a number of steps, worked out at a random point."""

    def __init__(self, of: Model, asked: int | None, steps: int, form: str, seed: int = 1) -> None:
        plain = normal(of.written, stable=False)
        scalar = form == "scalar"
        names = dimensions(plain.symbols)
        self.dims = {n: 1 if scalar else WIDTHS[i % len(WIDTHS)] for i, n in enumerate(names)}
        self.data = sample(of.written, resolve(of.written), self.dims, steps, 1, seed=seed)
        self.derivation = Derivation("drawn", of.written, asked, scalar=scalar)
        sheets = VIEWS["steps"](self.derivation)
        self.sheets = as_columns(sheets) if form == "columns" else sheets
        self.columns, self.steps = form == "columns", steps
        self.values = interpret(plain, self.data, steps)
        self.on = Evaluator(self.equations, self.values, self.data, self.dims, self.columns)
        result = interpret(adjoint(plain), self.data, steps)
        self.wanted = {s.name: result.adjoint_of(s.name) for s in plain.named("parameter")}

    @property
    def equations(self) -> list[Equation]:
        return [equation for sheet in self.sheets for equation in sheet.equations]

    def places(self, equation: Equation) -> Iterator[dict[str, int]]:
        """The steps at which an equation holds."""
        sides = LeftSides([equation], self.steps)
        steps = range(1, self.steps + 1)
        if equation.steps:
            low, high = sorted(sides.step(bound, {}) for bound in equation.steps)
            steps = range(low, high + 1)
        but = {sides.step(bound, {}) for bound in equation.but}
        for step in steps:
            if step not in but:
                yield {"t": step, "k": step, "j": step}

    def check(self) -> int:
        """Hold every line against the one before it; how many were compared."""
        compared = 0
        for equation in self.equations:
            for at in self.places(equation):
                first, *others = (self.number(equation, i, at) for i in range(len(equation.rights)))
                for other in others:
                    shape = np.broadcast_shapes(first.shape, other.shape)
                    gap = np.abs(np.broadcast_to(first, shape) - other).max(initial=0)
                    scale = max(FLOOR, float(np.abs(first).max(initial=0)))
                    assert gap <= AGREES * scale, (equation.left, at, gap / scale)
                    compared += 1
        return compared

    def number(self, equation: Equation, place: int, at: Mapping[str, int]) -> Array:
        return self.on(equation.rights[place], at)

    def gradients(self) -> None:
        for name, exact in self.wanted.items():
            if exact is None:
                continue
            found = self.on(Total(LOSS, Ref(name)))
            found = found.T if self.columns else found
            gap = float(np.linalg.norm(found.ravel() - exact.ravel()))
            assert gap <= AGREES * max(FLOOR, float(np.linalg.norm(exact))), name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ZOO)
def test_each_line_is_equal_to_the_one_before_it(name: str, form: str) -> None:
    for asked, steps in ((None, 4), (1, 1), (2, 2), (3, 3)):
        worked = Worked(model(name), asked, steps, form)
        assert worked.check() > 5
        worked.gradients()


@pytest.mark.parametrize("form", FORMS)
def test_each_line_of_systems_at_random(form: str) -> None:
    refused, seeds = 0, SEEDS[FORMS.index(form) :: len(FORMS)]
    for seed in seeds:
        found = parse(Writer(random.Random(seed), attention=True).text())
        asked = None if seed % 2 else 1 + seed % 3
        try:
            worked = Worked(found, asked, asked or 4, form, seed)
        except (EquationError, UsageError):
            refused += 1
            continue
        worked.check()
        worked.gradients()
    assert refused <= 0.12 * len(seeds) + 1


LOOKS = ("default", "books", "scalar")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ZOO)
def test_read_back_from_the_page_each_line_is_equal_to_the_one_before_it(
    name: str, look: str
) -> None:
    """By a reader who knows the rules of the page alone."""
    scalar = look == "scalar"
    for asked, steps in ((None, 4), (3, 3)):
        case = case_of(name, steps, scalar)
        output = case.output("steps", "default" if scalar else look, asked)
        holds(case, output, look == "books")
        page, compared = case.page(output), 0
        for said in page.said:
            for step in range(1, steps + 1):
                if not page.is_said_at(said, step):
                    continue
                first, *others = (right({"t": step}) for right in said.rights)
                for other in others:
                    np.testing.assert_allclose(other, first + 0 * other, rtol=1e-6, atol=1e-9)
                    compared += 1
        assert compared > 8
