"""The ways of the arrows: lines around the nodes, few corners, few crossings."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product, starmap
from math import ceil, dist, hypot

from symrnn.derive.picture.plan import GUTTER, Plan
from symrnn.derive.picture.shapes import CELL, RADIUS, Point
from symrnn.language.tree import Ref


def length_of(line: Sequence[Point]) -> float:
    return sum(starmap(dist, pairwise(line)))


def samples(line: Sequence[Point]) -> Iterator[Point]:
    for (x, y), (u, v) in pairwise(line):
        count = ceil(hypot(u - x, v - y) / CELL)
        yield from ((x + (u - x) * k / count, y + (v - y) * k / count) for k in range(count))


def _cell(point: Point) -> Point:
    return round(point[0] / CELL), round(point[1] / CELL)


def cells(line: Sequence[Point]) -> Iterator[Point]:
    return map(_cell, samples(line))


ALONG = 0.6
"""What a line costs along another from the same node; alone, it costs its length."""


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
                for cell in cells(line):
                    self.lines.setdefault(cell, set()).add(u)
        return {edge: found[edge] for edge in self.plan.edges}

    def best(self, edges: list[tuple[Ref, Ref]]) -> tuple[list[Point], ...]:
        """The cheapest way for all of them; a straight one that is free is not compared.

        What a way costs at least its shape says; it is given up once it costs more than another.
        Many share a stretch, whose toll is found once.
        """
        lowest, found = float("inf"), None
        tolls: dict[tuple[int, Point, Point], float] = {}
        for lines in zip(*(self.candidates(u, v) for u, v in edges), strict=True):
            straight = found is None
            cost = sum(self.least(e, line) for e, line in zip(edges, lines, strict=True))
            for stretch in ((n, p, q) for n, line in enumerate(lines) for p, q in pairwise(line)):
                if cost > lowest:
                    break
                if stretch not in tolls:
                    number, *ends = stretch
                    tolls[stretch] = self.toll(edges[number], ends)
                cost += tolls[stretch]
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

    def least(self, edge: tuple[Ref, Ref], line: list[Point]) -> float:
        """What a line costs where nothing is in its way: corners, and its length at the lower
        price."""
        (x, y), (u, v) = line[-2:]
        total = 0.4 * (len(line) - 2) + ALONG * length_of(line)
        if x == u and y > v and self.plan.column[edge[0]] != self.plan.column[edge[1]]:
            total += 4.0  # what enters from above crosses what leaves
        return total

    def toll(self, edge: tuple[Ref, Ref], ends: Sequence[Point]) -> float:
        """What a stretch costs besides: it is cheap along arrows from the same node, dear along
        others."""
        total = -ALONG * length_of(ends)
        for cell in cells(ends):
            total += CELL
            hit = self.nodes.get(cell)
            if hit is not None and hit not in edge:
                total += 1000
            others = self.lines.get(cell)
            if others is not None:
                own = edge[0] in others
                total += 3 * CELL * (len(others) - own) - (1 - ALONG) * CELL * own
        return total
