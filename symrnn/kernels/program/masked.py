"""Sequences with lengths of their own as plain statements: every step is worked out for all of
them, and what a sequence does not have is masked.

    prev_h[t] = h[t-1], by lengths        prev_h[t] = where(came_m1[t], h[t-1], 0)
    last_h = h[end]                 =>    at_last_h[1 … T] = where(ends_0[1 … T], h[1 … T], 0)
                                          last_h = sum(at_last_h[1 … T], steps)

Masks are inputs of the program. What is masked may be NaN: it is never multiplied by zero.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symrnn.errors import CheckError
from symrnn.kernels.program.program import (
    Argument,
    Array,
    At,
    End,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    Statement,
    When,
)
from symrnn.language.tree import NARROW, Num

ZERO = Number(Num(Fraction(0)))
Mask = tuple[str, int]
"""What a mask asks, with a number k: whether a sequence has this step ("alive"), the step k on
("came": those before the first count, "reach": they do not), whether this step is k after its last
("ends"), or step k and there ("at"); and, of the sequence as a whole, whether it has k steps
("long")."""


def masked(program: Program, taken: Collection[str]) -> tuple[Program, dict[str, Mask]]:
    """The program, and the masks that it reads, by their names; `taken` are names that something
    else has."""
    work = _Masked(program, taken)
    work.mask("alive", 0, None)  # for what is handed out
    sections = {name: tuple(work.section(body)) for name, body in program.sections.items()}
    return replace(program, arrays=work.arrays, sections=sections, ragged=False), work.masks


@dataclass
class _Masked:
    old: Program
    taken: Collection[str]
    masks: dict[str, Mask] = field(default_factory=dict)
    boundaries: dict[tuple[str, At | End], Slice] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)
    """What loops carry from step to step."""
    bases: dict[str, Slice] = field(default_factory=dict)
    """What comes to the steps to which nothing is carried, where that is not zero."""

    def __post_init__(self) -> None:
        every = (1, self.old.steps)
        self.arrays = {
            name: replace(array, steps=every if array.steps is not None else None)
            for name, array in self.old.arrays.items()
        }

    @property
    def every(self) -> Span:
        return Span(1, self.old.steps)

    # arrays of its own

    def free(self, wish: str) -> str:
        name, number = wish, 2
        while name in self.arrays or name in self.taken:
            name, number = f"{wish}_{number}", number + 1
        return name

    def new(self, wish: str, like: str, when: When | None) -> Slice:
        """A place for something with the features of an array."""
        array, name = self.arrays[like], self.free(wish)
        steps = None if when is None else (1, self.old.steps)
        self.arrays[name] = Array(name, "scratch", array.shape, True, steps, classes=array.classes)
        return Slice((name,), when)

    def mask(self, kind: str, by: int, when: When | None) -> Slice:
        found = next((name for name, own in self.masks.items() if own == (kind, by)), None)
        if found is None:
            found = self.free(kind if kind == "alive" else f"{kind}_{by}".replace("-", "m"))
            steps = None if kind == "long" else (1, self.old.steps)
            self.arrays[found] = Array(found, "input", (NARROW,), True, steps)
            self.masks[found] = kind, by
        return Slice((found,), when)

    # statements

    def section(self, body: Sequence[Statement]) -> Iterator[Statement]:
        self.there: dict[Slice, Slice] = {}
        self.lands = Counter(s.out.name for s in body if isinstance(s, Map) and s.op == "land")
        """How many times something will land yet."""
        self.partly: dict[str, Slice] = {}
        for statement in body:
            if isinstance(statement, Loop):
                yield from self.loop(statement)
            else:
                yield from self.straight(statement)

    def straight(self, statement: Plain) -> Iterator[Statement]:
        out = statement.out
        match statement, out.when:
            case Map(op="begin", args=(Slice() as source,)), Span(first=first):
                assert isinstance(source.when, Span)
                for name, one in zip(out.names, source.names, strict=True):
                    yield from self.begin(name, one, source.when.first - first)
            case Map(op="land"), _:
                yield from self.land(statement)
            case _, End():
                yield self.boundary(statement)
            case _, At(step=step) if step <= 0 and self.arrays[out.names[0]].steps:
                yield self.boundary(statement)
            case Map(op="only", args=(value, Number(value=Num(value=length)))), _:
                long = self.mask("long", int(length), None)
                yield replace(statement, op="where", args=(long, value, ZERO))
            case Map(op="copy", args=(number,)), _ if number == ZERO and self.lands[out.names[0]]:
                pass  # what lands comes to nothing else
            case _ if any(self.lands[name] for name in out.names):
                yield from self.straight(self.ahead_of_landing(statement))
            case Map(op="copy", args=(Slice() as source,)), _ if self.is_moved(out, source):
                for name, one in zip(out.names, source.names, strict=True):
                    own = replace(statement, out=replace(out, names=(name,)))
                    yield from self.moved(own, replace(source, names=(one,)))
            case _:
                yield from self.summed(statement)

    def ahead_of_landing(self, statement: Plain) -> Plain:
        """A statement, its result under a name of its own, as more is added to it."""
        names = []
        for name in statement.out.names:
            if self.lands[name]:
                self.partly[name] = self.new(f"{name}_ahead", name, statement.out.when)
                name = self.partly[name].name
            names.append(name)
        return replace(statement, out=replace(statement.out, names=tuple(names)))

    def is_moved(self, out: Slice, source: Slice) -> bool:
        array = self.arrays[source.names[0]]
        if array.steps is None or not array.rows:
            return False
        match out.when, source.when:
            case None, At() | End():
                return True
            case Span(first=one), Span(first=other):
                return one != other
        return False

    def boundary(self, statement: Plain) -> Plain:
        """What is beyond the ends, as an array of its own."""
        name, when = statement.out.name, statement.out.when
        assert isinstance(when, At | End)
        own = self.new(f"{name}_{'end' if isinstance(when, End) else 'begin'}", name, None)
        self.boundaries[name, when] = own
        return replace(statement, out=own)

    # what is carried

    def begin(self, name: str, source: str, shift: int) -> Iterator[Statement]:
        self.carried.add(name)
        for k in range(1, shift + 1):
            known = self.boundaries.get((source, End(k)))
            if known is not None:
                yield from self.add_base(name, self.mask("ends", k - shift, self.every), known)

    def add_base(self, name: str, mask: Slice, value: Argument) -> Iterator[Statement]:
        own = self.new(f"{name}_base", name, self.every)
        yield Map(own, "where", (mask, value, self.bases.get(name, ZERO)))
        self.bases[name] = own

    def land(self, statement: Map) -> Iterator[Statement]:
        """Add what lands at one step of each sequence that has it."""
        name, (value, *_) = statement.out.name, statement.args
        match statement.out.when:
            case End(shift=shift):
                mask = self.mask("ends", shift, self.every)
            case At(step=step):
                mask = self.mask("at", step, self.every)
            case _:
                raise CheckError(f"{name} lands at no step of its own")
        self.lands[name] -= 1
        carried, about = name in self.carried, statement.about
        before = self.bases.get(name) if carried else self.partly.get(name)
        last = not carried and not self.lands[name]
        out = Slice((name,), self.every) if last else self.new(f"{name}_base", name, self.every)
        if before is None:
            yield Map(out, "where", (mask, value, ZERO), about=about)
        else:
            own = self.new(f"{name}_landed", name, self.every)
            yield Map(own, "where", (mask, value, ZERO), about=about)
            yield Map(out, "add", (before, own), about=about)
        if carried:
            self.bases[name] = out
        elif not last:
            self.partly[name] = out

    def loop(self, loop: Loop) -> Iterator[Statement]:
        body: list[Plain] = []
        for statement in loop.body:
            match statement:
                case Map(op="copy", args=(Slice(when=Now(shift=shift)) as source,)) if shift:
                    for name, one in zip(statement.out.names, source.names, strict=True):
                        yield from self.beyond(name, one, shift)
                        base = self.bases.get(name)
                        kind = "reach" if shift < 0 and base is not None else "came"
                        rest = replace(base, when=Now()) if base is not None else ZERO
                        args = (self.mask(kind, shift, Now()), replace(source, names=(one,)), rest)
                        out = replace(statement.out, names=(name,))
                        body.append(replace(statement, out=out, op="where", args=args))
                case _:
                    body.append(statement)
        yield replace(loop, body=tuple(body))

    def beyond(self, name: str, source: str, shift: int) -> Iterator[Statement]:
        """What a loop reads beyond the steps that there are."""
        array, steps = self.arrays[source], self.old.steps
        assert array.steps is not None
        first, last = array.steps
        rest = self.bases.get(name) is not None
        for step in range(1 + shift, min(first, 1)) if shift < 0 else ():
            known = self.boundaries.get((source, At(step)))
            if known is not None and rest:
                yield from self.add_base(name, self.mask("at", step - shift, self.every), known)
            yield Map(Slice((source,), At(step)), "copy", (known or ZERO,))
        for step in range(last + 1, steps + shift + 1):
            yield Map(Slice((source,), At(step)), "copy", (ZERO,))
        ends = min(first, 1 + shift), max(last, steps + shift)
        self.arrays[source] = replace(array, steps=ends)

    # what is read at another step

    def moved(self, statement: Plain, source: Slice) -> Iterator[Statement]:
        match statement.out.when, source.when:
            case None, At(step=step):
                yield from self.picked(statement, source, At(step))
            case None, End() as end:
                yield from self.picked(statement, source, end)
            case Span(first=one), Span(first=other):
                yield from self.along(statement, source, other - one)

    def picked(self, statement: Plain, source: Slice, when: At | End) -> Iterator[Statement]:
        """One step of each sequence."""
        name, known = source.name, self.boundaries.get((source.name, when))
        if (when.step <= 0) if isinstance(when, At) else (when.shift >= 1):
            yield Map(statement.out, "copy", (known or ZERO,), about=statement.about)
            return
        chain: list[tuple[int, Slice]] = []
        for (other, at), text in self.boundaries.items():
            if other == name and isinstance(at, End) and isinstance(when, At):
                chain.append((when.step - at.shift, text))
            elif other == name and isinstance(at, At) and isinstance(when, End):
                chain.append((at.step - when.shift, text))
        chain = [(count, text) for count, text in chain if 1 <= count <= self.old.steps]
        out = self.new(f"{name}_there", name, None) if chain else statement.out
        if isinstance(when, At) and when.step > self.old.steps:  # no sequence has it
            yield Map(out, "copy", (ZERO,), about=statement.about)
        elif isinstance(when, At):
            args = (self.mask("alive", 0, when), replace(source, when=when), ZERO)
            yield Map(out, "where", args, about=statement.about)
        else:
            ends = self.new(f"at_{statement.out.name}", name, self.every)
            mask = self.mask("ends", when.shift, self.every)
            yield Map(ends, "where", (mask, replace(source, when=self.every), ZERO))
            summed = self.arrays[name].classes is None  # of class ids, where there is none: -1
            yield Reduce(out, "sum" if summed else "max", ends, "steps", about=statement.about)
        for place, (count, text) in enumerate(chain):
            last = place == len(chain) - 1
            own = statement.out if last else self.new(f"{name}_there", name, None)
            mask = self.mask("long", count, None)
            yield Map(own, "where", (mask, text, out), about=statement.about)
            out = own

    def along(self, statement: Plain, source: Slice, shift: int) -> Iterator[Statement]:
        """What stands some steps on, for all steps at once."""
        name, steps, count = source.name, self.old.steps, min(abs(shift), self.old.steps)
        known = {
            k: self.boundaries[name, End(k)]
            for k in range(1, shift + 1)
            if (name, End(k)) in self.boundaries
        }
        out = self.new(f"{name}_on", name, self.every) if known else statement.out
        beside = range(1, count + 1) if shift < 0 else range(steps - count + 1, steps + 1)
        for step in beside:
            value = self.boundaries.get((name, At(step + shift))) if shift < 0 else None
            yield Map(replace(out, when=At(step)), "copy", (value or ZERO,))
        if count < steps:
            mine = Span(count + 1, steps) if shift < 0 else Span(1, steps - count)
            theirs = Span(1, steps - count) if shift < 0 else Span(count + 1, steps)
            value, own = replace(source, when=theirs), replace(out, when=mine)
            if shift < 0:
                yield Map(own, "copy", (value,), about=statement.about)
            else:
                mask = self.mask("came", shift, mine)
                yield Map(own, "where", (mask, value, ZERO), about=statement.about)
        for place, (k, text) in enumerate(known.items()):
            last = place == len(known) - 1
            own = statement.out if last else self.new(f"{name}_on", name, self.every)
            mask = self.mask("ends", k - shift, self.every)
            yield Map(own, "where", (mask, text, out), about=statement.about)
            out = own

    # what is summed

    def summed(self, statement: Plain) -> Iterator[Statement]:
        """Sums over steps and sequences: of what is there."""
        match statement:
            case Product(pairs=pairs):
                found = []
                for pair in pairs:
                    right = pair.right
                    if pair.left_turned and self.is_long(right):
                        yield from self.left_there(right)
                        right = self.there[right]
                    found.append(replace(pair, right=right))
                yield replace(statement, pairs=tuple(found))
            case Reduce(arg=arg, over=over) if over != "features" and self.is_long(arg):
                yield from self.left_there(arg)
                yield replace(statement, arg=self.there[arg])
            case _:
                yield statement

    def is_long(self, what: Slice) -> bool:
        return isinstance(what.when, Span) and self.arrays[what.names[0]].rows

    def left_there(self, what: Slice) -> Iterator[Statement]:
        """What is zero where a sequence has ended, once for all that sum it."""
        if what in self.there:
            return
        names = [self.new(f"{n}_there", n, what.when).name for n in replace(what, part=None).names]
        own = replace(what, names=tuple(names), part=None)
        yield Map(own, "where", (self.mask("alive", 0, what.when), what, ZERO))
        self.there[what] = own
