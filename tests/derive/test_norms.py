"""‖∂O_t/∂O_k‖ of a worked example, against slopes of the written equations: nothing here knows a
derivative of a model."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import symrnn
from symrnn.derive.data import as_json
from symrnn.derive.formula import Blocks, Grid, Name, Sheet, Value
from symrnn.derive.output import Look, Output
from symrnn.derive.sheets import Request
from symrnn.derive.views.numbers import view
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language import Written, parse, show
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic
from symrnn.language.tree import Add, Ref
from symrnn.system import normal, resolve
from tests.cases import ZOO, model, odd_widths

STEPS = 4


def data_of(written: Written, steps: int, scalar: bool) -> dict[str, Array]:
    widths = odd_widths(written)
    dims = dict.fromkeys(widths, 1) if scalar else widths
    return sample(written, resolve(written), dims, steps, 1, seed=3)


def tables(written: Written, data: dict[str, Array], steps: int, scalar: bool) -> list[Sheet]:
    derivation = symrnn.parse(show(written)).derive(steps=steps, scalar=scalar)
    names = derivation.parameters[:1]
    return [sheet for sheet in view(derivation, names, data=data) if sheet.grid is not None]


def pushed(written: Written, names: list[str]) -> Written:
    """The text in which each of these variables has something added at every step."""
    definitions = tuple(
        replace(d, body=Add((d.body, Ref(f"push_{d.target.name}", "t"))))
        if d.target.name in names and d.target == Ref(d.target.name, "t")
        else d
        for d in written.definitions
    )
    return parse(show(replace(written, definitions=definitions)))


class Slopes:
    """∂s_t/∂s_k of a state with these parts, by pushing it at step k in the interpreter."""

    def __init__(self, written: Written, data: dict[str, Array], names: list[str]) -> None:
        self.written, self.names = pushed(written, names), names
        self.system, self.data = normal(self.written, stable=False), data
        self.steps = STEPS
        own = interpret(normal(written, stable=False), data, STEPS)
        self.widths = {name: own.values[name, 1].shape[-1] for name in names}
        self.analytic = is_analytic(written)

    def states(self, k: int, part: str, entry: int, by: complex) -> list[Array]:
        data = dict(self.data)
        for name, width in self.widths.items():
            data[f"push_{name}"] = np.zeros((self.steps, 1, width), type(by))
        data[f"push_{part}"][k - 1, 0, entry] = by
        values = interpret(self.system, data, self.steps).values
        return [
            np.concatenate([values[name, t].ravel() for name in self.names])
            for t in range(1, self.steps + 1)
        ]

    def by(self, k: int) -> list[Array]:
        """∂s_t/∂s_k for each t. What is pushed at one part may reach another within the step, and
        that is undone."""
        columns = []
        for part in self.names:
            for entry in range(self.widths[part]):
                if self.analytic:
                    found = [s.imag / 1e-30 for s in self.states(k, part, entry, 1e-30j)]
                else:
                    ahead = self.states(k, part, entry, 1e-6)
                    behind = self.states(k, part, entry, -1e-6)
                    found = [(a - b) / 2e-6 for a, b in zip(ahead, behind, strict=True)]
                columns.append(found)
        whole = [np.stack(each, axis=1) for each in zip(*columns, strict=True)]
        return [each @ np.linalg.inv(whole[k - 1]) for each in whole]


def numbers(grid: Grid) -> list[list[float | None]]:
    """The norms, row by row."""
    return [[c.rows[0][0] if isinstance(c, Value) else None for c in row[1:]] for row in grid.rows]


def step(cell: object) -> int:
    assert isinstance(cell, Ref | Name)
    return (cell if isinstance(cell, Ref) else cell.at).shift + 1


def expected(jacobian: Array, place: slice) -> float:
    return float(np.linalg.norm(jacobian[place, place], 2))


def hold(written: Written, steps: int, scalar: bool) -> int:
    """Each norm that is printed is the norm of the slopes; how many there were."""
    data = data_of(written, steps, scalar)
    count = 0
    found = tables(written, data, steps, scalar)
    parts: list[str] = []
    for sheet in found:
        assert sheet.grid is not None
        about = sheet.grid.rows[0][0]
        if isinstance(about, Name):
            (state,) = (p for p in sheet.note if isinstance(p, Blocks))
            parts = [ref.name for ref in state.rows[0] if isinstance(ref, Ref)]
            place = slice(None)
        else:
            assert isinstance(about, Ref)
            parts = parts if about.name in parts else [about.name]
            widths = Slopes(written, data, parts).widths
            start = sum(widths[name] for name in parts[: parts.index(about.name)])
            place = slice(start, start + widths[about.name])
        slopes = Slopes(written, data, parts)
        columns = [step(cell) for cell in sheet.grid.header[1:]]
        right = {k: slopes.by(k) for k in columns}
        for row, cells in zip(sheet.grid.rows, numbers(sheet.grid), strict=True):
            t = step(row[0])
            for k, printed in zip(columns, cells, strict=True):
                if printed is not None:
                    norm = expected(right[k][t - 1], place)
                    assert printed == pytest.approx(norm, rel=6e-3, abs=1e-6)
                    count += 1
    return count


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ZOO)
def test_the_norms_are_those_of_the_written_equations(name: str, scalar: bool) -> None:
    assert hold(model(name).written, STEPS, scalar) >= STEPS * (STEPS - 1) / 2


STACKED = (
    "h[t] = tanh(x[t] @ W + h[t-1] @ U); c = h[T]; g[t] = tanh(h[t] @ V + g[t-1] @ R + c @ P)"
    "; q[t] = sigmoid(g[t] @ A + q[t+1] @ B); L = mse(y, q[1] @ C)"
)
LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V); L = mse(y, h[T])"
PARTS = "m[t] = h[t] @ A; h[t] = tanh(x[t] @ W + m[t-1] + h[t-1] @ U); L = mse(y, h[T] + m[T])"


@pytest.mark.parametrize("text", [STACKED, LAGS, PARTS])
@pytest.mark.parametrize("scalar", [True, False])
def test_layers_lags_and_parts(text: str, scalar: bool) -> None:
    assert hold(parse(text), STEPS, scalar) >= 6


def test_each_recurrence_has_a_table_of_its_own_and_its_own_way() -> None:
    written = parse(STACKED)
    found = tables(written, data_of(written, STEPS, False), STEPS, False)
    first = [sheet.grid.rows[0][0] for sheet in found if sheet.grid is not None]
    assert first == [Ref("h", "1", 1), Ref("g", "1", 1), Ref("q", "1", STEPS - 2)]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("p = mean(x[t]) @ W; L = mse(y, p)", 3),
        ("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])", 1),
        ("h[t] = tanh(x[t] @ W); L = mean(mse(y[t], h[t]))", 3),
        ("h[t] = tanh(x[t] @ W + h[t-1] @ U); p = x[1] @ V; L = mse(y, p)", 3),
    ],
)
def test_without_pairs_of_steps_there_is_no_table(text: str, steps: int) -> None:
    written = parse(text)
    assert not tables(written, data_of(written, steps, False), steps, False)


def said(text: str, steps: int, **data: float) -> str:
    arrays: dict[str, Array] = {name: np.array([value]) for name, value in data.items()}
    arrays |= {"x": np.ones((steps, 1, 1)), "y": np.ones((1, 1))}
    derivation = symrnn.parse(text).derive(steps=steps, scalar=True)
    found = Output(derivation, Request(("numbers",), extra={"data": arrays}), Look(width=0))
    return found.plain(found.parts())


LINEAR = "h[t] = u * h[t-1] + w * x[t]; L = mse(y, h[T]); u: 1; w: 1; x: 1; y: 1"


@pytest.mark.parametrize(
    ("u", "end"),
    [
        (0.5, "From h₁ to h₄ it is 0.125, on average a factor of 0.5 a step; a product of such"
              " factors vanishes as steps are added."),
        (-2.0, "From h₁ to h₄ it is 8, on average a factor of 2 a step; a product of such factors"
               " explodes as steps are added."),
        (1.0, "From h₁ to h₄ it is 1, on average a factor of 1 a step."),
        (0.0, "Nothing of h₁ reaches h₄."),
    ],
)  # fmt: skip
def test_what_the_table_says_is_said(u: float, end: str) -> None:
    found = said(LINEAR, 4, u=u, w=1.0)
    assert end in found
    assert "A small change of hₖ is |∂hₜ/∂hₖ| times as large when it reaches hₜ." in found


def test_of_many_steps_some_are_shown() -> None:
    found = said(LINEAR, 40, u=0.9, w=1.0)
    assert "The table has 7 of 40 steps." in found
    table = found.split("|∂hₜ/∂hₖ|  ")[1].split("\n\n")[0].splitlines()
    assert [len(line.split()) for line in table[2:]] == [2, 3, 4, 5, 6, 7]
    assert re.findall(r"h\S+", table[0])[0] == "h₁"
    assert table[-1].split()[:2] == ["h₄₀", f"{0.9**39:.3g}"]


def test_every_format_has_the_table() -> None:
    written = model("lstm").written
    data = data_of(written, 3, False)
    derivation = symrnn.load("lstm").derive(steps=3)
    found = Output(derivation, Request(("numbers",), extra={"data": data}), Look())
    latex, plain = found.latex(found.parts()), found.plain(found.parts())
    assert r"\begin{array}{lll}" in latex
    assert r"\left\Vert \frac{\partial c_t}{\partial c_k} \right\Vert" in latex
    assert "‖∂sₜ/∂sₖ‖  s₁" in plain
    page = derivation.html("numbers", data=data)
    assert page.count("<table>") == 1 + 3
    (numbers_,) = json.loads(as_json(found, found.parts()))["views"]
    grids = [sheet["table"] for sheet in numbers_["sheets"] if "table" in sheet]
    assert len(grids) == 3
    assert grids[0][0][0]["text"] == "‖∂sₜ/∂sₖ‖"
    assert grids[0][1][2] is None


def test_a_cut_gradient_leaves_the_steps_as_they_are() -> None:
    model_ = symrnn.load("elman")
    data = data_of(model_.written, 4, False)
    whole, cut = (
        [s.grid for s in view(model_.derive(steps=4, truncate=k), data=data) if s.grid is not None]
        for k in (None, 2)
    )
    assert whole == cut
