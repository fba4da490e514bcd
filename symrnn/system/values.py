"""The values of functions under their names: σ(a_yhat) is yhat, wherever the model works it out."""

from collections.abc import Callable

from symrnn.language.tree import ONE, Call, Expr, Neg, Ref, map_children
from symrnn.system import names
from symrnn.system.shapes import shape_of
from symrnn.system.symbols import ROWLESS, Role, Symbol, Symbols
from symrnn.system.system import Dot, Equation, Linear, Pointwise, Row, Scale, System, Term

ACROSS = ("softmax", "logsumexp", "rowsum")
"""Functions that a factor cannot hold: their value needs an equation."""


class Values:
    """Looks values up, and makes the equations of those that the model itself does not need."""

    def __init__(self, system: System, symbols: Symbols) -> None:
        self.steps, self.symbols = system.steps, symbols
        self.known = {key: e.target for e in system.equations if (key := _key(e))}
        self.made: list[Equation] = []
        self.names: dict[tuple[str, str], str] = {}
        """One name for all the steps of a value that is made step by step."""

    def put_in(self, factor: Expr) -> Expr:
        """The factor with names for the values of functions in it."""
        factor = map_children(factor, self.put_in)
        if not isinstance(factor, Call) or not isinstance(factor.args[0], Ref):
            return factor
        found = self.find(factor.function, factor.args[0])
        if found is None and factor.function in ACROSS:
            found = self.make(factor, factor.args[0])
        return found or factor

    def below_the_top(self, ref: Ref, highest: Ref) -> Ref:
        """1 where a row is less than its largest entry, 0 where it is as large."""
        terms = (Term(highest), Term(ref, Scale(Neg(ONE))))
        gap = self.named("gap", highest, lambda at: Linear(at, terms))
        return self.named("below", highest, lambda at: Pointwise(at, Call("step", (gap,))))

    def find(self, function: str, ref: Ref) -> Ref | None:
        exact = self.known.get((function, ref))
        if exact is None and ref.base in ("1", "T") and not ref.shift and self.steps is None:
            timed = self.known.get((function, Ref(ref.name, "t")))
            return Ref(timed.name, ref.base, ref.shift) if timed else None
        return exact

    def named(self, prefix: str, of: Ref, equation: Callable[[Ref], Equation]) -> Ref:
        """The target of an equation that is made for a variable, at the variable's own step."""
        label = names.label(of) if of.base in ("1", "T") and self.steps is None else of.name
        name = self.names.get((prefix, label))
        if name is None:
            name = self.names[prefix, label] = names.free(f"{prefix}_{label}", self.symbols)
        target = Ref(name, of.base, of.shift) if label == of.name else Ref(name)
        if target not in {e.target for e in self.made}:
            made = equation(target)
            rowless = self.symbols[of.name].role in ROWLESS
            role: Role = "weight" if rowless else "variable"
            shape = shape_of(made, self.symbols)
            self.symbols[name] = Symbol(name, role, bool(target.base), shape)
            self.made.append(made)
        return target

    def make(self, call: Call[Expr], ref: Ref) -> Ref:
        """An equation for the value; that at a fixed step is defined once."""
        once = not ref.base or (ref.base != "t" and self.steps is None)
        label = names.label(ref) if once else ref.name
        name = self.names.get((call.function, label))
        if name is None:
            name = names.free(f"{call.function}_{label}", self.symbols)
            self.names[call.function, label] = name
        target = Ref(name) if once else Ref(name, ref.base, 0 if ref.base == "t" else ref.shift)
        equation: Equation = Row(target, call.function, (ref,))
        if call.function == "rowsum":
            equation = Linear(target, (Term(ref, Dot()),))
        shape = shape_of(equation, self.symbols)
        rowless = self.symbols[ref.name].role in ROWLESS
        role: Role = "weight" if rowless else "variable"
        self.symbols[name] = Symbol(name, role, bool(target.base), shape)
        self.known[call.function, ref] = target
        self.made.append(equation)
        return target


def _key(equation: Equation) -> tuple[str, Ref] | None:
    """The function and the reference of which an equation is the value."""
    match equation:
        case Pointwise(body=Call(function=function, args=(Ref() as ref,))):
            return function, ref
        case Row(function=function, args=(ref,)):
            return function, ref
        case Linear(terms=(Term(ref=Ref() as ref, by=Dot(factor=factor), over=False) as term,)):
            return ("rowsum", ref) if factor == ONE and term.everywhere else None
    return None
