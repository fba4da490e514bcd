"""What a rotated loop begins with: at its first step, what the step before hands on at all others.

    for t = 5 … 1:                                 s[5] = 0
        s[t] = d_c[t+1] * f[t+1]  (t = 1 … 4)      for t = 5 … 1:
        d_c[t] = p[t]             (t = 5)     =>       d_c[t] = p[t] + s[t]
        d_c[t] = p[t] + s[t]      (t = 1 … 4)          s[t-1] = d_c[t] * f[t]

With that value the first step has to do what all others do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symrnn.kernels.program.program import (
    Argument,
    Array,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Slice,
)
from symrnn.kernels.program.rewrite import moved
from symrnn.language.tree import ZERO


@dataclass
class Beginning:
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
