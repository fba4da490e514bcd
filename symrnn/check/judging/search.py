"""What is meant in a document: the choices under which most of its lines are right.

Each line is tried at one point under each combination of what it leaves open; what is chosen is
the same for the whole document. The likeliest comes first and wins where others are as good.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice, product

from symrnn.check.judging.choices import cost
from symrnn.check.judging.conventions import Convention
from symrnn.check.judging.families import stem
from symrnn.check.judging.judged import Claim, Settled
from symrnn.check.judging.trying import Trying
from symrnn.check.judging.values import DEFINED, Choices, Key
from symrnn.derive.formula import Name
from symrnn.language.tree import Ref

MOST_COMBINATIONS = 48
FEW = 8
"""So many of them, as a rule one change alone, tell that a line may be right in another layout."""


def weight(claim: Claim) -> int:
    """How much a line tells: the equations of the model itself are seldom wrong."""
    return 3 if isinstance(claim.left, Ref) else 1


def with_choice(settled: Settled, key: Key, option: object) -> Settled:
    return replace(settled, choices={**settled.choices, key: option})


class Search(Trying):
    """Which choices make most claims right."""

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
            own = key[1] in self.numbered or stem(key[1]) != r"\delta"
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
            done = improved or score[0] >= sum(map(weight, self.counted(settled)))
            for other in () if done else self.by_parameters(settled):
                found = self.score(other)
                if found > score:
                    score, settled, improved = found, other, True
        return score, settled

    def by_parameters(self, settled: Settled) -> Iterator[Settled]:
        """All derivatives by one parameter read alike: as total ones, or as immediate ones."""
        for parameter in self.derivation.parameters:
            classes = [
                key
                for key, each in self.known.items()
                if key[0] == "∂" and key[2] == parameter and len(each) > 1
            ]
            for place in (0, 1, -1) if len(classes) > 1 else ():
                yield self.chosen(settled, {key: self.known[key][place] for key in classes})

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
