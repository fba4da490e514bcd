"""A function around loops: what it has of which steps, and what the function before it keeps.

Values are never changed: an array is as many values as it has steps that are worked out apart.

    h[0] = h0, h[1 … 9]     =>     h[0 … 8]: jnp.concatenate([h0[None], h[:-1]])
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symrnn.kernels.infix import Text, called
from symrnn.kernels.jax.context import GIVEN
from symrnn.kernels.jax.scope import Scope, place_in
from symrnn.kernels.program import program as p


@dataclass(frozen=True)
class Piece:
    """Steps of neighbours that are stacked in one value."""

    names: tuple[str, ...]
    first: int
    last: int
    text: str

    def covers(self, what: p.Slice) -> bool:
        """Whether a stack has all the steps of a slice."""
        if self.names != what.names and place_in(self.names, what.names) is None:
            return False
        match what.when:
            case p.At(step=step):
                return self.first <= step <= self.last
            case p.Span(first=first, last=last):
                return self.first <= first and last <= self.last
        return False


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

    def is_taken(self, name: str) -> bool:
        return any(piece.text == name for piece in self.pieces)

    def called_once(self, text: Text) -> Text:
        """An expression under a name, on a line of its own."""
        name = self.context.names.new((self.before is None, text.text), text.text.replace(".", "_"))
        line = f"{name} = {text.text}"
        if line not in self.lines:
            self.lines.append(line)
        return Text(name)

    def run_of(self, what: p.Slice) -> tuple[str, ...]:
        """The neighbours that some steps are stacked with."""
        for outer in (self, self.before):
            for piece in outer.pieces if outer is not None else ():
                if piece.covers(what):
                    return piece.names
        return what.names

    def has_own(self, what: p.Slice) -> bool:
        """Whether a single step has a value of its own, beside those that are stacked."""
        return isinstance(what.when, p.At) and what in self.texts

    def is_apart(self, what: p.Slice, text: str) -> bool:
        """Whether some steps have another value than this."""
        return self.has_own(what) or any(
            piece.covers(what) and piece.text != text for piece in self.pieces
        )

    # what is worked out somewhere else

    def elsewhere(self, what: p.Slice, alone: bool) -> Text | None:
        array = self.context.program.arrays[what.names[0]]
        own = self.before is not None and self.before.has_own(what)
        ways = (
            (self.given, self.earlier, self.steps)
            if own
            else (self.given, self.steps, self.earlier)
        )
        for way in ways:
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
