"""`symrnn check`: its options, the files it reads, and what is done with them."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symrnn.cli.options import MODEL, Answer, add_changes, add_strict, load, one_thread
from symrnn.errors import CheckError, DataError, SymrnnError, UsageError

if TYPE_CHECKING:
    from symrnn.check.checking import Text
    from symrnn.check.sources import Kind

ENDINGS: "dict[str, Kind]" = {".tex": "tex", ".md": "md", ".ipynb": "ipynb"}
"""What a file holds, by its ending."""

FORMATS = ("text", "json", "csv", "html")
BY_ENDING = {".txt": "text", ".json": "json", ".csv": "csv", ".html": "html", ".htm": "html"}

MOST, MOST_OF_NOTEBOOK = 100_000, 20_000_000
"""Bytes of a file; a notebook may have pictures beside its formulas."""

ABOUT = r"""A FORMULA is LaTeX, as '\frac{\partial L}{\partial w_o} = (\hat{y} - y) \, O_3', or a
chain a = b = c; it may begin with a minus sign. A FILE ends in .tex, .md or .ipynb, or is - for
standard input; whatever is no formula is skipped. Of several files each has a line, with what is
wrong first.

The exit status is 1 if anything is wrong, else 2 if anything was not read or judged, else 0."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is checked, how it is to be read, and how the answer is printed."""
    parser.description = f"{parser.description}\n\n{ABOUT}\n\n{MODEL.split(';')[0]}."
    parser.set_defaults(file=None, equations=None)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name, or a path")
    parser.add_argument("texts", nargs="*", metavar="FORMULA", help="formulas in LaTeX")
    parser.add_argument(
        "-f",
        "--file",
        dest="files",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="files with formulas: .tex, .md, .ipynb, or - for standard input",
    )
    add_strict(parser)
    add_changes(parser)
    how = parser.add_argument_group("how it is read")
    how.add_argument("--steps", type=int, metavar="T", help="the number of steps; else any")
    how.add_argument(
        "--wrt",
        default="",
        metavar="w_h",
        help="what a FORMULA without a left side is the gradient by",
    )
    how.add_argument(
        "--scalar",
        action="store_true",
        help="letters are numbers: all widths are 1, and orders and transposes do not matter",
    )
    how.add_argument(
        "--notation",
        default="default",
        metavar="N",
        help="N1 … N5 (the notes' letters), books, default, or a .toml file of your own",
    )
    how.add_argument(
        "--map",
        default="",
        metavar="PAIRS",
        help="letters of the text and what they are in the model: 'W_{hh}=w_h, s_t=h_t'",
    )
    how.add_argument(
        "--seed", type=int, default=0, metavar="S", help="for the numbers drawn (default: 0)"
    )
    look = parser.add_argument_group("how the answer is printed")
    look.add_argument(
        "--format",
        choices=FORMATS,
        help="text (default); json, csv and html tell of every line of every file; unsaid, the"
        " ending of -o FILE tells",
    )
    look.add_argument("-o", "--output", metavar="FILE", help="write to this file")


def spaced(arguments: Sequence[str]) -> list[str]:
    r"""The arguments, with a space before each formula that begins with a minus sign, so that it
    is not taken for an option. Options of one letter stand by themselves: -f FILE.

    >>> spaced(["elman", r"-\hat{y}", "-o", "f", "--steps", "3", "-y O_3", "-"])
    ['elman', ' -\\hat{y}', '-o', 'f', '--steps', '3', ' -y O_3', '-']
    """
    return [f" {each}" if re.match(r"-(?!-|$|[fho]$)", each) else each for each in arguments]


def check(options: argparse.Namespace) -> Answer:
    """The report, and what follows from it for the exit status."""
    one_thread()
    form = _format(options)
    if options.model is None:
        raise UsageError("no model given; expected MODEL, then FORMULA … or -f FILE")
    if not options.texts and not options.files:
        raise UsageError("nothing to check; expected a FORMULA, or -f FILE")
    model = load(options)
    from symrnn.check.checking import check as checked
    from symrnn.check.checking import pairs

    found = checked(
        model.derive(options.steps, options.wrt or (), options.scalar),
        [
            *_formulas(options),
            *_files(options.files, options.model),
        ],
        by=options.wrt,
        notation=options.notation,
        mapping=pairs(options.map) if options.map else {},
        seed=options.seed,
        broken=_broken,
    )
    made = {"text": found.text, "json": found.json, "csv": found.csv, "html": found.html}
    try:
        return Answer(made[form](), found.status)
    except (SymrnnError, MemoryError):
        raise
    except Exception as error:
        raise CheckError(_broken(error)) from error


def _broken(error: Exception) -> str:
    """What is said of a text at which the checker itself fails."""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return (
        f"this cannot be judged: symrnn itself failed at it ({what}). That is a mistake of symrnn,"
        " not of the text; please report it, with the text"
    )


def _format(options: argparse.Namespace) -> str:
    """The format that is asked for, or that the name of the output asks for."""
    path, said = options.output, options.format
    if path is None:
        return said or "text"
    if not path:
        raise UsageError("-o '': expected the name of a file")
    ending = os.path.splitext(path)[1].lower()
    meant = BY_ENDING.get(ending, "")
    if said and meant and said != meant:
        raise UsageError(
            f"-o {path} and --format {said}: a file that ends in {ending} holds {meant};"
            " change one of them"
        )
    if not said and not meant:
        raise UsageError(
            f"-o {path}: {ending or 'its name'} tells no format; say one with --format, or take"
            f" {', '.join(BY_ENDING)}"
        )
    return said or meant


def _formulas(options: argparse.Namespace) -> "list[Text]":
    """The formulas on the command line, as one writing."""
    from symrnn.check.checking import Text

    if not options.texts:
        return []
    name = "the formulas" if options.files else ""
    return [Text(tuple(options.texts), "formula", name)]


def _files(paths: Sequence[str], model: str) -> "list[Text]":
    """What the files hold; of several one that cannot be read is told of in its report."""
    if [*paths, model].count("-") > 1:
        raise UsageError("- is given twice, and standard input can be read once")
    return [_file(path) if len(paths) == 1 else _of_several(path) for path in paths]


def _of_several(path: str) -> "Text":
    from symrnn.check.checking import Text

    try:
        return _file(path)
    except SymrnnError as error:
        return Text((), "formula", path, str(error))


def _file(path: str) -> "Text":
    from symrnn.check.checking import Text, text_of
    from symrnn.files import read, short

    if path == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed; there is nothing to read")
        try:
            data = short(sys.stdin.buffer.read(MOST + 1), MOST, "standard input", SHORTER)
        except OSError as error:
            raise UsageError(f"cannot read standard input: {error.strerror}") from None
        return text_of(_decoded(data, "standard input"), "standard input")
    ending = os.path.splitext(path)[1].lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"{path}: {ending or 'its name'} does not tell what it holds; expected a file that ends"
            f" in {', '.join(ENDINGS)}, or - for standard input"
        )
    most = MOST_OF_NOTEBOOK if ending == ".ipynb" else MOST
    return Text(_decoded(read(path, most, SHORTER), path), ENDINGS[ending], path)


SHORTER = "a derivation is shorter"


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name} is no UTF-8 text; save it as UTF-8") from None
