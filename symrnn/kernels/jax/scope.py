"""Statements as the lines of a function: what is given a name, and what is part of an expression.

a_h = x @ W + h0 @ U                =>     h = jnp.tanh(x @ W + h0 @ U)
h = tanh(a_h)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symrnn.errors import CheckError
from symrnn.kernels.infix import WHOLE, Text, called
from symrnn.kernels.jax.context import Context
from symrnn.kernels.jax.expressions import Speller
from symrnn.kernels.jax.spelling import laid_out
from symrnn.kernels.program import program as p
from symrnn.kernels.sizes import between, sum_of, width_of

LONGEST = 60
"""An expression of more letters gets a name, and is no part of another one."""


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

    def turned(self, what: p.Slice) -> Text:
        """The value of a slice, its rows as columns."""
        return Text(f"{self.value(what).within(WHOLE)}.T")

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
        spelt = Speller(self.context, self.value, self.turned).expression
        if statements[0].out.part is not None:
            text = self.joined([spelt(s) for s in self.in_order(statements)])
        else:
            text = spelt(statements[0])
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


def place_in(run: tuple[str, ...], names: tuple[str, ...]) -> int | None:
    """Where names stand among others, one after the other.

    >>> place_in(("i", "f", "o"), ("f", "o")), place_in(("i", "f", "o"), ("i", "o"))
    (1, None)
    """
    if len(run) <= len(names) or names[0] not in run:
        return None
    place = run.index(names[0])
    return place if run[place : place + len(names)] == names else None
