"""A running text beside itself: which tokens stand in which stream and which window."""

from dataclasses import dataclass

import numpy as np

from symrnn.language.table import Array


@dataclass(frozen=True, eq=False)
class Windows:
    """Streams of nearly equal length, taken T steps at a time.

    A step is a token and the one that comes next, so that there is one step fewer than tokens, and
    each is in one stream and one window. Where the end cannot fill a window its lengths say so; no
    stream is without a step in any.
    """

    starts: Array
    """The first token of each stream."""
    steps: int
    full: int
    """So many windows have T steps in every stream."""
    rest: tuple[Array, ...]
    """The lengths in each window after these."""

    @classmethod
    def of(cls, tokens: int, rows: int, steps: int, tail: bool = True) -> "Windows":
        """
        >>> Windows.of(tokens=10, rows=2, steps=3).rest
        (array([2, 1]),)
        >>> Windows.of(tokens=8, rows=2, steps=3).rest  # 4 and 3 steps: each has some in the last
        (array([2, 2]), array([2, 1]))
        """
        each, more = divmod(tokens - 1, rows)
        full, left = divmod(each, steps)
        row = np.arange(rows)
        if not tail:
            return cls(row * each, steps, full, ())
        rest: tuple[Array, ...] = (left + (row < more),)
        if not left and not more:
            rest = ()
        elif not left:
            full -= 1
            rest = (np.full(rows, steps - 1), 1 + (row < more))
        return cls(row * each + np.minimum(row, more), steps, full, rest)

    def __len__(self) -> int:
        return self.full + len(self.rest)

    def share(self, window: int) -> float:
        """How many steps there are in a window, to those in the largest.

        >>> Windows.of(tokens=10, rows=2, steps=3).share(1)
        0.5
        """
        largest = max(self.lengths(each).sum() for each in (0, len(self) - 1))
        return float(self.lengths(window).sum() / largest)

    def lengths(self, window: int) -> Array:
        if window < self.full:
            return np.full(len(self.starts), self.steps)
        return self.rest[window - self.full]

    def begins(self, window: int) -> Array:
        """The first token of each stream there."""
        whole = min(window, self.full) * self.steps
        begins: Array = self.starts + whole
        for lengths in self.rest[: max(0, window - self.full)]:
            begins = begins + lengths
        return begins
