"""Operations of a program as expressions of JAX, and lines as a person would lay them out."""

import re
import textwrap
from collections.abc import Sequence

from symrnn.errors import CheckError
from symrnn.kernels.infix import INFIX, POWER, SIGN, WHOLE, Text, called, infix
from symrnn.kernels.lines import WIDTH

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

    >>> value_of("multiply", [infix("+", Text("a"), Text("b")), Text("c")]).text
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
            return powered(args[0], Text("2"))
        case "power":
            return powered(*args)
    if op in FUNCTIONS or op in HELPERS:
        return called(FUNCTIONS.get(op) or HELPERS[op], *args)
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in JAX")


def powered(base: Text, exponent: Text) -> Text:
    """
    >>> less = infix("-", Text("1"), Text("h"))
    >>> powered(Text("h"), Text("2")).text, powered(less, Text("2")).text
    ('h**2', '(1 - h) ** 2')
    """
    both = base.within(WHOLE), exponent.within(WHOLE)
    simple = all(re.fullmatch(r"\w+", text) for text in both)
    return Text(("**" if simple else " ** ").join(both), POWER)


def several(texts: Sequence[str]) -> str:
    """Values as one: the value itself, or a tuple.

    >>> several(["h"]), several(["h", "c"]), several([])
    ('h', '(h, c)', 'None')
    """
    if not texts:
        return "None"
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def laid_out(line: str, indent: int = 4) -> list[str]:
    """A statement on as many lines as it needs, as ruff lays it out.

    >>> laid_out("h = f(" + "a, " * 40 + "b)")[:2], laid_out("h = a + b")
    (['h = f(', '    a,'], ['h = a + b'])
    """
    if len(line) + indent <= WIDTH:
        return [line]
    left, equals, right = line.partition(" = ")
    if not equals and line.startswith("return "):
        left, right = "return", line.removeprefix("return ")
        return _spread(f"{left} ", right, indent)
    if not equals:
        return _spread("", line, indent)
    if len(left) + indent + len(" = (") > WIDTH:
        return [*_spread("", left, indent)[:-1], f") = {right}"]
    return _spread(f"{left} = ", right, indent)


def _spread(head: str, text: str, indent: int) -> list[str]:
    """What does not fit on the line of its head, between brackets."""
    items = _items(text)
    if len(items) > 1:
        return [f"{head}(", *_one_by_one(items, indent + 4), ")"]
    call = _last_bracket(text)
    if call is None:
        inside = textwrap.wrap(
            text, WIDTH - indent - 4, break_long_words=False, break_on_hyphens=False
        )
        return [f"{head}(", *(f"    {line}" for line in inside), ")"]
    front, within = text[:call], text[call + 1 : -1]
    if len(within) + indent + 4 <= WIDTH and (front or len(_items(within)) == 1):
        lines = [f"    {within}"]
    else:
        lines = _one_by_one(_items(within), indent + 4)
    return [f"{head}{front}{text[call]}", *lines, text[-1]]


def _one_by_one(items: Sequence[str], indent: int) -> list[str]:
    return [f"    {line}" for item in items for line in _with_comma(laid_out(item, indent + 1))]


def _with_comma(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]},"]


def _items(text: str) -> list[str]:
    """What stands between the commas that are in no brackets.

    >>> _items("a, f(b, c), {d: e}")
    ['a', 'f(b, c)', '{d: e}']
    """
    found, depth, start = list[str](), 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def _last_bracket(text: str) -> int | None:
    """Where the brackets begin that end with the text, if there are any."""
    if text[-1] not in ")]}":
        return None
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")]}") - (text[place] in "([{")
        if not depth:
            return place if re.fullmatch(r"[\w.]*", text[:place]) else None
    return None
