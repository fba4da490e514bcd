"""No line is wider, and nothing is higher, than the paper: measured, and by TeX where it is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from symrnn.derive.output import Look, Output
from symrnn.derive.pages.paper import Paper
from symrnn.derive.pages.tex import as_tex
from symrnn.derive.printing.latex import EQUALS
from symrnn.derive.printing.measure import CHARACTER, measure
from symrnn.derive.sheets import Request
from symrnn.derive.views import VIEWS
from symrnn.derive.worked.data import worked_data
from symrnn.errors import UsageError
from symrnn.model import Model, parse
from tests.cases import ZOO, model
from tests.derive.cells import CELLS, cell
from tests.extent import WIDE

ARTICLE = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")

SOME = [("delta", None, False), ("product", None, False), ("closed", 2, False)]
EVERY = [(view, steps, s) for view in VIEWS for steps in (None, 1, 2, 3) for s in (False, True)]


def asked(name: str) -> Model:
    return cell(name) if name in CELLS else model(name)


def output(name: str, view: str, steps: int | None, scalar: bool) -> Output:
    found = asked(name)
    extra = {}
    if view == "numbers":
        symbols = found.system.symbols
        data, steps = worked_data(found.written, symbols, steps, scalar=scalar)
        extra = {"data": data}
    derivation = found.derive(steps, scalar=scalar)
    return Output(derivation, Request((view,), extra=extra), Look())


@cache
def some() -> list[tuple[str, Output]]:
    """Derivations of cells that nobody has fitted the printer to."""
    names = [*CELLS, *(ZOO if WIDE else ("bilstm", "gru_torch"))]
    return list(printable(names, EVERY if WIDE else SOME))


def printable(
    names: list[str], kinds: list[tuple[str, int | None, bool]]
) -> Iterator[tuple[str, Output]]:
    for name in names:
        for view, steps, scalar in kinds:
            try:
                found = output(name, view, steps, scalar)
                found.parts()
            except UsageError:
                continue  # too long, or a lag of several steps
            yield f"{name}/{view}/{steps}/{scalar}", found


@pytest.mark.slow
def test_no_row_is_measured_wider_than_a_line() -> None:
    count = 0
    for key, found in some():
        for part in found.parts():
            for sheet in part.sheets:
                rows = [row.partition("&") for row in found.latex_printer.rows(sheet.equations, 80)]
                wide = max(measure(left) for left, _, _ in rows)
                for _, _, right in rows:
                    inside = re.sub(r"^= ", "", right)
                    room = 80 * CHARACTER - wide - EQUALS
                    assert measure(inside) < room + 0.4, (key, right)
                    count += 1
    assert count > 500


@pytest.mark.slow
@needs_tex
@pytest.mark.parametrize("whole", [True, False])
def test_tex_finds_no_overfull_box(whole: bool, tmp_path: Path) -> None:
    """Of documents, and of fragments within an article."""
    head, pieces = ARTICLE, []
    for key, found in some():
        body = found.latex(found.parts())
        if whole:
            head, body = as_tex(Paper(found).document(found.parts())).split("\\begin{document}")
            head, body = head + "\\begin{document}\n", body.split("\\end{document}")[0]
        pieces.append(f"\\typeout{{@@ {key}}}\n{body}\n\\clearpage\n")
    complaints = complaints_of(head + "\n".join(pieces) + "\\end{document}\n", tmp_path)
    assert complaints == []


@needs_tex
@pytest.mark.parametrize("widths", ["x: 12; h: 34", "x: 60; h: 4"])
def test_wide_and_high_matrices_of_numbers_fit(widths: str, tmp_path: Path) -> None:
    text = f"{widths}; h[t] = tanh(x[t] @ W + h[t-1] * u); L = mse(y, h[T])"
    found = parse(text).derive(1).latex("numbers", "u", digits=8)
    assert complaints_of(ARTICLE + found + "\\end{document}\n", tmp_path) == []


@needs_tex
def test_an_overfull_box_would_be_found(tmp_path: Path) -> None:
    wide = model("lstm").derive(2).latex("closed", width=0)
    assert complaints_of(ARTICLE + wide + "\\end{document}\n", tmp_path) != []


def complaints_of(tex: str, folder: Path) -> list[str]:
    """TeX's errors and overfull boxes, each with the document that it is about."""
    (folder / "a.tex").write_text(tex)
    command = ["pdflatex", "-interaction=nonstopmode", "-draftmode", "a.tex"]
    environment = {**os.environ, "max_print_line": "1000"}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    key, found = "", []
    for line in (folder / "a.log").read_text(errors="replace").splitlines():
        if line.startswith("@@ "):
            key = line[3:]
        elif line.startswith(("Overfull", "! ")):
            found.append(f"{key}: {line}")
    return found
