"""What verify says: the kernel held against three oracles that share no code with it."""

from symrnn.derive.pages.document import Item, Paragraph, Section, Table, typeset
from symrnn.derive.pages.tables import table
from symrnn.errors import UsageError
from symrnn.kernels.verification.report import CONTRACT, Report
from symrnn.page.refused import refused
from symrnn.page.subject import Subject

ABOUT = (
    "The kernel is held against oracles that share no code with it and know no derivative: the text"
    " worked out with 50 digits, a step along the imaginary axis, and central differences. Each"
    " figure is how far the kernel is off, relative to the norm."
)


TITLE = "What verify says"


def sections(subject: Subject) -> tuple[Section, ...]:
    """What has too many numbers to be tried on says so."""
    try:
        found = subject.model.verify(subject.steps, seed=subject.asked.seed)
    except UsageError as error:
        return (refused(TITLE, error),)
    items: list[Item] = [Paragraph((f"{ABOUT} The numbers are drawn: {found.title()}.",))]
    items += _tables(found)
    items += [Paragraph(typeset(f"{line}.")) for line in found.skipped()]
    verdict = found.verdict[0].upper() + found.verdict[1:]
    return (Section((TITLE,), (*items, Paragraph((f"{verdict}.",)))),)


def _tables(found: Report) -> list[Table]:
    """What was compared with an oracle, and what else a kernel promises."""
    rows = found.rows()
    tables = [table([["compared", *rows[0][1:]], *rows[1:]])] if rows else []
    promises = [[c.what, c.figure(), c.note] for c in found.checks if c.against == CONTRACT]
    return [*tables, table([["promised", "held", "how it was tried"], *promises])]
