"""What is handed in, as arrays by key: tensors of any library, a list of them, other entries."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.table import Array
from symrnn.model import Model
from symrnn.system.symbols import GIVEN
from symrnn.weights.expected import numbers
from symrnn.weights.layouts.layout import Layout

Key = str | int
Tensors = Mapping[str, Any] | Sequence[Any]
Rest = Mapping[str, Key | tuple[Key, str]]
"""Where other parameters are: a key, or (key, "T") where the array lies transposed."""


def by_key(where: Layout, tensors: Tensors) -> dict[Key, Array]:
    """Copies of the tensors. Of a list the first ones are those of the layers, in the order of the
    table (without the optional ones, if there are just so many); the others go by their place."""
    if isinstance(tensors, Mapping):
        return {key: copied(key, value) for key, value in tensors.items()}
    asked = [tensor for placed in where.layers for tensor in where.tensors(placed)]
    needed = [tensor for tensor in asked if not tensor.optional]
    keys: list[Key] = [t.key for t in (needed if len(tensors) == len(needed) else asked)]
    keys += range(len(keys), len(tensors))
    return {key: copied(key, value) for key, value in zip(keys, tensors, strict=False)}


def copied(key: Key, value: Any) -> Array:
    """An array of its own; a tensor that remembers its history is taken out of it first."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"'{key}' cannot be made an array of NumPy: {said[0][:200]}") from None
    return numbers(f"'{key}'", array.copy())


def rest_of(
    model: Model, rest: Rest | None, taken: Collection[str]
) -> Iterator[tuple[str, Key, bool]]:
    """The other parameters: name, key, and whether the array lies transposed."""
    known = [symbol.name for symbol in model.system.named(*GIVEN)]
    for name, place in (rest or {}).items():
        if name not in known or name in taken:
            why = "is a weight of the layer already" if name in taken else "is no parameter"
            near = "" if name in taken else suggestion(name, known)
            raise UsageError(f"rest: '{name}' {why}{near}; the model has {', '.join(known)}")
        match place:
            case (str() | int() as key, "T"):
                yield name, key, True
            case str() | int():
                yield name, place, False
            case _:
                raise UsageError(f"rest: {name} is at {place!r}; expected a key or (key, 'T')")


def check_extra(where: Layout, arrays: Mapping[Key, Array], used: Collection[Key]) -> None:
    """Whatever begins as the layers' keys do has to have a place."""
    for key in arrays:
        if key not in used and (isinstance(key, int) or key.startswith(where.modules)):
            keys = ", ".join(str(one) for one in used)
            hint = "; say what begins the layer's keys, prefix=…" if where.modules == ("",) else ""
            raise DataError(
                f"'{key}' has no place in {where.model}; expected {keys}, and others named in"
                f" rest{hint}"
            )
