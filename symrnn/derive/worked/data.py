"""Data and weights for a worked example: from a file, from the notes, or made up by a seed.

In the scalar form a word or a letter of the notes is the number of its place in the vocabulary.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from symrnn import files
from symrnn.derive.worked.known import Known
from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.arrays import Array
from symrnn.language.tree import Written
from symrnn.library.notes import ANIMALS, FILM_REVIEWS, FILM_WORDS, LETTERS, REVIEWS, WORD
from symrnn.system.symbols import Symbol, Symbols

BUILT_IN = ("notes", "cat-mat-rat", "reviews", "hello")
"""What may stand for a file; `notes` is what suits the model, hello or cat-mat-rat."""

TEXTS = {"cat-mat-rat": (ANIMALS, REVIEWS), "reviews": (FILM_WORDS, FILM_REVIEWS)}


def notes_data(work: Known, row: int, name: str = "notes") -> dict[str, Array]:
    x, y = _pair(work)
    kind = ("hello" if y.timed else "cat-mat-rat") if name == "notes" else name
    if y.timed != (kind == "hello"):
        raise UsageError(
            f"{name} is for a model with a target {'at every step' if kind == 'hello' else 'once'};"
            f" {y.name} is one {_when(y)}"
        )
    if work.scalar and (work.is_class(y) or (y.timed and work.loss(y) != "mse")):
        raise UsageError(
            f"in the scalar form every width is 1, and {y.name} is one of several classes: leave"
            " --scalar away"
        )
    if kind == "hello":
        picked(row, 1, "the notes' data for a target at every step")
        count = min(work.dims.get("(T)", len(WORD)), len(WORD))
        letters = WORD[:count]
        after = (WORD * 2)[1 : count + 1]  # behind its last letter the word begins again
        return {x.name: _rows(letters, LETTERS, work), y.name: _rows(after, LETTERS, work)}
    vocabulary, reviews = TEXTS[kind]
    text, answer = reviews[picked(row, len(reviews), "the notes' data")]
    one = np.eye(2)[answer] if work.is_class(y) else np.array([float(answer)])
    return {x.name: _rows(text.split(), vocabulary, work), y.name: one}


def encoding(work: Known, name: str) -> str:
    """What the numbers of the scalar form stand for."""
    if not work.scalar or name not in BUILT_IN:
        return ""
    kind = ("hello" if _pair(work)[1].timed else "cat-mat-rat") if name == "notes" else name
    vocabulary = TEXTS[kind][0] if kind in TEXTS else LETTERS
    return ", ".join(f"{word} = {place}" for place, word in enumerate(vocabulary, 1))


def _rows(tokens: "str | list[str]", vocabulary: "str | tuple[str, ...]", work: Known) -> Array:
    places = [vocabulary.index(token) for token in tokens]
    if work.scalar:
        return np.array([[place + 1.0] for place in places])
    return np.asarray(np.eye(len(vocabulary))[places])


def _pair(work: Known) -> tuple[Symbol, Symbol]:
    """The one input and the one target."""
    inputs = [s for s in work.asked if s.role == "input"]
    targets = [s for s in work.asked if s.role == "target"]
    if len(inputs) != 1 or not inputs[0].timed or len(targets) != 1:
        there = ", ".join(f"{s.name} ({s.role}, {_when(s)})" for s in work.asked) or "nothing"
        raise UsageError(
            "the notes' data is for a model with one input that runs over time and one target;"
            f" this one asks for {there}: give data as a JSON file"
        )
    return inputs[0], targets[0]


def _when(symbol: Symbol) -> str:
    return "at every step" if symbol.timed else "once"


def picked(row: int, count: int, source: str) -> int:
    if not 1 <= row <= count:
        raise UsageError(
            f"there is no row {row} in {source}; expected"
            f" {f'a number from 1 to {count}' if count > 1 else '1, it holds one sequence'}"
        )
    return row - 1


MAX_BYTES = 10_000_000

DEEPEST = 32
"""Axes that an array may have in every NumPy."""


Source = str | bytes
"""The path of a file with JSON, or the JSON itself."""


def named(source: Source) -> str:
    """What a message calls it."""
    return source if isinstance(source, str) else "the data"


def sequences(work: Known, source: Source, row: int) -> dict[str, Array]:
    """One sequence of data that hold one or several."""
    arrays, path = _arrays(source, work.asked, work), named(source)
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


def _arrays(source: Source, wanted: list[Symbol], work: Known) -> dict[str, Array]:
    """The arrays of a source, by name: all that are wanted and nothing else."""
    read, path = _read(source), named(source)
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


def _read(source: Source) -> Any:
    path, few = named(source), "a worked example needs a few numbers"
    if isinstance(source, str):
        content = files.beginning(source, MAX_BYTES, few)
    else:
        content = files.short(source, MAX_BYTES, path, few)

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
        if len(shape) > DEEPEST:
            raise DataError(f"{path}: {name}: brackets within brackets too deep for numbers")
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


def worked_data(
    written: Written,
    symbols: Symbols,
    steps: int | None = None,
    data: Source | None = None,
    row: int = 1,
    weights: str | None = None,
    seed: int = 0,
    scalar: bool = False,
    dims: Mapping[str, int] | None = None,
) -> tuple[dict[str, Array], int]:
    """One sequence, its target and all parameters, and the number of steps.

    `data` is the name of the notes' data, the path of a JSON file, or the JSON itself as bytes, of
    which `row` picks one sequence; `weights` is the path of another; `dims` are widths that both
    must have. What is not given is made up by the seed, in the scalar form with width 1.
    """
    if seed < 0:
        raise UsageError(f"the seed is {seed}; expected a whole number from 0 on")
    work = Known(written, symbols, scalar)
    work.choose(steps, written.steps)
    work.fix(dims or {})
    if data in BUILT_IN:
        work.take(notes_data(work, row, str(data)), "the notes' data")
    elif data is not None:
        work.take(sequences(work, data, row), named(data))
    elif row != 1:
        raise UsageError(f"there is no row {row}: without data one sequence is made up")
    if weights is not None:
        work.take(weights_of(work, weights), weights)
    work.fill(np.random.default_rng([seed, 0]), work.asked)
    work.fill(np.random.default_rng([seed, 1]), work.parameters)
    return work.found, work.steps


def meaning(written: Written, symbols: Symbols, scalar: bool, data: Source | None) -> str:
    """What the numbers of the data stand for, where they stand for something."""
    return encoding(Known(written, symbols, scalar), data) if isinstance(data, str) else ""
