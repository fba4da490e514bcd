"""Cells from papers that are not in the zoo: kernels, every view, literal reading of nothing less.

Each file names its paper in its first line. They were written down from the papers' equations.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import error
from symrnn.interpret.sample import sample
from symrnn.kernels.settings import Features
from symrnn.language.tree import Ref
from symrnn.model import Model
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.extent import WIDE

FILES = sorted((Path(__file__).parent / "papers").glob("*.rnn"))
NAMES = [file.stem for file in FILES]
WITHOUT_PRODUCT = {
    "narx": "reads two steps back",
    "grud": "its parameters stand in inputs of the recurrence",
}
AGREES = 1e-10
WAYS: dict[str, Features] = {
    "lengths": {"lengths": True},
    "batch first": {"batch_first": True},
    "forward only": {"forward_only": True},
}


@cache
def cell(name: str) -> Model:
    return symrnn.load(Path(__file__).parent / "papers" / f"{name}.rnn")


def widths(model: Model, scalar: bool) -> dict[str, int]:
    names = dimensions(resolve(model.written))
    return {name: 1 if scalar else 2 + i for i, name in enumerate(names)}


def test_there_are_enough_and_each_names_its_paper() -> None:
    assert len(FILES) >= 20
    for file in FILES:
        first = file.read_text().split("\n")[0]
        assert first.startswith("# ")
        assert any(str(year) in first for year in range(1990, 2027)), file.name
    assert not {file.stem for file in FILES} & set(symrnn.models())


@pytest.mark.parametrize("name", NAMES)
def test_its_kernel_holds(name: str) -> None:
    report = cell(name).verify(3, seed=1)
    assert [check for check in report.checks if check.holds is False] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES if WIDE else NAMES[::3])
def test_its_kernel_holds_in_other_ways(name: str, way: str) -> None:
    report = cell(name).verify(5, loops=True, batch=3, seed=2, **WAYS[way])
    assert [check for check in report.checks if check.holds is False] == []


@pytest.mark.parametrize("form", ["scalar", "rows", "columns"])
@pytest.mark.parametrize("name", NAMES)
def test_what_every_view_prints_is_the_gradient(name: str, form: str) -> None:
    """For three steps, and for any number of them worked out for three."""
    model, steps = cell(name), 3
    dims = widths(model, form == "scalar")
    data = sample(model.written, resolve(model.written), dims, steps, 1, seed=3)
    exact = interpret(model.adjoint, data, steps)
    tried = [("chain", steps), ("closed", steps), ("delta", None), ("product", None)]
    refused = []
    for view, number in tried:
        derivation = Derivation(name, model.written, number, scalar=form == "scalar")
        try:
            sheets = VIEWS[view](derivation)
        except UsageError:
            refused.append(view)
            continue
        if view == "chain":
            sheets = (*sheets, *VIEWS["local"](derivation))
        sheets = as_columns(sheets) if form == "columns" else sheets
        work = Evaluator(
            [equation for sheet in sheets for equation in sheet.equations],
            interpret(derivation.plain, data, steps),
            data,
            dims,
            form == "columns",
        )
        for parameter in derivation.parameters:
            found = work(Total(LOSS, Ref(parameter)))
            found = found.T if form == "columns" else found
            wanted = exact.adjoint_of(parameter)
            assert wanted is not None
            off = error(found.ravel(), np.ravel(wanted), 1e-3)
            assert off <= AGREES, (view, parameter, off)
    assert set(refused) <= {"product"}


@pytest.mark.parametrize("name", NAMES)
def test_every_format_of_every_view_is_made(name: str) -> None:
    derivation = cell(name).derive(2)
    for view in ("chain", "local", "closed", "delta"):
        assert r"\partial L" in derivation.latex(view)
        assert "∂L" in derivation.text(view)
    assert "<math" in derivation.html("delta")
