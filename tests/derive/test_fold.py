"""Alike equations as one: put in member by member they are the equations as they were."""

import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.derive.alike import classes
from symrnn.derive.formula import Alike, Equation, Formula, Sheet
from symrnn.derive.output import Look, Output
from symrnn.derive.pages.beside import BREAK, side_by_side
from symrnn.derive.pages.document import Table, plain_text
from symrnn.derive.pages.paper import Paper
from symrnn.derive.pieces import free_indices, walk
from symrnn.derive.sheets import Request
from symrnn.derive.views import VIEWS
from symrnn.errors import EquationError, UsageError
from symrnn.language.tree import Add
from symrnn.model import Model, parse
from tests.cases import ZOO, model
from tests.derive.reader import put_in
from tests.derive.test_literally import Case, holds
from tests.derive.unfold import put_in as substituted
from tests.derive.unfold import unfolded
from tests.extent import draws

LONG = ("numbers", "expanded", "paths", "forward")  # each path or number by itself
GATED = ("bilstm", "gru", "gru_torch", "lstm", "lstm_peephole", "mgu")


class Gates:
    """A cell with several gates that are alike, or nearly so, under names drawn at random."""

    STYLES = ("{}_{}", "{}{}", "{}x_{}", "{}_{}_1")

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        count = self.rng.randint(2, 4)
        letters = self.rng.sample("abcfgikmnopqrsuvz", count)
        style = self.rng.choice(self.STYLES)
        self.gates = letters
        self.weight = {g: [style.format(w, g) for w in "WUB"] for g in letters}
        if style == "{}{}" or self.rng.random() < 0.2:  # nothing in common but what it stands for
            every = iter(self.rng.sample("ACDEFGHIJKMNOPQRSVXYZ", 3 * count))
            self.weight = {g: [next(every) for _ in "WUB"] for g in letters}

    def text(self) -> str:
        lines = []
        for gate in self.gates:
            w, u, b = self.weight[gate]
            function = self.rng.choice(("sigmoid", "sigmoid", "tanh"))
            lag = self.rng.choice((1, 1, 1, 2))
            bias = f" + {b}" if self.rng.random() < 0.8 else ""
            lines.append(f"{gate}[t] = {function}(x[t] @ {w} + h[t-{lag}] @ {u}{bias})")
        product = " * ".join(f"{gate}[t]" for gate in self.gates)
        lines.append(f"h[t] = tanh({product} + h[t-1] * {self.gates[0]}[t])")
        lines += ["yhat = h[T] @ w_y", "L = mse(y, yhat)", "h: 3"]
        return "\n".join(lines)


def sheets_of(output: Output) -> tuple[list[Sheet], list[Sheet]]:
    """Written out, and folded."""
    whole = Output(output.derivation, output.request, replace(output.look, all=True))
    written = [sheet for part in whole.parts() for sheet in part.sheets]
    return written, [sheet for part in output.folded(output.parts()) for sheet in part.sheets]


def check_the_same(whole: list[Sheet], folded: list[Sheet]) -> None:
    """Unfolded they are the same equations, in whatever order summands stand. A total derivative
    that the whole has no equation for is put in where it is read."""
    wanted = Counter(map(in_order, unfolded(whole)))
    lefts = {equation.left for equation in wanted}
    found = list(unfolded(folded))
    more: dict[Formula, Formula] = {}
    for equation in found:
        if equation.left not in lefts:
            (more[equation.left],) = equation.rights
    put = [
        in_order(replace(e, rights=tuple(substituted(right, more) for right in e.rights)))
        for e in found
        if e.left in lefts
    ]
    assert Counter(put) == wanted


def in_order(equation: Equation) -> Equation:
    return replace(equation, rights=tuple(map(_in_order, equation.rights)))


def _in_order(right: Formula) -> Formula:
    return Add(tuple(sorted(right.terms, key=repr))) if isinstance(right, Add) else right


