"""What is refused before a text is read: too long, too deep, no text, no syntax of Python's.

Python's own parser reads the text into its `ast`; it never runs anything.
"""

import ast
import keyword
import re
import warnings

from symrnn.errors import LanguageError
from symrnn.language.foreign import letter, spelling
from symrnn.language.letters import Plain
from symrnn.language.tree import Place, Source

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
