"""A document in the formats that people read: LaTeX, a page of HTML, text for a terminal."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from symrnn.derivation.document import (
    Display,
    Document,
    Figure,
    Inline,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
    Text,
)
from symrnn.derivation.escape import as_lines, check_formula, for_html, for_tex, visible
from symrnn.errors import CheckError
from symrnn.frame import render

if TYPE_CHECKING:
    from math_core import LatexToMathML

LINE = 85
"""About how many characters a printed line holds."""

STRETCHED_LINE = '<mo stretchy="true">\u0332</mo>'
"""A line under or over a formula. Browsers lose it at some widths; a border of CSS they draw."""

TOGETHER = 12
"""A printed table of so many rows does not break."""


def _join(text: Text, words: Callable[[str], str], formula: Callable[[Inline], str]) -> str:
    return "".join(words(part) if isinstance(part, str) else formula(part) for part in text)


# LaTeX


def as_tex(document: Document) -> str:
    """A complete LaTeX file in ASCII, which needs amsmath and, for pictures, TikZ."""
    items = [item for section in document.sections for item in section.items]
    return render(
        "latex/document.tex",
        title=_tex(document.title),
        sections=[
            {"title": _tex(section.title), "body": tex_items(section.items)}
            for section in document.sections
        ],
        pictures=any(isinstance(item, Figure) for item in items),
    )


def _tex(text: Text) -> str:
    return _join(text, for_tex, lambda formula: f"${_checked(formula.latex)}$")


def _checked(latex: str) -> str:
    """The formula, known to hold nothing but mathematics."""
    check_formula(latex)
    return latex.strip()


def tex_items(items: tuple[Item, ...]) -> str:
    """The items in order. A display belongs to the paragraph around it: no empty line there."""
    parts = []
    for before, item in zip((None, *items), items, strict=False):
        if before and not isinstance(before, Display) and not isinstance(item, Display):
            parts.append("\n")
        parts.append(_tex_item(item))
    return "".join(parts)


def _tex_item(item: Item) -> str:
    match item:
        case Paragraph(text):
            return _tex(text) + "\n"
        case Display(latex):
            return _tex_display(_checked(latex))
        case Listing(text):
            return render("latex/listing.tex", lines=[_tex_line(line) for line in as_lines(text)])
        case Table():
            return _tex_table(item)
        case Figure(tikz, _, caption):
            return render("latex/figure.tex", picture=tikz.strip(), caption=_tex(caption))
        case PageBreak():
            return "\\clearpage\n"


def _tex_display(latex: str) -> str:
    r"""A display that may break over pages: `aligned` never does, `align*` does.

    >>> print(_tex_display(r"\begin{aligned} a &= b \\ &= c \end{aligned}"), end="")
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


def _tex_line(line: str) -> str:
    """A line of a listing: spaces keep their number, and it may break where one stands."""
    bare = line.lstrip(" ")
    indent = "~" * (len(line) - len(bare))
    runs = re.split(r"( +)", bare)
    return indent + "".join(
        "~" * (len(run) - 1) + " " if run.startswith(" ") else for_tex(run) for run in runs
    )


def _tex_table(table: Table) -> str:
    """A long table breaks over pages, but no row stands alone; a short one stays in one piece."""
    last = len(table.rows) - 1
    together = range(last) if last < TOGETHER else (0, last - 1)
    return render(
        "latex/table.tex",
        columns=_tex_columns(table),
        count=len(table.header),
        header=" & ".join(map(_tex, table.header)),
        rows=[
            {"cells": " & ".join(map(_tex, row)), "end": r"\\*" if i in together else r"\\"}
            for i, row in enumerate(table.rows)
        ],
    )


def _tex_columns(table: Table) -> str:
    """As wide as what they hold; where that is too wide, the widest are set as paragraphs."""
    widths = [width + 2 for width in _widths(_plain_rows(table))]
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


# HTML


def as_html(document: Document) -> str:
    """One page that needs nothing else: no script, no font, no network. Formulas are MathML."""
    names = _anchors(document.sections)
    return render(
        "html/page.html",
        name=visible(_plain(document.title)),
        title=_html(document.title),
        sections=[
            {
                "id": name,
                "title": _html(section.title),
                "items": [_html_item(item) for item in section.items],
            }
            for name, section in zip(names, document.sections, strict=True)
        ],
    )


@cache
def _converter() -> "LatexToMathML":
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)


def _mathml(latex: str, display: bool = False) -> str:
    from math_core import LatexError

    try:
        mathml = _converter().convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        raise CheckError(f"{error} MathML cannot be made of the formula {latex}") from None
    return mathml.replace(STRETCHED_LINE, '<mo class="line"></mo>')


