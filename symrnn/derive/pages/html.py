"""A document as one page of HTML, its formulas MathML."""

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import chain, repeat
from typing import TYPE_CHECKING

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
"""A formula, or a row of a table, of so many characters may be wider than a small screen."""

STRETCHED_LINE = '<mo stretchy="true">\u0332</mo>'
"""A line under or over a formula. Browsers lose it at some widths; a border of CSS they draw."""


LINKED = ("html/report.css",)
SCRIPT = "html/links.js"
"""What a page has beside on which terms are chosen and light up."""


def as_html(document: Document, linked: bool = False) -> str:
    """One page that needs nothing else: no font, no network, and no script; where it is `linked`
    there is one inside, whose hash the page's policy names. Formulas are MathML."""
    script = render(SCRIPT).strip() if linked else ""
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
        sheets=LINKED if linked else (),
        script=script,
        script_source=f"; script-src '{_hash(script)}'" if linked else "",
    )


def _hash(script: str) -> str:
    """By which a policy knows a script."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


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


def _item(item: Item, level: int = 3) -> str:
    match item:
        case Paragraph(text):
            return f"<p>{_prose(text)}</p>"
        case Heading(text):
            return f"<h{level}>{_prose(text)}</h{level}>"
        case Display():
            return _display(item)
        case Listing(text, name, marks):
            lines = "\n".join(map(_line, as_lines(text), chain(marks, repeat(""))))
            return f"<pre{_scrolls(name)}><code>{lines}</code></pre>"
        case Choice():
            return render("html/choice.html", choice=item, display=_display(item.display))
        case Image(address, caption):
            named = plain_text(caption)
            return render("html/image.html", address=address, name=named, caption=_prose(caption))
        case Table(header, rows):
            cells = [[_prose(cell) for cell in row] for row in rows]
            letters = (sum(len(plain_text(cell)) + 3 for cell in row) for row in (header, *rows))
            room = _scrolls("table") if max(letters) > SCREEN else ""
            heads = [_prose(cell) for cell in header]
            return render("html/table.html", header=heads, rows=cells, room=room)
        case Figure(_, svg, caption):
            picture = _named(svg, plain_text(caption))
            return render("html/figure.html", picture=picture, caption=_prose(caption))
        case PageBreak():
            return '<div class="page-break"></div>'
        case Fold(title, items, is_open, titled):
            inside = [_item(inner, level + titled) for inner in items]
            named = f"<h{level}>{_prose(title)}</h{level}>" if titled else _prose(title)
            return render("html/fold.html", title=named, items=inside, is_open=is_open)
        case Fields(fields):
            return '<p class="fields">' + "".join(map(_field, fields)) + "</p>"


def _display(display: Display) -> str:
    wide = max(map(len, display.plain.split("\n"))) > SCREEN
    room = _scrolls("formula") if wide else ""
    return f'<div class="display"{room}>{_mathml(checked(display.latex), display=True)}</div>'


def _line(line: str, mark: str) -> str:
    """A line of a listing, with the tokens of what it works out."""
    return f'<span data-at="{for_html(mark)}">{for_html(line)}</span>' if mark else for_html(line)


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
