"""What a picture looks like in every format: the same nodes at the same places.

Forward arrows are solid, the gradient's dashed and in an accent colour.
"""

from typing import Protocol

from symrnn.derive.picture.shapes import Arrow, Point
from symrnn.language.tree import Ref

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
