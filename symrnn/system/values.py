"""The values of functions under their names: σ(a_yhat) is yhat, wherever the model works it out."""

from symrnn.language.tree import ONE, Call, Expr, Ref, map_children
from symrnn.system import names
from symrnn.system.shapes import shape_of
from symrnn.system.symbols import ROWLESS, Role, Symbol, Symbols
from symrnn.system.system import Dot, Equation, Linear, Pointwise, Row, System, Term

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

    def find(self, function: str, ref: Ref) -> Ref | None:
        exact = self.known.get((function, ref))
        if exact is None and ref.base in ("1", "T") and not ref.shift and self.steps is None:
            timed = self.known.get((function, Ref(ref.name, "t")))
            return Ref(timed.name, ref.base, ref.shift) if timed else None
        return exact

    def make(self, call: Call, ref: Ref) -> Ref:
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
