"""The widths of values, once the names have theirs: only what has width 1 is ever spread."""

from collections.abc import Iterator

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

Shape = tuple[Width, ...]
"""(n,) for rows and vectors, two widths for a matrix, () for a number."""


def shape_of(equation: Equation, symbols: Symbols) -> Shape:
    """The shape of an equation's value, without the rows of the batch: that of its widest operand.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> system = normal(parse("h[t] = tanh(x[t] @ W)"))
    >>> [str(shape_of(equation, system.symbols)[-1]) for equation in system.equations]
    ['H', 'H']
    """
    found = list(operand_shapes(equation, symbols))
    width = next((shape[-1] for shape in found if shape and shape[-1] != NARROW), NARROW)
    rows = next((shape[0] for shape in found if len(shape) == 2), None)
    return (width,) if rows is None else (rows, width)


def width_of(equation: Equation, symbols: Symbols) -> Width:
    """The width of an equation's value."""
    return shape_of(equation, symbols)[-1]


def operand_shapes(equation: Equation, symbols: Symbols) -> Iterator[Shape]:
    """The shapes of the operands as they go into the value; each is spread where it is narrower."""
    match equation:
        case Pointwise(body=body):
            yield from (symbols[ref.name].shape for ref in refs(body))
        case Row(function="concat", args=args):
            yield (joined(args, symbols),)
        case Row(function="softmax", args=(ref,)):
            yield symbols[ref.name].shape
        case Row(args=args):
            yield (*symbols[args[0].name].shape[:-1], NARROW)
        case Linear(terms=terms) | Total(terms=terms):
            for term in terms:
                yield from _of_term(term, symbols)


def _of_term(term: Term, symbols: Symbols) -> Iterator[Shape]:
    ref = symbols[term.ref.name] if term.ref is not None else None
    match term.by:
        case Scale():
            yield from (symbols[read.name].shape for read in term.reads())
        case Dot():
            yield from ((*symbols[read.name].shape[:-1], NARROW) for read in term.reads())
        case Entries():
            yield (NARROW,)
        case Turned():
            yield ref.shape[::-1] if ref is not None else ()
        case Matrix(name=name, transposed=transposed):
            width = symbols[name].shape[0 if transposed else 1]
            yield (*(ref.shape[:-1] if ref is not None else ()), width)
        case PartOf(width=width) | PadTo(total=width):
            yield (width,)
        case Outer(other=other, flipped=flipped):
            assert ref is not None
            left, right = ref.width, symbols[other.name].width
            yield (left, right) if flipped else (right, left)


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
