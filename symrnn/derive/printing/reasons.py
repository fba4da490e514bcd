r"""Reasons beside the lines of an equation, or below them where a line has no room for both.

`Words` are broken between words and never within a formula, for LaTeX by the widths of TeX's own
letters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from symrnn.derive.formula import Equation, Formula, Words
from symrnn.derive.printing.measure import UPRIGHT, measure

SPACE = 0.33
"""How wide TeX sets the space between two words, in em."""

Piece = tuple[str, bool]
"""A word, or a formula as it is printed, and whether it is a formula."""

Chunk = tuple[Piece, ...]
"""What no space stands in: a word, or a formula with the comma behind it."""


@dataclass(frozen=True)
class Row:
    """One line of a display, and what is said beside it."""

    formula: str
    words: str = ""


def by_right(
    equations: Sequence[Equation],
    lines: Callable[[Equation], list[str]],
    again: Callable[[list[str], Equation], list[str]],
) -> list[tuple[list[str], Words]]:
    """The lines of each right side, with its reason. A printer says how it writes an equation, and
    how one whose left side stands already; the last right side has the steps."""
    found: list[tuple[list[str], Words]] = []
    for equation in equations:
        last = len(equation.rights) - 1
        for place, right in enumerate(equation.rights):
            part = replace(equation, rights=(right,), reasons=())
            if place < last:
                part = replace(part, steps=(), but=())
            own = lines(part)
            reason = equation.reasons[place] if place < len(equation.reasons) else ()
            found.append((again(own, equation) if place else own, reason))
    return found


def beside(formulas: Sequence[str], words: Sequence[str]) -> list[Row]:
    """The lines of a formula and those of its reason next to each other.

    >>> [(row.formula, row.words) for row in beside(["a"], ["one", "two"])]
    [('a', 'one'), ('', 'two')]
    """
    count = max(len(formulas), len(words))
    left = [*formulas, *[""] * (count - len(formulas))]
    right = [*words, *[""] * (count - len(words))]
    return [Row(*pair) for pair in zip(left, right, strict=True)]


def chunks(words: Words, line: Callable[[Formula], str]) -> list[Chunk]:
    """The words and formulas of a reason; what no space parts stays together."""
    found: list[list[Piece]] = [[]]
    for part in words:
        if not isinstance(part, str):
            found[-1].append((line(part), True))
            continue
        first, *others = part.split(" ")
        found[-1] += [(first, False)] if first else []
        found += [[(word, False)] if word else [] for word in others]
    return [tuple(chunk) for chunk in found if chunk]


def filled(
    pieces: Sequence[Chunk], width: Callable[[Chunk], float], space: float, room: float
) -> list[list[Chunk]]:
    """The chunks in lines."""
    lines: list[list[Chunk]] = []
    used = 0.0
    for chunk in pieces:
        own = width(chunk)
        if lines and used + space + own <= room:
            lines[-1].append(chunk)
            used += space + own
        else:
            lines.append([chunk])
            used = own
    return lines


def latex_words(words: Words, line: Callable[[Formula], str], room: float) -> list[str]:
    r"""A reason in lines of LaTeX.

    >>> from symrnn.language.tree import Ref
    >>> latex_words(("since ", Ref("O"), ", the value, is known"), lambda ref: ref.name, 8)
    ['\\text{since }O\\text{, the}', '\\text{value, is known}']
    """
    lines = filled(chunks(words, line), _wide, SPACE, room)
    return [_spelt(each) for each in lines]


def wide_as(words: Words, line: Callable[[Formula], str]) -> float:
    """How wide a reason would be in one line of LaTeX."""
    found = chunks(words, line)
    return sum(map(_wide, found)) + SPACE * max(len(found) - 1, 0)


def _wide(chunk: Chunk) -> float:
    return sum(
        measure(text) if formula else sum(UPRIGHT.get(letter, 50) for letter in text) / 100
        for text, formula in chunk
    )


def _spelt(line: Sequence[Chunk]) -> str:
    """Words within \\text, formulas between them."""
    found: list[str] = []
    text = ""
    for place, chunk in enumerate(line):
        text += " " if place else ""
        for piece, formula in chunk:
            if not formula:
                text += piece
                continue
            found += [rf"\text{{{text}}}"] if text else []
            found.append(piece)
            text = ""
    return "".join([*found, *([rf"\text{{{text}}}"] if text else [])])
