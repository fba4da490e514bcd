"""Loops as scans: what the function of a step carries, stacks and is given.

What is read at an earlier step is the carry, what comes from outside goes along with it, and what
is read later is stacked, where there is room in the place of what came along (`reuse`).

    h[0] = h0                                  def step(h_before, x_W):
    for t = 1 … T:                                 h = jnp.tanh(x_W + h_before @ U)
        h_U[t] = h[t-1] @ U            =>          return h, h_before
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])                    h_9, h_before = lax.scan(step, h0, x_W)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symrnn.kernels.infix import Text
from symrnn.kernels.jax.demands import demands, read_outside, shifts_of
from symrnn.kernels.jax.outer import Outer, Piece
from symrnn.kernels.jax.reuse import Stack, in_place, joined
from symrnn.kernels.jax.scope import Scope
from symrnn.kernels.jax.spelling import laid_out, several
from symrnn.kernels.program import program as p


def write_section(outer: Outer, name: str) -> None:
    """The statements of a section, loops among them."""
    straight: list[p.Plain] = []
    for statement in outer.context.live.get(name, ()):
        if isinstance(statement, p.Loop):
            outer.do(straight)
            straight = []
            Stepwise(outer.context, outer=outer, loop=statement).write()
        else:
            straight.append(statement)
    outer.do(straight)


@dataclass(frozen=True)
class Part:
    """One of the arguments and results of a step: the carry, what gives way to something, or what
    comes along and is stacked."""

    head: str
    """What the argument is called, if it is several values."""
    starts: Sequence[str]
    """What the scan is given, under their names outside."""
    takes: Sequence[str]
    gives: Sequence[str]
    ends: Sequence[str]
    """What the scan returns, under their names outside."""

    @property
    def taken(self) -> str:
        """The argument."""
        return "_" if not self.takes else self.takes[0] if len(self.takes) == 1 else self.head


@dataclass
class Stepwise(Scope):
    """The function of one step of a loop."""

    outer: Outer = field(kw_only=True)
    loop: p.Loop = field(kw_only=True)
    carried: dict[tuple[tuple[str, ...], int], str] = field(default_factory=dict)
    """The carry: neighbours, and how many steps ago they were worked out."""
    along: dict[p.Slice, str] = field(default_factory=dict)
    """What comes from outside, a step at a time, and what it is called there."""

    @cached_property
    def shifts(self) -> dict[str, int]:
        return shifts_of(self.loop)

    def value(self, what: p.Slice, alone: bool = False) -> Text:
        if what.part is None and what not in self.texts and isinstance(what.when, p.Now):
            known = [name in self.shifts for name in what.names]
            if not any(known):
                return self.from_outside(what)
            if all(known):
                age = self.age(what)
                if age:
                    return self.from_before(what.names, age)
        elif what.part is None and not isinstance(what.when, p.Now):
            return self.outer.value(what, alone=True)
        return super().value(what, alone)

    def turned(self, what: p.Slice) -> Text:
        """What is the same at all steps is turned once, in front of the loop: XLA multiplies by
        rows faster than by columns."""
        found = super().turned(what)
        if isinstance(what.when, p.Now) or not found.text.removesuffix(".T").isidentifier():
            return found
        return self.outer.called_once(found)

    def age(self, what: p.Slice) -> int:
        """How many steps ago a slice was worked out."""
        assert isinstance(what.when, p.Now)
        return (self.shifts[what.names[0]] - what.when.shift) * self.loop.direction

    def shift(self, names: tuple[str, ...], age: int) -> int:
        return self.shifts[names[0]] - age * self.loop.direction

    def from_outside(self, what: p.Slice) -> Text:
        assert isinstance(what.when, p.Now)
        shift = what.when.shift
        span = p.Span(self.loop.first + shift, self.loop.last + shift)
        run = replace(what, names=self.outer.run_of(replace(what, when=span)))
        if run not in self.along:
            self.along[run] = self.outer.value(replace(run, when=span), alone=True).text
            self.texts[run] = Text(self.context.names.of(run))
        return super().value(what)

    def from_before(self, names: tuple[str, ...], age: int) -> Text:
        for back in range(1, age + 1):
            if (names, back) in self.carried:
                continue
            shift = self.shift(names, back)
            what = p.Slice(names, p.Now(shift))
            start = p.Slice(names, p.At(self.loop.steps[0] + shift))
            self.carried[names, back] = self.outer.value(start, alone=True).text
            self.texts[what] = Text(self.context.names.of(what))
        return self.texts[p.Slice(names, p.Now(self.shift(names, age)))]

    # the loop as a whole

    def write(self) -> None:
        """The function of a step, and the scan."""
        self.do(self.loop.body)
        stacks = self.stacks()
        results: list[str] = []
        while len(results) < len(self.carried):  # the last of them may need another
            results += [self.handed_on(*key) for key in list(self.carried)[len(results) :]]
        over = in_place(self.outer, self.loop, self.along, stacks)
        rest = [s for s in stacks if not any(s in own for own in over.values())]
        parts = [self.carry(results)]
        if over:
            parts.append(
                self.passing("here", list(over), [self.side(own) for own in over.values()])
            )
        parts.append(self.passing("now", [what for what in self.along if what not in over], rest))
        self.write_step(parts)

    def stacks(self) -> list[Stack]:
        """What is read of this loop later."""
        spans, points = demands(self.context, self.loop)
        found: list[Stack] = []
        for what in spans:
            if not any(stack.piece.covers(what) for stack in found):
                found.append(self.stack(what))
        for what in points:
            if not (self.left(what) or any(stack.piece.covers(what) for stack in found)):
                whole = replace(what, when=p.Span(*self.range_of(what.names)))
                found.append(self.stack(whole))
        return found

    def carry(self, results: list[str]) -> Part:
        every = [p.Slice(n, p.Now(self.shift(n, age))) for n, age in self.carried]
        takes = [self.context.names.of(what) for what in every]
        ends = [self.final(*key) for key in self.carried]
        return Part("before", list(self.carried.values()), takes, results, ends)

    def passing(self, head: str, along: Sequence[p.Slice], stacks: Sequence[Stack]) -> Part:
        """What comes along, a step at a time, and what is stacked."""
        takes = [self.texts[what].text for what in along]
        gives = [self.value(stack.now, alone=True).text for stack in stacks]
        self.outer.pieces += [stack.piece for stack in stacks]
        ends = [stack.piece.text for stack in stacks]
        return Part(head, [self.along[what] for what in along], takes, gives, ends)

    def write_step(self, parts: Sequence[Part]) -> None:
        """The lines of the function, and the call that takes it through the steps."""
        lines, step = self.outer.lines, self.context.names.names.new("step")
        ends = (self.loop.first, self.loop.last)[:: self.loop.direction]
        lines += ["", f"# t = {ends[0]} … {ends[1]}"]
        lines.append(f"def {step}({', '.join(part.taken for part in parts)}):")
        for part in parts:
            if len(part.takes) > 1:
                lines += _indented(laid_out(f"{', '.join(part.takes)} = {part.taken}", 8))
        lines += _indented(self.lines)
        given = [several(part.gives) for part in parts]
        lines += [*_indented(laid_out(f"return {', '.join(given)}", 8)), ""]
        scan = "lax.scan" if len(parts) == 2 else "scan_over"
        call = [step, *(several(part.starts) for part in parts)]
        if scan == "scan_over" and not parts[-1].starts:
            call.pop()
        if not self.along:
            call.append(f"length={len(self.loop.steps)}")
        if self.loop.direction < 0:
            call.append("reverse=True")
        left = ", ".join(_apart(part.ends) for part in parts)
        lines += laid_out(f"{left} = {scan}({', '.join(call)})")

    def side(self, stacks: Sequence[Stack]) -> Stack:
        """Stacks side by side, as one that a step gives."""
        if len(stacks) == 1:
            return stacks[0]
        found = joined(stacks, self.context.names)
        self.value(found.now, alone=True)
        return found

    def range_of(self, names: tuple[str, ...]) -> tuple[int, int]:
        shift = self.shifts[names[0]]
        return self.loop.first + shift, self.loop.last + shift

    def stack(self, what: p.Slice) -> Stack:
        """A span that is read later, and what this step gives of it."""
        assert isinstance(what.when, p.Span)
        first, last = self.range_of(what.names)
        by = what.when.first - first
        age = -by * self.loop.direction
        whole = what.when.last - what.when.first == last - first
        if not whole or age < 0 or not self.begins(what.names, age):
            by = 0
        now = p.Slice(what.names, p.Now(self.shifts[what.names[0]] + by))
        self.value(now, alone=True)
        name = self.context.names.of(now)
        span = p.Span(first + by, last + by)
        if any(piece.text == name for piece in self.outer.pieces):
            name = self.context.names.of(replace(what, when=span))
        return Stack(Piece(what.names, span.first, span.last, name), now)

    def begins(self, names: tuple[str, ...], age: int) -> bool:
        """Whether it is known what was that many steps before the first."""
        start = self.loop.steps[0]
        return all(
            self.outer.knows(p.Slice(names, p.At(start + self.shift(names, back))))
            for back in range(1, age + 1)
        )

    def handed_on(self, names: tuple[str, ...], age: int) -> str:
        what = p.Slice(names, p.Now(self.shift(names, age - 1)))
        return self.value(what, alone=True).text

    def left(self, what: p.Slice) -> bool:
        """Whether one step is what the carry leaves."""
        return any(
            set(what.names) <= set(names) and self.step_left(names, age) == what.when
            for names, age in self.carried
        )

    def step_left(self, names: tuple[str, ...], age: int) -> p.At:
        return p.At(self.loop.steps[-1] + self.shift(names, age - 1))

    def final(self, names: tuple[str, ...], age: int) -> str:
        what = p.Slice(names, self.step_left(names, age))
        asked = any(
            what.when == w.when and set(w.names) & set(names)
            for w in read_outside(self.context, self.loop)
        )
        if not asked:
            return "_"
        self.outer.texts[what] = Text(self.context.names.of(what))
        return self.outer.texts[what].text


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]


def _apart(names: Sequence[str]) -> str:
    if not names or all(name == "_" for name in names):
        return "_"
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
