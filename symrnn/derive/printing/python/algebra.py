"""Operations on expressions with a shape: sums, products, blocks, functions."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from symrnn.derive.formula import Formula, Name
from symrnn.derive.functions import PRIME, definition_of, formula_of
from symrnn.derive.notation.spelling import unavailable
from symrnn.derive.printing.python.assignments import ACROSS
from symrnn.derive.printing.python.code import ATOM, NUMBER, POWER, PRODUCT, Code, Prelude, Shape
from symrnn.derive.shapes import less, together
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Own, Width


class Algebra:
    """Operations on code whose shapes are known."""

    def __init__(self, prelude: Prelude, columns: bool) -> None:
        self.prelude, self.columns = prelude, columns

    def turned(self, shape: Shape) -> Shape:
        """The shape, of what stands for the transpose where variables are columns."""
        return (shape[1], shape[0]) if self.columns else shape

    def filled(self, number: Code, shape: Shape, exact: Fraction | None) -> Code:
        """A matrix with the number at every place."""
        if exact == 0:
            return self.prelude.constant("ZeroMatrix", "0", *shape)
        ones = self.prelude.constant("OneMatrix", "1", *shape)
        return ones if exact == 1 else self.product([number, ones])

    def entries(self, factors: Sequence[Code]) -> Code:
        """Numbers times matrices, these entry by entry."""
        matrices = [factor for factor in factors if not factor.is_number]
        numbers = [factor for factor in factors if factor.is_number]
        if len(matrices) > 1:
            inside = ", ".join(factor.text for factor in matrices)
            text = f"{self.prelude.use('HadamardProduct')}({inside})"
            matrices = [Code(text, shape=matrices[0].shape)]
        return self.product([*numbers, *matrices])

    def product(self, factors: Sequence[Code]) -> Code:
        """Matrices in order, numbers among them; what comes out as 1 × 1 is a number: its trace.

        Its entry [0, 0] would be the same, but SymPy writes that out as a sum at once.
        """
        found = factors[0]
        for factor in factors[1:]:
            text = f"{found.within(PRODUCT)}*{factor.within(PRODUCT)}"
            if found.is_number or factor.is_number:
                found = Code(text, PRODUCT, factor.shape if found.is_number else found.shape)
            elif (found.shape[0], factor.shape[1]) != NUMBER:
                found = Code(text, PRODUCT, (found.shape[0], factor.shape[1]))
            elif factor.text.startswith("OneMatrix("):
                found = Code(self.total(found.text))
            else:
                found = Code(f"{self.prelude.use('Trace')}({text})")
        return found

    def total(self, row: str) -> str:
        """The sum of the entries of a row or a column."""
        return f"{self.prelude.use('Trace')}({self.prelude.use('DiagMatrix')}({row}))"

    def ratio(self, top: Code, bottom: Code) -> Code:
        if bottom.is_number:
            return Code(f"{top.within(PRODUCT)}/{bottom.within(POWER)}", PRODUCT, top.shape)
        below = f"{self.prelude.use('HadamardPower')}({bottom.text}, -1)"
        return self.entries([top, Code(below, shape=bottom.shape)])

    def slice(self, arg: Code, start: Width, stop: Width) -> Code:
        """Columns; rows where variables are columns."""
        width, part = less(stop, start), f"{self.prelude.wide(start)}:{self.prelude.wide(stop)}"
        text = f"{arg.within(ATOM)}[{f'{part}, :' if self.columns else f':, {part}'}]"
        shape = (width, arg.shape[1]) if self.columns else (arg.shape[0], width)
        return (
            Code(f"{self.prelude.use('Trace')}({text})")
            if shape == NUMBER
            else Code(text, shape=shape)
        )

    def blocks(self, grid: Sequence[Sequence[Code]]) -> Code:
        if len(grid) == len(grid[0]) == 1:
            return grid[0][0]
        shape = (
            together(row[0].shape[0] for row in grid),
            together(each.shape[1] for each in grid[0]),
        )
        rows = ", ".join("[" + ", ".join(map(self.block, row)) + "]" for row in grid)
        return Code(f"{self.prelude.use('BlockMatrix')}([{rows}])", shape=shape)

    def block(self, entry: Code) -> str:
        if not entry.is_number:
            return entry.text
        return f"{self.prelude.use('ImmutableMatrix')}([[{entry.text}]])"


SYMPY = {name: row.sympy for name, row in ELEMENTWISE.items() if row.sympy}
"""Functions that SymPy has, and what it calls them."""

ARGUMENT = Name("x")
"""What a function that a module defines is given."""


class Functions:
    """Functions that SymPy has not, each after those that it calls."""

    def __init__(
        self, prelude: Prelude, algebra: Algebra, write: Callable[[Formula], Code]
    ) -> None:
        """`write` is a formula in Python."""
        self.prelude, self.algebra, self.write = prelude, algebra, write
        self.functions: dict[str, str] = {}
        self.read: dict[str, str | Own] = {}
        """What the names of all functions mean that the formulas apply."""

    def function(self, function: str | Own) -> str:
        """SymPy's function, or one that the module defines."""
        if isinstance(function, str) and function in SYMPY:
            self.read[SYMPY[function]] = function
            return self.prelude.use(SYMPY[function])
        name = named(function)
        self.read[name] = function
        if name not in self.functions:
            text = self._function(function)
            self.functions[name] = text
        return name

    def _function(self, function: str | Own) -> str:
        if function in ACROSS:
            return self._across(str(function))
        if function == "step":
            return (
                f"def step(x):\n    return {self.prelude.use('Piecewise')}((1, x > 0), (0, True))"
            )
        body = self.write(formula_of(definition_of(function), ARGUMENT))
        return f"def {named(function)}(x):\n    return {body.text}"

    def _across(self, name: str) -> str:
        if name == "rowmax":
            return f"def rowmax(v):\n    return {self.prelude.use('Max')}(*v)"
        exp, total = self.prelude.use("exp"), self.algebra.total("e")
        found = f"e/{total}" if name == "softmax" else f"{self.prelude.use('log')}({total})"
        return f"def {name}(v):\n    e = v.applyfunc({exp})\n    return {found}"


def named(function: str | Own) -> str:
    """A function's name in Python; one of the text's own may be a name of SymPy's.

    >>> named("silu'")
    'silu_prime'
    """
    if isinstance(function, str):
        return function.replace(PRIME, "_prime")
    return f"{function.name}_" if function.name in unavailable() else function.name
