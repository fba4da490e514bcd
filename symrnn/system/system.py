"""The one intermediate form: a system of recurrence equations in normal form.

Equations come in four kinds, and an operation on systems is one function for each kind. The
gradient of a system is a system again: the same kinds, more equations.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import escape

from symrnn.language.tree import ONE, Expr, Ref, Width, map_leaves, refs
from symrnn.system.graph import Group, Use, order
from symrnn.system.symbols import Symbol, Symbols

# Jacobians: what a reference is multiplied with. The set is closed under transposition.


@dataclass(frozen=True, slots=True)
class Scale:
    """v * factor, feature by feature: a diagonal. A v of width 1 is spread over the features."""

    factor: Expr = ONE


@dataclass(frozen=True, slots=True)
class Dot:
    """rowsum(v * factor): the transpose of a Scale that spreads."""

    factor: Expr = ONE


@dataclass(frozen=True, slots=True)
class Matrix:
    """v @ W, or v @ transpose(W)."""

    name: str
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class PartOf:
    """part(v, skip, width)."""

    skip: Width
    width: Width


@dataclass(frozen=True, slots=True)
class PadTo:
    """pad(v, skip, total): the transpose of a PartOf."""

    skip: Width
    total: Width


@dataclass(frozen=True, slots=True)
class Outer:
    """transpose(other) @ v, or flipped: transpose(v) @ other. The gradient of a matrix."""

    other: Ref
    flipped: bool = False


@dataclass(frozen=True, slots=True)
class Turned:
    """transpose(v), of a matrix."""


@dataclass(frozen=True, slots=True)
class Entries:
    """total(v * factor), the sum of all entries: the transpose of a Scale that spreads a number
    over a matrix."""

    factor: Expr = ONE


Jacobian = Scale | Dot | Matrix | PartOf | PadTo | Outer | Turned | Entries


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: a reference times a Jacobian.

    Without a reference it is the factor alone. `over` sums it over all steps; `at` lands it at one
    fixed step (base, shift) of a variable that runs over time; `when` makes it count for one number
    of steps alone.
    """

    ref: Ref | None
    by: Jacobian = Scale()
    over: bool = False
    at: tuple[str, int] | None = None
    when: int | None = None
    rowless: bool = False
    """In a Total: it has no rows to be summed over, neither of sequences nor of a matrix."""

    def reads(self) -> Iterator[Ref]:
        if self.ref is not None:
            yield self.ref
        match self.by:
            case Scale(factor=factor) | Dot(factor=factor) | Entries(factor=factor):
                yield from refs(factor)
            case Matrix(name=name):
                yield Ref(name)
            case Outer(other=other):
                yield other
            case PartOf() | PadTo() | Turned():
                pass

    @property
    def everywhere(self) -> bool:
        """Whether it belongs to every step and to every number of steps."""
        return self.at is None and self.when is None


# The kinds of equations


@dataclass(frozen=True, slots=True)
class Linear:
    """v = Σ ref·J: affine maps, and every adjoint."""

    target: Ref
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Pointwise:
    """v = f(refs), feature by feature: one function of a reference, or arithmetic."""

    target: Ref
    body: Expr


@dataclass(frozen=True, slots=True)
class Row:
    """A function across the features of a row, or a loss of it."""

    target: Ref
    function: str
    args: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """Σ ref·J over the batch: the loss (which is averaged), or the gradient of a parameter or of
    what is computed of parameters alone."""

    target: Ref
    terms: tuple[Term, ...]


Equation = Linear | Pointwise | Row | Total


def uses(equation: Equation) -> Iterator[Use]:
    """Every reference that an equation makes."""
    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            for term in terms:
                for ref in term.reads():
                    yield Use(ref, term.over or term.at is not None)
        case Pointwise(body=body):
            for ref in refs(body):
                yield Use(ref)
        case Row(args=args):
            for ref in args:
                yield Use(ref)


def says(equation: Equation) -> object:
    """What an equation says of its target, to tell equal ones by."""
    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            return terms
        case Pointwise(body=body):
            return body
        case Row(function=function, args=args):
            return (function, args)


SHOWN = 100
"""So many lines of a system a notebook shows."""


@dataclass(frozen=True, slots=True, repr=False)
class System:
    """Equations in normal form, and what their names stand for."""

    equations: tuple[Equation, ...]
    symbols: Symbols = field(hash=False)
    steps: int | None = None
    """The number of steps, where it is fixed: an unrolled system."""

    def named(self, *roles: str) -> list[Symbol]:
        """The symbols of these roles, in order of appearance."""
        return [symbol for symbol in self.symbols.values() if symbol.role in roles]

    @property
    def loss(self) -> str | None:
        symbol = self.symbols.get("L")
        return "L" if symbol and symbol.role == "total" else None

    @property
    def outputs(self) -> list[Symbol]:
        return [symbol for symbol in self.symbols.values() if symbol.output]

    def groups(self) -> list[Group]:
        """The order in which the equations are worked out."""
        return order({e.target: list(uses(e)) for e in self.equations}, self.steps)

    def __str__(self) -> str:
        from symrnn.language.printer import show
        from symrnn.system.spell import spell

        return show(spell(self))

    def __repr__(self) -> str:
        return str(self).rstrip()

    def _repr_html_(self) -> str:
        first, rest = str(self).splitlines()[:SHOWN], str(self).splitlines()[SHOWN:]
        more = [f"… and {len(rest)} more lines"] if rest else []
        return f"<pre>{escape(chr(10).join([*first, *more]))}</pre>"


Change = Callable[[Ref], Ref]


def map_expr(expr: Expr, change: Change) -> Expr:
    return map_leaves(expr, lambda leaf: change(leaf) if isinstance(leaf, Ref) else leaf)


def map_jacobian(by: Jacobian, change: Change) -> Jacobian:
    match by:
        case Scale(factor=factor) | Dot(factor=factor) | Entries(factor=factor):
            return type(by)(map_expr(factor, change))
        case Outer(other=other, flipped=flipped):
            return Outer(change(other), flipped)
        case Matrix(name=name, transposed=transposed):
            return Matrix(change(Ref(name)).name, transposed)
        case _:
            return by


def map_term(term: Term, change: Change) -> Term:
    ref = change(term.ref) if term.ref is not None else None
    return replace(term, ref=ref, by=map_jacobian(term.by, change))


def map_refs(equation: Equation, change: Change) -> Equation:
    """The equation with every reference on its right side changed; its target stays."""
    target = equation.target
    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            return type(equation)(target, tuple(map_term(term, change) for term in terms))
        case Pointwise(body=body):
            return Pointwise(target, map_expr(body, change))
        case Row(function=function, args=args):
            return Row(target, function, tuple(map(change, args)))
