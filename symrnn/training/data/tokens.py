"""A text into tokens: words or characters.

A word is letters and digits, with accents that stand on them and single apostrophes between them.
(It is cut after a hundred letters in a row, and after twenty accents and apostrophes, so that no
text holds a word without end.) Every other mark is a token of its own, and white space is none.
A character is a code point; the end of a line is one, however it is written.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

Unit = Literal["words", "characters"]
UNITS: tuple[Unit, ...] = get_args(Unit)
APOSTROPHES = "'’"


@dataclass(frozen=True)
class Tokeniser:
    """How tokens are found in a text; nothing before a token has a say in where it ends.

    >>> Tokeniser("words", lower=True).split("Don't stop: it's 1999_!")
    ["don't", 'stop', ':', "it's", '1999', '_', '!']
    >>> Tokeniser("characters").split("Hé\\r\\n")
    ['H', 'é', '\\n']
    """

    unit: Unit = "words"
    lower: bool = False

    def split(self, text: str) -> list[str]:
        if self.unit == "characters":
            return list(self.characters(text))
        words: list[str] = _words().findall(text)
        return [word.lower() for word in words] if self.lower else words

    def count(self, text: str) -> int:
        """How many tokens there are."""
        return len(self.characters(text) if self.unit == "characters" else self.split(text))

    def characters(self, text: str) -> str:
        """A text as the characters that are its tokens."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _lower(text) if self.lower else text

    def join(self, tokens: Iterable[str]) -> str:
        """A text with these tokens."""
        return (" " if self.unit == "words" else "").join(tokens)

    def complete(self, text: str) -> int:
        """How much of a text has the same tokens, whatever comes after it.

        >>> Tokeniser("words").complete("one tw"), Tokeniser("characters").complete("a\\r")
        (4, 1)
        """
        if self.unit == "characters":
            return len(text) - text.endswith("\r")
        space = max(text.rfind(" "), text.rfind("\n"))
        if space >= len(text) // 2:  # the usual case, and quick
            return space + 1
        ends = len(text)
        for found in _words().finditer(text):
            if found.end() >= len(text) - 1:  # it may go on, over an apostrophe too
                ends = found.start()
                break
        return ends


def _lower(text: str) -> str:
    """Each character for itself, so that there are as many: str.lower looks at neighbours."""
    return text.lower() if text.isascii() else "".join(map(_lower_one, text))


def _lower_one(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character


@cache
def _words() -> re.Pattern[str]:
    accents = (chr(n) for n in range(0x10000) if unicodedata.category(chr(n))[0] == "M")
    one, joint = r"[^\W_]", rf"(?:[{APOSTROPHES}][^\W_]|[{''.join(accents)}])"
    return re.compile(rf"{one}{{1,100}}(?:{joint}{one}{{0,99}}){{0,20}}|[^\w\s]|_")
