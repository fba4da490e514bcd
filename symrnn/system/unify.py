"""X"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from symrnn.errors import WidthError
from symrnn.language.printer import show_declaration, show_definition
from symrnn.language.tree import Declaration, Definition, Expr, Place, Ref, Source, Written, walk
from symrnn.system import names
from symrnn.system.symbols import Symbols

Statement = Definition | Declaration


@dataclass(eq=False)
class Unknown:
    """A width to be found. It has a name from the start where it is rigid."""

    name: str | None = None
    bound: "Sum | None" = None
    because: Statement | None = None


@dataclass
class Sum:
    parts: list[Unknown] = field(default_factory=list)
    number: int = 0


ONE = Sum(number=1)


def unknown() -> Sum:
    return Sum([Unknown()])


MAX_PARTS = 1000
MAX_REASONS = 6


def flat(width: Sum) -> tuple[list[Unknown], int]:
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


def is_one(width: Sum) -> bool:
    return flat(width) == ([], 1)


class Unifier:
    def __init__(self, source: Source | None) -> None:
        self.source = source
        self.because: Statement | None = None
        """The statement that is being read."""
        self.deferred: list[tuple[Sum, Sum, Statement | None]] = []
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

    def unify(self, one: Sum, other: Sum) -> None:
        """Make two widths equal, or remember them for later, or fail."""
        if not self._decide(one, other):
            self.deferred.append((one, other, self.because))

    def _decide(self, one: Sum, other: Sum) -> bool:
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
                side[0].bound = whole if apart and not number else Sum(rest, more - number)
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

    def _contradiction(self, one: Sum, other: Sum) -> NoReturn:
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

    def text(self, width: Sum) -> str:
        parts, number = flat(width)
        said = [part.name or self.descriptions.get(part, "an open width") for part in parts]
        return " + ".join(said + [str(number)] * bool(number or not said))


def _reasons(width: Sum) -> list[Statement]:
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


def name_open_widths(
    written: Written, symbols: Symbols, shapes: Mapping[str, tuple[Sum, ...]], taken: set[str]
) -> None:
    """Give a name to each open width that an input, a target or a variable has."""
    for letter, group in _groups(written, symbols):
        first = True
        for name in group:
            parts, number = flat(shapes[name][0])
            if len(parts) != 1 or number:
                continue
            known = parts[0].name is not None
            if not known:
                parts[0].name = names.free(letter if first else f"{letter}_{name}", taken)
                taken.add(parts[0].name)
            # a state that is as wide as the target leaves the H to the next one
            first = first and known and letter == "H"


def _groups(written: Written, symbols: Symbols) -> Iterator[tuple[str, list[str]]]:
    """Inputs with x first, targets, and variables with the states first."""
    lagged = {
        node.name
        for definition in written.definitions
        for node in walk(definition.body)
        if isinstance(node, Ref) and node.base == "t" and node.shift
    }
    for letter, role in (("D", "input"), ("C", "target"), ("H", "variable"), ("H", "adjoint")):
        group = [symbol.name for symbol in symbols.values() if symbol.role == role]
        group.sort(key=lambda name: (name != "x", name not in lagged))
        yield letter, group
