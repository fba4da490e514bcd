"""Values with a width, and how many rows: numbers, rows, matrices, and their products.

Which product of two values is meant follows from their shapes; widths are numbers as far as the
dimensions of a system have some.
"""

from collections.abc import Iterable, Mapping

from symrnn.derive.build import is_zero, odot, product, times, transposed
from symrnn.derive.formula import Blocks, Diagonal, Eye, Formula, Ones, Product, Times, Zeros
from symrnn.derive.formula import Total as Derivative
from symrnn.derive.pieces import children
from symrnn.language.tree import (
    NARROW,
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)
from symrnn.system.system import System

Sized = tuple[Formula, Width]
"""A formula for a row (or a number), and how wide it is."""


class Shapes:
    """How wide things are in one system; `dims` gives numbers to dimensions, `T` and `B` among
    them."""

    def __init__(self, system: System, dims: Mapping[str, int]) -> None:
        self.system, self.symbols = system, system.symbols
        self.dims = {"B": 1, **dims}
        if system.steps is not None:
            self.dims["T"] = system.steps
        self._shapes: dict[str, tuple[Width, Width]] = {}

    def width(self, width: Width) -> Width:
        """The width, as a number as far as its dimensions have one."""
        known = sum(self.dims[name] for name in width.names if name in self.dims)
        names = tuple(name for name in width.names if name not in self.dims)
        return Width(names, width.number + known)

    def width_of(self, ref: Ref) -> Width:
        return self.width(self.symbols[ref.name].width)

    def shape_of(self, name: str) -> tuple[Width, Width]:
        """Rows and columns; a vector is a row."""
        if name not in self._shapes:
            shape = tuple(map(self.width, self.symbols[name].shape))
            rows, columns = (NARROW, *shape)[-2:] if shape else (NARROW, NARROW)
            self._shapes[name] = rows, columns
        return self._shapes[name]

    def is_matrix(self, name: str) -> bool:
        """Whether a parameter is a matrix that is not a single number."""
        symbol = self.symbols[name]
        return len(symbol.shape) == 2 and self.shape_of(name) != (NARROW, NARROW)

    # the shape of a formula

    def rows_of(self, formula: Formula) -> Width:
        """How many rows the value of a formula has: 1 but for matrices and columns."""
        match formula:
            case Ref(name=name) | Derivative(by=Ref(name=name)):
                return self.shape_of(name)[0]
            case Ones(width=rows) | Eye(width=rows) | Zeros(rows=rows):
                return self.width(rows)
            case Transpose(arg=arg):
                return self.columns_of(arg)
            case Diagonal(arg=arg):
                return widest((self.columns_of(arg), self.rows_of(arg)))
            case Product(factors=factors):
                return self.rows_of(factors[0])
        return widest(map(self.rows_of, children(formula)))

    def columns_of(self, formula: Formula) -> Width:
        match formula:
            case Ref(name=name) | Derivative(by=Ref(name=name)):
                return self.shape_of(name)[1]
            case Ones() | Call(function="logsumexp"):
                return NARROW
            case Eye(width=width) | Zeros(columns=width):
                return self.width(width)
            case Diagonal(arg=arg):
                return widest((self.columns_of(arg), self.rows_of(arg)))
            case Transpose(arg=arg):
                return self.rows_of(arg)
            case Product(factors=factors):
                return self.columns_of(factors[-1])
        return widest(map(self.columns_of, children(formula)))

    # products, sums and parts of what has a shape

    def alike(self, parts: list[Sized]) -> list[Sized]:
        """Summands; beside a matrix a row stands in each of its rows."""
        rows = widest(self.rows_of(part) for part, _ in parts)
        return [
            (product(Ones(rows), part), width)
            if rows != self.rows_of(part) and width != NARROW
            else (part, width)
            for part, width in parts
        ]

    def turned(self, value: Sized) -> Sized:
        rows = self.rows_of(value[0])
        if (rows, value[1]) == (NARROW, NARROW):
            return value
        return transposed(value[0]), rows

    def entries(self, value: Sized) -> Formula:
        """The sum of all entries: 1ᵀ W 1."""
        formula, width = value
        rows = self.rows_of(formula)
        found = self.gathered(formula, width)
        return found if rows == NARROW else product(transposed(Ones(rows)), found)

    def multiplied(self, a: Sized, b: Sized) -> Sized:
        """The product of two values, of the kind that their widths make it. A row beside a matrix
        is a factor for each of its columns, W diag(g), and a column one for each row."""
        (left, wide), (right, other) = a, b
        if self.rows_of(left) != self.rows_of(right):
            (matrix, columns), (vector, width) = (a, b) if self.rows_of(right) == NARROW else (b, a)
            if width != NARROW:
                found = Diagonal(vector) if columns != NARROW else vector
                return product(matrix, found), width
        elif self.rows_of(left) != NARROW and (wide == NARROW) != (other == NARROW):
            (matrix, columns), (vector, _) = (a, b) if other == NARROW else (b, a)
            return product(Diagonal(vector), matrix), columns
        if NARROW not in (wide, other):
            return b if left == ONE else (odot(left, right), wide)
        first = self.is_coefficient(right) or wide != NARROW
        if first and not self.is_coefficient(left):
            left, right = right, left  # a number stands before what it multiplies
        return times(left, right), widest((wide, other))

    def is_coefficient(self, formula: Formula) -> bool:
        """Whether a formula is a number that the text gives."""
        if isinstance(formula, Ref):
            return self.symbols[formula.name].role == "constant"
        if isinstance(formula, Add | Neg | Times | Div | Pow):
            return all(map(self.is_coefficient, children(formula)))
        return isinstance(formula, Num | Size)

    def gathered(self, row: Formula, width: Width) -> Formula:
        """The sum of a row's entries: v 1."""
        return row if width == NARROW else product(row, Ones(width))

    def part(self, row: Sized, skip: Width, width: Width) -> Sized:
        start, own = self.width(skip), self.width(width)
        if own == row[1]:
            return row
        if is_zero(row[0]):
            return ZERO, own
        return Part(row[0], start, own), own

    def pad(self, row: Sized, skip: Width, total: Width) -> Sized:
        before, whole = self.width(skip), self.width(total)
        if is_zero(row[0]):
            return ZERO, whole
        after = less(less(whole, before), row[1])
        parts = [Zeros(NARROW, before), row[0], Zeros(NARROW, after)]
        kept = tuple(p for p in parts if not isinstance(p, Zeros) or p.columns != Width())
        return (Blocks((kept,)) if len(kept) > 1 else row[0]), whole


def widest(widths: Iterable[Width]) -> Width:
    return next((w for w in widths if w != NARROW), NARROW)


def together(widths: Iterable[Width]) -> Width:
    total = Width()
    for width in widths:
        total += width
    return total


def less(whole: Width, part: Width) -> Width:
    """What remains of a width."""
    names = list(whole.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), whole.number - part.number)
