"""The kinds of numbers that equations can be worked out on: floats and complex, or exact objects.

Floats use the stable form of each function. Objects (mpmath at any precision, SymPy) use its
definition down to the elementary functions, so that the two share no formula.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, Protocol

import numpy as np

from symrnn.errors import CheckError
from symrnn.language.arrays import Array
from symrnn.language.parse import definition, stable_form
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Own, Pow, Ref, children

ELSEWHERE = {
    name: row.sympy for name, row in ELEMENTWISE.items() if not row.definition and row.sympy
}
"""The elementary functions, by their names in SymPy and mpmath."""


class Arithmetic(Protocol):
    def number(self, value: Fraction) -> Any: ...
    def array(self, values: Any) -> Array: ...
    def apply(self, function: str | Own, *args: Any) -> Any: ...
    def softmax(self, z: Array) -> Array: ...
    def logsumexp(self, z: Array) -> Array: ...


@dataclass(frozen=True)
class Floats:
    """NumPy arrays of one floating or complex dtype."""

    dtype: Any = np.float64
    made: dict[str | Own, Callable[..., Any]] = field(
        default_factory=dict, repr=False, compare=False, kw_only=True
    )
    """The functions of arrays that have been made ready."""

    def number(self, value: Fraction) -> float:
        return float(value)

    def array(self, values: Any) -> Array:
        return np.asarray(values, self.dtype)

    def apply(self, function: str | Own, *args: Any) -> Array:
        if function not in self.made:
            self.made[function] = self.function(function)
        return self.array(self.made[function](*map(self.array, args)))

    def function(self, function: str | Own) -> Callable[..., Any]:
        """One of the text's own is worked out as it says, one of the table as the table or NumPy
        has it, or by its stable form."""
        if isinstance(function, Own):
            return formula(function.body, function.args, self.number, self.apply)
        row, form = ELEMENTWISE[function], stable_form(function)
        if row.numpy is not None:
            return row.numpy
        if row.operation:
            found: Callable[..., Array] = getattr(np, row.operation)
            return found
        if form is None:
            raise TypeError(f"{function} is elementary, and its row names no form in NumPy")
        return formula(form[1], form[0], self.number, Floats(self.dtype).apply)

    def softmax(self, z: Array) -> Array:
        e = np.exp(z - z.real.max(-1, keepdims=True))
        return np.asarray(e / e.sum(-1, keepdims=True))

    def logsumexp(self, z: Array) -> Array:
        top = z.real.max(-1, keepdims=True)
        return np.asarray(top + np.log(np.exp(z - top).sum(-1, keepdims=True)))


@dataclass(frozen=True)
class Objects:
    """Arrays of Python objects with + - * / **, and a callable for each elementary function."""

    convert: Callable[[Fraction], Any]
    functions: Mapping[str, Callable[[Any], Any]]
    made: dict[str | Own, Callable[..., Any]] = field(default_factory=dict, repr=False)
    """The functions of these that have been worked out."""

    def number(self, value: Fraction) -> Any:
        return self.convert(value)

    def array(self, values: Any) -> Array:
        return np.asarray(values, object)

    def apply(self, function: str | Own, *args: Any) -> Array:
        each = np.frompyfunc(lambda *values: self.one(function, *values), len(args), 1)
        return self.array(each(*map(self.array, args)))

    def one(self, function: str | Own, *args: Any) -> Any:
        """A function of single objects, worked out down to the elementary ones."""
        if isinstance(function, str) and function in self.functions:
            return self.functions[function](*args)
        if function not in self.made:
            found = definition(function)
            if found is None:
                raise TypeError(f"{function} is elementary, and not known here")
            names, body = found
            self.made[function] = formula(body, names, self.convert, self.one)
        return self.made[function](*args)

    def softmax(self, z: Array) -> Array:
        e = self.apply("exp", z)
        return np.asarray(e / e.sum(-1, keepdims=True))

    def logsumexp(self, z: Array) -> Array:
        return self.apply("log", self.apply("exp", z).sum(-1, keepdims=True))


def across(on: Arithmetic, function: str, rows: Sequence[Array]) -> Any:
    """A function across the features of rows, or of all rows together."""
    (row, *_) = rows
    match function:
        case "batchsum":
            return row.sum(0)
        case "rowsum":
            return row.sum(-1, keepdims=True)
        case "rowmean":
            return mean(on, row)
        case "concat":
            return np.concatenate(rows, -1)
        case "softmax":
            return on.softmax(row)
        case "logsumexp":
            return on.logsumexp(row)
        case "rowmax":
            return highest(row)
    raise CheckError(f"{function} is unknown to the interpreter")


def loss(on: Arithmetic, function: str, y: Array, p: Array) -> Any:
    """A loss of each row: y the target, p the prediction or the logits."""
    match function:
        case "mse":
            return mean(on, (p - y) ** 2)
        case "bce":
            return mean(on, -y_log(on, y, p) - y_log(on, 1 - y, 1 - p))
        case "ce":
            return -y_log(on, y, p).sum(-1, keepdims=True)
        case "bce_logits":
            return mean(on, np.asarray(on.apply("softplus", p) - y * p))
        case "ce_logits":
            weight = y.sum(-1, keepdims=True)
            return weight * on.logsumexp(p) - (y * p).sum(-1, keepdims=True)
    raise CheckError(f"the loss {function} is unknown to the interpreter")


def mean(on: Arithmetic, row: Array) -> Any:
    return row.sum(-1, keepdims=True) * on.number(Fraction(1, row.shape[-1]))


def y_log(on: Arithmetic, y: Array, p: Array) -> Any:
    """y log p, which is zero where y is, whatever p."""
    nothing = y == 0
    safe = np.where(nothing, on.number(Fraction(1)), p)
    return np.where(nothing, y, y * on.apply("log", safe))


def highest(row: Array) -> Array:
    """The largest of each row, by the real parts."""
    place = np.real(row).argmax(-1) if row.dtype.kind != "O" else row.argmax(-1)
    return np.take_along_axis(row, np.expand_dims(place, -1), -1)


def formula(
    expr: Expr, names: Sequence[str], number: Callable[[Fraction], Any], apply: Callable[..., Any]
) -> Callable[..., Any]:
    """A definition as a function of its arguments, in any arithmetic.

    >>> from symrnn.language.parse import parse_expression
    >>> formula(parse_expression("(a + 2) / b"), ["a", "b"], float, print)(1, 2)
    1.5
    """
    made = [formula(child, names, number, apply) for child in children(expr)]
    match expr:
        case Num(value=value):
            constant = number(value)
            return lambda *args: constant
        case Ref(name=name):
            place = names.index(name)
            return lambda *args: args[place]
        case Neg():
            (of,) = made
            return lambda *args: -of(*args)
        case Add():
            first, *others = made
            return lambda *args: reduce(lambda sum, of: sum + of(*args), others, first(*args))
        case Mul():
            left, right = made
            return lambda *args: left(*args) * right(*args)
        case Div():
            left, right = made
            return lambda *args: left(*args) / right(*args)
        case Pow(right=Num(value=value)) if value.denominator == 1:
            base, power = made[0], int(value)
            return lambda *args: base(*args) ** power
        case Pow():
            left, right = made
            return lambda *args: left(*args) ** right(*args)
        case Call(function=function, own=own):
            return lambda *args: apply(own or function, *(of(*args) for of in made))
    raise TypeError(f"the definition of a function holds {type(expr).__name__}")


FAR = 100
"""Beyond 2**FAR a function is what it tends to: numbers such as exp(exp(exp(9))) have more digits
than there is memory, and none of them matters to a float."""


@lru_cache(maxsize=8)
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

    def bounded(name: str, above: Any, below: Any, far: int = FAR) -> Callable[[Any], Any]:
        function = getattr(context, name)

        def value(x: Any) -> Any:
            if context.mag(x) > far:
                return context.mpf(above if x > 0 else below)
            return function(x)

        return value

    nan = context.nan
    ends = {"exp": (context.inf, 0), "tanh": (1, -1), "sin": (nan, nan), "cos": (nan, nan)}
    functions = {name: getattr(context, known) for name, known in ELSEWHERE.items()}
    functions |= {name: bounded(name, *limits) for name, limits in ends.items()}
    functions["erf"] = bounded("erf", 1, -1, far=8)  # from 128 on it is 1 to 7,000 digits
    functions["step"] = lambda x: context.mpf(1 if x > 0 else 0)
    return Objects(convert, functions)
