"""Examples kept apart for validation."""

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array


def split(
    count: int, share: float, seed: int, source: str, classes: Array | None = None
) -> tuple[Array, Array]:
    """The examples to train on and those to validate with, in order; each class gives its share.

    As many are kept apart as the share says, at least one, and of no class all.

    >>> split(5, 0.4, 0, "a.csv", np.array([0, 0, 0, 1, 1]))
    (array([0, 1, 3]), array([2, 4]))
    """
    if not share:
        return np.arange(count), np.arange(0)
    groups = [np.arange(count)]
    if classes is not None:
        groups = [np.flatnonzero(classes == each) for each in np.unique(classes)]
    room = np.array([len(group) - 1 for group in groups])
    wanted = min(max(1, round(share * count)), room.sum())
    if not wanted:
        each = "in any class " if classes is not None and len(groups) > 1 else ""
        raise DataError(
            f"{source}: there are too few examples to keep some apart for validation; expected two"
            f" {each}or more: give more, or a share of 0"
        )
    rng = np.random.default_rng(seed)
    kept = [
        rng.permutation(group)[:many]
        for group, many in zip(groups, _shares(room, share, wanted), strict=True)
    ]
    validation = np.sort(np.concatenate(kept))
    return np.setdiff1d(np.arange(count), validation), validation


def _shares(room: Array, share: float, wanted: int) -> Array:
    """How many of each group: its share rounded down, and one more where most is left over."""
    exact = share * (room + 1)
    many: Array = np.minimum(np.floor(exact).astype(int), room)
    while many.sum() < wanted:
        left = np.where(many < room, exact - many, -np.inf)
        many[np.argmax(left)] += 1
    return many
