"""Lines that are wrong because one before them is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.check.claims import (
    WRONG,
    Verdict,
)
from symrnn.check.judging.judged import Claim, Settled
from symrnn.check.judging.outcome import (
    outcome,
)
from symrnn.check.judging.values import reading_key
from symrnn.check.judging.worked import Worked
from symrnn.derive.formula import Big, Chain, Equation, Formula, Immediate, Name, Total
from symrnn.derive.pieces import walk
from symrnn.language.tree import Pow, Ref


class Following(Worked):
    """What a wrong line takes over from others."""

    ill: set[object]
    """Letters whose definitions do not fit together."""

    def uses_ill(self, claim: Claim) -> bool | None:
        """Whether a letter stands there whose definition does not fit together."""
        names = (label(part) for part in walk(claim.right) if isinstance(part, Name))
        return True if any(name in self.ill for name in names) else None

    def follows(self, claim: Claim, before: Sequence[Verdict], settled: Settled) -> bool | None:
        """Whether a wrong right side is equal to what stands before it, with what wrong lines
        said put in."""
        wrong = [v for v in before if v.status == WRONG]
        if not wrong:
            return None
        mine = [
            v.said.equation.rights[v.place]
            for v in before
            if v.said.equation.left == claim.said.equation.left
        ]
        same = [v for v in wrong if v.said.equation.left == claim.said.equation.left]
        equations = [
            Equation(v.said.equation.left, (v.said.equation.rights[v.place],))
            for v in wrong
            if isinstance(v.said.equation.left, Total | Immediate) and v not in same
        ]
        before_it = (*reversed(mine), *_chains(claim.left, equations))
        if not before_it:
            return None
        values = replace(self.values(settled), taken=tuple(equations))
        for other in before_it:
            if outcome([Equation(other, (claim.right,))], 0, values).right:
                return True
        return False if same else None


def _chains(left: Formula, known: Sequence[Equation]) -> Iterator[Formula]:
    """The products of two derivatives that a left side is, with one of these among them."""
    for equation in known:
        match left, equation.left:
            case Total(of=of, by=by), Total(of=a, by=b) if b == by and a != of:
                yield Chain((Total(of, a), equation.left))
                yield Chain((equation.left, Total(of, a)))
            case Total(of=of, by=by), Total(of=a, by=b) if a == of and b != by:
                yield Chain((equation.left, Total(b, by)))
                yield Chain((Total(b, by), equation.left))


def label(formula: Formula) -> object:
    """What a derivative or a letter is called, at whatever step."""
    if isinstance(formula, Total | Immediate):
        return reading_key(formula)
    return formula.letter if isinstance(formula, Name) else None


def may_be_empty(part: Formula) -> bool:
    """A sum, a product or a power over as many steps as an index says: at one end there are none,
    and what stands in it tells nothing."""
    match part:
        case Big(low=low, high=high):
            return not {low.base, high.base} <= {"", "1", "T"}
        case Pow(right=right):
            return any(isinstance(p, Name | Ref) for p in walk(right))
    return False
