"""Batches of similar lengths, in an order that is drawn."""

import numpy as np

from symrnn.language.table import Array

WINDOW = 50
"""So many batches are sorted by length among themselves: shorter batches, still drawn."""


def bucketed(lengths: Array, batch: int, rng: np.random.Generator) -> list[Array]:
    """Which sequences stand in which batch, each exactly once; one batch may be smaller.

    >>> lengths = np.array([9, 1, 8, 2, 7])
    >>> [lengths[each].tolist() for each in bucketed(lengths, 2, np.random.default_rng(0))]
    [[9], [1, 2], [7, 8]]
    """
    drawn = rng.permutation(len(lengths))
    batches = []
    for first in range(0, len(drawn), WINDOW * batch):
        window = drawn[first : first + WINDOW * batch]
        batches += cut(window[np.argsort(lengths[window], kind="stable")], batch)
    return [batches[each] for each in rng.permutation(len(batches))]


def in_order(lengths: Array, batch: int) -> list[Array]:
    """The same with nothing drawn: from the shortest to the longest."""
    return cut(np.argsort(lengths, kind="stable"), batch)


def cut(rows: Array, batch: int) -> list[Array]:
    """
    >>> cut(np.arange(3), 2)
    [array([0, 1]), array([2])]
    """
    return [rows[first : first + batch] for first in range(0, len(rows), batch)]
