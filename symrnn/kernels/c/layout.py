"""Lines of C as a person would lay them out: loops around lines, what is too long, comments."""

import re
import textwrap
from collections.abc import Sequence

WIDTH = 100
JOINED = "\0"
"""A space at which no line is broken."""


def nest(space: Sequence[tuple[str, str]], body: list[str]) -> list[str]:
    """Loops around lines."""
    lines = body
    for place, (axis, many) in enumerate(reversed(space)):
        head = f"for (int {axis} = 0; {axis} < {many}; {axis}++)"
        if place == 0 and len(lines) > 1:
            lines = [f"{head} {{", *indented(lines), "}"]
        else:
            lines = [head, *indented(lines)]
    if not space and len(body) > 1:
        lines = ["{", *indented(body), "}"]
    return lines


def indented(lines: Sequence[str]) -> list[str]:
    return [textwrap.indent(line, "    ") for line in lines]


def laid_out(line: str) -> str:
    """A line, broken where it is too long; what follows stands further in."""
    if len(line) <= WIDTH:
        return line
    space = line[: len(line) - len(line.lstrip())]
    together = re.sub(r"\[[^\]]*\]", lambda found: found[0].replace(" ", JOINED), line.strip())
    inside = textwrap.wrap(
        together,
        WIDTH - len(space),
        subsequent_indent="       " if line.strip().startswith("/*") else "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return textwrap.indent("\n".join(inside).replace(JOINED, " "), space)


def declared(line: str) -> str:
    """A declaration, broken behind a comma where it is too long.

    >>> print(declared(f"void f({', '.join(f'const inputs *{name * 28}' for name in 'abc')})"))
    void f(const inputs *aaaaaaaaaaaaaaaaaaaaaaaaaaaa, const inputs *bbbbbbbbbbbbbbbbbbbbbbbbbbbb,
        const inputs *cccccccccccccccccccccccccccc)
    """
    return laid_out(re.sub(r"(?<!,) ", JOINED, line)).replace(JOINED, " ")


def comment(text: str) -> str:
    return f"/* {text.replace('*/', '* /')} */"
