"""The picture of the unrolled network: what is in it, where it stands, and how it is printed."""

import subprocess
from functools import cache
from itertools import combinations, pairwise
from math import ceil, hypot
from pathlib import Path
from xml.etree import ElementTree

import pytest

from symrnn.derive.picture.picture import picture
from symrnn.derive.picture.shapes import RADIUS, Arrow, Picture, Spot, extent
from symrnn.derive.picture.svg import svg
from symrnn.derive.picture.tikz import TIKZ_LIBRARIES, tikz
from symrnn.language.parse import parse
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Expr, Ref, Written, children
from symrnn.system.graph import at_step
from symrnn.system.normal import normal
from symrnn.system.resolve import resolve
from symrnn.system.unroll import unroll
from tests.cases import ZOO, model
from tests.documents import has_tex

MADE = {
    "second order": "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V); L = mse(y, h[T] @ w)",
    "no loss": "h[t] = tanh(x[t] @ W + h[t-1] @ U); k[t] = h[t-1] @ V",
    "feeds nothing": "h[t] = tanh(x[t] @ W + h[t-1] @ U); s[t] = s[t-1] + h[t]; L = mse(y, h[T])",
    "nothing learnt": "u: parameter; u: 3; h[t] = tanh(x[t] + h[t-1]); L = mse(y, h[T])",
    "initial state": "h[0] = h0; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])",
    "next input": "h[t] = tanh(x[t] @ W + h[t-1]); p[t] = h[t] @ V; L = mean(mse(x[t+1], p[t]))",
    "average": "h[t] = tanh(x[t] @ W); m = mean(h[t]); k[t] = tanh(h[t] + m @ Q); L = mse(y, k[1])",
    "long names": "hidden_one[t] = tanh(x[t] @ W + hidden_one[t-1]); L = mse(y, hidden_one[T])",
    "two inputs": "h[t] = tanh(x[t] @ W + z[t] @ V + h[t-1]); q = h[T] @ w; L = mse(y, q)",
}
CASES = [*ZOO, *MADE]
STEPS = (1, 2, 3, 4, pytest.param(12, marks=pytest.mark.slow))
Edge = tuple[Ref, Ref]


class Names:
    """Letters enough to print with."""

    def latex(self, ref: Ref) -> str:
        name = ref.name.replace("_", "")
        return f"{name}_{{{ref.shift + 1}}}" if ref.base else name

    def plain(self, ref: Ref) -> str:
        return f"{ref.name}{ref.shift + 1}" if ref.base else ref.name


def text(case: str) -> Written:
    return parse(MADE[case].replace("; ", "\n")) if case in MADE else model(case).written


@cache
def drawn(case: str, steps: int) -> Picture:
    written = text(case)
    system = unroll(normal(written, stable=False), steps)
    return picture(system, sorted(own(written)))


def own(written: Written) -> set[str]:
    symbols = resolve(written)
    return {d.target.name for d in written.definitions} - {
        name for name, symbol in symbols.items() if symbol.role == "constant"
    }


# an independent account of who reads whom, from the text alone


def written_reads(expr: Expr, t: int, steps: int, first: bool = False) -> list[tuple[Ref, bool]]:
    """What an expression reads at a step, and whether a loss compares with it."""
    match expr:
        case Ref(base="t"):
            return [(Ref(expr.name, "1", t + expr.shift - 1), first)]
        case Ref():
            return [(at_step(expr, steps), first)]
        case Call(function="sum" | "mean", args=(arg,)):
            every = range(1, steps + 1)
            return [found for step in every for found in written_reads(arg, step, steps, first)]
        case Call(function=name, args=(target, *rest)) if name in LOSSES:
            found = written_reads(target, t, steps, True)
            return found + [r for arg in rest for r in written_reads(arg, t, steps, first)]
    return [found for child in children(expr) for found in written_reads(child, t, steps, first)]


