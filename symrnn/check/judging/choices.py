"""What a document leaves open, and what can be meant by it: one choice for the whole document.

Which ∂ are immediate, what the writer's letters stand for, over which steps a Σ_t without bounds
runs, in which order the factors of a ∏ stand; and rows or columns, and the layouts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from symrnn.check.judging.conventions import is_number
from symrnn.check.judging.truth import OTHERS, READINGS, STATES, STEP, TOTAL
from symrnn.check.judging.values import (
    COUNT,
    DEFINED,
    RANGES,
    Key,
    Values,
    range_key,
    reading_key,
)
from symrnn.derive.formula import (
    Big,
    Bracket,
    Equation,
    Formula,
    Immediate,
    Name,
    Total,
    Words,
)
from symrnn.derive.left_sides import Indices
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import children, walk
from symrnn.errors import CheckError
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref

Options = Mapping[Key, tuple[object, ...]]
"""What each choice can be, the likeliest first."""

MOST_PLACES = 6
"""At so many pairs of steps the readings of a class are compared."""


def free_bases(formula: Formula, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """The indices of a formula that nothing in it binds."""
    match formula:
        case Ref(base=base):
            found = {base}
        case Name(letter=letter, at=at):
            found = {at.base, letter if letter in ("t", "k", "j", "i") else ""}
        case Big(index=index, low=low, high=high):
            found = {low.base, high.base}
            bound_within = bound | {index}
            yield from free_bases(formula.body, bound_within)
            yield from (b for b in found - bound if b not in ("", "1", "T", "B"))
            return
        case Bracket(at=at) if at.base:
            yield from free_bases(formula.body, bound | {"t"})
            return
        case _:
            found = set()
    yield from (b for b in found - bound if b not in ("", "1", "T", "B"))
    for child in children(formula):
        yield from free_bases(child, bound)


def options(
    equations: Sequence[Equation],
    values: Values,
    meanings: Mapping[str, tuple[Formula, ...]],
) -> Options:
    """Everything that these equations leave open. Readings that come to the same at one point are
    one, and none is offered under which a class would be zero throughout."""
    sides = [side for e in equations for side in (e.left, *e.rights)]
    parts = [part for side in sides for part in walk(side)]
    found: dict[Key, tuple[object, ...]] = {}
    plus = any(
        isinstance(p, Immediate)
        and not p.alone
        and p.fixed is None
        and isinstance(p.by, Ref | Name)
        for p in parts
    )
    classes: dict[Key, dict[Total | Immediate, None]] = {}
    for part in parts:
        if isinstance(part, Total | Immediate) and (isinstance(part, Immediate) or not plus):
            key = reading_key(part)
            loss = isinstance(part.of, Ref) and is_number(values.symbols, part.of.name)
            if not loss or key[0] != "∂" or key[2] in values.truth.named:
                classes.setdefault(key, {}).setdefault(part)
    for key, members in classes.items():
        which = {"∂": READINGS, "d": (TOTAL,), "∂⁺": READINGS[1:]}.get(key[0], (STEP,))
        if key[:2] == ("∂", LOSS.name):
            which = (TOTAL, STEP)
        found[key] = tuple(_different(which, list(members), values)) or which[:1]
    defined = {e.left.letter for e in equations if isinstance(e.left, Name)}
    for part in parts:
        if isinstance(part, Name) and part.letter != COUNT:
            known = tuple(range(len(meanings.get(part.letter, ()))))
            own = (DEFINED,) if part.letter in defined else ()
            found["letter", part.letter] = (*known, *own) or (DEFINED,)
        elif isinstance(part, Big) and not part.low.base and not part.high.base:
            free = set(free_bases(part.body, frozenset({part.index})))
            more = [r for base in sorted(free) for r in _around(base)]
            found[range_key(part)] = tuple(dict.fromkeys((*RANGES, *more)))
        elif isinstance(part, Big) and part.sign != "sum":
            found["order",] = (False, True)
    return found


def _around(base: str) -> Iterator[tuple[Ref, Ref]]:
    first, last, here = Ref("", "1"), Ref("", "T"), Ref("", base)
    yield from ((first, here), (here, last))
    yield from ((first, replace(here, shift=-1)), (replace(here, shift=1), last))


def _different(
    which: Iterable[str], members: Sequence[Total | Immediate], values: Values
) -> Iterator[str]:
    """The readings of a class that differ somewhere."""
    seen: list[Array] = []
    for reading in which:
        found = []
        for member in members:
            for at in _places(member, values.steps):
                try:
                    ofs, bys = values.nodes(member.of, at), values.nodes(member.by, at)
                    nodes = [(a, b) for a in ofs for b in bys]
                except CheckError:
                    continue
                found += [values.truth.slope(a, b, reading).ravel() for a, b in nodes]
        flat = np.concatenate(found) if found else np.zeros(0)
        zero = reading != TOTAL and not flat.any()
        if not zero and not any(np.allclose(flat, other, 1e-9, 1e-14) for other in seen):
            seen.append(flat)
            yield reading


def _places(member: Formula, steps: int) -> Sequence[Indices]:
    bases = sorted(set(free_bases(member)))
    every = [
        dict(zip(bases, at, strict=True)) for at in product(range(steps, 0, -1), repeat=len(bases))
    ]
    near = sorted(every, key=lambda at: max(at.values(), default=0) - min(at.values(), default=0))
    return near[: MOST_PLACES if len(bases) < 2 else 2 * MOST_PLACES]


def keys_of(equation: Equation, place: int, known: Options) -> tuple[Key, ...]:
    """What one right side, and the left side, leave open."""
    found: dict[Key, None] = {}
    for part in (*walk(equation.left), *walk(equation.rights[place])):
        for key in _keys(part):
            if key in known:
                found.setdefault(key)
    return tuple(found)


def _keys(part: Formula) -> Iterator[Key]:
    if isinstance(part, Total | Immediate):
        yield reading_key(part)
    elif isinstance(part, Name):
        yield "letter", part.letter
    elif isinstance(part, Big):
        yield range_key(part)
        yield ("order",)


def cost(key: Key, option: object, known: Options) -> float:
    """How far a choice is from the likeliest one: a parameter's derivative is immediate sooner
    than a variable's."""
    return known[key].index(option) * (1.0 if key[0] == "∂" else 0.5)


def reading_words(key: Key, option: object, member: Formula) -> Words:
    """What a reading of a class says of ∂A/∂B."""
    words = {
        TOTAL: " is the total derivative",
        OTHERS: " is the immediate derivative, every other variable held fixed",
        STATES: " is the immediate derivative, every other state held fixed",
        STEP: " is the derivative over one step, the states of all other steps held fixed",
    }
    return (member, words[str(option)])
