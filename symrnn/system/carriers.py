"""Every equation at its own step: what crosses steps is carried by equations that do nothing else.

    a[t] = x[t] @ W + h[t-1] @ U; yhat = h[T] @ V
        =>  prev_h[t] = h[t-1];  a[t] = x[t] @ W + prev_h[t] @ U;  last_h = h[T];  yhat = last_h @ V

So that sequences of different lengths can be worked out side by side: whatever stands at one step
stands for the rows that have it, and only carriers ask where a sequence begins and ends. The
gradient of such a system is such a system again, once its sums have been taken apart:

    d_h[t] = d_prev_h[t+1] + d_y[t] @ transpose(V); d_h[T] += d_last_h
        =>  next_d_prev_h[t] = d_prev_h[t+1];  next_d_prev_h[T] += d_last_h;
            d_h[t] = next_d_prev_h[t] + d_y[t] @ transpose(V)

What lands at a step to which nothing is carried lands there with the carrier.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from symrnn.errors import UsageError
from symrnn.language.printer import show_ref
from symrnn.language.tree import NARROW, STEPS, Expr, Ref, Size, map_leaves
from symrnn.system.algebra import mul
from symrnn.system.check import check
from symrnn.system.names import free, step_label
from symrnn.system.symbols import Symbol
from symrnn.system.system import (
    Dot,
    Equation,
    Jacobian,
    Linear,
    Pointwise,
    Row,
    Scale,
    System,
    Term,
    Total,
    map_jacobian,
    map_term,
)

ROWS = ("input", "target", "variable", "adjoint")
"""What has a row for each sequence."""


SIZE = "size_T"
"""The input that is the number of steps of each sequence, where it is asked for."""


def with_carriers(system: System, ids: Collection[str] = ()) -> System:
    """The system with carriers; what carries `ids` holds ids, and fixed steps of them are refused.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> made = str(with_carriers(normal(parse("h[t] = u * h[t-1] + x[t]; p = mean(h[t])"))))
    >>> print(made[made.index("prev"):], end="")
    prev_h[t] = h[t-1]
    h[t] = prev_h[t] * u + x[t]
    each_size_T[t] = size_T
    p = sum(h[t] / each_size_T[t])
    """
    result = _Carriers(system, ids).system()
    check(result, "with_carriers")
    return result


class _Carriers:
    def __init__(self, system: System, ids: Collection[str]) -> None:
        self.moving, self.symbols, self.ids = system, dict(system.symbols), ids
        self.carriers: dict[Ref | tuple[str, Ref], tuple[Ref, Equation]] = {}
        """What carries a reference, and what spreads one over the steps."""
        self.equations: list[Equation] = []

    def system(self) -> System:
        for equation in self.moving.equations:
            changed = self.equation(equation)
            self.equations.append(changed)
        return replace(self.moving, equations=tuple(self.equations), symbols=self.symbols)

    def equation(self, equation: Equation) -> Equation:
        target = equation.target
        timed = target.base == "t"
        match equation:
            case Linear(terms=terms) | Total(terms=terms):
                changed = tuple(self.term(equation, term, timed or term.over) for term in terms)
                return replace(equation, terms=changed)
            case Pointwise(body=body):
                return Pointwise(target, self.expr(body, timed))
            case Row(function=function, args=args):
                return Row(target, function, tuple(self.ref(a, timed) for a in args))

    def term(self, equation: Equation, term: Term, timed: bool) -> Term:
        if term.when is not None:
            raise UsageError(
                f"{show_ref(equation.target)} is another one for {term.when} steps; sequences with"
                " lengths of their own have different numbers of them (leave out --lengths)"
            )
        if term.over and not any(ref.base for ref in term.reads()) and self.is_same(term):
            term = self.times_steps(term)
            timed = equation.target.base == "t"
        timed = (timed and term.at is None) or term.over
        ref = self.ref(term.ref, timed) if term.ref is not None else None
        return replace(term, ref=ref, by=self.jacobian(term.by, timed))

    def is_same(self, term: Term) -> bool:
        """Whether a term without a step is the same for all sequences, too."""
        return not any(self.symbols[ref.name].role in ROWS for ref in term.reads())

    def times_steps(self, term: Term) -> Term:
        """A sum over the steps of what is the same at all of them."""
        assert isinstance(term.by, Scale | Dot)
        return replace(
            term, by=replace(term.by, factor=mul(Size(STEPS), term.by.factor)), over=False
        )

    def jacobian(self, by: Jacobian, timed: bool) -> Jacobian:
        if isinstance(by, Scale | Dot):
            return replace(by, factor=self.expr(by.factor, timed))
        return map_jacobian(by, lambda ref: self.ref(ref, timed))

    def expr(self, expr: Expr, timed: bool) -> Expr:
        def leaf(part: Expr) -> Expr:
            if isinstance(part, Size) and part.width == STEPS:
                return self.ref(self.steps(), timed)
            return self.ref(part, timed) if isinstance(part, Ref) else part

        return map_leaves(expr, leaf)

    def steps(self) -> Ref:
        """The number of steps of each sequence."""
        if SIZE in self.moving.symbols:
            raise UsageError(f"'{SIZE}' is what a kernel with lengths calls them; rename it")
        self.symbols[SIZE] = Symbol(SIZE, "input", shape=(NARROW,))
        return Ref(SIZE)

    # references

    def ref(self, ref: Ref, timed: bool) -> Ref:
        """What is read instead, in an equation that has a current step or none."""
        if ref.base == "t":
            return self.carried(ref, "t") if ref.shift else ref
        if ref.base:
            ref = self.carried(ref, "")
        has_rows = self.symbols[ref.name].role in ROWS
        return self.spread(ref) if timed and has_rows else ref

    def carried(self, ref: Ref, base: str) -> Ref:
        return self.carrier(ref, Ref(carrier_name(ref), base), ref)

    def spread(self, ref: Ref) -> Ref:
        """A value that is the same at all steps, at every step."""
        return self.carrier(("each", ref), Ref(f"each_{ref.name}", "t"), ref)

    def carrier(self, key: Ref | tuple[str, Ref], wish: Ref, source: Ref) -> Ref:
        if source.name in self.ids and (source.base != "t" or isinstance(key, tuple)):
            read = replace(source, name=self.symbols[source.name].keeps or source.name)
            raise UsageError(
                f"{show_ref(read)} is read at other steps than its own; with lengths of their own"
                f" sequences have it there as rows alone (leave {read.name} out of --ids)"
            )
        if key not in self.carriers:
            old = self.symbols[source.name]
            target = replace(wish, name=free(wish.name, self.symbols))
            shape = old.shape
            self.symbols[target.name] = Symbol(
                target.name,
                "variable",
                bool(target.base),
                shape,
                onehot=old.onehot and not source.shift,
                keeps=(old.keeps or source.name) if source.name in self.ids else "",
            )
            self.equations.append(Linear(target, (Term(source),)))
            self.carriers[key] = (target, self.equations[-1])
        return self.carriers[key][0]


def carrier_name(ref: Ref) -> str:
    """
    >>> carrier_name(Ref("h", "t", -1)), carrier_name(Ref("h", "t", 2)), carrier_name(Ref("h", "T"))
    ('prev_h', 'next2_h', 'last_h')
    """
    if ref.base == "t":
        far = "" if abs(ref.shift) == 1 else str(abs(ref.shift))
        return f"{'prev' if ref.shift < 0 else 'next'}{far}_{ref.name}"
    if (ref.base, ref.shift) in (("T", 0), ("1", 0)):
        return f"{'last' if ref.base == 'T' else 'first'}_{ref.name}"
    return f"{ref.name}_{step_label(ref.base, ref.shift)}"


def apart(system: System) -> System:
    """The system with carriers for what an adjoint hands from step to step."""
    made = _Apart(system)
    equations = [piece for e in system.equations for piece in made.pieces(e)]
    result = replace(system, equations=tuple(equations), symbols=made.symbols)
    check(result, "apart")
    return result


class _Apart:
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
        terms = tuple(self.here(term, timed) for term in equation.terms)
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
            if all(_lands_beyond(term, shift) for term in landed):
                return equation  # is the carrier itself
        for term in carried:
            assert term.ref is not None
            own = [other for other in landed if _lands_beyond(other, term.ref.shift)]
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

    def here(self, term: Term, timed: bool) -> Term:
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


def _lands_beyond(landed: Term, shift: int) -> bool:
    """Whether a term lands where nothing is carried to by this shift: at the ends."""
    assert landed.at is not None
    base, at = landed.at
    return -shift < at <= 0 if base == "T" else 0 <= at < -shift
