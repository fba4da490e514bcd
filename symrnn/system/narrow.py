"""What is narrow: of width 1 by declaration, or built from nothing but such values.

A narrow operand is spread over the features of a wider one, so this must be known before widths are
made equal; it is the one thing about widths that does not follow from unification.
"""

from collections.abc import Callable

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
)
from symrnn.system.symbols import Symbols

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
