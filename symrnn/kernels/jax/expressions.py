"""What a statement works out, as an expression with all the axes of its result.

d_U = transpose(h[0 … 8]) @ d_a[1 … 9]     =>     rows(h_before).T @ rows(d_a)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symrnn.kernels.infix import TIMES, WHOLE, Text, called, infix
from symrnn.kernels.jax.context import Context
from symrnn.kernels.jax.spelling import value_of
from symrnn.kernels.program import program as p
from symrnn.kernels.program.rewrite import is_by_id
from symrnn.kernels.sizes import number_of, width_of


@dataclass(frozen=True)
class Speller:
    """Spells statements, with values for what they read."""

    context: Context
    value: Callable[[p.Slice], Text]
    turned: Callable[[p.Slice], Text]
    """A value, its rows as columns."""

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
                return self.turned(arg)
            case p.Map(op="where"):
                return self.chosen(statement)
            case p.Map(out=out, op=op, args=args):
                texts = [self.argument(arg) for arg in args]
                if op != "copy" and not any(isinstance(arg, p.Slice) for arg in args):
                    full = self.spread(out, texts[0], args[:1])
                    return value_of(op, [full, *texts[1:]])
                return self.spread(out, value_of(op, texts), args)
            case p.Reduce():
                return self.reduced(statement)

    def chosen(self, statement: p.Map) -> Text:
        """One value where a mask says so, another one elsewhere; of class ids none."""
        ids = self.context.program.arrays[statement.out.names[0]].classes is not None
        mask, *values = statement.args
        texts = [self.argument(value) for value in values]
        if ids:
            numbers = [isinstance(value, p.Number) for value in values]
            texts = [Text("-1") if n else t for n, t in zip(numbers, texts, strict=True)]
        text = f"{self.argument(mask).within(WHOLE)}[..., 0]" if ids else self.argument(mask).text
        return self.spread(
            statement.out, called("jnp.where", text, *texts), values if ids else statement.args
        )

    def argument(self, argument: p.Argument) -> Text:
        if isinstance(argument, p.Slice):
            return self.value(argument)
        return number_of(self.context.sizes, argument.value)

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
            right = self.turned(pair.right)
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
