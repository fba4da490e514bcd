"""Formulas that are the same but for some letters: said once, then named by what differs."""

from collections.abc import Mapping, Sequence

from symrnn.derive.formula import Equation, Formula, Total, Words
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import children, frame
from symrnn.language.tree import Ref

MOST = 3
"""Letters that may differ: of more it would be quicker to read the formula itself."""

Swap = dict[Formula, Formula]


def difference(one: Formula, other: Formula) -> Swap | None:
    """Which letters of the one stand for which of the other; None where the forms differ.

    >>> from symrnn.derive.formula import Odot
    >>> a, b, c = Ref("a", "t"), Ref("b", "t"), Ref("c", "t")
    >>> difference(Odot((a, b)), Odot((a, c))) == {b: c}
    True
    >>> difference(Odot((a, b)), a) is None
    True
    """
    found: Swap = {}
    if not _compared(one, other, found) or len(set(found.values())) != len(found):
        return None
    return {a: b for a, b in found.items() if a != b}


def _compared(one: Formula, other: Formula, found: Swap) -> bool:
    if isinstance(one, Ref) and isinstance(other, Ref):
        return found.setdefault(one, other) == other and bool(one.base) == bool(other.base)
    if isinstance(one, Total) and isinstance(other, Total) and one.of == other.of == LOSS:
        return found.setdefault(one, other) == other
    mine, others = children(one), children(other)
    if len(mine) != len(others) or frame(one) != frame(other):
        return False
    return all(_compared(a, b, found) for a, b in zip(mine, others, strict=True))


def as_for(left: Formula, swap: Mapping[Formula, Formula]) -> Words:
    """`as for ∂L/∂U_i, with δ^f for δ^i`."""
    said: list[str | Formula] = ["as for ", left]
    letters = _letters(swap)
    for place, (old, new) in enumerate(letters.items()):
        said += [", with " if not place else " and " if place == len(letters) - 1 else ", "]
        said += [new, " for ", old]
    return tuple(said)


def _letters(swap: Mapping[Formula, Formula]) -> dict[Formula, Formula]:
    """Each pair once, whatever the steps at which they stand: h_t and h_{t-1} are one letter."""
    found: dict[object, tuple[Formula, Formula]] = {}
    for old, new in swap.items():
        names = _name(old), _name(new)
        found.setdefault(names, (old, new))
    return dict(found.values())


def _name(formula: Formula) -> tuple[str, str]:
    match formula:
        case Ref(name=name):
            return "", name
        case Total(by=Ref(name=name)):
            return "d", name
    return "", repr(formula)


def nearest(equations: Sequence[Equation], right: Formula) -> Equation | None:
    """The equation whose right side differs from this one in the fewest letters, if these are few;
    of several the first."""
    found = [(swap, e) for e in equations if (swap := difference(e.rights[0], right))]
    counts = [(len(_letters(swap)), place) for place, (swap, _) in enumerate(found)]
    least, place = min(counts, default=(MOST + 1, 0))
    return found[place][1] if least <= MOST else None
