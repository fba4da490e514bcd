"""One printed derivative has one meaning within a document, in every notation."""

import html
import re
from contextlib import suppress
from functools import cache
from itertools import combinations

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Immediate, Sheet, Total
from symrnn.derive.immediate import ambiguous, derivatives
from symrnn.derive.output import Look, Output
from symrnn.derive.printing.latex import Latex
from symrnn.derive.sheets import COLUMNS, ROWS, Request
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref
from symrnn.model import Model
from symrnn.system import resolve
from tests.cases import ZOO, model, odd_widths

NOTATIONS = ("default", "N1", "N3", "books")
DEEP = [view for view in VIEWS if view not in ("numbers", "expanded")]

SHARED = """
z[t] = sigmoid(x[t] @ W)
h[t] = z[t] * tanh(x[t] @ W + h[t-1] @ U)
q[t] = h[t] @ V
L    = mean(mse(y[t], q[t])) + mean(mse(s[t], h[t]))
"""
"""A weight used twice within a step, and a state that the loss reads twice."""

CELLS = {
    "shared": SHARED,
    "both ways": "f[t] = tanh(x[t] @ W + f[t-1] @ U);"
    " b[t] = tanh(x[t] @ W + b[t+1] @ Z + f[t] @ V);"
    " L = mean(mse(y[t], (f[t] + b[t]) @ Q)) + mse(z, b[1] @ R)",
    "lone total": "h[t] = tanh(x[t] @ W + h[t-1] @ U); m[t] = h[t] - mean(h[t]);"
    " L = mse(y, m[T] @ V)",
}


def named(name: str) -> Model:
    return symrnn.parse(CELLS[name].replace("; ", "\n")) if name in CELLS else model(name)


@cache
def seen(name: str, steps: int | None, notation: str) -> dict[str, Output]:
    """A document of each view that there is."""
    found = {}
    derivation = named(name).derive(steps)
    for view in DEEP:
        made = Output(derivation, Request((view,)), Look(notation))
        with suppress(UsageError):
            made.parts()
            found[view] = made
    return found


def sheets_in(output: Output) -> tuple[Sheet, ...]:
    return tuple(sheet for part in output.parts() for sheet in part.sheets)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", [*ZOO, *CELLS])
def test_one_symbol_has_one_meaning_and_one_meaning_one_symbol(name: str, notation: str) -> None:
    """In every document of two views, with a number of steps and without."""
    for steps in (None, 2):
        found = seen(name, steps, notation)
        for views in combinations(found, 2):
            first = found[views[0]]
            sheets = tuple(sheet for view in views for sheet in sheets_in(found[view]))
            shows_plus = first.notation.immediate or ambiguous(sheets)
            printer = Latex(*first._lettering, shows_plus=shows_plus)
            printed: dict[str, set[object]] = {}
            meant: dict[object, set[str]] = {}
            for derivative in set(derivatives(sheets)):
                text, kind = printer.line(derivative), meaning(derivative)
                printed.setdefault(text, set()).add(kind)
                meant.setdefault((kind, derivative.of, derivative.by), set()).add(text)
            assert [t for t, kinds in printed.items() if len(kinds) > 1] == [], views
            for texts in meant.values():  # a δ is said to be ∂L/∂a
                assert len({text for text in texts if r"\delta" not in text}) <= 1, (views, texts)


@pytest.mark.parametrize("views", [("chain", "product"), ("local", "delta"), ("chain",)])
def test_a_document_in_the_letters_of_the_notes_shows_the_plus_where_it_must(
    views: tuple[str, ...],
) -> None:
    found = model("elman_steps").derive().text(views, notation="N3").replace("\n", " ")
    line = "Here ∂hₜ/∂b_h is immediate, every other occurrence held fixed; all other ∂ are total."
    assert ("∂⁺hₜ/∂b_h" in found) == (views == ("chain", "product"))
    assert (line in found) == (views != ("chain", "product"))


def meaning(derivative: Total | Immediate) -> str:
    """Total, immediate, or over a step of a recurrence; more is told by numbers, below."""
    if isinstance(derivative, Immediate) and derivative.fixed:
        return "over a step"
    return "total" if isinstance(derivative, Total) or derivative.alone else "immediate"


@pytest.mark.parametrize("name", [*ZOO, *CELLS])
def test_what_several_views_say_of_one_symbol_is_the_same_number(name: str) -> None:
    """Every equation for a derivative, in all views together, in the middle of four steps."""
    found = named(name)
    dims = odd_widths(found.written)
    data = sample(found.written, resolve(found.written), dims, 4, 1, seed=5)
    derivation = found.derive()
    known: dict[str, Array] = {}
    compared = 0
    documents = seen(name, None, "default")
    for view, document in documents.items():
        sheets = sheets_in(document)
        own = derivation.by_steps if view in ("paths", "forward") else derivation
        around = (*sheets, *VIEWS["local"](own))
        values = interpret(own.plain, data, 4)
        on = Evaluator([e for sheet in around for e in sheet.equations], values, data, dims)
        for left in (e.left for sheet in sheets for e in sheet.equations):
            if not isinstance(left, Total | Immediate) or not isinstance(left.of, Ref):
                continue
            at = dict.fromkeys("tkj", 2)
            value = on(left, at)
            text = document.latex_printer.line(left)
            if text in known:
                compared += 1
                np.testing.assert_allclose(value, known[text], rtol=1e-10, atol=1e-12)
            known[text] = value
    assert compared > 3


@pytest.mark.parametrize("notation", ["default", "N3"])
def test_a_document_says_one_convention_wherever_it_says_any(
    notation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands on both sides of a product is said once for all views, and holds for them."""
    command = ["derive", "elman", "--steps", "2", "--format", "html", "--notation", notation]
    assert main([*command, "--view", "chain,local,product"]) == 0
    page = " ".join(html.unescape(re.sub(r"<[^>]*>", "", capsys.readouterr().out)).split())
    right, wrong = (ROWS, COLUMNS) if notation == "default" else (COLUMNS, ROWS)
    assert page.count(right.strip()) == 3
    assert wrong.strip() not in page
    assert not re.search(r"change du|carries a|carried back to it", page)
    assert main([*command, "--view", "chain,local", "--scalar"]) == 0
    assert "for each entry" not in capsys.readouterr().out
