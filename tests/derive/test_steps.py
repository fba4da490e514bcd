"""The view `steps`: every line is equal to the one before it, and the last lines are the gradient.

Each right side is worked out by itself, at every step for which its equation holds. What a left
side is, a reader puts together from the lines before it: what comes out are the oracle's gradients.
"""

import json
import random
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from symrnn.derive.data import as_json
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Chain, Equation, Formula, Immediate, Total
from symrnn.derive.left_sides import LeftSides
from symrnn.derive.printing.terminal import columns
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.derive.views.steps.counts import Count, counted
from symrnn.derive.views.steps.fine import fine
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.arithmetic import Floats
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.parse import rule
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref
from symrnn.model import Model, parse
from symrnn.system import adjoint, normal, resolve, unroll
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model
from tests.derive.quotients import Quotients
from tests.derive.test_literally import case_of, holds
from tests.extent import WIDE, draws
from tests.grammar import Writer

FORMS = ("scalar", "rows", "columns")
WIDTHS = (3, 5, 2, 4, 7, 6)
SEEDS = range(draws(12, 120, 2000))
AGREES, FLOOR = 1e-8, 1e-6
NEAR = 1e-6
"""How far a difference quotient is off at most."""


class Worked:
    """The sheets of a model for a number of steps, worked out at a random point."""

    def __init__(self, of: Model, asked: int | None, steps: int, form: str, seed: int = 1) -> None:
        plain = normal(of.written, stable=False)
        scalar = form == "scalar"
        names = dimensions(plain.symbols)
        self.dims = {n: 1 if scalar else WIDTHS[i % len(WIDTHS)] for i, n in enumerate(names)}
        self.data = sample(of.written, resolve(of.written), self.dims, steps, 1, seed=seed)
        self.model = of
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


def held_against_quotients(worked: Worked) -> int:
    """Hold what is said of each derivative against difference quotients; how many were."""
    named = fine(worked.derivation).own
    plain = normal(worked.model.written, stable=False)
    judge = Quotients(unroll(plain, worked.steps), worked.data, named)
    compared = 0
    for equation in worked.equations:
        for at in worked.places(equation):
            wanted = by_quotients(judge, worked, equation.left, at)
            if wanted is None:
                continue
            found = worked.number(equation, -1, at)
            wanted = wanted.T if worked.columns else wanted
            found = np.broadcast_to(found, wanted.shape) if found.size == 1 else found
            assert found.shape == wanted.shape, (equation.left, at)
            gap = float(np.abs(found - wanted).max(initial=0))
            assert gap <= NEAR * max(1, float(np.abs(wanted).max(initial=0))), (equation.left, at)
            compared += 1
    return compared


def by_quotients(
    judge: Quotients, worked: Worked, left: Formula, at: Mapping[str, int]
) -> Array | None:
    """What a left side means, at a step; None where it is no derivative, or of nothing there is."""

    def node(formula: Formula) -> Ref | None:
        if not isinstance(formula, Ref) or not formula.base:
            return formula if isinstance(formula, Ref) else None
        found = Ref(formula.name, "1", worked.on.step(formula, at) - 1)
        return found if found in judge.nodes else None

    match left:
        case Chain(factors=(Total(of=of, by=through), Immediate(of=reader, by=by))):
            assert through == reader
            row, middle, matrix = node(of), node(reader), node(by)
            if row is None or middle is None or matrix is None:
                return None
            shares = judge.immediate(middle, matrix)
            whole = judge.total(row, middle) @ shares
            return whole.reshape(np.shape(judge.data[matrix.name]))
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            one, other = node(of), node(by)
            if one is None or other is None:
                return None
            immediate = isinstance(left, Immediate) and not left.alone
            return (judge.immediate if immediate else judge.total)(one, other)
    return None


LONG = {"bilstm": "columns", "birnn": "rows", "gru": "columns", "gru_torch": "rows"}
"""Models whose quotients take long, each with one form."""


@pytest.mark.parametrize(
    ("name", "form"), [(n, f) for n in ZOO for f in FORMS if WIDE or LONG.get(n, f) == f]
)
def test_each_derivative_is_what_its_left_side_says(name: str, form: str) -> None:
    for asked, steps in ((None, 3), (2, 2)):
        assert held_against_quotients(Worked(model(name), asked, steps, form)) > 8


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


