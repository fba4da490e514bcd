"""The kinds of numbers that equations can be worked out on: floats and complex, or exact objects.

Floats use the stable form of each function. Objects (mpmath at any precision, SymPy) use its
definition down to the elementary functions, so that the two share no formula.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from symrnn.functions import ELEMENTWISE, Array
from symrnn.language.parse import rule
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref

ELEMENTARY = [name for name, row in ELEMENTWISE.items() if not row.definition]


class Arithmetic(Protocol):
    def number(self, value: Fraction) -> Any: ...
    def array(self, values: Any) -> Array: ...
    def apply(self, function: str, x: Any) -> Any: ...
    def softmax(self, z: Array) -> Array: ...
    def logsumexp(self, z: Array) -> Array: ...
    def bce_logits(self, y: Array, z: Array) -> Array: ...


@dataclass(frozen=True)
class Floats:
    """NumPy arrays of one floating or complex dtype."""

    dtype: Any = np.float64

    def number(self, value: Fraction) -> float:
        return float(value)

    def array(self, values: Any) -> Array:
        return np.asarray(values, self.dtype)

    def apply(self, function: str, x: Any) -> Array:
        return ELEMENTWISE[function].stable(self.array(x))

    def softmax(self, z: Array) -> Array:
        e = np.exp(z - z.real.max(-1, keepdims=True))
        return np.asarray(e / e.sum(-1, keepdims=True))

    def logsumexp(self, z: Array) -> Array:
        top = z.real.max(-1, keepdims=True)
        return np.asarray(top + np.log(np.exp(z - top).sum(-1, keepdims=True)))

    def bce_logits(self, y: Array, z: Array) -> Array:
        return np.asarray(self.apply("softplus", z) - y * z)


@dataclass(frozen=True)
class Objects:
    """Arrays of Python objects with + - * / **, and a callable for each elementary function."""

    convert: Callable[[Fraction], Any]
    functions: Mapping[str, Callable[[Any], Any]]

    def number(self, value: Fraction) -> Any:
        return self.convert(value)

    def array(self, values: Any) -> Array:
        return np.asarray(values, object)

    def apply(self, function: str, x: Any) -> Array:
        one = np.frompyfunc(lambda value: self.value(Call(function, (Ref("x"),)), value), 1, 1)
        return self.array(one(self.array(x)))

    def value(self, expr: Expr, x: Any) -> Any:
        """An expression in x, worked out down to the elementary functions."""
        match expr:
            case Num(value=value):
                return self.convert(value)
            case Ref():
                return x
            case Neg(arg=arg):
                return -self.value(arg, x)
            case Add(terms=terms):
                total = self.value(terms[0], x)
                for term in terms[1:]:
                    total = total + self.value(term, x)
                return total
            case Mul(left=left, right=right):
                return self.value(left, x) * self.value(right, x)
            case Div(left=left, right=right):
                return self.value(left, x) / self.value(right, x)
            case Pow(left=left, right=Num(value=power)):
                return self.value(left, x) ** int(power)
            case Call(function=name, args=(arg,)):
                inner = self.value(arg, x)
                if name in self.functions:
                    return self.functions[name](inner)
                return self.value(rule(ELEMENTWISE[name].definition), inner)
        raise TypeError(f"a definition in the table of functions holds {type(expr).__name__}")

    def softmax(self, z: Array) -> Array:
        e = self.apply("exp", z)
        return np.asarray(e / e.sum(-1, keepdims=True))

    def logsumexp(self, z: Array) -> Array:
        return self.apply("log", self.apply("exp", z).sum(-1, keepdims=True))

    def bce_logits(self, y: Array, z: Array) -> Array:
        return np.asarray(self.apply("softplus", z) - y * z)


FAR = 100
"""Beyond 2**FAR a function is what it tends to: numbers such as exp(exp(exp(9))) have more digits
than there is memory, and none of them matters to a float."""


def mpmath_objects(digits: int = 50) -> Objects:
    """mpmath numbers of that many digits.

    >>> on = mpmath_objects()
    >>> x = on.convert(Fraction(2)**200)
    >>> [str(on.functions[name](x)) for name in ("exp", "tanh", "sin")], on.functions["exp"](-x)
    (['+inf', '1.0', 'nan'], mpf('0.0'))
    """
    import mpmath

    context = mpmath.mp.clone()
    context.dps = digits

    def convert(value: Fraction) -> Any:
        return context.mpf(value.numerator) / value.denominator

    def bounded(name: str, above: Any, below: Any) -> Callable[[Any], Any]:
        function = getattr(context, name)

        def value(x: Any) -> Any:
            if context.mag(x) > FAR:
                return context.mpf(above if x > 0 else below)
            return function(x)

        return value

    nan = context.nan
    ends = {"exp": (context.inf, 0), "tanh": (1, -1), "sin": (nan, nan), "cos": (nan, nan)}
    functions = {name: getattr(context, name) for name in ELEMENTARY if name != "step"}
    functions |= {name: bounded(name, *limits) for name, limits in ends.items()}
    functions["step"] = lambda x: context.mpf(1 if x > 0 else 0)
    return Objects(convert, functions)


def sympy_objects() -> Objects:
    """SymPy expressions, with SymPy's own functions."""
    import sympy

    functions = {name: getattr(sympy, name) for name in ELEMENTARY if name != "step"}
    functions["step"] = lambda x: sympy.Piecewise((1, x > 0), (0, True))
    return Objects(lambda value: sympy.Rational(value.numerator, value.denominator), functions)
