"""From the lines of a document to what they say: sides, conditions, the writer's own letters."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.check.claims import Line, Said, Unread, Writing
from symrnn.check.reading.expression import Expression
from symrnn.check.reading.known import Known, signature, with_symbol
from symrnn.check.reading.letters import did_you_mean
from symrnn.check.reading.meanings import meanings_of, without_beginning
from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Sign,
    Styled,
    Table,
    Unclear,
    base_of,
    over,
    text_of,
)
from symrnn.check.reading.pieces import SOME, Measure, spans
from symrnn.check.reading.rows import Row, rows_of, too_deep, without_end
from symrnn.check.reading.symbols import Key, apart, canon, look_up, own_letter, split
from symrnn.check.reading.where import Where, where, with_member
from symrnn.derive.formula import Equation, Marked, Name
from symrnn.derive.pieces import at_path
from symrnn.language.tree import NARROW, Add, Ref

WEIGHTS = ("W", "w", r"\theta", r"\Theta", r"\omega")
"""Letters for each weight in turn, where they are updated and no others."""


def read(lines: Sequence[Line], known: Known, name: str = "") -> Writing:
    """What a document says of a model: each line as equations, or why it could not be read."""
    rows = [row for line in lines for row in rows_of(line, known.words)]
    own = frozenset(letter for row in rows if isinstance(row, Row) for letter in _own(row, known))
    for row in rows:
        if isinstance(row, Row):
            known = _with_inside(row, known, own)
    found: list[Said | Unread] = []
    for row in rows:
        if isinstance(row, Unread):
            found.append(row)
            continue
        try:
            found += list(_said(row, known, own, found))
        except Unclear as error:
            if not row.aside:
                found.append(Unread(row.line, error.message, error.span))
        except RecursionError:
            found.append(too_deep(row.line))
    found = _with_steps(found)
    said = [each for each in found if isinstance(each, Said)]
    meanings = meanings_of(known, said)
    unknown = without_beginning(meanings, said)
    if unknown:
        found = [_with_known(each, known, unknown) for each in found]
    return Writing(tuple(found), meanings, name)


def _with_known(each: Said | Unread, known: Known, unknown: list[str]) -> Said | Unread:
    """A line, or that it is about a letter of which nobody says what it is."""
    if isinstance(each, Unread):
        return each
    sides = each.equation.left, *each.equation.rights
    for side, places in zip(sides, (each.left_spans, *each.right_spans), strict=False):
        for path, span in places.items():
            piece = at_path(side, path)
            if isinstance(piece, Name) and piece.letter in unknown:
                states = known.carried
                first = len(states) == 1 and piece.letter == unknown[0]
                meant = did_you_mean(piece.letter, states[0]) if first else ""
                said = f"{piece.letter} is not known, and defined by itself{meant}"
                return Unread(each.line, said, span)
    return each


def _with_steps(found: Sequence[Said | Unread]) -> list[Said | Unread]:
    """For which steps a chain of equations holds is said behind the last of them."""
    kept: list[Said | Unread] = []
    behind: Equation | None = None
    for each in reversed(found):
        if isinstance(each, Said):
            own = each.equation
            if behind is not None and not own.steps and not own.but:
                own = replace(own, steps=behind.steps, but=behind.but)
                each = replace(each, equation=own)
            behind = own if each.goes_on else None
        kept.append(each)
    return kept[::-1]


# letters of the writer's own


def _own(row: Row, known: Known) -> Iterator[str]:
    """The letters that a line defines: one that stands alone on its left, or what a function is
    applied to there."""
    left = row.sides[0]
    candidates: list[Node] = []
    if len(left) == 1:
        candidates.append(left[0])
    elif len(left) == 2 and isinstance(left[1], Fence):
        base = base_of(left[0])
        if isinstance(base, Sign | Styled) and canon((base,)) in known.functions:
            candidates += [part[0] for part in split(left[1].items) if len(part) == 1]
    for node in candidates if not row.goes_on else ():
        is_letter = isinstance(base_of(node), Sign | Styled) and text_of(node) != "#"
        if is_letter and next(look_up(known.symbols, node), None) is None:
            yield own_letter(known.symbols, node)[0]


def _with_inside(row: Row, known: Known, own: frozenset[str]) -> Known:
    """The writer's letter for what goes into a function: z_t = W x_t + U h_{t-1} + b is a_t."""
    left = row.sides[0]
    if row.goes_on or len(left) != 1 or next(look_up(known.symbols, left[0]), None):
        return known
    try:
        _, at, rest = own_letter(known.symbols, left[0])
        formula = Expression(known, own, row.sides[1], over(row.sides[1])).whole().formula
    except (Unclear, RecursionError):
        return known
    name = known.inside.get(signature(formula)) if isinstance(formula, Add) else None
    if name is None or rest or at.base not in ("", "t") or at.shift:
        return known
    base, subs, sups = apart(left[0])
    if at.base and canon(subs[-1] if subs else ()) == "t":
        subs = subs[:-1]
    elif at.base:
        sups = sups[:-1]
    key: Key = canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))
    return with_symbol(known, key, name, bool(at.base))


