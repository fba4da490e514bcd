"""Operations on single numbers, as C spells them; brackets stand where they are needed.

add(a, multiply(b, c))    =>    a + b * c
"""

from dataclasses import dataclass

from symrnn.errors import CheckError

FUNCTIONS = {
    **{name: name for name in ("log", "sqrt", "sin", "cos", "sinh", "cosh", "log1p")},
    **{"expm1": "expm1", "erf": "erf", "arctan": "atan", "power": "pow"},
}
"""The functions of <math.h>, by operation; with an f behind them for float."""

OWN = {
    **{"tanh": "fast_tanh", "exp": "fast_exp", "maximum": "greater", "minimum": "smaller"},
    "sigmoid": "sigmoid",
    **{"square": "square", "softplus": "softplus"},
}
"""Those that stand in the file."""

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


@dataclass(frozen=True)
class Text:
    """An expression, and how tightly its outermost operator binds: 1 for + and -, 2 for * and /,
    3 for a sign, 4 for what needs no brackets."""

    text: str
    tightness: int = 4

    def within(self, tightness: int) -> str:
        return self.text if self.tightness >= tightness else f"({self.text})"


def infix(sign: str, left: Text, right: Text) -> Text:
    """
    >>> infix("-", Text("a"), infix("-", Text("b"), Text("c"))).text
    'a - (b - c)'
    """
    tightness = 1 if sign in "+-" else 2
    return Text(f"{left.within(tightness)} {sign} {right.within(tightness + 1)}", tightness)


def called(function: str, *args: Text) -> Text:
    return Text(f"{function}({', '.join(arg.text for arg in args)})")


def value_of(op: str, args: list[Text]) -> Text:
    """An operation on single numbers."""
    if op in INFIX:
        return infix(INFIX[op], *args)
    match op:
        case "copy" | "stop":
            return args[0]
        case "negative":
            return Text(f"-{args[0].within(4)}", 3)
        case "positive":
            return Text(f"({args[0].within(2)} > 0 ? (real)1 : (real)0)")
        case "is_zero":
            return Text(f"({args[0].within(2)} == 0 ? (real)1 : (real)0)")
    if op in OWN:
        return called(OWN[op], *args)
    if op in FUNCTIONS:
        return called(f"FN({FUNCTIONS[op]})", *args)
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in C")
