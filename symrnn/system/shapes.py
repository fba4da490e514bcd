"""The widths of values, once the names have theirs: only what has width 1 is ever spread."""

from symrnn.language.tree import NARROW, Ref, Width, refs
from symrnn.system.symbols import Symbols
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Pointwise,
    Row,
    Scale,
    Term,
    Total,
)


def width_of(equation: Equation, symbols: Symbols) -> Width:
    """The width of an equation's value: that of its widest operand."""
    match equation:
        case Row(function="softmax", args=(ref,)):
            return symbols[ref.name].width
        case Row(function="concat", args=args):
            return joined(args, symbols)
        case Row():
            return NARROW
        case Pointwise(body=body):
            widths = [symbols[ref.name].width for ref in refs(body)]
        case Linear(terms=terms) | Total(terms=terms):
            widths = [width for term in terms for width in _widths(term, symbols)]
    return next((width for width in widths if width != NARROW), NARROW)


def joined(args: tuple[Ref, ...], symbols: Symbols) -> Width:
    """The width of a concat."""
    total = Width()
    for ref in args:
        total += symbols[ref.name].width
    return total


def _widths(term: Term, symbols: Symbols) -> list[Width]:
    match term.by:
        case Scale():
            return [symbols[ref.name].width for ref in term.reads()]
        case Dot():
            return [NARROW]
        case Matrix(name=name, transposed=transposed):
            return [symbols[name].shape[0 if transposed else 1]]
        case PartOf(width=width) | PadTo(total=width):
            return [width]
        case Outer():
            return []
