"""A text before it is parsed: letters that mean one thing only, and what is refused at once.

    a[t] ⊙ b[t]²  =>  a[t] * b[t]**2

Letters are read as the language writes them, each in its own column. Refused is what is too long,
too deep, no text, or no syntax of Python's, whose own parser reads the text into its `ast`; it
never runs anything.
"""

import ast
import keyword
import re
import warnings
from dataclasses import dataclass

from symrnn.errors import LanguageError
from symrnn.language.foreign import letter, spelling
from symrnn.language.tree import Place, Source

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
    for sign in LONGER.finditer(code):
        said = "sigmoid" if sign[0] == "σ" else "**" + sign[0].translate(DIGITS)
        found += code[end : sign.start()] + said
        columns += range(end, sign.start())
        columns += [sign.start(), *[sign.end()] * (len(said) - 1)]
        end = sign.end()
    if not end:
        return code, None
    return found + code[end:], [*columns, *range(end, len(code))]


MAX_TEXT = 200_000
MAX_DEPTH = 60
KEYWORD = "'{}' is a keyword of Python and cannot be a name; take another"
STATEMENTS = "an equation `v[t] = …`, a boundary `v[0] = …` or a declaration `v: …`"


def decode(data: bytes, name: str) -> str:
    """The text of a file, which must be UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LanguageError(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8;"
            " save the file as UTF-8 text"
        ) from None


def check_size(source: Source) -> None:
    """Refuse what is too long or nested too deeply before Python's parser sees it."""
    if len(source.text) > MAX_TEXT:
        raise LanguageError(
            f"{source.name}: the text has {len(source.text):,} characters; the limit is"
            f" {MAX_TEXT:,}. A model is a few lines of equations"
        )
    for number, line in enumerate(source.text.split("\n"), 1):
        for column, character in enumerate(line):
            if character == "\0" or "\ud800" <= character <= "\udfff":
                place = Place(number, column, column + 1)
                said = "a NUL character" if character == "\0" else "bytes that are not UTF-8"
                raise LanguageError(source.mark(place, f"{said}; expected plain text"))
    depth = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        for column, character in enumerate(line):
            if character == "#":
                break
            depth += (character in "([{") - (character in ")]}")
            if depth > MAX_DEPTH:
                place = Place(number, column, column + 1)
                raise LanguageError(
                    source.mark(
                        place, f"brackets nested more than {MAX_DEPTH} deep; name a part of it"
                    )
                )


def check_letters(source: Source, text: Plain) -> None:
    """Refuse a letter that the language does not have, where it is known what is meant by it."""
    for number, line in enumerate(text.lines, 1):
        if not line.isascii() and (found := letter(line.split("#")[0])):
            place = at(text, number, found.start, found.end)
            raise LanguageError(source.mark(place, found.message))


def at(text: Plain, line: int, start: int, end: int) -> Place:
    """Columns of the text that Python reads as a place in the text as it was written."""
    return Place(line, text.column(line, start), text.column(line, end))


def tree_of(source: Source, text: Plain) -> ast.Module:
    """Python's tree of a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)  # `3in x`, say, is no syntax of ours
            return ast.parse(text.text)
    except SyntaxError as error:
        line = min(error.lineno or 1, len(text.lines))
        start = max(0, (error.offset or 1) - 1)
        end = (error.end_offset or 0) - 1 if error.end_lineno == error.lineno else start + 1
        message, span = _syntax_message(text.lines[line - 1], error)
        place = at(text, line, *(span or (start, end)))
        raise LanguageError(source.mark(place, message)) from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        longest = max(range(len(text.lines)), key=lambda number: len(text.lines[number]))
        message = "an expression too long or nested too deeply to read; give a part of it a name"
        raise LanguageError(source.mark(Place(longest + 1, 0, 1), message)) from None


def _syntax_message(line: str, error: SyntaxError) -> tuple[str, tuple[int, int] | None]:
    """What to say, and the columns of the word that it is said of, if there is one."""
    text = line.split("#")[0]
    said = (error.msg or "invalid syntax").split(" (")[0].split(". Maybe")[0]
    if said.startswith("Exceeds the limit"):
        return "a number with more than 4300 digits", None
    if "indent" in said:
        return f"{said}; an equation goes on in the next line inside brackets", None
    if found := spelling(text):
        return found.message, (found.start, found.end)
    if "closed" in said or "unmatched" in said:
        return said, None
    if called := re.match(r"\s*(\w+)\s*\(\s*([tT][^)]*)\)\s*=", text):
        return f"time stands in square brackets: {called[1]}[{called[2]}] = …", None
    for word in re.finditer(r"\b[^\W\d]\w*", text):
        if keyword.iskeyword(word[0]):
            return f"{KEYWORD.format(word[0])}, {word[0]}_", word.span()
    return f"{said}; expected {STATEMENTS}", None
