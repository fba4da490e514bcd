"""What lights up with a term: its path in the picture, and the lines that work it out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.network import Network
from symrnn.derive.paths import Term
from symrnn.derive.picture.marks import arrow, mark, use
from symrnn.derive.picture.plan import ReadGraph
from symrnn.language.tree import Ref
from symrnn.page.marks import nearest
from symrnn.system.system import System

Ends = tuple[Ref, Ref]
"""Of a leg of a path: what is read, behind its reader."""


@dataclass(frozen=True)
class Lights:
    """The marks of terms, of a derivation for a number of steps."""

    derivation: Derivation
    adjoint: System
    listings: tuple[frozenset[str], ...]
    """The marks that each listing has."""

    def of(self, term: Term) -> tuple[str, ...]:
        """Of the path of a term, and of the use of the parameter at its end."""
        legs = [(edge.of, edge.by) for edge in term.path]
        return self.marks(legs)

    def behind(self, node: Ref) -> tuple[str, ...]:
        """Of every path from the loss to a node: what its total derivative sums up."""
        return self.marks(self.legs_to(node))

    def marks(self, legs: Iterable[Ends]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for leg in legs:
            if leg not in self._known:
                self._known[leg] = dict.fromkeys(self.marks_of(*leg))
            found |= self._known[leg]
        return tuple(found)

    @cached_property
    def _known(self) -> dict[Ends, dict[str, None]]:
        return {}  # most paths have most of their way in common

    def marks_of(self, of: Ref, by: Ref) -> Iterator[str]:
        """Of one leg of a path."""
        if of.name in self.drawn:
            yield mark(of)
            if by.name in self.drawn:
                yield from (mark(by), arrow(of, by))
            elif use(by.name, of) in self.uses:
                yield use(by.name, of)
        for node in (of, *self.within(of, by), by):
            name = self.names.get(node) or self.names.get(Ref(node.name))
            for there in self.listings if name else ():
                yield from filter(None, [nearest(str(name), node, self.steps, there)])

    @property
    def steps(self) -> int:
        return self.derivation.system.steps or 0

    @cached_property
    def drawn(self) -> frozenset[str]:
        """The names that are nodes of the picture: not those of computed matrices."""
        rows = {s.name for s in self.derivation.plain.named("variable", "total")}
        return self.derivation.own & rows

    def legs_to(self, node: Ref) -> list[Ends]:
        found: dict[Ends, None] = {}
        waiting = [node]
        while waiting:
            by = waiting.pop()
            for edge in self.derivation.paths.edges(by) if by != LOSS else ():
                if (edge.of, by) not in found:
                    found[edge.of, by] = None
                    waiting.append(edge.of)
        return list(found)

    @cached_property
    def names(self) -> dict[Ref, str]:
        """The name of the adjoint of each variable, and of each parameter."""
        return {s.of: s.name for s in self.adjoint.symbols.values() if s.of is not None}

    @cached_property
    def uses(self) -> frozenset[str]:
        """Where the picture has an arrow for a parameter."""
        graph = ReadGraph(self.derivation.system, self.drawn)
        return frozenset(use(name, v) for (_, v), by in graph.edges.items() for name in by)

    @cached_property
    def fine(self) -> Network:
        """The network with a node for whatever has a name, in the text or without."""
        kinds = ("variable", "weight", "total")
        names = frozenset(s.name for s in self.derivation.plain.named(*kinds))
        return self.derivation.network_of(names)

    def within(self, of: Ref, by: Ref) -> list[Ref]:
        """What lies between a variable and one that it reads, and has no node of its own."""
        known: dict[Ref, bool] = {}

        def leads(node: Ref) -> bool:
            if node not in known:
                readers = [edge.of for edge in self.fine.edges.get(node, ())]
                passed = [r for r in readers if r.name not in self.derivation.own]
                known[node] = any([r == of for r in readers] + [leads(r) for r in passed])
            return known[node]

        leads(by)
        return [node for node, does in known.items() if does and node != by]
