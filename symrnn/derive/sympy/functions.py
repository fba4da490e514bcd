"""The functions of the language as SymPy's: its own where it has them, else one class each.

A class knows its derivative in terms of its own value, by the table of functions; what it is made
of; its value as a number; and how it is printed. So an expression keeps σ(x) and σ(x) (1 - σ(x)),
and can all the same be worked out, lambdified and rewritten by exp or Piecewise.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.printing.precedence import PRECEDENCE

from symrnn.derive.functions import LONG, slope_of
from symrnn.derive.printing.python.algebra import SYMPY, named
from symrnn.interpret.arithmetic import Floats
from symrnn.language.parse import parse_expression
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Own
from symrnn.system.calculus import to_sympy, with_slope

ATOM = PRECEDENCE["Atom"]

ENTRY = sympy.Symbol("_d", real=True)
"""Any entry of a matrix. One letter for all, so that what looks equal is equal."""


class Applied(sympy.Function):  # type: ignore[misc]
    """A function of the language, of one number or of several."""

    function: str | Own
    """Which one it is."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """A value for floating-point numbers, as with SymPy's own functions; else nothing."""
        if any(arg.is_Float for arg in args) and all(arg.is_number for arg in args):
            return cls(*args, evaluate=False)._eval_evalf(max(a._prec for a in args if a.is_Float))
        return None

    @property
    def definition(self) -> Any:
        """What the function is made of: 1/(1 + exp(-x)).

        >>> x = sympy.Symbol("x")
        >>> class_of("sigmoid")(x).definition, class_of("sigmoid")(x).diff(x)
        (1/(1 + exp(-x)), (1 - sigmoid(x))*sigmoid(x))
        """
        if self.function == "step":
            return sympy.Piecewise((1, self.args[0] > 0), (0, True))
        if isinstance(self.function, Own):
            names, body = self.function.args, self.function.body
        else:
            row = ELEMENTWISE[self.function]
            names, body = row.arguments, parse_expression(row.definition)
        return to_sympy(body, dict(zip(names, self.args, strict=True)), class_of)

    def _eval_is_extended_real(self) -> bool | None:
        return True if all(arg.is_extended_real for arg in self.args) else None

    def _eval_evalf(self, prec: int) -> Any:
        return self.definition._eval_evalf(prec)

    def _eval_rewrite_as_Piecewise(self, *args: Any, **hints: Any) -> Any:  # noqa: N802
        return self.definition.rewrite(sympy.Piecewise)

    def _eval_rewrite_as_exp(self, *args: Any, **hints: Any) -> Any:
        found = self.definition.rewrite(sympy.exp)
        return found if found.has(sympy.exp) else self

    def _latex(self, printer: Any, exp: Any = None) -> str:
        own = self.function if isinstance(self.function, Own) else None
        if own is None:
            symbol = ELEMENTWISE[str(self.function)].latex
        elif own.of is not None and len(own.args) == 1:
            symbol = _letter(own.of.name) + "'"
        else:
            symbol = _letter(own.name)
        inside = rf"\left({', '.join(map(printer._print, self.args))}\right)"
        if exp and symbol.endswith("'"):
            return rf"{symbol}{inside}^{{{exp}}}"
        return f"{symbol}{f'^{{{exp}}}' if exp else ''}{inside}"


def _letter(name: str) -> str:
    """The symbol of a function of the text."""
    escaped = name.replace("_", r"\_")
    return name if len(name) == 1 else rf"\operatorname{{{escaped}}}"


@cache
def class_of(function: str | Own) -> Any:
    """The SymPy class of an element-wise function, or what is called like one.

    >>> class_of("tanh"), class_of("silu")
    (tanh, silu)
    """
    if isinstance(function, str) and function in SYMPY:
        return getattr(sympy, SYMPY[function])
    if isinstance(function, str) and function in LONG:
        return class_of(Own(named(function), ("x",), slope_of(function)))
    own = {"function": function, "_imp_": staticmethod(numeric(function))}
    return type(named(function), (Applied,), {**own, **with_slope(function, class_of)})


def numeric(function: str | Own) -> Callable[..., Any]:
    """The function of numbers: arrays of NumPy, or a number of mpmath."""

    def value(*args: Any) -> Any:
        if any(isinstance(arg, mpmath.mpf | mpmath.mpc) for arg in args):
            exact = class_of(function)(*map(sympy.sympify, args), evaluate=False)
            return mpmath.mpmathify(str(sympy.N(exact, mpmath.mp.dps + 5)))
        found = Floats(np.result_type(float, *args)).apply(function, *args)
        return found if any(isinstance(arg, np.ndarray) for arg in args) else found[()]

    return value


