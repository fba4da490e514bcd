"""Widths that are not known yet, made equal: sums of unknowns and a number.

A rigid unknown is a name that the text declares: two different ones never become one. Everything
that binds an unknown remembers the statement that did, so that a contradiction can be explained.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from symrnn.errors import WidthError
from symrnn.language.printer import show_declaration, show_definition
from symrnn.language.tree import Declaration, Definition, Expr, Place, Source

Statement = Definition | Declaration


@dataclass(eq=False)
class Unknown:
    """A width to be found. It has a name from the start where it is rigid."""

    name: str | None = None
    bound: "OpenWidth | None" = None
    because: Statement | None = None


@dataclass
class OpenWidth:
    parts: list[Unknown] = field(default_factory=list)
    number: int = 0


ONE = OpenWidth(number=1)


def unknown() -> OpenWidth:
    return OpenWidth([Unknown()])


MAX_PARTS = 1000
MAX_REASONS = 6


def flat(width: OpenWidth) -> tuple[list[Unknown], int]:
    """The unknowns that are still open in a width, and its number."""
    parts: list[Unknown] = []
    number = width.number
    waiting = width.parts[::-1]
    while waiting:
        part = waiting.pop()
        if part.bound is None:
            parts.append(part)
        else:
            number += part.bound.number
            waiting += part.bound.parts[::-1]
        if len(waiting) + len(parts) > MAX_PARTS:
            raise WidthError(f"a width of more than {MAX_PARTS} parts; join fewer rows by concat")
    return parts, number


def is_one(width: OpenWidth) -> bool:
    return flat(width) == ([], 1)


class Unifier:
    def __init__(self, source: Source | None) -> None:
        self.source = source
        self.because: Statement | None = None
        """The statement that is being read."""
        self.deferred: list[tuple[OpenWidth, OpenWidth, Statement | None]] = []
        self.at: Place | None = None
        """The expression in it that is being read."""
        self.descriptions: dict[Unknown, str] = {}
        """What to call an open width in a message."""

    @contextmanager
    def reading(self, expr: Expr) -> Iterator[None]:
        """Whatever goes wrong meanwhile is marked at this expression, or at a part of it."""
        before, self.at = self.at, expr.place or self.at
        yield
        self.at = before

    def unify(self, one: OpenWidth, other: OpenWidth) -> None:
        """Make two widths equal, or remember them for later, or fail."""
        if not self._decide(one, other):
            self.deferred.append((one, other, self.because))

    def _decide(self, one: OpenWidth, other: OpenWidth) -> bool:
        (left, m), (right, n) = flat(one), flat(other)
        both = len(left) + len(right)
        for part in list(left):
            if part in right:
                left.remove(part)
                right.remove(part)
        apart = len(left) + len(right) == both
        sides = ((left, m, right, n, other), (right, n, left, m, one))
        for side, number, rest, more, whole in sides:
            if len(side) == 1 and side[0].name is None and more >= number:
                if side[0] in rest or not (rest or more > number):
                    self._contradiction(one, other)
                # the width as it stands, where that says the same, remembers where it comes from
                side[0].bound = whole if apart and not number else OpenWidth(rest, more - number)
                side[0].because = self.because
                return True
        if not left and not right and m == n:
            return True
        rigid = all(part.name for part in left + right)
        if rigid or (not left and n >= m) or (not right and m >= n):
            self._contradiction(one, other)
        return False

    def finish(self) -> None:
        """Decide what could not be decided at first; fail if something stays open."""
        while self.deferred:
            waiting, self.deferred = self.deferred, []
            for one, other, because in waiting:
                self.because, self.at = because, None
                self.unify(one, other)
            if len(self.deferred) == len(waiting):
                one, other, self.because = self.deferred[0]
                self.fail(
                    f"the widths {self.text(one)} and {self.text(other)} are equal, but neither"
                    " follows; declare one, as h: 64"
                )

    # messages

    def fail(self, message: str) -> NoReturn:
        if self.source is None or self.because is None:
            raise WidthError(message)
        raise WidthError(self.source.mark(self.at or self.because.place, message))

    def _contradiction(self, one: OpenWidth, other: OpenWidth) -> NoReturn:
        reasons: list[str] = []
        seen = [self.because]
        for width in (one, other):
            for statement in _reasons(width):
                if statement not in seen:
                    seen.append(statement)
                    reasons.append(f"\n  {self.text(width)} comes from {quote(statement)}")
        message = f"a contradiction of widths: {self.text(one)} here meets {self.text(other)}"
        try:
            self.fail(message)
        except WidthError as error:
            raise WidthError(str(error) + "".join(reasons)) from None

    def text(self, width: OpenWidth) -> str:
        parts, number = flat(width)
        said = [part.name or self.descriptions.get(part, "an open width") for part in parts]
        return " + ".join(said + [str(number)] * bool(number or not said))


def _reasons(width: OpenWidth) -> list[Statement]:
    """The statements that gave a width its value, the nearest first, and no more than a few."""
    found: list[Statement] = []
    waiting = list(width.parts)
    while waiting and len(found) < MAX_REASONS:
        part = waiting.pop(0)
        if part.bound is not None:
            waiting += part.bound.parts
            if part.because is not None:
                found.append(part.because)
    return found


def quote(statement: Statement) -> str:
    if isinstance(statement, Definition):
        said = show_definition(statement)
    else:
        said = show_declaration(statement)
    return f"`{said}`" + (f", line {statement.place.line}" if statement.place else "")
