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
from symrnn.system.shapes import operand_shapes
from symrnn.system.symbols import Symbols
from symrnn.system.system import (
    Equation,
    Linear,
    Matrix,
    Row,
    System,
    Term,
    Total,
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
    symbols, target = system.symbols, show_ref(equation.target)
    own = symbols[equation.target.name].shape
    match equation:
        case Row(function=function, args=args) if function not in ("concat", "softmax"):
            shapes = {tuple(_sorted(symbols[ref.name].shape)) for ref in args}
            if len(args) != (2 if function in LOSSES else 1) or len(shapes) > 1:
                yield f"{target} is {function} of operands that do not fit"
        case Linear(terms=terms) | Total(terms=terms):
            for term in terms:
                if isinstance(term.by, Matrix) and not _multiplies(term, term.by, symbols):
                    yield f"{target} is a product with {term.by.name} of what does not fit"
    for shape in operand_shapes(equation, symbols):
        if not _fits(shape, own, isinstance(equation, Total)):
            yield f"{target} has shape {show_widths(own)}, an operand {show_widths(shape)}"


def _multiplies(term: Term, by: Matrix, symbols: Symbols) -> bool:
    """Whether what is multiplied with a matrix is as wide as that has rows."""
    inner = symbols[by.name].shape[1 if by.transposed else 0]
    return term.ref is not None and _sorted((symbols[term.ref.name].width,)) == _sorted((inner,))


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
