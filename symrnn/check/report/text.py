"""For a terminal: marks, the line as it was written with what is wrong underlined, what belongs
there."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG, Example, Report, Span, Verdict
from symrnn.check.report.told import (
    MARKS,
    Reports,
    Row,
    counted,
    place_of,
    rows,
    worst,
)
from symrnn.derive.printing.printer import figure
from symrnn.derive.printing.terminal import columns, filled
from symrnn.errors import HIDDEN

WIDTH, NARROWEST = 80, 40

DIGITS = 6
"""Of a number in a counter-example."""

MOST, MOST_VALUES = 6, 24
"""So many entries of an array are shown in a terminal, and of all values together."""


def text(reports: Reports) -> str:
    """All lines of one writing; of several a line each, with its first wrong line."""
    if len(reports) == 1:
        return _lines(_whole(reports, reports[0]))
    wide = max((columns(report.writing.name) for report in reports), default=0)
    return _lines(line for report in reports for line in _short(reports, report, wide))


def _lines(lines: Iterable[str]) -> str:
    return HIDDEN.sub("�", "".join(f"{line}\n" for line in lines))


# several writings


def _short(reports: Reports, report: Report, wide: int) -> list[str]:
    """A line for a writing; what is wrong first stands beside it, or what could not be judged."""
    name = report.writing.name
    head = f"{MARKS[worst(report)]} {name}{' ' * (wide - columns(name))}  "
    said = filled(_first(reports, report), max(WIDTH - columns(head), NARROWEST))
    return [head + said[0], *(" " * columns(head) + line for line in said[1:])]


def _first(reports: Reports, report: Report) -> str:
    status = worst(report)
    row = next((row for row in rows(report) if row.status == status), None)
    if row is None or status in (RIGHT, RIGHT_IF):
        return counted(report)
    if row.unread is not None:
        said = row.unread.message.split("\n")[0]
        return f"line {row.line.number}: {said}" if row.line.text else said
    told = [_told(reports, each) for each in row.verdicts if each.status == status]
    return f"line {row.line.number}: {(told or [status])[0]}"


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
    places += [place for each in row.shown if (place := place_of(each))]
    head = f"{MARKS[row.status]} {row.line.number:>{wide}}  "
    indent = " " * len(head)
    for number, line in enumerate(underlined(row.line.text, places, WIDTH - len(head))):
        yield (indent if number else head) + line
    if row.unread:
        yield from (indent + line for line in filled(row.unread.message, WIDTH - len(indent)))
    several = len(row.said) == 1 and len(row.verdicts) > 1
    for verdict in row.shown:
        before = f"right side {verdict.place + 1}: " if several else ""
        told = [*_found(reports, verdict, before), *_alike(reports, row, verdict)]
        yield from ((indent + line).rstrip() for line in told)


def _alike(reports: Reports, row: Row, verdict: Verdict) -> list[str]:
    others = [reports.plain.line(left) for left in row.alike(verdict)] if len(row.said) > 1 else []
    return filled(f"and alike for {', '.join(others)}", WIDTH - 6) if others else []


def _found(reports: Reports, verdict: Verdict, before: str) -> Iterator[str]:
    """What is found of a right side: the verdict, the line as it should read, the numbers."""
    yield from filled(before + _told(reports, verdict), WIDTH - 6)
    if verdict.fault is not None and verdict.why:
        yield from filled(verdict.why, WIDTH - 6)
    corrected = reports.corrected(verdict)
    if corrected is not None:
        yield "it should read"
        yield from (f"    {line}" for line in reports.plain.equation(corrected, 70).split("\n"))
    if verdict.example is not None:
        yield from filled(example_text(verdict.example), WIDTH - 6)


def _told(reports: Reports, verdict: Verdict) -> str:
    told = reports.words(reports.headline(verdict))
    if verdict.status == WRONG and verdict.follows:
        told += " (it follows from what is wrong before it)"
    return told


def example_text(example: Example) -> str:
    """The values for which both sides differ, and what each of them is; of many values the steps
    alone."""
    few = sum(_size(value) for value in example.values.values()) <= MOST_VALUES
    said = [f"{n} = {numbers(v)}" for n, v in example.values.items() if few or isinstance(v, int)]
    at = ", ".join(said if few else [*said, "and drawn numbers (--format json has them)"])
    sides = f"the left side is {numbers(example.left)}, this is {numbers(example.right)}"
    return f"with {at}: {sides}" if at else sides


def _size(value: object) -> int:
    return np.asarray(value).size


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
        yield shown[start:stop].rstrip()
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
    while columns(text[start : start + 4 * width]) > width:
        stop = start + width
        while columns(text[start:stop]) > width:
            stop -= 1
        space = text.rfind(" ", start + width // 3, stop)
        stop = space + 1 if space > start else stop
        yield start, stop
        start = stop
    yield start, len(text)
