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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symrnn.kernels.program.program import (
    Argument,
    Array,
    At,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Program,
    Slice,
    Span,
    Statement,
)
from symrnn.kernels.program.rewrite import map_slices, moved
from symrnn.language.tree import ZERO


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
        beginning = _Beginning(loop, self.old.arrays, names)
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


@dataclass
class _Beginning:
    """What a loop begins with at its first step."""

    loop: Loop
    arrays: Mapping[str, Array]
    names: Sequence[str]
    """The arrays that are handed on from step to step."""
    known: set[str] = field(default_factory=set)
    """Those of them for which a value is there."""
    ahead: list[Plain] = field(default_factory=list)
    starts: dict[str, Argument] = field(default_factory=dict)
    """What others are instead."""
    same: dict[str, Slice | None] = field(default_factory=dict)
    """What is the same as another at the first step, or nothing."""

    @property
    def start(self) -> int:
        return self.loop.steps[0]

    def is_ready(self, head: Plain) -> bool:
        """Whether a statement of the first step needs nothing else of that step."""
        made = {name for s in self.loop.body for name in s.out.names}
        moved_out = {name for s in self.ahead for name in s.out.names}
        return set(head.out.names) <= set(self.names) and not any(
            set(read.names) & (made - moved_out) for read in head.reads
        )

    def is_missing(self, arg: Argument) -> bool:
        return (
            isinstance(arg, Slice)
            and len(arg.names) == 1
            and arg.name in self.names
            and arg.name not in self.known
            and arg.name not in self.starts
        )

    def takes(self, tail: Plain, heads: Sequence[Plain]) -> bool:
        """Whether a statement says at the first step what that step says by itself, once what is
        missing there is chosen."""
        args = [self.seen(arg) for arg in tail.args] if isinstance(tail, Map) else []
        missing = [arg for arg in args if self.is_missing(arg)]
        if not heads:
            if not missing and not any(_is_zero(arg) for arg in args):
                return True  # nobody needs it at the first step
            return self.adds_nothing(tail, args, missing)
        (head,) = heads
        if not isinstance(tail, Map) or not isinstance(head, Map):
            return False
        head = self.by_name(head)
        theirs = [self.seen(arg) for arg in head.args]
        if head.op == tail.op and theirs == args:
            return True
        if tail.op != "add" or not (missing or any(_is_zero(arg) for arg in args)):
            return False
        left = [arg for arg in args if not self.is_missing(arg) and not _is_zero(arg)]
        if head.op == "copy" or head.op == "add":
            others = [arg for arg in theirs if arg not in left]
            if len(theirs) - len(others) != len(left) or len(others) > len(missing):
                return False
            if not all(self.is_outside(arg) for arg in others):
                return False
            values = [*others, *[Number(ZERO)] * (len(missing) - len(others))]
            if not all(map(self.is_alike, missing, values)):
                return False
            self.starts |= {
                arg.name: value
                for arg, value in zip(missing, values, strict=True)
                if isinstance(arg, Slice)
            }
            return True
        return False

    def by_name(self, head: Map) -> Map:
        """A statement of the first step as a copy of what is worked out likewise at all of them."""
        for other in self.loop.body:
            likewise = isinstance(other, Map) and (other.op, other.args) == (head.op, head.args)
            if likewise and other.out.names != head.out.names and other.during != head.during:
                return replace(head, op="copy", args=(other.out,))
        return head

    def adds_nothing(
        self, tail: Plain, args: Sequence[Argument], missing: Sequence[Argument]
    ) -> bool:
        """A sum with what is missing at the first step is the other summand there."""
        if not isinstance(tail, Map) or tail.op not in ("add", "copy") or len(tail.out.names) > 1:
            return False
        self.starts |= {arg.name: Number(ZERO) for arg in missing if isinstance(arg, Slice)}
        left = [arg for arg in args if arg not in missing and not _is_zero(arg)]
        if len(left) > 1 or not all(isinstance(arg, Slice) for arg in left):
            return False
        other = left[0] if left else None
        if other is not None and not self.is_alike(tail.out, other):
            return False
        self.same[tail.out.name] = other if isinstance(other, Slice) else None
        return True

    def seen(self, arg: Argument) -> Argument:
        """An argument at the first step."""
        if isinstance(arg, Slice) and arg.when == Now() and len(arg.names) == 1:
            if arg.name in self.same:
                return self.same[arg.name] or Number(ZERO)
            if arg.name in self.starts:
                return self.starts[arg.name]
        return arg

    def is_alike(self, one: Argument, other: Argument) -> bool:
        """Whether a value has as many features as what it is taken for; a number has any."""
        if not isinstance(one, Slice) or not isinstance(other, Slice):
            return True
        plain = len(one.names) == len(other.names) == 1 and one.part is other.part is None
        mine, theirs = (self.arrays[what.names[0]] for what in (one, other))
        return plain and (mine.shape, mine.rows) == (theirs.shape, theirs.rows)

    def is_outside(self, arg: Argument) -> bool:
        made = {name for s in self.loop.body for name in s.out.names}
        return not isinstance(arg, Slice) or not set(arg.names) & made

    def statements(self) -> Iterator[Plain]:
        """What the loop begins with, as statements before it."""
        yield from self.ahead
        about = {name: s.about for s in self.loop.body for name in s.out.names}
        for name in self.names:
            if name in self.known:
                continue
            value = self.starts.get(name, Number(ZERO))
            start = Map(Slice((name,), Now()), "copy", (value,), about=about[name])
            yield moved(start, (self.start, self.start))


def _is_zero(arg: Argument) -> bool:
    return arg == Number(ZERO)


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
