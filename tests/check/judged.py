"""What the checker finds of texts, as tests ask for it."""

from collections.abc import Mapping, Sequence

from symrnn.check.checking import Text, check
from symrnn.check.claims import RIGHT, RIGHT_IF, Report, Unread
from symrnn.check.report import Reports
from symrnn.check.sources import Kind
from symrnn.derive.derived import Derived


def reports(
    derived: Derived,
    text: str | Sequence[str],
    kind: Kind = "formula",
    notation: str = "default",
    mapping: Mapping[str, str] | None = None,
) -> Reports:
    """One writing: a document, or formulas."""
    whole = text if isinstance(text, str) else tuple(text)
    return check(derived, [Text(whole, kind)], notation=notation, mapping=mapping)


def alarms(found: Reports) -> list[str]:
    """Each line that is not found right, with what is said of it."""
    told = []
    for report in found:
        told += [f"unread: {u.line.text}\n    {u.message}" for u in unread(report)]
        for verdict in report.verdicts:
            if verdict.status not in (RIGHT, RIGHT_IF):
                why = verdict.why or found.words(found.headline(verdict))
                told.append(f"{verdict.status}: {verdict.said.line.text}\n    {why}")
    return told


def unread(report: Report) -> list[Unread]:
    return [line for line in report.writing.lines if isinstance(line, Unread)]
