r"""For which steps and which members of a family a line is said: t = T - 1, \ldots, 1; k \in \{i, f\}."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symrnn.check.reading.symbols import split, time_of
from symrnn.check.reading.tex import (
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
)
from symrnn.derive.formula import FIRST, LAST
from symrnn.language.tree import Ref

RELATIONS = ("=", "neq", "in", "leq", "geq", "<", ">")


@dataclass(frozen=True, slots=True)
class Where:
    """Steps, steps among them that are left out, and what letters stand for in turn."""

    steps: tuple[Ref, ...] = ()
    but: tuple[Ref, ...] = ()
    members: tuple[Mapping[str, Items], ...] = ()


def bare(items: Items) -> Items:
    """Without words."""
    return tuple(n for n in items if not isinstance(n, Text) and not _is(n, "forall"))


def is_condition(items: Items) -> bool:
    """Whether this says for what a line holds."""
    items = bare(items)
    if not items:
        return True
    marks = [i for i, node in enumerate(items) if any(_is(node, s) for s in RELATIONS)]
    if not marks:
        return time_of(items) is not None or _is(items[0], "dots")
    if any(_is(items[m], "in") for m in marks):
        return True
    cuts = [-1, *marks, len(items)]
    parts = [items[a + 1 : b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return all(time_of(part) is not None or _is_range(part) for part in parts if part)


def _is_range(items: Items) -> bool:
    return any(_is(node, "dots") for node in items)


def where(items: Items) -> Where:
    """The conditions behind a line; raises Unclear."""
    found = Where()
    items = bare(items)
    parts = [p for part in split(items) for p in split(part, ";") if p]
    at = 0
    while at < len(parts):
        part = parts[at]
        marks = [i for i, node in enumerate(part) if any(_is(node, s) for s in RELATIONS)]
        signs = [node.text for node in (part[m] for m in marks) if isinstance(node, Sign)]
        if not marks:
            raise Unclear("this condition is not understood", _span(part))
        before, after = part[: marks[0]], part[marks[0] + 1 :]
        if signs == ["in"] and len(after) == 1 and isinstance(after[0], Fence):
            found = _among(found, before, after[0])
        elif signs == ["neq"] and (step := time_of(after)) is not None:
            found = replace(found, but=(*found.but, step))
        elif signs == ["="] and time_of(before) is not None:
            run = [after]
            while at + 1 < len(parts) and not any(
                _is(node, sign) for node in parts[at + 1] for sign in RELATIONS
            ):
                at += 1
                run.append(parts[at])
            found = replace(found, steps=_run(run))
        else:
            found = replace(found, steps=_between(part, marks, signs))
        at += 1
    return found


def _run(parts: Sequence[Items]) -> tuple[Ref, ...]:
    """T - 1, \\ldots, 1; 3, 2, 1."""
    kept = [tuple(n for n in part if not _is(n, "dots")) for part in parts]
    times = [time_of(part) for part in kept if part]
    if not times or any(t is None for t in times):
        raise Unclear("these steps are not understood", _span(parts[0]))
    first, last = times[0], times[-1]
    assert first is not None
    assert last is not None
    return first, last


def _between(part: Items, marks: Sequence[int], signs: Sequence[str]) -> tuple[Ref, ...]:
    """1 \\le t \\le T; t < T."""
    cuts = [-1, *marks, len(part)]
    times = [time_of(part[a + 1 : b]) for a, b in zip(cuts, cuts[1:], strict=False)]
    if any(t is None for t in times):
        raise Unclear("this condition is not understood", _span(part))
    found = [t for t in times if t is not None]
    if len(found) == 3:
        low, high = _bound(found[0], signs[0], True), _bound(found[2], signs[1], False)
        return (low, high)
    first, second = found
    if first.base in ("1", "T"):
        first, second = second, first
        signs = [{"<": ">", ">": "<", "leq": "geq", "geq": "leq"}.get(signs[0], signs[0])]
    if signs[0] in ("<", "leq"):
        return FIRST, _bound(second, signs[0], False)
    return _bound(second, {">": "<", "geq": "leq"}[signs[0]], True), LAST


def _bound(ref: Ref, sign: str, is_low: bool) -> Ref:
    strict = sign in ("<", ">")
    return Ref("", ref.base, ref.shift + (strict if is_low else -strict))


def _among(found: Where, before: Items, after: Fence) -> Where:
    """k ∈ {i, f}; (k, M) ∈ {(a, P), (b, R)}; t ∈ {1, …, T}."""
    members = split(after.items)
    if any(_is(node, "dots") for part in members for node in part):
        return replace(found, steps=_run(members))
    letters = [before]
    if len(before) == 1 and isinstance(before[0], Fence):
        letters = split(before[0].items)
    names = [part[0].text for part in letters if len(part) == 1 and isinstance(part[0], Sign)]
    rows: list[Mapping[str, Items]] = []
    for part in members:
        values = [part]
        if len(names) > 1 and len(part) == 1 and isinstance(part[0], Fence):
            values = split(part[0].items)
        if len(values) != len(names) or len(names) != len(letters):
            raise Unclear("these members are not understood", after.span)
        rows.append(dict(zip(names, values, strict=True)))
    return replace(found, members=tuple(rows))


def with_member(items: Items, member: Mapping[str, Items]) -> Items:
    """The same with a member in the place of each index."""
    return tuple(n for node in items for n in _put(node, member))


def _put(node: Node, member: Mapping[str, Items]) -> Iterator[Node]:
    def inside(items: Items) -> Items:
        return with_member(items, member)

    match node:
        case Sign(text=text, span=span):
            if text not in member:
                yield node
                return
            for each in member[text]:
                yield _at(each, span)
        case Scripts(base=base):
            put = tuple(_put(base, member))
            whole = put[0] if len(put) == 1 else Fence("{", "}", put, base.span)
            yield replace(node, base=whole, below=inside(node.below), above=inside(node.above))
        case Styled() | Fence() | Root():
            yield replace(node, items=inside(node.items))
        case Ratio():
            yield replace(node, top=inside(node.top), bottom=inside(node.bottom))
        case Table():
            yield replace(node, rows=tuple(tuple(map(inside, row)) for row in node.rows))
        case _:
            yield node


def _at(node: Node, span: tuple[int, int]) -> Node:
    return replace(node, span=span)


def _is(node: Node, text: str) -> bool:
    return isinstance(node, Sign) and node.text == text


def _span(items: Items) -> tuple[int, int]:
    return (items[0].span[0], items[-1].span[1]) if items else (0, 1)