def indices(sheets: list[Sheet]) -> list[Alike]:
    sides = (side for s in sheets for e in s.equations for side in (e.left, *e.rights))
    return [part for side in sides for part in walk(side) if isinstance(part, Alike)]


def outputs(of: Model, notation: str = "default") -> Iterator[Output]:
    for view in VIEWS:
        for steps in (3, None):
            for scalar in (False, True):
                if view in LONG or (scalar and notation != "default"):
                    continue
                try:
                    output = of.derive(steps, scalar=scalar).output(view, notation=notation)
                    output.parts()
                except (EquationError, UsageError):
                    continue
                yield output


@pytest.mark.parametrize("notation", ["default", "books"])
@pytest.mark.parametrize("name", ZOO)
def test_unfolded_the_zoo_is_as_it_was(name: str, notation: str) -> None:
    found = False
    for output in outputs(model(name), notation):
        whole, folded = sheets_of(output)
        check_the_same(whole, folded)
        found |= bool(indices(folded))
    assert found == (name in (*GATED, "birnn"))


def test_what_is_not_the_same_is_not_folded() -> None:
    """A σ and a tanh, an operand of another step, a width of its own, a factor."""
    text = """
        a[t] = sigmoid(x[t] @ W_a + h[t-1] @ U_a + b_a)
        b[t] = tanh(x[t] @ W_b + h[t-1] @ U_b + b_b)
        c[t] = sigmoid(x[t] @ W_c + h[t-2] @ U_c + b_c)
        d[t] = sigmoid(2 * (x[t] @ W_d) + h[t-1] @ U_d + b_d)
        e[t] = sigmoid(x[t] @ W_e + h[t-1] @ U_e)
        h[t] = a[t] * b[t] * c[t] * d[t] * e[t]
        L = mse(y, h[T])
    """
    printed = parse(text).derive().latex("delta").split("Backward")[0]
    assert r"a^{k}_t &= x_t \, W_k + h_{t-1} \, U_k + b_k, \qquad k \in \{a, b\}" in printed
    assert r"k_t &= \sigma(a^{k}_t), \qquad k \in \{a, c, d, e\}" in printed
    assert r"b_t &= \tanh(a^{b}_t)" in printed
    assert r"a^{e}_t &= x_t \, W_e + h_{t-1} \, U_e \\" in printed
    assert r"h_{t-2} \, U_c + b_c \\" in printed


LETTERED = {"elman_outside", "indrnn", "leaky"}
"""Models with letters for what goes into functions, which `all` writes out."""


@pytest.mark.parametrize("name", sorted(set(ZOO) - {*GATED, *LETTERED, "birnn"}))
def test_without_gates_nothing_changes(name: str) -> None:
    derivation = model(name).derive(3)
    assert classes(derivation) == {}
    for view in ("chain", "local", "closed", "delta", "product"):
        output = derivation.output(view)
        assert output.latex(output.parts()) == derivation.latex(view, all=True)


def test_the_gates_of_an_lstm() -> None:
    found = model("lstm").derive(3).text(("delta",))
    assert "aᵏₜ = xₜ W_k + hₜ₋₁ U_k + b_k,   k ∈ {i, f, g, o}" in found
    assert "kₜ  = σ(aᵏₜ),   k ∈ {i, f, o}" in found
    assert "Here δᵏₜ = ∂L/∂aᵏₜ for k ∈ {i, f, g, o}." in found
    for weight, operand in (("W", "xₜᵀ "), ("U", "hₜ₋₁ᵀ "), ("b", "")):
        assert f"∂L/∂{weight}_k = ∑_{{t=1}}^{{T}} {operand}δᵏₜ,   k ∈ {{i, f, g, o}}" in found


def test_one_gate_asked_for_is_that_gate() -> None:
    derivation = model("lstm").derive(3)
    assert derivation.latex("chain", "W_i") == derivation.latex("chain", "W_i", all=True)


