"""A document as a LaTeX file, and that typeset by the engine that is installed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from symrnn.derive.pages.beside import side_by_side
from symrnn.derive.pages.document import (
    Choice,
    Display,
    Document,
    Fields,
    Figure,
    Fold,
    Heading,
    Image,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Table,
    Text,
    joined,
    plain_text,
)
from symrnn.derive.pages.escape import as_lines, for_tex
from symrnn.derive.pages.structure import checked
from symrnn.derive.pages.text import plain_rows, widths_of
from symrnn.errors import UsageError
from symrnn.frame import render

LINE = 85
"""About how many characters a printed line holds."""

TOGETHER = 12
"""A printed table of so many rows does not break."""


def as_tex(document: Document) -> str:
    """A complete LaTeX file in ASCII, which needs amsmath and, for pictures, TikZ."""
    items = [item for section in document.sections for item in section.items]
    items += [inner for item in items if isinstance(item, Fold) for inner in item.items]
    return render(
        "latex/document.tex",
        title=_prose(document.title),
        subtitle=_prose(document.subtitle),
        name=_bare(document.title),
        subject=_bare(document.subtitle or ("Backpropagation through time",)),
        head=tex_items(document.head),
        sections=[
            {
                "title": _prose(section.title),
                "name": _bare(section.title),
                "body": tex_items(section.items, document.dense),
            }
            for section in document.sections
        ],
        dense=document.dense,
        pictures=any(isinstance(item, Figure) for item in items),
    )


def _prose(text: Text) -> str:
    return joined(text, for_tex, lambda formula: f"${checked(formula.latex)}$")


def _bare(text: Text) -> str:
    r"""Prose without formulas, for the outline and the data of a PDF: letters of ASCII.

    >>> from symrnn.derive.pages.document import Inline
    >>> print(_bare(("Gradient for ", Inline(r"\hat{y}_t", "ŷ_t"))))
    Gradient for y\_t
    """
    letters = unicodedata.normalize("NFKD", plain_text(text))
    return for_tex("".join(c for c in letters if c.isascii() and c.isprintable()))


def tex_items(items: tuple[Item, ...], dense: bool = False) -> str:
    """The items in order. A display belongs to the paragraph around it: no empty line there."""
    parts = []
    for before, item in zip((None, *items), items, strict=False):
        if before and not isinstance(before, Display) and not isinstance(item, Display):
            parts.append("\n")
        parts.append(_item(item, dense))
    return "".join(parts)


def _item(item: Item, dense: bool) -> str:
    match item:
        case Paragraph(text):
            return _prose(text) + "\n"
        case Heading(text):
            return f"{_prose(text)}\\place{{2}}{{{_bare(text)}}}:\n"
        case Display(latex) | Choice(display=Display(latex)):
            return _display(checked(latex), dense)
        case Listing(text):
            return render("latex/listing.tex", lines=[_line(line) for line in as_lines(text)])
        case Table():
            return _table(item)
        case Figure(tikz, _, caption):
            return render("latex/figure.tex", picture=tikz.strip(), caption=_prose(caption))
        case Image(_, caption):
            return _prose(caption) + "\n"
        case PageBreak():
            return "\\clearpage\n"
        case Fold(title, items):
            return f"\\subsection*{{{_prose(title)}}}\n\n{tex_items(items)}"
        case Fields(fields):
            return "\\medskip\n" + " \\quad\n".join(_fields(fields)) + "\\par\n"


def _fields(fields: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """The first room takes what the line has left."""
    for position, (label, after) in enumerate(fields):
        rule = "\\hrulefill" if position == 0 else "\\underline{\\hspace{1.5cm}}"
        yield f"{for_tex(label)}:~{rule}" + (f"~{for_tex(after)}" if after else "")


def _display(latex: str, dense: bool = False) -> str:
    r"""A display that may break over pages: `aligned` never does, `align*` does.

    >>> print(_display(r"\begin{aligned} a &= b \\ &= c \end{aligned}"), end="")
    \begin{align*}
    a &= b \\ &= c
    \end{align*}
    """
    for inner, outer in (("aligned", "align*"), ("gathered", "gather*")):
        begin, end = rf"\begin{{{inner}}}", rf"\end{{{inner}}}"
        if latex.startswith(begin) and latex.endswith(end):
            rows = latex[len(begin) : -len(end)]
            if _balanced(rows, begin, end):
                pieces = side_by_side(rows.strip()) if dense else [rows.strip()]
                return "".join(f"\\begin{{{outer}}}\n{p}\n\\end{{{outer}}}\n" for p in pieces)
    return f"\\[\n{latex}\n\\]\n"


def _balanced(rows: str, begin: str, end: str) -> bool:
    """Whether each of these environments within is closed within: the outer one is one."""
    depth = 0
    for token in re.findall(f"{re.escape(begin)}|{re.escape(end)}", rows):
        depth += 1 if token == begin else -1
        if depth < 0:
            return False
    return True


def _line(line: str) -> str:
    """A line of a listing: spaces keep their number, and it may break where one stands."""
    bare = line.lstrip(" ")
    indent = "~" * (len(line) - len(bare))
    runs = re.split(r"( +)", bare)
    return indent + "".join(
        "~" * (len(run) - 1) + " " if run.startswith(" ") else for_tex(run) for run in runs
    )


def _table(table: Table) -> str:
    """A long table breaks over pages, but no row stands alone; a short one stays in one piece."""
    last = len(table.rows) - 1
    together = range(last) if last < TOGETHER else (0, last - 1)
    return render(
        "latex/table.tex",
        columns=_columns(table),
        count=len(table.header),
        header=" & ".join(map(_prose, table.header)),
        rows=[
            {"cells": " & ".join(map(_prose, row)), "end": r"\\*" if i in together else r"\\"}
            for i, row in enumerate(table.rows)
        ],
    )


def _columns(table: Table) -> str:
    """As wide as what they hold; where that is too wide, the widest are set as paragraphs."""
    widths = [width + 2 for width in widths_of(plain_rows(table))]
    if sum(widths) <= LINE:
        return "l" * len(widths)
    fair = LINE // len(widths)
    narrow = sum(width for width in widths if width <= fair)
    wide = sum(width for width in widths if width > fair)
    share = 0.94 * (LINE - narrow) / LINE / wide
    return "".join(
        "l"
        if width <= fair
        else rf">{{\raggedright\arraybackslash}}p{{{width * share:.3f}\linewidth}}"
        for width in widths
    )


TIMEOUT = 120.0
"""Seconds for a document, each run."""

SAFE = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]

ENGINES: dict[str, list[list[str]]] = {
    "latexmk": [["latexmk", "-norc", "-pdf", *SAFE, "document.tex"]],
    "tectonic": [["tectonic", "--untrusted", "--keep-logs", "document.tex"]],
    "pdflatex": [["pdflatex", *SAFE, "document.tex"]] * 2,  # the second run knows the tables
}
"""The commands of each engine, in the order of preference."""


def engine() -> str | None:
    """The engine that typesets here, if there is one."""
    return next((name for name in ENGINES if shutil.which(name)), None)


def as_pdf(tex: str, seconds: float | None = None) -> bytes:
    """The document typeset. It may read and write nothing but its own folder, and each run of the
    engine takes up to so many seconds."""
    seconds = TIMEOUT if seconds is None else seconds
    name = engine()
    if name is None:
        raise UsageError(
            "a PDF needs a TeX engine, and none is on the PATH; expected one of"
            f" {', '.join(ENGINES)}: install TeX Live, MiKTeX or Tectonic, or ask for the .tex file"
        )
    with tempfile.TemporaryDirectory(prefix="symrnn-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        (here / "document.tex").write_text(tex, encoding="utf-8", errors="backslashreplace")
        for command in ENGINES[name]:
            if not _run(command, here, seconds):
                raise UsageError(f"{name} cannot typeset the document: {_complaint(here)}")
        pdf = here / "document.pdf"
        if not pdf.is_file():
            raise UsageError(f"{name} made no PDF: {_complaint(here)}")
        return pdf.read_bytes()


def _run(command: list[str], folder: Path, seconds: float) -> bool:
    """Whether the command succeeded. Its whole family of processes ends with it."""
    environment = {
        **os.environ,
        "openin_any": "p",  # no absolute path, no parent folder, no dot file
        "openout_any": "p",
        "TEXMFOUTPUT": str(folder),
        "max_print_line": "1000",  # complaints come in one piece
        "SOURCE_DATE_EPOCH": "0",  # the same document is the same PDF on every day
        "FORCE_SOURCE_DATE": "1",
    }
    with open(folder / "output.txt", "wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"cannot run {command[0]}: {error.strerror}") from None
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{command[0]} did not finish within {seconds:g} s; ask for fewer steps"
            ) from None
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _complaint(folder: Path) -> str:
    """TeX's first error in one line, with the line it stands in; else the engine's last words."""
    log = _read(folder / "document.log")
    output = _read(folder / "output.txt")
    for text in (log, output):
        error = re.search(r"^! *(.+)$", text, re.MULTILINE)
        if error:
            place = re.search(r"^l\.(\d+) ?(.*)$", text[error.end() :], re.MULTILINE)
            where = f" (line {place[1]}: {place[2].strip()[-60:]})" if place else ""
            return error[1].strip() + where
    words = [line.strip() for line in output.splitlines() if line.strip()]
    return next((w for w in words if w.startswith("error:")), words[-1] if words else "no message")


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
