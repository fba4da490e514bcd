"""Powers that are no formulas of their own: T - i steps, a power of ten."""

from fractions import Fraction

from symrnn.check.reading.nodes import Items, text_of
from symrnn.check.reading.pieces import Piece
from symrnn.check.reading.symbols import INDICES
from symrnn.derive.formula import Formula, Name
from symrnn.language.tree import Add, Neg, Num

MOST_DIGITS = 40


def between(items: Items) -> Piece | None:
    """How many steps lie between two, T - i, as a power has it."""
    texts = [text_of(node) for node in items]
    letters, signs = texts[::2], texts[1::2]
    if len(letters) != len(signs) + 1 or not signs or {*signs} - {"+", "-"}:
        return None
    steps = [each for each in letters if each in INDICES]
    if len(steps) < 2 or not all(each in INDICES or each.isdigit() for each in letters):
        return None
    signed = zip(("+", *signs), letters, strict=True)
    made = tuple(_signed(sign, letter) for sign, letter in signed)
    return Piece(Add(made), (items[0].span[0], items[-1].span[1]))


def _signed(sign: str, letter: str) -> Formula:
    value: Formula = Num(Fraction(letter[:MOST_DIGITS])) if letter.isdigit() else Name(letter)
    return Neg(value) if sign == "-" else value


def power_of_ten(base: Formula, exponent: Formula) -> Num | None:
    """10^{-3} as a number."""
    sign, inside = (-1, exponent.arg) if isinstance(exponent, Neg) else (1, exponent)
    if base != Num(Fraction(10)) or not isinstance(inside, Num):
        return None
    if inside.value.denominator != 1 or inside.value > 300:
        return None
    return Num(Fraction(10) ** (sign * int(inside.value)))
