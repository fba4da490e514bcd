"""Sums and products that tidy themselves up a little: no a + 0, no 1 · a, no a / 1; and numbers.

They keep the order of what they are given, so that a derived formula reads like the one it came
from. Sums and signs are alike for whatever stands in them: the formulas of derivations too.
`Numbers` works out what is made of numbers alone, and refuses what leaves their range.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NoReturn, TypeVar

from symrnn.errors import EquationError
from symrnn.language.printer import is_decimal
from symrnn.language.tree import (
    ONE,
    ZERO,
    Add,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Size,
    Width,
    Written,
    children,
    walk,
)
from symrnn.system.occurrences import fault

E = TypeVar("E")
"""Whatever stands in a sum."""

LARGEST = Fraction(10) ** 100
"""No number of a text is larger, nor any numerator or denominator."""


def number(value: Fraction | int) -> Expr:
    """
    >>> number(Fraction(-1, 3))
    Neg(arg=Div(left=Num(value=Fraction(1, 1)), right=Num(value=Fraction(3, 1))))
    """
    value = Fraction(value)
    if max(abs(value.numerator), value.denominator) > LARGEST:
        raise EquationError("the numbers of an equation multiply to one beyond 1e100; scale them")
    if value < 0:
        return Neg(number(-value))
    if is_decimal(value):
        return Num(value)
    return Div(Num(Fraction(value.numerator)), Num(Fraction(value.denominator)))


def size(width: Width) -> Expr:
    """`size(H)`, or the number where it is one."""
    return Size(width) if width.names else Num(Fraction(width.number))


def neg(a: E) -> E | Neg[E]:
    if a == ZERO:
        return a
    return a.arg if isinstance(a, Neg) else Neg(a)


def add(terms: Iterable[E]) -> E | Add[E] | Num:
    kept: list[E] = []
    for term in terms:
        kept += term.terms if isinstance(term, Add) else [term] if term != ZERO else []
    if len(kept) < 2:
        return kept[0] if kept else ZERO
    return Add(tuple(kept))


def mul(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Neg):
        return neg(mul(a.arg, b))
    if isinstance(b, Neg):
        return neg(mul(a, b.arg))
    if a == ONE:
        return b
    if b == ONE:
        return a
    if isinstance(a, Num) and isinstance(b, Num):
        product = a.value * b.value
        if is_decimal(product) and 1 / LARGEST <= product <= LARGEST:
            return Num(product)
    if isinstance(a, Num) and isinstance(b, Mul) and isinstance(b.left, Num):
        return mul(mul(a, b.left), b.right)
    if isinstance(b, Div):
        return div(mul(a, b.left), b.right)
    if isinstance(a, Div):
        return div(mul(a.left, b), a.right)
    return Mul(a, b)


def div(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Neg):
        return neg(div(a.arg, b))
    if isinstance(b, Neg):
        return neg(div(a, b.arg))
    if b == ONE:
        return a
    if isinstance(a, Div):
        return Div(a.left, mul(a.right, b))
    return Div(a, b)


def tidy(expr: Expr) -> Expr:
    """The same expression built anew, so that what has become a 0 or a 1 in it goes.

    >>> from symrnn.language.tree import Ref
    >>> tidy(Div(Ref("a"), Mul(Ref("n"), ONE)))
    Div(left=Ref(name='a', base='', shift=0), right=Ref(name='n', base='', shift=0))
    """
    match expr:
        case Neg(arg=arg):
            return neg(tidy(arg))
        case Add(terms=terms):
            return add(map(tidy, terms))
        case Mul(left=left, right=right):
            return mul(tidy(left), tidy(right))
        case Div(left=left, right=right):
            return div(tidy(left), tidy(right))
    return expr


MAX_POWER = 100
TOO_LONG = "a number too large, too small or of too many digits: a quotient of numbers up to 1e100"


class Numbers:
    def __init__(self, written: Written) -> None:
        self.written = written

    def value(self, expr: Expr, known: Mapping[str, Fraction]) -> Fraction | None:
        """The number that an expression is, if it is made of numbers and constants."""
        match expr:
            case Num(value=value):
                return value
            case Ref(name=name, base=""):
                return known.get(name)
            case Neg() | Add() | Mul() | Div() | Pow():
                values = [self.value(child, known) for child in children(expr)]
                numbers = [value for value in values if value is not None]
                return self.fold(expr, numbers) if len(numbers) == len(values) else None
        return None

    def fold(
        self, expr: Neg[Expr] | Add[Expr] | Mul | Div[Expr] | Pow[Expr], values: list[Fraction]
    ) -> Fraction | None:
        result: Fraction
        match expr:
            case Neg():
                result = -values[0]
            case Add():
                result = sum(values, Fraction(0))
            case Mul():
                result = values[0] * values[1]
            case Div():
                self.check_divisor(expr, values[1])
                result = values[0] / values[1]
            case Pow():
                base, power = values
                self.check_power(expr, power)
                if power < 0:
                    self.check_divisor(expr, base)
                if power.denominator != 1:
                    return None
                digits = max(abs(base.numerator), base.denominator).bit_length()
                if digits * abs(power) > 2 * LARGEST.numerator.bit_length():
                    self.fail(expr, TOO_LONG)
                result = base ** int(power)
        if max(abs(result.numerator), result.denominator) > LARGEST:
            self.fail(expr, TOO_LONG)
        return result

    def check(self, expr: Expr, known: Mapping[str, Fraction]) -> None:
        """Refuse divisions by zero and powers out of proportion, wherever numbers stand."""
        for node in walk(expr):
            self.value(node, known)
            match node:
                case Div(right=right) if (divisor := self.value(right, known)) is not None:
                    self.check_divisor(node, divisor)
                case Pow(right=right) if (power := self.value(right, known)) is not None:
                    self.check_power(node, power)

    def check_divisor(self, node: Expr, divisor: Fraction) -> None:
        if not divisor:
            self.fail(node, "a division by zero")

    def check_power(self, node: Expr, power: Fraction) -> None:
        if abs(power) > MAX_POWER:
            self.fail(node, f"a power lies between -{MAX_POWER} and {MAX_POWER}")

    def fail(self, node: Expr, message: str) -> NoReturn:
        raise EquationError(fault(self.written, node.place, message))
