"""What is printed is true as it is printed: read back as a person reads it, it is the gradient.

The text alone is read, by the rules of the page (tests/derivation/reader.py): matrices are
multiplied in the order in which they stand, and must fit. All widths differ; initial states are
not zero. What the text says is held against the adjoint system.
"""

import random
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

import symrnn
from symrnn.derive.output import Output
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import Result, interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.calls import calls
from symrnn.language.tree import Ref
from symrnn.model import Model
from symrnn.system import adjoint, initial_states, normal, with_states
from symrnn.system.symbols import GIVEN, dimensions
from tests.cases import ZOO, model
from tests.derive.reader import Page, Place
from tests.extent import draws, pairs
from tests.grammar import Writer

AGREES, FLOOR = 1e-9, 1e-6
WIDTHS = (3, 5, 7, 11, 13, 4, 6)
LOOKS = ("default", "books", "scalar")


class Case:
    """A model with numbers of odd widths, the values of its variables, and its gradients."""

    def __init__(self, of: Model, steps: int, scalar: bool) -> None:
        self.model, self.steps, self.scalar = of, steps, scalar
        plain = normal(of.written, stable=False)
        system = with_states(plain) if initial_states(plain) else plain
        names = dimensions(plain.symbols)
        self.dims = {name: 1 if scalar else WIDTHS[i] for i, name in enumerate(names)}
        self.data = sample(of.written, system.symbols, self.dims, steps, 1, seed=steps)
        self.values: Result = interpret(system, self.data, steps)
        result = interpret(adjoint(system), self.data, steps)
        found = {s.name: result.adjoint_of(s.name) for s in plain.named("parameter")}
        self.wanted = {name: g for name, g in found.items() if g is not None}

    def output(
        self, view: str, notation: str, steps: int | None, keep: Sequence[str] = ()
    ) -> Output:
        views = ("chain", "local") if view == "chain" else (view,)
        derived = self.model.derive(steps=steps, scalar=self.scalar, keep=keep)
        return derived.output(views, notation=notation)

    def page(self, output: Output) -> Page:
        columns = output.request.columns and not self.scalar
        dims = {**self.dims, "T": self.steps, "B": 1}

        def value(name: str, step: int | None) -> Array | None:
            found = self.number(name, step)
            return None if found is None else found.T if columns else found

        latex = output.latex(output.parts())
        return Page(latex, symbols_of(output), value, dims, columns)

    def number(self, name: str, step: int | None) -> Array | None:
        """A row, a matrix or a number of the model, at a step; what is before the first is 0."""
        symbol = self.values.symbols.get(name)
        if symbol is None:
            return None
        if symbol.value is not None:
            return np.array([[float(symbol.value)]])
        if name in self.data:
            array = np.asarray(self.data[name], float)
            if symbol.role not in GIVEN and symbol.timed:
                inside = step is not None and 1 <= step <= self.steps
                array = array[step - 1] if inside and step else np.zeros_like(array[0])
            return np.atleast_2d(array)
        found = self.values.values.get((name, step))
        if found is None and step is not None and not 1 <= step <= self.steps:
            found = np.zeros_like(self.values.values[name, 1])
        return None if found is None else np.atleast_2d(found)


def symbols_of(output: Output) -> dict[str, Place]:
    """Every letter that could stand on the page, and what it is."""
    printer, found = output.latex_printer, dict[str, Place]()
    places = [(b, s) for b in ("t", "k", "j", "i", "T") for s in range(-4, 5)]
    places += [("1", s) for s in range(-5, 9)]
    network = output.derivation.system
    names = dict(network.symbols) | dict(output.derivation.plain.symbols)
    lettered = printer.letters._glyphs
    for name, symbol in names.items():
        if name not in lettered:
            continue
        if name == "L":
            found["L"] = ("L", "", 0)
        for base, shift in places if symbol.timed else [("", 0)]:
            found.setdefault(printer.letters.latex(Ref(name, base, shift)), (name, base, shift))
    for name, delta in printer.deltas.items():
        if delta not in lettered:
            continue
        for base, shift in (*places, ("", 0)):
            letter = printer.letters.latex(Ref(delta, base, shift))
            found.setdefault(letter, (f"δ {name}", base, shift))
    for name in {w for s in names.values() for shape in s.shape for w in shape.names}:
        found.setdefault(printer.dimension(name), (f"#{name}", "", 0))
    for letter in ("s", "q", r"\mathbf{s}", r"\mathbf{q}"):
        for base, shift in places:
            text = str(1 + shift) if base == "1" else base + (f"{shift:+d}" if shift else "")
            found.setdefault(f"{letter}_{{{text}}}", (f"({letter})", base, shift))
    found.setdefault("T", ("#T", "", 0))
    return found


