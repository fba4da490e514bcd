"""What of an equation is alive at which step, for one number of steps.

A term whose adjoint lies outside 1…T, or is made of nothing, is gone before it is worked out; what
the model reads outside 1…T is zero, unless a boundary says more. Steps at which the same is left of
an equation make a run; a scan is a few runs, most of them one step long.

Where backpropagation is cut, a term from another window is gone too, or read as zero at some steps
of a loop, so that a loop of many windows does not fall to pieces.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from symrnn.kernels.program.program import Steps
from symrnn.language.tree import ZERO, Expr, Ref, map_leaves
from symrnn.system.algebra import tidy
from symrnn.system.graph import Group, at_step
from symrnn.system.symbols import Symbols
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Outer,
    Pointwise,
    Row,
    Scale,
    System,
    Term,
    Total,
    uses,
)
from symrnn.system.unroll import with_number_of_steps
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


Run = tuple[Steps, Equation]
Form = TypeVar("Form")

NOWHERE = "0"
"""The base of a reference to a row of zeros."""


class Forms:
    """The equations of a system at each step. Groups are asked for in their order."""

    def __init__(
        self, system: System, steps: int, windows: Windows | None = None, loops: bool = False
    ) -> None:
        self.steps, self.symbols = steps, system.symbols
        self.cuts = Cuts(system.symbols, windows, loops)
        self.own = {e.target: with_number_of_steps(e, steps) for e in system.equations}
        self.boundaries = {
            (target.name, self.step(target, 0)) for target in self.own if target.base in ("1", "T")
        }
        self.nothing: set[tuple[str, int | None]] = set()
        """Adjoints that no term reaches."""

    def step(self, ref: Ref, t: int) -> int | None:
        """The step that a reference reads, counted from 1."""
        if not ref.base:
            return None
        return t + ref.shift if ref.base == "t" else at_step(ref, self.steps).shift + 1

    def once(self, target: Ref) -> Equation | None:
        """An equation without a current step; None if nothing is left of it."""
        return self.note(target, None, self.form(self.own[target], 0))

    def runs(self, group: Group) -> dict[Ref, list[Run]]:
        """For each equation of a group, the steps at which the same is left of it."""
        found: dict[Ref, list[Run]] = {node: [] for node in group.nodes}
        ahead = range(1, self.steps + 1)
        critical = self.critical(group)
        reach = max((abs(s) for s in self.shifts(group)), default=0)
        alike = 0
        last: list[Equation | None] = []
        for t in ahead if group.direction >= 0 else reversed(ahead):
            settled = alike > reach and t not in critical
            forms = last if settled else []
            for place, node in enumerate(group.nodes):
                if not settled:
                    forms.append(self.form(self.own[node], t))
                form = self.note(node, t, forms[place])
                if form is not None:
                    _extend(found[node], t, form)
            alike = alike + 1 if forms == last else 0
            last = forms
        return {node: sorted(runs, key=lambda run: run[0]) for node, runs in found.items()}

    def over(self, term: Term) -> list[tuple[Steps, Term]]:
        """The steps over which a term is summed, in runs at which the same is left of it."""
        runs: list[tuple[Steps, Term]] = []
        for t in self.cuts.summed(term, self.steps):
            left = self.term(replace(term, over=False), t)
            if left is not None:
                _extend(runs, t, left)
        return runs

    # one step

    def form(self, equation: Equation, t: int) -> Equation | None:
        """What is left of an equation at step t. Fixed steps are counted from the first."""
        target = equation.target
        match equation:
            case Linear(terms=terms) | Total(terms=terms):
                found = tuple(self.terms(terms, target, t))
                alive = tuple(term for term, is_cut in found if not is_cut)
                if not alive and self.may_go(target.name):
                    return None
                kept = tuple(term for term, _ in found)
                return replace(equation, terms=kept)
            case Pointwise(body=body):
                return Pointwise(target, self.value(body, t))
            case Row(function=function, args=args):
                return Row(target, function, tuple(self.argument(arg, t) for arg in args))

    def may_go(self, name: str) -> bool:
        """Whether nothing can be left of it: of an adjoint that nobody has asked for."""
        of = self.symbols[name].of
        asked = of is not None and self.symbols[of.name].role == "input"
        return self.symbols[name].role == "adjoint" and not asked

    def terms(self, terms: Sequence[Term], target: Ref, t: int) -> Iterator[tuple[Term, bool]]:
        """What is left of terms, and whether it is to be read as zero: it is cut."""
        for term in terms:
            if term.when not in (None, self.steps):
                continue
            if term.at is not None and at_step(Ref("", *term.at), self.steps).shift != t - 1:
                continue
            if term.over:
                yield self.cuts.placed(term, target), False
                continue
            kept = self.term(term, t)
            is_cut = self.cuts.cuts(target, term, t)
            if kept is not None and (not is_cut or self.cuts.stays(target, term)):
                yield kept, is_cut

    def term(self, term: Term, t: int) -> Term | None:
        if term.ref is not None and not self.is_there(term.ref, t):
            return None
        by = term.by
        if isinstance(by, Scale | Dot):
            by = replace(by, factor=self.value(by.factor, t))
            if by.factor == ZERO:
                return None
        elif isinstance(by, Outer):
            if not self.is_there(by.other, t):
                return None
            by = replace(by, other=self.fixed(by.other))
        ref = self.fixed(term.ref) if term.ref is not None else None
        return Term(ref, by, rowless=term.rowless)

    def value(self, body: Expr, t: int) -> Expr:
        """The expression with zeros for what is not there."""

        def leaf(expr: Expr) -> Expr:
            if not isinstance(expr, Ref):
                return expr
            return self.fixed(expr) if self.is_there(expr, t) else ZERO

        return tidy(map_leaves(body, leaf))

    def argument(self, ref: Ref, t: int) -> Ref:
        return self.fixed(ref) if self.is_there(ref, t) else Ref(ref.name, NOWHERE)

    def fixed(self, ref: Ref) -> Ref:
        return at_step(ref, self.steps)

    def is_there(self, ref: Ref, t: int) -> bool:
        """Whether a reference reads more than zero."""
        symbol, step = self.symbols[ref.name], self.step(ref, t)
        if symbol.role == "adjoint" and (ref.name, step) in self.nothing:
            return False
        return step is None or 1 <= step <= self.steps or (ref.name, step) in self.boundaries

    def note(self, target: Ref, t: int | None, form: Equation | None) -> Equation | None:
        if form is None:
            self.nothing.add((target.name, t))
        return form

    # which steps may be special

    def shifts(self, group: Group) -> set[int]:
        found = (use.ref for node in group.nodes for use in uses(self.own[node]))
        return {ref.shift for ref in found if ref.base == "t"}

    def critical(self, group: Group) -> set[int]:
        """Steps that read beyond an end, or hear of what happens at one step alone."""
        steps = {1, self.steps, *self.cuts.ends()}
        for shift in self.shifts(group):
            beyond = (1, -shift) if shift < 0 else (self.steps - shift + 1, self.steps)
            steps.update(range(beyond[0], beyond[1] + 1))
            steps.update(self.cuts.edges(shift))
        for node in group.nodes:
            equation = self.own[node]
            if isinstance(equation, Linear):
                for term in equation.terms:
                    if term.at is not None:
                        steps.add(at_step(Ref("", *term.at), self.steps).shift + 1)
        inside = {ref.name for node in group.nodes for ref in (u.ref for u in uses(self.own[node]))}
        for name, step in self.nothing:
            if name in inside and step is not None:
                for shift in self.shifts(group):
                    steps.update((step - shift, step - shift - 1, step - shift + 1))
        return steps


class Uniform(Forms):
    """The same is left of an equation at every step of every sequence: nothing is read beyond the
    ends but by carriers, which know the ends (`system.carriers`)."""

    def runs(self, group: Group) -> dict[Ref, list[Run]]:
        found: dict[Ref, list[Run]] = {}
        for node in group.nodes:
            form = self.note(node, None, self.form(self.own[node], 0))
            found[node] = [] if form is None else [((1, self.steps), form)]
        return found

    def over(self, term: Term) -> list[tuple[Steps, Term]]:
        left = self.term(replace(term, over=False), 0)
        return [] if left is None else [((1, self.steps), left)]

    def terms(self, terms: Sequence[Term], target: Ref, t: int) -> Iterator[tuple[Term, bool]]:
        return ((term, False) for term in terms if term.ref is None or self.is_there(term.ref, t))

    def is_there(self, ref: Ref, t: int) -> bool:
        return (ref.name, None) not in self.nothing

    def fixed(self, ref: Ref) -> Ref:
        return ref


def _extend(runs: list[tuple[Steps, Form]], t: int, form: Form) -> None:
    """Put step t into the run that it belongs to."""
    if runs:
        (first, last), known = runs[-1]
        if known == form and t in (first - 1, last + 1):
            runs[-1] = ((min(first, t), max(last, t)), known)
            return
    runs.append(((t, t), form))
