"""A picture as SVG, for a page of HTML; its symbols are text with indices."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from math import hypot

from symrnn.derive.notation.symbol import ACCENTS, FONTS, GREEK, SIGNS, Piece, accented
from symrnn.derive.picture.marks import arrow as mark_of_arrow
from symrnn.derive.picture.marks import mark, use
from symrnn.derive.picture.shapes import (
    BACKWARD,
    CORNER,
    INPUT,
    RADIUS,
    Arrow,
    Label,
    Letters,
    Picture,
    Point,
    Spot,
    number,
    outwards,
)

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
        return self.size * sum(_letter_width(letter) for letter in self.text)


def _letter_width(letter: str) -> float:
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


UNIT = 40  # pixels of an SVG to a centimetre
SMALLEST = 0.75
"""No smaller does a narrow page show it: names are to be read, and the page scrolls."""
NAME, LABEL = 15, 12  # the size of a name in its node, of a name beside an arrow


def svg(picture: Picture, letters: Letters, marked: bool = False) -> str:
    """The picture as one <svg> element that stands on any page, light or dark; `marked` says of
    each part what it shows, so that a page can light it up (see `marks`)."""
    width, height = number(picture.width * UNIT), number(picture.height * UNIT)
    least = number(picture.width * UNIT * SMALLEST)
    back = any(arrow.kind == "backward" for arrow in picture.arrows)
    title = "The network, unrolled in time" + (", with the way of its gradient" if back else "")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="network" role="img"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' style="max-width: 100%; min-width: {least}px; height: auto"'
        f' font-family="serif" fill="currentColor">',
        f"<title>{title}</title>",
    ]
    parts: list[Arrow | Spot | Label] = [*picture.arrows, *picture.spots, *picture.labels]
    for part in parts:
        drawn = _part(part, letters, picture.height)
        marks = " ".join(_marks(part)) if marked else ""
        lines.append(f'<g data-at="{marks}">{drawn}</g>' if marks else drawn)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _part(part: Arrow | Spot | Label, letters: Letters, height: float) -> str:
    match part:
        case Arrow():
            return _arrow(part, height)
        case Spot():
            return _spot(part, letters, height)
        case Label():
            return _label(part, letters, height)


def _marks(part: Arrow | Spot | Label) -> tuple[str, ...]:
    """What a part of a picture shows."""
    match part:
        case Arrow(source, target, _, _, by):
            if "…" in (source.name, target.name):
                return ()
            return mark_of_arrow(source, target), *(use(name, target) for name in by)
        case Spot(ref, kind):
            return () if kind == "ellipsis" or ref.name == "…" else (mark(ref),)
        case Label("partial", (of, by), _, _):
            return (mark_of_arrow(of, by),)
        case Label(_, refs, _, _, at):
            return () if at is None else tuple(use(ref.name, at) for ref in refs)


def _arrow(arrow: Arrow, height: float) -> str:
    points = [(x * UNIT, (height - y) * UNIT) for x, y in outwards(arrow)]
    colour = BACKWARD if arrow.kind == "backward" else "currentColor"
    dashes = ' stroke-dasharray="4 2.4"' if arrow.kind == "backward" else ""
    # the line ends within the head, whose tip is the last point
    head = points[:2] if arrow.kind == "backward" else points[:-3:-1]
    tip, before = head[0], head[1]
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    x, y = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    neck = (tip[0] - 4.5 * x, tip[1] - 4.5 * y)
    corners = [
        tip,
        (tip[0] - 6.5 * x - 2.6 * y, tip[1] - 6.5 * y + 2.6 * x),
        neck,
        (tip[0] - 6.5 * x + 2.6 * y, tip[1] - 6.5 * y - 2.6 * x),
    ]
    points[0 if arrow.kind == "backward" else -1] = neck
    return (
        f'<g class="{arrow.kind}" stroke="{colour}" fill="{colour}">'
        f'<path d="{_rounded(points)}" fill="none" stroke-width="1.1"{dashes}/>'
        f'<path d="M{" L".join(map(_xy, corners))} Z" stroke="none"/></g>'
    )


def _rounded(points: list[Point]) -> str:
    """A line through the points as an SVG path, its corners rounded."""
    path = [f"M{_xy(points[0])}"]
    for k in range(1, len(points) - 1):
        before, corner, after = points[k - 1 : k + 2]
        path += [
            f"L{_xy(_toward(corner, before))}",
            f"Q{_xy(corner)} {_xy(_toward(corner, after))}",
        ]
    return " ".join([*path, f"L{_xy(points[-1])}"])


def _toward(corner: Point, other: Point) -> Point:
    length = hypot(other[0] - corner[0], other[1] - corner[1])
    k = min(0.5, CORNER * UNIT / max(length, 1e-9))
    return corner[0] + k * (other[0] - corner[0]), corner[1] + k * (other[1] - corner[1])


def _xy(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"


def _spot(spot: Spot, letters: Letters, height: float) -> str:
    x, y = spot.x * UNIT, (height - spot.y) * UNIT
    if spot.kind == "ellipsis":
        return _text(x, y, (Run("⋯"),), 16, "ellipsis")
    wide, high = spot.half * UNIT, RADIUS * UNIT
    colour = {"input": INPUT, "loss": BACKWARD}.get(spot.kind, "currentColor")
    dashes = ' stroke-dasharray="3 2"' if spot.kind == "initial" else ""
    filled = "0" if spot.kind == "initial" else "0.08"
    text = runs(letters.latex(spot.ref))
    size = min(NAME, (2 * wide - 4) / max(_width(text), 0.01))
    name = _text(x, y, text, max(NAME / 2, size), "name")
    return (
        f'<g class="{spot.kind}"><rect x="{number(x - wide)}" y="{number(y - high)}"'
        f' width="{number(2 * wide)}" height="{number(2 * high)}" rx="{number(high)}"'
        f' fill="{colour}" fill-opacity="{filled}" stroke="{colour}" stroke-width="1.1"{dashes}/>'
        f"{name}</g>"
    )


def _label(label: Label, letters: Letters, height: float) -> str:
    x, y = label.x * UNIT, (height - label.y) * UNIT
    names = [runs(letters.latex(ref)) for ref in label.refs]
    if label.kind == "weight":
        text = [run for name in names for run in (Run(", "), *name)]
        return _text(x, y, text[1:], LABEL, "weight")
    over, under = ((Run("∂"), *name) for name in names)
    wide = 2 + LABEL * max(_width(over), _width(under)) / 2
    return (
        f'<g class="partial" fill="{BACKWARD}">{_text(x, y - 7, over, LABEL, "over")}'
        f'<path d="M{_xy((x - wide, y))} L{_xy((x + wide, y))}" stroke="{BACKWARD}"/>'
        f"{_text(x, y + 8, under, LABEL, 'under')}</g>"
    )


def _width(text: Sequence[Run]) -> float:
    return sum(run.width for run in text)


def _text(x: float, y: float, text: Sequence[Run], size: float, name: str) -> str:
    # a baseline by number: not every viewer knows dominant-baseline, or baseline-shift
    at = f'x="{number(x)}" y="{number(y + 0.32 * size)}" font-size="{number(size)}"'
    parts, rise = [], 0.0
    for run in text:
        style = ' font-style="italic"' if run.italic else ""
        style += ' font-weight="bold"' if run.bold else ""
        style += f' font-size="{number(run.size * size)}"' if run.size != 1 else ""
        style += f' dy="{number((rise - run.rise) * size)}"' if run.rise != rise else ""
        parts.append(f"<tspan{style}>{escape(run.text)}</tspan>" if style else escape(run.text))
        rise = run.rise
    return f'<text class="{name}" {at} text-anchor="middle">{"".join(parts)}</text>'
