"""Numbers that a document gives, and results that are printed with so many digits.

x_1 = (1 0 0), w_i = …     are what a worked example is about;
ŷ = σ(0.3) = 0.5744        is right if it is, to half a unit of its last digit
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symrnn.check.claims import Said, Spans
from symrnn.check.judging.values import Values
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Blocks, Formula, Name, Value
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import Path, children, put, walk
from symrnn.errors import CheckError
from symrnn.interpret.sizes import ASKED
from symrnn.language.arrays import Array
from symrnn.language.tree import Neg, Num, Ref, Size, Width
from symrnn.system import initial_states
from symrnn.system.symbols import GIVEN

MOST = 200
"""So many numbers of one right side have their last digit looked at."""

DIGITS = 4
PRINTED = re.compile(r"[0-9]*\.?([0-9]*)(?:.*10\s*\^\s*\{?\s*(-?\s*[0-9]+))?", re.DOTALL)


@dataclass(frozen=True)
class Given:
    """What a document gives in numbers: arrays by their names, widths, the number of steps."""

    data: Mapping[str, Array] = field(default_factory=dict)
    dims: Mapping[str, int] = field(default_factory=dict)
    steps: int | None = None
    lines: frozenset[int] = frozenset()
    """Which lines give them."""


def given(lines: Sequence[Said], derivation: Derivation, values: Values, columns: bool) -> Given:
    """The numbers that these lines give."""
    plain = derivation.by_steps.plain
    states = {ref: name for name, ref in initial_states(plain).items()}
    found: dict[str, Array] = {}
    rows: dict[str, dict[int, Array]] = {}
    dims: dict[str, int] = {}
    places: set[int] = set()
    for number, line in enumerate(lines):
        left, right = line.equation.left, line.equation.rights[0]
        if not is_numeric(right):
            continue
        try:
            array = values(right).T if columns else values(right)
        except (CheckError, ValueError):
            continue
        match left:
            case Size(width=Width(names=(name,))) | Name(letter=name) if name in values.truth.dims:
                dims[name] = round(float(array[0, 0]))
            case Ref() if left in states:
                found[states[left]] = array
            case Ref(name=name) if plain.symbols[name].role in ASKED:
                symbol = plain.symbols[name]
                if symbol.timed and left.base != "1":
                    continue
                if symbol.timed:
                    rows.setdefault(name, {})[left.shift + 1] = array
                else:
                    vector = symbol.role in GIVEN and len(symbol.shape) == 1
                    found[name] = array.reshape(-1) if vector else array
                for width, size in zip(symbol.shape[::-1], array.shape[::-1], strict=False):
                    if len(width.names) == 1 and not width.number:
                        dims.setdefault(width.names[0], size)
            case _:
                continue
        places.add(number)
    steps = max((max(each) for each in rows.values()), default=None)
    for name, each in rows.items():
        if sorted(each) == list(range(1, (steps or 0) + 1)):
            found[name] = np.stack([each[t] for t in sorted(each)])
    return Given(found, dims, steps, frozenset(places))


def is_numeric(formula: Formula) -> bool:
    """Whether a formula is made of numbers alone."""
    leaves = [part for part in walk(formula) if not children(part)]
    return all(isinstance(part, Num | Value) for part in leaves)


def is_result(formula: Formula) -> bool:
    """Whether a formula is a number or a matrix of numbers, not worked out of others."""
    if isinstance(formula, Neg | Blocks):
        return all(map(is_result, children(formula)))
    return isinstance(formula, Num | Value)


def agrees(
    left: Formula, right: Formula, values: Values, at: Indices, line: Said, place: int
) -> bool:
    """Whether both sides are the same to the digits that are printed: of a side in numbers."""
    spans = (line.left_spans, line.right_spans[place] if place < len(line.right_spans) else {})
    one, other = values(left, at), values(right, at)
    if one.shape != other.shape:
        return False
    room = np.abs(one) * 1e-9 + 1e-12
    sides = list(zip((left, right), (one, other), spans, strict=True))
    if is_numeric(left) and is_result(right):
        sides = sides[1:]  # of 0.26 · 0.3 = 0.08 only the result is rounded
    for side, found, where in sides:
        for path, changed in _nudged(side, where, line.line.text):
            room = room + np.abs(values(put(side, path, changed), at) - found)
        if isinstance(side, Value):
            room = room + _half(side)
    return bool((np.abs(one - other) <= room).all())


def _half(value: Value) -> Array:
    """Half a unit of the last of so many digits."""
    rows = np.abs(np.array(value.rows, float))
    with np.errstate(divide="ignore"):
        return np.where(rows > 0, 0.5 * 10.0 ** (np.floor(np.log10(rows)) - DIGITS + 1), 0)


def _nudged(right: Formula, spans: Spans, text: str) -> Iterator[tuple[Path, Formula]]:
    """The right side's numbers, each half a unit of its last digit larger."""
    leaves = list(_leaves(right, ()))
    least = 0 if is_numeric(right) else DIGITS - 1  # ½ beside letters is what it is
    for path, leaf in leaves[:MOST]:
        if isinstance(leaf, Num):
            span = spans.get(path)
            shown = text[slice(*span)] if span else str(float(leaf.value))
            half = half_unit(shown)
            if half and sum(map(str.isdigit, shown)) >= least:
                yield path, Value(((float(leaf.value) + half,),))
        elif isinstance(leaf, Value) and path:
            yield path, Value(tuple(map(tuple, np.array(leaf.rows) + _half(leaf))))


def _leaves(formula: Formula, path: Path) -> Iterator[tuple[Path, Formula]]:
    inside = children(formula)
    if not inside:
        yield path, formula
    for place, child in enumerate(inside):
        yield from _leaves(child, (*path, place))


def half_unit(text: str) -> float:
    r"""Half a unit of the last digit of a number as it is printed; a whole number is exact.

    >>> half_unit("0.25"), half_unit("12"), half_unit(r"1.5 \\cdot 10^{-3}")
    (0.005, 0.0, 5e-05)
    """
    found = PRINTED.match(text.strip())
    digits, exponent = (found[1], found[2]) if found else ("", None)
    if not digits:
        return 0.0
    return 0.5 * 10.0 ** (int((exponent or "0").replace(" ", "")) - len(digits))
