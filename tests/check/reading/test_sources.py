"""The lines of a text: displays and their rows, and what is prose."""

import json
import time

import pytest

from symrnn.check.markup import MAX
from symrnn.check.sources import Kind, lines
from symrnn.errors import UsageError


def found(text: str, kind: Kind = "tex") -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in lines(text, kind)]


def test_each_row_of_a_display_is_a_line() -> None:
    text = r"""We have % a remark
\begin{align*}
  a &= b \tag{1} \label{e} \\[2pt]
  c &= d, \qquad t = 1, \ldots, T \nonumber
\end{align*}
and $x = 1$ besides, with $\frac{\partial L}{\partial w} = 0$.
"""
    wanted = [
        (3, "a = b"),
        (4, r"c = d, \qquad t = 1, \ldots, T"),
        (6, r"\frac{\partial L}{\partial w} = 0"),
    ]
    assert found(text) == wanted


@pytest.mark.parametrize(
    "rows",
    [
        r"a &= b \\ &\quad {}+ c",
        r"a &= b \\ &+ c",
        r"a &= \left( b \right. \\ &\quad \left. {}+ c \right)",
        r"a &= (b \\ & + c)",
        r"& a \\ &= b + c",
        r"a &= b + c, \\ &\qquad t = T - 1, \ldots, 1",
        r"a &= b \\ &\quad [c + d]",
        r"a &= b \\ &\quad \bigl( c + d \bigr)",
    ],
)
def test_what_goes_on_is_one_line(rows: str) -> None:
    text = rf"\[\begin{{aligned}}{rows}\end{{aligned}}\]"
    assert len(found(text)) == 1


def test_a_row_that_begins_with_its_sign_is_a_line() -> None:
    assert [text for _, text in found(r"\[\begin{split} a &= b \\ &= c\end{split}\]")] == [
        "a = b",
        "= c",
    ]


def test_an_arrow_parts_two_claims() -> None:
    assert [text for _, text in found(r"$$a = b \Rightarrow c = d$$")] == ["a = b", "c = d"]


def test_reasons_beside_a_line_are_words() -> None:
    text = r"\[\begin{aligned} a &= b && \text{since }x = y \\ & && \text{too} \end{aligned}\]"
    assert [line for _, line in found(text)] == ["a = b"]


def test_the_number_of_a_formula_is_no_factor() -> None:
    assert found(r"$$a = b \qquad (3)$$") == [(1, "a = b ")]
    assert found(r"$$a = b (3)$$") == [(1, "a = b (3)")]
    assert found(r"$$a = b \quad t = 1, \ldots, T$$") == [(1, r"a = b, t = 1, \ldots, T")]


def test_rows_of_a_multline_are_one_line() -> None:
    text = "\\begin{multline*} a = b \\\\\n c + d \\\\ = e \\end{multline*}\n$$f = g$$"
    assert [line.number for line in lines(text, "tex")] == [1, 3]


def test_two_equations_beside_each_other_are_two() -> None:
    text = r"\begin{align} a &= b & c &= d \end{align}"
    assert [line for _, line in found(text)] == ["a = b", "c = d"]


def test_markdown_has_math_in_dollars_and_fences() -> None:
    text = "Text\n\n$$\na = b\n$$\n\n```python\n$$c = d$$\n```\n\n```math\ne = f\n```\n"
    assert found(text, "md") == [(4, "a = b"), (12, "e = f")]
    assert found("```latex\n\\[ a = b \\]\nso $$c = d$$\n```", "md") == [(2, "a = b"), (3, "c = d")]


def test_a_notebook_has_its_cells() -> None:
    cells = [
        {"cell_type": "code", "source": ["$$a = b$$"]},
        {"cell_type": "markdown", "source": ["first\n", "$$c = d$$"]},
    ]
    (line,) = lines(json.dumps({"cells": cells}), "ipynb", "n.ipynb")
    assert (line.text, line.number, line.file) == ("c = d", 2, "n.ipynb[2]")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cells": [1]}', "[" * 100_000])
def test_what_is_no_notebook_is_said(text: str) -> None:
    with pytest.raises(UsageError, match=r"n\.ipynb is no notebook"):
        lines(text, "ipynb", "n.ipynb")


def test_a_formula_stands_for_itself() -> None:
    assert found("a = b\nc = d", "formula") == [(1, "a = b"), (2, "c = d")]
    assert found("-a = b", "formula") == [(1, "-a = b")]
    assert found(r"\begin{align} a &= b \end{align}", "formula") == [(1, "a = b")]
    assert found("a = (b\n + c)", "formula") == [(1, "a = (b + c)")]


def test_a_file_without_displays_has_a_formula_in_each_line() -> None:
    assert found("% mine\na = b\n\nc = d\n") == [(2, "a = b"), (4, "c = d")]


def test_a_macro_without_arguments_is_put_in() -> None:
    text = r"""\newcommand{\had}{\odot} \def\Wh{W_{hh}} \DeclareMathOperator{\dg}{diag}
$$a = \Wh b \had \dg(c)$$"""
    assert found(text) == [(2, r"a = W_{hh} b \odot \operatorname{diag}(c)")]


@pytest.mark.parametrize(
    "skipped",
    [
        "\\begin{verbatim}\n$$c = d$$\n% \\end{verbatim}",
        "\\begin{lstlisting*}[a]\n$$c = d$$\n\\end{lstlisting*}",
        "\\begin{comment}\n$$c = d$$\n\\end{comment}",
        "\\iffalse\n$$c = d$$\n\\fi",
        "\\verb|$$| so $$ \\verb+$$+\n% \\begin{verbatim}\n",
    ],
)
def test_what_is_not_set_is_skipped(skipped: str) -> None:
    assert found(f"{skipped}\n\\[e = f\\]") == [(4, "e = f")]
    assert found("<!--\n$$c = d$$\n-->\n$$e = f$$", "md") == [(4, "e = f")]


def test_prose_between_rows_and_a_brace_around_them_are_skipped() -> None:
    text = r"""\begin{align} a &= b \\ \intertext{so $x = \text{y}$,}
 c &= d \qedhere \\ &\overset{\eqref{(}}{=} e \end{align}
\[ \left\{ \begin{aligned} f &= g \\ h &= i \end{aligned} \right. \qquad \blacksquare \]"""
    assert [line for _, line in found(text)] == [
        *("a = b", "c = d", r"\overset{}{=} e", "f = g", r"h = i \qquad"),
    ]
    assert len(found(r"\[ a = \left\{ \begin{aligned} b \\ + c \end{aligned} \right\} \]")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{" * 1_000_000,
        r"\newcommand{\a}{\b\b\b\b\b\b\b\b}\newcommand{\b}{%s}$$\a\a\a\a\a\a$$" % ("x" * 9_000),
    ],
)
def test_what_is_too_long_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(UsageError, match="100,000"):
        lines(text, "tex")
    assert time.process_time() - start < 1


PIECES = ["{", "$", "\\[", "\\begin{align}", "&", "\\\\", "(", "%", "$$ "]
PIECES += (
    "\\iffalse ",
    "\\begin{comment}",
    r"$$\left. \begin{aligned}",
    r"$$\intertext{",
    "\\verb|",
)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("kind", ["tex", "md", "formula"])
def test_a_long_text_of_one_piece_is_read_within_a_second(piece: str, kind: Kind) -> None:
    start = time.process_time()
    lines(piece * (MAX // len(piece)), kind)
    assert time.process_time() - start < 1
