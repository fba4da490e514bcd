"""Formulas are well formed, or are caught."""

import re

import pytest

from symrnn.derive.pages.document import Display, Document, Section
from symrnn.derive.pages.html import as_html
from symrnn.derive.pages.structure import (
    ARGUMENTS,
    DELIMITERS,
    ENVIRONMENTS,
    SIZES,
    SYMBOLS,
    check_formula,
)
from symrnn.errors import CheckError
from tests.derive.pages.test_html import Balance

GOOD = [
    r"\left[ \frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial^{+} O_3}{\partial w_h}"
    r" \right]_{t=3}",
    r"\begin{aligned} \delta_t &= \left( \delta_{t+1} w_h^{\top} \right) \odot (1 - O_t^2) \\"
    " &\\quad{}+ \\mathbf{1}^{\\top} x' \n \\end{aligned}",
    r"\Bigl( \begin{pmatrix} a & b \\ c & d \end{pmatrix} \Bigr), \left. x \right|_{t=0}",
    r"\sum_{t=1}^{T} \prod_{k=t+1}^{T} \underline{\hspace{2em}} f\colon x \mapsto \boxed{y}",
    r"\begin{cases} a, & \text{if } x > 0 \\ b, & \text{otherwise} \end{cases}",
]


@pytest.mark.parametrize("latex", GOOD)
def test_good_formulas_pass_and_become_mathml(latex: str) -> None:
    check_formula(latex)
    page = as_html(Document(("T",), (Section(("S",), (Display(latex, ""),)),)))
    Balance(page)


@pytest.mark.parametrize("latex", GOOD)
@pytest.mark.parametrize("lost", ["{", "}", r"\left", r"\right", r"\begin", r"\end"])
def test_a_formula_that_lost_one_end_is_caught(latex: str, lost: str) -> None:
    for match in re.finditer(re.escape(lost) + r"(?![a-z])(\{[a-z]*\})?", latex):
        if lost in "{}" or "begin" in lost or "end" in lost or match[0] == lost:
            start = match.start()
            end = match.end() if len(lost) > 1 else start + 1
            with pytest.raises(CheckError, match="in the formula"):
                check_formula(latex[:start] + latex[end:])


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        ("{x", "'{' is not closed"),
        ("x}", "'}' closes nothing"),
        (r"\left( {x \right) }", r"'\right' meets '{'"),
        (r"\left( x", r"'\left' is not closed"),
        (r"\left x \right)", r"no delimiter after '\left'"),
        (r"\begin{aligned} a \end{pmatrix}", r"'\end{pmatrix}' meets '\begin{aligned}'"),
        (r"\begin{aligned} \left( a \\ b \right) \end{aligned}", r"'\\' outside of"),
        (r"\begin{aligned} { a & b } \end{aligned}", "'&' outside of"),
        (r"\begin{aligned} a \\[4pt] b \end{aligned}", r"'[' after '\\' reads as an option"),
        (r"\begin{aligned}[t] a \end{aligned}", "takes no option"),
        (r"\begin{verbatim} \end{verbatim}", "an unknown environment 'verbatim'"),
        (r"\input{/etc/passwd}", r"an unknown macro '\input'"),
        (r"\def\x{y}", r"an unknown macro '\def'"),
        ("a & b", "'&' outside of"),
        ("50% of", "a bare '%'"),
        ("a $ b", "a bare '$'"),
        ("ŷ", "a bare 'ŷ'"),
        ("a\n\nb", "an empty line"),
        ("x_a_b", "a second '_' on one symbol"),
        ("x^{a}^{b}", "a second '^' on one symbol"),
        ("x^2'", "a second ''' on one symbol"),
        ("x_", "is not closed"),
        ("{x_}", "'_' has no argument"),
        (r"\frac{a}", r"too few arguments of '\frac'"),
        (r"\text{a_b}", "'_' stands in words"),
        (r"\bigl x", r"no delimiter after '\bigl'"),
    ],
)
def test_broken_formulas_are_caught(latex: str, message: str) -> None:
    with pytest.raises(CheckError) as caught:
        check_formula(latex)
    assert message in str(caught.value)
    assert latex in str(caught.value)


def samples() -> list[str]:
    """Each macro and each environment that a formula may hold, in use."""
    uses = [f"a {symbol} b" for symbol in sorted(SYMBOLS - {r"\limits", r"\nolimits"})]
    uses += [r"\sum\limits_{a} b", r"\sum\nolimits_{a} b"]
    for macro, count in sorted(ARGUMENTS.items()):
        uses.append(macro + ("{2em}" if macro == r"\hspace" else "{a}" * count))
    uses += [rf"\left{d} a \right{d}" for d in sorted(DELIMITERS)]
    uses += [f"{size}| a" for size in sorted(SIZES)]
    for name in sorted(ENVIRONMENTS):
        columns = "{cc}" if name == "array" else ""
        cells = r"a \\ b" if name == "gathered" else r"a & b \\ c & d"
        uses.append(rf"\begin{{{name}}}{columns} {cells} \end{{{name}}}")
    return uses


def test_every_macro_that_a_formula_may_hold_becomes_mathml() -> None:
    items = tuple(Display(latex, "") for latex in samples())
    Balance(as_html(Document(("T",), (Section(("S",), items),))))
