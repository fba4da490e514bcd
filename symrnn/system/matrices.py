"""What must be known before widths are made equal: which names are matrices, and what is narrow.

    a[t] = x[t] @ (W * M) + b; G = g * U; h[t] = tanh(a[t] + h[t-1] @ G); g: H   =>   W, M, U, G

A matrix is declared, `W: (D, H)`, or stands right of an @ or in a transpose by itself. In an
expression that stands there a name is a matrix too, unless it is a vector elsewhere or by
declaration.

Narrow is what has width 1 by declaration, or is built from nothing but such values: it is spread
over the features of a wider operand.
"""

from collections.abc import Callable, Container, Iterator

from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    Call,
    Expr,
    MatMul,
    Num,
    Pad,
    Part,
    Ref,
    Size,
    Transpose,
    Width,
    Written,
    children,
    walk,
)
from symrnn.system.symbols import GIVEN, Symbols

ROLES = (*GIVEN, "weight", "total")


def is_matrix(expr: Expr, known: Container[str]) -> bool:
    """Whether the value of an expression is a matrix, where it is known which names are.

    >>> from symrnn.language.parse import parse_expression
    >>> is_matrix(parse_expression("g * tanh(W)"), {"W"}), is_matrix(parse_expression("b @ W"), "W")
    (True, False)
    """
    match expr:
        case Ref(name=name):
            return name in known
        case Transpose():
            return True
        case MatMul(left=left):
            return is_matrix(left, known)
        case Call(function="total" | "batchsum"):
            return False
    return any(is_matrix(child, known) for child in children(expr))


def matrices(written: Written, symbols: Symbols) -> set[str]:
    """The names of the text that are matrices."""
    return _Matrices(written, symbols).found


class _Matrices:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.symbols = symbols
        self.found: set[str] = set()
        self.vectors: set[str] = set()
        for declaration in written.declarations:
            if isinstance(declaration.value, tuple) and self.can_be(declaration.name):
                kind = self.found if len(declaration.value) == 2 else self.vectors
                kind.add(declaration.name)
        self.definitions = [
            d
            for d in written.definitions
            if (s := symbols[d.target.name]).role in ("variable", "weight")
            or s.name == "L"
            or (s.role == "total" and s.of is None)
        ]
        for definition in self.definitions:
            for node in walk(definition.body):
                self.found |= {name for name in _alone(node) if self.can_be(name)}
        self.spread()

    def can_be(self, name: str) -> bool:
        return name in self.symbols and self.symbols[name].role in ROLES

    def spread(self) -> None:
        """First all that must be vectors, then what else stands in a matrix, until that is all."""
        while True:
            before = -1
            while before != len(self.vectors) + len(self.found):
                before = len(self.vectors) + len(self.found)
                for definition in self.definitions:
                    self.look(definition.target.name, definition.body)
            more = {
                name
                for definition in self.definitions
                if definition.target.name in self.found
                for name in self.inside(definition.body)
            }
            more |= {n for d in self.definitions for node in walk(d.body) for n in self.right(node)}
            more -= self.vectors | self.found
            if not more:
                return
            self.found |= more

    def look(self, name: str, body: Expr) -> None:
        """What one equation says of its names."""
        if self.symbols[name].role in ("weight", "total") and name != "L":
            if name not in self.found and is_matrix(body, self.found):
                self.found.add(name)
            if name not in self.vectors:
                return
        self.vectors |= set(self.rows(body)) - self.found

    def rows(self, expr: Expr) -> Iterator[str]:
        """The names that stand where a row does."""
        match expr:
            case Ref(name=name) if self.can_be(name):
                yield name
            case MatMul(left=left):
                yield from self.rows(left)
            case Call(function="total") | Transpose():
                return
            case _:
                for child in children(expr):
                    yield from self.rows(child)

    def right(self, node: Expr) -> Iterator[str]:
        """The names in an expression that stands right of an @, or whose entries are added up."""
        match node:
            case MatMul(left=left, right=right) if not isinstance(left, Transpose):
                yield from self.inside(right)
            case Transpose(arg=arg):
                yield from self.inside(arg)
            case Call(function="total", args=(arg,)) if is_matrix(arg, self.found):
                yield from self.inside(arg)

    def inside(self, expr: Expr) -> Iterator[str]:
        """The names in a matrix that are matrices, unless they are vectors."""
        match expr:
            case Ref(name=name) if self.can_be(name):
                yield name
            case Call(function="total"):
                return
            case _:
                for child in children(expr):
                    yield from self.inside(child)


def _alone(expr: Expr) -> Iterator[str]:
    """The name right of an @, or in a transpose, if nothing else stands there."""
    match expr:
        case MatMul(left=left, right=Ref(name=name)) if not isinstance(left, Transpose):
            yield name
        case Transpose(arg=Ref(name=name, base="")):
            yield name


# what is narrow


GATHERED = ("rowsum", "rowmean", "logsumexp", "rowmax", "total", *LOSSES)
"""Functions with one number for each row."""


class Narrow:
    """The largest set of narrow names that is consistent with the equations.

    `declared` are the names of width 1, `open_names` the variables that may turn out to be narrow;
    the two questions tell whether a product with a matrix has one column, and a width is 1.
    """

    def __init__(
        self,
        written: Written,
        symbols: Symbols,
        declared: set[str],
        open_names: set[str],
        one_column: Callable[[Expr], bool],
        is_one: Callable[[Width], bool],
    ) -> None:
        self.symbols, self.one_column, self.is_one = symbols, one_column, is_one
        self.names = declared | open_names
        sweep = [d for d in written.definitions if d.target.name in open_names - declared]
        before = -1
        while before != len(self.names):
            before = len(self.names)
            sweep.reverse()  # news travels both ways along a chain of equations
            for definition in sweep:
                name = definition.target.name
                if name in self.names and not self.expr(definition.body):
                    self.names.discard(name)

    def name(self, name: str) -> bool:
        """Whether a name is narrow; an adjoint is, if what it is the adjoint of is."""
        symbol = self.symbols[name]
        return symbol.role == "constant" or (symbol.of.name if symbol.of else name) in self.names

    def expr(self, expr: Expr) -> bool:
        match expr:
            case Num() | Size():
                return True
            case Ref(name=name):
                return self.name(name)
            case Call(function=function) if function in GATHERED:
                return True
            case Call(function="concat") | Pad() | Transpose():
                return False
            case MatMul(right=Ref() | Transpose() as right):
                return self.one_column(right)
            case MatMul(right=right):
                return self.expr(right)
            case Part(width=width):
                return self.is_one(width)
            case _:
                return all(map(self.expr, children(expr)))
