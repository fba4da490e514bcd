"""Letters that mean one thing only are read as the language writes it, each in its own column.

a[t] ⊙ b[t]²  =>  a[t] * b[t]**2
"""

import re
from dataclasses import dataclass

SAME = str.maketrans(
    {
        **dict.fromkeys("−–‐‑﹣", "-"),
        **dict.fromkeys("⊙∘∗", "*"),
        **dict.fromkeys("\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}", " "),
        **{chr(ord(sign) + 0xFEE0): sign for sign in "()[]+-*/=:;,@"},  # fullwidth
        "\N{IDEOGRAPHIC SPACE}": " ",
    }
)
"""One letter for one."""

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
DIGITS = str.maketrans(RAISED, "0123456789")
LONGER = re.compile(rf"\bσ(?=\s*\()|(?<=[\w)\]])(?<![{RAISED}])[{RAISED}]+(?![{RAISED}⁻⁽\[(])")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in the letters of the language, line by line, and where each column stood before."""

    lines: tuple[str, ...]
    columns: dict[int, tuple[int, ...]]
    """Of the lines that have become longer, counted from 0."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def column(self, line: int, column: int) -> int:
        """The column in the text as it was written; lines are counted from 1."""
        known = self.columns.get(line - 1)
        return column if known is None else known[min(column, len(known) - 1)]


def plain(text: str) -> Plain:
    """The text in the language's own letters; comments stay as they are.

    >>> found = plain("h[t] = σ(a[t]) ⊙ b[t]²  # σ")
    >>> found.text, found.column(1, found.text.index("b"))
    ('h[t] = sigmoid(a[t]) * b[t]**2  # σ', 17)
    """
    lines: list[str] = []
    columns: dict[int, tuple[int, ...]] = {}
    for number, line in enumerate(text.split("\n")):
        if not line.isascii():
            code, mark, comment = line.partition("#")
            code, moved = _longer(code.translate(SAME))
            if moved is not None:
                stood = len(line) - len(mark) - len(comment)
                columns[number] = (*moved, *range(stood, len(line) + 1))
            line = code + mark + comment
        lines.append(line)
    return Plain(tuple(lines), columns)


def _longer(code: str) -> tuple[str, list[int] | None]:
    """The code with the letters written out that take several, and where each column stood."""
    found, end = "", 0
    columns: list[int] = []
    for letter in LONGER.finditer(code):
        said = "sigmoid" if letter[0] == "σ" else "**" + letter[0].translate(DIGITS)
        found += code[end : letter.start()] + said
        columns += range(end, letter.start())
        columns += [letter.start(), *[letter.end()] * (len(said) - 1)]
        end = letter.end()
    if not end:
        return code, None
    return found + code[end:], [*columns, *range(end, len(code))]
