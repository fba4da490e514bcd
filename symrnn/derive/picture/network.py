"""The author's variables of an unrolled system, and who of them reads whom."""

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from symrnn.language.table import LOSSES
from symrnn.language.tree import Ref
from symrnn.system.graph import reached
from symrnn.system.system import Equation, Linear, Matrix, Row, System, Total, uses
from symrnn.system.windows import Windows

Edges = dict[tuple[Ref, Ref], tuple[str, ...]]
"""Who reads whom, (read, reader), and the matrices that stand between them."""


class Network:
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
