"""Notations: small tables from the names of a model to the symbols that are printed for them.

A notation is a TOML file; each of its symbols is taken apart when it is read (`glyph`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import NoReturn

from symrnn.derive.notation.symbol import SymbolError, glyph
from symrnn.errors import UsageError, suggestion
from symrnn.files import beginning
from symrnn.language.expressions import NAME
from symrnn.language.table import ELEMENTWISE, LOSSES, ROW

SUFFIX = ".toml"
MAX_BYTES = 100_000
LONGEST_SOURCE = 500


@dataclass(frozen=True)
class Notation:
    """Which symbols a model is printed with, and how time and products are written."""

    name: str
    symbols: Mapping[str, str]
    """A name of the model, and its symbol in LaTeX. What comes first has priority."""

    orientation: str = "row"
    """"row": x_t w; "column": W x_t."""

    time: str = "subscript"
    """"subscript": O_3; "superscript": h^{(3)}."""

    immediate: bool = True
    """Whether an immediate partial is printed as ∂⁺."""

    functions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    join: str = ","
    """What stands between a subscript and a time, where both are a single character."""

    source: str = ""
    """Whose letters these are, for a document: an author, a title, a chapter."""

    strict: bool = True
    """Whether two names of a model with one symbol are an error. In the notations that come along,
    which know the names of several models, the second name is printed as if it had no entry."""


def notations() -> dict[str, str]:
    """The name of every notation that comes along, with the first line of its file.

    >>> notations()["N5"]
    'Characters: h_t = f(W_{xh} x_t + W_{hh} h_{t-1} + b_h), column convention'
    """
    found = [
        f for f in (files("symrnn.library") / "notations").iterdir() if f.name.endswith(SUFFIX)
    ]
    return {
        f.name.removesuffix(SUFFIX): f.read_text("utf-8").split("\n", 1)[0].removeprefix("# ")
        for f in sorted(found, key=lambda f: (f.name != "default" + SUFFIX, f.name))
    }


def load_notation(name: str) -> Notation:
    """A notation that comes along, by its name, or one of a .toml file, by its path."""
    if "/" in name or "\\" in name or name.endswith(SUFFIX):
        return read_notation(name, _read_file(name), name)
    known = notations()
    if name not in known:
        raise UsageError(
            f"unknown notation '{name[:60]}'{suggestion(name, list(known))}\n"
            f"there are {', '.join(known)} (a file's path has a / or ends in {SUFFIX})"
        )
    text = (files("symrnn.library") / "notations" / (name + SUFFIX)).read_text("utf-8")
    return read_notation(name, text, f"notation {name}", strict=False)


def read_notation(name: str, text: str, where: str, *, strict: bool = True) -> Notation:
    """The notation that a TOML text describes; `where` stands in front of error messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{where}: this is no TOML: {error}\na notation holds lines such as"
            " time = \"subscript\" and, under [symbols], w_h = 'W_{hh}' (in single quotes a \\"
            " stands for itself)"
        ) from None
    reader = _Table(where)
    reader.keys(table)
    return Notation(
        name,
        reader.symbols(table, "symbols"),
        reader.word(table, "orientation", ("row", "column")),
        reader.word(table, "time", ("subscript", "superscript")),
        reader.flag(table, "immediate", True),
        reader.symbols(table, "functions"),
        reader.word(table, "join", (",", "")),
        reader.prose(table, "source"),
        strict,
    )


def _read_file(path: str) -> str:
    try:
        data = beginning(path, MAX_BYTES, "a notation is a few lines of symbols")
    except UsageError as error:
        raise UsageError(
            f"{error}\nexpected a {SUFFIX} file, or a notation: {', '.join(notations())}"
        ) from None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text; save the notation as UTF-8") from None


FUNCTIONS = (*ELEMENTWISE, *LOSSES, *ROW)


class _Table:
    """What may stand in a notation's file."""

    KEYS = ("orientation", "time", "immediate", "join", "source", "symbols", "functions")

    def __init__(self, where: str) -> None:
        self.where = where

    def fail(self, message: str) -> NoReturn:
        raise UsageError(f"{self.where}: {message}")

    def keys(self, table: dict[str, object]) -> None:
        for key in table:
            if key not in self.KEYS:
                near = suggestion(key, list(self.KEYS))
                if not near and isinstance(table[key], str):
                    near = "; a symbol stands under [symbols]"
                self.fail(f"unknown key '{key[:60]}'{near}\nthere are {', '.join(self.KEYS)}")

    def word(self, table: dict[str, object], key: str, words: tuple[str, ...]) -> str:
        value = table.get(key, words[0])
        if not isinstance(value, str) or value not in words:
            wanted = " or ".join(f'"{word}"' for word in words)
            self.fail(f"{key} = {_shown(value)}: expected {wanted}")
        return value

    def prose(self, table: dict[str, object], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str) or len(value) > LONGEST_SOURCE:
            self.fail(
                f"{key} = {_shown(value)}: expected a line of at most {LONGEST_SOURCE} characters"
            )
        return " ".join(value.split()).rstrip(".")

    def flag(self, table: dict[str, object], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.fail(f"{key} = {_shown(value)}: expected true or false, without quotes")
        return value

    def symbols(self, table: dict[str, object], key: str) -> Mapping[str, str]:
        entries = table.get(key, {})
        if not isinstance(entries, dict):
            self.fail(f"{key} = {_shown(entries)}: expected a table, a line [{key}] above its rows")
        for name, symbol in entries.items():
            here = f"[{key}] {name[:60]} = {_shown(symbol)}"
            if key == "functions" and name not in FUNCTIONS:
                near = suggestion(name, list(FUNCTIONS))
                self.fail(f"{here}: '{name[:60]}' is no function of the language{near}")
            if not NAME.match(name):
                self.fail(f"{here}: expected a name of the model, letters, digits and _")
            if not isinstance(symbol, str):
                self.fail(f"{here}: expected a symbol in quotes, such as 'W_{{hh}}'")
            try:
                glyph(symbol)
            except SymbolError as error:
                self.fail(f"{here}: this is no symbol: {error}")
        return MappingProxyType(dict(entries))


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 70 else text[:67] + "..."
