"""Passing over references: the same equation, term or expression with other references in it."""

from collections.abc import Callable
from dataclasses import replace

from symrnn.language.tree import Expr, Ref, map_leaves
from symrnn.system.system import (
    Dot,
    Entries,
    Equation,
    Jacobian,
    Linear,
    Matrix,
    Outer,
    Pointwise,
    Row,
    Scale,
    Term,
    Total,
)

Change = Callable[[Ref], Ref]


def map_expr(expr: Expr, change: Change) -> Expr:
    return map_leaves(expr, lambda leaf: change(leaf) if isinstance(leaf, Ref) else leaf)


def map_jacobian(by: Jacobian, change: Change) -> Jacobian:
    match by:
        case Scale(factor=factor):
            return Scale(map_expr(factor, change))
        case Dot(factor=factor):
            return Dot(map_expr(factor, change))
        case Entries(factor=factor):
            return Entries(map_expr(factor, change))
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
        case Linear(terms=terms):
            return Linear(target, tuple(map_term(term, change) for term in terms))
        case Total(terms=terms):
            return Total(target, tuple(map_term(term, change) for term in terms))
        case Pointwise(body=body):
            return Pointwise(target, map_expr(body, change))
        case Row(function=function, args=args):
            return Row(target, function, tuple(map(change, args)))
