"""Functions: SymPy's, and those that a module defines."""

from collections.abc import Callable

from symrnn.derivation.formula import Carried, Formula
from symrnn.derivation.printing.python.algebra import Algebra
from symrnn.derivation.printing.python.code import ACROSS, Code
from symrnn.derivation.printing.python.prelude import Prelude
from symrnn.derivation.slopes import PRIME, definition_of, formula_of

SYMPY = {name: name for name in ("tanh", "exp", "log", "sin", "cos", "sqrt")} | {"abs": "Abs"}
"""Functions that SymPy has."""


class Functions:
    """Functions that SymPy has not, each after those that it calls."""

    def __init__(
        self, prelude: Prelude, algebra: Algebra, write: Callable[[Formula, Code], Code]
    ) -> None:
        """`write` is a formula in Python, with the code of what is carried."""
        self.prelude, self.algebra, self.write = prelude, algebra, write
        self.functions: dict[str, str] = {}

    def function(self, name: str) -> str:
        """SymPy's function, or one that the module defines."""
        if name in SYMPY:
            return self.prelude.use(SYMPY[name])
        if name not in self.functions:
            self.functions[name] = self._function(name)
        return spelt(name)

    def _function(self, name: str) -> str:
        if name in ACROSS:
            return self._across(name)
        if name == "step":
            return (
                f"def step(x):\n    return {self.prelude.use('Piecewise')}((1, x > 0), (0, True))"
            )
        body = self.write(formula_of(definition_of(name), Carried()), Code("x"))
        return f"def {spelt(name)}(x):\n    return {body.text}"

    def _across(self, name: str) -> str:
        exp, total = self.prelude.use("exp"), self.algebra.total("e")
        found = f"e/{total}" if name == "softmax" else f"{self.prelude.use('log')}({total})"
        return f"def {name}(v):\n    e = v.applyfunc({exp})\n    return {found}"


def spelt(name: str) -> str:
    """A function's name in Python.

    >>> spelt("silu'")
    'silu_prime'
    """
    return name.replace(PRIME, "_prime")
