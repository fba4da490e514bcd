"""The unrolled network as a picture, before any format: arrows around nodes, labels beside them.

Everything is drawn from the system; what symrnn made up between two of the author's variables is
folded away.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from math import ceil, hypot

from symrnn.derive.picture.plan import GUTTER, Plan, ReadGraph
from symrnn.derive.picture.shapes import (
    CELL,
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


class Router:
    """Routes around nodes. Edges of one kind, such as h[t-1] to i[t], run alike at every step."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nodes: dict[Point, Ref] = {}
        self.lines: dict[Point, set[Ref]] = {}
        clear = RADIUS + 0.12
        for ref, spot in plan.spots.items():
            wide, high = ceil((spot.half + 0.12) / CELL) + 1, ceil(clear / CELL) + 1
            for i, j in product(range(-wide, wide + 1), range(-high, high + 1)):
                x, y = _cell((spot.x + i * CELL, spot.y + j * CELL))
                if spot.depth(x * CELL, y * CELL) > -0.12:
                    self.nodes[x, y] = ref

    def routes(self) -> dict[tuple[Ref, Ref], list[Point]]:
        kinds: dict[object, list[tuple[Ref, Ref]]] = {}
        for u, v in self.plan.edges:
            kinds.setdefault(self.kind(u, v), []).append((u, v))
        found: dict[tuple[Ref, Ref], list[Point]] = {}
        for edges in sorted(kinds.values(), key=lambda edges: self.reach(*edges[0])):
            best = self.best(edges)
            for (u, v), line in zip(edges, best, strict=True):
                found[u, v] = line
                for point in samples(line):
                    self.lines.setdefault(_cell(point), set()).add(u)
        return {edge: found[edge] for edge in self.plan.edges}

    def best(self, edges: list[tuple[Ref, Ref]]) -> tuple[list[Point], ...]:
        """The cheapest way for all of them; a straight one that is free is not compared."""
        lowest, found = float("inf"), None
        for lines in zip(*(self.candidates(u, v) for u, v in edges), strict=True):
            straight = found is None
            if 0.6 * sum(map(length_of, lines)) > lowest:
                continue
            cost = sum(self.cost(e, line) for e, line in zip(edges, lines, strict=True))
            if cost < lowest - 1e-9:
                lowest, found = cost, lines
            if straight and cost < 1.15 * sum(map(length_of, lines)):
                break
        assert found is not None
        return found

    def kind(self, u: Ref, v: Ref) -> object:
        if "…" in (u.name, v.name):
            return u, v
        row = round(self.plan.spots[v].y / self.plan.row)
        if not (u.base and v.base):
            return u.name, row, v.name
        lag = v.shift - u.shift
        # those that pass over a step overlap their like: they take turns
        return u.name, row, lag, u.shift % abs(lag) if lag else 0

    def reach(self, u: Ref, v: Ref) -> float:
        a, b = self.plan.spots[u], self.plan.spots[v]
        return round(abs(a.x - b.x) + abs(a.y - b.y), 6)

    def candidates(self, u: Ref, v: Ref) -> Iterator[list[Point]]:
        """Straight; around a corner; through the gutters and the channels between rows."""
        a, b = self.plan.spots[u], self.plan.spots[v]
        p, q = (a.x, a.y), (b.x, b.y)
        yield [p, q]
        yield [p, (a.x, b.y), q]
        yield [p, (b.x, a.y), q]
        for bow in (0.6, -0.6, 0.8, -0.8, 1.0, -1.0):
            if self.plan.column[u] != self.plan.column[v]:
                break
            yield [p, (a.x + bow, a.y + self.plan.row / 2), (a.x + bow, b.y - self.plan.row / 2), q]
        into = (b.x - 0.17 if a.x < b.x else b.x + 0.17, b.y)
        enters = [b.y - self.plan.row / 2 + track for track in (0.0, -0.2)]
        enters += [b.y + self.plan.row / 2 + track for track in (0.0, 0.2)]
        leaves = [a.y + self.plan.row / 2, a.y - self.plan.row / 2]
        for y in (*leaves, leaves[0] + 0.2, leaves[1] - 0.2):
            yield [p, (a.x, y), (b.x, y), q]
        for x, y in product(self.gutters(u, v), enters):
            yield [p, (x, a.y), (x, y), (into[0], y), into]
            for leave in leaves:
                yield [p, (a.x, leave), (x, leave), (x, y), (into[0], y), into]
        for x in self.gutters(u, v):
            yield [p, (x, a.y), (x, b.y), q]
            for leave in leaves:
                yield [p, (a.x, leave), (x, leave), (x, b.y), q]

    def gutters(self, u: Ref, v: Ref) -> Iterator[float]:
        """Where a vertical line may run beside the columns of an edge."""
        columns = self.plan.columns
        for column in (self.plan.column[u], self.plan.column[v]):
            left, right = columns[column]
            before = columns[column - 1][1] if column else left - GUTTER
            after = columns[column + 1][0] if column + 1 < len(columns) else right + GUTTER
            for middle in ((right + after) / 2, (before + left) / 2):
                yield from (middle + track for track in (0.0, 0.24, -0.24, 0.48))

    def cost(self, edge: tuple[Ref, Ref], line: list[Point]) -> float:
        """Its length, which is cheaper along arrows from the same node and dear along others."""
        total = 0.4 * (len(line) - 2)
        (x, y), (u, v) = line[-2:]
        if self.plan.column[edge[0]] != self.plan.column[edge[1]] and x == u and y > v:
            total += 4.0  # what enters from above crosses what leaves
        for point in samples(line):
            cell = _cell(point)
            hit = self.nodes.get(cell)
            others = self.lines.get(cell, set())
            total += 1000 * (hit is not None and hit not in edge)
            total += CELL * (0.6 if edge[0] in others else 1.0)
            total += 3 * CELL * len(others - {edge[0]})
        return total


def _cell(point: Point) -> Point:
    return round(point[0] / CELL), round(point[1] / CELL)


def labels_of(plan: Plan, arrows: list[Arrow]) -> list[Label]:
    together = {name: group for group in plan.groups for name in group}
    fixed = [(s.x, s.y, s.half, RADIUS) for s in plan.spots.values()]
    taken: list[Box] = []
    for arrow in arrows:
        taken += [(x, y, 0.03, 0.03) for x, y in samples([*arrow.points])]
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


def _overlap(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]


def _beside(arrow: Arrow, label: Label, taken: list[Box], fixed: list[Box]) -> Label:
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
        lines = sum(_overlap(box, other) for other in taken)
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
