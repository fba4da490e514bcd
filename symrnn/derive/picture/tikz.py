"""A picture as TikZ."""

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

TIKZ_LIBRARIES = ("arrows.meta",)
"""What \\usetikzlibrary must load."""

TEXT_WIDTH = 15.5  # centimetres of a page; what is wider is scaled down


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
    lines += [f"  {_arrow(arrow)}" for arrow in picture.arrows]
    lines += [f"  {_spot(spot, letters)}" for spot in picture.spots]
    lines += [f"  {_label(label, letters)}" for label in picture.labels]
    lines.append("\\end{tikzpicture}")
    if scale < 1:  # corners, dashes and arrow heads as well, unlike TikZ's own scale
        lines = [f"\\scalebox{{{scale:.3f}}}{{%", *lines[:-1], lines[-1] + "%", "}"]
    return "\n".join(lines) + "\n"


def _arrow(arrow: Arrow) -> str:
    return f"\\draw[net {arrow.kind}] {' -- '.join(map(_pair, outwards(arrow)))};"


def _spot(spot: Spot, letters: Letters) -> str:
    at = _pair((spot.x, spot.y))
    if spot.kind == "ellipsis":
        return f"\\node at {at} {{$\\cdots$}};"
    size = _size(spot, letters)
    font = "" if size == 1 else ", font=\\scriptsize" if size > 0.7 else ", font=\\tiny"
    width = f"minimum width={number(2 * spot.half)}cm"
    return f"\\node[net {spot.kind}, {width}{font}] at {at} {{${letters.latex(spot.ref)}$}};"


def _label(label: Label, letters: Letters) -> str:
    names = [letters.latex(ref) for ref in label.refs]
    formula = ",\\,".join(names)
    if label.kind == "partial":
        formula = f"\\dfrac{{\\partial {names[0]}}}{{\\partial {names[1]}}}"
    return f"\\node[net {label.kind}] at {_pair((label.x, label.y))} {{${formula}$}};"


def _pair(point: Point) -> str:
    return f"({number(point[0])}, {number(point[1])})"


def _size(spot: Spot, letters: Letters) -> float:
    """How small a name must be written to fit into its node."""
    text = letters.plain(spot.ref)
    wide = sum(0.11 if letter in _SMALL else 0.0 if letter in _OVER else 0.19 for letter in text)
    return min(1.0, max(0.5, (2 * spot.half - 0.14) / max(wide, 0.01)))


_SMALL = frozenset("₀₁₂₃₄₅₆₇₈₉₋₊,_()[]{}ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ ")
_OVER = frozenset("\u0302\u0303\u0304\u0307")  # accents take no room of their own
