"""Tables of words and numbers."""

from collections.abc import Sequence

from symrnn.derive.pages.document import Table


def table(rows: Sequence[Sequence[str]]) -> Table:
    """The first row is the header."""
    header, *others = (tuple((_whole(cell),) for cell in row) for row in rows)
    return Table(header, tuple(others))


def _whole(cell: str) -> str:
    """A cell that begins with a number does not break: its minus is none at which a line ends.

    >>> _whole("2.1e-16 ok"), _whole("one by one")
    ('2.1e−16\\xa0ok', 'one by one')
    """
    if not cell.lstrip("-")[:1].isdigit():
        return cell
    return cell.replace("-", "\N{MINUS SIGN}").replace(" ", "\N{NO-BREAK SPACE}")
