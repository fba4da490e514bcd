"""Python expressions with a shape, and how they are put on lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from symrnn.language.tree import NARROW, Width

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a text binds in Python; a sign binds like a sum, to be safe."""

ROOM = 88
"""A sum whose text is longer has a line for each term."""

Shape = tuple[Width, Width]
NUMBER: Shape = (NARROW, NARROW)

ACROSS = ("softmax", "logsumexp", "rowmax")
"""Functions of a row."""


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression, how tightly it binds, and the shape of its value."""

    text: str
    binds: int = ATOM
    shape: Shape = NUMBER
    terms: tuple[str, ...] = ()
    """The terms of a sum, each with its sign, in case it needs several lines."""

    @property
    def is_number(self) -> bool:
        return self.shape == NUMBER

    def within(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


def transposed(code: Code) -> Code:
    if code.is_number:
        return code
    return Code(f"{code.within(ATOM)}.T", shape=(code.shape[1], code.shape[0]))


def together(widths: Iterable[Width]) -> Width:
    total = Width()
    for width in widths:
        total += width
    return total


def less(whole: Width, part: Width) -> Width:
    """What remains of a width."""
    names = list(whole.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), whole.number - part.number)


def wrapped(code: Code, indent: int) -> str:
    """The expression; a long sum in brackets, each term on a line."""
    if len(code.text) <= ROOM or len(code.terms) < 2:
        return code.text
    inner, end = "\n" + " " * (indent + 4), "\n" + " " * indent
    return f"({inner}{inner.join(code.terms)}{end})"


def import_line(names: Sequence[str]) -> str:
    line = f"from sympy import {', '.join(names)}"
    if len(line) <= ROOM:
        return line
    return "from sympy import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def chunks(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """The names, as many together as have room."""
    some: list[str] = []
    for name in names:
        if some and sum(len(each) + 2 for each in [*some, name]) > room:
            yield some
            some = []
        some.append(name)
    if some:
        yield some
