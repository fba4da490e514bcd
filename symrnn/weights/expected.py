"""Which parameters there must be, and whether their shapes go together."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symrnn.errors import DataError, SymrnnError, suggestion
from symrnn.language.arrays import Array
from symrnn.language.printer import show_widths
from symrnn.language.tree import Width
from symrnn.model import Model
from symrnn.system.symbols import GIVEN

Expected = Model | Mapping[str, Sequence[str | int]]
"""A model, or the PARAMS of a kernel."""

Shapes = dict[str, tuple[Width, ...]]


def shapes(expected: Expected) -> Shapes:
    """
    >>> shapes({"w_o": ("H+H_b", "C")})["w_o"][0]
    Width(names=('H', 'H_b'), number=0)
    """
    if isinstance(expected, Model):
        return {symbol.name: symbol.shape for symbol in expected.system.named(*GIVEN)}
    return {name: tuple(map(_width, axes)) for name, axes in expected.items()}


def _width(axis: str | int) -> Width:
    parts = re.split(r"\s*\+\s*", str(axis))
    return Width(
        tuple(part for part in parts if not part.isdigit()),
        sum(int(part) for part in parts if part.isdigit()),
    )


def check(
    params: Mapping[str, Array],
    expected: Expected,
    dims: Mapping[str, int] | None = None,
    complete: bool = True,
) -> dict[str, int]:
    """The dimensions that the parameters have; raises DataError for what is extra or misshapen,
    and, unless they need not be `complete`, for what is missing.

    >>> import numpy as np
    >>> check({"w": np.ones((2, 3)), "b": np.ones(3)}, {"w": ("D", "H"), "b": ("H",)})
    {'D': 2, 'H': 3}
    """
    wanted = shapes(expected)
    extra = [name for name in params if name not in wanted]
    if extra:
        near = suggestion(str(extra[0]), list(wanted)) if len(extra) == 1 else ""
        raise DataError(
            f"{_quoted(extra)}: no such parameter{near}; expected {', '.join(wanted) or 'none'}"
        )
    missing = [name for name in wanted if name not in params]
    if missing and complete:
        of = ", ".join(f"{name} of shape {show_widths(wanted[name])}" for name in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DataError(f"{of}{more} missing; expected {', '.join(wanted)}")
    there = {name: params[name] for name in wanted if name in params}
    known = _sizes([(wanted[name], value.shape) for name, value in there.items()], dims or {})
    for name, value in there.items():
        _check_shape(name, value, wanted[name], known)
    return known


def _sizes(
    found: Sequence[tuple[tuple[Width, ...], tuple[int, ...]]], dims: Mapping[str, int]
) -> dict[str, int]:
    """What the shapes say of the dimensions; where they contradict each other, most of them."""
    axes = [axis for widths, shape in found for axis in zip(widths, shape, strict=False)]
    votes: dict[str, Counter[int]] = {}
    for width, size in axes:
        if len(width.names) == 1:
            votes.setdefault(width.names[0], Counter())[size - width.number] += 1
    known = {name: sizes.most_common(1)[0][0] for name, sizes in votes.items()} | dict(dims)
    for width, size in axes:  # what only sums tell: H + D, where H is known
        unknown = [name for name in width.names if name not in known]
        if len(unknown) == 1:
            others = sum(known[name] for name in width.names if name in known)
            known[unknown[0]] = size - others - width.number
    return known


def _check_shape(
    name: str, value: Array, wanted: tuple[Width, ...], known: Mapping[str, int]
) -> None:
    said = f"{name} has shape {value.shape}; expected {show_widths(wanted)}"
    if len(value.shape) != len(wanted):
        raise DataError(said)
    named = {n for width in wanted for n in width.names}
    if named <= known.keys():
        shape = tuple(width.count(dict(known)) for width in wanted)
        if shape != value.shape:
            sizes = ", ".join(f"{n} = {known[n]}" for n in sorted(named))
            raise DataError(f"{said}, which is {shape}" + (f" with {sizes}" if sizes else ""))
    if 0 in value.shape or any(known.get(dim, 1) < 1 for dim in named):
        raise DataError(f"{said}; every size must be at least 1")


def check_plain(name: str, value: Any, error: type[SymrnnError] = DataError) -> None:
    """Refuse an array with a mask: it would be lost, and what it hides be counted.

    >>> check_plain("x", np.ones(2))
    """
    # np.ma is loaded once it is named, which is not for plain arrays
    if type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise error(
            f"{name} is a masked array, and what is masked would count; expected a plain one:"
            f" {name}.filled(0), with lengths or weights that say what counts"
        )


def numbers(name: str, value: Array) -> Array:
    """An array of numbers, or a DataError."""
    check_plain(name, value)
    if value.dtype.kind not in "fciub":
        raise DataError(f"{name} holds {value.dtype}; expected numbers")
    return value


def _quoted(names: Sequence[object], most: int = 5) -> str:
    said = ", ".join(f"'{str(name)[:60]}'" for name in names[:most])
    return said + (f" and {len(names) - most} more" if len(names) > most else "")
