r"""For which steps and members a line is said, and over which Σ runs: t = T - 1, \ldots, 1."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Ratio,
    Root,
    Scripts,
    Sign,
    Styled,
    Table,
    Text,
    Unclear,
    over,
    text_of,
)
from symrnn.check.reading.symbols import is_index, split, time_of
from symrnn.derive.formula import ALWAYS, FIRST, LAST
from symrnn.language.tree import Ref

RELATIONS = ("=", "neq", "in", "leq", "geq", "<", ">")
TURNED = {"<": ">", ">": "<", "leq": "geq", "geq": "leq"}

Member = Mapping[str, Items]
"""What letters stand for, once."""


@dataclass(frozen=True, slots=True)
class Where:
    """Steps, steps among them that are left out, and what letters stand for in turn."""

    steps: tuple[Ref, ...] = ()
    but: tuple[Ref, ...] = ()
    members: tuple[Member, ...] = ()


def _bare(items: Items) -> Items:
    """Without words."""
    return tuple(n for n in items if not isinstance(n, Text) and text_of(n) != "forall")


def _compared(items: Items) -> tuple[list[str], list[Items]]:
    """The relations in a condition, and what stands between them."""
    marks = [i for i, node in enumerate(items) if text_of(node) in RELATIONS]
    parts = [items[a + 1 : b] for a, b in pairwise((-1, *marks, len(items)))]
    return [text_of(items[mark]) for mark in marks], parts


def is_condition(items: Items) -> bool:
    """Whether this says for what a line holds."""
    items = _bare(items)
    signs, parts = _compared(items)
    if not signs:
        return not items or time_of(items) is not None or text_of(items[0]) == "dots"
    return "in" in signs or all(time_of(p) is not None or _is_run(p) for p in parts if p)


def _is_run(items: Items) -> bool:
    return any(text_of(node) == "dots" for node in items)


def where(items: Items) -> Where:
    """The conditions behind a line; raises Unclear."""
    found = Where()
    parts = [p for part in split(_bare(items)) for p in split(part, ";") if p]
    while parts:
        part, parts = parts[0], parts[1:]
        signs, sides = _compared(part)
        if signs == ["in"] and len(sides[1]) == 1 and isinstance(sides[1][0], Fence):
            found = _among(found, sides[0], sides[1][0])
        elif signs == ["neq"] and (step := time_of(sides[1])) is not None:
            found = replace(found, but=(*found.but, step))
        elif signs == ["="]:
            run = [sides[1]]
            while parts and not _compared(parts[0])[0]:
                run.append(parts[0])
                parts = parts[1:]
            found = replace(found, steps=_run(run, part))
        elif signs:
            found = replace(found, steps=_between(part, signs, sides))
        elif (step := time_of(part)) is None or not is_index(step):  # for all t
            raise Unclear("this condition is not understood", over(part))
    return found


def _run(parts: Sequence[Items], whole: Items) -> tuple[Ref, ...]:
    r"""T - 1, \ldots, 1; 3, 2, 1."""
    kept = [tuple(n for n in part if text_of(n) != "dots") for part in parts]
    times = [time for part in kept if part and (time := time_of(part)) is not None]
    if len(times) != sum(map(bool, kept)) or not times:
        raise Unclear("these steps are not understood", over(whole))
    return times[0], times[-1]


def _between(part: Items, signs: Sequence[str], sides: Sequence[Items]) -> tuple[Ref, ...]:
    r"""1 \le t \le T; t < T."""
    times = [time for side in sides if (time := time_of(side)) is not None]
    if len(times) == len(sides) == 3 and set(signs) <= set(TURNED):
        return _inside(times[0], TURNED[signs[0]]), _inside(times[2], signs[1])
    if len(times) != 2 or len(sides) != 2 or signs[0] not in TURNED:
        raise Unclear("this condition is not understood", over(part))
    index, bound, sign = *times, signs[0]
    if index.base in ("1", "T"):
        index, bound, sign = bound, index, TURNED[sign]
    if sign in ("<", "leq"):
        return FIRST, _inside(bound, sign)
    return _inside(bound, sign), LAST


def bounds(node: Scripts) -> tuple[str, Ref, Ref]:
    r"""t=1 and T; without bounds \sum_t; 1 \le k \le t; t \ge j > k, downwards."""
    signs, parts = _compared(node.below)
    above = time_of(node.above) if node.above else None
    match [time_of(part) for part in parts], signs:
        case [Ref() as index], [] if is_index(index) and not node.above:
            return index.base, ALWAYS, ALWAYS
        case [Ref() as index, Ref() as low], ["="] if above is not None and is_index(index):
            return index.base, low, above
        case [Ref() as index, Ref() as high], ["leq" | "<" as sign] if is_index(index):
            return index.base, Ref("", "1"), _inside(high, sign)
        case [Ref() as index, Ref() as low], ["geq" | ">" as sign] if is_index(index):
            return index.base, _inside(low, sign), Ref("", "T")
        case [Ref() as low, Ref() as index, Ref() as high], [one, two] if is_index(index):
            if {one, two} <= {"leq", "<"} or {one, two} <= {"geq", ">"}:
                return index.base, _inside(low, TURNED[one]), _inside(high, two)
    raise Unclear("over what this runs is not understood; write \\sum_{t=1}^{T}", node.span)


def _inside(bound: Ref, sign: str) -> Ref:
    """A bound that is not reached itself lies one step further in."""
    return Ref("", bound.base, bound.shift + {"<": -1, ">": 1}.get(sign, 0))


def _among(found: Where, before: Items, after: Fence) -> Where:
    """k ∈ {i, f}; (k, M) ∈ {(a, P), (b, R)}; t ∈ {1, …, T}."""
    members = split(after.items)  # of \\{i, f\\}, or of what is {i, f} without TeX
    ends = [time for part in members if (time := time_of(part)) is not None]
    if after.left == "[" and len(ends) == len(members) == 2:
        return replace(found, steps=(ends[0], ends[1]))
    if any(map(_is_run, members)):
        return replace(found, steps=_run(members, after.items))
    together = len(before) == 1 and isinstance(before[0], Fence)
    letters = split(_opened(before)) if together else [before]
    rows: list[Member] = []
    for part in members:
        values = split(_opened(part)) if together else [part]
        names = [text_of(letter[0]) for letter in letters if len(letter) == 1]
        if len(values) != len(names) or len(names) != len(letters) or not all(values):
            raise Unclear("these members are not understood", after.span)
        rows.append(dict(zip(names, values, strict=True)))
    return replace(found, members=tuple(rows))


def _opened(items: Items) -> Items:
    return items[0].items if len(items) == 1 and isinstance(items[0], Fence) else items


def with_member(items: Items, member: Member) -> Items:
    """The same with a member in the place of each index."""
    return tuple(n for node in items for n in _put(node, member)) if member else items


def _put(node: Node, member: Member) -> Iterator[Node]:
    def inside(items: Items) -> Items:
        return with_member(items, member)

    match node:
        case Sign(text=text, span=span):
            yield from (replace(each, span=span) for each in member.get(text, (node,)))
        case Scripts(base=base):
            put = tuple(_put(base, member))
            whole = put[0] if len(put) == 1 else Fence("{", put, base.span)
            yield replace(node, base=whole, below=inside(node.below), above=inside(node.above))
        case Styled() | Fence() | Root():
            yield replace(node, items=inside(node.items))
        case Ratio():
            yield replace(node, top=inside(node.top), bottom=inside(node.bottom))
        case Table():
            yield replace(node, rows=tuple(tuple(map(inside, row)) for row in node.rows))
        case _:
            yield node
