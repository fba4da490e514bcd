"""`symrnn derive`: its options, and what is done with them."""

import argparse
import math
import os
import sys
from typing import TYPE_CHECKING, Any

from symrnn.errors import UsageError

if TYPE_CHECKING:
    from symrnn.derivation.derivation import Derivation
    from symrnn.derivation.output import Output, Part
    from symrnn.derivation.pages.document import Text
    from symrnn.model import Model

FORMATS = ("latex", "tex", "pdf", "html", "unicode", "sympy", "json")
DOCUMENTS = ("tex", "pdf", "html")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of a derivation."""
    what = parser.add_argument_group("what")
    what.add_argument("--steps", type=int, metavar="T", help="for T steps; else for a symbolic T")
    what.add_argument(
        "--view",
        type=_names,
        default=(),
        metavar="V[,V]",
        help="chain, local, closed, delta, product, expanded, numbers"
        " (default: delta; with --steps chain, for sympy closed; a document without --exercise or"
        " --slip has several)",
    )
    what.add_argument(
        "--wrt",
        type=_names,
        default=(),
        metavar="w_h[,…]",
        help="gradients by these parameters, inputs or initial states (default: all parameters)",
    )
    what.add_argument("--scalar", action="store_true", help="letters are numbers: all widths are 1")
    what.add_argument("--batch", action="store_true", help="averaged over the batch")
    what.add_argument("--update", action="store_true", help="with the update rules")
    what.add_argument("--symbols", action="store_true", help="with a table of what symbols mean")
    what.add_argument("--figure", action="store_true", help="with a picture of the network")
    look = parser.add_argument_group("how it looks")
    look.add_argument(
        "--notation",
        default="default",
        metavar="N",
        help="N1 … N5 (the notes' letters), books, default, or a .toml file of your own",
    )
    look.add_argument(
        "--format",
        choices=FORMATS,
        help="latex (default): fragments to paste; tex, pdf, html: documents; unicode; sympy; json;"
        " unsaid, the ending of -o FILE tells (.pdf .html .json .py .txt)",
    )
    look.add_argument(
        "--width", type=int, default=80, metavar="N", help="characters a line, 0 for no limit"
    )
    look.add_argument("--digits", type=int, default=4, metavar="N", help="digits of a number")
    look.add_argument("--title", default="", help="the title of a document")
    look.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    work = parser.add_argument_group("worked examples (--view numbers) and teaching")
    work.add_argument("--data", metavar="FILE", help="JSON with x and y, or the word notes")
    work.add_argument("--row", type=int, default=1, metavar="N", help="the N-th sequence of it")
    work.add_argument("--weights", metavar="FILE", help="JSON with the parameters")
    work.add_argument("--seed", type=int, default=0, metavar="S", help="for what is drawn")
    work.add_argument("--eta", type=float, default=0.001, metavar="η", help="learning rate")
    work.add_argument(
        "--exercise", action="store_true", help="factors left blank, and the solution after it"
    )
    work.add_argument(
        "--slip", type=int, metavar="SEED", help="with one planted error, told at the end"
    )


def derive(model: "Model", options: argparse.Namespace) -> str | bytes:
    """The derivation that the options ask for, in their format."""
    from symrnn.derivation.output import Look, Output, default_views
    from symrnn.derivation.sheets import Request, check_views
    from symrnn.sizes import Sizes

    check_views(options.view)
    if options.format is None:
        options.format = _format_of(options.output)
    if options.width < 0 or 0 < options.width < 20:
        raise UsageError(f"--width {options.width}: expected 0 (no limit) or at least 20")
    if not 1 <= options.digits <= 17:
        raise UsageError(f"--digits {options.digits}: expected a number from 1 to 17")
    if options.exercise and options.slip is not None:
        raise UsageError("--exercise and --slip are two different sheets; ask for one of them")
    if not math.isfinite(options.eta):
        raise UsageError(f"--eta {options.eta}: expected a number, such as 0.001")
    extra: dict[str, Any] = {}
    steps = options.steps
    model.check_dims(options.dims, options.scalar)
    if "numbers" in options.view:
        if options.batch:
            raise UsageError(
                "--batch averages over all sequences, and a worked example shows one of them, which"
                " --row chooses; leave --batch or --view numbers away"
            )
        data, steps = _worked(model, options)
        extra = {"data": data, "eta": options.eta}
        if not options.scalar:
            options.dims = {**Sizes(model.system.symbols, data, steps).dims, **options.dims}
    elif options.data or options.weights:
        raise UsageError("--data and --weights are for a worked example; say --view numbers")
    derivation = model.derive(steps, options.wrt, options.scalar, options.dims)
    teaching = options.exercise or options.slip is not None
    whole = options.format in DOCUMENTS and not teaching  # other views would give it away
    views = options.view or default_views(derivation, whole, options.format == "sympy")
    request = Request(views, options.wrt, batch=options.batch, extra=extra)
    look = Look(options.notation, options.width, options.digits, options.title)
    output = Output(derivation, request, look)
    return _formatted(output, options)


ENDINGS = {".pdf": "pdf", ".html": "html", ".json": "json", ".py": "sympy", ".txt": "unicode"}


def _format_of(path: str | None) -> str:
    """The format that a file's name asks for; fragments of LaTeX where it says nothing."""
    return ENDINGS.get(os.path.splitext(path)[1].lower(), "latex") if path else "latex"


