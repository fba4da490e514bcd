"""Functions: SymPy's, and those that a module defines."""

from collections.abc import Callable

from symrnn.derive.formula import Formula, Name
from symrnn.derive.notation.writing import unavailable
from symrnn.derive.printing.python.algebra import Algebra
from symrnn.derive.printing.python.code import ACROSS, Code
from symrnn.derive.printing.python.prelude import Prelude
from symrnn.derive.slopes import PRIME, definition_of, formula_of
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Own

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

    def function(self, function: str | Own) -> str:
        """SymPy's function, or one that the module defines."""
        if isinstance(function, str) and function in SYMPY:
            return self.prelude.use(SYMPY[function])
        name = named(function)
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
