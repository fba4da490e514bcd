"""A document as LaTeX."""

import re
from typing import TYPE_CHECKING

from symrnn.derive.pages.document import (
    Display,
    Document,
    Figure,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Table,
    Text,
)
from symrnn.derive.pages.escape import as_lines, for_tex
from symrnn.frame import render

if TYPE_CHECKING:
    pass

from symrnn.derive.pages.document import joined
from symrnn.derive.pages.structure import checked
from symrnn.derive.pages.text import plain_rows, widths_of

LINE = 85
"""About how many characters a printed line holds."""

TOGETHER = 12
"""A printed table of so many rows does not break."""


def as_tex(document: Document) -> str:
    """A complete LaTeX file in ASCII, which needs amsmath and, for pictures, TikZ."""
    items = [item for section in document.sections for item in section.items]
    return render(
        "latex/document.tex",
        title=_prose(document.title),
        sections=[
            {"title": _prose(section.title), "body": tex_items(section.items)}
            for section in document.sections
        ],
        pictures=any(isinstance(item, Figure) for item in items),
    )


def _prose(text: Text) -> str:
    return joined(text, for_tex, lambda formula: f"${checked(formula.latex)}$")


def tex_items(items: tuple[Item, ...]) -> str:
    """The items in order. A display belongs to the paragraph around it: no empty line there."""
    parts = []
    for before, item in zip((None, *items), items, strict=False):
        if before and not isinstance(before, Display) and not isinstance(item, Display):
            parts.append("\n")
        parts.append(_item(item))
    return "".join(parts)


def _item(item: Item) -> str:
    match item:
        case Paragraph(text):
            return _prose(text) + "\n"
        case Display(latex):
            return _display(checked(latex))
        case Listing(text):
            return render("latex/listing.tex", lines=[_line(line) for line in as_lines(text)])
        case Table():
            return _table(item)
        case Figure(tikz, _, caption):
            return render("latex/figure.tex", picture=tikz.strip(), caption=_prose(caption))
        case PageBreak():
            return "\\clearpage\n"


def _display(latex: str) -> str:
    r"""A display that may break over pages: `aligned` never does, `align*` does.

    >>> print(_display(r"\begin{aligned} a &= b \\ &= c \end{aligned}"), end="")
    \begin{align*}
    a &= b \\ &= c
    \end{align*}
    """
    for inner, outer in (("aligned", "align*"), ("gathered", "gather*")):
        begin, end = rf"\begin{{{inner}}}", rf"\end{{{inner}}}"
        if latex.startswith(begin) and latex.endswith(end):
            rows = latex[len(begin) : -len(end)]
            if _balanced(rows, begin, end):
                return f"\\begin{{{outer}}}\n{rows.strip()}\n\\end{{{outer}}}\n"
    return f"\\[\n{latex}\n\\]\n"


def _balanced(rows: str, begin: str, end: str) -> bool:
    """Whether each of these environments within is closed within: the outer one is one."""
    depth = 0
    for token in re.findall(f"{re.escape(begin)}|{re.escape(end)}", rows):
        depth += 1 if token == begin else -1
        if depth < 0:
            return False
    return True


def _line(line: str) -> str:
    """A line of a listing: spaces keep their number, and it may break where one stands."""
    bare = line.lstrip(" ")
    indent = "~" * (len(line) - len(bare))
    runs = re.split(r"( +)", bare)
    return indent + "".join(
        "~" * (len(run) - 1) + " " if run.startswith(" ") else for_tex(run) for run in runs
    )


def _table(table: Table) -> str:
    """A long table breaks over pages, but no row stands alone; a short one stays in one piece."""
    last = len(table.rows) - 1
    together = range(last) if last < TOGETHER else (0, last - 1)
    return render(
        "latex/table.tex",
        columns=_columns(table),
        count=len(table.header),
        header=" & ".join(map(_prose, table.header)),
        rows=[
            {"cells": " & ".join(map(_prose, row)), "end": r"\\*" if i in together else r"\\"}
            for i, row in enumerate(table.rows)
        ],
    )


def _columns(table: Table) -> str:
    """As wide as what they hold; where that is too wide, the widest are set as paragraphs."""
    widths = [width + 2 for width in widths_of(plain_rows(table))]
    if sum(widths) <= LINE:
        return "l" * len(widths)
    fair = LINE // len(widths)
    narrow = sum(width for width in widths if width <= fair)
    wide = sum(width for width in widths if width > fair)
    share = 0.94 * (LINE - narrow) / LINE / wide
    return "".join(
        "l"
        if width <= fair
        else rf">{{\raggedright\arraybackslash}}p{{{width * share:.3f}\linewidth}}"
        for width in widths
    )
