"""Data and weights from JSON files."""

import json
import math
from collections import Counter
from typing import Any

import numpy as np

from symrnn.derive.worked.known import Known
from symrnn.derive.worked.notes import picked
from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.table import Array
from symrnn.system.symbols import Symbol

MAX_BYTES = 10_000_000


def sequences(work: Known, path: str, row: int) -> dict[str, Array]:
    """One sequence of a file that holds one or several."""
    arrays = _arrays(path, work.asked, work)
    timed = [s for s in work.asked if s.timed]
    # without anything that runs over time, only one that happens once can tell
    judges = timed or work.asked
    several = any(arrays[s.name].ndim > len(work.axes(s)) for s in judges)
    counts: dict[str, int] = {}
    found = {}
    for symbol in work.asked:
        array, full = arrays[symbol.name], len(work.axes(symbol)) + several
        if array.ndim == full - 1:
            array = array[..., np.newaxis]  # a feature of width 1 needs no brackets
        if array.ndim != full:
            raise DataError(
                f"{path}: {symbol.name} has shape {arrays[symbol.name].shape}; expected"
                f" {work.shape_of(symbol)} for one sequence, or one axis more in front of every"
                " array for several"
            )
        if several:
            counts[symbol.name] = len(array)
        found[symbol.name] = array
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{count} for {name}" for name, count in counts.items())
        raise DataError(f"{path}: the numbers of sequences differ: {said}")
    place = picked(row, next(iter(counts.values()), 1), path)
    if several:
        found = {name: array[place] for name, array in found.items()}
    for symbol in work.asked:
        _check_onehot(path, symbol, found[symbol.name])
    return found


def _check_onehot(path: str, symbol: Symbol, array: Array) -> None:
    """The gradient is written ŷ - y because each row sums to one: so each must."""
    sums = np.atleast_1d(array.sum(-1))
    wrong = np.flatnonzero(abs(sums - 1) > 1e-9)
    if symbol.onehot and len(wrong):
        which = f"row {wrong[0] + 1} of {symbol.name}" if array.ndim > 1 else symbol.name
        raise DataError(
            f"{path}: {which} sums to {sums[wrong[0]]:g}; the text says {symbol.name}: onehot, so"
            " expected 1"
        )


def weights_of(work: Known, path: str) -> dict[str, Array]:
    arrays = _arrays(path, work.parameters, work)
    found = {}
    for symbol in work.parameters:
        array = arrays[symbol.name]
        if not array.ndim:
            array = array.reshape((1,) * len(symbol.shape))
        if array.ndim != len(symbol.shape):
            raise DataError(
                f"{path}: {symbol.name} has shape {array.shape}; expected {work.shape_of(symbol)}"
            )
        found[symbol.name] = array
    return found


def _arrays(path: str, wanted: list[Symbol], work: Known) -> dict[str, Array]:
    """The arrays of a file, by name: all that are wanted and nothing else."""
    read = _read(path)
    names = [symbol.name for symbol in wanted]
    shapes = ", ".join(f'"{s.name}" {work.shape_of(s)}' for s in wanted) or "no names"
    if not isinstance(read, dict):
        raise DataError(f"{path} holds {_kind(read)}; expected an object with {shapes}")
    for name in read:
        if name not in names:
            near = suggestion(name, names)
            raise DataError(f"{path}: '{name}' is not asked for{near}; expected {shapes}")
    missing = [name for name in names if name not in read]
    if missing:
        raise DataError(f"{path}: {', '.join(missing)} missing; expected {shapes}")
    return {name: _array(path, name, value) for name, value in read.items()}


def _read(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {path!r}: {said}") from None
    if len(content) > MAX_BYTES:
        raise DataError(
            f"{path} holds more than {MAX_BYTES:,} bytes; a worked example needs a few numbers"
        )

    def number(text: str) -> float:
        found = float(text)
        if math.isinf(found):
            short = text if len(text) <= 20 else f"{text[:10]}… ({len(text)} characters)"
            raise DataError(f"{path}: the number {short} is too large; expected less than 1.8e308")
        return found

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(name for name, _ in pairs)
        for name, count in counts.items():
            if count > 1:
                raise DataError(f"{path}: '{name}' is given {count} times; expected it once")
        return dict(pairs)

    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_int=number,
            parse_float=number,
            object_pairs_hook=unique,
        )
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}"
        ) from None
    except RecursionError:
        raise DataError(f"{path}: brackets within brackets too deep for numbers") from None


def _array(path: str, name: str, value: Any) -> Array:
    """Nested lists of finite numbers, all of one length at each depth."""
    shape = []
    level = [value]
    while level and isinstance(level[0], list):
        lengths = {len(each) if isinstance(each, list) else None for each in level}
        if len(lengths) > 1:
            said = ", ".join(sorted("a number" if n is None else f"{n} entries" for n in lengths))
            raise DataError(f"{path}: {name} is ragged: where one has another there are {said}")
        shape.append(lengths.pop() or 0)
        if shape[-1] == 0:
            raise DataError(f"{path}: {name} holds an empty list; expected numbers")
        level = [inner for each in level for inner in each]
    for each in level:
        if isinstance(each, bool) or not isinstance(each, float):
            raise DataError(f"{path}: {name} holds {_kind(each)}; expected numbers")
        if not math.isfinite(each):
            raise DataError(f"{path}: {name} holds {each}; expected finite numbers")
    return np.array(level, float).reshape(shape)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:30]!r}"
        case dict():
            return "an object"
        case list():
            return "a list"
    return "a number"