def _worked(model: "Model", options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Data and weights for a worked example, and its number of steps."""
    from symrnn.derivation.worked.worked import worked_data

    return worked_data(
        model.written,
        model.system.symbols,
        options.steps,
        options.data,
        options.row,
        options.weights,
        options.seed,
        options.scalar,
        options.dims,
    )


def _formatted(output: "Output", options: argparse.Namespace) -> str | bytes:
    parts, after = _for_teaching(output, options)
    derivation = output.derivation
    if options.format in DOCUMENTS:
        return _document(output, parts, after, options)
    if options.figure and options.format != "latex":
        raise UsageError("--figure is for --format latex, tex, pdf and html")
    parts = [*parts, *after]
    match options.format:
        case "json":
            return output.json(parts)
        case "sympy":
            return _python(output, parts)
        case "unicode":
            head = _symbols(output, plain=True) if options.symbols else ""
            return head + output.plain(parts)
    head = _symbols(output, plain=False) if options.symbols else ""
    picture = _tikz(derivation, output) if options.figure else ""
    return head + picture + output.latex(parts)


def _for_teaching(output: "Output", options: argparse.Namespace) -> "tuple[list[Part], list[Part]]":
    """The parts, with blanks or a slip in them if they are asked for, and what comes after."""
    from symrnn.derivation.output import planted, with_blanks

    parts = output.parts()
    if options.exercise:
        parts, after = with_blanks(parts, options.seed)
    elif options.slip is not None:
        parts, told = planted(output, parts, options.slip)
        after = [told]
    else:
        after = []
    parts, after = output.finished(parts), output.finished(after)
    if options.update and options.format not in DOCUMENTS:
        parts += output.updates()
    return parts, after


def _document(
    output: "Output", parts: "list[Part]", after: "list[Part]", options: argparse.Namespace
) -> str | bytes:
    from symrnn.derivation.pages.html import as_html
    from symrnn.derivation.pages.paper import Paper
    from symrnn.derivation.pages.tex import as_tex

    if options.format == "pdf" and options.output is None and sys.stdout.isatty():
        raise UsageError("a PDF is no text for a terminal; say where to write it, -o FILE")
    if options.figure and output.derivation.system.steps is None:
        raise UsageError("a picture needs a number of steps; say --steps")
    document = Paper(output).document(parts, options.figure, after)
    if options.format == "html":
        return as_html(document)
    tex = as_tex(document)
    if options.format == "tex":
        return tex
    from symrnn.derivation.pages.typeset import as_pdf

    return as_pdf(tex)


def _python(output: "Output", parts: "list[Part]") -> str:
    from symrnn.derivation.printing.python.module import python_text

    sheets = [sheet for part in parts for sheet in part.sheets]
    printer = output.latex_printer
    return python_text(sheets, output.derivation, printer.letters, deltas=printer.deltas)


def _tikz(derivation: "Derivation", output: "Output") -> str:
    from symrnn.derivation.picture.picture import picture
    from symrnn.derivation.picture.tikz import TIKZ_LIBRARIES, tikz

    if derivation.system.steps is None:
        raise UsageError("a picture needs a number of steps; say --steps")
    drawn = picture(derivation.system, derivation.own)
    needs = ",".join(TIKZ_LIBRARIES)
    head = f"% needs \\usepackage{{tikz}} and \\usetikzlibrary{{{needs}}}\n"
    return head + tikz(drawn, output.latex_printer.letters).rstrip() + "\n\n"


def _symbols(output: "Output", plain: bool) -> str:
    """The table of symbols, as a fragment."""
    from symrnn.derivation.pages.document import Document, Table
    from symrnn.derivation.pages.paper import Paper
    from symrnn.derivation.pages.text import as_text

    section = Paper(output).symbols()
    if plain:
        return as_text(Document((), (section,)), output.look.width).lstrip("\n") + "\n"
    table = next(item for item in section.items if isinstance(item, Table))
    rows = [" & ".join(map(_cell, row)) + r" \\" for row in (table.header, *table.rows)]
    body = "\n".join([rows[0] + r" \hline", *rows[1:]])
    return f"% symbols\n\\begin{{tabular}}{{llll}}\n{body}\n\\end{{tabular}}\n\n"


def _cell(text: "Text") -> str:
    from symrnn.derivation.pages.escape import for_tex

    return "".join(for_tex(p) if isinstance(p, str) else f"${p.latex}$" for p in text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