# what a row says


def _said(
    row: Row, known: Known, own: frozenset[str], before: Sequence[Said | Unread]
) -> Iterator[Said]:
    """The equations of a row: one for each member of a family, each case, each weight."""
    generic = _generic(row, known)
    if generic is not None:
        for name in known.parameters:
            yield from _said(row, with_symbol(known, generic, name, False), own, before)
        return
    at = where(row.conditions)
    for member in at.members or ({},):
        sides = tuple(with_member(side, member) for side in row.sides)
        for chosen, here in _cases(sides, at):
            yield _equation(replace(row, sides=chosen), here, known, own, before)


def _generic(row: Row, known: Known) -> Key | None:
    """The letter that stands for each weight in turn, in W_new = W_old - η ∂L/∂W."""
    left = row.sides[0]
    if row.goes_on or len(left) != 1 or next(look_up(known.symbols, left[0]), None) is not None:
        return None
    base, subs, sups = apart(left[0])
    letter, marks = canon((base,)), [canon(part) for part in (*subs, *sups)]
    updates = marks == ["new"] or (row.updates and not marks)
    return (letter, (), ()) if updates and letter in WEIGHTS else None


def _cases(sides: tuple[Items, ...], at: Where) -> Iterator[tuple[tuple[Items, ...], Where]]:
    """The sides with each case in turn, and for which steps it is said."""
    last = sides[-1]
    if len(last) != 1 or not isinstance(last[0], Table) or last[0].kind != "cases":
        yield sides, at
        return
    for value, *condition in last[0].rows:
        found = where(condition[0]) if condition else at
        yield (*sides[:-1], without_end(value)), found


def _equation(
    row: Row, at: Where, known: Known, own: frozenset[str], before: Sequence[Said | Unread]
) -> Said:
    pieces = [Expression(known, own, side, over(side)).whole() for side in row.sides]
    if row.goes_on:
        last = before[-1] if before else None
        if not isinstance(last, Said):
            raise Unclear("the line that this goes on from is not read", (0, 1))
        left, left_spans, left_entry = last.equation.left, {}, ""
        steps, but = at.steps or last.equation.steps, at.but or last.equation.but
    else:
        left, left_spans, left_entry = pieces[0].formula, spans(pieces[0]), pieces[0].entry
        pieces, steps, but = pieces[1:], at.steps, at.but
        if row.updates and isinstance(left, Ref) and left.name in known.parameters:
            left = Marked(left, "new")
    entry = next((p for p in pieces if p.entry and not left_entry), None)
    if entry is not None and not row.goes_on:
        raise Unclear("an entry of a vector is no whole vector", entry.span)
    measure = Measure(known)
    rows, columns = measure.shape(left)
    width = rows if rows == columns != NARROW else SOME
    rights = [measure.settled(piece, width) for piece in pieces]
    equation = Equation(left, tuple(right.formula for right in rights), steps, but)
    return Said(row.line, equation, left_spans, tuple(map(spans, rights)), row.goes_on)
