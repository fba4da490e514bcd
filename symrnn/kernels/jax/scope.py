"""Statements as the lines of functions: what is given a name, and what is part of an expression.

Values are never changed: an array is as many values as it has steps that are worked out apart. A
loop is a `lax.scan`; what is read at an earlier step is its carry, what comes from outside goes
along with it, and what is read later is stacked.

    h[0] = h0                                  def step(h_before, x_W):
    for t = 1 … T:                                 h = jnp.tanh(x_W + h_before @ U)
        h_U[t] = h[t-1] @ U            =>          return h, h_before
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])                    h_9, h_before = lax.scan(step, h0, x_W)
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symrnn.errors import CheckError
from symrnn.kernels.jax.names import OwnNames
from symrnn.kernels.jax.spelling import (
    SUM,
    TIMES,
    WHOLE,
    Text,
    called,
    infix,
    laid_out,
    several,
    value_of,
)
from symrnn.kernels.program import program as p
from symrnn.kernels.program.rewrite import is_by_id
from symrnn.kernels.sizes import between, number_text, sum_of, width_of

LONGEST = 60
"""An expression of more letters gets a name, and is no part of another one."""

GIVEN = ("parameter", "fixed", "input", "target")

Said = Callable[[str, p.When | None], Iterator[str]]
"""The equations of a variable at a step, as they are written above its line."""


@dataclass
class Context:
    """What all functions of one program share."""

    program: p.Program
    names: OwnNames
    said: Said
    members: Mapping[str, tuple[str, int]]
    """The arrays of states of several steps: the group that each is of, and which one."""
    live: Mapping[str, Sequence[p.Statement]]
    """The statements that are needed, by section."""
    wanted: Sequence[p.Slice]
    """What is handed out in the end."""
    no_steps: bool = False
    """Whether what runs over time comes without a time axis: there is one step."""
    uses: Counter[tuple[str, p.When | None]] = field(default_factory=Counter)
    """How often each array is read, and at which steps."""
    known: frozenset[str] = frozenset()
    """The variables that are in use."""

    def __post_init__(self) -> None:
        reads = [*self.wanted, *(r for s in self.statements() for r in s.reads)]
        self.uses.update((name, what.when) for what in reads for name in what.names)
        outs = [s.out for s in self.statements()]
        made = {(name, out.when) for out in outs for name in out.names}
        self.apart = {name for name, when in self.uses if (name, when) not in made}
        """What is read at other steps than it is worked out at, one by one."""
        self.known = frozenset(name for what in (*reads, *outs) for name in what.names)

    def is_read_once(self, what: p.Slice) -> bool:
        return all(
            self.uses[name, what.when] == 1 and name not in self.apart for name in what.names
        )

    def statements(self) -> Iterator[p.Plain]:
        for body in self.live.values():
            yield from p.plain(tuple(body))

    @property
    def sizes(self) -> dict[str, str]:
        return {f"dim {name}": text for name, text in self.names.dims.items()}

    def axes(self, what: p.Slice) -> tuple[str, ...]:
        """The axes of a slice: steps, sequences, features."""
        array = self.program.arrays[what.names[0]]
        steps: tuple[str, ...] = ()
        if array.steps is not None and isinstance(what.when, p.Span):
            steps = (str(what.when.last - what.when.first + 1),)
        shape = [width_of(self.sizes, width) for width in array.shape]
        if array.classes is not None:
            shape = []
        if shape and len(what.names) > 1:
            shape[-1] = sum_of(self.sizes, [self.program.arrays[n].width for n in what.names])
        if what.part is not None:
            shape[-1] = width_of(self.sizes, what.part[1])
        return (*steps, *("B",) * array.rows, *shape)


@dataclass
class Scope:
    """The lines of one function, and what is known in it."""

    context: Context
    lines: list[str] = field(default_factory=list)
    texts: dict[p.Slice, Text] = field(default_factory=dict)
    """What has a name, or is a part of what has one."""
    pending: dict[p.Slice, list[p.Plain]] = field(default_factory=dict)
    """What is worked out when it is needed; statements of several, for the parts of one."""
    about: list[str] = field(default_factory=list)
    """The variables that are worked out on the way to the one at hand."""

    # statements

    def do(self, statements: Sequence[p.Plain]) -> None:
        """Statements in order: each variable on a line of its own, under its equation."""
        parts: dict[p.Slice, int] = {}
        for statement in statements:
            if statement.out.part is not None:
                whole = replace(statement.out, part=None)
                parts[whole] = parts.get(whole, 0) + 1
        for statement in statements:
            whole = replace(statement.out, part=None)
            self.pending.setdefault(whole, []).append(statement)
            if len(self.pending[whole]) < parts.get(whole, 1):
                continue
            if any(self.is_variable(name) for name in whole.names):
                self.variable(whole)

    def is_variable(self, name: str) -> bool:
        return self.context.program.arrays[name].role != "scratch"

    def variable(self, what: p.Slice) -> None:
        place, self.about = len(self.lines), []
        self.value(what, alone=True)
        if len(self.lines) == place:
            return
        inside = [n for n in self.about if n not in self.context.known]
        above = [
            f"# {line}"
            for name in dict.fromkeys([*inside, *what.names])
            for line in self.context.said(name, what.when)
        ]
        self.lines[place:place] = list(dict.fromkeys(above))

    # values

    def value(self, what: p.Slice, alone: bool = False) -> Text:
        """A slice as an expression; `alone` asks for a name."""
        if what.part is not None:
            skip, width = what.part
            first = width_of(self.context.sizes, skip)
            last = sum_of(self.context.sizes, [skip, width] if first != "0" else [width])
            whole = self.value(replace(what, part=None), alone=True)
            return Text(f"{whole.text}[..., {between(first, last)}]")
        if what in self.texts:
            return self.texts[what]
        for way in (self.worked_out, self.of_run, self.elsewhere, self.side_by_side):
            found = way(what, alone)
            if found is not None:
                return found
        raise CheckError(f"{what} is read before it is worked out")

    def knows(self, what: p.Slice) -> bool:
        """Whether a slice, or neighbours that it is of, is worked out here."""
        return (
            what in self.texts
            or what in self.pending
            or self.run_with(what) is not None
            or (
                len(what.names) > 1
                and all(self.knows(replace(what, names=(name,))) for name in what.names)
            )
        )

    def named(self, what: p.Slice, text: Text) -> Text:
        """The value under its name."""
        name = self.context.names.of(what)
        if what.when == p.Span(1, self.context.program.steps):
            plain = self.context.names.of(replace(what, when=None))
            name = name if self.is_taken(plain) else plain
        self.lines += laid_out(f"{name} = {text.text}")
        self.texts[what] = Text(name)
        return self.texts[what]

    def is_taken(self, name: str) -> bool:
        """Whether some of the steps are called so already."""
        return False

    def worked_out(self, what: p.Slice, alone: bool) -> Text | None:
        statements = self.pending.get(what)
        if statements is None:
            return None
        self.about += [name for s in statements for name in s.about.split()]
        if statements[0].out.part is not None:
            text = self.joined([self.expression(s) for s in self.in_order(statements)])
        else:
            text = self.expression(statements[0])
        del self.pending[what]
        if text.text.isidentifier():  # a copy is another name for the same
            self.texts[what] = text
            return text
        scratch = not any(self.is_variable(name) for name in what.names)
        short = len(text.text) <= LONGEST
        if not alone and scratch and short and self.context.is_read_once(what):
            return text
        return self.named(what, text)

    def in_order(self, statements: Sequence[p.Plain]) -> list[p.Plain]:
        def skip(statement: p.Plain) -> tuple[int, int]:
            assert statement.out.part is not None
            ahead = statement.out.part[0]
            return len(ahead.names), ahead.number

        return sorted(statements, key=skip)

    def run_with(self, what: p.Slice) -> p.Slice | None:
        """Neighbours that are worked out together, these among them."""
        for known in (*self.texts, *self.pending):
            alike = known.when == what.when and known.part is None
            if alike and place_in(known.names, what.names) is not None:
                return known
        return None

    def of_run(self, what: p.Slice, alone: bool) -> Text | None:
        """One of several that are worked out together."""
        run = self.run_with(what)
        if run is None:
            return None
        text, context = self.value(run, alone=True), self.context
        if len(what.names) > 1:
            return self.named(what, self.some_columns(run, text, what))
        own = [replace(run, names=(name,)) for name in run.names]
        names = [context.names.of(one) for one in own]
        widths = [context.program.arrays[name].width for name in run.names]
        if len(set(widths)) == 1:
            cuts = str(len(names))
        else:
            ends = [sum_of(context.sizes, widths[: i + 1]) for i in range(len(widths) - 1)]
            cuts = f"[{', '.join(ends)}]"
        line = f"{', '.join(names)} = jnp.split({text.text}, {cuts}, axis=-1)"
        self.lines += laid_out(line)
        self.texts |= {one: Text(name) for one, name in zip(own, names, strict=True)}
        return self.texts[what]

    def some_columns(self, run: p.Slice, text: Text, what: p.Slice) -> Text:
        """Neighbours in the middle of others."""
        widths = [self.context.program.arrays[name].width for name in run.names]
        place = place_in(run.names, what.names) or 0
        ends = (place, place + len(what.names))
        first, last = (sum_of(self.context.sizes, widths[:end]) for end in ends)
        return Text(f"{text.text}[..., {between(first, last)}]")

    def elsewhere(self, what: p.Slice, alone: bool) -> Text | None:
        """What is not worked out here."""
        return None

    def side_by_side(self, what: p.Slice, alone: bool) -> Text | None:
        """Several, joined along their features."""
        if len(what.names) < 2:
            return None
        parts = [self.value(replace(what, names=(name,)), True) for name in what.names]
        return self.named(what, self.joined(parts))

    def joined(self, parts: Sequence[Text]) -> Text:
        return called("jnp.concatenate", f"[{', '.join(part.text for part in parts)}]", "axis=-1")

    # expressions

    def expression(self, statement: p.Plain) -> Text:
        """What a statement works out, with all the axes of its result."""
        match statement:
            case p.Product(pairs=pairs):
                found = [self.product(statement.out, pair) for pair in pairs]
                total = found[0]
                for text in found[1:]:
                    total = infix("+", total, text)
                return total
            case p.Map() if is_by_id(statement):
                return self.by_id(statement)
            case p.Map(op="turned", args=(p.Slice() as arg,)):
                return Text(f"{self.value(arg).within(WHOLE)}.T")
            case p.Map(out=out, op=op, args=args):
                texts = [self.argument(arg) for arg in args]
                if op != "copy" and not any(isinstance(arg, p.Slice) for arg in args):
                    full = self.spread(out, texts[0], args[:1])
                    return value_of(op, [full, *texts[1:]])
                return self.spread(out, value_of(op, texts), args)
            case p.Reduce():
                return self.reduced(statement)

    def argument(self, argument: p.Argument) -> Text:
        if isinstance(argument, p.Slice):
            return self.value(argument)
        text = number_text(self.context.sizes, argument.value)
        loose = any(sign in text for sign in " -")
        return Text(text, (SUM if " + " in text or " - " in text else TIMES) if loose else WHOLE)

    def spread(self, out: p.Slice, text: Text, args: Sequence[p.Argument]) -> Text:
        """The value with all the axes that it has to have."""
        wanted, found = self.context.axes(out), tuple[str, ...]()
        for arg in args:
            if isinstance(arg, p.Slice):
                found = _broadcast(found, self.context.axes(arg))
        if found == wanted:
            return text
        shape = f"({', '.join(wanted)}{',' * (len(wanted) == 1)})"
        if any(isinstance(arg, p.Slice) for arg in args):
            return called("jnp.broadcast_to", text, shape)
        return called("jnp.full_like", "like", text, f"shape={shape}")

    def product(self, out: p.Slice, pair: p.Pair) -> Text:
        left, right = self.value(pair.left), self.value(pair.right)
        rows = [
            _rows(text, len(self.context.axes(what)))
            for text, what in ((left, pair.left), (right, pair.right))
        ]
        ids = self.context.program.arrays[pair.left.names[0]].classes
        if ids is not None and pair.left_turned:
            count = width_of(self.context.sizes, ids)
            return called("scatter", left, rows[1], count)
        if ids is not None:
            return called("look_up", right, left)
        if pair.left_turned:
            left, right = Text(f"{rows[0].within(WHOLE)}.T"), rows[1]
        if pair.right_turned:
            right = Text(f"{right.within(WHOLE)}.T")
        return Text(f"{left.within(TIMES + 1)} @ {right.within(TIMES + 1)}", TIMES)

    def by_id(self, statement: p.Map) -> Text:
        """`pick`, the feature that an id says; `add_at`, something added to it."""
        return called(statement.op, *[self.argument(arg) for arg in statement.args])

    def reduced(self, statement: p.Reduce) -> Text:
        text, axes = self.value(statement.arg), self.context.axes(statement.arg)
        function = f"jnp.{statement.op}"
        if statement.over == "features":
            return called(function, text, "axis=-1", "keepdims=True")
        if statement.over == "steps":
            return called(function, text, "axis=0")
        out = self.context.axes(statement.out)
        if statement.over == "rows" and len(axes) > 1:
            ahead = tuple(range(len(axes) - 1))
            return called(function, text, f"axis={ahead[0] if len(ahead) == 1 else ahead}")
        total = called(function, text) if axes else text
        return Text(f"{total.within(WHOLE)}.reshape(1)") if out else total


def place_in(run: tuple[str, ...], names: tuple[str, ...]) -> int | None:
    """Where names stand among others, one after the other.

    >>> place_in(("i", "f", "o"), ("f", "o")), place_in(("i", "f", "o"), ("i", "o"))
    (1, None)
    """
    if len(run) <= len(names) or names[0] not in run:
        return None
    place = run.index(names[0])
    return place if run[place : place + len(names)] == names else None


def _broadcast(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """
    >>> _broadcast(("20", "B", "1"), ("H",))
    ('20', 'B', 'H')
    """
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    short = ("1",) * (len(long) - len(short)) + short
    return tuple(b if a == "1" else a for a, b in zip(long, short, strict=True))


def _rows(text: Text, axes: int) -> Text:
    return called("rows", text) if axes > 2 else text


@dataclass(frozen=True)
class Piece:
    """Steps of neighbours that are stacked in one value."""

    names: tuple[str, ...]
    first: int
    last: int
    text: str


@dataclass
class Outer(Scope):
    """A function with loops in it: the forward pass, or the backward pass after it."""

    pieces: list[Piece] = field(default_factory=list)
    before: "Outer | None" = None
    """The function that has run before, and keeps what is asked for."""
    kept: dict[str, None] = field(default_factory=dict)
    """What a later function asks for."""
    used: dict[str, None] = field(default_factory=dict)
    """What is given, as far as it is read."""

    def section(self, name: str) -> None:
        straight: list[p.Plain] = []
        for statement in self.context.live.get(name, ()):
            if isinstance(statement, p.Loop):
                self.do(straight)
                straight = []
                self.loop(statement)
            else:
                straight.append(statement)
        self.do(straight)

    def is_taken(self, name: str) -> bool:
        return any(piece.text == name for piece in self.pieces)

    # what is worked out somewhere else

    def elsewhere(self, what: p.Slice, alone: bool) -> Text | None:
        array = self.context.program.arrays[what.names[0]]
        for way in (self.given, self.steps, self.earlier):
            text = way(what, array, alone)
            if text is not None:
                return text
        return None

    def given(self, what: p.Slice, array: p.Array, alone: bool) -> Text | None:
        if array.role not in GIVEN or len(what.names) > 1:
            return None
        self.used[array.name] = None
        name = Text(self.context.names.own[array.name])
        if array.steps is None or self.context.no_steps:
            return name
        first, last = array.steps
        return self.some_of(Piece(what.names, first, last, name.text), what, alone)

    def steps(self, what: p.Slice, array: p.Array, alone: bool) -> Text | None:
        """Out of the steps that are known."""
        match what.when:
            case p.At(step=step):
                return self.stretch(what, step, step, alone)
            case p.Span(first=first, last=last):
                return self.stretch(what, first, last, alone)
        return None

    def stacks(self) -> Iterator[tuple[tuple[str, ...], int, int, Piece | p.Slice]]:
        """All that is there for several steps at once, from which step to which."""
        for piece in self.pieces:
            yield piece.names, piece.first, piece.last, piece
        for known in (*self.texts, *self.pending):
            if isinstance(known.when, p.Span) and known.part is None:
                yield known.names, known.when.first, known.when.last, known

    def stack_with(self, names: tuple[str, ...], first: int, last: int) -> Piece | None:
        """A stack of these, and of no others, with these steps."""
        for own, start, stop, found in self.stacks():
            if own == names and start <= first and last <= stop:
                if isinstance(found, Piece):
                    return found
                return Piece(own, start, stop, self.value(found, alone=True).text)
        return None

    def stretch(self, what: p.Slice, first: int, last: int, alone: bool) -> Text | None:
        """Some steps, or one, of what is stacked, by itself or beside others."""
        piece = self.stack_with(what.names, first, last)
        if piece is not None:
            return self.some_of(piece, what, alone)
        for own, start, stop, _ in self.stacks():
            if place_in(own, what.names) is not None and start <= first and last <= stop:
                run = replace(what, names=own)
                self.texts[run] = self.value(run, alone=True)
                return self.of_run(what, alone)
        return self.pieced(what, first, last) if isinstance(what.when, p.Span) else None

    def pieced(self, what: p.Slice, first: int, last: int) -> Text | None:
        """Steps that are not all together anywhere."""
        parts: list[str] = []
        step = first
        while step <= last:
            at = replace(what, when=p.At(step))
            ends = [
                min(stop, last)
                for own, start, stop, _ in self.stacks()
                if own == what.names and start <= step <= stop
            ]
            if ends:
                some = replace(what, when=p.Span(step, max(ends)))
                parts.append(self.value(some).text)
                step = max(ends) + 1
            elif self.knows(at):
                parts.append(f"{self.value(at, alone=True).text}[None]")
                step += 1
            else:
                return None
        if all(part.endswith("[None]") for part in parts):
            single = [part.removesuffix("[None]") for part in parts]
            return self.named(what, called("jnp.stack", f"[{', '.join(single)}]"))
        return self.named(what, called("jnp.concatenate", f"[{', '.join(parts)}]"))

    def some_of(self, piece: Piece, what: p.Slice, alone: bool) -> Text:
        """Some of the steps of a stack, or one of them."""
        first, last = piece.first, piece.last
        match what.when:
            case p.At(step=step):
                index = f"[{step - first}]" if step < last or first == last else "[-1]"
            case p.Span(first=start, last=stop):
                ends = (start - first or "", "" if stop == last else stop - last)
                index = f"[{ends[0]}:{ends[1]}]" if (start, stop) != (first, last) else ""
            case _:
                index = ""
        text = Text(f"{piece.text}{index}")
        return self.named(what, text) if alone and index else text

    def earlier(self, what: p.Slice, array: p.Array, alone: bool) -> Text | None:
        """Kept by the function before."""
        if self.before is None:
            return None
        if not self.before.has(what):
            return None
        text = self.before.value(what, alone=True)
        self.before.kept[text.text] = None
        self.texts[what] = text
        return text

    def has(self, what: p.Slice) -> bool:
        """Whether all of these are worked out here."""
        made = {
            name
            for key in ("forward", "loss")
            for statement in p.plain(tuple(self.context.live.get(key, ())))
            for name in statement.out.names
        }
        return set(what.names) <= made or what in self.texts

    # loops

    def loop(self, loop: p.Loop) -> None:
        Stepwise(self.context, outer=self, loop=loop).write()


@dataclass
class Stepwise(Scope):
    """The function of one step of a loop."""

    outer: Outer = None  # type: ignore[assignment]
    loop: p.Loop = None  # type: ignore[assignment]
    carried: dict[tuple[tuple[str, ...], int], str] = field(default_factory=dict)
    """The carry: neighbours, and how many steps ago they were worked out."""
    along: dict[p.Slice, str] = field(default_factory=dict)
    """What comes from outside, a step at a time, and what it is called there."""

    def __post_init__(self) -> None:
        self.shifts = {
            name: s.out.when.shift
            for s in self.loop.body
            for name in s.out.names
            if isinstance(s.out.when, p.Now)
        }

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
        self.along[what] = self.outer.value(replace(what, when=span), alone=True).text
        self.texts[what] = Text(self.context.names.of(what))
        return self.texts[what]

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
        spans, points = self.demands()
        self.do(self.loop.body)
        stacked: list[tuple[Piece, str]] = []
        for what in spans:
            if not any(_covers(piece, what) for piece, _ in stacked):
                stacked.append(self.stack(what))
        for what in points:
            if not (self.left(what) or any(_covers(piece, what) for piece, _ in stacked)):
                whole = replace(what, when=p.Span(*self.range_of(what.names)))
                stacked.append(self.stack(whole))
        results: list[str] = []
        while len(results) < len(self.carried):  # the last of them may need another
            results += [self.handed_on(*key) for key in list(self.carried)[len(results) :]]
        before = [names.of(p.Slice(n, p.Now(self.shift(n, age)))) for n, age in self.carried]
        now = [self.texts[what].text for what in self.along]
        step = names.names.new("step")
        heads = [_head(before, "before"), _head(now, "now")]
        ends = (self.loop.first, self.loop.last)[:: self.loop.direction]
        outer.lines += ["", f"# t = {ends[0]} … {ends[1]}"]
        outer.lines.append(f"def {step}({', '.join(heads)}):")
        for own, head in zip((before, now), heads, strict=True):
            if len(own) > 1:
                outer.lines += _indented(laid_out(f"{', '.join(own)} = {head}", 8))
        outer.lines += _indented(self.lines)
        given = several([text for _, text in stacked])
        outer.lines += _indented(laid_out(f"return {several(results)}, {given}", 8))
        outer.lines.append("")
        call = [step, several(list(self.carried.values())), several(list(self.along.values()))]
        if not self.along:
            call.append(f"length={len(self.loop.steps)}")
        if self.loop.direction < 0:
            call.append("reverse=True")
        left = _apart([self.final(*key) for key in self.carried])
        right = _apart([piece.text for piece, _ in stacked])
        outer.lines += laid_out(f"{left}, {right} = lax.scan({', '.join(call)})")
        outer.pieces += [piece for piece, _ in stacked]

    def range_of(self, names: tuple[str, ...]) -> tuple[int, int]:
        shift = self.shifts[names[0]]
        return self.loop.first + shift, self.loop.last + shift

    def stack(self, what: p.Slice) -> tuple[Piece, str]:
        """A span that is read later, and what this step gives of it."""
        assert isinstance(what.when, p.Span)
        first, last = self.range_of(what.names)
        by = what.when.first - first
        age = -by * self.loop.direction
        whole = what.when.last - what.when.first == last - first
        if not whole or age < 0 or not self.begins(what.names, age):
            by = 0
        now = p.Slice(what.names, p.Now(self.shifts[what.names[0]] + by))
        text, name = self.value(now, alone=True).text, self.context.names.of(now)
        span = p.Span(first + by, last + by)
        if any(piece.text == name for piece in self.outer.pieces):
            name = self.context.names.of(replace(what, when=span))
        return Piece(what.names, span.first, span.last, name), text

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
        asked = any(what.when == w.when and set(w.names) & set(names) for w in self.outer_reads())
        if not asked:
            return "_"
        self.outer.texts[what] = Text(self.context.names.of(what))
        return self.outer.texts[what].text

    def outer_reads(self) -> Iterator[p.Slice]:
        """What is read of this loop outside of it."""
        yield from self.context.wanted
        for body in self.context.live.values():
            for statement in body:
                if not isinstance(statement, p.Loop):
                    yield from statement.reads
                elif statement is not self.loop:
                    for inner in statement.body:
                        yield from (_in_outer(read, statement) for read in inner.reads)

    def demands(self) -> tuple[list[p.Slice], list[p.Slice]]:
        """The spans that are read later, and the single steps."""
        spans: dict[p.Slice, None] = {}
        points: dict[p.Slice, None] = {}
        for read in self.outer_reads():
            if not set(read.names) <= set(self.shifts):
                continue
            what = replace(read, part=None)
            first, last = self.range_of(what.names)
            match what.when:
                case p.At(step=step) if first <= step <= last:
                    points[what] = None
                case p.Span(first=start, last=stop) if start <= last and stop >= first:
                    spans[what] = None
        widest = [
            what
            for what in spans
            if not any(
                what.when == other.when and place_in(other.names, what.names) is not None
                for other in spans
            )
        ]

        def length(what: p.Slice) -> int:
            assert isinstance(what.when, p.Span)
            return what.when.first - what.when.last

        return sorted(widest, key=length), list(points)


def _in_outer(read: p.Slice, loop: p.Loop) -> p.Slice:
    """What a loop reads, seen from outside: all steps, or the one with which a carry begins."""
    if not isinstance(read.when, p.Now):
        return read
    shift = read.when.shift
    if set(read.names) & _written(loop):
        return replace(read, when=p.At(loop.steps[0] + shift))
    return replace(read, when=p.Span(loop.first + shift, loop.last + shift))


def _covers(piece: Piece, what: p.Slice) -> bool:
    """Whether a stack has all the steps of a slice."""
    if piece.names != what.names and place_in(piece.names, what.names) is None:
        return False
    match what.when:
        case p.At(step=step):
            return piece.first <= step <= piece.last
        case p.Span(first=first, last=last):
            return piece.first <= first and last <= piece.last
    return False


def _written(loop: p.Loop) -> set[str]:
    return {name for s in loop.body for name in s.out.names}


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]


def _head(names: Sequence[str], several: str) -> str:
    """The argument that these come in."""
    return "_" if not names else names[0] if len(names) == 1 else several


def _apart(names: Sequence[str]) -> str:
    if not names or all(name == "_" for name in names):
        return "_"
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
