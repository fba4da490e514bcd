"""Reports as one page of HTML, formulas as MathML: every line, and what is wrong with it."""

from collections.abc import Iterator

from symrnn.check.claims import RIGHT, WRONG, Report, Verdict
from symrnn.check.report.text import WIDTH, example_text, underlined
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
from symrnn.derive.formula import Equation, Words
from symrnn.derive.pages.document import (
    Display,
    Document,
    Heading,
    Inline,
    Item,
    Listing,
    Paragraph,
    Section,
    Table,
    Text,
)
from symrnn.derive.pages.html import as_html
from symrnn.errors import HIDDEN


def as_page(reports: Reports) -> str:
    """One page that needs nothing else."""
    several = len(reports) > 1
    head: tuple[Item, ...] = (_overview(reports),) if several else ()
    sections = tuple(_section(reports, report) for report in reports)
    title = (f"What is right, and what is not: {reports.derivation.name}",)
    return HIDDEN.sub("�", as_html(Document(title, sections, head)))


def _overview(reports: Reports) -> Table:
    """A line for each writing, with its first wrong line."""
    found = []
    for report in reports:
        wrong = first_wrong(report)
        first: Text = ()
        if wrong is not None:
            row, verdict = wrong
            told = _text(reports, reports.headline(verdict))
            first = (f"line {row.line.number}: ", *told)
        cells = ((MARKS[worst(report)],), (report.writing.name,), (counted(report),), first)
        found.append(cells)
    return Table(((), ("writing",), ("lines",), ("first wrong line",)), tuple(found))


def _section(reports: Reports, report: Report) -> Section:
    items: list[Item] = [Paragraph((f"{counted(report)}.",))]
    if report.conventions:
        items.append(Paragraph(_text(reports, report.conventions)))
    for row in rows(report):
        items += _line(reports, row)
    return Section((report.writing.name or "The formulas",), tuple(items))


def _line(reports: Reports, row: Row) -> Iterator[Item]:
    """What was read, or the text where it could not be; then what is wrong."""
    yield Heading((f"{MARKS[row.status]} Line {row.line.number}: {row.status}",))
    for said in row.said[:1]:
        yield _display(reports, said.equation)
    if row.status != RIGHT:
        places = [row.unread.span] if row.unread else []
        places += [place for each in row.shown if (place := place_of(each))]
        yield Listing("\n".join(underlined(row.line.text, places, WIDTH)))
    if row.unread is not None:
        yield Paragraph((row.unread.message,))
    for verdict in row.shown:
        yield from _found(reports, verdict, len(row.said) == 1 and len(row.verdicts) > 1)


def _found(reports: Reports, verdict: Verdict, several: bool) -> Iterator[Item]:
    before = (f"Right side {verdict.place + 1}: ",) if several else ()
    told = _text(reports, reports.headline(verdict))
    after = " (it follows from what is wrong before it)"
    follows = (after,) if verdict.status == WRONG and verdict.follows else ()
    yield Paragraph((*before, *told, *follows))
    if verdict.fault is not None and verdict.why:
        yield Paragraph((verdict.why,))
    corrected = reports.corrected(verdict)
    if corrected is not None:
        yield Paragraph(("It should read",))
        yield _display(reports, corrected)
    if verdict.example is not None:
        yield Paragraph((example_text(verdict.example),))


def _display(reports: Reports, equation: Equation) -> Display:
    return Display(reports.latex.display([equation]), reports.plain.equation(equation))


def _text(reports: Reports, words: Words) -> Text:
    return tuple(
        part
        if isinstance(part, str)
        else Inline(reports.latex.line(part), reports.plain.line(part))
        for part in words
    )