def test_reasons_stand_beside_the_lines_in_every_format() -> None:
    derivation = model("elman_n4").derive(3, scalar=True)
    output = derivation.output("steps", "w_h")
    parts, why = output.parts(), "the quotient rule, since tanh is sinh/cosh"
    data = json.loads(as_json(output, parts))
    said = [right.get("reason") for view in data["views"] for s in view["sheets"]
            for e in s["equations"] for right in e["rights"]]  # fmt: skip
    assert why in said
    assert why in " ".join(output.plain(parts).split())
    assert r"&& \text{the quotient rule, since tanh is}" in output.latex(parts)
    page = derivation.html("steps", "w_h")
    steps = len(parts[0].sheets)
    assert page.count("<details open>") == page.count("<summary>") == steps


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_and_reasons_are_as_wide_as_asked_for(width: int) -> None:
    """But for a formula that nothing can break."""
    text = model("elman").derive(2).text("steps", width=width)
    assert max(map(columns, text.splitlines())) <= max(width, 47)


@pytest.mark.parametrize(
    ("text", "steps", "words"),
    [
        ("h[t] = tanh(u * h[t-1] + x[t]); L = mse(y, h[T])", 1, "1 path leads from u"),
        ("h[t] = tanh(u * h[t-1] + x[t]); L = mse(y, h[T])", 2, "2 paths lead from u"),
        ("h[t] = tanh(u * h[t-1] + x[t]); L = mse(y, h[T])", None, "T paths lead from u"),
        ("h[t] = tanh(u * h[t-1] + x[t]); L = mean(mse(y[t], h[t]))", None, "(T² + T)/2 paths"),
        ("q[t] = tanh(u * x[t]); L = mse(y, q[T])", None, "One path leads from u"),
        ("q = tanh(u * x); L = mse(y, q)", None, "u → q → L. Along it"),
    ],
)
def test_the_paths_are_counted(text: str, steps: int | None, words: str) -> None:
    found = parse(text.replace("; ", "\n")).derive(steps, scalar=True).text("steps")
    assert words in " ".join(found.split())


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_products_are_counted_as_on_paper(steps: int) -> None:
    """T weights of T steps, a_t and h_t on each: the way from L to a_T is two derivatives, and
    each step back two more; with the totals each edge is gone along once."""
    text = "h[t] = tanh(u * h[t-1] + x[t])\nL = mse(y, h[T])"
    derivation = fine(parse(text).derive(steps, scalar=True))
    found = counted(derivation.paths, Ref("u"))
    lengths = [3 + 2 * back for back in range(steps)]
    assert found == Count(steps, sum(length - 1 for length in lengths), 3 * steps - 1)


def test_a_function_s_rule_is_its_derivative() -> None:
    """What stands in the table beside a derivative is equal to it."""
    rng, on = np.random.default_rng(1), Floats(np.float64)
    points = rng.normal(size=50)
    tried = 0
    for name, row in ELEMENTWISE.items():
        if row.by_rule:
            own = on.apply(name, points)
            known = {"x": points, "o": own}
            by_rule = _worked(rule(row.by_rule), known)
            np.testing.assert_allclose(by_rule, _worked(rule(row.derivatives[0]), known), rtol=1e-9)
            tried += 1
    assert tried >= 3


def _worked(expr: Expr, values: Mapping[str, Array]) -> Array:
    match expr:
        case Num(value=value):
            return np.asarray(float(value))
        case Ref(name=name):
            return values[name]
        case Neg(arg=arg):
            return -_worked(arg, values)
        case Call(function=function, args=args):
            return Floats(np.float64).apply(function, *(_worked(arg, values) for arg in args))
        case Add(terms=terms):
            return np.asarray(sum(_worked(term, values) for term in terms))
        case Mul(left=left, right=right):
            return np.multiply(_worked(left, values), _worked(right, values))
        case Div(left=left, right=right):
            return np.divide(_worked(left, values), _worked(right, values))
        case Pow(left=left, right=right):
            return np.power(_worked(left, values), _worked(right, values))
    raise AssertionError(expr)
