"""A document as text for a terminal."""

from symrnn.derive.pages.document import (
    Choice,
    Display,
    Document,
    Fields,
    Figure,
    Fold,
    Heading,
    Image,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Table,
    Text,
    plain_text,
)
from symrnn.derive.pages.escape import as_lines, visible
from symrnn.derive.printing.terminal import GLUE, aligned, columns, filled
from symrnn.frame import render


def as_text(document: Document, width: int) -> str:
    """Text for a terminal: prose wrapped at `width` columns (0: not at all), formulas as lines."""
    return render(
        "text/document.txt",
        title=_heading(document.title, "=", width),
        subtitle="\n".join(_wrapped(document.subtitle, width)),
        head=[found for item in document.head if (found := _item(item, width))],
        sections=[
            {
                "title": _heading(section.title, "-", width),
                "items": [found for item in section.items if (found := _item(item, width))],
            }
            for section in document.sections
        ],
    )


def _heading(text: Text, rule: str, width: int) -> str:
    lines = _wrapped(text, width)
    return "\n".join([*lines, rule * max(map(columns, lines), default=0)])


def _item(item: Item, width: int) -> str:
    match item:
        case Paragraph(text):
            return "\n".join(_wrapped(text, width))
        case Heading(text):
            return "\n".join(_wrapped((*text, ":"), width))
        case Display(_, plain) | Choice(display=Display(_, plain)):
            return _indented(plain.rstrip().split("\n"))
        case Listing(text):
            return _indented(as_lines(text))
        case Table():
            return _table(item)
        case Figure(_, _, caption) | Image(_, caption):
            return "\n".join(_wrapped(("Figure: ", *caption), width))
        case PageBreak():
            return ""
        case Fold(title, items):
            found = ["\n".join(_wrapped(title, width)), *(_item(inner, width) for inner in items)]
            return "\n\n".join(filter(None, found))
        case Fields(fields):
            return "   ".join(f"{label}: ________ {after}".rstrip() for label, after in fields)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}".rstrip() for line in lines)


def _wrapped(text: Text, width: int) -> list[str]:
    """Lines of at most `width` columns; a formula breaks only where a line cannot hold it."""
    whole = "".join(
        visible(part)
        if isinstance(part, str)
        else part.plain.replace(" ", GLUE)
        if not width or columns(part.plain) <= width // 2
        else part.plain
        for part in text
    )
    return filled(whole, width)


def plain_rows(table: Table) -> list[list[str]]:
    return [
        [" ".join(visible(plain_text(cell)).split()) for cell in row]
        for row in (table.header, *table.rows)
    ]


def widths_of(rows: list[list[str]]) -> list[int]:
    return [max(map(columns, column)) for column in zip(*rows, strict=True)]


def _table(table: Table) -> str:
    """Columns one below the other, a rule under the header."""
    return _indented(aligned(plain_rows(table)))
