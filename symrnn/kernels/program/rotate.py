"""Loops that do the same at all their steps, because each hands on what the next begins with.

    d_h[5] = d_y @ transpose(V)                   d_h[5] = d_y @ transpose(V)
    for t = 5 … 1:                                for t = 5 … 1:
        d_h[t] = d_a[t+1] @ transpose(U)              d_a[t] = s[t] * d_h[t]
                             (t = 1 … 4)     =>       d_h[t-1] = d_a[t] @ transpose(U)
        d_a[t] = s[t] * d_h[t]

What happens at all steps but the first, and reads nothing but the step before, is done by that
step. With what is there at the first step instead a loop begins; nothing is a zero. Where a first
step has more to itself than that, the loop stays as it is, for `peel`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symrnn.kernels.program.beginning import Beginning
from symrnn.kernels.program.program import (
    Array,
    At,
    Loop,
    Map,
    Now,
    Plain,
    Program,
    Slice,
    Span,
    Statement,
)
from symrnn.kernels.program.rewrite import map_slices, moved


def rotate(program: Program) -> Program:
    """The program with as many loops as possible that have no first step of their own."""
    return _Rotate(program).program()


class _Rotate:
    def __init__(self, program: Program) -> None:
        self.old, self.arrays = program, dict(program.arrays)
        self.ahead: list[Statement] = []
        """What has been worked out so far."""

    def program(self) -> Program:
        sections: dict[str, tuple[Statement, ...]] = {}
        for name, body in self.old.sections.items():
            done: list[Statement] = []
            ends: list[Plain] = []
            same: dict[Slice, Slice] = {}
            for statement in body:
                new: list[Statement] = [statement]
                if isinstance(statement, Loop):
                    found = self.loop(statement)
                    new = found.statements if found else new
                    ends += found.ends if found else []
                else:
                    new = [self.known(statement, ends, same)]
                done += new
                self.ahead += new
            sections[name] = tuple(done)
        return replace(self.old, sections=sections, arrays=self.arrays)

    def known(self, statement: Plain, ends: Sequence[Plain], same: dict[Slice, Slice]) -> Plain:
        """A statement that works out what a loop has handed on is a copy of that; `same` has what
        is a copy so far."""
        plainly = map_slices(statement, lambda old: same.get(old, old))
        for end in ends:
            alike = [
                (self.arrays[name].shape, self.arrays[name].rows)
                for name in (plainly.out.names[0], end.out.names[0])
            ]
            once = len(plainly.out.names) == len(end.out.names) == 1
            likewise = replace(end, out=plainly.out, about=plainly.about) == plainly
            if likewise and once and alike[0] == alike[1]:
                same[statement.out] = end.out
                return Map(statement.out, "copy", (end.out,), about=statement.about)
        return statement

    def loop(self, loop: Loop) -> "_Turned | None":
        start, direction = loop.steps[0], loop.direction
        rest = (loop.first, loop.last - 1) if direction < 0 else (loop.first + 1, loop.last)
        during = {s.during for s in loop.body} - {None, (start, start), rest}
        tails = [s for s in loop.body if s.during == rest]
        if during or not tails or len(loop.steps) < 2:
            return None
        early = self.early(loop, tails)
        if not self.fits(loop, early):
            return None
        names = [name for s in early for name in s.out.names]
        beginning = Beginning(loop, self.old.arrays, names)
        heads = [s for s in loop.body if s.during == (start, start)]
        for head in list(heads):
            if beginning.is_ready(head):
                beginning.ahead.append(moved(head, (start, start)))
                beginning.known.update(head.out.names)
                heads.remove(head)
        for statement in self.ahead:
            if not isinstance(statement, Loop) and statement.out.when == At(start):
                beginning.known.update(statement.out.names)
        for tail in tails:
            if tail in early:
                continue
            own = [h for h in heads if h.out == tail.out]
            there = any(self.has(name, start) for name in tail.out.names)
            if there or not self.is_there(tail, loop) or not beginning.takes(tail, own):
                return None
            heads = [h for h in heads if h not in own]
        if heads:
            return None
        late = [_handed_on(s, direction) for s in early]
        body = [replace(s, during=None) for s in loop.body if s.during != (start, start)]
        body = [s for s in body if replace(s, during=rest) not in early]
        new = Loop(loop.first, loop.last, direction, (*body, *late))
        last = loop.steps[-1]
        for out in (statement.out for statement in new.body):
            shift = out.when.shift if isinstance(out.when, Now) else 0
            for name in out.names:
                from_start = _longer(self.arrays[name], start)
                self.arrays[name] = _longer(from_start, last + shift)
        return _Turned([*beginning.statements(), new], [moved(s, (last, last)) for s in late])

    def early(self, loop: Loop, tails: Sequence[Plain]) -> list[Plain]:
        """What the step before can do."""
        before, found = -loop.direction, list[Plain]()
        mine: set[str] = set()
        for tail in tails:
            outs = set(tail.out.names)
            read_here = all(
                read.when == Now() or (read.when == Now(before) and s in found)
                for s in loop.body
                for read in s.reads
                if outs & set(read.names)
            )
            if (
                tail.out.part is None
                and read_here
                and tail.out.when == Now()
                and all(
                    not isinstance(read.when, Now)
                    or read.when == Now(before)
                    or (read.when == Now() and set(read.names) <= mine)
                    for read in tail.reads
                )
            ):
                found.append(tail)
                mine |= outs
        return found

    def fits(self, loop: Loop, early: Sequence[Plain]) -> bool:
        """Whether what the last step hands on has a place, and can be worked out."""
        last, beyond = loop.steps[-1], loop.steps[-1] + loop.direction
        made = {name for s in loop.body for name in s.out.names}
        for statement in early:
            for name in statement.out.names:
                steps = self.arrays[name].steps
                if steps is None or steps[0] <= beyond <= steps[1]:
                    return False
            for read in statement.reads:
                outside = isinstance(read.when, Now) and not set(read.names) & made
                if outside and not all(self.has(name, last) for name in read.names):
                    return False
        return bool(early)

    def is_there(self, tail: Plain, loop: Loop) -> bool:
        """Whether all that it reads from outside is there at the first step too."""
        made = {name for s in loop.body for name in s.out.names}
        return all(
            self.has(name, loop.steps[0] + read.when.shift)
            for read in tail.reads
            if isinstance(read.when, Now)
            for name in read.names
            if name not in made
        )

    def has(self, name: str, step: int) -> bool:
        """Whether an array has been worked out at a step."""
        array = self.old.arrays[name]
        if array.role in ("input", "target"):
            return array.steps is None or array.steps[0] <= step <= array.steps[1]
        return any(_writes(statement, name, step) for statement in self.ahead)


@dataclass
class _Turned:
    statements: list[Statement]
    ends: list[Plain]
    """What the last step hands on, as a statement of its own."""


def _handed_on(statement: Plain, direction: int) -> Plain:
    """A statement as the step before does it."""

    def at(old: Slice) -> Slice:
        if not isinstance(old.when, Now):
            return old
        return replace(old, when=Now(old.when.shift + direction))

    return map_slices(replace(statement, during=None), at)


def _longer(array: Array, step: int) -> Array:
    assert array.steps is not None
    return replace(array, steps=(min(array.steps[0], step), max(array.steps[1], step)))


def _inside(statement: Statement) -> Sequence[Plain]:
    return statement.body if isinstance(statement, Loop) else (statement,)


def _writes(statement: Statement, name: str, step: int) -> bool:
    for inner in _inside(statement):
        if name not in inner.out.names:
            continue
        match inner.out.when:
            case None | At(step=_) if inner.out.when in (None, At(step)):
                return True
            case Span(first=first, last=last) if first <= step <= last:
                return True
            case Now(shift=shift) if isinstance(statement, Loop):
                first, last = inner.during or (statement.first, statement.last)
                if first + shift <= step <= last + shift:
                    return True
    return False
