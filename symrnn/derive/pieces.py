"""The pieces of a formula: what stands in it and where, and the same formula with another piece."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.formula import (
    Alike,
    Big,
    Blocks,
    Bracket,
    Chain,
    Diagonal,
    Formula,
    Immediate,
    Name,
    Odot,
    Over,
    Product,
    Sheet,
    Times,
    Total,
)
from symrnn.language.tree import Add, Call, Div, Neg, Num, Part, Pow, Ref, Transpose

Path = tuple[int, ...]
"""Where a piece stands in a formula: which child, and which child of that, …"""


def map_children(formula: Formula, f: Callable[[Formula], Formula]) -> Formula:
    """The same node over other children."""
    match formula:
        case Ref() | Num() | Name():  # most of them
            return formula
        case Add(terms=parts):
            return Add(tuple(map(f, parts)))
        case Times(factors=parts) | Odot(factors=parts) | Product(factors=parts):
            return type(formula)(tuple(map(f, parts)))
        case Chain(factors=parts):
            return Chain(tuple(map(f, parts)))
        case Div(left=left, right=right) | Pow(left=left, right=right):
            return replace(formula, left=f(left), right=f(right))
        case Call(args=args):
            return replace(formula, args=tuple(map(f, args)))
        case Neg(arg=arg) | Transpose(arg=arg) | Diagonal(arg=arg) | Part(arg=arg):
            return replace(formula, arg=f(arg))
        case Blocks(rows=rows):
            return Blocks(tuple(tuple(map(f, row)) for row in rows))
        case Total(of=of, by=by):
            return Total(f(of), f(by))
        case Immediate(of=of, by=by):
            return replace(formula, of=f(of), by=f(by))
        case Bracket(body=body) | Big(body=body) | Over(body=body):
            return replace(formula, body=f(body))
    return formula


def moved_to(index: str, formula: Formula) -> Formula:
    """A formula of step t at another step; indices that it binds stay its own."""
    match formula:
        case Ref(base="t"):
            return replace(formula, base=index)
        case Name(at=Ref(base="t") as at):
            return replace(formula, at=replace(at, base=index))
        case Big(index="t"):
            return formula
        case Big(index=inner, body=body) if inner == index:
            return replace(formula, index="i", body=moved_to(index, _renamed(body, index)))
    return map_children(formula, lambda child: moved_to(index, child))


def _renamed(formula: Formula, index: str) -> Formula:
    if isinstance(formula, Ref) and formula.base == index:
        return replace(formula, base="i")
    return map_children(formula, lambda child: _renamed(child, index))


def map_sheet(sheet: Sheet, f: Callable[[Formula], Formula]) -> Sheet:
    """The same sheet with other right sides."""
    equations = tuple(replace(e, rights=tuple(map(f, e.rights))) for e in sheet.equations)
    return replace(sheet, equations=equations)


def children(formula: Formula) -> Iterator[Formula]:
    """What stands in a formula, from left to right."""
    if isinstance(formula, Ref | Num | Name):  # most of them
        return iter(())
    found: list[Formula] = []

    def keep(child: Formula) -> Formula:
        found.append(child)
        return child

    map_children(formula, keep)
    return iter(found)


def free_indices(formula: Formula) -> Iterator[Alike]:
    """What has an index that no sum within binds."""
    if isinstance(formula, Alike):
        yield formula
    for child in children(formula) if not isinstance(formula, Over) else ():
        yield from free_indices(child)


def walk(formula: Formula) -> Iterator[Formula]:
    """The formula and everything in it."""
    yield formula
    for child in children(formula):
        yield from walk(child)


def at_path(formula: Formula, path: Sequence[int]) -> Formula:
    for i in path:
        formula = list(children(formula))[i]
    return formula


def put(formula: Formula, path: Sequence[int], new: Formula) -> Formula:
    """The formula with another piece at one place.

    >>> from fractions import Fraction
    >>> one = Num(Fraction(1))
    >>> put(Add((one, Neg(one))), (1, 0), Blank(1)).terms[1]
    Neg(arg=Blank(number=1))
    """
    if not path:
        return new
    position = iter(range(len(list(children(formula)))))

    def change(child: Formula) -> Formula:
        return put(child, path[1:], new) if next(position) == path[0] else child

    return map_children(formula, change)