def account(written: Written, steps: int) -> tuple[set[Edge], set[Edge]]:
    """The edges, and those among them along which a gradient comes back."""
    symbols, mine = resolve(written), own(written)
    edges: set[Edge] = set()
    trained: set[Ref] = set()
    for definition in written.definitions:
        timed = definition.target.base == "t"
        if definition.target.name not in mine:
            continue
        for t in range(1, steps + 1) if timed else (1,):
            name = definition.target
            target = Ref(name.name, "1", t - 1) if timed else at_step(name, steps)
            for ref, compared in written_reads(definition.body, t, steps):
                role = symbols[ref.name].role
                if role == "parameter":
                    trained.add(target)
                inside = not ref.base or 0 <= ref.shift < steps
                if ref.name in mine or (role == "input" and inside and not compared):
                    edges.add((ref, target))
    while more := {v for u, v in edges if u in trained} - trained:
        trained |= more
    needed = {Ref("L")} & {v for _, v in edges}
    while more := {u for u, v in edges if v in needed} - needed:
        needed |= more
    return edges, {(u, v) for u, v in edges if v in needed and u in trained}


def arrows(shown: Picture, kind: str) -> list[Edge]:
    return [(a.source, a.target) for a in shown.arrows if a.kind == kind]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("steps", STEPS)
def test_every_edge_is_drawn_once_and_back_where_a_gradient_flows(case: str, steps: int) -> None:
    shown = drawn(case, steps)
    edges, flows = account(text(case), steps)
    forward, backward = arrows(shown, "forward"), arrows(shown, "backward")
    assert len(forward) == len(set(forward))
    assert len(backward) == len(set(backward))
    visible = {spot.ref for spot in shown.spots}
    if steps <= 6:
        assert set(forward) == edges
        assert set(backward) == {(v, u) for u, v in flows}
    else:
        assert {(u, v) for u, v in edges if {u, v} <= visible} == {
            (u, v) for u, v in forward if "…" not in (u.name, v.name)
        }
        assert {(v, u) for u, v in flows if {u, v} <= visible} == {
            (v, u) for v, u in backward if "…" not in (u.name, v.name)
        }


def test_without_a_loss_or_a_parameter_nothing_comes_back() -> None:
    assert not arrows(drawn("no loss", 3), "backward")
    assert not arrows(drawn("nothing learnt", 3), "backward")


def test_the_middle_of_many_steps_is_left_out() -> None:
    shown = drawn("elman", 12)
    steps = [spot.ref.shift + 1 for spot in shown.spots if spot.ref.name == "x"]
    assert steps == [1, 2, 11, 12]
    dots = Ref("…", "", 1)
    states = [Ref("O", "1", step - 1) for step in (0, 1, 2, 11, 12)]
    around = [*pairwise(states[:3]), (states[2], dots), (dots, states[3]), (states[3], states[4])]
    assert [edge for edge in arrows(shown, "forward") if edge[0].name in ("O", "…")] == [
        *around,
        (states[4], Ref("yhat")),
    ]


@pytest.mark.slow
def test_time_runs_from_left_to_right_and_inputs_stand_below() -> None:
    for name in ZOO:
        shown = drawn(name, 3)
        lowest = min(spot.y for spot in shown.spots)
        assert all(s.y == lowest for s in shown.spots if s.kind == "input"), name
        for a, b in combinations([s for s in shown.spots if s.ref.base], 2):
            if a.ref.shift < b.ref.shift:
                assert a.x + a.half < b.x - b.half, (name, a, b)


