"""Reports as JSON and as CSV, for programs and for tables."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

import numpy as np

from symrnn.check.claims import RIGHT, WRONG, Example, Fault, Report, Verdict
from symrnn.check.report.told import Reports, Row, place_of, rows, worst
from symrnn.derive.notation.spelling import time_text
from symrnn.errors import HIDDEN

HEADER = (
    "file",
    "line",
    "text",
    "status",
    "kind",
    "term",
    "step",
    "says",
    "corrected",
    "follows",
)
"""The columns of a table of reports."""


def as_json(reports: Reports) -> str:
    """Everything that is found, as a list of reports."""
    found = _clean([_report(reports, report) for report in reports])
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _clean(found: object) -> object:
    """The same without what a terminal would obey, wherever it comes from."""
    match found:
        case str():
            return HIDDEN.sub("�", found)
        case Mapping():
            return {key: _clean(value) for key, value in found.items()}
        case list():
            return [_clean(value) for value in found]
    return found


def _report(reports: Reports, report: Report) -> dict[str, object]:
    return {
        "name": report.writing.name,
        "status": worst(report),
        "conventions": reports.words(report.conventions),
        "lines": [_line(reports, row) for row in rows(report)],
    }


def _line(reports: Reports, row: Row) -> dict[str, object]:
    found: dict[str, object] = {
        "line": row.line.number,
        "text": row.line.text,
        "status": row.status,
    }
    if row.unread is not None:
        return {**found, "message": row.unread.message, "span": list(row.unread.span)}
    return {**found, "claims": [_claim(reports, verdict) for verdict in row.verdicts]}


def _claim(reports: Reports, verdict: Verdict) -> dict[str, object]:
    """One right side, as it was read, and what is found of it."""
    equation = verdict.said.equation
    fault, example = verdict.fault, verdict.example
    place = place_of(verdict)
    return {
        "left": reports.latex.line(equation.left),
        "right": reports.latex.line(equation.rights[verdict.place]),
        "status": verdict.status,
        "says": reports.words(reports.headline(verdict)),
        "follows": verdict.follows,
        "fault": None if fault is None else _fault(reports, fault, place),
        "example": None if example is None else _example(example),
    }


def _fault(reports: Reports, fault: Fault, place: Sequence[int] | None) -> dict[str, object]:
    return {
        "kind": fault.kind,
        "term": fault.term,
        "step": None if fault.step is None else time_text(fault.step),
        "span": None if place is None else list(place),
        "says": reports.words(fault.says),
        "corrected": None if fault.corrected is None else reports.latex.line(fault.corrected),
    }


def _example(example: Example) -> dict[str, object]:
    values: Mapping[str, object] = example.values
    return {
        "values": {name: _numbers(value) for name, value in values.items()},
        "left": _numbers(example.left),
        "right": _numbers(example.right),
    }


def _numbers(value: object) -> object:
    """Numbers as lists of them; what JSON has no number for as text."""
    if isinstance(value, str):
        return value
    array = np.real(np.asarray(value))
    return array.tolist() if np.isfinite(array).all() else str(array)


# as a table


def as_csv(reports: Reports) -> str:
    """A row for each right side and for each line that could not be read."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADER)
    for report in reports:
        for row in rows(report):
            for cells in _cells(reports, report, row):
                table.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _cells(reports: Reports, report: Report, row: Row) -> list[tuple[object, ...]]:
    before = (report.writing.name, row.line.number, row.line.text)
    if row.unread is not None:
        return [(*before, row.status, "", "", "", row.unread.message, "", "")]
    found: list[tuple[object, ...]] = []
    for verdict in row.verdicts:
        fault = verdict.fault
        says = "" if verdict.status == RIGHT else reports.words(reports.headline(verdict))
        corrected = None if fault is None else fault.corrected
        told = "" if corrected is None else reports.latex.line(corrected)
        step = "" if fault is None or fault.step is None else time_text(fault.step)
        kind, term = ("", "") if fault is None else (fault.kind, fault.term or "")
        follows = "yes" if verdict.status == WRONG and verdict.follows else ""
        found.append((*before, verdict.status, kind, term, step, says, told, follows))
    return found


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would work out gets a ' before it: a line that goes on with =."""
    if not isinstance(cell, str):
        return cell
    cell = HIDDEN.sub("�", cell)
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell
