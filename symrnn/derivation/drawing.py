"""A picture as TikZ and as SVG: the same nodes at the same places.

Forward arrows are solid, the gradient's dashed and in an accent colour.
"""

from html import escape
from math import hypot
from typing import Protocol

from symrnn.derivation.picture import (
    RADIUS,
    Arrow,
    Label,
    Picture,
    Point,
    Spot,
)
from symrnn.language.tree import Ref

TIKZ_LIBRARIES = ("arrows.meta",)
"""What \\usetikzlibrary must load."""

TEXT_WIDTH = 15.5  # centimetres of a page; what is wider is scaled down
CORNER = 0.14
UNIT = 40  # pixels of an SVG to a centimetre
BACKWARD = "#d9480f"  # both accents are readable on white and on black
INPUT = "#1c7ed6"


class Letters(Protocol):
    """How a reference is written: as LaTeX inside $…$, and as plain Unicode."""

    def latex(self, ref: Ref) -> str: ...

    def plain(self, ref: Ref) -> str: ...


def tikz(picture: Picture, letters: Letters) -> str:
    """The picture as a tikzpicture; it needs TIKZ_LIBRARIES."""
    scale = min(1.0, TEXT_WIDTH / picture.width)
    options = [
        "x=1cm, y=1cm",
        "every node/.style={inner sep=0pt}",
        f"net/.style={{draw, rounded corners={RADIUS}cm, minimum height={2 * RADIUS:g}cm,"
        " line width=0.5pt, font=\\small}",
        "net input/.style={net, draw=gradientblue, fill=gradientblue!8}",
        "net variable/.style={net, fill=black!4}",
        "net initial/.style={net, dashed}",
        "net loss/.style={net, draw=gradientred, fill=gradientred!8}",
        f"net forward/.style={{-{{Stealth[length=1.6mm]}}, line width=0.5pt,"
        f" rounded corners={CORNER}cm}}",
        f"net backward/.style={{{{Stealth[length=1.6mm]}}-, line width=0.5pt, gradientred,"
        f" dash pattern=on 2pt off 1.2pt, rounded corners={CORNER}cm}}",
        "net weight/.style={font=\\scriptsize}",
        "net partial/.style={font=\\scriptsize, gradientred}",
    ]
    lines = [
        f"\\definecolor{{gradientred}}{{HTML}}{{{BACKWARD[1:].upper()}}}",
        f"\\definecolor{{gradientblue}}{{HTML}}{{{INPUT[1:].upper()}}}",
        "\\begin{tikzpicture}[",
        *(f"  {option}," for option in options),
        "]",
        f"  \\useasboundingbox (0, 0) rectangle {_pair((picture.width, picture.height))};",
    ]
    lines += [f"  {_tikz_arrow(arrow)}" for arrow in picture.arrows]
    lines += [f"  {_tikz_spot(spot, letters)}" for spot in picture.spots]
    lines += [f"  {_tikz_label(label, letters)}" for label in picture.labels]
    lines.append("\\end{tikzpicture}")
    if scale < 1:  # corners, dashes and arrow heads as well, unlike TikZ's own scale
        lines = [f"\\scalebox{{{scale:.3f}}}{{%", *lines[:-1], lines[-1] + "%", "}"]
    return "\n".join(lines) + "\n"


def _tikz_arrow(arrow: Arrow) -> str:
    return f"\\draw[net {arrow.kind}] {' -- '.join(map(_pair, _outwards(arrow)))};"


def _tikz_spot(spot: Spot, letters: Letters) -> str:
    at = _pair((spot.x, spot.y))
    if spot.kind == "ellipsis":
        return f"\\node at {at} {{$\\cdots$}};"
    size = _size(spot, letters)
    font = "" if size == 1 else ", font=\\scriptsize" if size > 0.7 else ", font=\\tiny"
    width = f"minimum width={_number(2 * spot.half)}cm"
    return f"\\node[net {spot.kind}, {width}{font}] at {at} {{${letters.latex(spot.ref)}$}};"


def _tikz_label(label: Label, letters: Letters) -> str:
    names = [letters.latex(ref) for ref in label.refs]
    formula = ",\\,".join(names)
    if label.kind == "partial":
        formula = f"\\dfrac{{\\partial {names[0]}}}{{\\partial {names[1]}}}"
    return f"\\node[net {label.kind}] at {_pair((label.x, label.y))} {{${formula}$}};"