def test_the_index_is_no_letter_of_the_author() -> None:
    """k is a gate here, and T, t and δ are taken by what is printed beside the model."""
    gates = "kmpq"
    lines = [f"{g}[t] = sigmoid(x[t] @ W_{g} + h[t-1] @ U_{g})" for g in gates]
    text = "\n".join([*lines, "h[t] = k[t] * m[t] * p[t] * q[t]", "L = mse(y, h[T])"])
    printed = parse(text).derive().latex("delta")
    assert r"r_t &= \sigma(a^{r}_t), \qquad r \in \{k, m, p, q\}" in printed


def test_letters_with_nothing_in_common_run_together() -> None:
    text = """
        a[t] = sigmoid(x[t] @ P + h[t-1] @ Q)
        b[t] = sigmoid(x[t] @ R + h[t-1] @ S)
        h[t] = tanh(a[t] * h[t-1] + b[t])
        L = mse(y, h[T])
    """
    printed = parse(text).derive().latex("delta")
    members = r"(k, M, N) \in \{(a, P, Q), (b, R, S)\}"
    assert rf"a^{{k}}_t &= x_t \, M + h_{{t-1}} \, N, \qquad {members}" in printed
    assert r"\frac{\partial L}{\partial M} &= \sum_{t=1}^{T} x_t^{\top} \, \delta^{k}_t" in printed


@pytest.mark.parametrize("seed", range(draws(4, 16, 200)))
def test_of_gates_at_random(seed: int) -> None:
    """Unfolded they are what they were, and what is printed is the gradient, member by member."""
    of = parse(Gates(seed).text())
    for output in outputs(of):
        whole, folded = sheets_of(output)
        check_the_same(whole, folded)
    for steps in (3, None):
        for look in ("default", "books"):
            case = Case(of, 3, False)
            for view in ("chain", "closed", "delta"):
                output = case.output(view, look, steps)
                holds(case, output, look == "books")


def test_some_gates_at_random_are_folded() -> None:
    folded = [indices(sheets_of(parse(Gates(s).text()).derive(3).output("delta"))[1])
              for s in range(16)]  # fmt: skip
    assert sum(map(bool, folded)) > 8


def test_a_wrong_member_is_noticed() -> None:
    """The reader can fail: with the candidate's weight for a gate's the gradient is another."""
    case = Case(symrnn.load("lstm"), 3, False)
    output = case.output("delta", "default", None)
    latex = output.latex(output.parts())
    page = case.page(output)
    right = r"x_t \, W_k + h_{t-1} \, U_k"
    backward = r"\sum_{k \in \{i, f, g, o\}} \delta^{k}_{t+1} \, U_k^{\top}"
    assert right in latex
    assert backward in latex
    wrong = latex.replace(r"x_t^{\top} \, \delta^{k}_t, \qquad k \in \{i, f, g, o\}",
                          r"x_t^{\top} \, \delta^{k}_t, \qquad k \in \{f, i, g, o\}")  # fmt: skip
    assert wrong != latex  # the same set: the same gradient
    assert put_in([r"W_k \, k_t"], r"k \in \{i, \hat{y}\}") == [
        [r"W_i \, i_t"], [r"W_{\hat{y}} \, \hat{y}_t"],
    ]  # fmt: skip
    changed = latex.replace(r"h_{t-1}^{\top} \, \delta^{k}_t", r"h_{t-1}^{\top} \, \delta^{i}_t")
    assert changed != latex
    from tests.derive.reader import Page

    page = Page(changed, page.symbols, page.value, page.dims, False)
    found = page.look_up(page.parts(r"\frac{\partial L}{\partial U_f}"), {})
    exact = case.wanted["U_f"]
    assert np.linalg.norm(found - exact) > 1e-3 * np.linalg.norm(exact)


