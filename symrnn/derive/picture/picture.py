"""The unrolled network as a picture, before any format: arrows around nodes, labels beside them.

Everything is drawn from the system; what symrnn made up between two of the author's variables is
folded away.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, product
from math import hypot

from symrnn.derive.picture.plan import Plan, ReadGraph
from symrnn.derive.picture.routes import Router, length_of, samples
from symrnn.derive.picture.shapes import (
    RADIUS,
    Arrow,
    Box,
    Label,
    Picture,
    Point,
    Spot,
    extent,
)
from symrnn.language.tree import Ref
from symrnn.system.system import System
from symrnn.system.windows import Windows


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
        x = inside[0] + k * (outside[0] - inside[0])
        y = inside[1] + k * (outside[1] - inside[1])
        low, high = (k, high) if spot.depth(x, y) > -0.04 else (low, k)
    return inside[0] + high * (outside[0] - inside[0]), inside[1] + high * (outside[1] - inside[1])


SQUARE = 0.5
"""Among arrows, what is near is looked for in squares of this size."""


def labels_of(plan: Plan, arrows: list[Arrow]) -> list[Label]:
    together = {name: group for group in plan.groups for name in group}
    fixed = [(s.x, s.y, s.half, RADIUS) for s in plan.spots.values()]
    taken: dict[Point, list[Box]] = {}  # by the squares that they lie in
    for arrow in arrows:
        for x, y in samples(arrow.points):
            taken.setdefault((x // SQUARE, y // SQUARE), []).append((x, y, 0.03, 0.03))
    labels: list[Label] = []
    for arrow in arrows:
        u, v = arrow.source, arrow.target
        if arrow.kind == "forward" and plan.edges[u, v]:
            if not plan.tells_weights(v):
                continue
            label = Label("weight", tuple(map(Ref, plan.edges[u, v])), 0.0, 0.0, v)
        elif (
            plan.labelled and arrow.kind == "backward" and v.shift != u.shift and v.base and u.base
        ):
            if together.get(u.name) != together.get(v.name):
                continue
            label = Label("partial", (u, v), 0.0, 0.0)
        else:
            continue
        alone = arrow if plan.labelled else replace(arrow, points=arrow.points[-2:])
        label = _beside(alone, label, taken, fixed)
        box = (label.x, label.y, *extent(label))
        if any(_overlap(box, other) for other in fixed):
            continue  # there is no room for it
        fixed.append(box)
        labels.append(label)
    return labels


def _around(box: Box, among: Mapping[Point, list[Box]]) -> Iterator[Box]:
    """Those that may overlap a box, by the squares within its reach."""
    x, y, wide, high = box
    columns = range(int((x - wide) // SQUARE) - 1, int((x + wide) // SQUARE) + 2)
    rows = range(int((y - high) // SQUARE) - 1, int((y + high) // SQUARE) + 2)
    for square in product(columns, rows):
        yield from among.get(square, ())


def _overlap(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]


def _beside(
    arrow: Arrow, label: Label, taken: Mapping[Point, list[Box]], fixed: list[Box]
) -> Label:
    """The label at the side of its arrow where least is in the way."""
    wide, high = extent(label)
    (x, y), (u, v) = max(pairwise(arrow.points), key=lambda s: round(length_of(s), 6))
    length = length_of([(x, y), (u, v)])
    a, b = (y - v) / length, (u - x) / length
    out = abs(a) * wide + abs(b) * high + 0.06
    places = [
        replace(label, x=x + (u - x) * k + side * a * out, y=y + (v - y) * k + side * b * out)
        for k, side in product((0.5, 0.4, 0.6, 0.3, 0.7, 0.8), (1, -1))
    ]

    def crowd(place: Label) -> int:
        box = (place.x, place.y, wide, high)
        lines = sum(_overlap(box, other) for other in _around(box, taken))
        return lines + 1000 * sum(_overlap(box, other) for other in fixed)

    return min(places, key=crowd)


LANE = 0.06  # from the middle of a route to the arrows of either direction
MARGIN = 0.15


def picture(
    system: System, own: Collection[str], most: int = 6, windows: Windows | None = None
) -> Picture:
    """The picture of an unrolled system with the variables `own`, time from left to right.

    Above `most` steps the middle ones are left out. No gradient comes back from another window.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, unroll
    >>> system = normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"), stable=False)
    >>> [(a.source.name, a.target.name) for a in picture(unroll(system, 1), ["h", "L"]).arrows]
    [('x', 'h'), ('h', 'h'), ('h', 'L'), ('L', 'h')]
    """
    network = ReadGraph(system, own, windows)
    plan = Plan(network, most)
    routes = Router(plan).routes()
    arrows: list[Arrow] = []
    for (u, v), line in routes.items():
        back = (u, v) in plan.flows
        ends = plan.spots[u], plan.spots[v]
        there = clipped(shifted(line, LANE * back), *ends)
        arrows.append(Arrow(u, v, "forward", there, plan.edges[u, v]))
        if back:
            lane = clipped(shifted(line, -LANE), *ends)
            arrows.append(Arrow(v, u, "backward", lane[::-1]))
    labels = labels_of(plan, arrows)
    return _framed([*plan.spots.values()], arrows, labels)


def _framed(spots: list[Spot], arrows: list[Arrow], labels: list[Label]) -> Picture:
    """The picture moved to the origin, with a margin around it."""
    boxes = [(s.x, s.y, s.half, RADIUS) for s in spots]
    boxes += [(x, y, 0.1, 0.1) for arrow in arrows for x, y in arrow.points]
    boxes += [(label.x, label.y, *extent(label)) for label in labels]
    dx = MARGIN - min((x - w for x, _, w, _ in boxes), default=0.0)
    dy = MARGIN - min((y - h for _, y, _, h in boxes), default=0.0)
    return Picture(
        tuple(replace(s, x=s.x + dx, y=s.y + dy) for s in spots),
        tuple(replace(a, points=tuple((x + dx, y + dy) for x, y in a.points)) for a in arrows),
        tuple(replace(label, x=label.x + dx, y=label.y + dy) for label in labels),
        MARGIN + dx + max((x + w for x, _, w, _ in boxes), default=0.0),
        MARGIN + dy + max((y + h for _, y, _, h in boxes), default=0.0),
    )
