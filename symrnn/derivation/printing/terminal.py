"""Text in one dimension: how many columns it takes, small letters, brackets."""

import unicodedata

from symrnn.derivation.notation.writing import SUBSCRIPTS, SUPERSCRIPTS
from symrnn.derivation.printing.layout import Atom


def columns(text: str) -> int:
    """How many columns a text takes: accents stand above a letter."""
    return sum(not unicodedata.combining(letter) for letter in text)


def atom(text: str, broken: str | None = None) -> Atom:
    return Atom(text, columns(text), broken=broken)


class PlainBrackets:
    """The same brackets on one line and around several."""

    def flat(self, left: str, right: str, body: str, tall: bool) -> str:
        return f"{left}{body}{right}"

    def open(self, left: str, tall: bool) -> str:
        return left

    def close(self, right: str, tall: bool) -> str:
        return right


RAISED = frozenset(SUPERSCRIPTS.values())
"""What a name or a power may end in: another power needs brackets before it."""


def lowered(text: str) -> str:
    """A subscript in small letters, or in braces where Unicode lacks one of them."""
    if all(ord(letter) in SUBSCRIPTS for letter in text):
        return text.translate(SUBSCRIPTS)
    return f"_{text}" if len(text) == 1 else f"_{{{text}}}"
