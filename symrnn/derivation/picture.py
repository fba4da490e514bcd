"""The unrolled network as a picture, before any format: where nodes stand and how arrows run.

Everything is drawn from the system; what symrnn made up between two of the author's variables is
folded away. Lengths are centimetres, y points up, and (0, 0) is the lower left corner.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product
from math import ceil, hypot
from typing import Literal

from symrnn.functions import LOSSES
from symrnn.language.tree import Ref
from symrnn.system.activity import reached
from symrnn.system.system import Equation, Linear, Matrix, Row, System, Total, uses

RADIUS = 0.36
ROW = 1.4  # from row to row
GAP = 0.26  # between neighbours of a row
PAIR_GAP = 0.36  # between two that are alone: an arrow may pass
GUTTER = 1.3  # between columns, where arrows run
WIDE_GUTTER = 1.75  # the same with labels in it
STAGGER = 0.42  # how far a second recurrence stands aside of the first
LANE = 0.06  # from the middle of a route to the arrows of either direction
MARGIN = 0.15
SMALL = 12  # up to so many nodes arrows are labelled
CELL = 0.08  # the grid on which routes look for what is in their way

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # the middle, half the width, half the height
Kind = Literal["input", "initial", "variable", "loss", "ellipsis"]
Edges = dict[tuple[Ref, Ref], tuple[str, ...]]
"""Who reads whom, (read, reader), and the matrices that stand between them."""


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


@dataclass(frozen=True, slots=True)
class Label:
    """Centred at (x, y): a `weight` names parameters, a `partial` is ∂first/∂second."""

    kind: Literal["weight", "partial"]
    refs: tuple[Ref, ...]
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Picture:
    spots: tuple[Spot, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]
    width: float
    height: float


def picture(system: System, own: Collection[str], most: int = 6) -> Picture:
    """The picture of an unrolled system with the variables `own`, time from left to right.

    Above `most` steps the middle ones are left out.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, unroll
    >>> system = normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"), stable=False)
    >>> [(a.source.name, a.target.name) for a in picture(unroll(system, 1), ["h", "L"]).arrows]
    [('x', 'h'), ('h', 'h'), ('h', 'L'), ('L', 'h')]
    """
    network = Network(system, own)
    plan = _Plan(network, most)
    routes = _Router(plan).routes()
    arrows: list[Arrow] = []
    for (u, v), line in routes.items():
        back = (u, v) in plan.flows
        ends = plan.spots[u], plan.spots[v]
        arrows.append(Arrow(u, v, "forward", _clip(_shift(line, LANE * back), *ends)))
        if back:
            lane = _clip(_shift(line, -LANE), *ends)
            arrows.append(Arrow(v, u, "backward", lane[::-1]))
    labels = _labels(plan, arrows) if plan.labelled else []
    return _framed([*plan.spots.values()], arrows, labels)


# who reads whom


class Network:
    """The author's variables of an unrolled system, and who of them reads whom."""

    def __init__(self, system: System, own: Collection[str]) -> None:
        assert system.steps is not None, "the picture of a system needs a number of steps"
        self.symbols, self.steps = system.symbols, system.steps
        self.own = frozenset(own)
        self.equations = {e.target: e for e in system.equations}
        self.edges: Edges = {}
        self.trained: set[Ref] = set()
        for equation in system.equations:
            if equation.target.name in self.own:
                self.follow(equation)

    def follow(self, reader: Equation) -> None:
        """Find what a variable reads, itself or through what was made up."""
        waiting: list[tuple[Equation, str, bool]] = [(reader, "", False)]
        seen: set[tuple[Ref, str, bool]] = set()
        while waiting:
            equation, matrix, compared = waiting.pop(0)
            for ref, inner, first in _operands(equation):
                weight, aim = inner or matrix, compared or first
                if ref.name in self.own:
                    self.connect(ref, reader.target, weight)
                elif self.symbols[ref.name].role == "parameter":
                    self.trained.add(reader.target)
                elif self.symbols[ref.name].role == "input":
                    if not aim and (not ref.base or 0 <= ref.shift < self.steps):
                        self.connect(ref, reader.target, weight)
                elif ref in self.equations and (ref, weight, aim) not in seen:
                    seen.add((ref, weight, aim))
                    waiting.append((self.equations[ref], weight, aim))

    def connect(self, u: Ref, v: Ref, weight: str) -> None:
        known = self.edges.get((u, v), ())
        self.edges[u, v] = known if not weight or weight in known else (*known, weight)

    @cached_property
    def flows(self) -> set[tuple[Ref, Ref]]:
        """The edges along which a gradient comes back: from the loss, to a parameter."""
        reads, readers = _both_ways(self.edges)
        loss = [ref for ref in self.equations if ref == Ref("L") and "L" in self.own]
        needed, moved = reached(loss, reads), reached(self.trained, readers)
        return {(u, v) for u, v in self.edges if v in needed and u in moved}


