"""A vocabulary: tokens and their ids."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from symrnn import files
from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.training.data.tokens import Tokeniser, Unit

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
