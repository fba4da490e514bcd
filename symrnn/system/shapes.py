"""The widths of values, once the names have theirs: only what has width 1 is ever spread."""

from symrnn.language.table import LOSSES
from symrnn.language.tree import BATCH, NARROW, STEPS, Ref, Size, Width, refs, walk
from symrnn.system.symbols import Symbols
from symrnn.system.system import (
    Dot,
    Entries,
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
    Turned,
)


def shape_of(equation: Equation, symbols: Symbols) -> tuple[Width, ...]:
    """The shape of an equation's value, without the rows of the batch: two widths for a matrix."""
    width = width_of(equation, symbols)
    rows = _rows(equation, symbols)
    return (width,) if rows is None else (rows, width)


def _rows(equation: Equation, symbols: Symbols) -> Width | None:
    def of(ref: Ref) -> Width | None:
        shape = symbols[ref.name].shape
        return shape[0] if len(shape) == 2 else None

    def of_term(term: Term) -> Width | None:
        match term.by:
            case Entries():
                return None
            case Turned():
                assert term.ref is not None
                return symbols[term.ref.name].width
            case Matrix():
                return of(term.ref) if term.ref is not None else None
            case Outer(other=other, flipped=flipped):
                left = term.ref if flipped else other
                return symbols[left.name].width if left is not None else None
        return next((rows for ref in term.reads() if (rows := of(ref)) is not None), None)

    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            found = [of_term(term) for term in terms]
        case Pointwise(body=body):
            found = [of(ref) for ref in refs(body)]
        case Row(args=args):
            found = [of(ref) for ref in args]
    return next((rows for rows in found if rows is not None), None)


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


def counts_rows(equation: Equation) -> bool:
    """Whether a value may be another one for each sequence although it reads none."""
    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            factors = [t.by.factor for t in terms if isinstance(t.by, Scale | Dot | Entries)]
        case Pointwise(body=body):
            factors = [body]
        case Row(function=function):
            return function in LOSSES
    sizes = [node.width for factor in factors for node in walk(factor) if isinstance(node, Size)]
    return STEPS in sizes or BATCH in sizes


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
        case Dot() | Entries():
            return [NARROW]
        case Turned():
            return [symbols[term.ref.name].shape[0]] if term.ref is not None else []
        case Matrix(name=name, transposed=transposed):
            return [symbols[name].shape[0 if transposed else 1]]
        case PartOf(width=width) | PadTo(total=width):
            return [width]
        case Outer():
            return []
