"""Text in one dimension: how many columns it takes, small letters, brackets."""

import unicodedata
from collections.abc import Sequence

from symrnn.derive.notation.spelling import SUBSCRIPTS, SUPERSCRIPTS
from symrnn.derive.printing.layout import Atom


def columns(text: str) -> int:
    """How many columns a text takes: accents stand above a letter, some letters take two.

    >>> columns("∂L/∂w"), columns("中文"), columns("y\u0302")
    (5, 4, 1)
    """
    return sum(
        0
        if unicodedata.category(letter) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


GLUE = "\x00"
"""A space at which no line is broken; no text that is made visible holds it."""


def filled(text: str, width: int) -> list[str]:
    r"""Prose in lines of at most `width` columns; 0 for no limit.

    >>> filled("Here δ\x00=\x00∂L/∂a, and so on.", 14)
    ['Here', 'δ = ∂L/∂a, and', 'so on.']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and (not width or columns(lines[-1]) + 1 + columns(word) <= width):
            lines[-1] += " " + word
        else:
            lines.append(word)
    return [line.replace(GLUE, " ") for line in lines]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table: columns one below the other, and a rule under its first row.

    >>> print("\\n".join(aligned([["t", "O₁"], ["2", "0.4"]])))
    t  O₁
    -  ---
    2  0.4
    """
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    header, *others = rows
    return [
        "  ".join(
            cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (header, ["-" * width for width in widths], *others)
    ]


def atom(text: str, broken: str | None = None) -> Atom:
    return Atom(text, columns(text), broken=broken)


class PlainBrackets:
    """The same brackets on one line and around several."""

    def width(self, tall: bool) -> float:
        return 1

    def flat(self, left: str, right: str, body: str, tall: bool) -> str:
        return f"{left}{body}{right}"

    def open(self, left: str, tall: bool) -> str:
        return left

    def close(self, right: str, tall: bool) -> str:
        return right


RAISED = frozenset(SUPERSCRIPTS.values())
"""What a name or a power may end in: another power needs brackets before it."""


def lowered(text: str) -> str:
    """A subscript in small letters, or in braces where Unicode lacks one of them."""
    if all(ord(letter) in SUBSCRIPTS for letter in text):
        return text.translate(SUBSCRIPTS)
    return f"_{text}" if len(text) == 1 else f"_{{{text}}}"
