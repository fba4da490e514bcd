"""What a letter of the writer's own may stand for."""

from collections.abc import Iterator, Mapping, Sequence

from symrnn.check.claims import Meanings, Said
from symrnn.check.reading.known import Known
from symrnn.check.reading.letters import COUNT
from symrnn.check.reading.symbols import is_delta
from symrnn.derive.formula import Equation, Formula, Name, Total
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import walk
from symrnn.language.tree import Neg, Ref


def meanings_of(known: Known, said: Sequence[Said]) -> Meanings:
    """For each letter of the writer's own in these lines what it may stand for at step t."""
    equations = [s.equation for s in said]
    sides = [side for e in equations for side in (e.left, *e.rights)]
    letters = dict.fromkeys(p.letter for side in sides for p in walk(side) if isinstance(p, Name))
    return {letter: tuple(_candidates(known, letter, equations)) for letter in letters}


def _candidates(known: Known, letter: str, equations: Sequence[Equation]) -> Iterator[Formula]:
    """A definition, if there is one that says it: δ_t = ∂L/∂a_t, e_t = ŷ_t - y_t. Else the
    derivatives of the loss that a recursion for it may be of, and these with a minus."""
    if letter in known.states:
        yield known.states[letter]
        return
    defining = [e for e in equations if isinstance(e.left, Name) and e.left.letter == letter]
    if letter == COUNT or not (defining or is_delta(letter)):
        return
    for right in (right for e in defining for right in e.rights):
        if isinstance(right.arg if isinstance(right, Neg) else right, Total):
            yield right
            return
    usual = is_delta(letter) and (not _tag(letter) or bool(_tagged(known, letter)))
    lefts = [(e.left, e.rights[0]) for e in defining if not usual]
    said = [r for left, r in lefts if isinstance(left, Name) and left.at.base not in ("1", "T")]
    if said and not any(_holds(right, letter) for _, right in lefts):
        yield said[0]
        return
    if defining and not usual and not any(map(_runs_back, defining)):
        return
    totals = list(_totals(known, letter))
    yield from totals
    yield from map(Neg, totals)


def _runs_back(equation: Equation) -> bool:
    """Whether a letter is what it is a step later: derivatives of the loss run back."""
    left = equation.left
    names = [p for right in equation.rights for p in walk(right) if isinstance(p, Name)]
    same = [p.at for p in names if isinstance(left, Name) and p.letter == left.letter]
    return isinstance(left, Name) and any(at.shift > left.at.shift for at in same)


def without_beginning(meanings: Meanings, said: Sequence[Said]) -> list[str]:
    """The letters that are defined by themselves alone, h_t by h_{t-1}, and at no step by
    anything else: what they are, nobody says."""
    uses: dict[str, set[str]] = {}
    begun: set[str] = set()
    rights = {right for each in said for right in each.equation.rights}
    for each in said:
        left = each.equation.left
        if isinstance(left, Name) and not set(meanings.get(left.letter, ())) - rights:
            parts = (part for right in each.equation.rights for part in walk(right))
            uses.setdefault(left.letter, set()).update(
                p.letter for p in parts if isinstance(p, Name)
            )
            if left.at.base in ("1", "T"):
                begun.add(left.letter)
    return [each for each in uses if each in (found := _reached(each, uses)) and not found & begun]


def _reached(letter: str, uses: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [letter]
    while waiting:
        new = uses.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _holds(formula: Formula, letter: str) -> bool:
    return any(isinstance(p, Name) and p.letter == letter for p in walk(formula))


def _totals(known: Known, letter: str) -> Iterator[Formula]:
    """The derivatives of the loss that a δ may be, those first for which derivations print it."""
    symbols = known.derivation.rolled.system.symbols
    names = [known.deltas[letter]] if letter in known.deltas else []
    tagged = _tagged(known, letter)
    names += [each for name in tagged for each in (f"a_{name}", name)]
    if not tagged:
        names += [*known.deltas.values(), *(entry.name for entry in known.symbols.values())]
    for name in dict.fromkeys(names):
        if name != LOSS.name and name in symbols and symbols[name].role == "variable":
            yield Total(LOSS, Ref(name, "t" if symbols[name].timed else ""))


def _tag(letter: str) -> str:
    """What stands beside a δ: h for δ^h, (3) for δ^{(3)}."""
    bare = _bare(letter)
    return bare.partition("^")[2] or bare.partition("_")[2] or bare.partition(" ")[2]


def _bare(letter: str) -> str:
    return letter.replace("{", "").replace("}", "")


def _tagged(known: Known, letter: str) -> list[str]:
    """The names of the model whose symbol stands beside a δ; δ^{(3)} is only numbered."""
    tag = _tag(letter)
    return [
        entry.name
        for (key, _), entry in known.symbols.items()
        if tag and tag == _bare(key[0] + "".join(f"_{sub}" for sub in key[1]))
    ]
