"""What people wrote, as data: lines, what they say, and what is found of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from symrnn.derive.formula import Equation, Formula, Words
from symrnn.derive.pieces import Path
from symrnn.language.tree import Ref

Span = tuple[int, int]
"""From which character of a line to which."""

Spans = Mapping[Path, Span]
"""Where the pieces of a formula stand in its line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of mathematics as it was written, without what sets it in a display."""

    text: str
    number: int = 1
    """Its line in the file, counted from 1."""

    file: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says: left = right = …, at all steps for which it is said.

    A line that begins with its sign, `= …`, goes on from the one before it: its left side is the
    last right side there, and what it says is `left = rights[0]` with the left side of that line.
    """

    line: Line
    equation: Equation
    left_spans: Spans = field(default_factory=dict)
    right_spans: tuple[Spans, ...] = ()
    goes_on: bool = False
    """Whether it continues the line before it, whose left side it has."""
    others: "tuple[Said, ...]" = ()
    """The line with its ∏ ending elsewhere, where that is left open."""
    reach: str = ""
    """Of these: where."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that could not be read."""

    line: Line
    message: str
    """What is wrong, where, and what to write."""

    span: Span


Meanings = Mapping[str, tuple[Formula, ...]]
"""What a letter of the writer's own may stand for at step t, the likeliest first: δ_t may be
∂L/∂a_t, ∂L/∂h_t, and either with a minus."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What one person wrote: a file, an argument."""

    lines: tuple[Said | Unread, ...]
    meanings: Meanings = field(default_factory=dict)
    name: str = ""


RIGHT, RIGHT_IF, WRONG, UNJUDGED = "right", "right if", "wrong", "cannot judge"

KINDS = (
    "missing factor",
    "extra factor",
    "missing term",
    "extra term",
    "sign",
    "transpose or order",
    "time index",
    "wrong operand",
    "wrong derivative",
    "immediate for total",
    "plus for product",
    "ill-shaped",
    "compound",
)
"""What can be wrong with a term."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a right side goes wrong, and what belongs there."""

    kind: str
    path: Path
    """Of the piece in the right side that is wrong; of the product or sum, where one is missing."""

    says: Words
    term: int | None = None
    """In which term of the sum, counted from 1."""

    step: Ref | None = None
    """The time step of that term."""

    corrected: Formula | None = None
    """The whole right side as it should read."""


@dataclass(frozen=True, slots=True)
class Example:
    """Numbers for which both sides differ."""

    values: Mapping[str, object]
    left: object
    right: object


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found of one right side of a line."""

    said: Said
    place: int
    """Which of its right sides."""

    status: str
    under: Words = ()
    """Under which reading or convention it is right, and that it fails under the other."""

    follows: bool | None = None
    """Whether it is equal to what stands before it, where that is wrong already."""

    why: str = ""
    """Why it could not be judged."""

    fault: Fault | None = None
    example: Example | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is found of one writing."""

    writing: Writing
    verdicts: tuple[Verdict, ...]
    conventions: Words = ()
    """Under which conventions it was judged, in words."""
