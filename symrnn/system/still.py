"""Every equation at its own step: what crosses steps is carried by equations that do nothing else.

    a[t] = x[t] @ W + h[t-1] @ U; yhat = h[T] @ V
        =>  prev_h[t] = h[t-1];  a[t] = x[t] @ W + prev_h[t] @ U;  last_h = h[T];  yhat = last_h @ V

So that sequences of different lengths can be worked out side by side: whatever stands at one step
stands for the rows that have it, and only carriers ask where a sequence begins and ends. The
gradient of such a system is such a system again, once `parted` has taken its sums apart.
"""

from collections.abc import Collection
from dataclasses import replace

from symrnn.errors import UsageError
from symrnn.language.printer import show_ref
from symrnn.language.tree import NARROW, STEPS, Expr, Ref, Size, map_leaves
from symrnn.system.algebra import mul
from symrnn.system.check import check
from symrnn.system.names import free, step_label
from symrnn.system.rewrite import map_jacobian
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
)

ROWS = ("input", "target", "variable", "adjoint")
"""What has a row for each sequence."""


SIZE = "size_T"
"""The input that is the number of steps of each sequence, where it is asked for."""


def still(system: System, ids: Collection[str] = ()) -> System:
    """The system with carriers; what carries `ids` holds ids, and fixed steps of them are refused.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> made = str(still(normal(parse("h[t] = u * h[t-1] + x[t]; p = mean(h[t])"))))
    >>> print(made[made.index("prev"):], end="")
    prev_h[t] = h[t-1]
    h[t] = prev_h[t] * u + x[t]
    each_size_T[t] = size_T
    p = sum(h[t] / each_size_T[t])
    """
    result = _Still(system, ids).system()
    check(result, "still")
    return result


class _Still:
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
