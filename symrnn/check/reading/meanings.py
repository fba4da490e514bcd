"""What a letter of the writer's own may stand for."""

from collections.abc import Iterator, Sequence

from symrnn.check.claims import Meanings, Said
from symrnn.check.reading.expression import COUNT
from symrnn.check.reading.symbols import Known, is_delta
from symrnn.derive.formula import Formula, Name, Total
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import walk
from symrnn.language.tree import Neg, Ref


def meanings_of(known: Known, said: Sequence[Said]) -> Meanings:
    """For each letter of the writer's own in these lines what it may stand for at step t."""
    sides = [side for s in said for side in (s.equation.left, *s.equation.rights)]
    letters = dict.fromkeys(p.letter for side in sides for p in walk(side) if isinstance(p, Name))
    return {letter: tuple(_candidates(known, letter, said)) for letter in letters}


def _candidates(known: Known, letter: str, said: Sequence[Said]) -> Iterator[Formula]:
    if letter == COUNT:
        return
    if letter in known.states:
        yield known.states[letter]
        return
    own = [s.equation for s in said if isinstance(s.equation.left, Name)]
    defining = [e for e in own if isinstance(e.left, Name) and e.left.letter == letter]
    for equation in defining:
        for right in equation.rights:
            inside = right.arg if isinstance(right, Neg) else right
            if isinstance(inside, Total) and not _holds(right, letter):
                yield right
                return
    if defining and not any(_holds(e.rights[0], letter) for e in defining):
        general = [e for e in defining if isinstance(e.left, Name) and e.left.at.base not in ("1", "T")]
        if general and not is_delta(letter):
            yield general[0].rights[0]
            return
    if not (defining or is_delta(letter)):
        return
    totals = list(dict.fromkeys(_totals(known, letter)))
    yield from totals
    yield from map(Neg, totals)


def _holds(formula: Formula, letter: str) -> bool:
    return any(isinstance(p, Name) and p.letter == letter for p in walk(formula))


def _totals(known: Known, letter: str) -> Iterator[Formula]:
    """The derivatives of the loss that a δ may be, those first for which derivations print it."""
    symbols = known.derivation.rolled.system.symbols
    printed = {_letter(key): name for key, name in known.deltas.items()}
    names = [printed[letter]] if letter in printed else []
    tag = letter.replace("{", "").replace("}", "").partition("_")[2] or letter.partition("^")[2]
    tag = tag.replace("{", "").replace("}", "")
    if tag:
        names += [e.name for (key, _), e in known.symbols.items() if _flat(key) == tag]
        names += [f"a_{name}" for name in names if f"a_{name}" in symbols]
    names += list(known.deltas.values())
    names += [e.name for e in known.symbols.values() if e.name != LOSS.name]
    for name in dict.fromkeys(names):
        if name in symbols and symbols[name].role == "variable":
            yield Total(LOSS, Ref(name, "t") if symbols[name].timed else Ref(name))


def _letter(key: tuple[str, tuple[str, ...], tuple[str, ...]]) -> str:
    stem, subs, sups = key
    letter = stem + (f"^{{{','.join(sups)}}}" if sups else "")
    return f"{{{letter}_{{{','.join(subs)}}}}}" if subs else letter


def _flat(key: tuple[str, tuple[str, ...], tuple[str, ...]]) -> str:
    stem, subs, sups = key
    return stem + ("_" + ",".join(subs) if subs else "")
