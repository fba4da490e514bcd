"""Values, and where statements are written.

A value is what can be read, or a statement that lacks the place for its result.
"""

from dataclasses import dataclass, field

from symrnn.kernels.program.program import Argument, At, Now, Plain, Slice, Span, Steps, When
from symrnn.language.tree import Width


@dataclass(frozen=True)
class Extent:
    """What a value runs over: features, sequences, steps."""

    shape: tuple[Width, ...]
    rows: bool
    timed: bool


@dataclass(frozen=True)
class Open:
    """A statement that lacks the place for its result."""

    statement: Plain
    extent: Extent
    label: str
    """A name for the result, if it needs one of its own."""


Value = Argument | Open

NO_PLACE = Slice(())


def is_timed(what: Slice) -> bool:
    """Whether there is one of it for each step."""
    return isinstance(what.when, Now | Span)


@dataclass
class Scan:
    """A loop as it comes to be."""

    number: int
    members: frozenset[str]
    """The variables that it works out."""
    body: list[Plain] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """Where statements are written: once, at one step, for a span of steps, or in a loop."""

    here: When | None = None
    """What t is."""
    steps: Steps | None = None
    """The steps for which a statement is written, in a loop or for all of them at once."""
    scan: Scan | None = None


ONCE = Scope()


def at(steps: Steps) -> Scope:
    """One step, or many at once."""
    first, last = steps
    return Scope(At(first)) if first == last else Scope(Span(first, last), steps)


def key(value: Open, scope: Scope) -> object:
    """What tells equal values by: what is worked out at the steps of a loop is its own."""
    loop = scope.scan.number if scope.scan and value.extent.timed else 0
    return (loop, value.extent.shape, value.statement)
