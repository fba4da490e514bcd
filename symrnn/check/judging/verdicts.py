"""The verdict on each right side, under what is settled."""

from collections.abc import Iterator
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
from symrnn.check.judging.following import Following, label, may_be_empty
from symrnn.check.judging.judged import Claim, Judged, Settled
from symrnn.check.judging.numbers import given, is_numeric
from symrnn.check.judging.outcome import (
    FAILURES,
    FLOOR,
    Outcome,
    indices,
    total,
)
from symrnn.check.judging.search import with_choice
from symrnn.check.judging.told import derivatives, explained, meant, times
from symrnn.check.judging.truth import TOTAL
from symrnn.check.judging.trying import MOST_LINES
from symrnn.check.judging.values import RANGES, Key, reading_key
from symrnn.derive.formula import Formula, Name, Words
from symrnn.derive.pieces import walk
from symrnn.language.tree import Ref

CONSTANT = (
    "The loss depends on no parameter here, and every gradient is zero: what is judged says little"
    " of other widths. ",
)


class Verdicts(Following):
    """Verdicts under what is settled."""

    def judged(self) -> Judged:
        settled = self.settle()
        columns = settled.convention.columns
        if columns != self.columns:
            self.given = given(self.lines, self.derivation, self.values(settled), columns)
        verdicts: list[Verdict] = []
        self.ill = set[object]()
        for claim in self.claims:
            verdict = self.verdict(claim, settled)
            if verdict.status == WRONG:
                follows = self.uses_ill(claim) or self.follows(claim, verdicts, settled)
                verdict = replace(verdict, follows=follows)
            if verdict.status == WRONG and self.defines(claim, settled.choices):
                self.ill.add(label(claim.left))
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
            found = self.outcome(claim, settled)
            if found.error:
                return verdict(UNJUDGED, why=found.error)
            if found.ill:
                return verdict(WRONG, why=f"The shapes do not fit: {found.ill}.")
            return verdict(RIGHT, ("This defines ", claim.left, "."))
        found = self.everywhere(claim, settled)
        if found.error:
            return verdict(UNJUDGED, why=found.error)
        if found.right:
            under = tuple(self.depends(claim, settled))
            if found.note:
                under = (*under, *((" ",) if under else ()), f"Here {found.note}.")
            return verdict(RIGHT_IF if under else RIGHT, under)
        if not found.ill and found.pattern and self.is_said(claim, found.pattern):
            return verdict(RIGHT_IF, ("It holds for ", *found.pattern, " only."))
        if is_numeric(claim.right):
            return self.numeric(claim, settled)
        if self.holds_for_given(claim, settled):
            return verdict(RIGHT_IF, ("It holds for the numbers that are given.",))
        other = self.otherwise(claim, settled)
        if other:
            return verdict(RIGHT_IF, other)
        why = f"The shapes do not fit: {found.ill}." if found.ill else self.ratio(claim, settled)
        if not why and found.ends:
            why = f"It holds for {found.ends} only."
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
        if pattern[1] in (" = ", " = 1") and any(map(may_be_empty, walk(claim.right))):
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

    def is_told(self, key: Key, settled: Settled) -> bool:
        """Whether a line says what a derivative is, so that it can be read in one way alone."""
        for claim in (each for each in self.claims if label(each.left) == key):
            holds = [
                any(
                    self.tried(claim, self.chosen(settled, {**changed, key: option})) == 1
                    for changed in self.combinations(claim, settled.choices)
                )
                for option in self.known[key]
            ]
            if any(holds) and not all(holds):
                return True
        return False

    def otherwise(self, claim: Claim, settled: Settled) -> Words:
        """Under which other reading of a parameter's derivative a line would be right, though
        other lines need this one."""
        if self.fixed is not None:
            return ()
        own = [k for k in claim.keys if k[0] == "∂" and k[2] in self.derivation.parameters]
        keys = [key for key in own if not self.is_told(key, settled)]
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
