"""Options of `symrnn derive` for who teaches: blanks, planted slips, sheets for an exam."""

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from symrnn.cli.options import Answer, names
from symrnn.derive.exercises import KINDS
from symrnn.errors import UsageError, suggestion

if TYPE_CHECKING:
    from symrnn.derive.exercises.exam import Variant
    from symrnn.derive.exercises.exercise import Task
    from symrnn.derive.output import Chapter, Output
    from symrnn.derive.pages.document import Document

DOCUMENTS = ("tex", "pdf", "html")
PRINTED = (*DOCUMENTS, "latex", "unicode")
"""Formats that a student or a teacher reads."""

MOST_VARIANTS = 99


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of an exercise."""
    group = parser.add_argument_group("exercises and exams")
    group.add_argument(
        "--exercise", action="store_true", help="factors left blank, and the solution after it"
    )
    group.add_argument(
        "--blanks",
        type=number_of_blanks,
        metavar="N",
        help="so many blanks, or all (default: about a third of what can be left blank)",
    )
    group.add_argument(
        "--slip", type=int, metavar="SEED", help="with one planted error, told at the end"
    )
    group.add_argument(
        "--slip-kinds",
        type=names,
        default=(),
        metavar="K[,K]",
        help="which errors may be planted (default: any): "
        + "; ".join(f"{name}, {what}" for name, what in KINDS.items()),
    )
    group.add_argument(
        "--exam", action="store_true", help="a document with a line for name and points"
    )
    group.add_argument(
        "--points", type=int, metavar="P", help="with --exam: points of a blank or of the slip (1)"
    )
    group.add_argument(
        "--solution", metavar="FILE", help="the solution in a file of its own, beside -o FILE"
    )
    group.add_argument(
        "--variants",
        type=int,
        metavar="N",
        help="with --solution: N different sheets by the seed and those after it, -o exam.pdf being"
        " exam-1.pdf, …, and one solution of all",
    )


def number_of_blanks(text: str) -> int:
    """A number, or all of them.

    >>> number_of_blanks("7"), number_of_blanks("all")
    (7, -1)
    """
    if text == "all":
        return -1
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}': expected a number such as 5, or all")
    return int(text)


def is_asked(options: argparse.Namespace) -> bool:
    """Whether there is something for students to do."""
    return bool(options.exercise or options.slip is not None)


def check(options: argparse.Namespace) -> None:
    """Refuse what makes no sense together."""
    if options.exercise and options.slip is not None:
        raise UsageError("--exercise and --slip are two different sheets; ask for one of them")
    if options.blanks is not None and not options.exercise:
        raise UsageError("--blanks is for an exercise; say --exercise")
    if options.slip_kinds and options.slip is None:
        raise UsageError("--slip-kinds is for a planted error; say --slip SEED")
    for kind in options.slip_kinds:
        if kind not in KINDS:
            raise UsageError(
                f"--slip-kinds {kind}: no such kind of slip{suggestion(kind, list(KINDS))}; there"
                f" are {', '.join(KINDS)}"
            )
    for name in ("exam", "solution", "variants"):
        if getattr(options, name) not in (None, False) and not is_asked(options):
            raise UsageError(f"--{name} is for an exercise; say --exercise, or --slip SEED")
    if options.points is not None and not options.exam:
        raise UsageError("--points is for the line of an exam; say --exam")
    if options.points is not None and options.points < 1:
        raise UsageError(f"--points {options.points}: expected a number of points, such as 2")
    if options.solution is not None and options.output is None:
        raise UsageError("--solution is a file beside the exercise; say where that goes, -o FILE")
    if options.variants is not None and options.solution is None:
        raise UsageError("--variants need a file for the solution of all; say --solution FILE")
    if options.variants is not None and not 1 <= options.variants <= MOST_VARIANTS:
        raise UsageError(
            f"--variants {options.variants}: expected a number from 1 to {MOST_VARIANTS}"
        )


def check_formats(options: argparse.Namespace, key: str | None) -> None:
    """The same for the formats, of the sheet and of its key, which are known by now."""
    if options.exam and options.format not in DOCUMENTS:
        raise UsageError(
            f"--exam is for a document, and {options.format} is none; take {', '.join(DOCUMENTS)}"
        )
    for found in (key, options.format):
        if key is not None and found not in PRINTED:
            raise UsageError(
                f"--solution is for what is read, and {found} is for programs; take"
                f" {', '.join(PRINTED)}"
            )


Printed = Callable[["Output", "list[Chapter]", "list[Chapter]"], str | bytes]


def answer(
    options: argparse.Namespace,
    key_format: str | None,
    output: Callable[[int], "Output"],
    printed: Callable[["Output", "list[Chapter]", "list[Chapter]"], str | bytes],
    typeset: Callable[["Document", str], str | bytes],
) -> str | bytes | Answer:
    """The exercise that is asked for, in its format; or its files, if the solution has its own.

    `output` makes the derivation for a seed so much later; `printed` and `typeset` know formats.
    """
    from symrnn.derive.exercises.exam import exam, key, key_document, variants, with_points

    check_formats(options, key_format)
    points = options.points or 1

    def make(shift: int) -> "Variant":
        from symrnn.derive.exercises.exam import Variant

        made = output(shift)
        task = _task(made, options, shift)
        return Variant(made, with_points(task, points) if options.exam else task)

    found = variants(make, options.variants or 1)

    def sheet(variant: "Variant", solved: bool) -> str | bytes:
        out, task = variant.output, variant.task
        after = out.finished(task.solution) if solved else []
        if options.exam:
            document = exam(variant, options.figure, points, after)
            return typeset(document, options.format)
        return printed(out, out.finished(task.asked), after)

    if key_format is None:
        return sheet(found[0], solved=True)
    sheets = [sheet(each, solved=False) for each in found]
    if key_format in DOCUMENTS:
        solution = typeset(key_document(found), key_format)
    else:
        texts = [
            out.plain(parts) if key_format == "unicode" else out.latex(parts)
            for out, parts in key(found)
        ]
        solution = "\n".join(texts)
    files = zip(_names(options.output, options.variants), sheets, strict=True)
    return Answer("", 0, (*files, (options.solution, solution)))


def _task(output: "Output", options: argparse.Namespace, shift: int) -> "Task":
    from symrnn.derive.exercises.exercise import planted, with_blanks

    parts = output.parts()
    if options.exercise:
        return with_blanks(parts, (options.seed or 0) + shift, options.blanks)
    return planted(output, parts, options.slip + shift, options.slip_kinds or tuple(KINDS))


def _names(path: str, count: int | None) -> list[str]:
    """The names of the sheets: the one that is asked for, or numbered ones.

    >>> _names("out/exam.pdf", 2), _names("exam.pdf", None)
    (['out/exam-1.pdf', 'out/exam-2.pdf'], ['exam.pdf'])
    """
    if count is None:
        return [path]
    stem, ending = os.path.splitext(path)
    return [f"{stem}-{number}{ending}" for number in range(1, count + 1)]
