"""Operations on single numbers, as C spells them."""

from symrnn.errors import CheckError
from symrnn.kernels.infix import INFIX, SIGN, TIMES, WHOLE, Text, called, infix

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


def value_of(op: str, args: list[Text]) -> Text:
    """An operation on single numbers."""
    if op in INFIX:
        return infix(INFIX[op], *args)
    match op:
        case "copy" | "stop":
            return args[0]
        case "negative":
            return Text(f"-{args[0].within(WHOLE)}", SIGN)
        case "positive":
            return Text(f"({args[0].within(TIMES)} > 0 ? (real)1 : (real)0)")
        case "is_zero":
            return Text(f"({args[0].within(TIMES)} == 0 ? (real)1 : (real)0)")
    if op in OWN:
        return called(OWN[op], *args)
    if op in FUNCTIONS:
        return called(f"FN({FUNCTIONS[op]})", *args)
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in C")
