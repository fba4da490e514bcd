"""The recurrences of a system, each as what its states become in one step.

    a_h[t] = x[t] @ W + h[t-1] @ U; z[t] = tanh(a_h[t]); h[t] = z[t]
        =>   h becomes tanh(x[t] @ W + h[t-1] @ U)

Every name that is not a state is put in. In a recurrence that runs backwards the states are read
as if it ran forwards, h[t-1] for h[t+1], so that both directions of a cell look alike.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from symrnn.language.parse import written_out
from symrnn.language.tree import (
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Own,
    Pow,
    Ref,
    Size,
    Width,
)
from symrnn.system import System
from symrnn.system.graph import Group
from symrnn.system.symbols import GIVEN
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Matrix,
    PadTo,
    PartOf,
    Pointwise,
    Row,
    Scale,
    Term,
    uses,
)
from symrnn.weights.layouts.polynomials import (
    NOTHING,
    Function,
    Poly,
    Product,
    Weight,
    add,
    atom,
    mul,
    names_in,
    neg,
    number,
    power,
)


@dataclass(frozen=True)
class Recurrence:
    """One recurrence: its direction, what each state becomes, and every value within a step."""

    direction: int
    states: dict[str, Poly]
    values: dict[str, Poly]

    def reads_itself(self, poly: Poly) -> bool:
        return not names_in(poly).isdisjoint(self.values)


def recurrences(system: System) -> list[Recurrence]:
    """Each after those that it reads.

    >>> import symrnn
    >>> [list(r.states) for r in recurrences(symrnn.load("lstm").system)]
    [['c', 'h']]
    """
    groups = [group for group in system.groups() if group.direction]
    cut = {node.name for group in groups for node in group.nodes}
    return [recurrence(system, group, cut) for group in groups]


def recurrence(
    system: System,
    group: Group,
    cut: AbstractSet[str],
    kept: AbstractSet[str] = frozenset(),
    turned: AbstractSet[str] = frozenset(),
) -> Recurrence:
    """One recurrence; other ones, whose variables are in `cut`, are read by name.

    The variables in `kept` stand for themselves too; those in `turned`, sigmoid(a) each, are
    written 1 - sigmoid(-a).
    """
    own = [node.name for node in group.nodes if node.base == "t"]
    inside = _Inside(system, group.direction, set(own), cut - set(own), kept, turned)
    values = {name: inside.own_value(name) for name in own}
    return Recurrence(group.direction, {n: values[n] for n in own if n in inside.states}, values)


class _Inside:
    """The values of variables at the current step, with everything put in."""

    def __init__(
        self,
        system: System,
        direction: int,
        own: set[str],
        others: AbstractSet[str],
        kept: AbstractSet[str],
        turned: AbstractSet[str],
    ) -> None:
        self.system, self.direction, self.own = system, direction, own
        self.closed = others | kept
        self.turned = turned
        self.equations = {e.target: e for e in system.equations}
        self.known: dict[str, Poly] = {}
        self.states = {
            use.ref.name
            for name in own
            for use in uses(self.equations[Ref(name, "t")])
            if use.ref.name in own and use.ref.base == "t" and use.ref.shift
        }

    def own_value(self, name: str) -> Poly:
        """What a variable of the recurrence becomes, whether it is kept elsewhere or not."""
        if name not in self.known:
            self.known[name] = self.turn(name, self.equation(self.equations[Ref(name, "t")]))
        return self.known[name]

    def turn(self, name: str, value: Poly) -> Poly:
        if name not in self.turned:
            return value
        body = self.equations[Ref(name, "t")]
        assert isinstance(body, Pointwise)
        assert isinstance(body.body, Call)
        (arg,) = body.body.args
        return add(number(1), neg(atom(Function("sigmoid", (neg(self.expr(arg)),)))))

    def ref(self, ref: Ref) -> Poly:
        symbol = self.system.symbols.get(ref.name)
        if symbol is not None and symbol.role == "constant":
            return number(symbol.value or Fraction(0))
        if ref.name in self.own and ref.base == "t" and ref.shift:
            return atom(Ref(ref.name, "t", ref.shift * self.direction))
        here = Ref(ref.name, ref.base, ref.shift)
        equation = self.equations.get(here)
        if equation is None or ref.name in self.closed or ref.base not in ("", "t"):
            return atom(here)
        if ref.name in self.own:
            return self.own_value(ref.name)
        if ref.name not in self.known:
            self.known[ref.name] = self.equation(equation)
        return self.known[ref.name]

    def equation(self, equation: Equation) -> Poly:
        match equation:
            case Linear(terms=terms) if all(t.everywhere and not t.over for t in terms):
                return add(NOTHING, *map(self.term, terms))
            case Pointwise(body=body):
                return self.expr(body)
            case Row(function=function, args=args):
                return atom(Function(function, tuple(map(self.ref, args))))
        return atom(equation.target)  # a sum over time, say: it stands for itself

    def term(self, term: Term) -> Poly:
        if term.ref is None:
            assert isinstance(term.by, Scale)
            return self.expr(term.by.factor)
        match term.by:
            case Scale(factor=factor):
                return mul(self.ref(term.ref), self.expr(factor))
            case Dot(factor=factor):
                return atom(Function("rowsum", (mul(self.ref(term.ref), self.expr(factor)),)))
            case Matrix(name=name) if self.system.symbols[name].role not in GIVEN:
                return atom(Function(f"times {name}", (self.ref(term.ref),)))  # no layer has it
            case Matrix(name=name, transposed=transposed):
                return self.product(term.ref, Weight(name, transposed))
            case PartOf(skip=skip, width=width):
                return atom(Function(f"part {skip}, {width}", (self.ref(term.ref),)))
            case PadTo(skip=skip, total=total):
                return atom(Function(f"pad {skip}, {total}", (self.ref(term.ref),)))
        return atom(term.ref)

    def product(self, ref: Ref, matrix: Weight) -> Poly:
        """concat(x, h) @ W is x times the first rows of W and h times the others, where a part of
        it is a state; joined inputs stay together."""
        equation = self.equations.get(Ref(ref.name, ref.base, ref.shift))
        joined = isinstance(equation, Row) and equation.function == "concat"
        if not isinstance(equation, Row) or not joined or matrix.transposed:
            return atom(Product(self.ref(ref), matrix))
        parts = [(self.ref(arg), self.system.symbols[arg.name].width) for arg in equation.args]
        if not any(names_in(part) & self.own for part, _ in parts):
            return atom(Product(self.ref(ref), matrix))
        found, skip = [], Width()
        for part, width in parts:
            found.append(atom(Product(part, Weight(matrix.name, rows=(skip, width)))))
            skip += width
        return add(*found)

    def expr(self, expr: Expr) -> Poly:
        match expr:
            case Num(value=value):
                return number(value)
            case Size(width=width):
                return atom(Function(f"size {width}", ()))
            case Ref():
                return self.ref(expr)
            case Neg(arg=arg):
                return neg(self.expr(arg))
            case Add(terms=terms):
                return add(*map(self.expr, terms))
            case Mul(left=left, right=right):
                return mul(self.expr(left), self.expr(right))
            case Div(left=left, right=right):
                return mul(self.expr(left), power(self.expr(right), number(-1)))
            case Pow(left=left, right=right):
                return power(self.expr(left), self.expr(right))
            case Call(own=Own()):
                return self.expr(written_out(expr))
            case Call(function="identity", args=(arg,)):
                return self.expr(arg)
            case Call(function=function, args=args):
                return atom(Function(function, tuple(map(self.expr, args))))
        raise TypeError(f"{type(expr).__name__} in a system; normal form names it first")
