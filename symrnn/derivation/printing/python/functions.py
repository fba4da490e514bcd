"""Functions: SymPy's, and those that a module defines."""

from collections.abc import Callable

from symrnn.derivation.formula import Apply, Carried, Formula, Minus, Power, Ratio, Sum, Times
from symrnn.derivation.printing.python.algebra import Algebra
from symrnn.derivation.printing.python.code import ACROSS, Code
from symrnn.derivation.printing.python.prelude import Prelude
from symrnn.errors import CheckError
from symrnn.functions import ELEMENTWISE
from symrnn.language.parse import parse_expression
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref

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
        return name

    def _function(self, name: str) -> str:
        if name in ACROSS:
            return self._across(name)
        if name == "step":
            return (
                f"def step(x):\n    return {self.prelude.use('Piecewise')}((1, x > 0), (0, True))"
            )
        body = self.write(_formula(parse_expression(ELEMENTWISE[name].definition)), Code("x"))
        return f"def {name}(x):\n    return {body.text}"

    def _across(self, name: str) -> str:
        exp, total = self.prelude.use("exp"), self.algebra.total("e")
        found = f"e/{total}" if name == "softmax" else f"{self.prelude.use('log')}({total})"
        return f"def {name}(v):\n    e = v.applyfunc({exp})\n    return {found}"


def _formula(expr: Expr) -> Formula:
    """A definition of one argument as a formula: its argument is what is carried."""
    match expr:
        case Num():
            return expr
        case Ref():
            return Carried()
        case Neg(arg=arg):
            return Minus(_formula(arg))
        case Add(terms=terms):
            return Sum(tuple(map(_formula, terms)))
        case Mul(left=left, right=right):
            return Times((_formula(left), _formula(right)))
        case Div(left=left, right=right):
            return Ratio(_formula(left), _formula(right))
        case Pow(left=left, right=right):
            return Power(_formula(left), _formula(right))
        case Call(function=function, args=args):
            return Apply(function, tuple(map(_formula, args)))
    raise CheckError(f"no definition holds {type(expr).__name__}")
