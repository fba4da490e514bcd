"""A framework's tensors made into a model's parameters, and parameters into tensors."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.system.symbols import GIVEN
from symrnn.weights.expected import check, numbers
from symrnn.weights.layouts.layout import Layout, Placed, Prefix, Tensor, Way, layout
from symrnn.weights.layouts.matching import Piece
from symrnn.weights.layouts.tables import cell
from symrnn.weights.layouts.tensors import Form, Key, Rest, Tensors, by_key, check_extra, rest_of

Letters = dict[str, list[Array]]
"""What stands for each letter of a cell; a bias that a framework has twice, twice."""


def load(
    model: Model,
    tensors: Tensors,
    framework: str,
    prefix: Prefix = "",
    rest: Rest | None = None,
) -> dict[str, Array]:
    """The parameters of a model's recurrences, and of the `rest`, from a framework's tensors.

    `prefix` is what the keys of a layer begin with: one text, or one for each layer where each is
    an object of its own. Two biases where the model has one are added.

    >>> import symrnn
    >>> state = {"kernel": [[1.0], [2.0]], "recurrent_kernel": [[3.0]], "bias": [4.0]}
    >>> load(symrnn.load("elman"), state, "keras")["w_i"].tolist()
    [[1.0], [2.0]]
    """
    where = layout(model, framework, prefix)
    arrays = by_key(where, tensors)
    parts: dict[str, list[tuple[Piece, Array]]] = {}
    used: dict[Key, None] = {}
    for placed in where.layers:
        used.update((tensor.key, None) for tensor in where.tensors(placed))
        for way, letters in zip(placed.ways, _letters(where, placed, arrays), strict=True):
            for letter, pieces in way.weights.items():
                for piece, value in _shared_out(model.name, letter, pieces, letters[letter]):
                    parts.setdefault(piece.weight.name, []).append((piece, value))
    params = {name: _whole(model.name, name, found) for name, found in parts.items()}
    for name, key, transposed in rest_of(model, rest, parts):
        if key not in arrays:
            raise DataError(f"'{key}', which is {name} of {model.name}, is missing")
        params[name] = np.array(arrays[key].T if transposed else arrays[key], order="C")
        used[key] = None
    check_extra(where, arrays, used)
    check(params, model, complete=False)
    return {s.name: params[s.name] for s in model.system.named(*GIVEN) if s.name in params}


def store(
    model: Model,
    params: Mapping[str, Any],
    framework: str,
    prefix: Prefix = "",
    rest: Rest | None = None,
) -> dict[str, Array]:
    """The tensors of a framework, in the order of its table, from a model's parameters.

    Of two biases where the model has one, the first is that and the second is zero.

    >>> import symrnn
    >>> params = {"w_i": [[1.0], [2.0]], "w_h": [[3.0]], "b": [4.0]}
    >>> found = store(symrnn.load("elman"), params, "pytorch")
    >>> found["weight_ih_l0"].tolist(), found["bias_hh_l0"].tolist()
    ([[1.0, 2.0]], [0.0])
    """
    where = layout(model, framework, prefix)
    arrays = {name: numbers(name, np.asarray(value)) for name, value in params.items()}
    dims = check(arrays, model, complete=False)
    ways = [way for placed in where.layers for way in placed.ways]
    needed = [p.weight.name for way in ways for pieces in way.weights.values() for p in pieces]
    places = list(rest_of(model, rest, needed))
    missing = [n for n in dict.fromkeys([*needed, *(p[0] for p in places)]) if n not in arrays]
    if missing:
        raise DataError(f"missing {', '.join(missing)}; the layers of {model.name} need them")
    _check_widths(where, dims)
    found: dict[str, Array] = {}
    for placed in where.layers:
        asked = list(where.tensors(placed))
        symbols = cell(placed.layer.cell).system.symbols
        letters = [
            _spread(way, _times(asked, n), arrays, dims) for n, way in enumerate(placed.ways)
        ]
        for tensor in asked:
            blocks = [[letters[n][x].pop(0) for x in tensor.entry.letters] for n in tensor.ways]
            found[tensor.key] = Form.of(where.framework, symbols, tensor).join(blocks)
    for name, key, transposed in places:
        found[str(key)] = np.array(arrays[name].T if transposed else arrays[name], order="C")
    return found


# from tensors


def _letters(where: Layout, placed: Placed, arrays: Mapping[Key, Array]) -> list[Letters]:
    """What stands for the letters of each recurrence of a layer. Optional tensors that are missing
    are zero."""
    symbols = cell(placed.layer.cell).system.symbols
    forms = [(t, Form.of(where.framework, symbols, t)) for t in where.tensors(placed)]
    there = {tensor.optional for tensor, _ in forms if tensor.key in arrays}
    sizes: dict[str, int] = {}
    kinds = []
    for tensor, form in forms:
        if tensor.key in arrays:
            sizes = form.learn(tensor.key, arrays[tensor.key].shape, sizes)
            kinds.append(arrays[tensor.key].dtype)
        elif not tensor.optional or tensor.optional in there:
            raise DataError(f"'{tensor.key}' is missing; expected an array of shape {form}")
    found: list[Letters] = [{letter: [] for letter in way.weights} for way in placed.ways]
    for tensor, form in forms:
        array = arrays.get(tensor.key)
        if array is None:
            array = np.zeros(form.shape(sizes), np.result_type(*kinds))
        for n, blocks in zip(tensor.ways, form.split(array), strict=True):
            for letter, block in blocks:
                found[n][letter].append(block)
    return found


def _shared_out(
    model: str, letter: str, pieces: tuple[Piece, ...], values: list[Array]
) -> Iterator[tuple[Piece, Array]]:
    """What each of the model's weights for a letter gets of what the framework has for it.

    Where there are as many on both sides each gets its own; else the first gets the sum.
    """
    if len(pieces) == len(values):
        yield from zip(
            pieces, (_seen(p, v) for p, v in zip(pieces, values, strict=True)), strict=True
        )
        return
    total = sum(values[1:], values[0])
    if not pieces and np.any(total):
        raise DataError(f"{letter} of the layer is not zero, and {model} has nothing in its place")
    for n, piece in enumerate(pieces):
        yield piece, _seen(piece, np.zeros_like(total) if n else total)


def _seen(piece: Piece, value: Array) -> Array:
    """A value as the other side has it; the same in both directions."""
    turned = value.T if piece.weight.transposed else value
    return -turned if piece.sign < 0 else turned


def _whole(model: str, name: str, parts: list[tuple[Piece, Array]]) -> Array:
    """A parameter from all that stands for it; what stands for the same has to be the same."""
    found: dict[int, Array] = {}
    for piece, value in parts:
        begin = 0
        if piece.weight.rows is not None:  # widths add up from the first row on
            skip = piece.weight.rows[0]
            begin = len(skip.names) * (1 << 32) + skip.number
        if not np.array_equal(found.setdefault(begin, value), value, equal_nan=True):
            raise DataError(
                f"{name} of {model} stands in several places of the layer, and the values there"
                " are different"
            )
    return np.ascontiguousarray(np.concatenate([found[begin] for begin in sorted(found)]))


# to tensors


def _times(asked: list[Tensor], way: int) -> dict[str, int]:
    """How often each letter of a recurrence is asked for."""
    letters = [letter for t in asked if way in t.ways for letter in t.entry.letters]
    return {letter: letters.count(letter) for letter in letters}


def _spread(
    way: Way, times: dict[str, int], arrays: Mapping[str, Array], dims: dict[str, int]
) -> Letters:
    """What stands for each letter, as often as it is asked for."""
    kind = np.result_type(*(arrays[p.weight.name] for ps in way.weights.values() for p in ps))
    found: Letters = {}
    for letter, pieces in way.weights.items():
        values = [_seen(piece, _rows(piece, arrays, dims)) for piece in pieces]
        if not values:
            values = [np.zeros(way.width.count(dims), kind)]
        if len(values) != times[letter]:
            total = sum(values[1:], values[0])
            values = [total, *(np.zeros_like(total) for _ in range(times[letter] - 1))]
        found[letter] = values
    return found


def _rows(piece: Piece, arrays: Mapping[str, Array], dims: dict[str, int]) -> Array:
    value = arrays[piece.weight.name]
    if piece.weight.rows is None:
        return value
    skip, width = (size.count(dims) for size in piece.weight.rows)
    return value[skip : skip + width]


def _check_widths(where: Layout, dims: dict[str, int]) -> None:
    """The recurrences that share an object are equally wide."""
    shared = [way for placed in where.layers for way in placed.ways]
    groups = [shared] if len(where.modules) == 1 else [list(p.ways) for p in where.layers]
    for ways in groups:
        wide = {way.state: way.width.count(dims) for way in ways}
        if len(set(wide.values())) > 1:
            said = ", ".join(f"{state} {size}" for state, size in wide.items())
            hint = "" if len(groups) > 1 or len(where.layers) == 1 else "; give each a prefix"
            raise DataError(
                f"widths of {where.model}: {said}; in one object of {where.framework.title} all"
                f" are the same{hint}"
            )
