"""Formulas that are the same but for some letters: said once, then named by what differs."""

from collections.abc import Sequence

from symrnn.derive.alike import joined
from symrnn.derive.formula import Equation, Formula, Total, Words
from symrnn.derive.paths import LOSS
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
    pairs: dict[tuple[Formula, Formula], None] = {}

    def letter(pair: Sequence[Formula]) -> Formula | None:
        a, b = pair
        is_ref = isinstance(a, Ref) and isinstance(b, Ref) and bool(a.base) == bool(b.base)
        if is_ref or (isinstance(a, Total) and isinstance(b, Total) and a.of == b.of == LOSS):
            pairs[a, b] = None
            return a
        return None

    is_same = joined((one, other), letter) is not None
    olds, news = {a for a, _ in pairs}, {b for _, b in pairs}
    if not is_same or not len(olds) == len(news) == len(pairs):
        return None
    return {a: b for a, b in pairs if a != b}


def like(equations: Sequence[Equation], right: Formula) -> Words:
    """`as for ∂L/∂U_i, with δ^f for δ^i`: the equation whose right side differs from this one in
    the fewest letters, of several the first; nothing if these are not few."""
    found = [
        (_letters(swap), e.left) for e in equations if (swap := difference(e.rights[0], right))
    ]
    letters, left = min(found, key=lambda each: len(each[0]), default=({}, right))
    if not 0 < len(letters) <= MOST:
        return ()
    said: list[str | Formula] = ["as for ", left]
    for place, (old, new) in enumerate(letters.items()):
        said += [", with " if not place else " and " if place == len(letters) - 1 else ", "]
        said += [new, " for ", old]
    return tuple(said)


def _letters(swap: Swap) -> Swap:
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
