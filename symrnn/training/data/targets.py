"""Targets as numbers: classes, sorted, or values; from the labels of a table, or from an array."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training.data.contract import LARGEST, TaskKind

MANY = 20
"""That many different fractions are measurements, not names of classes."""


@dataclass(frozen=True)
class Labels:
    """What a target is, and one for each example."""

    kind: TaskKind
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


# what the array y of an .npz file may be:
#
# (n,)        labels, if whole numbers or nothing but 0 and 1; else numbers
# (n, C)      one-hot rows, or numbers
# (n, T)      labels at every step, if whole numbers
# (n, T, C)   one-hot rows at every step, or numbers at every step
#
# With regression asked for, every y is numbers.


def targets(
    path: Path,
    y: Array,
    lengths: Array,
    steps: int,
    regress: bool = False,
    known: tuple[str, ...] = (),
) -> Labels:
    """The targets of sequences of these lengths, all within so many steps; `known` are the classes
    if they are known.

    >>> targets(Path("a.npz"), np.array([0, 1]), np.array([3, 3]), 3).kind
    'binary'
    """
    if y.ndim not in (1, 2, 3) or (y.ndim == 3 and y.shape[1] != steps) or 0 in y.shape:
        raise _unfit(path, y, steps)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 3:
        inside = np.arange(steps) < lengths[:, np.newaxis]
        if y.shape[2] == 1 and _whole(y) and not regress:
            return _labels(path, y[:, :, 0], inside, known=known)
        if not regress and _one_hot(y[inside]):
            return _labels(path, y.argmax(2), inside, y.shape[2], known)
        return Labels("regress", (), None, y.astype(float), timed=True)
    if regress:
        return _numbers(y)
    if y.ndim == 1:
        labels = _whole(y) or np.isin(y, (0, 1)).all()
        return _labels(path, y, known=known) if labels else _numbers(y)
    at_every_step = _whole(y) and y.shape[1] == steps
    if at_every_step and _one_hot(y):
        raise DataError(
            f"{path}: y with shape {y.shape} may be one-hot rows, or a label at each of the {steps}"
            " steps; expected labels (n,) for the first, one-hot rows (n, T, C) for the second"
        )
    if at_every_step:
        return _labels(path, y, np.arange(steps) < lengths[:, np.newaxis], known=known)
    if _one_hot(y):
        return _labels(path, y.argmax(1), None, y.shape[1], known)
    if _whole(y):
        raise _unfit(path, y, steps)
    return _numbers(y)


def _numbers(y: Array) -> Labels:
    return Labels("regress", (), None, y.astype(float).reshape(len(y), -1))


def _labels(
    path: Path,
    y: Array,
    inside: Array | None = None,
    width: int = 0,
    known: tuple[str, ...] = (),
) -> Labels:
    """Classes are the known ones, or what occurs, sorted, or as many as one-hot rows are wide."""
    there = np.unique(y if inside is None else y[inside])
    if known:
        there = _all_known(path, there, known)
    elif len(there) == 1:
        raise DataError(
            f"{path}: every label in y is {there[0].item()}; expected two classes or more, or"
            " numbers and regression"
        )
    classes = np.arange(width) if width and not known else there
    names = tuple(str(int(each)) for each in classes)
    ids = np.minimum(np.searchsorted(classes, y), len(classes) - 1)  # padding may be any class
    if inside is None:
        return of_ids(ids, names)
    return Labels("steps", names, None, ids, timed=True)


def _all_known(path: Path, there: Array, known: tuple[str, ...]) -> Array:
    """The known classes as numbers, if no other is there."""
    odd = [str(int(each)) for each in there if str(int(each)) not in known]
    if odd:
        raise DataError(
            f"{path}: y holds the label {odd[0]}, which is not among those trained on:"
            f" {', '.join(known[:10])}{', …' if len(known) > 10 else ''}"
        )
    return np.array([int(each) for each in known])


def _whole(y: Array) -> bool:
    return y.dtype.kind in "biu"


def _one_hot(rows: Array) -> bool:
    """Each row is a single one among zeros."""
    single = ((rows == 0) | (rows == 1)).all() and (rows.sum(-1) == 1).all()
    return rows.shape[-1] > 1 and bool(single)


def _unfit(path: Path, y: Array, steps: int) -> DataError:
    kind = "whole numbers" if _whole(y) else "numbers"
    return DataError(
        f"{path}: y holds {kind} with shape {y.shape}, for {steps} steps; expected labels (n,) or"
        " (n, T), one-hot rows (n, C) or (n, T, C), or floats for regression"
    )
