"""A derivation in the format that was asked for: fragments, data, or a document typeset."""

import argparse
import sys
from typing import TYPE_CHECKING

from symrnn.cli.exercises import DOCUMENTS
from symrnn.errors import UsageError
from symrnn.files import read

if TYPE_CHECKING:
    from symrnn.derive.derivation import Derivation
    from symrnn.derive.output import Chapter, Output
    from symrnn.derive.pages.document import Document, Text
    from symrnn.derive.pages.macros import Macros

MOST_MACROS = 1_000_000
"""Bytes of their file."""


def formatted(
    output: "Output",
    parts: "list[Chapter]",
    after: "list[Chapter]",
    options: argparse.Namespace,
    macros: "Macros | None",
) -> str | bytes:
    """The parts in their format; `after` comes last, in a document on a page of its own."""
    derivation = output.derivation
    updates = output.updates() if options.update else []
    if options.fragment:
        from symrnn.derive.pages.fragment import as_fragment

        fragment = as_fragment(output, [*parts, *updates, *after])
        return fragment if macros is None else macros.in_text(fragment)
    if options.format in DOCUMENTS:
        if options.figure and derivation.system.steps is None:
            raise UsageError("a picture needs a number of steps; say --steps")
        from symrnn.derive.pages.paper import Paper

        if options.format == "pdf" and options.output is None and sys.stdout.isatty():
            raise UsageError("a PDF is no text for a terminal; say where to write it, -o FILE")
        return typeset(Paper(output).document(parts, options.figure, after), options.format, macros)
    if options.figure and options.format != "latex":
        raise UsageError("--figure is for --format latex, tex, pdf and html")
    parts = [*parts, *updates, *after]
    match options.format:
        case "json":
            from symrnn.derive.data import as_json

            return as_json(output, parts)
        case "sympy":
            return _python(output, parts)
        case "unicode":
            head = _symbols(output, plain=True) if options.symbols else ""
            return head + output.plain(parts)
    head = _symbols(output, plain=False) if options.symbols else ""
    picture = _tikz(derivation, output) if options.figure else ""
    text = head + picture + output.latex(parts)
    return text if macros is None else macros.in_text(text)


def macros_of(path: str) -> "Macros":
    """The author's macros; those that take arguments are left alone, which is said."""
    from symrnn.derive.pages.macros import read_macros

    try:
        text = read(path, MOST_MACROS, "a file of macros is shorter").decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"cannot read {path}: it is no UTF-8 text") from None
    found = read_macros(text, path)
    if found.left_alone and sys.stderr is not None:
        names = ", ".join(found.left_alone)
        print(f"symrnn: note: {path}: with arguments, and left alone: {names}", file=sys.stderr)
    return found


def typeset(document: "Document", form: str, macros: "Macros | None" = None) -> str | bytes:
    """A document in one of its formats."""
    from symrnn.derive.pages.html import as_html
    from symrnn.derive.pages.tex import as_pdf, as_tex

    if form == "html":
        return as_html(document)
    tex = as_tex(document)
    if macros is not None:
        tex = macros.defined_in(tex)
    return tex if form == "tex" else as_pdf(tex)


def _python(output: "Output", parts: "list[Chapter]") -> str:
    from symrnn.derive.functions import is_slope
    from symrnn.derive.printing.python.module import python_text

    # what f′ is, the functions of the text say
    sheets = [
        s for part in parts for s in part.sheets if not any(is_slope(e.left) for e in s.equations)
    ]
    printer = output.latex_printer
    remarks = [*output.remarks, *filter(None, [output.words(output.told).strip()])]
    return python_text(sheets, output.derivation, printer.letters, remarks, output.plain_printer)


def _tikz(derivation: "Derivation", output: "Output") -> str:
    from symrnn.derive.picture.picture import picture
    from symrnn.derive.picture.tikz import TIKZ_LIBRARIES, tikz

    if derivation.system.steps is None:
        raise UsageError("a picture needs a number of steps; say --steps")
    drawn = picture(derivation.system, derivation.own, windows=derivation.windows)
    needs = ",".join(TIKZ_LIBRARIES)
    head = f"% needs \\usepackage{{tikz}} and \\usetikzlibrary{{{needs}}}\n"
    return head + tikz(drawn, output.latex_printer.letters).rstrip() + "\n\n"


def _symbols(output: "Output", plain: bool) -> str:
    """The table of symbols, as a fragment."""
    from symrnn.derive.pages.document import Document, Table
    from symrnn.derive.pages.paper import Paper
    from symrnn.derive.pages.text import as_text

    section = Paper(output).symbols()
    if plain:
        return as_text(Document((), (section,)), output.look.width).lstrip("\n") + "\n"
    table = next(item for item in section.items if isinstance(item, Table))
    rows = [" & ".join(map(_cell, row)) + r" \\" for row in (table.header, *table.rows)]
    body = "\n".join([rows[0] + r" \hline", *rows[1:]])
    return f"% symbols\n\\begin{{tabular}}{{llll}}\n{body}\n\\end{{tabular}}\n\n"


def _cell(text: "Text") -> str:
    from symrnn.derive.pages.escape import for_tex

    return "".join(for_tex(p) if isinstance(p, str) else f"${p.latex}$" for p in text)