def samples(arrow: Arrow) -> list[tuple[float, float]]:
    found = []
    for (x, y), (u, v) in pairwise(arrow.points):
        n = ceil(hypot(u - x, v - y) / 0.05)
        found += [(x + (u - x) * k / n, y + (v - y) * k / n) for k in range(n + 1)]
    return found


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("steps", STEPS)
def test_nothing_lies_on_anything_else(case: str, steps: int) -> None:
    shown = drawn(case, steps)

    def apart(a: Spot, b: Spot) -> bool:
        return abs(a.x - b.x) > a.half + b.half or abs(a.y - b.y) > 2 * RADIUS

    assert all(apart(a, b) for a, b in combinations(shown.spots, 2))
    for spot in shown.spots:
        assert spot.half <= spot.x <= shown.width - spot.half
        assert RADIUS <= spot.y <= shown.height - RADIUS
    for arrow in shown.arrows:
        for x, y in samples(arrow):
            assert 0 <= x <= shown.width
            assert 0 <= y <= shown.height
            assert all(spot.depth(x, y) < 0 for spot in shown.spots), arrow
    boxes = [(label.x, label.y, *extent(label)) for label in shown.labels]
    for (x, y, w, h), (u, v, k, j) in combinations(boxes, 2):
        assert abs(x - u) >= w + k or abs(y - v) >= h + j
    for x, y, w, h in boxes:
        for spot in shown.spots:
            assert abs(x - spot.x) >= w + spot.half or abs(y - spot.y) >= h + RADIUS


def test_a_picture_is_the_same_in_whatever_order_names_come() -> None:
    names = own(text("lstm"))
    system = unroll(normal(text("lstm"), stable=False), 3)
    assert picture(system, sorted(names, reverse=True)) == picture(system, sorted(names))


def test_small_pictures_name_the_parameters_and_the_recurrent_derivatives() -> None:
    labels = drawn("elman", 2).labels
    weights = [label.refs for label in labels if label.kind == "weight"]
    assert sorted(ref.name for refs in weights for ref in refs) == ["w_h"] * 2 + ["w_i"] * 2 + [
        "w_o"
    ]
    partials = [label.refs for label in labels if label.kind == "partial"]
    assert partials == [(Ref("O", "1", 1), Ref("O", "1", 0))]


def test_larger_pictures_name_every_parameter_matrix_once() -> None:
    labels = drawn("lstm", 3).labels
    assert {label.kind for label in labels} == {"weight"}
    gates = [f"{letter}_{gate}" for letter in "UW" for gate in "fgio"]
    assert sorted(ref.name for label in labels for ref in label.refs) == [*gates, "w_y"]


@pytest.mark.parametrize("case", CASES)
def test_svg_is_well_formed_and_stands_alone(case: str) -> None:
    shown = drawn(case, 3)
    root = ElementTree.fromstring(svg(shown, Names()))
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == space + "svg"
    assert root.find(space + "title") is not None
    assert len(root.findall(f".//{space}rect")) == len(shown.spots)
    groups = [g.get("class") for g in root.findall(space + "g")]
    assert [groups.count(kind) for kind in ("forward", "backward")] == [
        len(arrows(shown, kind)) for kind in ("forward", "backward")
    ]


def test_svg_escapes_what_letters_say() -> None:
    class Odd(Names):
        def latex(self, ref: Ref) -> str:
            return r"<b>\&"

    printed = svg(drawn("elman", 2), Odd())
    assert "<b>" not in printed
    assert "&lt;" in printed
    assert "&gt;&amp;" in printed
    ElementTree.fromstring(printed)


@pytest.mark.parametrize("case", CASES)
def test_tikz_is_balanced(case: str) -> None:
    printed = tikz(drawn(case, 3), Names())
    assert printed.count("\\begin{tikzpicture}") == printed.count("\\end{tikzpicture}") == 1
    for left, right in ("{}", "[]"):
        assert printed.count(left) == printed.count(right)


@pytest.mark.slow
@pytest.mark.skipif(not has_tex("tikz.sty"), reason="pdflatex, or tikz, is not installed")
def test_tikz_compiles(tmp_path: Path) -> None:
    libraries = "".join(f"\\usetikzlibrary{{{name}}}" for name in TIKZ_LIBRARIES)
    figures = [tikz(drawn(case, steps), Names()) for case in CASES for steps in (1, 3, 12)]
    head = f"\\documentclass{{article}}\n\\usepackage{{amsmath,tikz}}{libraries}\n"
    body = "\n\n".join(figures)
    (tmp_path / "a.tex").write_text(f"{head}\\begin{{document}}\n{body}\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
