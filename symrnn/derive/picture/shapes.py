"""What a picture is made of: nodes, arrows and labels, how much room they take, how they look.

Lengths are centimetres, y points up, and (0, 0) is the lower left corner. In every format the same
nodes stand at the same places; forward arrows are solid, the gradient's dashed and in an accent
colour.
"""

from dataclasses import dataclass
from math import hypot
from typing import Literal, Protocol

from symrnn.language.tree import Ref

RADIUS = 0.36
ROW = 1.4  # from row to row
CELL = 0.08  # the grid on which routes look for what is in their way

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # the middle, half the width, half the height
Kind = Literal["input", "initial", "variable", "loss", "ellipsis"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A node: a disc, or a pill `half` as wide to either side. An ellipsis stands for a row of the
    steps left out, and has a reference of its own, Ref("…", "", row)."""

    ref: Ref
    kind: Kind
    x: float
    y: float
    half: float = RADIUS

    def depth(self, x: float, y: float) -> float:
        """How far a point lies within the border; negative outside."""
        beside = max(0.0, abs(x - self.x) - (self.half - RADIUS))
        return RADIUS - hypot(beside, y - self.y)


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one node to another along a line with rounded corners. A `backward` arrow carries the
    gradient from the reader to what it reads."""

    source: Ref
    target: Ref
    kind: Literal["forward", "backward"]
    points: tuple[Point, ...]
    by: tuple[str, ...] = ()
    """The matrices that stand between its ends."""


@dataclass(frozen=True, slots=True)
class Label:
    """Centred at (x, y): a `weight` names parameters, a `partial` is ∂first/∂second."""

    kind: Literal["weight", "partial"]
    refs: tuple[Ref, ...]
    x: float
    y: float
    at: Ref | None = None
    """The reader of a weight."""


@dataclass(frozen=True, slots=True)
class Picture:
    spots: tuple[Spot, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]
    width: float
    height: float


def half(ref: Ref) -> float:
    """Half the width of a node, by the length of its name: a word that a symbol stands for (`yhat`,
    `alpha`) is short, an index is small."""
    stem, *indices = ref.name.split("_")
    stem = "y" if stem.endswith("hat") or len(stem) in (4, 5) else stem
    letters = len(stem) + 0.6 * (sum(map(len, indices)) + len(indices) + 2 * bool(ref.base))
    return max(RADIUS, 0.1 * letters + 0.06)


def extent(label: Label) -> Point:
    """Half the width and half the height that a label may take."""
    if label.kind == "partial":
        return max(0.14 + 0.6 * half(ref) for ref in label.refs), 0.33
    return sum(0.06 + 0.6 * half(ref) for ref in label.refs), 0.15


CORNER = 0.14
BACKWARD = "#d9480f"  # both accents are readable on white and on black
INPUT = "#1c7ed6"


class Letters(Protocol):
    """How a reference is written: as LaTeX inside $…$, and as plain Unicode."""

    def latex(self, ref: Ref) -> str: ...

    def plain(self, ref: Ref) -> str: ...


def number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def outwards(arrow: Arrow) -> tuple[Point, ...]:
    """The points from what is read to its reader, whichever way the arrow points: then the dashes
    of arrows that share a way lie on each other."""
    return arrow.points[::-1] if arrow.kind == "backward" else arrow.points
