"""Python as a person would lay it out: literals, long lines, comments."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

WIDTH = 100


def escaped(text: str) -> str:
    """Text inside of a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def indented(text: str) -> str:
    return textwrap.indent(text.strip("\n"), "    ").rstrip()


def wrapped_text(text: str) -> str:
    return textwrap.fill(text, WIDTH - 8, break_long_words=False)


def as_tuple(values: Sequence[object]) -> str:
    inside = ", ".join(_literal(value) for value in values)
    return f"({inside}{',' * (len(values) == 1)})"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return as_tuple(value) if isinstance(value, tuple) else repr(value)


def as_dict(values: Mapping[str, object]) -> str:
    return wrapped("{", [f'"{key}": {_literal(v)}' for key, v in values.items()], "}")


def wrapped(left: str, parts: Sequence[str], right: str, bare: bool = False) -> str:
    """Parts between brackets: on one line where they fit, each on its own where they do not."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) <= WIDTH - 20 or not parts:
        return line
    opening, closing = ("(", ")") if bare else ("", "")
    inside = "".join(f"    {part},\n" for part in parts)
    return f"{left}{opening}\n{inside}{closing}{right}"


def imported(names: Sequence[str]) -> str:
    """What is taken from NumPy.

    >>> print(imported(["add", "dot"]))
    from numpy import add, dot
    """
    if not names:
        return ""
    line = f"from numpy import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join(["from numpy import (", *(f"    {name}," for name in names), ")"])


def fitted(line: str, indent: int) -> list[str]:
    """An assignment on as many lines as it needs.

    >>> fitted("a, b = " + "c" * 20, 80)
    ['a, b = (', '    cccccccccccccccccccc', ')']
    """
    if len(line) + indent <= WIDTH or " = " not in line:
        return [line]
    left, _, right = line.partition(" = ")
    if len(left) + indent + 5 > WIDTH:
        names = [f"    {name}," for name in left.split(", ")]
        return ["(", *names, f") = {right}"]
    call = re.fullmatch(r"(\w[\w.]*)\((.*)\)", right)
    if call is None:
        return [f"{left} = (", f"    {right}", ")"]
    return [f"{left} = {call[1]}(", f"    {call[2]}", ")"]


def comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH - 14, break_long_words=False):
        yield f"# {line}"
