"""A document as one page of HTML, its formulas MathML."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from symrnn.derive.pages.document import (
    Display,
    Document,
    Fields,
    Figure,
    Fold,
    Heading,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
    Text,
    joined,
    plain_text,
)
from symrnn.derive.pages.escape import as_lines, for_html, visible
from symrnn.derive.pages.structure import checked
from symrnn.errors import CheckError
from symrnn.frame import render

if TYPE_CHECKING:
    from math_core import LatexToMathML

SCREEN = 40
"""A formula of so many characters may be wider than a small screen."""

STRETCHED_LINE = '<mo stretchy="true">\u0332</mo>'
"""A line under or over a formula. Browsers lose it at some widths; a border of CSS they draw."""


def as_html(document: Document) -> str:
    """One page that needs nothing else: no script, no font, no network. Formulas are MathML."""
    titles = [section.title for section in document.sections]
    names = _anchors(titles)
    return render(
        "html/page.html",
        name=visible(plain_text(document.title)),
        title=_prose(document.title),
        subtitle=_prose(document.subtitle),
        head=[_item(item) for item in document.head],
        contents=list(zip(names, map(_prose, titles), strict=True)),
        sections=map(section_html, document.sections, names),
    )


def section_html(section: Section, name: str) -> str:
    """One section, for a page that is made in pieces; `name` is its id."""
    return render(
        "html/section.html", id=name, title=_prose(section.title), items=_items(section, name)
    )


def _items(section: Section, name: str) -> list[str]:
    """The items of a section; a heading has an id that begins with the section's."""
    headings = [item.text for item in section.items if isinstance(item, Heading)]
    anchors = iter(_anchors(headings))
    return [
        f'<h3 id="{name}-{next(anchors)}">{_prose(item.text)}</h3>'
        if isinstance(item, Heading)
        else _item(item)
        for item in section.items
    ]


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
    return _mathml(checked(latex), display=True)


def _prose(text: Text) -> str:
    return joined(text, for_html, lambda formula: _mathml(checked(formula.latex)))


def _item(item: Item) -> str:
    match item:
        case Paragraph(text):
            return f"<p>{_prose(text)}</p>"
        case Heading(text):
            return f"<h3>{_prose(text)}</h3>"
        case Display(latex, plain):
            wide = max(map(len, plain.split("\n"))) > SCREEN
            room = _scrolls("formula") if wide else ""
            return f'<div class="display"{room}>{_mathml(checked(latex), display=True)}</div>'
        case Listing(text):
            lines = "\n".join(map(for_html, as_lines(text)))
            return f"<pre{_scrolls('text of the model')}><code>{lines}</code></pre>"
        case Table(header, rows):
            cells = [[_prose(cell) for cell in row] for row in rows]
            return render("html/table.html", header=[_prose(c) for c in header], rows=cells)
        case Figure(_, svg, caption):
            picture = _named(svg, plain_text(caption))
            return render("html/figure.html", picture=picture, caption=_prose(caption))
        case PageBreak():
            return '<div class="page-break"></div>'
        case Fold(title, items):
            return render("html/fold.html", title=_prose(title), items=map(_item, items))
        case Fields(fields):
            return '<p class="fields">' + "".join(map(_field, fields)) + "</p>"


def _scrolls(name: str) -> str:
    """Attributes of what may be wider than the page: it takes the focus, so that keys scroll it."""
    return f' tabindex="0" role="region" aria-label="{name}"'


def _field(field: tuple[str, str]) -> str:
    label, after = map(for_html, field)
    behind = f"<span>{after}</span>" if after else ""
    return f'<span class="field"><span>{label}:</span><span class="room"></span>{behind}</span>'


def _named(svg: str, name: str) -> str:
    """The picture as an element of the page, with a name for those who do not see it."""
    element = svg[svg.index("<svg") :].strip()
    tag, close, inside = element.partition(">")
    role = "" if " role=" in tag else ' role="img"'
    title = "" if "<title" in inside else f"<title>{for_html(name)}</title>"
    return f"{tag}{role}{close}{title}{inside}"


def _anchors(titles: Sequence[Text]) -> list[str]:
    """An id for each title, made of its words."""
    names: list[str] = []
    for title in titles:
        words = re.findall(r"[a-z0-9]+", plain_text(title).lower())
        base = "-".join(words)[:60].rstrip("-") or "section"
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.append(name)
    return names
