"""Python expressions with a shape, and what has to be declared before them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from symrnn.derive.printing.python.assignments import Names
from symrnn.derive.shapes import Shapes
from symrnn.language.printer import is_decimal, show_number
from symrnn.language.tree import NARROW, Width

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a text binds in Python; a sign binds like a sum, to be safe."""

ROOM = 88
"""A sum whose text is longer has a line for each term."""

Shape = tuple[Width, Width]
NUMBER: Shape = (NARROW, NARROW)


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


class Prelude:
    """What a module needs before its equations: imports, dimensions, symbols and constants."""

    def __init__(self, names: Names, rows: Shapes) -> None:
        self.names, self.rows = names, rows
        self.imports: set[str] = set()
        self.symbols: dict[str, Shape] = {}
        self.constants: dict[str, str] = {}
        self.dimensions: dict[str, str] = {}
        self.indexed: set[str] = set()
        """Numbers at all of their steps."""
        self.indices: set[str] = set()
        """Letters that stand for steps."""

    def use(self, name: str) -> str:
        """A name of SymPy's, imported."""
        self.imports.add(name)
        return name

    def declarations(self) -> list[str]:
        numbers = [name for name, shape in self.symbols.items() if shape == NUMBER]
        matrices = []
        for name, (rows, columns) in self.symbols.items():
            if (rows, columns) != NUMBER:
                shape = f"{self.wide(rows)}, {self.wide(columns)}"
                matrices.append(f'{name} = {self.use("MatrixSymbol")}("{name}", {shape})')
        return [
            *self._declared(list(self.dimensions.values()), "integer=True, positive=True"),
            *self._declared(numbers, "real=True"),
            *matrices,
            *(f"{name} = {value}" for name, value in self.constants.items()),
        ]

    def _declared(self, names: Sequence[str], assumptions: str) -> Iterator[str]:
        for some in chunks(names, (ROOM - len(assumptions) - 16) // 2):
            spelt = " ".join(some)
            yield f'{", ".join(some)} = {self.use("symbols")}("{spelt}", {assumptions})'

    def wide(self, width: Width) -> str:
        """A width as an expression of dimensions."""
        found = self.rows.width(width)
        for name in found.names:
            if name not in self.dimensions:
                self.dimensions[name] = self.names.free(name)
        names = [self.dimensions[name] for name in found.names]
        return " + ".join(names + ([str(found.number)] if found.number or not names else []))

    def number(self, value: Fraction, alone: bool = False) -> str:
        """A number exactly; one that stands alone is SymPy's, not Python's."""
        if value.denominator == 1:
            return f"{self.use('Integer')}({value})" if alone else str(value)
        if is_decimal(value) and value.denominator % 10 == 0:
            return f'{self.use("Rational")}("{show_number(value)}")'
        return f"{self.use('Rational')}({value.numerator}, {value.denominator})"

    def real(self, x: float) -> str:
        text = repr(x)
        return f"{self.use('Float')}({text if isfinite(x) else repr(text)})"

    def value(self, rows: Sequence[Sequence[float]]) -> Code:
        if len(rows) == len(rows[0]) == 1:
            return Code(self.real(rows[0][0]))
        text = ", ".join("[" + ", ".join(map(self.real, row)) + "]" for row in rows)
        shape = Width((), len(rows)), Width((), len(rows[0]))
        return Code(f"{self.use('ImmutableMatrix')}([{text}])", shape=shape)

    def constant(self, kind: str, entry: str, rows: Width, columns: Width) -> Code:
        shape = self.rows.width(rows), self.rows.width(columns)
        if shape == NUMBER:
            return Code(entry)
        return Code(f"{self.use(kind)}({self.wide(shape[0])}, {self.wide(shape[1])})", shape=shape)
