"""A document as LaTeX, exactly."""

import re

from symrnn.derive.pages.document import (
    Display,
    Document,
    Section,
    Table,
)
from symrnn.derive.pages.tex import as_tex
from tests.derive.pages.documents import SMALL, hostile


def test_latex_is_exact() -> None:
    tex = as_tex(SMALL)
    assert tex.startswith("\\documentclass[11pt,a4paper]{article}\n\\usepackage{amsmath,")
    assert tex.isascii()
    assert "tikz" not in tex
    assert tex[tex.index("\\begin{document}") :] == (
        r"""\begin{document}

\begin{center}
{\LARGE The sum of $a_1$\par}
\end{center}

\section*{One \& only}

Let $\hat{y}$ be 50\% of it.
\begin{align*}
a &= b \\ &= c
\end{align*}
So it is.

\begin{listing}
a~ = b\_1\null\par
\null\par
~~c\null\par
\end{listing}

\begin{longtable}{@{}ll@{}}
\toprule{2}
name & value \\
\midrule{2}
\endhead
\bottomrule{2}
\endfoot
$a$ & first \\*
\rowgap
b & [2] \\
\rowgap
\end{longtable}

\clearpage
\[
x
\]

\end{document}
"""
    )


def test_a_display_of_several_parts_is_left_as_it_is() -> None:
    two = r"\begin{aligned} a \end{aligned} = \begin{aligned} b \end{aligned}"
    inner = r"\begin{aligned} a &= \begin{aligned} b \end{aligned} \end{aligned}"
    tex = as_tex(Document(("T",), (Section(("S",), (Display(two, ""), Display(inner, ""))),)))
    assert f"\\[\n{two}\n\\]\n" in tex
    assert "\\begin{align*}\na &= \\begin{aligned} b \\end{aligned}\n\\end{align*}\n" in tex


def test_wide_columns_of_a_printed_table_are_set_as_paragraphs() -> None:
    table = Table((("k",), ("long",)), ((("1",), ("word " * 40,)),))
    tex = as_tex(Document(("T",), (Section(("S",), (table,)),)))
    assert r"{@{}l>{\raggedright\arraybackslash}p{0.907\linewidth}@{}}" in tex


def test_hostile_text_is_escaped_in_latex() -> None:
    tex = as_tex(hostile())
    body = tex[tex.index("\\begin{document}") :]
    assert tex.isascii()
    assert not re.search(r"[^\n\x20-\x7e]", tex)
    assert body.count("\\end{document}") == 1
    assert not re.search(r"\\(input|write|immediate)|\^\^|\{verbatim\}|(?<!\\)%", body)
    known = r"""\begin \end \section \LARGE \par \null \toprule \midrule \bottomrule \rowgap
        \endhead \endfoot \raggedright \arraybackslash \linewidth \textbackslash
        \textasciicircum \textasciitilde \textless \textgreater \textbar \texttt \allowbreak
        \rightarrow \partial \leq \frac \ss \mathrm \H"""
    assert set(re.findall(r"\\[A-Za-z]+", body)) <= set(known.split())
