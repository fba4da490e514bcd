"""The functions that an expression or a text calls, and what follows from them."""

from collections.abc import Iterable, Iterator

from symrnn.language.table import ELEMENTWISE, LOSSES, STOPS, Elementwise
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
    Written,
    children,
    walk,
)

ROUGH = {name for name, row in ELEMENTWISE.items() if not row.analytic}
"""Functions through which no complex step may be taken."""

HALF = {name for name, row in ELEMENTWISE.items() if row.half}
ABOVE_ZERO = {
    *(name for name, row in ELEMENTWISE.items() if row.above_zero),
    *("softmax", "timesoftmax"),
}
SUMS = ("rowsum", "rowmean", "sum", "mean", "total", "batchsum")


def row_of(call: Call[Expr]) -> Elementwise | None:
    """The table's row of a call, if it has one for so many arguments."""
    row = ELEMENTWISE.get(call.function) if call.own is None else None
    return row if row is not None and len(row.arguments) == len(call.args) else None


def is_elementwise(expr: Expr) -> bool:
    """Whether an expression is a call of a function that works element by element."""
    return isinstance(expr, Call) and (expr.own is not None or row_of(expr) is not None)


def own_functions(exprs: Iterable[Expr]) -> Iterator[Own]:
    """The functions of the text in these expressions, each once and after those that it calls."""
    seen: dict[Own, None] = {}

    def visit(expr: Expr) -> Iterator[Own]:
        for node in walk(expr):
            if isinstance(node, Call) and node.own is not None and node.own not in seen:
                yield from visit(node.own.body)
                seen[node.own] = None
                yield node.own

    for expr in exprs:
        yield from visit(expr)


def calls(expr: Expr) -> Iterator[Call[Expr]]:
    """Every call in an expression, and in the definitions of the functions that it calls."""
    for node in walk(expr):
        if isinstance(node, Call):
            yield node
            if node.own is not None:
                yield from calls(node.own.body)


def is_pointwise(expr: Expr) -> bool:
    """Whether an expression is arithmetic and functions element by element."""
    return all(
        isinstance(node, Num | Ref | Neg | Add | Mul | Div | Pow) or is_elementwise(node)
        for node in walk(expr)
    )


def stops(written: Written) -> bool:
    """Whether a text stops a derivative somewhere: its slopes are not its gradient."""
    return any(call.function in STOPS for d in written.definitions for call in calls(d.body))


def rough_functions(written: Written) -> list[str]:
    """The functions of the text through which no complex step may be taken."""
    found = {call.function for d in written.definitions for call in calls(d.body)}
    return sorted(found & ROUGH)


def is_analytic(written: Written) -> bool:
    """Whether a complex step finds the gradients of the text.

    Where it stops a derivative nothing else does: it stops there too, and meets kinks nowhere.
    """
    return stops(written) or not rough_functions(written)


def losses_of(written: Written) -> dict[str, str]:
    """The loss in which each target stands."""
    return {
        node.args[0].name: node.function
        for definition in written.definitions
        for node in walk(definition.body)
        if isinstance(node, Call) and node.function in LOSSES and isinstance(node.args[0], Ref)
    }


def wants_positive(written: Written) -> bool:
    """Whether the text takes a logarithm or a root of what may not be above zero."""

    def asks(expr: Expr) -> bool:
        match expr:
            case Call(function=function, args=(arg,)) if function in HALF:
                return not above_zero(arg) or asks(arg)
            case Pow(left=left, right=right) if not _is_whole(right):
                return not above_zero(left) or asks(left) or asks(right)
            case Call(own=Own(body=body)) if asks(body):
                return True
        return any(map(asks, children(expr)))

    return any(asks(definition.body) for definition in written.definitions)


def above_zero(expr: Expr) -> bool:
    """Whether an expression can be seen to be above zero: the mean of squares, plus 0.1."""
    match expr:
        case Num() | Size():
            return True
        case Call(function=function, args=(arg,)):
            return function in ABOVE_ZERO or (function in SUMS and above_zero(arg))
        case Pow(right=Num(value=power)) if power % 2 == 0:
            return True
        case Add() | Mul() | Div() | Pow():
            return all(map(above_zero, children(expr)))
    return False


def _is_whole(power: Expr) -> bool:
    return isinstance(power, Num) and power.value.denominator == 1
