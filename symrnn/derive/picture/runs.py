r"""A symbol's LaTeX as runs of text: what SVG needs to set subscripts and superscripts as such."""

import re
from dataclasses import dataclass, replace

from symrnn.derive.notation.glyph import ACCENTS, FONTS, GREEK, SIGNS, Piece, accented

SHRINK = 0.7
"""The size of a script beside what it belongs to."""

SINK, LIFT = 0.22, 0.42
"""How far a subscript goes down and a superscript up, in sizes of what it belongs to."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style; `size` and `rise` are in sizes of the line."""

    text: str
    size: float = 1.0
    rise: float = 0.0
    italic: bool = False
    bold: bool = False

    @property
    def width(self) -> float:
        """About how wide it is, in sizes of the line."""
        return self.size * sum(_width(letter) for letter in self.text)


def _width(letter: str) -> float:
    if letter in "\u0302\u0303\u0304\u0307\u20d7":
        return 0.0
    if letter in "ijlt,.'′()[]":
        return 0.32
    return 0.75 if letter.isupper() or letter in "mw+-−" else 0.5


def runs(latex: str) -> tuple[Run, ...]:
    r"""The runs of a symbol.

    >>> [(run.text, run.size, run.rise, run.italic) for run in runs(r"\hat{y}_{i,2}")]
    [('ŷ', 1.0, 0.0, True), ('i', 0.7, -0.22, True), (',2', 0.7, -0.22, False)]
    """
    found: list[Run] = []
    for run in _Reader(latex).whole(Run("")):
        last = found[-1] if found else None
        if last and replace(last, text="") == replace(run, text=""):
            found[-1] = replace(last, text=last.text + run.text)
        else:
            found.append(run)
    return tuple(found)


_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
UPRIGHT = ("mathrm", "mathsf", "mathbf", "text", "operatorname")
UPPER = tuple("ΓΔΘΛΞΠΣΥΦΨΩ")


class _Reader:
    """Reads LaTeX that was checked before; what it does not know it spells."""

    def __init__(self, latex: str) -> None:
        self.tokens = [token for token in _TOKEN.findall(latex) if token != " "][::-1]

    def whole(self, style: Run, font: str = "") -> list[Run]:
        """Everything up to the end of the group."""
        found: list[Run] = []
        while self.tokens:
            token = self.tokens.pop()
            if token == "}":
                break
            found += self.one(token, style, font)
        return found

    def one(self, token: str, style: Run, font: str) -> list[Run]:
        """What begins with this token: a letter, a group, a macro with its argument, a script."""
        name = token.removeprefix("\\")
        if token == "{":
            return self.whole(style, font)
        if token in ("_", "^"):
            by = -SINK if token == "_" else LIFT
            size, rise = SHRINK * style.size, style.rise + by * style.size
            return self.argument(replace(style, size=size, rise=rise), font)
        if token != name and name in ACCENTS:
            letters = "".join(run.text for run in self.argument(style, font))
            return [self.spelt(accented(name, Piece("", letters)).plain, style, font)]
        if token != name and (name in FONTS or name in UPRIGHT):
            return self.argument(style, name)
        if token != name and (name in GREEK or name in SIGNS):
            return [self.spelt(GREEK.get(name) or SIGNS[name], style, font)]
        return [self.spelt("−" if token == "-" else name, style, font)]

    def argument(self, style: Run, font: str) -> list[Run]:
        return self.one(self.tokens.pop(), style, font) if self.tokens else []

    def spelt(self, text: str, style: Run, font: str) -> Run:
        """Letters are italic, unless a font says otherwise; digits and signs never are."""
        italic = text.isalpha() and font not in UPRIGHT and text not in UPPER
        return replace(style, text=text, italic=italic, bold=font in ("mathbf", "boldsymbol"))
