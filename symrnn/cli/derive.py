"""`symrnn derive`: what is done with its options."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from symrnn.cli.derive_options import DOCUMENTS, settle
from symrnn.errors import UsageError, suggestion

if TYPE_CHECKING:
    from symrnn.derive.derivation import Derivation
    from symrnn.derive.output import Chapter, Output
    from symrnn.derive.pages.document import Text
    from symrnn.model import Model


def derive(model: "Model", options: argparse.Namespace) -> str | bytes:
    """The derivation that the options ask for, in their format."""
    from symrnn.derive.output import Look, Output, default_views
    from symrnn.derive.sheets import Request, check_views

    check_views(options.view)
    options.format = settle(options)
    extra: dict[str, Any] = {}
    steps = options.steps
    model.check_dims(options.dims, options.scalar)
    if "numbers" in options.view:
        from symrnn.derive.worked.data import meaning
        from symrnn.interpret.sizes import Sizes

        data, steps = _worked(model, options)
        extra = {"data": data, "eta": 0.001 if options.eta is None else options.eta}
        extra["meaning"] = meaning(
            model.written, model.system.symbols, options.scalar, options.data
        )
        if not options.scalar:
            options.dims = {**Sizes(model.system.symbols, data, steps).dims, **options.dims}
    derivation = model.derive(steps, options.wrt, options.scalar, options.dims, options.truncate)
    teaching = options.exercise or options.slip is not None
    whole = options.format in DOCUMENTS and not teaching  # other views would give it away
    views = options.view or default_views(derivation, whole, options.format == "sympy")
    request = Request(views, options.wrt, batch=options.batch, extra=extra)
    look = Look(options.notation, options.width, options.digits, options.title)
    output = Output(derivation, request, look)
    found = _formatted(output, options)
    _note_unknown(output)
    return found


def _note_unknown(output: "Output") -> None:
    """Say which symbols of a notation's file the model has no name for."""
    known = output.latex_printer.letters.system.symbols.keys() | output.derivation.states.keys()
    unknown = [name for name in output.notation.symbols if name not in known]
    if unknown and output.notation.strict and sys.stderr is not None:
        near = suggestion(unknown[0], list(known)) if len(unknown) == 1 else ""
        names = ", ".join(f"'{name}'" for name in unknown)
        said = f"symrnn: note: {output.notation.name} has a symbol for {names}, and the model has"
        print(f"{said} no such name{near}", file=sys.stderr)


def _worked(model: "Model", options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Data and weights for a worked example, and its number of steps."""
    from symrnn.derive.worked.data import worked_data

    return worked_data(
        model.written,
        model.system.symbols,
        options.steps,
        options.data,
        1 if options.row is None else options.row,
        options.weights,
        options.seed or 0,
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


def _for_teaching(
    output: "Output", options: argparse.Namespace
) -> "tuple[list[Chapter], list[Chapter]]":
    """The parts, with blanks or a slip in them if they are asked for, and what comes after."""
    parts = output.parts()
    if options.exercise or options.slip is not None:  # only these need NumPy
        from symrnn.derive.exercises.exercise import planted, with_blanks
    if options.exercise:
        parts, after = with_blanks(parts, options.seed or 0)
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
    output: "Output", parts: "list[Chapter]", after: "list[Chapter]", options: argparse.Namespace
) -> str | bytes:
    from symrnn.derive.pages.html import as_html
    from symrnn.derive.pages.paper import Paper
    from symrnn.derive.pages.tex import as_tex

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
    from symrnn.derive.pages.tex import as_pdf

    return as_pdf(tex)


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