def _pair(point: Point) -> str:
    return f"({_number(point[0])}, {_number(point[1])})"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _outwards(arrow: Arrow) -> tuple[Point, ...]:
    """The points from what is read to its reader, whichever way the arrow points: then the dashes
    of arrows that share a way lie on each other."""
    return arrow.points[::-1] if arrow.kind == "backward" else arrow.points


def _size(spot: Spot, letters: Letters) -> float:
    """How small a name must be written to fit into its node."""
    text = letters.plain(spot.ref)
    wide = sum(0.11 if letter in _SMALL else 0.0 if letter in _OVER else 0.19 for letter in text)
    return min(1.0, max(0.5, (2 * spot.half - 0.14) / max(wide, 0.01)))


_SMALL = frozenset("₀₁₂₃₄₅₆₇₈₉₋₊,_()[]{}ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ ")
_OVER = frozenset("\u0302\u0303\u0304\u0307")  # accents take no room of their own


# SVG


def svg(picture: Picture, letters: Letters) -> str:
    """The picture as one <svg> element that stands on any page, light or dark."""
    width, height = _number(picture.width * UNIT), _number(picture.height * UNIT)
    back = any(arrow.kind == "backward" for arrow in picture.arrows)
    title = "The network, unrolled in time" + (", with the way of its gradient" if back else "")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="network" role="img"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' style="max-width: 100%; height: auto" font-family="serif" fill="currentColor">',
        f"<title>{title}</title>",
    ]
    lines += [_svg_arrow(arrow, picture.height) for arrow in picture.arrows]
    lines += [_svg_spot(spot, letters, picture.height) for spot in picture.spots]
    lines += [_svg_label(label, letters, picture.height) for label in picture.labels]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _svg_arrow(arrow: Arrow, height: float) -> str:
    points = [(x * UNIT, (height - y) * UNIT) for x, y in _outwards(arrow)]
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
    return f"{_number(point[0])},{_number(point[1])}"


def _svg_spot(spot: Spot, letters: Letters, height: float) -> str:
    x, y = spot.x * UNIT, (height - spot.y) * UNIT
    if spot.kind == "ellipsis":
        return _text(x, y, "⋯", 16, "ellipsis")
    wide, high = spot.half * UNIT, RADIUS * UNIT
    colour = {"input": INPUT, "loss": BACKWARD}.get(spot.kind, "currentColor")
    dashes = ' stroke-dasharray="3 2"' if spot.kind == "initial" else ""
    filled = "0" if spot.kind == "initial" else "0.08"
    name = _text(x, y, letters.plain(spot.ref), 15 * _size(spot, letters), "name")
    return (
        f'<g class="{spot.kind}"><rect x="{_number(x - wide)}" y="{_number(y - high)}"'
        f' width="{_number(2 * wide)}" height="{_number(2 * high)}" rx="{_number(high)}"'
        f' fill="{colour}" fill-opacity="{filled}" stroke="{colour}" stroke-width="1.1"{dashes}/>'
        f"{name}</g>"
    )


def _svg_label(label: Label, letters: Letters, height: float) -> str:
    x, y = label.x * UNIT, (height - label.y) * UNIT
    names = [letters.plain(ref) for ref in label.refs]
    if label.kind == "weight":
        return _text(x, y, ", ".join(names), 11.5, "weight")
    wide = 4 + 3.1 * max(map(len, names))
    return (
        f'<g class="partial" fill="{BACKWARD}">{_text(x, y - 7, "∂" + names[0], 11.5, "over")}'
        f'<path d="M{_xy((x - wide, y))} L{_xy((x + wide, y))}" stroke="{BACKWARD}"/>'
        f"{_text(x, y + 8, '∂' + names[1], 11.5, 'under')}</g>"
    )


def _text(x: float, y: float, text: str, size: float, name: str) -> str:
    # a baseline by number: not every viewer knows dominant-baseline
    at = f'x="{_number(x)}" y="{_number(y + 0.32 * size)}" font-size="{_number(size)}"'
    return (
        f'<text class="{name}" {at} font-style="italic" text-anchor="middle">{escape(text)}</text>'
    )
