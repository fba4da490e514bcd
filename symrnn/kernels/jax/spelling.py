"""Operations of a program as expressions of JAX, and lines as a person would lay them out."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from symrnn.errors import CheckError
from symrnn.kernels.lines import WIDTH

SUM, TIMES, SIGN, POWER, WHOLE = range(1, 6)


@dataclass(frozen=True)
class Text:
    """An expression, and how tightly its outermost operator binds."""

    text: str
    tightness: int = WHOLE

    def within(self, tightness: int) -> str:
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


INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}

FUNCTIONS = {
    **{n: f"jnp.{n}" for n in ("tanh", "exp", "log", "sqrt", "sin", "cos", "sinh", "cosh")},
    **{n: f"jnp.{n}" for n in ("arctan", "log1p", "expm1", "maximum", "minimum")},
    **{"erf": "lax.erf", "softplus": "jax.nn.softplus", "stop": "lax.stop_gradient"},
}
"""The functions of JAX, by operation."""

HELPERS = {"sigmoid": "sigmoid", "positive": "above_zero", "is_zero": "is_zero"}
"""Functions that stand in the file."""

ELEMENTARY = frozenset({"sigmoid"})
"""What it has beside the operations of every back end."""


def value_of(op: str, args: Sequence[Text]) -> Text:
    """An operation on arrays, entry by entry.

    >>> value_of("multiply", [Text("a + b", SUM), Text("c")]).text
    '(a + b) * c'
    """
    if op in INFIX:
        return infix(INFIX[op], *args)
    match op:
        case "copy":
            return args[0]
        case "negative":
            return Text(f"-{args[0].within(SIGN)}", SIGN)
        case "square":
            return Text(f"{args[0].within(WHOLE)} ** 2", POWER)
        case "power":
            return Text(f"{args[0].within(WHOLE)} ** {args[1].within(WHOLE)}", POWER)
    if op in FUNCTIONS or op in HELPERS:
        return called(FUNCTIONS.get(op) or HELPERS[op], *args)
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in JAX")


def several(texts: Sequence[str]) -> str:
    """Values as one: the value itself, or a tuple.

    >>> several(["h"]), several(["h", "c"]), several([])
    ('h', '(h, c)', 'None')
    """
    if not texts:
        return "None"
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def laid_out(line: str, indent: int = 4) -> list[str]:
    """A statement on as many lines as it needs.

    >>> laid_out("h = " + "a + " * 30 + "b")[0], len(laid_out("h = a + b"))
    ('h = (', 1)
    """
    if len(line) + indent <= WIDTH:
        return [line]
    left, equals, right = line.partition(" = ")
    if not equals:
        left, right = "return", line.removeprefix("return ")
        return ["return (", *_broken(right), ")"]
    found = [f"{left} = ("]
    if len(left) + indent + 4 > WIDTH:
        found = ["(", *_broken(left), ") = ("]
    call = re.fullmatch(r"([\w.]+)\((.*)\)", right)
    if call is not None and _is_closed(call[2]):
        return [*found[:-1], f"{found[-1][:-1]}{call[1]}(", *_broken(call[2]), ")"]
    return [*found, *_broken(right), ")"]


def _is_closed(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            return False
    return True


def _broken(text: str) -> list[str]:
    return [
        f"    {line}"
        for line in textwrap.wrap(text, WIDTH - 12, break_long_words=False, break_on_hyphens=False)
    ]
