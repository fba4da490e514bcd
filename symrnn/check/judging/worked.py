"""Worked examples: lines held against the numbers that a document gives."""

from dataclasses import replace

from symrnn.check.claims import RIGHT, UNJUDGED, WRONG, Example, Verdict
from symrnn.check.judging.judged import Claim, Settled
from symrnn.check.judging.numbers import agrees, is_numeric
from symrnn.check.judging.outcome import FAILURES, agree, close, example, indices, outcome
from symrnn.check.judging.points import Setting
from symrnn.check.judging.search import Search
from symrnn.derive.formula import Name
from symrnn.derive.pieces import walk
from symrnn.language.tree import Num

NOT_GIVEN = (
    "this is a number, and the document does not give all the numbers that it depends on; give them"
    " in lines such as x_1 = 0.5, w_h = -0.3, or in matrices"
)


class Worked(Search):
    """What is right for certain numbers."""

    def with_given(self) -> list[Setting]:
        """Settings with the numbers that the document gives; what it does not give, is drawn."""
        given, found = self.given, []
        for each in self.settings[:2]:
            dims = {**each.dims, **given.dims, **self.derivation.dims}
            steps = given.steps or each.steps
            found.append(replace(each, dims=dims, steps=steps, data=given.data))
        return [replace(each, seed=number) for number, each in enumerate(found)]

    def holds_for_given(self, claim: Claim, settled: Settled) -> bool:
        """Whether both sides are equal for the numbers that the document gives."""
        if not self.given.data:
            return False
        try:
            for setting in self.with_given():
                values = self.point(setting, self.within(claim, settled)).values
                if outcome(claim.equations, claim.place, values).right:
                    continue
                for each in claim.equations:
                    for at in indices(each, claim.place, values.steps):
                        sides = each.left, each.rights[claim.place]
                        if not agrees(*sides, values, at, claim.said, claim.place):
                            return False
        except FAILURES:
            return False
        return True

    def numeric(self, claim: Claim, settled: Settled) -> Verdict:
        """The verdict on a result in numbers, to the digits that are printed."""
        unjudged = Verdict(claim.said, claim.place, UNJUDGED, why=NOT_GIVEN)
        if not (self.given.data or self.given.dims or is_numeric(claim.left)):
            whole = all(n.value.denominator == 1 for n in walk(claim.right) if isinstance(n, Num))
            if not whole or isinstance(claim.left, Name):
                return unjudged
            return replace(unjudged, status=WRONG, why="", example=self.example(claim, settled))
        lefts = []
        for setting in self.with_given():
            try:
                values = self.point(setting, self.within(claim, settled)).values
                for at in indices(claim.equations[0], claim.place, values.steps):
                    left = values(claim.left, at)
                    lefts.append(left)
                    ok = agrees(claim.left, claim.right, values, at, claim.said, claim.place)
            except FAILURES as error:
                return replace(unjudged, why=f"the numbers that are given do not fit: {error}")
        if not lefts or not all(close(left, lefts[0]) for left in lefts):
            return unjudged
        if ok:
            return Verdict(claim.said, claim.place, RIGHT)
        found = Example(example(at, values), left.tolist(), values(claim.right, at).tolist())
        return Verdict(claim.said, claim.place, WRONG, example=found)

    def example(self, claim: Claim, settled: Settled) -> Example | None:
        """Numbers for which both sides differ."""
        values = self.values(self.within(claim, settled))
        for equation in claim.equations:
            for at in indices(equation, claim.place, values.steps):
                try:
                    left, right = (
                        values(equation.left, at),
                        values(equation.rights[claim.place], at),
                    )
                except FAILURES:
                    continue
                try:
                    differ = not agree(left, right, values)[0]
                except FAILURES:  # shapes that do not fit
                    differ = True
                if differ:
                    return Example(example(at, values), left.tolist(), right.tolist())
        return None
