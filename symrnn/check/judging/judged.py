"""What is found of a document, for whoever goes on from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from symrnn.check.claims import Report, Said, Writing
from symrnn.check.judging.choices import Options
from symrnn.check.judging.conventions import Convention
from symrnn.check.judging.outcome import FAILURES, agree, indices, members
from symrnn.check.judging.points import Setting
from symrnn.check.judging.truth import TOTAL
from symrnn.check.judging.values import Choices, Key, Values, reading_key
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Immediate, Total
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import walk
from symrnn.language.arrays import Array


@dataclass(frozen=True)
class Settled:
    """What is taken to be meant in a document."""

    convention: Convention = field(default_factory=Convention)
    choices: Choices = field(default_factory=dict)
    single: str = ""
    """A dimension that is 1: the output is one number."""


@dataclass(frozen=True)
class Claim:
    """One right side of a line, for each member of an index."""

    number: int
    """Of its line among those that could be read."""
    said: Said
    place: int
    equations: tuple[Equation, ...]
    keys: tuple[Key, ...] = ()
    """The choices that it depends on."""

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
    """The verdicts, and the points at which formulas were tried."""

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
        """How each derivative of a line is read."""
        found = {}
        for side in (said.equation.left, *said.equation.rights):
            for part in walk(side):
                if isinstance(part, Total | Immediate):
                    key = reading_key(part)
                    found[key] = str(self.settled.choices.get(key, TOTAL))
        return found
