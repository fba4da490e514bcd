"""The pieces of a formula: what stands in it and where, and the same formula with another piece."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

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
from symrnn.language.tree import Add, Call, Div, Neg, Part, Pow, Ref, Transpose

Path = tuple[int, ...]
"""Where a piece stands in a formula: which child, and which child of that, …"""


HELD: Mapping[type, tuple[str, ...]] = {
    Add: ("terms",),
    **dict.fromkeys((Times, Odot, Product, Chain), ("factors",)),
    **dict.fromkeys((Div, Pow), ("left", "right")),
    **dict.fromkeys((Total, Immediate), ("of", "by")),
    Call: ("args",),
    **dict.fromkeys((Neg, Transpose, Diagonal, Part), ("arg",)),
    **dict.fromkeys((Bracket, Big, Over), ("body",)),
    Blocks: ("rows",),
}
"""The fields in which formulas stand, of each kind that holds some."""

MANY = ("terms", "factors", "args")
"""Fields that hold any number of formulas."""

BESIDE = {
    kind: tuple(field.name for field in fields(kind) if field.name not in held)
    for kind, held in HELD.items()
}
"""What else each of these kinds says."""


def _reader(kind: type, held: tuple[str, ...]) -> Callable[[Any], tuple[Formula, ...]]:
    """What gives the formulas in one of a kind."""
    if kind is Blocks:
        return lambda blocks: tuple(each for row in blocks.rows for each in row)
    read: Callable[[Any], Any] = attrgetter(*held)
    return read if len(held) == 2 or held[0] in MANY else lambda formula: (read(formula),)


READERS = {kind: _reader(kind, held) for kind, held in HELD.items()}


def children(formula: Formula) -> tuple[Formula, ...]:
    """What stands in a formula, from left to right."""
    read = READERS.get(type(formula))
    return () if read is None else read(formula)


def map_children(formula: Formula, f: Callable[[Formula], Formula]) -> Formula:
    """The same node over other children."""
    kind = type(formula)
    held = HELD.get(kind)
    if held is None:
        return formula
    if isinstance(formula, Blocks):
        return Blocks(tuple(tuple(map(f, row)) for row in formula.rows))
    new = [getattr(formula, name) for name in held]
    new = [tuple(map(f, each)) if isinstance(each, tuple) else f(each) for each in new]
    beside = BESIDE[kind]
    if not beside:
        return kind(*new)
    said = {name: getattr(formula, name) for name in beside}
    return kind(**said, **dict(zip(held, new, strict=True)))


def frame(formula: Formula) -> tuple[object, ...]:
    """A node without what stands in it: its kind, what else it says, how many stand there."""
    beside = BESIDE.get(type(formula))
    if beside is None:
        return (formula,)
    rows = map(len, formula.rows) if isinstance(formula, Blocks) else ()
    said = (getattr(formula, name) for name in beside)
    return type(formula), len(children(formula)), *rows, *said


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


def free_indices(formula: Formula) -> Iterator[Alike]:
    """What has an index that no sum within binds."""
    waiting = [formula]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Alike):
            yield found
        elif not isinstance(found, Over):
            waiting += reversed(children(found))


def walk(formula: Formula) -> Iterator[Formula]:
    """The formula and everything in it."""
    waiting = [formula]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(children(found))


def at_path(formula: Formula, path: Sequence[int]) -> Formula:
    for i in path:
        formula = children(formula)[i]
    return formula


def put(formula: Formula, path: Sequence[int], new: Formula) -> Formula:
    """The formula with another piece at one place.

    >>> a, b = Ref("a"), Ref("b")
    >>> put(Add((a, Neg(a))), (1, 0), b) == Add((a, Neg(b)))
    True
    """
    if not path:
        return new
    position = iter(range(len(children(formula))))

    def change(child: Formula) -> Formula:
        return put(child, path[1:], new) if next(position) == path[0] else child

    return map_children(formula, change)
