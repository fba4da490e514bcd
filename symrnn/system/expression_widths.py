"""How wide expressions are; on the way, what must be equal is made equal.

x[t] @ W + b    x is as wide as W has rows, b as wide as W has columns, and so is the sum
"""

from collections.abc import Callable, Mapping

from symrnn.language.calls import is_elementwise
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    Add,
    Call,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    children,
)
from symrnn.system.occurrences import occurrences
from symrnn.system.unify import MAX_PARTS, ONE, OpenWidth, Unifier, flat, unknown

Shape = tuple[OpenWidth, ...]


class ExpressionWidths:
    """Reads expressions of names with these shapes.

    `given` is a width as a text writes it; `is_narrow` says whether an expression is spread over
    the features of a wider one.
    """

    def __init__(
        self,
        unifier: Unifier,
        shapes: Mapping[str, Shape],
        given: Callable[[Width], OpenWidth],
        is_narrow: Callable[[Expr], bool],
    ) -> None:
        self.unifier, self.shapes, self.given, self.is_narrow = unifier, shapes, given, is_narrow
        self.of_weights = False
        """Whether what is read may be a matrix: in what is computed of parameters alone."""

    def width(self, expr: Expr) -> OpenWidth | None:
        """The width of an expression; None for a number, which takes any."""
        with self.unifier.reading(expr):
            return self._width(expr)

    def _width(self, expr: Expr) -> OpenWidth | None:
        match expr:
            case Num() | Size():
                return None
            case Ref(name=name):
                shape = self.shapes[name]
                if len(shape) > 1 and not self.of_weights:
                    self.unifier.fail(f"{name} is a matrix; beside rows it stands right of an @")
                return shape[-1] if shape else None
            case Neg() | Add() | Mul() | Div() | Pow():
                return self.together(children(expr))
            case MatMul(left=left, right=right):
                return self.product(left, right)
            case Part(arg=arg, width=said) | Pad(arg=arg, total=said):
                if self.width(arg) is None:
                    self.unifier.fail("expected a row with features, not a number")
                return self.given(said)
            case Transpose(arg=arg):
                if not self.of_weights:
                    self.unifier.fail("transpose(…) of a row stands left of an @, in a gradient")
                rows = self.rows(arg)
                if rows is None:
                    self.unifier.fail("transpose(…) takes a matrix; a vector has no other form")
                return rows
            case Call(function="total", args=(arg,)):
                self.entries(arg)
                return ONE
            case Call():
                return self.call(expr)

    def together(self, operands: tuple[Expr, ...]) -> OpenWidth | None:
        """Operands share a width; a narrow one is spread, unless all are narrow."""
        found = [(operand, self.width(operand)) for operand in operands]
        known = [(operand, width) for operand, width in found if width is not None]
        wide = [width for operand, width in known if not self.is_narrow(operand)]
        for width in wide[1:]:
            self.unifier.unify(wide[0], width)
        if wide:
            return wide[0]
        for _, width in known:
            self.unifier.unify(width, ONE)
        return known[0][1] if known else None

    def product(self, left: Expr, right: Expr) -> OpenWidth:
        width = self.width(left)
        rows, columns = matrix_of(right, self.shapes) or self.entries(right)
        if rows is None or columns is None:
            self.unifier.fail("right of @ stands a matrix: W, transpose(W), W * M")
        if width is None:
            self.unifier.fail("left of @ stands a row, not a number")
        self.unifier.unify(width, rows)
        return columns

    def call(self, call: Call[Expr]) -> OpenWidth | None:
        function = call.function
        if function == "batchsum":
            self.unifier.fail("batchsum(…) belongs to a gradient; a variable has a row a sequence")
        if is_elementwise(call) or function in TIME:
            return self.together(call.args)
        widths = [self.width(arg) for arg in call.args]
        known = [width for width in widths if width is not None]
        if len(known) < len(widths):
            self.unifier.fail(f"{function}(…) takes rows with features, not a number")
        if function in LOSSES:
            self.unifier.unify(known[0], known[1])
        if function == "softmax":
            return known[0]
        if function == "concat":
            joined = OpenWidth([p for w in known for p in w.parts], sum(w.number for w in known))
            if sum(len(flat(width)[0]) for width in known) > MAX_PARTS // 2:
                self.unifier.fail("a width of too many parts; join fewer rows by concat")
            return joined
        return ONE

    def gradient(self, expr: Expr, rank: int) -> Shape:
        """The shape of what a parameter or something computed of parameters gets."""
        before, self.of_weights = self.of_weights, True
        shape = self.total(expr, rank)
        self.of_weights = before
        return shape

    def total(self, expr: Expr, rank: int) -> Shape:
        """The shape of a gradient: transpose(a) @ b, batchsum(v), and sums of these."""
        match expr:
            case Num(value=value) if not value:
                return tuple(unknown() for _ in range(rank))
            case Call(function="sum", args=(arg,)):
                return self.total(arg, rank)
            case Call(function="batchsum", args=(arg,)) if rank == 1:
                width = self.width(arg) or ONE
                return (unknown(),) if self.is_narrow(arg) else (width,)
            case MatMul(left=Transpose(arg=left), right=right) if rank == 2:
                front, back = self.width(left), self.width(right)
                if front is not None and back is not None:
                    return front, back
            case Add(terms=terms):
                shape, *others = [self.total(term, rank) for term in terms]
                for other in others:
                    for one, two in zip(shape, other, strict=True):
                        self.unifier.unify(one, two)
                return shape
        many, wide = self.entries(expr)
        if not any(o.ref.base for o in occurrences(expr)) and rank == 2:
            narrow = wide is None or self.is_narrow(expr)
            return (many or unknown(), unknown() if narrow else wide or unknown())
        if not any(o.ref.base for o in occurrences(expr)) and many is None:
            return (unknown() if self.is_narrow(expr) else wide or unknown(),)
        form = "sum(transpose(a[t]) @ b[t])" if rank == 2 else "sum(batchsum(b[t]))"
        self.unifier.fail(f"the gradient of this parameter is written {form}, or a sum of such")

    def entries(self, expr: Expr) -> tuple[OpenWidth | None, OpenWidth | None]:
        """Rows and width of what is computed of parameters alone; a vector has no rows."""
        before, self.of_weights = self.of_weights, True
        width, rows = self.width(expr), self.rows(expr)
        self.of_weights = before
        return rows, width

    def rows(self, expr: Expr) -> OpenWidth | None:
        """The rows of a matrix; None for a vector or a number, which is spread over them."""
        match expr:
            case Ref(name=name):
                shape = self.shapes[name]
                return shape[0] if len(shape) == 2 else None
            case Transpose(arg=arg):
                return self.width(arg)
            case MatMul(left=left):
                return self.rows(left)
            case Call(function="total" | "batchsum"):
                return None
            case Part() | Pad() | Call(function="concat"):
                if any(self.rows(child) is not None for child in children(expr)):
                    self.unifier.fail("part, pad and concat take rows, not matrices")
                return None
        found = [rows for child in children(expr) if (rows := self.rows(child)) is not None]
        for other in found[1:]:
            self.unifier.unify(found[0], other)
        return found[0] if found else None


def matrix_of(expr: Expr, shapes: Mapping[str, Shape]) -> tuple[OpenWidth, OpenWidth] | None:
    """The rows and columns of a matrix that has a name, or of its transpose."""
    match expr:
        case Ref(name=name) if len(shapes[name]) == 2:
            rows, columns = shapes[name]
            return rows, columns
        case Transpose(arg=Ref(name=name)) if len(shapes[name]) == 2:
            rows, columns = shapes[name]
            return columns, rows
    return None
