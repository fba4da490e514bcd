"""A derivation as a document, before any format: sections of prose, formulas, tables, pictures.

Every formula is here twice, as LaTeX and as plain text; a format takes the one that it needs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inline:
    """A formula within a line."""

    latex: str
    plain: str


Text = tuple["str | Inline", ...]
"""Prose with formulas in it. Its strings are plain text, escaped by each format."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over formulas within a section; pages and PDFs can be entered there."""

    text: Text


@dataclass(frozen=True, slots=True)
class Display:
    """A formula of its own: the inside of a LaTeX display, often an `aligned`, and plain lines."""

    latex: str
    plain: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Text as it was typed, such as the model's."""

    text: str
    name: str = "text of the model"
    """What it is, for those who do not see it."""
    marks: tuple[str, ...] = ()
    """For each line what it works out, as tokens with spaces between: a page can light them up."""


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: TikZ for LaTeX, SVG for the page; plain text has the caption alone."""

    tikz: str
    svg: str
    caption: Text


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of numbers, as the address that holds all of it; paper and text have the caption
    alone."""

    address: str
    caption: Text


@dataclass(frozen=True, slots=True)
class Choice:
    """A formula that can be chosen on a page: what belongs to it elsewhere lights up then."""

    name: str
    label: str
    """On the control."""
    said: str
    """The same for those who do not see what it stands beside."""
    display: Display
    lights: tuple[str, ...]
    """Tokens of what it is about."""
    behind: tuple[str, ...] = ()
    """Tokens of what is behind a name in it, such as the paths that a total derivative sums up."""


@dataclass(frozen=True, slots=True)
class PageBreak:
    pass


@dataclass(frozen=True, slots=True)
class Fold:
    """What stands together under a heading within a section; a page can fold it."""

    title: Text
    items: tuple["Item", ...]
    open: bool = True
    titled: bool = False
    """Whether its title is a heading, and has headings below it."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A line to fill in by hand: a label, room, and what stands behind the room."""

    fields: tuple[tuple[str, str], ...]
    """The first of them gets the most room."""


Item = (
    Paragraph
    | Heading
    | Display
    | Listing
    | Table
    | Figure
    | Image
    | Choice
    | PageBreak
    | Fold
    | Fields
)


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Document:
    title: Text
    sections: tuple[Section, ...]
    head: tuple[Item, ...] = ()
    subtitle: Text = ()
    """What stands under the title, before the first section."""
    dense: bool = False
    """Whether it is long, so that it is set closely on paper: short equations side by side."""


MATHEMATICS = re.compile(
    r"∂⁺?[a-zA-Z]?(?:/∂[a-zA-Z])?(?![a-zA-Z])|⊙|1, …, T|\b[a-zA-Z] (?:=|<|>|≤|≥) (?:[a-zA-Z]\b|\d+)"
)
LETTERS = {
    "∂⁺": r"\partial^{+} ",
    "∂": r"\partial ",
    "⊙": r"\odot",
    "…": r"\ldots",
    "≤": r"\leq",
    "≥": r"\geq",
}


def typeset(words: str) -> Text:
    r"""Words with what is mathematics among them as formulas.

    >>> typeset("rows ∂L/∂u, one a step")
    ('rows ', Inline(latex='\\partial L/\\partial u', plain='∂L/∂u'), ', one a step')
    """
    found: list[str | Inline] = []
    end = 0
    for match in MATHEMATICS.finditer(words):
        latex = match[0]
        for letter, command in LETTERS.items():
            latex = latex.replace(letter, command)
        found += [words[end : match.start()], Inline(latex.strip(), match[0])]
        end = match.end()
    return tuple(part for part in (*found, words[end:]) if part)


def joined(text: Text, words: Callable[[str], str], formula: Callable[[Inline], str]) -> str:
    """Prose in one format, from how it writes words and how it writes a formula."""
    return "".join(words(part) if isinstance(part, str) else formula(part) for part in text)


def plain_text(text: Text) -> str:
    return joined(text, lambda words: words, lambda formula: formula.plain)
