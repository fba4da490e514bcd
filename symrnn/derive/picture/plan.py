"""Where the nodes of a picture stand: who reads whom, columns of steps, rows of variables."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from symrnn.derive.picture.shapes import ROW, Kind, Spot, half
from symrnn.language.table import LOSSES
from symrnn.language.tree import Ref
from symrnn.system.graph import reached
from symrnn.system.system import Equation, Linear, Matrix, Row, System, Total, uses
from symrnn.system.windows import Windows

Edges = dict[tuple[Ref, Ref], tuple[str, ...]]
"""Who reads whom, (read, reader), and the matrices that stand between them."""


class ReadGraph:
    """The author's variables of an unrolled system, and who of them reads whom."""

    def __init__(
        self, system: System, own: Collection[str], windows: Windows | None = None
    ) -> None:
        self.windows = windows
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
                elif self.symbols[ref.name].role == "fixed":
                    continue
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
        back = [(u, v) for u, v in self.edges if not self.is_cut(u, v)]
        reads, readers = both_ways(back)[0], both_ways(self.edges)[1]
        loss = [ref for ref in self.equations if ref == Ref("L") and "L" in self.own]
        needed, moved = reached(loss, reads), reached(self.trained, readers)
        return {(u, v) for u, v in back if v in needed and u in moved}

    def is_cut(self, read: Ref, reader: Ref) -> bool:
        """Whether a step reads a variable at a step of another window."""
        if self.windows is None or not (read.base and reader.base) or read.name not in self.own:
            return False
        inside = 0 <= reader.shift < self.steps
        return inside and self.windows.part(read.shift + 1, reader.shift + 1)


def _operands(equation: Equation) -> Iterator[tuple[Ref, str, bool]]:
    """What an equation reads, by which matrix, and whether to compare a prediction with it."""
    for number, use in enumerate(uses(equation)):
        loss = isinstance(equation, Row) and equation.function in LOSSES
        yield use.ref, "", loss and number == 0
    if isinstance(equation, Linear | Total):
        for term in equation.terms:
            if term.ref is not None and isinstance(term.by, Matrix):
                yield term.ref, term.by.name, False


def both_ways(edges: Iterable[tuple[Ref, Ref]]) -> tuple[dict[Ref, list[Ref]], ...]:
    reads: dict[Ref, list[Ref]] = {}
    readers: dict[Ref, list[Ref]] = {}
    for u, v in edges:
        reads.setdefault(v, []).append(u)
        readers.setdefault(u, []).append(v)
    return reads, readers


GAP = 0.26  # between neighbours of a row
HIGH_ROW = 1.9  # from row to row where weights stand at short arrows
LABEL_GAP = 0.62  # the same where arrows from elsewhere bring weights along between them
PAIR_GAP = 0.36  # between two that are alone: an arrow may pass
GUTTER = 1.3  # between columns, where arrows run
WIDE_GUTTER = 1.75  # the same with labels in it
STAGGER = 0.42  # how far a second recurrence stands aside of the first
SMALL = 12  # up to so many nodes all arrows are labelled; of more, the weights of one step


class Plan:
    """The nodes at their places: columns of steps, rows of variables."""

    def __init__(self, network: ReadGraph, most: int) -> None:
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
        weighted = any(any(weights) for weights in self.edges.values())
        self.row = HIGH_ROW if weighted and not self.labelled else ROW
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
        reads, _ = both_ways((Ref(u.name), Ref(v.name)) for u, v in inner)
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
        reads, readers = both_ways(self.network.edges)
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
        gaps = [PAIR_GAP if len(row) == 2 else self.gap(row) for row in rows]
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
                self.add(ref, x + half(ref), height * self.row)
                x += 2 * half(ref) + gap
        self.columns.append((left, left + 2 * spread))

    def gap(self, row: list[Ref]) -> float:
        weighted = any(self.edges[edge] for edge in self.edges if edge[1] in row)
        return LABEL_GAP if weighted and not self.labelled else GAP

    def tells_weights(self, target: Ref) -> bool:
        """Whether the weights of what leads here are told: everywhere, or once in the last step."""
        return self.labelled or not target.base or target.shift == self.steps - 1

    def next_left(self) -> float:
        gutter = WIDE_GUTTER if self.labelled else GUTTER
        return self.columns[-1][1] + gutter if self.columns else 0.0

    def set_late(self, refs: list[Ref], reads: Mapping[Ref, list[Ref]]) -> None:
        """What the last step or all steps lead to: on the right, beside or above what it reads."""
        top = max((spot.y for spot in self.spots.values()), default=-self.row)
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
                y = top + self.row
                if last or (once and len(once) == len(found)):
                    y = self.spots[found[0]].y
                while y in used:
                    y += self.row
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