def _operands(equation: Equation) -> Iterator[tuple[Ref, str, bool]]:
    """What an equation reads, by which matrix, and whether to compare a prediction with it."""
    for number, use in enumerate(uses(equation)):
        loss = isinstance(equation, Row) and equation.function in LOSSES
        yield use.ref, "", loss and number == 0
    if isinstance(equation, Linear | Total):
        for term in equation.terms:
            if term.ref is not None and isinstance(term.by, Matrix):
                yield term.ref, term.by.name, False


def _both_ways(edges: Iterable[tuple[Ref, Ref]]) -> tuple[dict[Ref, list[Ref]], ...]:
    reads: dict[Ref, list[Ref]] = {}
    readers: dict[Ref, list[Ref]] = {}
    for u, v in edges:
        reads.setdefault(v, []).append(u)
        readers.setdefault(u, []).append(v)
    return reads, readers


# where nodes stand


class _Plan:
    """The nodes at their places: columns of steps, rows of variables."""

    def __init__(self, network: Network, most: int) -> None:
        self.network, self.steps = network, network.steps
        self.elided = range(2, self.steps - 2) if self.steps > max(most, 5) else range(0)
        ends = [ref for edge in network.edges for ref in edge]
        mine = [ref for ref in network.equations if ref.name in network.own]
        rank = {name: number for number, name in enumerate(network.symbols)}
        self.refs = sorted(dict.fromkeys(ends + mine), key=lambda r: (r.shift, rank[r.name]))
        self.groups = self.recurrences()
        self.rows, self.aside = self.stack()
        self.edges: Edges = {}
        self.flows: set[tuple[Ref, Ref]] = set()
        for (u, v), weights in network.edges.items():
            edge = self.shown(u), self.shown(v)
            if edge[0] != edge[1] and not (u.base and v.base and self.hides(u) and self.hides(v)):
                self.edges.setdefault(edge, weights)
                if (u, v) in network.flows:
                    self.flows.add(edge)
        self.labelled = not self.elided and len(self.refs) <= SMALL
        self.columns: list[tuple[float, float]] = []
        """From where to where each column reaches, from left to right."""
        self.column: dict[Ref, int] = {}
        self.spots: dict[Ref, Spot] = {}
        self.place()

    def hides(self, ref: Ref) -> bool:
        return bool(ref.base) and ref.shift in self.elided

    def shown(self, ref: Ref) -> Ref:
        """The node itself, or the ellipsis that it is left to."""
        return Ref("…", "", self.rows[ref.name]) if self.hides(ref) else ref

    def recurrences(self) -> list[tuple[str, ...]]:
        """The variables that run over time, those of one recurrence together, in order."""
        inner = [(u, v) for u, v in self.network.edges if u.base and v.base]
        inner = [(u, v) for u, v in inner if u.name in self.network.own]
        names = dict.fromkeys(r.name for r in self.refs if r.base and r.name in self.network.own)
        reads, _ = _both_ways((Ref(u.name), Ref(v.name)) for u, v in inner)
        needs = {n: {r.name for r in reached(reads.get(Ref(n), []), reads)} for n in names}
        waiting = list(
            dict.fromkeys(
                tuple(m for m in names if m == n or (m in needs[n] and n in needs[m]))
                for n in names
            )
        )
        groups: list[tuple[str, ...]] = []
        while waiting:
            placed = {name for group in groups for name in group}
            ready = next(g for g in waiting if all(needs[n] <= placed | {*g} for n in g))
            waiting.remove(ready)
            groups.append(ready)
        return groups

    def stack(self) -> tuple[dict[str, int], dict[str, float]]:
        """The row of each variable, by its longest path within a step, and how far it stands aside.

        A recurrence has rows of its own, so that its arrows can run straight from step to step.
        """
        rows = {ref.name: 0 for ref in self.refs if self.is_input(ref)}
        aside = dict.fromkeys(rows, 0.0)
        within = {(u.name, v.name) for u, v in self.network.edges if u.base and u.shift == v.shift}
        apart = {(u.name, v.name) for u, v in self.network.edges if u.base and u.shift != v.shift}
        bands: list[tuple[str, ...]] = []
        for group in self.groups:
            again = any(u in group and v in group for u, v in apart)
            base = 1 + max(rows.values(), default=0) if again else 1
            left = list(group)
            while left:
                free = [v for v in left if not any((u, v) in within and u != v for u in left)]
                for v in free or left:
                    reads = within | {(u, w) for u, w in apart if u not in group}
                    below = [rows[u] + 1 for u, w in reads if w == v and u in rows]
                    rows[v] = max([base, *below])
                left = [v for v in left if v not in rows]
            beside = again and any(not self.feeds(band, group) for band in bands)
            bands += [group] * again
            aside |= dict.fromkeys(group, STAGGER if beside else 0.0)
            if beside:  # the other one steps aside as well
                aside |= dict.fromkeys(bands[len(bands) - 2], -STAGGER)
        return rows, aside

    def feeds(self, band: tuple[str, ...], group: tuple[str, ...]) -> bool:
        return any(u.name in band and v.name in group for u, v in self.network.edges)

    def is_input(self, ref: Ref) -> bool:
        return bool(ref.base) and self.network.symbols[ref.name].role == "input"

    def place(self) -> None:
        timed = [ref for ref in self.refs if ref.base]
        once = [ref for ref in self.refs if not ref.base]
        reads, readers = _both_ways(self.network.edges)
        early = {r for r in once if not any(o.base for o in reached([r], reads))}
        early = {r for r in early if any(o.base for o in reached([r], readers))}
        if early:
            self.set_column([[ref for ref in once if ref in early]], upright=True)
        for shift in sorted({ref.shift for ref in timed}):
            if shift in self.elided:
                if shift == self.elided[0]:
                    dots = [Ref("…", "", row) for row in sorted({*self.rows.values()})]
                    self.set_column([[dot] for dot in dots])
                continue
            here = [ref for ref in timed if ref.shift == shift]
            rows = sorted({self.rows[ref.name] for ref in here})
            self.set_column([[r for r in here if self.rows[r.name] == row] for row in rows])
        self.set_late([ref for ref in once if ref not in early], reads)

    def set_column(self, rows: list[list[Ref]], upright: bool = False) -> None:
        """One more column; its rows are centred. `upright` puts the only row on end."""
        if upright:
            rows = [[ref] for ref in rows[0]]
        gaps = [PAIR_GAP if len(row) == 2 else GAP for row in rows]
        widths = [
            sum(2 * half(ref) + gap for ref in row) - gap
            for row, gap in zip(rows, gaps, strict=True)
        ]
        sides = [self.aside.get(row[0].name, 0.0) for row in rows]
        spread = max(w / 2 + abs(s) for w, s in zip(widths, sides, strict=True))
        left = self.next_left()
        for number, (row, gap, width, side) in enumerate(
            zip(rows, gaps, widths, sides, strict=True)
        ):
            x = left + spread + side - width / 2
            for ref in row:
                height = number if upright else self.rows.get(ref.name, ref.shift)
                self.add(ref, x + half(ref), height * ROW)
                x += 2 * half(ref) + gap
        self.columns.append((left, left + 2 * spread))

    def next_left(self) -> float:
        gutter = WIDE_GUTTER if self.labelled else GUTTER
        return self.columns[-1][1] + gutter if self.columns else 0.0

    def set_late(self, refs: list[Ref], reads: Mapping[Ref, list[Ref]]) -> None:
        """What the last step or all steps lead to: on the right, beside or above what it reads."""
        top = max((spot.y for spot in self.spots.values()), default=-ROW)
        waiting = list(refs)
        while waiting:
            free = [r for r in waiting if not any(u in waiting for u in reads.get(r, ()) if u != r)]
            left = self.next_left()
            used: set[float] = set()
            for ref in free:
                found = [u for u in reads.get(ref, ()) if u in self.spots or self.hides(u)]
                near = len(found) == 1 and self.shown(found[0]) in self.spots
                last = near and (not found[0].base or found[0].shift == self.steps - 1)
                once = [u for u in found if not u.base]
                y = top + ROW
                if last or (once and len(once) == len(found)):
                    y = self.spots[found[0]].y
                while y in used:
                    y += ROW
                used.add(y)
                self.add(ref, left + half(ref), y)
            self.columns.append((left, left + 2 * max(half(ref) for ref in free)))
            waiting = [ref for ref in waiting if ref not in free]

    def add(self, ref: Ref, x: float, y: float) -> None:
        kind: Kind = "variable"
        if ref.name == "…":
            kind = "ellipsis"
        elif ref == Ref("L") and ref.name in self.network.own:
            kind = "loss"
        elif self.network.symbols[ref.name].role == "input":
            kind = "input"
        elif ref.base and not 0 <= ref.shift < self.steps:
            kind = "initial"
        self.spots[ref] = Spot(ref, kind, x, y, half(ref))
        self.column[ref] = len(self.columns)