def holds(case: Case, output: Output, columns: bool) -> float:
    """The worst error, relative to the gradient's norm, over all parameters."""
    page, worst = case.page(output), 0.0
    for name, exact in case.wanted.items():
        letter = output.latex_printer.letters.latex(Ref(name))
        found = page.look_up(page.parts(rf"\frac{{\partial L}}{{\partial {letter}}}"), {})
        found = found.T if columns else found
        exact = np.atleast_2d(exact)
        if found.size == 1:
            found = np.broadcast_to(found, exact.shape)
        assert found.shape == exact.shape, (name, found.shape, exact.shape)
        gap = np.linalg.norm(found - exact) / max(FLOOR, float(np.linalg.norm(exact)))
        assert gap <= AGREES, (name, gap)
        worst = max(worst, float(gap))
    return worst


@cache
def case_of(name: str, steps: int, scalar: bool) -> Case:
    return Case(model(name), steps, scalar)


@pytest.mark.parametrize(("view", "name", "look"), pairs(["chain", "closed"], ZOO, LOOKS))
def test_written_out(view: str, name: str, look: str) -> None:
    scalar = look == "scalar"
    for steps in (1, 2, 3, 4):
        case = case_of(name, steps, scalar)
        output = case.output(view, "default" if scalar else look, steps)
        holds(case, output, look == "books")


@pytest.mark.parametrize(
    ("view", "name", "look"), pairs(["product", "chain", "closed", "delta"], ZOO, LOOKS)
)
def test_for_any_number_of_steps(view: str, name: str, look: str) -> None:
    scalar = look == "scalar"
    output = case_of(name, 4, scalar).output(view, "default" if scalar else look, None)
    for steps in (1, 2, 3, 4):
        holds(case_of(name, steps, scalar), output, look == "books")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("view", ["product", "chain", "closed", "delta"])
def test_with_derivatives_kept(view: str, name: str, look: str) -> None:
    scalar = look == "scalar"
    case = case_of(name, 3, scalar)
    applied = {call.function for d in case.model.written.definitions for call in calls(d.body)}
    keep = [f for f in applied if f in ("tanh", "sigmoid", "softplus")]
    output = case.output(view, "default" if scalar else look, None, keep)
    if keep not in ([], ["sigmoid"]):  # that of a read-out may cancel
        assert r"^{\prime}" in output.latex(output.parts())
    holds(case, output, look == "books")


@pytest.mark.parametrize("notation", ["N1", "N2", "N3", "N4", "N5"])
@pytest.mark.parametrize("name", ["birnn", "char", "elman", "elman_n4"])
def test_in_the_letters_of_the_notes(name: str, notation: str) -> None:
    case = case_of(name, 3, False)
    for view, steps in (("product", None), ("chain", 3)):
        try:
            output = case.output(view, notation, steps)
            output.parts()
        except UsageError:
            continue
        holds(case, output, output.request.columns)


@pytest.mark.parametrize("form", ["rows", "columns", "scalar"])
@pytest.mark.parametrize("view", ["product", "chain"])
def test_of_systems_at_random(view: str, form: str) -> None:
    for seed in range(draws(4, 12, 100)):
        text = Writer(random.Random(seed)).text()
        if view == "product" and "+=" in text:
            continue  # it does not say that ∂L/∂h_1 is 0 where nothing reads h_1 further
        case = Case(symrnn.parse(text), 4, form == "scalar")
        try:
            output = case.output(view, "books" if form == "columns" else "default", None)
            output.parts()
        except (EquationError, UsageError):
            continue
        holds(case, output, form == "columns")


def test_a_factor_on_the_wrong_side_is_noticed() -> None:
    """The check can fail: the text as it was, with the Jacobian the other way round."""
    case = case_of("elman_n4", 3, False)
    output = case.output("product", "default", None)
    right = r"\mathrm{diag}(1 - O_t^{2}) \, w_h^{\top}"
    latex = output.latex(output.parts())
    assert right in latex
    page = case.page(output)
    wrong = latex.replace(right, r"w_h \, \mathrm{diag}(1 - O_t^{2})")
    page = Page(wrong, page.symbols, page.value, page.dims, False)
    found = page.look_up(page.parts(r"\frac{\partial L}{\partial w_i}"), {})
    exact = case.wanted["w_i"]
    assert np.linalg.norm(found - exact) > 1e-3 * np.linalg.norm(exact)
