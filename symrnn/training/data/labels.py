"""Labels as numbers: classes, sorted, or values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.training.data.task import LARGEST, Kind

MANY = 20
"""That many different fractions are measurements, not names of classes."""


@dataclass(frozen=True)
class Labels:
    """What a target is, and one for each example."""

    kind: Kind
    classes: tuple[str, ...]
    ids: Array | None
    """The class of each example, if it has one."""
    targets: Array
    """As batches have them, examples first."""
    timed: bool = False
    """There is one at every step."""

    @property
    def outputs(self) -> int:
        """The width C."""
        if self.kind == "regress":
            return int(self.targets.shape[-1])
        return 1 if self.kind == "binary" else len(self.classes)


def classes_of(labels: Sequence[str], source: str, known: tuple[str, ...] = ()) -> Labels:
    """Two classes are one number, 0 or 1; more are ids. Numbers are sorted as numbers. Where the
    classes are `known`, no other may occur.

    >>> classes_of(["10", "9", "10"], "a.csv").classes
    ('9', '10')
    """
    if known:
        return of_ids(_ids(labels, source, known), known)
    numbers = [_number(each) for each in set(labels)]
    if (
        len(numbers) > MANY
        and any(n is not None and n % 1 for n in numbers)
        and None not in numbers
    ):
        raise DataError(
            f"{source}: {len(numbers):,} different numbers are labels, such as {labels[0]}; ask for"
            " regression if they are values, or give classes names"
        )
    key = (lambda each: (float(each), each)) if None not in numbers else (lambda each: (0.0, each))
    classes = tuple(sorted(set(labels), key=key))
    if len(classes) == 1:
        raise DataError(
            f"{source}: every label is {classes[0]!r}; expected two classes or more, or numbers and"
            " regression"
        )
    return of_ids(_ids(labels, source, classes), classes)


def _ids(labels: Sequence[str], source: str, classes: tuple[str, ...]) -> Array:
    places = {each: n for n, each in enumerate(classes)}
    odd = next((each for each in labels if each not in places), None)
    if odd is not None:
        few = ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
        raise DataError(f"{source}: the label {odd!r} is not among those trained on: {few}")
    return np.array([places[each] for each in labels])


def of_ids(ids: Array, classes: tuple[str, ...]) -> Labels:
    """The targets of classes by id."""
    if len(classes) == 2:
        return Labels("binary", classes, ids, ids[:, np.newaxis].astype(float))
    return Labels("classes", classes, ids, ids)


def values_of(labels: Sequence[str], where: Callable[[int], str]) -> Labels:
    """Labels that are numbers.

    >>> values_of(["1", "-.5"], str).targets.tolist()
    [[1.0], [-0.5]]
    """
    numbers = [_number(each) for each in labels]
    for row, number in enumerate(numbers):
        if number is None or abs(number) > LARGEST:
            what = "a finite number" if number is None else "a number up to 3.4e38"
            raise DataError(
                f"{where(row)}: the label is {labels[row]!r}; expected {what}, since regression is"
                " asked for"
            )
    return Labels("regress", (), None, np.array(numbers, float)[:, np.newaxis])


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
