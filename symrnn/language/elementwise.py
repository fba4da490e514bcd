"""Functions element by element: those of the table, and those that a text defines."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from symrnn.language.table import ELEMENTWISE, Elementwise
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
    map_children,
    walk,
)


def row_of(call: Call[Expr]) -> Elementwise | None:
    """The table's row of a call, if it has one for so many arguments."""
    row = ELEMENTWISE.get(call.function) if call.own is None else None
    return row if row is not None and len(row.arguments) == len(call.args) else None


def is_elementwise(expr: Expr) -> bool:
    """Whether an expression is a call of a function that works element by element."""
    return isinstance(expr, Call) and (expr.own is not None or row_of(expr) is not None)


def put(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with other expressions in the place of plain names.

    A sum that comes to stand first in a sum is part of it, as where it is read.
    """
    if isinstance(expr, Ref):
        return values.get(expr.name, expr)
    found = map_children(expr, lambda child: put(child, values))
    if isinstance(found, Add) and isinstance(found.terms[0], Add):
        return replace(found, terms=(*found.terms[0].terms, *found.terms[1:]))
    return found


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
