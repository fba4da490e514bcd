"""What there is to learn: the kind of target, and how wide everything is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from symrnn.language.table import Array

LARGEST = float(np.finfo(np.float32).max)
"""Runs are in single precision, which has no larger numbers."""

Kind = Literal["binary", "classes", "steps", "regress"]


@dataclass(frozen=True)
class Task:
    """What a data set asks of a model; its kind is the name of the head that fits.

    `binary`: y is (B, 1), 0.0 or 1.0. `classes`: y is (B,), ids. `steps`: y is (T, B), ids.
    `regress`: y is (B, C), numbers, or (T, B, C) if `timed`, for which no head comes along.
    """

    kind: Kind
    features: int
    """The width D of the inputs: how many features, or tokens in the vocabulary."""
    outputs: int
    """The width C of the targets: how many classes or numbers; 1 for two classes."""
    ids: tuple[str, ...] = ()
    """Which of x and y come as whole numbers in place of one-hot rows."""
    labels: tuple[str, ...] = ()
    """The names of the classes, by id."""
    timed: bool = False
    """There is a target at every step."""

    @property
    def dims(self) -> dict[str, int]:
        """
        >>> Task("binary", 5, 1, ids=("x",)).dims
        {'D': 5, 'C': 1}
        """
        return {"D": self.features, "C": self.outputs}


def one_hot(ids: Array, width: int, dtype: DTypeLike = np.float64) -> Array:
    """A row for each id, for kernels that do not take ids.

    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return np.eye(width, dtype=dtype)[ids]
