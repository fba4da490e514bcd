"""Sequences of numbers from an .npz file: x (n, T, D), y, and lengths (n,) if they differ."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symrnn.errors import DataError, suggestion
from symrnn.files import opened
from symrnn.language.arrays import Array
from symrnn.training.data.contract import LARGEST, Options, Task
from symrnn.training.data.examples import Examples, shortened, split
from symrnn.training.data.targets import targets
from symrnn.weights import npz

NAMES = "x", "y", "lengths"
EXPECTED = "expected x (n, T, D), y, and lengths (n,) if sequences differ, as numpy.savez writes"


def arrays(path: Path, options: Options) -> Examples:
    """The examples of the file; `targets` says what y may be."""
    found = _read(path)
    x = _features(path, found["x"])
    lengths = _lengths(path, found.get("lengths"), x)
    _check_finite(path, "x", x, lengths)
    if found["y"].ndim == 0 or len(found["y"]) != len(x):
        raise DataError(
            f"{path}: y has shape {found['y'].shape}; expected one for each of the"
            f" {len(x)} examples of x"
        )
    steps_of_y = found["y"].ndim == 3 and found["y"].shape[1] == x.shape[1]
    _check_finite(path, "y", found["y"], lengths if steps_of_y else None)
    y = targets(path, found["y"], lengths, x.shape[1], options.values, options.labels)
    train, validation = split(len(x), options.share, options.seed, str(path), y.ids)
    steps, cut = shortened(lengths, options.steps)
    kept = np.minimum(lengths, steps)
    task = Task(
        y.kind,
        x.shape[2],
        y.outputs,
        ids=("y",) if y.kind in ("classes", "steps") else (),
        labels=y.classes,
        timed=y.timed,
    )
    return Examples(
        task,
        steps,
        options.batch,
        _within(x, kept),
        _within(y.targets, kept) if y.timed else y.targets,
        train,
        validation,
        remarks=cut,
    )


def features(path: Path) -> list[Array]:
    """The sequences of x alone; y need not be there."""
    found = _read(path, ("x",))
    x = _features(path, found["x"])
    lengths = _lengths(path, found.get("lengths"), x)
    _check_finite(path, "x", x, lengths)
    return _within(x, lengths)


def _within(array: Array, lengths: Array) -> list[Array]:
    return [each[:length] for each, length in zip(array, lengths, strict=True)]


def _read(path: Path, needed: tuple[str, ...] = ("x", "y")) -> dict[str, Array]:
    """The arrays by name, all of them real numbers."""

    def check(names: Sequence[str]) -> None:
        for name in names:
            if name not in NAMES:
                near = suggestion(name, list(NAMES))
                raise DataError(f"there is no use for '{name[:60]}'{near}; {EXPECTED}")
        for name in needed:
            if name not in names:
                raise DataError(f"{name} is missing; {EXPECTED}")

    try:
        with opened(path) as file:
            found = npz.decode(file, check)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    for name, array in found.items():
        if array.dtype.kind == "c":
            raise DataError(f"{path}: {name} holds {array.dtype}; expected real numbers")
    return found


def _features(path: Path, x: Array) -> Array:
    if x.ndim != 3 or 0 in x.shape:
        more = ": put an axis of width 1 at the end" if x.ndim == 2 else ""
        raise DataError(
            f"{path}: x has shape {x.shape}; expected examples, steps and features (n, T, D), none"
            f" of them 0{more}"
        )
    return x if x.dtype.kind == "f" else x.astype(float)


def _lengths(path: Path, lengths: Array | None, x: Array) -> Array:
    count, steps = x.shape[:2]
    if lengths is None:
        return np.full(count, steps)
    if lengths.shape != (count,) or lengths.dtype.kind not in "iu":
        raise DataError(
            f"{path}: lengths have shape {lengths.shape} and hold {lengths.dtype}; expected whole"
            f" numbers, one for each of the {count} examples of x"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > steps))
    if len(wrong):
        raise DataError(
            f"{path}: lengths hold {lengths[wrong[0]]} at [{wrong[0]}]; expected 1 to {steps}, the"
            " steps of x"
        )
    return lengths.astype(np.int64)


def _check_finite(path: Path, name: str, array: Array, lengths: Array | None) -> None:
    """What is padding may be anything; at a step that counts every number is one."""
    bad = ~(abs(array) <= LARGEST)  # nan too
    if lengths is not None:
        behind = np.arange(array.shape[1]) >= lengths[:, np.newaxis]
        bad[behind] = False
    if bad.any():
        place = tuple(int(n) for n in np.argwhere(bad)[0])
        what = (
            "numbers up to 3.4e38, as single precision has,"
            if np.isfinite(array[place])
            else ("finite numbers")
        )
        raise DataError(
            f"{path}: {name} holds {array[place]} at {list(place)}; expected {what} at every step"
            " that counts"
        )
