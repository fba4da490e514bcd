"""The gradient of a system that stands still, with a name for each summand from elsewhere.

    d_h[t] = d_prev_h[t+1] + d_y[t] @ transpose(V); d_h[T] += d_last_h
        =>  next_d_prev_h[t] = d_prev_h[t+1];  next_d_prev_h[T] += d_last_h;
            d_h[t] = next_d_prev_h[t] + d_y[t] @ transpose(V)

What lands at a step to which nothing is carried lands there with the carrier.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.language.tree import Ref
from symrnn.system.check import check
from symrnn.system.names import free
from symrnn.system.rewrite import map_term
from symrnn.system.still import ROWS, carrier_name
from symrnn.system.symbols import Symbol
from symrnn.system.system import Equation, Linear, Scale, System, Term, Total


def parted(system: System) -> System:
    """The system with carriers for what an adjoint hands from step to step."""
    made = _Parted(system)
    equations = [piece for e in system.equations for piece in made.pieces(e)]
    result = replace(system, equations=tuple(equations), symbols=made.symbols)
    check(result, "parted")
    return result


class _Parted:
    def __init__(self, system: System) -> None:
        self.symbols = dict(system.symbols)
        self.picks: dict[Ref, Ref] = {}
        """What is read instead of a reference from elsewhere."""
        self.made: list[Equation] = []

    def pieces(self, equation: Equation) -> Iterator[Equation]:
        """The equation, after those for the summands that get a name."""
        if not isinstance(equation, Linear | Total) or self.is_carrier(equation):
            yield equation
            return
        self.made = []
        timed = equation.target.base == "t"
        terms = tuple(self.at_home(term, timed) for term in equation.terms)
        equation = replace(equation, terms=terms)
        if isinstance(equation, Linear):
            equation = self.sorted_out(equation)
        yield from self.made
        yield equation

    def sorted_out(self, equation: Linear) -> Linear:
        """With names for the summands that come from another step, land at one, or are there for
        some sequences alone."""
        if len(equation.terms) < 2:
            return equation
        here = [term for term in equation.terms if not _crosses(term)]
        carried = [term for term in equation.terms if _crosses(term) and term.everywhere]
        landed = [term for term in equation.terms if term.at is not None]
        seldom = [term for term in equation.terms if term.when is not None]
        if not here and not seldom and len(carried) == 1:
            shift = carried[0].ref.shift if carried[0].ref is not None else 0
            if all(_lands_behind(term, shift) for term in landed):
                return equation  # is the carrier itself
        for term in carried:
            assert term.ref is not None
            own = [other for other in landed if _lands_behind(other, term.ref.shift)]
            landed = [other for other in landed if other not in own]
            here.append(self.named(carrier_name(term.ref), equation.target, (term, *own)))
        if landed:
            wish = f"land_{equation.target.name}"
            here.append(self.named(wish, equation.target, tuple(landed)))
        for term in seldom:
            wish = f"{equation.target.name}_T{term.when}"
            here.append(self.named(wish, equation.target, (term,)))
        return replace(equation, terms=tuple(here))

    # what a term reads

    def at_home(self, term: Term, timed: bool) -> Term:
        """The term with names for what it reads that is not where it stands."""
        timed = (timed and term.at is None) or term.over

        def change(ref: Ref) -> Ref:
            if timed:
                return self.spread(ref)
            return self.picked(ref) if ref.base in ("1", "T") else ref

        return map_term(term, change)

    def picked(self, ref: Ref) -> Ref:
        """One step of a variable, as a variable without steps."""
        if ref not in self.picks:
            symbol = self.symbols[ref.name]
            name = free(carrier_name(ref), self.symbols)
            self.symbols[name] = replace(symbol, name=name, timed=False, of=None, output=False)
            self.picks[ref] = Ref(name)
            self.made.append(Linear(Ref(name), (Term(ref),)))
        return self.picks[ref]

    def spread(self, ref: Ref) -> Ref:
        """What is the same at all steps, at every step: an adjoint of what is summed over time."""
        symbol = self.symbols[ref.name]
        if ref.base or symbol.role not in ROWS:
            return ref
        if ref not in self.picks:
            name = free(f"each_{ref.name}", self.symbols)
            self.symbols[name] = replace(symbol, name=name, timed=True, of=None, output=False)
            self.picks[ref] = Ref(name, "t")
            self.made.append(Linear(Ref(name, "t"), (Term(ref),)))
        return self.picks[ref]

    def named(self, wish: str, of: Ref, terms: tuple[Term, ...]) -> Term:
        """A summand under a name of its own."""
        name = free(wish, self.symbols)
        timed = of.base == "t"
        self.symbols[name] = Symbol(name, "adjoint", timed, self.symbols[of.name].shape)
        self.made.append(Linear(Ref(name, "t" if timed else ""), terms))
        return Term(Ref(name, "t" if timed else ""))

    def is_carrier(self, equation: Linear | Total) -> bool:
        """Whether it brings a value to where it is needed, and does nothing else."""
        (term, *others) = equation.terms or (Term(None),)
        plain = not others and term.ref is not None and term.everywhere and not term.over
        return isinstance(equation, Linear) and plain and term.by == Scale()


def _crosses(term: Term) -> bool:
    """Whether a summand comes from another step than its equation's, or lands at one."""
    if not term.everywhere:
        return True
    return term.ref is not None and not term.over and term.ref.shift != 0


def _lands_behind(landed: Term, shift: int) -> bool:
    """Whether a term lands where nothing is carried to by this shift: at the ends."""
    assert landed.at is not None
    base, at = landed.at
    return -shift < at <= 0 if base == "T" else 0 <= at < -shift
