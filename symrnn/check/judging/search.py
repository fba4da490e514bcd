"""What is meant in a document: the choices under which most of its lines are right.

Each line is tried at one point under each combination of what it leaves open; what is chosen is
the same for the whole document. The likeliest comes first and wins where others are as good.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice, product
from typing import Any

from symrnn.check.claims import Said, Writing
from symrnn.check.judging.choices import cost, keys_of, options, own_keys
from symrnn.check.judging.conventions import Convention, conventions
from symrnn.check.judging.families import Families
from symrnn.check.judging.judged import Claim, Point, Settled
from symrnn.check.judging.numbers import given, is_numeric
from symrnn.check.judging.outcome import FAILURES, Outcome, indices, members, outcome
from symrnn.check.judging.points import Setting, settings
from symrnn.check.judging.values import DEFINED, Choices, Key, Values
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Name
from symrnn.derive.pieces import walk
from symrnn.language.tree import Ref

MOST_LINES = 1_000
MOST_COMBINATIONS = 48
NUMBERED = re.compile(r"\(\d+\)")
"""In a letter such as δ^{(17)}: where many have numbers, they are what the document says."""

FEW = 8
"""So many of them, as a rule one change alone, tell that a line may be right in another layout."""

ENOUGH = 3
"""So many wrong steps tell that a line is wrong under a choice."""


def names(equation: Equation, place: int) -> Iterator[Name]:
    for side in (equation.left, equation.rights[place]):
        yield from (part for part in walk(side) if isinstance(part, Name))


def weight(claim: Claim) -> int:
    """How much a line tells: the equations of the model itself are seldom wrong."""
    return 3 if isinstance(claim.left, Ref) else 1


def with_choice(settled: Settled, key: Key, option: object) -> Settled:
    return replace(settled, choices={**settled.choices, key: option})


class Search:
    """The claims of a writing, and which choices make most of them right."""

    def __init__(
        self,
        writing: Writing,
        derivation: Derivation,
        steps: int | None,
        notation: Any,
        seed: int,
        fixed: Settled | None,
        single: str,
    ) -> None:
        self.derivation, self.fixed, self.single = derivation, fixed, single
        self.writing = writing
        every = [line for line in writing.lines if isinstance(line, Said)]
        self.lines = lines = every[:MOST_LINES]
        self.beyond = every[MOST_LINES:]
        self.expanded = [members(line.equation) for line in lines]
        self.equations = [each for line in self.expanded for each in line]
        self.firsts: dict[Formula, Equation] = {}
        self.defined: dict[str, list[Equation]] = {}
        for each in self.equations:
            self.firsts.setdefault(each.left, each)
            if isinstance(each.left, Name):
                self.defined.setdefault(each.left.letter, []).append(each)
        self.steps = steps or derivation.steps
        columns = getattr(notation, "orientation", "row") == "column"
        self.columns = columns and not derivation.scalar
        self._values: dict[object, Values] = {}
        self._outcomes: dict[object, Outcome] = {}
        self._scores: dict[object, tuple[float, float]] = {}
        self._within: dict[str, dict[Key, None]] = {}
        usual = Settled(Convention(self.columns, self.columns))
        ones = {single: 1} if single else {}
        self.settings = settings(derivation, self.steps, seed, self.least(), ones)
        self.given = given(self.lines, derivation, self.values(usual), self.columns)
        if ones := {**ones, **{name: 1 for name, size in self.given.dims.items() if size == 1}}:
            self.settings = settings(derivation, self.steps, seed, self.least(), ones)
            self._values.clear()
        blank = self.values(usual)
        self.known = options(self.equations, blank, writing.meanings)
        self.families = Families(writing.meanings, blank.truth.named)
        self.layouts = (
            (Convention(),)
            if derivation.scalar
            else conventions(self.equations, blank.symbols, self.columns)
        )
        self.claims = [
            Claim(number, line, place, tuple(found), self.closure(found, place))
            for number, (line, found) in enumerate(zip(lines, self.expanded, strict=True))
            for place in range(len(line.equation.rights))
        ]
        letters = {key[1] for key in self.known if key[0] == "letter" and NUMBERED.search(key[1])}
        self.numbered = letters if len(letters) > 2 else set()
        self.telling = [claim for claim in self.claims if not is_numeric(claim.right)]

    def least(self) -> int:
        """The fewest steps of which every one that is named is one."""
        parts = (p for e in self.equations for s in (e.left, *e.rights) for p in walk(s))
        named = (p.shift if p.base == "1" else -p.shift for p in parts if isinstance(p, Ref))
        return 1 + max((shift for shift in named), default=0)

    def closure(self, equations: Sequence[Equation], place: int) -> tuple[Key, ...]:
        """What a right side leaves open, with what the letters in it do."""
        found = dict.fromkeys(key for e in equations for key in keys_of(e, place, self.known))
        for letter in dict.fromkeys(part.letter for e in equations for part in names(e, place)):
            if letter not in self._within:
                self._within[letter] = self.within_letter(letter)
            found.update(self._within[letter])
        return tuple(found)

    def within_letter(self, letter: str) -> dict[Key, None]:
        """What the equations that define a letter leave open."""
        found: dict[Key, None] = {}
        waiting, seen = [letter], {letter}
        while waiting:
            for each in self.defined.get(waiting.pop(), ()):
                found.update(dict.fromkeys(keys_of(each, 0, self.known)))
                new = {part.letter for part in names(each, 0)} - seen
                seen |= new
                waiting += new
        return found

    # trying

    def values(self, settled: Settled, number: int = 0) -> Values:
        key = (number, settled.convention, tuple(sorted(settled.choices.items(), key=repr)))
        if key not in self._values:
            self._values[key] = self.point(self.settings[number], settled).values
        return self._values[key]

    def point(self, setting: Setting, settled: Settled) -> Point:
        letters = [key[1] for key in settled.choices if key[0] == "letter"]
        defined = tuple(e for letter in letters for e in self.defined.get(letter, ()))
        return Point(setting, settled, self.writing, defined)

    def outcome(self, claim: Claim, settled: Settled, number: int = 0, most: int = 0) -> Outcome:
        own = self.within(claim, settled)
        chosen = tuple(own.choices.items())
        label = (number, claim.number, claim.place, own.convention, chosen, most)
        if label not in self._outcomes:
            found = outcome(claim.equations, claim.place, self.values(own, number), most)
            if found.zero and not self.is_zero(claim, own, number):
                found = replace(found, at=tuple((at, last, False) for at, last, _ in found.at))
            self._outcomes[label] = found
        return self._outcomes[label]

    def is_zero(self, claim: Claim, settled: Settled, number: int) -> bool:
        """Whether a left side that is zero is so too as it is usually read: 0 = 0 under a reading
        that is sought out for it tells nothing."""
        keys = {key for part in walk(claim.left) for key in own_keys(part) if key[0] == "∂"}
        choices = {key: self.known[key][0] for key in keys & settled.choices.keys()}
        usual = replace(settled, choices={**settled.choices, **choices})
        if self.fixed is not None or usual.choices == settled.choices:
            return True
        values = self.values(usual, number)
        every = [(e, at) for e in claim.equations for at in indices(e, claim.place, values.steps)]
        try:
            return not any(values(equation.left, at).any() for equation, at in every)
        except FAILURES:
            return True

    def tried(self, claim: Claim, settled: Settled) -> float:
        """How right a claim is: 1, a half at the last step alone or at all others, 0."""
        return self.outcome(claim, settled, most=ENOUGH).score

    def within(self, claim: Claim, settled: Settled) -> Settled:
        """The choices that a claim depends on."""
        chosen = {key: settled.choices[key] for key in claim.keys if key in settled.choices}
        return replace(settled, choices=chosen)

    def defines(self, claim: Claim, choices: Choices) -> bool:
        """Whether a claim is what defines a letter."""
        if not isinstance(claim.left, Name) or claim.place:
            return False
        key = ("letter", claim.left.letter)
        first = self.firsts[claim.left]
        return choices.get(key) == DEFINED and first is claim.equations[0]

    def score(self, settled: Settled) -> tuple[float, float]:
        """How many lines are right, and how likely the choices are."""
        label = settled.convention, tuple(settled.choices.items())
        if label not in self._scores:
            self._scores[label] = self.scored(settled)
        return self._scores[label]

    def scored(self, settled: Settled) -> tuple[float, float]:
        right = sum(self.tried(claim, settled) * weight(claim) for claim in self.counted(settled))
        far = sum(cost(k, v, self.known) for k, v in settled.choices.items())
        return right, -far - 3 * self.disagreement(settled)

    def counted(self, settled: Settled) -> list[Claim]:
        """The claims that tell what is meant: no definitions, and no results in numbers."""
        return [claim for claim in self.telling if not self.defines(claim, settled.choices)]

    def disagreement(self, settled: Settled) -> int:
        """How many readings there are of the derivatives by parameters: one is likeliest."""
        parameters = self.derivation.parameters
        open_ = [k for k, each in self.known.items() if k[0] == "∂" and len(each) > 1]
        return len({settled.choices[k] for k in open_ if k[2] in parameters})

    def combinations(self, claim: Claim, usual: Choices) -> Iterator[Choices]:
        """What a claim leaves open, nearest to the usual choices first: one changed, then two."""
        others = {key: self.others(claim, key, usual) for key in claim.keys}
        open_ = [key for key, each in others.items() if each]
        every = (
            dict(zip(keys, changed, strict=True))
            for count in range(len(open_) + 1)
            for keys in combinations(open_, count)
            for changed in product(*(others[key] for key in keys))
        )
        yield from islice(every, MOST_COMBINATIONS)

    def others(self, claim: Claim, key: Key, usual: Choices) -> list[object]:
        """What else could be chosen; what a letter is that the document defines, tell the lines
        that do."""
        every = [option for option in self.known[key] if option != usual[key]]
        if key[0] != "letter" or DEFINED not in self.known[key]:
            return every
        own = isinstance(claim.left, Name) and claim.left.letter == key[1]
        return every if own else [option for option in every if option == DEFINED]

    def first(self, convention: Convention) -> Settled:
        """What is likeliest: of letters what makes the lines right that define them."""
        choices = {key: each[0] for key, each in self.known.items()}
        settled = Settled(convention, choices, self.single)
        for claim in self.telling:
            if not isinstance(claim.left, Name):
                continue
            key = ("letter", claim.left.letter)
            if key not in self.known or self.tried(claim, settled):
                continue
            options = [option for option in self.known[key] if option != DEFINED]
            others = [self.chosen(settled, {key: option}) for option in options]
            own = key[1] in self.numbered or not key[1].startswith(r"\delta")
            own = own and DEFINED in self.known[key]
            last = with_choice(settled, key, DEFINED) if own else settled
            beside = self.beside(claim.left.letter)
            right = sum(self.tried(each, settled) for each in beside)
            settled = next(
                (
                    other
                    for other in others
                    if (own_right := self.tried(claim, other))
                    and own_right + sum(self.tried(each, other) for each in beside) > right
                ),
                last,
            )
        return settled

    def beside(self, letter: str) -> list[Claim]:
        """The claims about other letters that mean what this one does."""
        lefts = [(claim, claim.left) for claim in self.telling if isinstance(claim.left, Name)]
        return [
            claim
            for claim, left in lefts
            if left.letter != letter and self.families.are_alike(letter, left.letter)
        ]

    def chosen(self, settled: Settled, changed: Choices) -> Settled:
        return replace(settled, choices=self.families.chosen(settled.choices, changed))

    def may_beat(self, convention: Convention, right: float, best: Settled) -> bool:
        """Whether more lines than that could be right under a convention: each is tried alone,
        those first that are wrong under the best one so far."""
        settled = replace(best, convention=convention)
        claims = sorted(self.counted(settled), key=lambda claim: len(claim.keys))
        claims.sort(key=lambda claim: self.tried(claim, best))
        possible = float(sum(map(weight, claims)))
        for claim in claims:
            if possible <= right:
                return False
            alone = (
                self.tried(claim, self.chosen(settled, choices))
                for choices in islice(self.combinations(claim, settled.choices), FEW)
            )
            possible -= 0 if any(alone) else weight(claim)
        return possible > right

    def best(self, convention: Convention) -> tuple[tuple[float, float], Settled]:
        """The choices that make most lines right: beginning with the likeliest, whatever would
        make a wrong line right is tried."""
        settled = self.first(convention)
        score = self.score(settled)
        improved = True
        while improved:
            improved = False
            for claim in self.counted(settled):
                if self.tried(claim, settled) == 1:
                    continue
                for choices in self.combinations(claim, settled.choices):
                    other = self.chosen(settled, choices)
                    if self.tried(claim, other) <= self.tried(claim, settled):
                        continue
                    found = self.score(other)
                    if found > score:
                        score, settled, improved = found, other, True
        return score, settled

    def settle(self) -> Settled:
        if self.fixed is not None:
            usual = self.first(self.fixed.convention).choices
            return replace(self.fixed, choices={**usual, **self.fixed.choices})
        (right, _), settled = self.best(self.layouts[0])
        for convention in self.layouts[1:]:
            if right >= sum(map(weight, self.counted(settled))):
                break
            if self.may_beat(convention, right, settled):
                (other, _), found = self.best(convention)
                if other > right:
                    right, settled = other, found
        return settled