def formula_html(latex: str) -> str:
    """One display as MathML, for a page that somebody else makes."""
    return _mathml(_checked(latex), display=True)


def _html(text: Text) -> str:
    return _join(text, for_html, lambda formula: _mathml(_checked(formula.latex)))


def _html_item(item: Item) -> str:
    match item:
        case Paragraph(text):
            return f"<p>{_html(text)}</p>"
        case Display(latex):
            return f'<div class="display">{_mathml(_checked(latex), display=True)}</div>'
        case Listing(text):
            lines = "\n".join(map(for_html, as_lines(text)))
            return f"<pre><code>{lines}</code></pre>"
        case Table(header, rows):
            cells = [[_html(cell) for cell in row] for row in rows]
            return render("html/table.html", header=[_html(c) for c in header], rows=cells)
        case Figure(_, svg, caption):
            picture = _named(svg, _plain(caption))
            return render("html/figure.html", picture=picture, caption=_html(caption))
        case PageBreak():
            return '<div class="page-break"></div>'


def _named(svg: str, name: str) -> str:
    """The picture as an element of the page, with a name for those who do not see it."""
    element = svg[svg.index("<svg") :].strip()
    tag, close, inside = element.partition(">")
    role = "" if " role=" in tag else ' role="img"'
    title = "" if "<title" in inside else f"<title>{for_html(name)}</title>"
    return f"{tag}{role}{close}{title}{inside}"


def _anchors(sections: tuple[Section, ...]) -> list[str]:
    """An id for each section, made of its title."""
    names: list[str] = []
    for section in sections:
        words = re.findall(r"[a-z0-9]+", _plain(section.title).lower())
        base = "-".join(words)[:60].rstrip("-") or "section"
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.append(name)
    return names


# plain text


def as_text(document: Document, width: int) -> str:
    """Text for a terminal: prose wrapped at `width` columns (0: not at all), formulas as lines."""
    return render(
        "text/document.txt",
        title=_heading(document.title, "=", width),
        sections=[
            {
                "title": _heading(section.title, "-", width),
                "items": [found for item in section.items if (found := _text_item(item, width))],
            }
            for section in document.sections
        ],
    )


def _plain(text: Text) -> str:
    return _join(text, lambda words: words, lambda formula: formula.plain)


def _heading(text: Text, rule: str, width: int) -> str:
    lines = _wrapped(text, width)
    return "\n".join([*lines, rule * max(map(columns, lines), default=0)])


def _text_item(item: Item, width: int) -> str:
    match item:
        case Paragraph(text):
            return "\n".join(_wrapped(text, width))
        case Display(_, plain):
            return _indented(plain.rstrip().split("\n"))
        case Listing(text):
            return _indented(as_lines(text))
        case Table():
            return _text_table(item)
        case Figure(_, _, caption):
            return "\n".join(_wrapped(("Figure: ", *caption), width))
        case PageBreak():
            return ""


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}".rstrip() for line in lines)


def _wrapped(text: Text, width: int) -> list[str]:
    """Lines of at most `width` columns; a formula breaks only where a line cannot hold it."""
    glue = "\x00"  # no text has one, once it is made visible
    whole = "".join(
        visible(part)
        if isinstance(part, str)
        else part.plain.replace(" ", glue)
        if not width or columns(part.plain) <= width // 2
        else part.plain
        for part in text
    )
    lines: list[str] = []
    for word in whole.split():
        if lines and (not width or columns(lines[-1]) + 1 + columns(word) <= width):
            lines[-1] += " " + word
        else:
            lines.append(word)
    return [line.replace(glue, " ") for line in lines]


def _plain_rows(table: Table) -> list[list[str]]:
    return [
        [" ".join(visible(_plain(cell)).split()) for cell in row]
        for row in (table.header, *table.rows)
    ]


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(map(columns, column)) for column in zip(*rows, strict=True)]


def _text_table(table: Table) -> str:
    """Columns one below the other, a rule under the header."""
    header, *rows = _plain_rows(table)
    widths = _widths([header, *rows])
    rule = ["-" * width for width in widths]
    return _indented(
        [
            "  ".join(
                cell + " " * (width - columns(cell))
                for cell, width in zip(row, widths, strict=True)
            )
            for row in (header, rule, *rows)
        ]
    )


def columns(text: str) -> int:
    """How many columns of a terminal the text takes.

    >>> columns("∂L/∂w"), columns("中文"), columns("y\u0302")
    (5, 4, 1)
    """
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )
