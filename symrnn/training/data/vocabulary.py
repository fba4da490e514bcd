"""A text into tokens, words or characters; a vocabulary of these; how often each occurs.

A word is letters and digits, with accents that stand on them and single apostrophes between them.
(It is cut after a hundred letters in a row, and after twenty accents and apostrophes, so that no
text holds a word without end.) Every other mark is a token of its own, and white space is none.
A character is a code point; the end of a line is one, however it is written.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from symrnn import files
from symrnn.errors import DataError
from symrnn.language.arrays import Array

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


# tokens and their ids


UNKNOWN: dict[Unit, str] = {"words": "<unk>", "characters": "\N{REPLACEMENT CHARACTER}"}
"""What stands for a token that is not known; no text has the first as a token."""
MAX_BYTES = 1 << 28
"""Of the file of a vocabulary."""


@dataclass(frozen=True)
class Vocabulary:
    """The tokens by their ids, and how they are found in a text.

    >>> animals = Vocabulary(("cat", "mat", "rat"))
    >>> animals.encode("rat rat mat").tolist(), animals.decode([0, 2])
    ([2, 2, 1], 'cat rat')
    """

    tokens: tuple[str, ...]
    unknown: str | None = None
    """The token for all others; without one, another token is an error."""
    tokeniser: Tokeniser = field(default_factory=Tokeniser)

    @classmethod
    def built(
        cls, counts: Counter[str], tokeniser: Tokeniser, min_count: int = 1, max_size: int = 10_000
    ) -> "Vocabulary":
        """The unknown token first, then the most frequent ones; among equals, by code point.

        >>> Vocabulary.built(Counter("hello"), Tokeniser("characters"), max_size=4).tokens[1:]
        ('l', 'e', 'h')
        """
        unknown = UNKNOWN[tokeniser.unit]
        known = [token for token, n in counts.items() if n >= min_count and token != unknown]
        known.sort(key=lambda token: (-counts[token], token))
        return cls((unknown, *known[: max_size - 1]), unknown, tokeniser)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str) -> Array:
        """The ids of a text."""
        if self.tokeniser.unit == "words":
            return self.ids_of(self.tokeniser.split(text))
        codes = code_points(self.tokeniser.characters(text))
        ids: Array = self._table[np.minimum(codes, len(self._table) - 1)]
        if self.unknown is None and len(ids) and ids.min() < 0:
            raise self._not_there(chr(codes[np.argmin(ids)]))
        return ids

    def ids_of(self, tokens: Iterable[str]) -> Array:
        """The ids of tokens."""
        known = self._ids
        try:
            if self.unknown is None:
                return np.array([known[token] for token in tokens], np.int32)
        except KeyError as error:
            raise self._not_there(error.args[0]) from None
        other = known[self.unknown]
        return np.array([known.get(token, other) for token in tokens], np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """A text with these ids."""
        return self.tokeniser.join(self.tokens[each] for each in ids)

    def save(self, path: str | Path) -> None:
        """As JSON."""
        rule = self.tokeniser
        content = {"unit": rule.unit, "lower": rule.lower, "unknown": self.unknown}
        files.write(path, json.dumps({**content, "tokens": self.tokens}, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """As it was saved."""
        content = files.read(path, MAX_BYTES, "a vocabulary is a list of tokens")
        try:
            read = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is no vocabulary: no JSON ({error})") from None
        wrong = _wrong(read)
        if wrong:
            raise DataError(f"{path} is no vocabulary: {wrong}; expected one that symrnn has saved")
        return cls(tuple(read["tokens"]), read["unknown"], Tokeniser(read["unit"], read["lower"]))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: n for n, token in enumerate(self.tokens)}

    @cached_property
    def _table(self) -> Array:
        """The id of each code point, with one more row at the end for those that are above all."""
        other = -1 if self.unknown is None else self._ids[self.unknown]
        known = {ord(token): n for token, n in self._ids.items() if token != self.unknown}
        table = np.full(max(known, default=0) + 2, other, np.int32)
        table[list(known)] = list(known.values())
        return table

    def _not_there(self, token: str) -> DataError:
        few = ", ".join(self.tokens[:10]) + (", …" if len(self.tokens) > 10 else "")
        return DataError(f"{token!r} is not in the vocabulary; expected one of {few}")


def code_points(text: str) -> Array:
    """
    >>> code_points("hé").tolist()
    [104, 233]
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _wrong(read: Any) -> str:
    if not isinstance(read, dict) or not {"unit", "lower", "unknown", "tokens"} <= set(read):
        return "names are missing"
    tokens, unknown = read["tokens"], read["unknown"]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return "'tokens' is no list of texts"
    if read["unit"] not in get_args(Unit) or not isinstance(read["lower"], bool):
        return "'unit' or 'lower' says nothing that is known"
    if not tokens or len(set(tokens)) < len(tokens):
        return "there are no tokens" if not tokens else "a token is there twice"
    if unknown is not None and unknown not in tokens:
        return f"the unknown token {unknown!r} is not among the tokens"
    if read["unit"] == "characters" and any(len(token) != 1 for token in tokens):
        return "a token is no single character"
    return ""


# how often each token occurs in a text that comes in parts


MOST_WORDS = 100_000
"""The most different words that are kept count of, or memory would grow with the text."""
BLOCK = 1 << 16
"""After so many words, if there are more, the rarest are forgotten."""


class Counting:
    """Counts so far. They do not depend on where a text is taken apart, if between tokens.

    A word that is forgotten starts again from zero: what is frequent is counted as it is, nearly.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self.tokeniser = tokeniser
        self.total = 0
        self.counts: Counter[str] = Counter()

    def add(self, text: str) -> int:
        """Count one more part; how many tokens it has."""
        if self.tokeniser.unit == "characters":
            return self._characters(self.tokeniser.characters(text))
        words = self.tokeniser.split(text)
        first = 0
        while first < len(words):
            some = words[first : first + BLOCK - self.total % BLOCK]
            self.counts.update(some)
            self.total += len(some)
            first += len(some)
            if self.total % BLOCK == 0:
                self._forget()
        return len(words)

    def _characters(self, text: str) -> int:
        codes, many = np.unique(code_points(text), return_counts=True)
        for code, count in zip(codes.tolist(), many.tolist(), strict=True):
            self.counts[chr(code)] += count
        self.total += len(text)
        return len(text)

    def _forget(self) -> None:
        floor = 0
        while len(self.counts) > MOST_WORDS:
            floor += 1
            self.counts = Counter({word: n for word, n in self.counts.items() if n > floor})