# functions of rows and matrices


class EachEntry(ElementwiseApplyFunction):  # type: ignore[misc]
    """A function of every entry, printed as what it is: tanh(h W).

    >>> h = sympy.MatrixSymbol("h", 1, 3)
    >>> EachEntry(sympy.tanh, h), sympy.latex(EachEntry(sympy.tanh, h))
    (h.applyfunc(tanh), '\\\\tanh{\\\\left(h \\\\right)}')
    """

    def __new__(cls, function: Any, matrix: Any) -> Any:
        if not isinstance(function, sympy.Lambda):
            function = sympy.Lambda(ENTRY, function(ENTRY))
        return super().__new__(cls, function, matrix)

    @property
    def alone(self) -> Any:
        """The function's class, where nothing else happens to an entry."""
        body, letters = self.function.expr, self.function.variables
        return body.func if isinstance(body, sympy.Function) and body.args == letters else None

    def _sympystr(self, printer: Any) -> str:
        function = self.alone.__name__ if self.alone else printer._print(self.function)
        return f"{printer.parenthesize(self.expr, ATOM, True)}.applyfunc({function})"

    def _latex(self, printer: Any) -> str:
        if self.alone is None:
            return str(printer._print_ElementwiseApplyFunction(self))
        letter = sympy.Symbol(printer._print(self.expr))
        return str(printer._print(self.alone(letter, evaluate=False)))

    def _pretty(self, printer: Any) -> Any:
        if self.alone is None:
            return printer._print_ElementwiseApplyFunction(self)
        return printer._helper_print_function(self.alone, [self.expr])


# functions of a row


class softmax(sympy.MatrixExpr):  # type: ignore[misc]  # noqa: N801 (SymPy's are called so)
    """exp(v) over the sum of its entries, of a row or a column.

    >>> softmax(sympy.ImmutableMatrix([[0, sympy.log(3)]])).doit()
    Matrix([[1/4, 3/4]])
    """

    def __new__(cls, row: Any) -> Any:
        return sympy.Basic.__new__(cls, sympy.sympify(row))

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[0].shape  # type: ignore[no-any-return]

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        row = self.args[0]
        (above, place), lies = self.places(), row.shape[0] == 1
        whole = row[0, place] if lies else row[place, 0]
        return sympy.exp(row[i, j]) / sympy.Sum(sympy.exp(whole), (place, 0, above))

    def places(self) -> tuple[Any, Any]:
        """The last place of an entry, and a letter for any of them."""
        rows, columns = self.shape
        return (columns if rows == 1 else rows) - 1, sympy.Dummy("k", integer=True)

    def doit(self, **hints: Any) -> Any:
        """The formula; of numbers, their value."""
        row = self.args[0].doit(**hints) if hints.get("deep", True) else self.args[0]
        if isinstance(row, sympy.MatrixBase):
            entries = row.applyfunc(sympy.exp)
            return sympy.ImmutableMatrix(entries / sum(entries))
        entries = EachEntry(sympy.exp, row)
        return entries / sympy.Trace(sympy.DiagMatrix(entries))

    def _latex(self, printer: Any, *args: Any, **kwargs: Any) -> str:
        return rf"\operatorname{{softmax}}\left({printer._print(self.args[0])}\right)"


class rowmax(sympy.Expr):  # type: ignore[misc]  # noqa: N801
    """The greatest entry of a row or a column.

    >>> rowmax(sympy.ImmutableMatrix([[1, 4, 2]])).doit()
    4
    """

    is_commutative = True
    is_real = True

    def __new__(cls, row: Any) -> Any:
        return sympy.Basic.__new__(cls, sympy.sympify(row))

    def doit(self, **hints: Any) -> Any:
        row = self.args[0].doit(**hints)
        return sympy.Max(*row) if isinstance(row, sympy.MatrixBase) else rowmax(row)


def logsumexp(row: Any) -> Any:
    """log of the sum of exp over the entries."""
    entries = EachEntry(sympy.exp, row)
    return sympy.log(sympy.Trace(sympy.DiagMatrix(entries)), evaluate=False)


ACROSS = {"softmax": softmax, "rowmax": rowmax, "logsumexp": logsumexp}


def meaning(name: str, function: str | Own) -> Any:
    """What is called by a name in a module's text."""
    found = ACROSS.get(name) if isinstance(function, str) else None
    return found or class_of(function)
