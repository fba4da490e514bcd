"""Printed formulas before they are lines: atoms, chains of operands, brackets.

A chain may be broken before each of its operators. What does not fit is broken at the outermost
chain first; a bracket that has to be broken inside gets delimiters that stand on two lines.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Atom:
    """Text that is never broken, how wide it looks, and whether it is taller than a line."""

    text: str
    width: float
    tall: bool = False
    broken: str | None = None
    """What an operator looks like where a line begins with it, if it looks different there."""

    ends: bool = False
    """Whether a line ends with it, as with a comma."""


@dataclass(frozen=True, slots=True)
class Row:
    """Operands with an operator before each but the first."""

    first: "Doc"
    rest: tuple[tuple[Atom, "Doc"], ...]
    fill: bool = True
    """Whether a line takes as many operands as fit; else each has a line of its own."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Something in brackets, and what hangs on the closing one."""

    left: str
    right: str
    body: "Doc"
    suffix: Atom = Atom("", 0)


@dataclass(frozen=True, slots=True)
class Before:
    """A prefix that stays with what follows it: a sign, Σ."""

    prefix: Atom
    body: "Doc"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something in one piece, such as a fraction, and a form of it that can be broken."""

    short: Atom
    long: "Doc"


Doc = Atom | Row | Fence | Before | Choice


class Brackets(Protocol):
    """How a format writes brackets: around one line, and around several; and how wide each is."""

    def width(self, tall: bool) -> float: ...

    def flat(self, left: str, right: str, body: str, tall: bool) -> str: ...
    def open(self, left: str, tall: bool) -> str: ...
    def close(self, right: str, tall: bool) -> str: ...


def width(doc: Doc, on: Brackets) -> float:
    match doc:
        case Atom(width=own):
            return own
        case Row(first=first, rest=rest):
            return width(first, on) + sum(op.width + width(item, on) for op, item in rest)
        case Fence(body=body, suffix=suffix):
            return width(body, on) + 2 * on.width(tall(body)) + suffix.width
        case Before(prefix=prefix, body=body):
            return prefix.width + width(body, on)
        case Choice(short=short):
            return short.width


def tall(doc: Doc) -> bool:
    match doc:
        case Atom(tall=own):
            return own
        case Row(first=first, rest=rest):
            return tall(first) or any(tall(item) for _, item in rest)
        case Fence(body=body):
            return tall(body)
        case Before(prefix=prefix, body=body):
            return prefix.tall or tall(body)
        case Choice(short=short):
            return short.tall


def flat(doc: Doc, brackets: Brackets) -> str:
    """Everything in one line."""
    match doc:
        case Atom(text=text):
            return text
        case Row(first=first, rest=rest):
            return flat(first, brackets) + "".join(
                op.text + flat(item, brackets) for op, item in rest
            )
        case Fence(left=left, right=right, body=body, suffix=suffix):
            inside = flat(body, brackets)
            return brackets.flat(left, right, inside, tall(body)) + suffix.text
        case Before(prefix=prefix, body=body):
            return prefix.text + flat(body, brackets)
        case Choice(short=short):
            return short.text


Line = tuple[str, float]
"""A line of a formula, and how wide it is."""


def lines(doc: Doc, on: Brackets, first: float, room: float) -> list[Line]:
    """The formula in lines: `first` is the room on the first of them, `room` that on the others."""
    forced = isinstance(doc, Row) and not doc.fill and bool(doc.rest)
    own = width(doc, on)
    if (own <= first and not forced) or isinstance(doc, Atom):
        return [(flat(doc, on), own)]
    match doc:
        case Before(prefix=prefix, body=body):
            inner = lines(body, on, first - prefix.width, room)
            return [(prefix.text + inner[0][0], prefix.width + inner[0][1]), *inner[1:]]
        case Fence(left=left, right=right, body=body, suffix=suffix):
            high = tall(body)
            wide = on.width(high)
            after = wide + suffix.width
            inside = first - wide
            if width(body, on) <= inside:  # it would fit but for what closes it
                inside -= after
            inner = lines(body, on, inside, room - after)
            if len(inner) == 1:
                return [(flat(doc, on), own)]
            opened = (on.open(left, high) + inner[0][0], inner[0][1] + wide)
            end, length = inner[-1]
            closed = (end + on.close(right, high) + suffix.text, length + wide + suffix.width)
            return [opened, *inner[1:-1], closed]
        case Choice(long=long):
            return lines(long, on, first, room)
        case Row():
            return _broken(doc, on, first, room)


def _broken(row: Row, on: Brackets, first: float, room: float) -> list[Line]:
    done = lines(row.first, on, first, room)
    limit = first if len(done) == 1 else room
    for op, item in row.rest:
        text, used = done[-1]
        own, left = width(item, on), limit - used - op.width
        if row.fill and own <= left:
            done[-1] = (text + op.text + flat(item, on), used + op.width + own)
            continue
        if op.broken is not None and own > room - op.width and left > room / 4:
            inner = lines(item, on, left, room)  # rather within the brackets than before them
            done[-1] = (text + op.text + inner[0][0], used + op.width + inner[0][1])
        elif op.ends:
            done[-1] = (text + op.text.rstrip(), used + op.width)
            inner = lines(item, on, room, room)
            done.append(inner[0])
        else:
            # a gap that becomes a dot is wider there
            wide = op.width if op.broken is None else max(op.width, 2)
            inner = lines(item, on, room - wide, room)
            sign = (op.broken if op.broken is not None else op.text).lstrip()
            done.append((sign + inner[0][0], wide + inner[0][1]))
        done += inner[1:]
        limit = room
    return done
