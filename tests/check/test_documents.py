"""Documents judged by hand: each line is found to be what somebody found who knows the matter."""

from collections.abc import Iterator
from itertools import groupby

import pytest

from symrnn.check.claims import RIGHT_IF, WRONG, Fault, Report, Unread, Verdict
from symrnn.check.report import Reports
from tests.check.documents import DOCUMENTS, Document, Wanted
from tests.check.judged import reports


def found_of(document: Document) -> Reports:
    return reports(
        document.model.derive(document.steps, scalar=document.scalar),
        document.text,
        document.kind,
        document.notation,
        document.mapping,
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in ("lstm", "gru"))) for n in DOCUMENTS],
)
def test_every_line_is_judged_as_by_hand(name: str) -> None:
    document = DOCUMENTS[name]
    found = found_of(document)
    (report,) = found
    told = [f"{u.line.number}: {u.message}" for u in report.writing.lines if isinstance(u, Unread)]
    assert not told, "\n".join(told)
    lines = by_lines(report)
    assert len(lines) == len(document.wanted)
    misses = [
        f"line {verdict.said.line.number}: {said}\n    {verdict.said.line.text}"
        for verdicts, wanted in zip(lines, document.wanted, strict=True)
        for verdict in verdicts
        for said in missed(verdict, wanted[verdict.place], found)
    ]
    assert not misses, "\n".join(["", *misses])
    if document.path.suffix == ".tex":
        numbers = [verdicts[0].said.line.number for verdicts in lines]
        assert numbers == [wanted[0].line for wanted in document.wanted]


def by_lines(report: Report) -> list[list[Verdict]]:
    """The verdicts line by line: of some there are several, for each weight or each case one."""
    groups = groupby(report.verdicts, lambda verdict: verdict.said.line.number)
    return [list(verdicts) for _, verdicts in groups]


def missed(verdict: Verdict, want: Wanted, found: Reports) -> Iterator[str]:
    """What is found otherwise than by hand."""
    if verdict.status not in want.statuses:
        yield f"wanted {want.said}; found {verdict.status} {found.words(found.headline(verdict))}"
        return
    if verdict.status == RIGHT_IF and not verdict.under:
        yield "it is not said under which reading it is right"
    if want.follows and not verdict.follows:
        yield "it is not said that it follows from the line before"
    if verdict.status != WRONG or verdict.follows:
        return
    if verdict.example is None and "ill-shaped" not in want.kinds:
        yield "there are no numbers for which both sides differ"
    fault = verdict.fault
    if fault is None:
        yield "nothing is said of what is wrong"
    else:
        yield from misplaced(fault, want, found)


def misplaced(fault: Fault, want: Wanted, found: Reports) -> Iterator[str]:
    said = found.words(fault.says)
    if want.kinds and fault.kind not in want.kinds:
        yield f"wanted {want.said}; found {fault.kind}: {said}"
    naming = want.parts["naming"]
    if naming and naming not in "".join(
        found.latex.line(part) if not isinstance(part, str) else part for part in fault.says
    ):
        yield f"{naming} is not named: {said}"
    at = want.parts["at"]
    if at and not (fault.step and str(fault.step.shift + 1) == at):
        yield f"step {at} is not named, but {fault.step}: {said}"
    if fault.corrected is None and fault.kind != "compound":
        yield "no corrected line is given"
