"""Expressions as they are written, with brackets where they are needed.

add(a, multiply(b, c))     =>     a + b * c
multiply(a, add(b, c))     =>     a * (b + c)
"""

from dataclasses import dataclass

SUM, TIMES, SIGN, POWER, WHOLE = range(1, 6)
"""How tightly the outermost operator of an expression binds; what is WHOLE needs no brackets."""

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
"""What stands between its operands, by operation."""


@dataclass(frozen=True)
class Text:
    """An expression, and how tightly its outermost operator binds."""

    text: str
    tightness: int = WHOLE

    def within(self, tightness: int) -> str:
        """The same where something binds so tightly."""
        return self.text if self.tightness >= tightness else f"({self.text})"


def infix(sign: str, left: Text, right: Text) -> Text:
    """
    >>> infix("-", Text("a"), infix("-", Text("b"), Text("c"))).text
    'a - (b - c)'
    """
    tightness = SUM if sign in "+-" else TIMES
    return Text(f"{left.within(tightness)} {sign} {right.within(tightness + 1)}", tightness)


def called(function: str, *args: Text | str) -> Text:
    inside = ", ".join(arg if isinstance(arg, str) else arg.text for arg in args)
    return Text(f"{function}({inside})")
