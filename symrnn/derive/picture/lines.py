"""Lines through points: their length, a parallel one, the part between two nodes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, hypot

from symrnn.derive.picture.shapes import CELL, Point, Spot


def length_of(line: Sequence[Point]) -> float:
    return sum(hypot(q[0] - p[0], q[1] - p[1]) for p, q in pairwise(line))


def samples(line: list[Point]) -> Iterator[Point]:
    for (x, y), (u, v) in pairwise(line):
        count = ceil(hypot(u - x, v - y) / CELL)
        yield from ((x + (u - x) * k / count, y + (v - y) * k / count) for k in range(count))


def shifted(line: list[Point], by: float) -> list[Point]:
    """The line moved to its left, in parallel."""
    line = [p for p, q in pairwise(line) if hypot(q[0] - p[0], q[1] - p[1]) > 1e-9] + line[-1:]
    normals = []
    for (x, y), (u, v) in pairwise(line):
        length = hypot(u - x, v - y)
        normals.append(((y - v) / length, (u - x) / length))
    moved = []
    for k, (x, y) in enumerate(line):
        (a, b), (c, d) = normals[max(k - 1, 0)], normals[min(k, len(normals) - 1)]
        scale = by / max(1 + a * c + b * d, 0.2)  # so that both sides keep the distance
        moved.append((x + (a + c) * scale, y + (b + d) * scale))
    return moved


def clipped(line: list[Point], start: Spot, end: Spot) -> tuple[Point, ...]:
    """The line between the borders of two nodes."""
    first = _border(start, line[0], line[1])
    last = _border(end, line[-1], line[-2])
    return (first, *line[1:-1], last)


def _border(spot: Spot, inside: Point, outside: Point) -> Point:
    low, high = 0.0, 1.0
    for _ in range(40):
        k = (low + high) / 2
        x, y = (inside[i] + k * (outside[i] - inside[i]) for i in (0, 1))
        low, high = (k, high) if spot.depth(x, y) > -0.04 else (low, k)
    return inside[0] + high * (outside[0] - inside[0]), inside[1] + high * (outside[1] - inside[1])
