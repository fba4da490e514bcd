"""Where the gradient enters time: a weight on each step at which it does.

    d_O[T] += d_a_yhat @ transpose(w_o)   =>   enters_d_a_yhat[t] = d_a_yhat * enters[t]
                                               d_O[T] += enters_d_a_yhat[T] @ transpose(w_o)

A backward pass is linear in what enters it. With the weight 1 at one step and 0 elsewhere it is
the backward pass of what enters there: for a loss at every step, of that step's loss alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.language.tree import NARROW, Ref
from symrnn.system import names
from symrnn.system.algebra import mul
from symrnn.system.graph import at_step
from symrnn.system.symbols import Symbol, Symbols
from symrnn.system.system import Dot, Entries, Equation, Linear, Scale, System, Term, Total

BARS = ("adjoint", "total")


@dataclass(frozen=True)
class Weighed:
    """An adjoint system in which an input weighs what enters at each step."""

    system: System
    each: str
    """The weight of each step, (T, B, 1)."""
    outside: str
    """The weight of what enters at no step of 1…T, (B, 1)."""
    first: frozenset[str]
    """Adjoints right before the loss: they need no step of the backward pass."""
    at: frozenset[tuple[str, int]]
    every: bool
    """Whether something enters at every step; else at those in `at`."""

    def steps(self, count: int) -> list[int]:
        """The steps at which something enters, of so many."""
        if self.every:
            return list(range(1, count + 1))
        found = {at_step(Ref("", base, shift), count).shift + 1 for base, shift in self.at}
        return sorted(step for step in found if 1 <= step <= count)

    def enters(self, term: Term) -> bool:
        """Whether a term's gradient comes right from the loss."""
        return enters(term, self.first, self.system.symbols)


def enters(term: Term, first: frozenset[str], symbols: Symbols) -> bool:
    return term.ref is None or symbols[term.ref.name].role not in BARS or term.ref.name in first


def weighed(adjoint: System) -> Weighed:
    """
    >>> import symrnn
    >>> found = weighed(symrnn.load("elman").adjoint)
    >>> found.steps(7), found.each, sorted(found.first)
    ([7], 'enters', ['d_a_yhat'])
    >>> weighed(symrnn.load("elman_steps").adjoint).steps(3)
    [1, 2, 3]
    """
    return _Weighing(adjoint).result()


class _Weighing:
    def __init__(self, adjoint: System) -> None:
        self.adjoint, self.symbols = adjoint, dict(adjoint.symbols)
        self.each, self.outside = (self.input(n, n == "enters") for n in ("enters", "enters_once"))
        self.first = self.before_the_loss()
        self.made: dict[str, Equation] = {}
        """What was weighed under a name of its own, by the name of what it is."""
        self.at: set[tuple[str, int]] = set()
        self.every = False

    def input(self, name: str, timed: bool) -> str:
        name = names.free(name, self.symbols)
        self.symbols[name] = Symbol(name, "input", timed, (NARROW,))
        return name

    def before_the_loss(self) -> frozenset[str]:
        """Adjoints that are worked out once, of nothing that a step has or is summed over."""
        once = {
            e.target.name: e.terms
            for e in self.adjoint.equations
            if isinstance(e, Linear) and not e.target.base and self.is_bar(e.target.name)
        }
        found = frozenset(once)
        while True:
            left = frozenset(
                name
                for name in found
                if all(not t.over and enters(t, found, self.symbols) for t in once[name])
            )
            if left == found:
                return found
            found = left

    def is_bar(self, name: str) -> bool:
        return self.symbols[name].role == "adjoint"

    def result(self) -> Weighed:
        equations = [self.equation(e) for e in self.adjoint.equations]
        system = replace(
            self.adjoint, equations=(*equations, *self.made.values()), symbols=self.symbols
        )
        return Weighed(system, self.each, self.outside, self.first, frozenset(self.at), self.every)

    def equation(self, equation: Equation) -> Equation:
        match equation:
            case Linear(target=target, terms=terms) if self.is_bar(target.name):
                if target.name in self.first:
                    return equation
                return Linear(target, tuple(self.terms(target, terms)))
            case Total(target=target, terms=terms) if target.name != "L":
                # a total is worked out term by term, and weighed then
                self.every |= any(t.over and enters(t, self.first, self.symbols) for t in terms)
        return equation

    def terms(self, target: Ref, terms: tuple[Term, ...]) -> Iterator[Term]:
        for term in terms:
            if not enters(term, self.first, self.symbols):
                yield term
            elif term.at is not None:
                self.at.add(term.at)
                yield self.term(term, Ref(self.each, *term.at))
            elif target.base or term.over:
                self.note(target)
                at = target if target.base else Ref("", "t")
                yield self.term(term, Ref(self.each, at.base, at.shift))
            else:
                yield self.term(term, Ref(self.outside))

    def note(self, target: Ref) -> None:
        if target.base in ("1", "T"):
            self.at.add((target.base, target.shift))
        else:
            self.every = True

    def term(self, term: Term, weight: Ref) -> Term:
        """The term times the weight."""
        if isinstance(term.by, Scale | Dot | Entries):
            return replace(term, by=type(term.by)(mul(term.by.factor, weight)))
        assert term.ref is not None
        timed = bool(weight.base)
        label = f"{weight.name}_{term.ref.name}"
        if label not in self.made:
            name = names.free(label, self.symbols)
            shape = self.symbols[term.ref.name].shape
            self.symbols[name] = Symbol(name, "adjoint", timed, shape)
            at = Ref(self.each, "t") if timed else weight
            own = replace(term.ref, base="t", shift=0) if term.ref.base else term.ref
            target = Ref(name, "t") if timed else Ref(name)
            self.made[label] = Linear(target, (Term(own, Scale(at)),))
        made = self.made[label].target
        return replace(term, ref=Ref(made.name, weight.base, weight.shift))
