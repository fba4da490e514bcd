"""`symrnn derive`: its options, which of them contradict each other, and what is done."""

import argparse
import math
import os
import sys
from typing import TYPE_CHECKING, Any

from symrnn.cli import exercises, printed
from symrnn.cli.exercises import DOCUMENTS
from symrnn.cli.options import Answer, add_model, dims, load, names
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError, suggestion

if TYPE_CHECKING:
    from symrnn.derive.output import Chapter, Output
    from symrnn.derive.pages.document import Document
    from symrnn.model import Model


FORMATS = ("latex", "tex", "pdf", "html", "unicode", "sympy", "json")


def add_options(parser: argparse.ArgumentParser) -> None:
    """A model, and what may be asked of its derivation."""
    add_model(parser)
    add_derivation(parser)


def add_derivation(parser: argparse.ArgumentParser) -> None:
    """What may be asked of a derivation."""
    parser.add_argument(
        "--dims", type=dims, default={}, metavar="C=1", help="dimensions that have a number"
    )
    what = parser.add_argument_group("what")
    what.add_argument("--steps", type=int, metavar="T", help="for T steps; else for a symbolic T")
    what.add_argument(
        "--truncate",
        type=int,
        metavar="K",
        help="with --steps: backpropagation cut after K steps, in windows counted from the last",
    )
    what.add_argument(
        "--view",
        type=names,
        default=(),
        metavar="V[,V]",
        help=f"{', '.join(VIEWS)}"
        " (default: delta; with --steps chain, for sympy closed; a document without --exercise or"
        " --slip has several)",
    )
    what.add_argument(
        "--wrt",
        type=names,
        default=(),
        metavar="w_h[,…]",
        help="gradients by these parameters, inputs or initial states (default: all parameters)",
    )
    what.add_argument("--scalar", action="store_true", help="letters are numbers: all widths are 1")
    what.add_argument(
        "--all",
        action="store_true",
        help="equations that are alike, as those of an LSTM's gates, one by one; else one with an"
        " index stands for all of them",
    )
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
        " unsaid, the ending of -o FILE tells (.tex .pdf .html .json .py .txt)",
    )
    look.add_argument(
        "--width",
        type=int,
        default=80,
        metavar="N",
        help="characters a line, 0 for no limit (a document has one); in LaTeX 80 are 345 pt",
    )
    look.add_argument(
        "--keep",
        type=names,
        default=(),
        metavar="F[,F]",
        help="functions whose derivative is printed f′(a), and said once, as long ones are anyway",
    )
    look.add_argument("--digits", type=int, default=4, metavar="N", help="digits of a number")
    look.add_argument(
        "--fragment",
        action="store_true",
        help="with tex: numbered equations with labels to \\input into a paper; --width 57 is the"
        " column of a paper in two (246 pt)",
    )
    look.add_argument(
        "--macros",
        metavar="FILE",
        help="for latex, tex and pdf: your \\newcommand{\\Wf}{W_f}, used where a symbol is W_f",
    )
    look.add_argument("--title", default="", help="the title of a document")
    look.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    work = parser.add_argument_group("worked examples (--view numbers)")
    work.add_argument(
        "--data",
        metavar="FILE",
        help="JSON with x and y, or the notes' own: cat-mat-rat, reviews, hello; notes: what suits",
    )
    work.add_argument("--row", type=int, metavar="N", help="the N-th sequence of it (default: 1)")
    work.add_argument("--weights", metavar="FILE", help="JSON with the parameters")
    work.add_argument(
        "--seed", type=int, metavar="S", help="for what is drawn, or left blank (default: 0)"
    )
    work.add_argument("--eta", type=float, metavar="η", help="learning rate (default: 0.001)")
    exercises.add_options(parser)


def settle(options: argparse.Namespace) -> str:
    """The format to print in; raises UsageError for options that make no sense together."""
    if options.width < 0 or 0 < options.width < 20:
        raise UsageError(f"--width {options.width}: expected 0 (no limit) or at least 20")
    if not 1 <= options.digits <= 17:
        raise UsageError(f"--digits {options.digits}: expected a number from 1 to 17")
    exercises.check(options)
    if options.eta is not None and not math.isfinite(options.eta):
        raise UsageError(f"--eta {options.eta}: expected a number, such as 0.001")
    if "numbers" not in options.view:
        _check_unused(options)
    elif options.batch:
        raise UsageError(
            "--batch averages over all sequences, and a worked example shows one of them, which"
            " --row chooses; leave --batch or --view numbers away"
        )
    said = options.format or ("tex" if options.fragment and options.output is None else None)
    form = _format(options.output, said)
    _check_paper(options, form)
    return form


def _check_paper(options: argparse.Namespace, form: str) -> None:
    """Refuse what a piece of a paper cannot be, and macros where there is no LaTeX."""
    if options.fragment and form != "tex":
        raise UsageError(f"--fragment is LaTeX, and {form} was asked for; say --format tex")
    for name in ("figure", "symbols", "title", "exam"):
        if options.fragment and getattr(options, name):
            raise UsageError(f"--fragment holds equations alone; leave --{name} or --fragment away")
    if options.macros is not None and form not in MACROS_IN:
        raise UsageError(f"--macros is for {', '.join(MACROS_IN)}, and {form} has no macros")


MACROS_IN = ("latex", "tex", "pdf")


