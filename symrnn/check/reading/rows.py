"""A line before its sides are formulas: its equations, remarks and conditions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from symrnn.check.claims import Line, Unread
from symrnn.check.reading.calls import ENDS, PRODUCTS
from symrnn.check.reading.letters import RATES
from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Sign,
    Styled,
    Text,
    Unclear,
    base_of,
    over,
    text_of,
)
from symrnn.check.reading.symbols import canon, split
from symrnn.check.reading.tex import structure
from symrnn.check.reading.tokens import words
from symrnn.check.reading.where import RELATIONS, is_condition
from symrnn.derive.notation.symbol import GREEK

LONGEST, MOST = 30_000, 100
"""Characters of a line, and equations in it."""

EQUAL = ("=", "approx", "gets")
OTHERS = ("leq", "geq", "<", ">", "neq", "sim", "to", "propto", "in", "ll", "gg")
REMARKS = words("for if when where with and otherwise since as because by so hence thus then")
REMARKS += words("therefore but now finally again also")
"""Remarks of one word."""

NAMED = re.compile(r"\\[A-Za-z]+(?:\{[a-z]*matrix\})?|[^\W_]", re.ASCII)
"""Letters and digits; macros are signs between numbers, or what is printed for letters."""


@dataclass(frozen=True, slots=True)
class Row:
    """A claim before its sides are formulas."""

    line: Line
    sides: tuple[Items, ...]
    conditions: Items = ()
    goes_on: bool = False
    updates: bool = False
    """Whether it says what becomes of its left side: w ← w - η ∂L/∂w."""

    aside: bool = False
    """Whether it stands in a remark, `where …`: it is read if it says something of the model."""


def too_deep(line: Line) -> Unread:
    return Unread(line, "this is nested too deep", (0, len(line.text)))


def rows_of(line: Line, names: frozenset[str]) -> Iterator[Row | Unread]:
    """The claims of a line; several where commas part equations."""
    try:
        if len(line.text) > LONGEST:
            raise Unclear(f"a line has at most {LONGEST:,} characters", (0, 1))
        items = structure(line.text, names)
        yield from list(_claims(line, items))
    except Unclear as error:
        yield Unread(line, error.message, error.span)
    except RecursionError:
        yield too_deep(line)


def _claims(line: Line, items: Items) -> Iterator[Row]:
    texts = [text_of(node) for node in items]
    defining = {i for i, pair in enumerate(pairwise(texts)) if pair == (":", "=")}
    defining |= {i + 1 for i, pair in enumerate(pairwise(texts)) if pair == ("=", ":")}
    items = tuple(node for i, node in enumerate(items) if i not in defining)
    main, asides, conditions = _parts(without_end(_conditions_behind(items)))
    if not 0 < len(main) <= MOST:
        said = "nothing stands here" if not main else f"a line has at most {MOST} equations"
        raise Unclear(said, (0, len(line.text)))
    for place, part in enumerate(main):
        other = next((n for n in part if text_of(n) in OTHERS), None)
        if other is not None:
            raise Unclear("only equations can be judged", other.span)
        marks = [i for i, node in enumerate(part) if text_of(node) in EQUAL]
        if not marks:
            raise Unclear("no = stands here", over(part))
        sides = [part[a + 1 : b] for a, b in pairwise((-1, *marks, len(part)))]
        for mark, pair in zip(marks, pairwise(sides), strict=True):
            if text_of(part[mark]) == "approx" and not any(_is_numeric(line, s) for s in pair):
                said = "what is roughly equal is judged only where one side is a number"
                raise Unclear(said, part[mark].span)
        goes_on = not sides[0]
        sides = sides[goes_on:]
        if not all(sides):
            raise Unclear("nothing stands beside this =", part[marks[-1]].span)
        gets = any(text_of(part[mark]) == "gets" for mark in marks) or _is_update(sides)
        last = place == len(main) - 1
        yield Row(line, tuple(sides), conditions if last else (), goes_on, gets)
    for part in asides:
        marks = [i for i, node in enumerate(part) if text_of(node) == "="]
        if len(marks) == 1 and 0 < marks[0] < len(part) - 1:
            yield Row(line, (part[: marks[0]], part[marks[0] + 1 :]), aside=True)


def _is_numeric(line: Line, side: Items) -> bool:
    """Whether a side is written in numbers alone."""
    found = [m[0] for m in NAMED.finditer(line.text[slice(*over(side))])]
    letters = [each for each in found if each.isalpha() or each[1:] in GREEK]
    return not letters and any(each.isdigit() for each in found)


def _is_update(sides: Sequence[Items]) -> bool:
    r"""w = w - \eta …: an equals sign for what becomes of w."""
    left, right = sides[0], tuple(canon((node,)) for node in sides[-1])
    return len(left) == 1 and canon(left) in right and not {*RATES}.isdisjoint(right)


def without_end(items: Items) -> Items:
    while items and text_of(items[-1]) in (",", ".", ";", ":"):
        items = items[:-1]
    return items


def _conditions_behind(items: Items) -> Items:
    """`For t < T: a = b` as `a = b, for t < T`, and `a = b (t < T)` alike."""
    last = items[-1] if len(items) > 3 else None
    is_factor = text_of(items[-2]) in (*PRODUCTS, *ENDS, "+", "-") if last else False
    inside = last.items if isinstance(last, Fence) and last.left == "(" else ()
    relates = any(text_of(node) in RELATIONS for node in inside)
    if last is not None and relates and not is_factor and is_condition(inside):
        return (*items[:-1], Sign(",", last.span), *inside)
    at = next((i for i, node in enumerate(items) if text_of(node) in (":", ",")), len(items) - 1)
    before, after = items[:at], items[at + 1 :]
    worded = len(before) > 1 and (isinstance(before[0], Text) or text_of(before[0]) == "forall")
    if not after or not is_condition(before) or not (worded or text_of(items[at]) == ":"):
        return items
    return (*without_end(after), Sign(",", items[at].span), *before)


def _parts(items: Items) -> tuple[list[Items], list[Items], Items]:
    """Equations between commas, those in remarks, and the conditions behind them."""
    several = [p for part in split(items) for p in split(part, ";") if p]
    parts = [p for part in several if (p := _without_space(part)) or len(several) == 1]
    main: list[Items] = []
    asides: list[Items] = []
    for place, part in enumerate(parts):
        while not main and len(part) > 1 and _is_remark(part[0]):
            part = part[1:]
        at = next((i for i, node in enumerate(part) if _is_remark(node)), len(part))
        if main and not at and not (_bare(part) and is_condition(part)):
            asides.append(_bare(part))
            continue
        before = part[:at] if any(text_of(n) in EQUAL for n in part[:at]) else part
        if not (main and is_condition(part)):
            main.append(before)
            part = part[len(before) :]
            if not (_bare(part) and is_condition(part)):
                asides.append(_bare(part))
                continue
        rest = [each for each in (part, *parts[place + 1 :]) if each]
        return main, asides, tuple(n for each in rest for n in (*each, Sign(",", each[0].span)))
    return main, asides, ()


def _without_space(part: Items) -> Items:
    r"""The same without ∈ \mathbb{R}^n behind it; nothing, where that is all it says."""
    for place, (node, after) in enumerate(pairwise(part)):
        base = base_of(after)
        if text_of(node) == "in" and isinstance(base, Styled) and base.style == "mathbb":
            return part[:place] if any(text_of(n) in EQUAL for n in part[:place]) else ()
    return part


def _bare(part: Items) -> Items:
    return tuple(node for node in part if not isinstance(node, Text))


def _is_remark(node: Node) -> bool:
    """Whether these are words of a sentence, and no name: for all, but not diag."""
    if isinstance(node, Fence) and node.items:
        return all(isinstance(each, Text) for each in node.items)
    said = words(node.text.lower()) if isinstance(node, Text) else ()
    single = said[0] if len(said) == 1 else ""
    alone = single.strip(".,;:") in REMARKS or single.startswith("(")
    return len(said) > 1 or alone or text_of(node) == "forall"
