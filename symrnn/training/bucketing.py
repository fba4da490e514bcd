"""Which sequences stand together: in a batch, and in the part to validate with."""

import numpy as np

from symrnn.errors import EstimatorError
from symrnn.language.table import Array

POOL = 16
"""So many batches are drawn together, and put in order of length."""


def shuffled(lengths: Array, size: int, rng: np.random.Generator) -> list[Array]:
    """Batches of places in a random order, each of sequences about as long.

    >>> lengths = np.array([9, 1, 8, 2])
    >>> sorted(sorted(batch.tolist()) for batch in shuffled(lengths, 2, np.random.default_rng(0)))
    [[0, 2], [1, 3]]
    """
    places = rng.permutation(len(lengths))
    if (lengths == lengths[0]).all():
        return cut(places, size)
    pools = [pool[lengths[pool].argsort(kind="stable")] for pool in cut(places, POOL * size)]
    found = [batch for pool in pools for batch in cut(pool, size)]
    return [found[place] for place in rng.permutation(len(found))]


def cut(places: Array, size: int) -> list[Array]:
    """So many at a time; the last may be fewer."""
    return [places[start : start + size] for start in range(0, len(places), size)]


def held_out(groups: Array, fraction: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Places to train on, and a share of each group to validate with, one of each at least left.

    >>> train, valid = held_out(np.repeat([0, 1], 10), 0.2, np.random.default_rng(0))
    >>> len(train), len(valid), (valid < 10).sum()
    (16, 4, np.int64(2))
    """
    if not 0 < fraction < 1:
        raise EstimatorError(
            f"validation_fraction is {fraction}; expected a share between 0 and 1, such as 0.1"
        )
    valid = np.zeros(len(groups), bool)
    for group in np.unique(groups):
        places = rng.permutation(np.flatnonzero(groups == group))
        valid[places[: min(round(fraction * len(places)), len(places) - 1)]] = True
    if not valid.any():
        raise EstimatorError(
            f"validation_fraction={fraction} leaves none of {len(groups)} to validate with;"
            " expected more sequences, a larger share, or patience=None"
        )
    return np.flatnonzero(~valid), np.flatnonzero(valid)
