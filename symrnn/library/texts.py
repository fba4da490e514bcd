"""The texts of models and heads: by the names that the library has for them, or from files."""

from pathlib import Path

from symrnn import files
from symrnn.language.source import MAX_TEXT, decode
from symrnn.library import zoo

MAX_BYTES = 4 * MAX_TEXT  # a character of UTF-8 takes at most four
WHAT = "a model is a few lines of equations"


def named(kind: str, name: str | Path) -> str:
    """The text of a model ("models") or of a head ("heads"), by its name or by a file's path."""
    if isinstance(name, Path) or "/" in name or "\\" in name or name.endswith(zoo.SUFFIX):
        return in_file(str(name))
    return zoo.read(kind, name)


def in_file(path: str) -> str:
    """The text of a file."""
    return decode(files.beginning(path, MAX_BYTES, WHAT), path)


def decoded(data: bytes, name: str) -> str:
    """The same of bytes that have been read: of too many one more than there may be is enough."""
    return decode(files.short(data, MAX_BYTES, name, WHAT), name)
