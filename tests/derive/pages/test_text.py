"""A document as text for a terminal, exactly."""

import re

from symrnn.derive.pages.document import Document, Inline, Paragraph, Section, Table
from symrnn.derive.pages.html import as_html
from symrnn.derive.pages.tex import as_tex
from symrnn.derive.pages.text import as_text
from tests.derive.pages.documents import SMALL, TIKZ, figure, hostile


def test_text_is_exact() -> None:
    assert as_text(SMALL, 40) == (
        """The sum of a₁
=============
For T = 3

One & only
----------

Let ŷ be 50% of it.

    a = b
      = c

So it is.

    a  = b_1

      c

    name  value
    ----  -----
    a     first
    b     [2]

Respecting ŵₜ:

    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
"""
    )


def test_text_wraps_prose_and_keeps_formulas_whole() -> None:
    words = ("one two three ", Inline("x", "a + b + c"), " four, five six 中文中文 seven.")
    document = Document(("T",), (Section(("S",), (Paragraph(words),)),))
    lines = as_text(document, 20).splitlines()
    assert lines[6:] == ["one two three", "a + b + c four, five", "six 中文中文 seven."]
    assert as_text(document, 0).splitlines()[6:] == [
        "one two three a + b + c four, five six 中文中文 seven."
    ]


def test_columns_of_a_table_stand_below_each_other_whatever_the_letters() -> None:
    table = Table((("a",), ("b",)), ((("中文",), ("1",)), (("y\u0302",), ("2",))))
    text = as_text(Document(("T",), (Section(("S",), (table,)),)), 0)
    assert text.splitlines()[6:] == [
        "    a     b",
        "    ----  -",
        "    中文  1",
        "    y\u0302     2",
    ]


def test_figures() -> None:
    tex, page, text = as_tex(figure()), as_html(figure()), as_text(figure(), 80)
    assert r"\usepackage{tikz}" in tex
    # on one page with its caption
    assert f"{{minipage}}{{\\linewidth}}\n\\centering\n{TIKZ}\\par\\smallskip\n" in tex
    assert r"{\small A \textless{}b\textgreater{} picture\par}" in tex
    assert (
        '<figure>\n<div class="picture" tabindex="0" role="region" aria-label="picture">'
        '<svg xmlns="http://www.w3.org/2000/svg" role="img">'
        '<title>A &lt;b&gt; picture</title><path d="M0 0h9"/></svg></div>\n'
        "<figcaption>A &lt;b&gt; picture</figcaption>\n</figure>" in page
    )
    assert text.endswith("\nFigure: A <b> picture\n")


def test_hostile_text_does_nothing_to_a_terminal() -> None:
    text = as_text(hostile(), 80)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", text)
    assert "U+001B[31m" in text
    text.encode()
