"""How the arrows of a picture run around its nodes."""

from collections.abc import Iterator
from itertools import product
from math import ceil

from symrnn.derive.picture.lines import length_of, samples
from symrnn.derive.picture.plan import GUTTER, Plan
from symrnn.derive.picture.shapes import CELL, RADIUS, ROW, Point
from symrnn.language.tree import Ref


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
        row = round(self.plan.spots[v].y / ROW)
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
            yield [p, (a.x + bow, a.y + ROW / 2), (a.x + bow, b.y - ROW / 2), q]
        into = (b.x - 0.17 if a.x < b.x else b.x + 0.17, b.y)
        enters = [b.y - ROW / 2 + track for track in (0.0, -0.2)]
        enters += [b.y + ROW / 2 + track for track in (0.0, 0.2)]
        leaves = [a.y + ROW / 2, a.y - ROW / 2]
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
