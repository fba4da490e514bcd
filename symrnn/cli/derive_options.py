"""The options of `symrnn derive`, and which of them contradict each other."""

import argparse
import math
import os

from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError

FORMATS = ("latex", "tex", "pdf", "html", "unicode", "sympy", "json")
DOCUMENTS = ("tex", "pdf", "html")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of a derivation."""
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
    look.add_argument("--digits", type=int, default=4, metavar="N", help="digits of a number")
    look.add_argument("--title", default="", help="the title of a document")
    look.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    work = parser.add_argument_group("worked examples (--view numbers) and teaching")
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
    work.add_argument(
        "--exercise", action="store_true", help="factors left blank, and the solution after it"
    )
    work.add_argument(
        "--slip", type=int, metavar="SEED", help="with one planted error, told at the end"
    )


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas: one at least."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' holds no name; expected one or more, as a,b")
    return found


def settle(options: argparse.Namespace) -> str:
    """The format to print in; raises UsageError for options that make no sense together."""
    if options.width < 0 or 0 < options.width < 20:
        raise UsageError(f"--width {options.width}: expected 0 (no limit) or at least 20")
    if not 1 <= options.digits <= 17:
        raise UsageError(f"--digits {options.digits}: expected a number from 1 to 17")
    if options.exercise and options.slip is not None:
        raise UsageError("--exercise and --slip are two different sheets; ask for one of them")
    if options.eta is not None and not math.isfinite(options.eta):
        raise UsageError(f"--eta {options.eta}: expected a number, such as 0.001")
    if "numbers" not in options.view:
        _check_unused(options)
    elif options.batch:
        raise UsageError(
            "--batch averages over all sequences, and a worked example shows one of them, which"
            " --row chooses; leave --batch or --view numbers away"
        )
    return _format(options.output, options.format)


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


def _format(path: str | None, said: str | None) -> str:
    """The format that is asked for, or that a file's name asks for; without either LaTeX."""
    if path is None:
        return said or "latex"
    if not path:
        raise UsageError("-o '': expected the name of a file")
    ending = os.path.splitext(path)[1].lower()
    fits = ENDINGS.get(ending, FORMATS)
    if said is not None and said not in fits:
        raise UsageError(
            f"-o {path} and --format {said}: a file that ends in {ending} holds"
            f" {' or '.join(fits)}; change one of them"
        )
    if said is None and ending and ending not in ENDINGS:
        raise UsageError(
            f"-o {path}: {ending} tells no format; say one with --format, or take"
            f" {', '.join(ENDINGS)}"
        )
    return said or fits[0]
