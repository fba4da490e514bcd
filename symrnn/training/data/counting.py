"""How often each token occurs in a text that comes in parts."""

from collections import Counter

import numpy as np

from symrnn.training.data.tokens import Tokeniser
from symrnn.training.data.vocabulary import code_points

MOST = 100_000
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
        while len(self.counts) > MOST:
            floor += 1
            self.counts = Counter({word: n for word, n in self.counts.items() if n > floor})
