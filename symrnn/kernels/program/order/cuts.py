"""Which terms are cut where backpropagation is, and how: gone, or read as zero at some steps of a
loop, so that a loop of many windows does not fall to pieces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symrnn.kernels.program.program import Steps
from symrnn.language.tree import Ref
from symrnn.system.graph import Group
from symrnn.system.symbols import Symbols
from symrnn.system.system import Equation, Linear, Term
from symrnn.system.windows import Cut, Windows, is_carried


@dataclass(frozen=True)
class Cuts:
    """What is cut between windows; nothing, where there are none."""

    symbols: Symbols
    windows: Windows | None
    loops: bool
    """Whether what is carried from step to step stays in its loop, and is read as zero there."""

    def cuts(self, target: Ref, term: Term, t: int) -> bool:
        """Whether a term of an equation comes from another window."""
        return self.windows is not None and self.windows.cut(self.symbols, target, term, t)

    def stays(self, target: Ref, term: Term) -> bool:
        """Whether a term that is cut is read as zero."""
        return self.loops and is_carried(self.symbols, target, term)

    def zeros(self, target: Ref, term: Term, steps: Steps | None) -> Cut | None:
        """Where a term is read as zero, of these steps; None for nowhere."""
        if self.windows is None or steps is None or term.ref is None:
            return None
        if not self.stays(target, term):
            return None
        cut = Cut(self.windows, term.ref.shift)
        return cut if any(map(cut.at, range(steps[0], steps[1] + 1))) else None

    def makes_a_loop(self, group: Group, own: Mapping[Ref, Equation]) -> bool:
        """Whether steps that need no other are a loop still, for the sake of what is cut."""
        return self.windows is not None and any(
            self.stays(node, term)
            for node in group.nodes
            if isinstance(equation := own[node], Linear)
            for term in equation.terms
        )

    def placed(self, term: Term, target: Ref) -> Term:
        """A sum over time, with the step at which its adjoint is."""
        of = self.symbols[target.name].of
        if self.windows is None or target.base or of is None or not of.base:
            return term
        return replace(term, at=(of.base, of.shift))

    def summed(self, term: Term, steps: int) -> range:
        """The steps over which a term is summed: those of one window, if it is one step's."""
        windows = self.windows
        if windows is None or term.at is None or term.ref is None:
            return range(1, steps + 1)
        if not self.symbols[term.ref.name].timed:
            return range(1, steps + 1)
        first, last = windows.ends()[windows.of(windows.step(Ref("", *term.at), 0))]
        return range(first, last + 1)

    def edges(self, shift: int) -> list[int]:
        """The steps at which something else may be left because of what is cut."""
        return [] if self.windows is None else self.windows.edges(shift)

    def ends(self) -> list[int]:
        return [] if self.windows is None else [t for ends in self.windows.ends() for t in ends]