def half(ref: Ref) -> float:
    """Half the width of a node, by the length of its name: a word that a symbol stands for (`yhat`,
    `alpha`) is short, an index is small."""
    stem, *indices = ref.name.split("_")
    stem = "y" if stem.endswith("hat") or len(stem) in (4, 5) else stem
    letters = len(stem) + 0.6 * (sum(map(len, indices)) + len(indices) + 2 * bool(ref.base))
    return max(RADIUS, 0.1 * letters + 0.06)


# how arrows run


class _Router:
    """Routes around nodes. Edges of one kind, such as h[t-1] to i[t], run alike at every step."""

    def __init__(self, plan: _Plan) -> None:
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
                for point in _samples(line):
                    self.lines.setdefault(_cell(point), set()).add(u)
        return {edge: found[edge] for edge in self.plan.edges}

    def best(self, edges: list[tuple[Ref, Ref]]) -> tuple[list[Point], ...]:
        """The cheapest way for all of them; a straight one that is free is not compared."""
        lowest, found = float("inf"), None
        for lines in zip(*(self.candidates(u, v) for u, v in edges), strict=True):
            straight = found is None
            if 0.6 * sum(map(_length, lines)) > lowest:
                continue
            cost = sum(self.cost(e, line) for e, line in zip(edges, lines, strict=True))
            if cost < lowest - 1e-9:
                lowest, found = cost, lines
            if straight and cost < 1.15 * sum(map(_length, lines)):
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
        for point in _samples(line):
            cell = _cell(point)
            hit = self.nodes.get(cell)
            others = self.lines.get(cell, set())
            total += 1000 * (hit is not None and hit not in edge)
            total += CELL * (0.6 if edge[0] in others else 1.0)
            total += 3 * CELL * len(others - {edge[0]})
        return total


