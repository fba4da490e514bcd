"""What holds of every system, checked after every transformation.

Each name is bound once and nothing is unbound; references have a time index where their variable
runs over time; widths agree; no equation needs itself within one time step.
"""

from collections.abc import Iterator

from symrnn.errors import CheckError, EquationError
from symrnn.language.printer import show_ref, show_widths
from symrnn.language.table import LOSSES
from symrnn.language.tree import NARROW, Ref, Width
from symrnn.system.graph import Use, order
from symrnn.system.shapes import joined
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
    System,
    Term,
    Total,
    Turned,
    uses,
)

DEFINED = ("variable", "weight", "adjoint", "total")


def check(system: System, after: str) -> None:
    """Raise CheckError if the system is not well formed; `after` names the transformation."""
    problem = next(problems(system), None)
    if problem:
        raise CheckError(f"after {after}: {problem}. This is a defect of symrnn; please report it")


def problems(system: System) -> Iterator[str]:
    """
    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> list(problems(normal(parse("h[t] = u * h[t-1] + x[t]"))))
    []
    """
    targets: set[Ref] = set()
    needs: dict[Ref, list[Use]] = {}
    for equation in system.equations:
        if equation.target in targets:
            yield f"{show_ref(equation.target)} is bound twice"
        targets.add(equation.target)
        needs[equation.target] = list(uses(equation))
        yield from _unbound(system, equation, needs[equation.target])
        yield from _widths(system, equation)
    names = {target.name for target in targets}
    for symbol in system.symbols.values():
        if symbol.role in DEFINED and symbol.name not in names:
            yield f"{symbol.name} has no equation"
    try:
        order(needs, system.steps)
    except EquationError as error:
        yield str(error)


def _unbound(system: System, equation: Equation, found: list[Use]) -> Iterator[str]:
    target = equation.target
    symbol = system.symbols.get(target.name)
    if symbol is None or symbol.role not in DEFINED:
        yield f"{show_ref(target)} is defined but is no variable"
    for use in found:
        symbol = system.symbols.get(use.ref.name)
        if symbol is None:
            yield f"{show_ref(use.ref)} is unbound in the equation of {show_ref(target)}"
        elif symbol.timed != bool(use.ref.base):
            yield f"{show_ref(use.ref)} has a time index wrongly, or lacks one"
        elif use.ref.base == "t" and target.base != "t" and not use.whole:
            yield f"{show_ref(use.ref)} has no current step in the equation of {show_ref(target)}"


def _widths(system: System, equation: Equation) -> Iterator[str]:
    symbols = system.symbols
    own = symbols[equation.target.name].shape
    found: list[tuple[Width, ...]]
    match equation:
        case Pointwise():
            found = [symbols[use.ref.name].shape for use in uses(equation)]
        case Row(function="concat", args=args):
            found = [(joined(args, symbols),)]
        case Row(function="softmax", args=args):
            found = [symbols[args[0].name].shape]
        case Row(function="logsumexp", args=(ref,)):
            found = [(*symbols[ref.name].shape[:-1], NARROW)]
        case Row(function=function, args=args):
            found = [(NARROW,)]
            shapes = {tuple(_sorted(symbols[ref.name].shape)) for ref in args}
            if len(args) != (2 if function in LOSSES else 1) or len(shapes) > 1:
                yield f"{show_ref(equation.target)} is {function} of operands that do not fit"
        case Linear(terms=terms) | Total(terms=terms):
            found = [shape for term in terms for shape in _term_shapes(system, term)]
    for shape in found:
        if not _fits(shape, own, isinstance(equation, Total)):
            target = show_ref(equation.target)
            yield f"{target} has shape {show_widths(own)}, an operand {show_widths(shape)}"


def _term_shapes(system: System, term: Term) -> Iterator[tuple[Width, ...]]:
    symbols = system.symbols
    ref = symbols[term.ref.name] if term.ref is not None else None
    match term.by:
        case Scale():
            for read in term.reads():
                yield symbols[read.name].shape
        case Dot():
            yield (*ref.shape[:-1], NARROW) if ref is not None else (NARROW,)
        case Entries():
            yield (NARROW,)
        case Turned():
            yield ref.shape[::-1] if ref is not None else ()
        case Matrix(name=name, transposed=transposed):
            rows, columns = symbols[name].shape
            inner, outer = (columns, rows) if transposed else (rows, columns)
            if ref is None or _sorted((ref.width,)) != _sorted((inner,)):
                yield (Width(("operand",)), Width(("of",)), Width((name,)))
            yield (*(ref.shape[:-1] if ref else ()), outer)
        case PartOf(width=width) | PadTo(total=width):
            yield (width,)
        case Outer(other=other, flipped=flipped):
            assert ref is not None
            left, right = ref.width, symbols[other.name].width
            yield (left, right) if flipped else (right, left)


def _fits(shape: tuple[Width, ...], own: tuple[Width, ...], sums: bool) -> bool:
    """Whether an operand of one shape goes into a value of another: as it is, spread over rows or
    features, or, in a sum over the rows of a matrix, without these."""
    if not shape or shape == (NARROW,):
        return True
    if sums and len(shape) > len(own):
        shape = shape[1:]
    rows, columns = shape[:-1], shape[-1]
    if rows and _sorted(rows) != _sorted(own[:-1]):
        return False
    return columns == NARROW or _sorted((columns,)) == _sorted(own[-1:])


def _sorted(shape: tuple[Width, ...]) -> list[tuple[tuple[str, ...], int]]:
    return [(tuple(sorted(width.names)), width.number) for width in shape]
