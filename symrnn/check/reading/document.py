"""From the lines of a document to what they say: sides, conditions, the writer's own letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.check.claims import Line, Meanings, Said, Unread, Writing
from symrnn.check.reading.expression import Expression
from symrnn.check.reading.meanings import meanings_of
from symrnn.check.reading.pieces import Piece, spans
from symrnn.check.reading.symbols import (
    Entry,
    Key,
    Known,
    apart,
    canon,
    look_up,
    own_letter,
    split,
)
from symrnn.check.reading.tex import (
    Fence,
    Items,
    Node,
    Scripts,
    Sign,
    Styled,
    Table,
    Text,
    Unclear,
    structure,
)
from symrnn.check.reading.where import Where, is_condition, where, with_member
from symrnn.derive.formula import Equation, Formula, Marked
from symrnn.language.tree import Ref

LONGEST = 100_000
EQUAL = ("=", "approx", "gets")


@dataclass(frozen=True, slots=True)
class Row:
    """A claim before its sides are formulas."""

    line: Line
    sides: tuple[Items, ...]
    conditions: Items = ()
    goes_on: bool = False
    updates: bool = False
    """Whether it says what becomes of its left side: w ← w - η ∂L/∂w."""


def read(lines: Sequence[Line], known: Known, name: str = "") -> Writing:
    """What a document says of a model: each line as an equation, or why it could not be read."""
    rows: list[Row | Unread] = []
    for line in lines:
        rows += _rows(line, known)
    own = frozenset(letter for row in rows if isinstance(row, Row) for letter in _own(row, known))
    found: list[Said | Unread] = []
    for row in rows:
        if isinstance(row, Unread):
            found.append(row)
            continue
        try:
            found += _said(row, known, own, found)
        except Unclear as error:
            found.append(Unread(row.line, error.message, error.span))
        except RecursionError:
            found.append(Unread(row.line, "this is nested too deep", (0, len(row.line.text))))
    found = _with_steps(found)
    meanings: Meanings = meanings_of(known, [f for f in found if isinstance(f, Said)])
    return Writing(tuple(found), meanings, name)


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


def _rows(line: Line, known: Known) -> Iterator[Row | Unread]:
    """The claims of a line; several where commas part equations."""
    if len(line.text) > LONGEST:
        yield Unread(line, f"a line has at most {LONGEST:,} characters", (0, 1))
        return
    try:
        items = structure(line.text, known.words)
        if not items:
            raise Unclear("nothing stands here", (0, len(line.text)))
        yield from _claims(line, items)
    except Unclear as error:
        yield Unread(line, error.message, error.span)
    except RecursionError:
        yield Unread(line, "this is nested too deep", (0, len(line.text)))


def _claims(line: Line, items: Items) -> Iterator[Row]:
    while items and isinstance(items[-1], Sign) and items[-1].text in (",", ".", ";", ":"):
        items = items[:-1]
    items = tuple(_unwrapped(items))
    main, conditions = _apart(items)
    for place, part in enumerate(main):
        marks = [i for i, n in enumerate(part) if isinstance(n, Sign) and n.text in EQUAL]
        other = next((n for n in part if isinstance(n, Sign) and n.text in OTHERS), None)
        if not marks:
            if other is not None:
                raise Unclear("only equations can be judged", other.span)
            raise Unclear("this says no equation: it has no =", (0, len(line.text)))
        cuts = [-1, *marks, len(part)]
        sides = [part[a + 1 : b] for a, b in zip(cuts, cuts[1:], strict=False)]
        goes_on = not sides[0]
        if goes_on:
            sides = sides[1:]
        if not all(sides):
            raise Unclear("nothing stands beside this =", part[marks[-1]].span)
        last = place == len(main) - 1
        gets = any(isinstance(part[i], Sign) and part[i].text == "gets" for i in marks)
        yield Row(line, tuple(sides), conditions if last else (), goes_on, gets)


OTHERS = ("leq", "geq", "<", ">", "neq", "sim", "to", "propto", "Rightarrow", "in", "ll", "gg")


def _unwrapped(items: Items) -> Iterator[Node]:
    """Equations in a group or beside a := stand in the line itself."""
    skip = False
    for place, node in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        if skip:
            skip = False
            continue
        if isinstance(node, Sign) and node.text == ":" and isinstance(following, Sign):
            if following.text == "=":
                skip = True
                yield following
                continue
        if isinstance(node, Fence) and node.left == "{" and _has_equal(node.items):
            yield from _unwrapped(node.items)
            continue
        yield node


def _has_equal(items: Items) -> bool:
    return any(isinstance(n, Sign) and n.text in EQUAL for n in items)


def _apart(items: Items) -> tuple[list[Items], Items]:
    """Equations between commas, and the conditions behind them."""
    parts = split(items)
    main: list[Items] = []
    for place, part in enumerate(parts):
        text = next((i for i, n in enumerate(part) if isinstance(n, Text)), None)
        if main and is_condition(part):
            rest = [(*p, Sign(",", p[0].span)) for p in parts[place:] if p]
            return main, tuple(n for p in rest for n in p)
        if text is not None and _has_equal(part[:text]):
            main.append(part[:text])
            rest = [part[text:], *parts[place + 1 :]]
            joined = [(*p, Sign(",", p[0].span)) for p in rest if p]
            return main, tuple(n for p in joined for n in p)
        if part:
            main.append(part)
    return main, ()


def _own(row: Row, known: Known) -> Iterator[str]:
    """The letters that a line defines: one that stands alone on its left, or what a function is
    applied to there."""
    left = row.sides[0]
    if row.goes_on:
        return
    if len(left) == 1 and isinstance(left[0], Sign | Scripts | Styled):
        node = left[0]
        if next(look_up(known, node), None) is None and not isinstance(getattr(node, "base", node), Fence | Table):
            yield own_letter(known, node)[0]
    if len(left) == 2 and isinstance(left[1], Fence) and left[1].left == "(":
        base = left[0].base if isinstance(left[0], Scripts) else left[0]
        if canon((base,)) in known.functions:
            for part in split(left[1].items):
                if len(part) == 1 and next(look_up(known, part[0]), None) is None:
                    yield own_letter(known, part[0])[0]


def _said(
    row: Row, known: Known, own: frozenset[str], before: Sequence[Said | Unread]
) -> Iterator[Said]:
    """The equations of a row: one for each member of a family, and for each case."""
    generic = _generic(row, known)
    if generic is not None:
        for name in known.parameters():
            entry = {(generic, False): Entry(name, False)}
            yield from _said(row, replace(known, symbols={**known.symbols, **entry}), own, before)
        return
    at = where(row.conditions) if row.conditions else Where()
    for member in at.members or ({},):
        sides = tuple(with_member(side, member) if member else side for side in row.sides)
        for chosen, here in _cases(sides, at):
            yield _equation(replace(row, sides=chosen), here, known, own, before)


def _generic(row: Row, known: Known) -> Key | None:
    """The letter that stands for each weight in turn, in W_new = W_old - η ∂L/∂W."""
    left = row.sides[0]
    if row.goes_on or len(left) != 1 or next(look_up(known, left[0]), None) is not None:
        return None
    base, subs, sups = apart(left[0])
    letter = canon((base,))
    marks = [canon(part) for part in (*subs, *sups)]
    is_updated = row.updates or marks == ["new"]
    return (letter, (), ()) if is_updated and letter in WEIGHTS else None


WEIGHTS = ("W", "w", r"\theta", r"\Theta", r"\omega", "p")


def _cases(sides: tuple[Items, ...], at: Where) -> Iterator[tuple[tuple[Items, ...], Where]]:
    """The sides with each case in turn, and for which steps it is said."""
    last = sides[-1]
    if len(last) != 1 or not isinstance(last[0], Table) or last[0].kind != "cases":
        yield sides, at
        return
    for row in last[0].rows:
        if len(row) == 1:
            row = (row[0], ())
        found = where(row[1]) if row[1] else at
        value = row[0]
        while value and isinstance(value[-1], Sign) and value[-1].text in (",", "."):
            value = value[:-1]
        yield (*sides[:-1], value), replace(found, members=())


def _equation(
    row: Row, at: Where, known: Known, own: frozenset[str], before: Sequence[Said | Unread]
) -> Said:
    def formula(items: Items) -> Piece:
        span = items[0].span[0], items[-1].span[1]
        return Expression(known, own, items, span).whole()

    pieces = [formula(side) for side in row.sides]
    if not row.goes_on:
        left, *rights = pieces
        if row.updates and isinstance(left.formula, Ref):
            left = replace(left, formula=Marked(left.formula, "new"))
        return Said(
            row.line, _made(left.formula, rights, at), spans(left), tuple(map(spans, rights))
        )
    last = next((b for b in reversed(before)), None)
    if not isinstance(last, Said):
        raise Unclear("the line that this goes on from could not be read", (0, 1))
    steps, but = at.steps or last.equation.steps, at.but or last.equation.but
    found = _made(last.equation.left, pieces, replace(at, steps=steps, but=but))
    return Said(row.line, found, {}, tuple(map(spans, pieces)), goes_on=True)


def _made(left: Formula, rights: Sequence[Piece], at: Where) -> Equation:
    return Equation(left, tuple(right.formula for right in rights), at.steps, at.but)
