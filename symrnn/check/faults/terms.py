"""The addends of a right side, those within brackets too, and which of them are right ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.check.claims import Fault
from symrnn.check.faults.vocabulary import PRODUCTS, is_slope, pieces
from symrnn.check.faults.worth import Worth, is_at_a_step
from symrnn.derive.formula import Bracket, Formula
from symrnn.derive.pieces import Path, map_children, put
from symrnn.language.tree import Add, Neg, Ref


@dataclass(frozen=True)
class Term:
    """An addend: `formula` with the factors that stand before its brackets."""

    path: Path
    """Where the addend stands in the right side."""

    formula: Formula
    within: Path = ()
    """Where the addend stands in `formula`."""


def addends(formula: Formula) -> Iterator[Term]:
    """The terms of a sum, brackets opened: a (b + c (d + e)) has a b, a c d, a c e."""
    match formula:
        case Add(terms=terms):
            for i, term in enumerate(terms):
                inner = addends(term) if not isinstance(term, Add) else [Term((), term)]
                yield from (Term((i, *t.path), t.formula, t.within) for t in inner)
            return
        case Neg(arg=arg):
            for t in addends(arg):
                yield Term((0, *t.path), Neg(t.formula), (0, *t.within))
            return
    if isinstance(formula, PRODUCTS):
        sums = [i for i, factor in enumerate(formula.factors) if _is_open(factor)]
        if len(sums) == 1:
            (i,) = sums
            for t in addends(formula.factors[i]):
                factors = (*formula.factors[:i], t.formula, *formula.factors[i + 1 :])
                yield Term((i, *t.path), replace(formula, factors=factors), (i, *t.within))
            return
    yield Term((), formula)


def _is_open(factor: Formula) -> bool:
    """Whether a factor is a sum over paths, and no ŷ - y or 1 - o²."""
    if not isinstance(factor, Add) or is_slope(factor):
        return False
    return any(isinstance(term, PRODUCTS) for term in factor.terms)


@dataclass(frozen=True)
class LeftOver:
    """What has no partner: addends of a right side, and addends of a right one, `form`."""

    mine: Sequence[Term]
    theirs: Sequence[Formula]
    form: Formula


def left_over(right: Formula, forms: Sequence[Formula], worth: Worth) -> LeftOver | None:
    """What is left after addends of one value have met, for the form with the least left; none
    where the right side is written in another way than all forms."""
    own = list(addends(right))
    best: LeftOver | None = None
    for form in forms if not is_slope(right) else ():
        mine, theirs = _unmatched(own, [term.formula for term in addends(form)], worth)
        if len(own) == len(mine) and len(mine) != len(theirs):
            continue
        if best is None or len(mine) + len(theirs) < len(best.mine) + len(best.theirs):
            best = LeftOver(mine, theirs, form)
    return best


def _unmatched(
    own: Sequence[Term], theirs: Sequence[Formula], worth: Worth
) -> tuple[list[Term], list[Formula]]:
    rest, mine = list(theirs), []
    for term in own:
        value = worth.array(term.formula)
        met = next((other for other in rest if worth.is_worth(other, value)), None)
        if met is None:
            mine.append(term)
        else:
            rest = [other for other in rest if other is not met]
    return mine, rest


def paired(left: LeftOver) -> tuple[list[tuple[Term, Formula]], list[Formula]]:
    """Terms beside what belongs there, by the step that is written at both or by what stands in
    them; and what is left."""
    rest, found = list(left.theirs), []
    for term in left.mine[: len(rest)]:
        at = term.formula.at if isinstance(term.formula, Bracket) else None
        same = [t for t in rest if at is not None and isinstance(t, Bracket) and t.at == at]
        other = same[0] if same else max(rest, key=lambda each: likeness(each, term.formula))
        rest = [each for each in rest if each is not other]
        found.append((term, other))
    return found, rest


def likeness(form: Formula, other: Formula) -> float:
    """How much of one formula stands in another, from 0 to 1."""
    one, two = ({piece.formula for piece in pieces(f)} for f in (form, other))
    return len(one & two) / max(len(one | two), 1)


def unbracketed(formula: Formula) -> Formula:
    """Without brackets that only say of which step a term is."""
    if isinstance(formula, Bracket) and not is_at_a_step(formula):
        return unbracketed(formula.body)
    return map_children(formula, unbracketed)


def odd_one(right: Formula, letters: Sequence[Ref], worth: Worth) -> Fault | None:
    """A sum in which one addend alone has another shape than the left side: the letter that should
    stand there for one of its own, by what the others leave over."""
    if not isinstance(right, Add) or worth.array(right) is not None:
        return None
    shape = worth.settings[0].target.shape
    odd = [place for place, term in enumerate(right.terms) if worth.shape(term) != shape]
    if len(odd) != 1:
        return None
    (place,) = odd
    rest = worth.beside([term for i, term in enumerate(right.terms) if i != place])
    for piece in pieces(right.terms[place]) if rest is not None else ():
        for letter in letters if isinstance(piece.formula, Ref) else ():
            if rest is not None and rest.fits(put(right.terms[place], piece.path, letter)):
                path = (place, *piece.path)
                says = (letter, " belongs there, not ", piece.formula)
                corrected = put(right, path, letter)
                return Fault("wrong operand", path, says, place + 1, corrected=corrected)
    return None