def _check_unused(options: argparse.Namespace) -> None:
    """Refuse what only a worked example would take notice of; blanks are drawn by a seed too."""
    if options.data or options.weights:
        raise UsageError("--data and --weights are for a worked example; say --view numbers")
    for name in ("row", "eta"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is for a worked example; say --view numbers")
    if options.seed is not None and not options.exercise:
        raise UsageError(
            "--seed is for a worked example and for an exercise; say --view numbers or --exercise"
        )


ENDINGS = {
    ".tex": ("tex", "latex"),
    ".pdf": ("pdf",),
    ".html": ("html",),
    ".htm": ("html",),
    ".json": ("json",),
    ".py": ("sympy",),
    ".txt": ("unicode", "latex", "tex", "sympy", "json"),
}
"""What a file may hold by its ending; the first where no format is said."""


def _format(path: str | None, said: str | None, option: str = "-o") -> str:
    """The format that is asked for, or that a file's name asks for; without either LaTeX."""
    if path is None:
        return said or "latex"
    if not path:
        raise UsageError(f"{option} '': expected the name of a file")
    ending = os.path.splitext(path)[1].lower()
    fits = ENDINGS.get(ending, FORMATS)
    if said is not None and said not in fits:
        raise UsageError(
            f"-o {path} and --format {said}: a file that ends in {ending} holds"
            f" {' or '.join(fits)}; change one of them"
        )
    if said is None and ending and ending not in ENDINGS:
        raise UsageError(
            f"{option} {path}: {ending} tells no format; say one with --format, or take"
            f" {', '.join(ENDINGS)}"
        )
    return said or fits[0]


# what is done


def derive(options: argparse.Namespace) -> str | bytes | Answer:
    """The derivation that the options ask for, in their format."""
    return printed_of(load(options), options)


def output_of(model: "Model", options: argparse.Namespace) -> "Output":
    """The derivation of a model that the options ask for, ready to be printed."""
    _settle(model, options)
    return _output(model, options)


def printed_of(model: "Model", options: argparse.Namespace) -> str | bytes | Answer:
    """The same in its format, or an exercise."""
    _settle(model, options)
    macros = None if options.macros is None else printed.macros_of(options.macros)

    def shown(output: "Output", parts: "list[Chapter]", after: "list[Chapter]") -> str | bytes:
        return printed.formatted(output, parts, after, options, macros)

    def typeset(document: "Document", form: str) -> str | bytes:
        return printed.typeset(document, form, macros)

    if exercises.is_asked(options):
        key = None if options.solution is None else _format(options.solution, None, "--solution")
        return exercises.answer(
            options, key, lambda shift: _output(model, options, shift), shown, typeset
        )
    output = _output(model, options)
    return shown(output, output.finished(output.parts()), [])


def _settle(model: "Model", options: argparse.Namespace) -> None:
    from symrnn.derive.sheets import check_views
    from symrnn.derive.sizes import check_sizes

    check_views(options.view)
    options.format = settle(options)
    check_sizes(model.system, options.steps, options.dims, options.scalar)


def _output(model: "Model", options: argparse.Namespace, shift: int = 0) -> "Output":
    """What is asked for, ready to be printed; numbers are drawn by a seed so much later."""
    from symrnn.derive.output import Look, Output, default_views
    from symrnn.derive.sheets import Request

    extra: dict[str, Any] = {}
    steps, widths = options.steps, options.dims
    if "numbers" in options.view:
        from symrnn.derive.worked.data import meaning
        from symrnn.interpret.sizes import Sizes

        data, steps = _worked(model, options, shift)
        extra = {"data": data, "eta": 0.001 if options.eta is None else options.eta}
        extra["meaning"] = meaning(
            model.written, model.system.symbols, options.scalar, options.data
        )
        if not options.scalar:
            widths = {**Sizes(model.system.symbols, data, steps).dims, **widths}
    derivation = model.derive(
        steps, options.wrt, options.scalar, widths, options.truncate, options.keep
    )
    # other views than the one that is asked for would give an exercise away
    asked = exercises.is_asked(options)
    whole = options.format in DOCUMENTS and not options.fragment and not asked
    views = options.view or default_views(derivation, whole, options.format == "sympy")
    request = Request(views, options.wrt, batch=options.batch, extra=extra)
    # in a fragment each equation has a label of its own
    labelled = options.fragment or options.format in ("json", "sympy")
    written_out = options.all or asked or labelled
    look = Look(options.notation, options.width, options.digits, written_out, options.title)
    output = Output(derivation, request, look)
    if not shift:
        _note_unknown(output)
    return output


def _note_unknown(output: "Output") -> None:
    """Say which symbols of a notation's file the model has no name for."""
    if not output.notation.strict or sys.stderr is None:
        return
    known = output.latex_printer.letters.system.symbols.keys() | output.derivation.states.keys()
    unknown = [name for name in output.notation.symbols if name not in known]
    if unknown:
        near = suggestion(unknown[0], list(known)) if len(unknown) == 1 else ""
        names = ", ".join(f"'{name}'" for name in unknown)
        said = f"symrnn: note: {output.notation.name} has a symbol for {names}, and the model has"
        print(f"{said} no such name{near}", file=sys.stderr)


def _worked(model: "Model", options: argparse.Namespace, shift: int) -> tuple[dict[str, Any], int]:
    """Data and weights for a worked example, and its number of steps."""
    from symrnn.derive.worked.data import worked_data

    return worked_data(
        model.written,
        model.system.symbols,
        options.steps,
        options.data,
        1 if options.row is None else options.row,
        options.weights,
        (options.seed or 0) + shift,
        options.scalar,
        options.dims,
    )
