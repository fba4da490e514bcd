"""For a terminal: marks, the line as it was written with what is wrong underlined, what belongs
there."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from symrnn.check.claims import WRONG, Example, Report, Span, Verdict
from symrnn.check.report.told import (
    MARKS,
    Reports,
    Row,
    counted,
    first_wrong,
    place_of,
    rows,
    worst,
)
from symrnn.derive.printing.printer import figure
from symrnn.derive.printing.terminal import columns, filled
from symrnn.errors import HIDDEN

WIDTH = 80

DIGITS = 6
"""Of a number in a counter-example."""

MOST = 6
"""Entries of an array are shown in a terminal."""


def text(reports: Reports) -> str:
    """All lines of one writing; of several a line each, with its first wrong line."""
    if len(reports) == 1:
        return "".join(f"{line}\n" for line in _whole(reports, reports[0]))
    wide = max((columns(report.writing.name) for report in reports), default=0)
    return "".join(f"{line}\n" for report in reports for line in _short(reports, report, wide))


# several writings


def _short(reports: Reports, report: Report, wide: int) -> list[str]:
    """A line for a writing; its first wrong line stands beside it."""
    name = report.writing.name
    head = f"{MARKS[worst(report)]} {name}{' ' * (wide - columns(name))}  "
    found = first_wrong(report)
    if found is None:
        return [f"{head}{counted(report)}"]
    row, verdict = found
    said = filled(f"line {row.line.number}: {_told(reports, verdict)}", WIDTH - columns(head))
    return [head + said[0], *(" " * columns(head) + line for line in said[1:])]


# one writing


def _whole(reports: Reports, report: Report) -> Iterator[str]:
    if report.conventions:
        yield from filled(reports.words(report.conventions), WIDTH)
        yield ""
    found = rows(report)
    wide = max((len(str(row.line.number)) for row in found), default=1)
    for row in found:
        yield from _line(reports, row, wide)
    if found:
        yield ""
    yield counted(report)


def _line(reports: Reports, row: Row, wide: int) -> Iterator[str]:
    """A line with its mark, underlined where it is wrong, and what is found of it below."""
    places = [row.unread.span] if row.unread else []
    places += [place for each in row.verdicts if (place := place_of(each))]
    head = f"{MARKS[row.status]} {row.line.number:>{wide}}  "
    indent = " " * len(head)
    for number, line in enumerate(underlined(row.line.text, places, WIDTH - len(head))):
        yield (indent if number else head) + line
    if row.unread:
        yield from (indent + line for line in filled(row.unread.message, WIDTH - len(indent)))
    several = len(row.verdicts) > 1
    for verdict in row.verdicts:
        if verdict.status != "right" or verdict.under:
            before = f"right side {verdict.place + 1}: " if several else ""
            for line in _found(reports, verdict, before):
                yield (indent + line).rstrip()


def _found(reports: Reports, verdict: Verdict, before: str) -> Iterator[str]:
    """What is found of a right side: the verdict, the line as it should read, the numbers."""
    yield from filled(before + _told(reports, verdict), WIDTH - 6)
    if verdict.fault is not None and verdict.status == WRONG and verdict.under:
        yield from filled(reports.words(verdict.under), WIDTH - 6)
    corrected = reports.corrected(verdict)
    if corrected is not None:
        yield "it should read"
        yield from (f"    {line}" for line in reports.plain.equation(corrected, 70).split("\n"))
    if verdict.example is not None:
        yield from filled(example_text(verdict.example), WIDTH - 6)


def _told(reports: Reports, verdict: Verdict) -> str:
    told = reports.words(reports.headline(verdict))
    if verdict.status == WRONG and verdict.follows:
        told += " (it follows from the line before, which is wrong already)"
    return told


def example_text(example: Example) -> str:
    """The values for which both sides differ, and what each of them is."""
    values = ", ".join(f"{name} = {numbers(value)}" for name, value in example.values.items())
    sides = f"the left side is {numbers(example.left)}, this is {numbers(example.right)}"
    return f"with {values}: {sides}" if values else sides


def numbers(value: object) -> str:
    """A number or an array, of a large one the first entries.

    >>> numbers(0.25), numbers([[0.5, 1.0]]), numbers([[1.0], [2.0]])
    ('0.25', '[0.5 1]', '[1; 2]')
    """
    if isinstance(value, str):
        return value
    array = np.atleast_2d(np.asarray(value))
    if array.size == 1:
        return _figure(array.flat[0])
    shown: list[str] = []
    left = MOST
    for row in array.reshape(-1, array.shape[-1]):
        if left:
            cells = [_figure(x) for x in row[:left]]
            shown.append(" ".join([*cells, "…"] if len(cells) < len(row) else cells))
            left -= len(cells)
    more = "; …" if len(shown) < len(array.reshape(-1, array.shape[-1])) else ""
    return f"[{'; '.join(shown)}{more}]"


def _figure(x: complex) -> str:
    return figure(float(np.real(x)), DIGITS, "{}e{}")


# a line in pieces


def underlined(line: str, places: Sequence[Span], width: int) -> Iterator[str]:
    """A line as it was written in pieces of at most so many columns, each with a row of ^ below
    where something is wrong.

    >>> list(underlined("a b c", [(2, 3)], 80))
    ['a b c', '  ^']
    """
    shown = HIDDEN.sub("�", re.sub(r"\s", " ", line))
    marked = {at for start, stop in places for at in range(start, max(stop, start + 1))}
    for start, stop in _pieces(shown, width):
        yield shown[start:stop]
        below = "".join(
            ("^" if at in marked else " ") * columns(shown[at]) for at in range(start, stop)
        )
        if stop == len(shown) and any(at >= stop for at in marked):
            below += "^"
        if below.strip():
            yield below.rstrip()


def _pieces(text: str, width: int) -> Iterator[Span]:
    """Where a text is broken: at spaces, where there are some."""
    start = 0
    while columns(text[start:]) > width:
        stop = start + width
        while columns(text[start:stop]) > width:
            stop -= 1
        space = text.rfind(" ", start + width // 3, stop)
        stop = space + 1 if space > start else stop
        yield start, stop
        start = stop
    yield start, len(text)
