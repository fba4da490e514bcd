"""The verdict on each right side, under what is settled."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from symrnn.check.claims import (
    RIGHT,
    RIGHT_IF,
    UNJUDGED,
    WRONG,
    Report,
    Verdict,
)
from symrnn.check.judging.choices import free_bases, reading_words
from symrnn.check.judging.judged import Claim, Judged, Settled
from symrnn.check.judging.numbers import given, is_numeric
from symrnn.check.judging.outcome import (
    FAILURES,
    FLOOR,
    Outcome,
    indices,
    outcome,
    total,
)
from symrnn.check.judging.search import with_choice
from symrnn.check.judging.told import derivatives, explained, meant, times
from symrnn.check.judging.truth import TOTAL
from symrnn.check.judging.trying import MOST_LINES
from symrnn.check.judging.values import RANGES, reading_key
from symrnn.check.judging.worked import Worked
from symrnn.derive.formula import Chain, Equation, Formula, Immediate, Name, Total, Words
from symrnn.derive.pieces import walk
from symrnn.language.tree import Ref

CONSTANT = (
    "The loss depends on no parameter here, and every gradient is zero: what is judged says little"
    " of other widths. ",
)


class Verdicts(Worked):
    """Verdicts under what is settled."""

    def judged(self) -> Judged:
        settled = self.settle()
        columns = settled.convention.columns
        if columns != self.columns:
            self.given = given(self.lines, self.derivation, self.values(settled), columns)
        verdicts: list[Verdict] = []
        for claim in self.claims:
            verdict = self.verdict(claim, settled)
            if verdict.status == WRONG:
                verdict = replace(verdict, follows=self.follows(claim, verdicts, settled))
            verdicts.append(verdict)
        beyond = f"the first {MOST_LINES:,} lines of a document are judged; divide it"
        verdicts += [
            Verdict(line, place, UNJUDGED, why=beyond)
            for line in self.beyond
            for place in range(len(line.equation.rights))
        ]
        said = meant(settled, self.layouts, self.writing.meanings, self.derivation.scalar)
        constant = CONSTANT if self.is_constant() else ()
        report = Report(self.writing, tuple(verdicts), (*said, *constant))
        points = tuple(self.point(each, settled) for each in self.settings)
        return Judged(report, points, settled, self.derivation, self.known)

    def verdict(self, claim: Claim, settled: Settled) -> Verdict:
        def verdict(status: str, under: Words = (), why: str = "") -> Verdict:
            return Verdict(claim.said, claim.place, status, under, why=why)

        if claim.number in self.given.lines and not claim.place:
            return verdict(RIGHT, ("This is given.",))
        if self.defines(claim, settled.choices):
            error = self.outcome(claim, settled).error
            if error:
                return verdict(UNJUDGED, why=error)
            return verdict(RIGHT, ("This defines ", claim.left, "."))
        found = self.everywhere(claim, settled)
        if found.error:
            return verdict(UNJUDGED, why=found.error)
        if found.right:
            under = tuple(self.depends(claim, settled))
            if found.note:
                under = (*under, *((" ",) if under else ()), f"Here {found.note}.")
            return verdict(RIGHT_IF if under else RIGHT, under)
        held = found.pattern and self.is_said(claim, found.pattern)
        if held and not found.ill and not self.is_empty(claim, settled, found):
            return verdict(RIGHT_IF, ("It holds for ", *found.pattern, " only."))
        if is_numeric(claim.right):
            return self.numeric(claim, settled)
        if self.holds_for_given(claim, settled):
            return verdict(RIGHT_IF, ("It holds for the numbers that are given.",))
        other = self.otherwise(claim, settled)
        if other:
            return verdict(RIGHT_IF, other)
        why = f"The shapes do not fit: {found.ill}." if found.ill else self.ratio(claim, settled)
        if not why and self.is_empty(claim, settled, found):
            why = f"It holds for {found.ends} only, where a product, a sum or a power is empty."
        return replace(verdict(WRONG, why=why), example=self.example(claim, settled))

    def ratio(self, claim: Claim, settled: Settled) -> str:
        """What is to be said where a right side is what is right times one number."""
        pairs = []
        for number in range(2):
            values = self.values(self.within(claim, settled), number)
            try:
                for at in indices(claim.equations[0], claim.place, values.steps):
                    pairs.append((values(claim.left, at), values(claim.right, at)))
            except FAILURES:
                return ""
        return times(pairs)

    def is_constant(self) -> bool:
        """Whether every gradient is zero, as with a softmax of a single class."""
        truth = self.settings[0].truth
        names = [s.name for s in truth.symbols.values() if s.role == "parameter"]
        slopes = [truth.slope(("L", None), (name, None)) for name in names]
        return all(np.abs(slope).max() < FLOOR for slope in slopes)

    def is_said(self, claim: Claim, pattern: Words) -> bool:
        """Whether a line that holds at the last step alone may mean that step: not if it says
        others, not if it goes on from the one after it, and not if other lines read it at every
        step."""
        if pattern[1] in (" = ", " = 1") and claim.equations[0].steps:
            return False
        if pattern[1] != " = ":
            return True
        for part in walk(claim.right):
            if label(part) is not None:
                refs = [p.at if isinstance(p, Name) else p for p in walk(part)]
                if any(isinstance(r, Ref) and r.shift > 0 for r in refs):
                    return False
        own = label(claim.left)
        lines = [other for other in self.claims if other.number != claim.number]
        if any(label(each.left) == own and set(free_bases(each.left)) for each in lines):
            return True  # another line says what it is at the other steps
        read = (part for other in lines for part in walk(other.right))
        return not any(label(part) == own is not None and set(free_bases(part)) for part in read)

    def is_empty(self, claim: Claim, settled: Settled, found: Outcome) -> bool:
        """Whether a line holds at the last step alone, and there only because a product, a sum or
        a power in it is empty."""
        if not found.ends:
            return False
        values = self.values(self.within(claim, settled))
        return all(
            values.is_empty(claim.right, at) for at, _, ok in self.outcome(claim, settled).at if ok
        )

    def everywhere(self, claim: Claim, settled: Settled) -> Outcome:
        """The outcome at all points; where the first one says that it is wrong at each step, that
        is enough."""
        found = [self.outcome(claim, settled)]
        if found[0].score or not found[0].at:
            found += [self.outcome(claim, settled, n) for n in range(1, len(self.settings))]
        return total(found)

    def depends(self, claim: Claim, settled: Settled) -> Iterator[str | Formula]:
        """Which choices a right line needs: what fails under another one."""
        first = True
        if self.fixed is not None:
            return
        for key in claim.keys:
            if key[0] not in ("∂", "range"):
                continue
            chosen = settled.choices[key]
            if chosen == TOTAL and key[2] not in self.derivation.parameters:
                continue  # what ∂ means where nothing else is said
            if chosen == RANGES[0]:
                continue  # what Σ_t means; it is said of the whole document
            wrong = [
                option
                for option in self.known[key]
                if option != chosen
                and self.outcome(claim, with_choice(settled, key, option)).score < 1
            ]
            if wrong:
                yield "" if first else " "
                yield from explained(claim, key, chosen, wrong)
                first = False

    def otherwise(self, claim: Claim, settled: Settled) -> Words:
        """Under which other reading of a parameter's derivative a line would be right, though
        other lines need this one."""
        if self.fixed is not None:
            return ()
        said = {label(each.left) for each in self.claims}  # these say what they mean
        open_ = [key for key in claim.keys if key[0] == "∂" and key not in said]
        keys = [key for key in open_ if key[2] in self.derivation.parameters]
        beside = [key for key in claim.keys if key[0] in ("order", "range")] if keys else []
        for choices in product(*(self.known[key] for key in (*keys, *beside))):
            changed = dict(zip((*keys, *beside), choices, strict=True))
            other = replace(settled, choices={**settled.choices, **changed})
            if any(changed[key] != settled.choices[key] for key in keys) and (
                self.everywhere(claim, other).right
            ):
                words: list[str | Formula] = ["It holds if "]
                for key in keys:
                    option = changed[key]
                    if option != settled.choices[key]:
                        member = next(p for p in derivatives(claim) if reading_key(p) == key)
                        words += reading_words(key, option, member)
                return (*words, "; other lines need another reading of it.")
        return ()

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
