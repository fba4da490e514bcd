"""Expressions of numbers alone: what they come to, and which of them are refused."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NoReturn

from symrnn.errors import EquationError
from symrnn.language.tree import (
    Add,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Written,
    children,
    walk,
)
from symrnn.system.algebra import LARGEST
from symrnn.system.occurrences import fault

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
