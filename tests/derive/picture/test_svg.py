"""Names in an SVG: subscripts and superscripts are set as such."""

import re
from xml.etree import ElementTree

import pytest

from symrnn.derive.notation.symbol import MACROS
from symrnn.derive.picture.picture import picture
from symrnn.derive.picture.svg import Run, runs, svg
from tests.cases import ZOO, model


def below(text: str, italic: bool = False) -> Run:
    return Run(text, 0.7, -0.22, italic)


def above(text: str) -> Run:
    return Run(text, 0.7, 0.42)


@pytest.mark.parametrize(
    ("latex", "wanted"),
    [
        ("L", [Run("L", italic=True)]),
        ("w_h", [Run("w", italic=True), below("h", True)]),
        ("O_{t-1}", [Run("O", italic=True), below("t", True), below("−1")]),
        (r"h^{(2)}_t", [Run("h", italic=True), above("(2)"), below("t", True)]),
        (r"\hat{y}", [Run("ŷ", italic=True)]),
        (r"\mathbf{W}", [Run("W", bold=True)]),
        (r"\mathrm{in\_x}", [Run("in_x")]),
        (r"\delta", [Run("δ", italic=True)]),
        (r"\Gamma", [Run("Γ")]),
        ("W_{h_t}", [Run("W", italic=True), below("h", True)]),
        ("a_", [Run("a", italic=True)]),
        ("a}b", [Run("a", italic=True)]),
    ],
)
def test_a_symbol_as_runs(latex: str, wanted: list[Run]) -> None:
    assert list(runs(latex))[: len(wanted)] == wanted


def test_a_script_of_a_script_is_smaller_and_lower() -> None:
    inner = runs("W_{h_t}")[-1]
    assert (inner.text, round(inner.size, 3), round(inner.rise, 3)) == ("t", 0.49, -0.374)


@pytest.mark.parametrize("macro", MACROS)
def test_no_macro_of_a_symbol_is_spelt_out(macro: str) -> None:
    text = "".join(run.text for run in runs(rf"\{macro}{{x}}"))
    assert text
    assert macro not in text


@pytest.mark.parametrize("notation", ["default", "books"])
@pytest.mark.parametrize("name", ZOO)
def test_baselines_come_back(name: str, notation: str) -> None:
    """A name ends where its steps down and up say, and no LaTeX is left in it."""
    derivation = model(name).derive(steps=2)
    output = derivation.output(notation=notation)
    letters = output.latex_printer.letters
    shown = svg(picture(derivation.system, derivation.own), letters)
    space = "{http://www.w3.org/2000/svg}"
    for text in ElementTree.fromstring(shown).iter(f"{space}text"):
        assert not re.search(r"[\\{}_^]", "".join(text.itertext()))
        size = float(text.get("font-size", ""))
        down = 0.0
        for part in text.iter(f"{space}tspan"):
            down += float(part.get("dy", 0))
            small = float(part.get("font-size", size))
            assert (abs(down) < 0.01) == (small == size)