def test_averaged_over_a_batch_the_sum_is_as_short() -> None:
    derivation = model("lstm").derive(3, scalar=True)
    output = Output(derivation, Request(("chain",), batch=True), Look(width=0))
    found = output.plain(output.finished(output.parts()))
    assert (
        "∂L/∂W_k = 1/B ∑_{b=1}^{B} ∑_{t=1}^{3} ∂L/∂cₜ · ∂cₜ/∂kₜ · ∂⁺kₜ/∂W_k,   k ∈ {i, f, g}"
        in found
    )


def test_the_sum_over_gates_in_the_recursion() -> None:
    found = model("lstm").derive().text("delta")
    assert "∂L/∂hₜ      = ∑_{k ∈ {i, f, g, o}} δᵏₜ₊₁ U_kᵀ,   t = T - 1, …, 1" in found


@pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdfinfo")), reason="no TeX engine is installed"
)
@pytest.mark.parametrize(("name", "most"), [("lstm", 4), ("gru", 3)])
def test_pages(name: str, most: int, tmp_path: Path) -> None:
    target = tmp_path / "document.pdf"
    assert main(["derive", name, "--steps", "3", "-o", str(target)]) == 0
    said = subprocess.run(["pdfinfo", str(target)], capture_output=True, check=True, text=True)
    (pages,) = re.findall(r"Pages:\s+(\d+)", said.stdout)
    assert int(pages) <= most


def test_in_the_table_alike_symbols_share_a_row() -> None:
    output = model("lstm").derive(3).output()
    (table,) = (item for item in Paper(output).symbols().items if isinstance(item, Table))
    rows = [plain_text(row[1]) for row in table.rows]
    assert {"W_i, W_f, W_g, W_o", "U_i, U_f, U_g, U_o", "c", "w_y"} <= set(rows)
    assert {"i", "f", "g", "o"} <= set(rows), "the text gives each a meaning of its own"
    written = model("lstm").derive(3).output(all=True)
    (table,) = (item for item in Paper(written).symbols().items if isinstance(item, Table))
    assert {"W_i", "W_f", "i", "f"} <= {plain_text(row[1]) for row in table.rows}


def test_side_by_side_nothing_is_lost_and_the_order_stays() -> None:
    rows = [rf"x_{i} &= {'a + ' * (i % 5)}b" for i in range(12)]
    rows.insert(5, r"y &= c" + BREAK + r"&\quad {} + d")
    pieces = side_by_side(BREAK.join(rows))
    found = BREAK.join(pieces).replace(" & ", BREAK).replace(BREAK + "&= ", " &= ")
    assert re.sub(r"\s+", " ", found) == re.sub(r"\s+", " ", BREAK.join(rows))
    assert len(BREAK.join(pieces).split(BREAK)) < 9


def test_an_index_within_a_tag_or_brackets() -> None:
    found = model("bilstm").derive().latex("delta")
    assert r"a^{k_f}_t &= x_t \, W_{k,f} + h_{f,t-1} \, U_{k,f} + b_{k,f}" in found
    assert r"a^{k_b}_t &= x_t \, W_{k,b} + h_{b,t+1} \, U_{k,b} + b_{k,b}" in found
    text = "a1[t] = tanh(x[t] @ W1)\na2[t] = tanh(x[t] @ W2)\nL = mse(y, a1[T] * a2[T])"
    found = parse(text).derive().latex("delta")
    assert r"a^{(k)}_t &= \tanh(" in found
    assert r"x_t \, W^{(k)}), \qquad k \in \{1, 2\}" in found


@pytest.mark.parametrize("scalar", [True, False])
def test_an_index_is_no_letter_that_a_sum_binds(scalar: bool) -> None:
    """The product's sums run over k and j, which gates would be called by elsewhere."""
    output = model("lstm").derive(scalar=scalar).output("product")
    (first, *_) = output.folded(output.parts())[0].sheets
    indices = {index.index for e in first.equations for index in free_indices(e.left)}
    assert indices
    assert not indices & {"k", "j", "t"}
