"""Derivations as whole documents: sound everywhere, compiled and shown where they can be."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symrnn.cli import main
from symrnn.derive.derivation import Derivation
from symrnn.derive.output import Look, Output, default_views
from symrnn.derive.sheets import Request
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.model import parse
from tests.cases import ZOO, model
from tests.documents import has_tex

NOTATIONS = ("default", "N1", "N2", "N3", "N4", "N5", "books")
DEBRIS = re.compile(r"\\operatorname|\\circ\b|_\{\}|\^\{\}|\{\}\s*\\|None|Ref\(")


def fragments(derivation: Derivation, view: str, notation: str = "default", width: int = 80) -> str:
    output = Output(derivation, Request((view,)), Look(notation, width))
    try:
        return output.latex(output.parts())
    except UsageError as error:
        # what nobody would read is refused, and what no product of matrices holds, and says so
        if "symbols" in str(error) or "is a matrix" in str(error):
            return ""
        raise


@pytest.mark.parametrize(
    ("name", "notation"),
    [(name, "default") for name in ZOO]
    + [(name, notation) for name in ("elman", "char", "birnn") for notation in NOTATIONS[1:]],
)
def test_every_view_in_every_notation_is_sound_latex(name: str, notation: str) -> None:
    from symrnn.derive.pages.structure import check_formula

    views = [view for view in VIEWS if view != "numbers"]
    for view in views:
        steps = 2 if view in ("chain", "local", "closed", "expanded", "paths") else None
        for scalar in (True,) if view == "forward" else (False, True):
            derivation = model(name).derive(steps, scalar=scalar)
            found = fragments(derivation, view, notation)
            assert DEBRIS.search(found.replace("&\\quad {}", "")) is None, (view, found)
            for display in re.findall(r"\\\[\n(.*?)\n\\\]", found, re.DOTALL):
                check_formula(display)


@pytest.mark.parametrize("width", [30, 60, 80, 0])
@pytest.mark.parametrize("name", ["elman", "lstm", "char", "birnn"])
def test_long_sums_break_before_an_operator(name: str, width: int) -> None:
    found = fragments(model(name).derive(4), "closed", width=width)
    broken = re.findall(r"\\\\\n&\\quad \{\}(.)(.*)", found)
    assert all(first in "+-/" or rest.startswith(("odot", "cdot")) for first, rest in broken)
    if not width:  # only what has a line for each term
        assert all(first in "+-" for first, _ in broken)
    elif name == "elman" and width == 30:
        assert any(first == "\\" for first, _ in broken)


def test_narrow_lines_are_narrow() -> None:
    text = model("elman").derive(4).text("closed", width=48)
    assert max(map(len, text.splitlines())) <= 48 + 4


def compiled(arguments: list[str], folder: Path) -> Path:
    target = folder / "derivation.pdf"
    assert main(["derive", *arguments, "--format", "pdf", "-o", str(target)]) == 0
    assert target.read_bytes().startswith(b"%PDF")
    return target


needs_tex = pytest.mark.skipif(
    not has_tex("tikz.sty"), reason="pdflatex, or tikz, is not installed"
)


@needs_tex
@pytest.mark.parametrize(
    "arguments",
    [
        "elman --steps 3 --figure",
        "elman --steps 3 --scalar --notation N1",
        "char --notation N5 --view delta,product,local",
        "lstm --steps 2 --figure --view chain,closed,local,delta,product",
        "birnn --steps 3 --figure --notation books --batch",
        "gru --steps 2 --exercise --scalar",
        "elman_n4 --steps 3 --slip 3",
        "elman_n4 --view numbers,delta --data notes",
        "elman_n4 --steps 2 --view expanded --scalar",
    ],
)
def test_documents_compile(arguments: str, tmp_path: Path) -> None:
    pdf = compiled(arguments.split(), tmp_path)
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", str(pdf), "-"], capture_output=True, check=True, text=True
        ).stdout
        assert "Backpropagation through time" in text
        assert "Update rules" in text


@pytest.mark.slow
@needs_tex
def test_no_line_of_a_derivation_runs_off_the_page(tmp_path: Path) -> None:
    """TeX itself says which lines are too wide; a document's width is that of its page."""
    tex = tmp_path / "derivation.tex"
    for number, arguments in enumerate(("lstm --steps 3", "gru", "bilstm", "elman --steps 8")):
        words = ["derive", *arguments.split(), "--format", "tex", "-o", str(tex)]
        assert main(words) == 0
        subprocess.run(
            ["pdflatex", "-no-shell-escape", "-interaction=batchmode", tex.name],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        log = (tmp_path / "derivation.log").read_text("latin-1")
        wide = [float(w) for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
        assert not [w for w in wide if w > 5], (number, arguments, wide)


@pytest.mark.parametrize("name", ZOO)
def test_a_page_needs_nothing_else(name: str) -> None:
    page = model(name).derive(steps=2).html(default_views(model(name).derive(2), document=True))
    assert page.startswith("<!DOCTYPE html>") or page.startswith("<!doctype html>")
    assert "<script" not in page
    assert re.search(r'(src|href)="(?!#)(?!data:)', page) is None
    assert "://" not in page.replace("http://www.w3.org/", "")
    assert page.count("<math") > 20


def test_a_document_for_any_number_of_steps_has_no_view_that_cannot_be() -> None:
    lags = parse("h[t] = tanh(x[t] @ W + h[t-2] @ U); L = mse(y, h[T])")
    assert default_views(lags.derive(), document=True) == ("delta",)
    assert default_views(model("elman").derive(), document=True) == ("delta", "product")
