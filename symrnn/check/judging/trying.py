"""The claims of a writing, each tried under what may be meant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.check.claims import Said, Writing
from symrnn.check.judging.choices import keys_of, options, own_keys
from symrnn.check.judging.conventions import Convention, conventions
from symrnn.check.judging.families import Families
from symrnn.check.judging.judged import Claim, Point, Settled
from symrnn.check.judging.numbers import given, is_numeric
from symrnn.check.judging.outcome import FAILURES, Outcome, indices, members, outcome
from symrnn.check.judging.points import Setting, settings
from symrnn.check.judging.values import Key, Values
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Name
from symrnn.derive.pieces import walk
from symrnn.language.tree import Ref

MOST_LINES = 1_000
NUMBERED = re.compile(r"\(\d+\)")
"""In a letter such as δ^{(17)}: where many have numbers, they are what the document says."""

ENOUGH = 3
"""So many wrong steps tell that a line is wrong under a choice."""


def names(equation: Equation, place: int) -> Iterator[Name]:
    for side in (equation.left, equation.rights[place]):
        yield from (part for part in walk(side) if isinstance(part, Name))


class Trying:
    """The claims of a writing, and what comes out for them."""

    def __init__(
        self,
        writing: Writing,
        derivation: Derivation,
        steps: int | None,
        columns: bool,
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