def _length(line: Sequence[Point]) -> float:
    return sum(hypot(q[0] - p[0], q[1] - p[1]) for p, q in pairwise(line))


def _cell(point: Point) -> Point:
    return round(point[0] / CELL), round(point[1] / CELL)


def _samples(line: list[Point]) -> Iterator[Point]:
    for (x, y), (u, v) in pairwise(line):
        count = ceil(hypot(u - x, v - y) / CELL)
        yield from ((x + (u - x) * k / count, y + (v - y) * k / count) for k in range(count))


def _shift(line: list[Point], by: float) -> list[Point]:
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


def _clip(line: list[Point], start: Spot, end: Spot) -> tuple[Point, ...]:
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


# what is written beside arrows


def _labels(plan: _Plan, arrows: list[Arrow]) -> list[Label]:
    together = {name: group for group in plan.groups for name in group}
    fixed = [(s.x, s.y, s.half, RADIUS) for s in plan.spots.values()]
    taken: list[Box] = []
    for arrow in arrows:
        taken += [(x, y, 0.03, 0.03) for x, y in _samples([*arrow.points])]
    labels: list[Label] = []
    for arrow in arrows:
        u, v = arrow.source, arrow.target
        if arrow.kind == "forward" and plan.edges[u, v]:
            label = Label("weight", tuple(map(Ref, plan.edges[u, v])), 0.0, 0.0)
        elif arrow.kind == "backward" and v.shift != u.shift and v.base and u.base:
            if together.get(u.name) != together.get(v.name):
                continue
            label = Label("partial", (u, v), 0.0, 0.0)
        else:
            continue
        label = _beside(arrow, label, taken, fixed)
        box = (label.x, label.y, *extent(label))
        if any(_overlap(box, other) for other in fixed):
            continue  # there is no room for it
        fixed.append(box)
        labels.append(label)
    return labels


def extent(label: Label) -> Point:
    """Half the width and half the height that a label may take."""
    if label.kind == "partial":
        return max(0.14 + 0.6 * half(ref) for ref in label.refs), 0.33
    return sum(0.06 + 0.6 * half(ref) for ref in label.refs), 0.15


def _overlap(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]


def _beside(arrow: Arrow, label: Label, taken: list[Box], fixed: list[Box]) -> Label:
    """The label at the side of its arrow where least is in the way."""
    wide, high = extent(label)
    (x, y), (u, v) = max(pairwise(arrow.points), key=lambda s: round(_length(s), 6))
    length = _length([(x, y), (u, v)])
    a, b = (y - v) / length, (u - x) / length
    out = abs(a) * wide + abs(b) * high + 0.06
    places = [
        replace(label, x=x + (u - x) * k + side * a * out, y=y + (v - y) * k + side * b * out)
        for k, side in product((0.5, 0.4, 0.6, 0.3, 0.7), (1, -1))
    ]

    def crowd(place: Label) -> int:
        box = (place.x, place.y, wide, high)
        lines = sum(_overlap(box, other) for other in taken)
        return lines + 1000 * sum(_overlap(box, other) for other in fixed)

    return min(places, key=crowd)


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
