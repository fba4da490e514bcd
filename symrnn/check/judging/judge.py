"""A document held against its model: every right side of every line, under one set of choices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from symrnn.check.claims import (
    RIGHT,
    RIGHT_IF,
    UNJUDGED,
    WRONG,
    Example,
    Report,
    Said,
    Verdict,
    Writing,
)
from symrnn.check.judging.choices import (
    Options,
    conventions,
    cost,
    keys_of,
    options,
    reading_words,
    said,
)
from symrnn.check.judging.outcome import (
    FAILURES,
    Outcome,
    agree,
    close,
    example,
    indices,
    members,
    outcome,
    total,
)
from symrnn.check.judging.points import Setting, settings, state_letters
from symrnn.check.judging.truth import TOTAL
from symrnn.check.judging.values import (
    DEFINED,
    Choices,
    Convention,
    Key,
    Values,
    reading_key,
)
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Immediate, Name, Total, Words
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import walk
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref

MOST_COMBINATIONS = 64


@dataclass(frozen=True)
class Settled:
    """What is taken to be meant in a document."""

    convention: Convention = Convention()
    choices: Choices = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """One right side of a line, for each member of an index."""

    number: int
    """Of its line among those that could be read."""
    said: Said
    place: int
    equations: tuple[Equation, ...]
    keys: tuple[Key, ...] = ()

    @property
    def left(self) -> Formula:
        return self.equations[0].left

    @property
    def right(self) -> Formula:
        return self.equations[0].rights[self.place]


@dataclass
class Point:
    """One setting, with what is taken to be meant."""

    setting: Setting
    settled: Settled
    writing: Writing
    defined: tuple[Equation, ...] = ()

    @property
    def steps(self) -> int:
        return self.setting.steps

    @cached_property
    def values(self) -> Values:
        return Values(
            self.setting.truth,
            self.settled.convention,
            self.settled.choices,
            self.writing.meanings,
            self.defined,
        )

    def value(self, formula: Formula, at: Indices | None = None) -> Array:
        """The value of a formula; raises IllShapedError where something does not fit."""
        return self.values(formula, at)

    def left(self, said: Said, at: Indices | None = None) -> Array:
        """What the left side of a line truly is."""
        return self.values(members(said.equation)[0].left, at)

    def indices(self, said: Said, place: int) -> list[Indices]:
        """The steps for which a line is said."""
        return list(indices(said.equation, place, self.steps))


@dataclass
class Judged:
    """What is found of a document, and the points at which it was tried."""

    report: Report
    points: tuple[Point, ...]
    settled: Settled
    derivation: Derivation
    known: Options = field(default_factory=dict)

    def equal(self, a: Formula, b: Formula, at: Sequence[Indices] | None = None) -> bool:
        """Whether two formulas are equal, at all points and at these steps, or at every step."""
        return all(self.equal_at(point, a, b, at) for point in self.points)

    def equal_at(
        self, point: Point, a: Formula, b: Formula, at: Sequence[Indices] | None = None
    ) -> bool:
        places = at if at is not None else list(indices(Equation(a, (b,)), 0, point.steps))
        try:
            return all(agree(point.value(a, i), point.value(b, i), point.values)[0] for i in places)
        except FAILURES:
            return False

    def reading(self, said: Said) -> Mapping[Key, str]:
        """How each derivative of a line that could be read in several ways is read."""
        found = {}
        for side in (said.equation.left, *said.equation.rights):
            for part in walk(side):
                if isinstance(part, Total | Immediate):
                    key = reading_key(part)
                    found[key] = str(self.settled.choices.get(key, TOTAL))
        return found


def judge(
    writing: Writing,
    of: Any,
    *,
    steps: int | None = None,
    scalar: bool = False,
    notation: Any = None,
    seed: int = 0,
    fixed: Settled | None = None,
) -> Judged:
    """The verdict on every right side of a writing about a model, or about a derivation of it.

    `fixed` says what is meant; without, that is found by trying what makes most lines right, and
    the likeliest first.
    """
    derivation = of if isinstance(of, Derivation) else of.derive(steps, scalar=scalar)
    return _Judge(writing, derivation, steps, notation, seed, fixed).judged()


class _Judge:
    def __init__(
        self,
        writing: Writing,
        derivation: Derivation,
        steps: int | None,
        notation: Any,
        seed: int,
        fixed: Settled | None,
    ) -> None:
        self.derivation, self.fixed = derivation, fixed
        meanings = {**state_letters(derivation), **writing.meanings}
        self.writing = writing = replace(writing, meanings=meanings)
        lines = [line for line in writing.lines if isinstance(line, Said)]
        self.expanded = [members(line.equation) for line in lines]
        self.equations = [each for line in self.expanded for each in line]
        self.defined = tuple(e for e in self.equations if isinstance(e.left, Name))
        self.steps = steps or derivation.steps
        self.settings = settings(derivation, self.steps, seed, self.least())
        columns = getattr(notation, "orientation", "row") == "column"
        self.columns = columns and not derivation.scalar
        self._values: dict[object, Values] = {}
        self._outcomes: dict[object, Outcome] = {}
        blank = self.values(Settled(Convention(self.columns, self.columns)))
        self.known = options(self.equations, blank, writing.meanings)
        self.tried = conventions(self.equations, blank, self.columns)
        self.claims = [
            Claim(number, line, place, tuple(found), self.closure(found, place))
            for number, (line, found) in enumerate(zip(lines, self.expanded, strict=True))
            for place in range(len(line.equation.rights))
        ]

    def least(self) -> int:
        """The last step that is named by its number."""
        parts = (p for e in self.equations for s in (e.left, *e.rights) for p in walk(s))
        return max((p.shift + 1 for p in parts if isinstance(p, Ref) and p.base == "1"), default=1)

    def closure(self, equations: Sequence[Equation], place: int) -> tuple[Key, ...]:
        """What a right side leaves open, with what the letters in it do."""
        found = dict.fromkeys(key for e in equations for key in keys_of(e, place, self.known))
        letters = {part.letter for e in equations for part in _names(e, place)}
        waiting, seen = list(letters), set(letters)
        while waiting:
            letter = waiting.pop()
            for each in self.defined:
                if isinstance(each.left, Name) and each.left.letter == letter:
                    found.update(dict.fromkeys(keys_of(each, 0, self.known)))
                    new = {part.letter for part in _names(each, 0)} - seen
                    seen |= new
                    waiting += new
        return tuple(found)

    # trying

    def values(self, settled: Settled, number: int = 0) -> Values:
        key = (number, settled.convention, tuple(sorted(settled.choices.items(), key=repr)))
        if key not in self._values:
            self._values[key] = Point(
                self.settings[number], settled, self.writing, self.defined
            ).values
        return self._values[key]

    def outcome(self, claim: Claim, settled: Settled, number: int = 0) -> Outcome:
        own = self.within(claim, settled)
        chosen = own.choices
        label = (number, claim.number, claim.place, own.convention, tuple(chosen.items()))
        if label not in self._outcomes:
            values = self.values(own, number)
            self._outcomes[label] = outcome(claim.equations, claim.place, values)
        return self._outcomes[label]

    def within(self, claim: Claim, settled: Settled) -> Settled:
        """The choices that a claim depends on."""
        chosen = {key: settled.choices[key] for key in claim.keys if key in settled.choices}
        return replace(settled, choices=chosen)

    def defines(self, claim: Claim, choices: Choices) -> bool:
        """Whether a claim is what defines a letter."""
        if not isinstance(claim.left, Name) or claim.place:
            return False
        key = ("letter", claim.left.letter)
        first = next(e for e in self.equations if e.left == claim.left)
        return choices.get(key) == DEFINED and first is claim.equations[0]

    def score(self, settled: Settled) -> tuple[float, float]:
        right = sum(
            self.outcome(claim, settled).score
            for claim in self.claims
            if not self.defines(claim, settled.choices)
        )
        return right, -sum(cost(k, v, self.known) for k, v in settled.choices.items())

    def combinations(self, claim: Claim) -> Iterator[Choices]:
        each = [self.known[key] for key in claim.keys]
        for number, combination in enumerate(product(*each)):
            if number == MOST_COMBINATIONS:
                return
            yield dict(zip(claim.keys, combination, strict=True))

    def best(self, convention: Convention) -> tuple[tuple[float, float], Settled]:
        """The choices that make most lines right: beginning with the likeliest, whatever would
        make a wrong line right is tried."""
        settled = Settled(convention, {key: each[0] for key, each in self.known.items()})
        score = self.score(settled)
        improved = True
        while improved:
            improved = False
            for claim in self.claims:
                if self.outcome(claim, settled).score == 1:
                    continue
                for choices in self.combinations(claim):
                    other = Settled(convention, {**settled.choices, **choices})
                    if self.outcome(claim, other).score <= self.outcome(claim, settled).score:
                        continue
                    found = self.score(other)
                    if found > score:
                        score, settled, improved = found, other, True
        return score, settled

    def settle(self) -> Settled:
        if self.fixed is not None:
            return self.fixed
        best: tuple[tuple[float, float], Settled] | None = None
        for convention in self.tried:
            found = self.best(convention)
            if best is None or found[0][0] > best[0][0]:
                best = found
            if best[0][0] >= len(self.claims) - sum(
                self.defines(claim, best[1].choices) for claim in self.claims
            ):
                break
        assert best is not None
        return best[1]

    # verdicts

    def judged(self) -> Judged:
        settled = self.settle()
        verdicts: list[Verdict] = []
        for claim in self.claims:
            verdict = self.verdict(claim, settled)
            if verdict.status == WRONG:
                verdict = replace(verdict, follows=self.follows(claim, verdicts, settled))
            verdicts.append(verdict)
        report = Report(self.writing, tuple(verdicts), tuple(self.words(settled)))
        points = tuple(Point(each, settled, self.writing, self.defined) for each in self.settings)
        return Judged(report, points, settled, self.derivation, self.known)

    def verdict(self, claim: Claim, settled: Settled) -> Verdict:
        if self.defines(claim, settled.choices):
            found = self.outcome(claim, settled)
            if found.error:
                return Verdict(claim.said, claim.place, UNJUDGED, why=found.error)
            return Verdict(claim.said, claim.place, RIGHT, ("This defines ", claim.left, "."))
        found = self.everywhere(claim, settled)
        if found.error:
            return Verdict(claim.said, claim.place, UNJUDGED, why=found.error)
        if found.right:
            under = tuple(self.depends(claim, settled))
            if found.note:
                under = (*under, *((" ",) if under else ()), f"Here {found.note}.")
            return Verdict(claim.said, claim.place, RIGHT_IF if under else RIGHT, under)
        if not found.ill and found.pattern:
            under = ("It holds for ", *found.pattern, " only.")
            return Verdict(claim.said, claim.place, RIGHT_IF, under)
        other = self.otherwise(claim, settled)
        if other:
            return Verdict(claim.said, claim.place, RIGHT_IF, other)
        why = f"The shapes do not fit: {found.ill}." if found.ill else ""
        return Verdict(
            claim.said, claim.place, WRONG, why=why, example=self.example(claim, settled)
        )

    def everywhere(self, claim: Claim, settled: Settled) -> Outcome:
        """The outcome at all points; where the first one says that it is wrong at each step, that
        is enough."""
        found = [self.outcome(claim, settled)]
        if found[0].score:
            found += [self.outcome(claim, settled, n) for n in range(1, len(self.settings))]
        return total(found)

    def depends(self, claim: Claim, settled: Settled) -> Iterator[str | Formula]:
        """Which choices a right line needs: what fails under another one."""
        first = True
        for key in claim.keys:
            if key[0] not in ("∂", "range"):
                continue
            if settled.choices[key] == TOTAL and key[2] not in self.derivation.parameters:
                continue  # what ∂ means where nothing else is said
            wrong = [
                option
                for option in self.known[key]
                if option != settled.choices[key]
                and self.outcome(claim, self.with_choice(settled, key, option)).score < 1
            ]
            if wrong:
                yield "" if first else " "
                yield from self.explained(claim, key, settled.choices[key], wrong)
                first = False

    def explained(
        self, claim: Claim, key: Key, chosen: object, wrong: Sequence[object]
    ) -> Iterator[str | Formula]:
        if key[0] == "range":
            low, high = chosen  # type: ignore[misc]
            yield from ("It holds if the sum over ", Name(key[1]), " runs from ", *_step(low))
            yield from (" to ", *_step(high), ".")
            return
        member = next(p for p in _parts(claim) if reading_key(p) == key)
        yield "It holds if "
        yield from reading_words(key, chosen, member)
        others = [reading_words(key, each, member)[1] for each in wrong]
        yield f"; it fails if it{str(others[0]).replace(' is', ' is', 1)}."

    def with_choice(self, settled: Settled, key: Key, option: object) -> Settled:
        return replace(settled, choices={**settled.choices, key: option})

    def otherwise(self, claim: Claim, settled: Settled) -> Words:
        """Under which other reading of a parameter's derivative a line would be right, though
        other lines need this one."""
        parameters = set(self.derivation.parameters)
        keys = [key for key in claim.keys if key[0] == "∂" and key[2] in parameters]
        for choices in product(*(self.known[key] for key in keys)):
            changed = dict(zip(keys, choices, strict=True))
            other = replace(settled, choices={**settled.choices, **changed})
            if self.everywhere(claim, other).right:
                words: list[str | Formula] = ["It holds if "]
                for key, option in changed.items():
                    if option != settled.choices[key]:
                        member = next(p for p in _parts(claim) if reading_key(p) == key)
                        words += reading_words(key, option, member)
                return (*words, "; other lines need another reading of it.")
        return ()

    def follows(
        self, claim: Claim, before: Sequence[Verdict], settled: Settled
    ) -> bool | None:
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
        values = replace(self.values(settled), taken=tuple(equations))
        for other in reversed(mine):
            found = outcome([Equation(other, (claim.right,))], 0, values)
            if found.right:
                return True
        return False if same else None

    def example(self, claim: Claim, settled: Settled) -> Example | None:
        """Numbers for which both sides differ."""
        values = self.values(self.within(claim, settled))
        for equation in claim.equations:
            for at in indices(equation, claim.place, values.steps):
                try:
                    left, right = values(equation.left, at), values(equation.rights[claim.place], at)
                except FAILURES:
                    continue
                if left.shape != right.shape or not close(left, right):
                    return Example(example(at, values), left.tolist(), right.tolist())
        return None

    def words(self, settled: Settled) -> Iterator[str | Formula]:
        """The conventions in words."""
        parts: list[str | Formula] = []
        if self.derivation.scalar:
            parts.append("Only the scalar form was judged, in which every width is 1. ")
        told = said(settled.convention, self.tried)
        if told:
            parts += ["Taken as written: ", *told, ". "]
        for key, option in settled.choices.items():
            if key[0] == "letter" and isinstance(option, int):
                meaning = self.writing.meanings[key[1]][option]
                parts += [Name(key[1], Ref("", "t")), " is ", meaning, ". "]
            if key[0] == "order" and option:
                parts.append("The factors of a ∏ stand with the last step first. ")
        yield from parts


def _names(equation: Equation, place: int) -> Iterator[Name]:
    for side in (equation.left, equation.rights[place]):
        yield from (part for part in walk(side) if isinstance(part, Name))


def _parts(claim: Claim) -> Iterator[Total | Immediate]:
    for side in (claim.left, claim.right):
        yield from (part for part in walk(side) if isinstance(part, Total | Immediate))


def _step(ref: Ref) -> Words:
    if ref.base == "1":
        return (str(1 + ref.shift),)
    shift = f" - {-ref.shift}" if ref.shift < 0 else f" + {ref.shift}" if ref.shift else ""
    return (Name(ref.base), shift) if shift else (Name(ref.base),)
