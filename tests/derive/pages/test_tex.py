"""A document as LaTeX, exactly; PDFs by the engine that is installed, which reads nothing else."""

import os
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from symrnn.derive.pages import tex
from symrnn.derive.pages.document import Display, Document, Paragraph, Section, Table
from symrnn.derive.pages.tex import as_pdf, as_tex, engine
from symrnn.errors import UsageError
from tests.derive.pages.documents import SMALL, figure, hostile
from tests.derive.pages.test_structure import samples


def test_latex_is_exact() -> None:
    tex = as_tex(SMALL)
    assert tex.startswith("\\documentclass[11pt,a4paper]{article}\n\\usepackage{amsmath,")
    assert "pdftitle={The sum of a1},pdfsubject={For T = 3}" in tex
    assert tex.isascii()
    assert "tikz" not in tex
    assert tex[tex.index("\\begin{document}") :] == (
        r"""\begin{document}

\begin{center}
{\LARGE The sum of $a_1$\par}
\vspace{1ex}{\large For $T = 3$\par}
\end{center}

\section*{One \& only\protect\place{1}{One \& only}}

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

Respecting $\hat{w}_t$\place{2}{Respecting wt}:
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
        \protect \place \vspace \large \rightarrow \partial \leq \frac \ss \mathrm \H"""
    assert set(re.findall(r"\\[A-Za-z]+", body)) <= set(known.split())


needs_engine = pytest.mark.skipif(engine() is None, reason="no TeX engine is installed")
needs_pdftotext = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed"
)


def article(body: str) -> str:
    return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"


def words(pdf: bytes) -> str:
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@needs_engine
@needs_pdftotext
def test_a_document_becomes_a_pdf() -> None:
    pdf = as_pdf(as_tex(SMALL))
    assert pdf.startswith(b"%PDF-")
    found = words(pdf)
    assert "One & only" in found
    assert "be 50% of it." in found


@needs_engine
def test_the_same_document_is_the_same_pdf() -> None:
    assert as_pdf(as_tex(SMALL)) == as_pdf(as_tex(SMALL))


@needs_engine
@needs_pdftotext
def test_hostile_text_is_printed_and_does_nothing() -> None:
    found = words(as_pdf(as_tex(hostile())))
    assert "input{/etc/passwd}" in found
    assert "end{document}" in found
    assert "alert(1)" in found
    assert "U+202E" in found
    assert "root:" not in found


@needs_engine
def test_every_macro_that_a_formula_may_hold_compiles() -> None:
    items = tuple(Display(latex, "") for latex in samples())
    assert as_pdf(as_tex(Document(("T",), (Section(("S",), items),)))).startswith(b"%PDF-")


@needs_engine
@needs_pdftotext
def test_a_long_display_breaks_over_pages() -> None:
    rows = " \\\\\n".join(rf"x_{{{i}}} &= \frac{{{i}}}{{y}}" for i in range(90))
    display = Display(f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}", "")
    document = Document(("T",), (Section(("S",), (Paragraph(("Here:",)), display)),))
    pages = words(as_pdf(as_tex(document))).strip("\f").split("\f")
    assert len(pages) > 2
    assert "89" in pages[-1]


@needs_engine
@pytest.mark.skipif(
    not shutil.which("kpsewhich") or not subprocess.run(
        ["kpsewhich", "tikz.sty"], capture_output=True, check=False
    ).stdout,
    reason="TikZ is not installed",
)  # fmt: skip
def test_a_figure_compiles() -> None:
    assert as_pdf(as_tex(figure())).startswith(b"%PDF-")


@needs_engine
@pytest.mark.parametrize(
    "body",
    [
        r"\input{/etc/passwd}",
        r"\newread\r \openin\r=/etc/passwd \ifeof\r \errmessage{no such file}\fi",
        r"\newwrite\w \immediate\openout\w=FOLDER/escaped.txt",
        r"\newwrite\w \immediate\openout\w=../escaped.txt",
    ],
)
def test_an_engine_leaves_other_files_alone(body: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot typeset the document"):
        as_pdf(article(body.replace("FOLDER", str(tmp_path))))
    assert list(tmp_path.iterdir()) == []


@needs_engine
def test_an_engine_runs_no_commands(tmp_path: Path) -> None:
    path = tmp_path / "made"
    assert as_pdf(article(rf"x \immediate\write18{{touch {path}}}"))
    assert not path.exists()


@needs_engine
def test_an_error_is_one_line_with_its_place() -> None:
    with pytest.raises(UsageError) as caught:
        as_pdf(article("fine\n\n\\nonsense{x}"))
    message = str(caught.value)
    assert "Undefined control sequence" in message
    assert r"\nonsense" in message
    assert "\n" not in message
    assert len(message) < 300


# engines that are not what they should be


@pytest.fixture
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_without_an_engine_the_message_says_what_to_install(bin_: Path) -> None:
    with pytest.raises(UsageError, match="latexmk, tectonic, pdflatex: install TeX Live"):
        as_pdf("")


@pytest.mark.skipif(os.name != "posix", reason="scripts stand in for engines")
def test_engines_are_preferred_in_order(bin_: Path) -> None:
    for name in ("pdflatex", "tectonic", "latexmk"):
        fake(bin_, name, f'echo "{name} $@ $openin_any $openout_any" > document.pdf')
        assert as_pdf("").decode().startswith(f"{name} ")
    said = as_pdf("").decode()
    assert "-norc" in said
    assert "-no-shell-escape" in said
    assert said.endswith(" p p\n")
    (bin_ / "latexmk").unlink()
    assert "--untrusted" in as_pdf("").decode()


@pytest.mark.skipif(os.name != "posix", reason="scripts stand in for engines")
def test_pdflatex_runs_twice(bin_: Path) -> None:
    fake(bin_, "pdflatex", "echo run >> document.pdf")
    assert as_pdf("") == b"run\nrun\n"


@pytest.mark.skipif(os.name != "posix", reason="scripts stand in for engines")
def test_failures_are_told_in_one_line(bin_: Path) -> None:
    fake(bin_, "tectonic", "echo note: x; echo error: no network; echo more; exit 1")
    with pytest.raises(UsageError, match=r"^tectonic cannot typeset the document: error: no netw"):
        as_pdf("")
    fake(bin_, "latexmk", "exit 0")
    with pytest.raises(UsageError, match=r"^latexmk made no PDF: no message$"):
        as_pdf("")


@pytest.mark.skipif(os.name != "posix", reason="scripts stand in for engines")
def test_an_engine_that_hangs_is_ended_with_its_children(
    bin_: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = shutil.which("sleep", path=os.defpath)
    fake(bin_, "latexmk", f"{sleep} 30 & wait")
    monkeypatch.setattr(tex, "TIMEOUT", 0.3)
    start = time.monotonic()
    with pytest.raises(UsageError, match=r"did not finish within 0\.3 s"):
        as_pdf("")
    assert time.monotonic() - start < 10
