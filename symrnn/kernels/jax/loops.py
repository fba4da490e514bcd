"""Loops as scans: what the function of a step carries, stacks and is given.

What is read at an earlier step is the carry, what comes from outside goes along with it, and what
is read later is stacked.

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
        names, outer = self.context.names, self.outer
        spans, points = demands(self.context, self.loop)
        self.do(self.loop.body)
        stacks: list[Stack] = []
        for what in spans:
            if not any(stack.piece.covers(what) for stack in stacks):
                stacks.append(self.stack(what))
        for what in points:
            if not (self.left(what) or any(stack.piece.covers(what) for stack in stacks)):
                whole = replace(what, when=p.Span(*self.range_of(what.names)))
                stacks.append(self.stack(whole))
        results: list[str] = []
        while len(results) < len(self.carried):  # the last of them may need another
            results += [self.handed_on(*key) for key in list(self.carried)[len(results) :]]
        over = in_place(outer, self.loop, self.along, stacks)
        puts = [self.side(own) for own in over.values()]
        stacks = [s for s in stacks if not any(s in own for own in over.values())]
        before = [names.of(p.Slice(n, p.Now(self.shift(n, age)))) for n, age in self.carried]
        given = [before, [self.texts[what].text for what in self.along if what not in over]]
        heads = [_head(given[0], "before"), _head(given[1], "now")]
        if over:
            given.insert(1, [self.texts[what].text for what in over])
            heads.insert(1, _head(given[1], "here"))
        step = names.names.new("step")
        ends = (self.loop.first, self.loop.last)[:: self.loop.direction]
        outer.lines += ["", f"# t = {ends[0]} … {ends[1]}"]
        outer.lines.append(f"def {step}({', '.join(heads)}):")
        for own, head in zip(given, heads, strict=True):
            if len(own) > 1:
                outer.lines += _indented(laid_out(f"{', '.join(own)} = {head}", 8))
        outer.lines += _indented(self.lines)
        gives = [results, *([self.given(puts)] if over else []), self.given(stacks)]
        outer.lines += _indented(laid_out(f"return {', '.join(map(several, gives))}", 8))
        outer.lines.append("")
        call = [step, several(list(self.carried.values()))]
        if over:
            call.append(several([self.along[what] for what in over]))
        along = [text for what, text in self.along.items() if what not in over]
        call += [several(along)] if along or not over else []
        if not self.along:
            call.append(f"length={len(self.loop.steps)}")
        if self.loop.direction < 0:
            call.append("reverse=True")
        left = [_apart([self.final(*key) for key in self.carried])]
        left += [
            _apart([s.piece.text for s in own]) for own in ([puts, stacks] if over else [stacks])
        ]
        scan = "scan_over" if over else "lax.scan"
        outer.lines += laid_out(f"{', '.join(left)} = {scan}({', '.join(call)})")
        outer.pieces += [stack.piece for stack in (*puts, *stacks)]

    def side(self, stacks: Sequence[Stack]) -> Stack:
        """Stacks side by side, as one that a step gives."""
        if len(stacks) == 1:
            return stacks[0]
        found = joined(stacks, self.context.names)
        self.value(found.now, alone=True)
        return found

    def given(self, stacks: Sequence[Stack]) -> list[str]:
        """What a step gives of stacks."""
        return [self.value(stack.now, alone=True).text for stack in stacks]

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


def _head(names: Sequence[str], several: str) -> str:
    """The argument that these come in."""
    return "_" if not names else names[0] if len(names) == 1 else several


def _apart(names: Sequence[str]) -> str:
    if not names or all(name == "_" for name in names):
        return "_"
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
