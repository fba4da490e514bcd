"""Where the arrays live when sequences have lengths of their own: rows without gaps.

The sequences are put in order, from the longest to the shortest. An array that runs over time is
(N, n): first the boundaries, a block of B rows each, then the rows of step 1, those of step 2, …,
each step with one row for every sequence that has it. So what is done at all steps at once is done
for real rows alone, and what is done at one step is done for a slice of rows. Blocks of one pack
lie one after the other, (blocks, N, n).

`rows`, in the generated code, knows which rows these are; it is made for each set of lengths.
"""

from dataclasses import dataclass
from typing import ClassVar

from symrnn.errors import CheckError
from symrnn.kernels.numpy.places import Places, between
from symrnn.kernels.numpy.statements import Inside, Printer, plain_number
from symrnn.kernels.numpy.views import Views
from symrnn.kernels.program.program import (
    Argument,
    At,
    End,
    Map,
    Now,
    Number,
    Reduce,
    Slice,
    Span,
    When,
)

Fronts = tuple[int, int]
"""How many boundaries lie before the first step and behind the last: all of them lie in front."""


@dataclass
class PackedPlaces(Places):
    """Names and expressions for arrays of rows."""

    time_first: ClassVar[bool] = False

    def fronts(self, name: str) -> Fronts:
        first, last = self.steps(name)
        return 1 - first, last - self.program.steps

    def row_count(self, what: Slice) -> str:
        return "N" if self.array(what.names[0]).steps is not None else super().row_count(what)

    def shape(self, name: str) -> list[str]:
        array, pack = self.array(name), self.packs.get(name)
        if array.steps is None:
            return super().shape(name)
        blocks = sum(self.fronts(name))
        rows = {0: "N", 1: "B + N"}.get(blocks, f"{blocks} * B + N")
        if array.classes is not None:
            return [rows]
        if pack is None:
            return [rows, self.width(array.width)]
        if pack.kind == "blocks":
            return [str(len(pack.members)), rows, self.width(array.width)]
        return [rows, self.sum(self.array(m).width for m in pack.members)]

    def axes_before(self, name: str) -> int:
        return int(self.array(name).rows)

    def cut(self, what: Slice, first: int, last: int, lanes: bool) -> str:
        """All steps of a slice, without its boundaries."""
        return self.without_fronts(what, self.base(what, lanes))

    def without_fronts(self, what: Slice, text: str) -> str:
        blocks = sum(self.fronts(what.names[0]))
        if not blocks:
            return text
        return self.some_rows(what, text, "B:" if blocks == 1 else f"{blocks} * B :")

    def some_rows(self, what: Slice, text: str, rows: str) -> str:
        """Some rows of an array; of ids a row is one number."""
        by_id = self.array(what.names[0]).classes is not None
        return f"{text}[{rows}]" if by_id else f"{text}[..., {rows}, :]"

    def flat(self, names: tuple[str, ...], first: int, last: int) -> str:
        return self.cut(Slice(names), first, last, lanes=False)

    def boundary(self, what: Slice, lanes: bool) -> str:
        """The rows of a boundary."""
        before, _ = self.fronts(what.names[0])
        match what.when:
            case At(step=step) if step <= 0:
                block = step - 1 + before
            case End(shift=shift) if shift >= 1:
                block = before + shift - 1
            case _:
                raise CheckError(f"{what.name} is read at {what.when}, where rows have gaps")
        ends = (
            ":B"
            if not block
            else between("B" if block == 1 else f"{block} * B", f"{block + 1} * B")
        )
        return self.some_rows(what, self.base(what, lanes), ends)


@dataclass
class PackedViews(Views):
    """Views of arrays of rows."""

    def operand(self, what: Slice, lanes: bool) -> str:
        if self.places.array(what.names[0]).steps is None:
            return super().operand(what, lanes)
        assert isinstance(self.places, PackedPlaces)
        if isinstance(what.when, Span):
            text = self.places.cut(what, 0, 0, lanes)
            return self.named(what, "_steps", text)
        suffix = "_begin" if isinstance(what.when, At) else "_end"
        return self.named(what, suffix, self.places.boundary(what, lanes))

    def span_suffix(self, what: Slice) -> str:
        return ""

    def whole(self, what: Slice, lanes: bool) -> str:
        """An array with its boundaries."""
        return self.named(what, "_all", self.places.base(what, lanes))


@dataclass
class PackedInside(Inside):
    """The views that a loop goes through: of each step the rows of the sequences that have it."""

    def view(self, what: Slice, lanes: bool) -> str:
        text = self.places.base(what, lanes)
        if what.when is None:
            return self.name_of(what, self.ahead(f"rows.heads({text})"), Now())
        assert isinstance(self.places, PackedPlaces)
        assert isinstance(what.when, Now)
        text = f"rows.steps({self.places.without_fronts(what, text)})"
        return self.name_of(what, self.ahead(text), what.when)

    def from_step(self, what: Slice, lanes: bool) -> str:
        """What is copied at each step from another one."""
        assert isinstance(what.when, Now)
        assert isinstance(self.places, PackedPlaces)
        text = self.places.without_fronts(what, self.places.base(what, lanes))
        text = f"rows.steps_from({text}, {what.when.shift})"
        return self.name_of(what, self.ahead(text), what.when)

    def to_step(self, what: Slice, shift: int, lanes: bool) -> str:
        """Where it is copied to: the rows that the other step has too."""
        text = self.places.base(what, lanes)
        return self.name_of(what, self.ahead(f"rows.steps_to({text}, {shift})"), Now())

    def ahead(self, text: str) -> str:
        """In the direction of the loop."""
        return f"{text}[::-1]" if self.loop.direction < 0 else text


@dataclass
class PackedPrinter(Printer):
    """Statements on arrays of rows."""

    inside: ClassVar[type[Inside]] = PackedInside

    def argument(self, arg: Argument, lanes: bool, inside: Inside | None) -> str:
        if (
            inside is not None
            and isinstance(arg, Slice)
            and arg.when is None
            and self.has_rows(arg)
        ):
            return inside.view(arg, lanes)
        return super().argument(arg, lanes, inside)

    def matrix(self, arg: Slice, inside: Inside | None) -> str:
        if inside is not None and self.is_head(arg):
            return inside.view(arg, lanes=False)
        return super().matrix(arg, inside)

    def is_head(self, arg: Slice) -> bool:
        """Whether a loop reads of it as many rows as a step has."""
        return arg.when is None and self.has_rows(arg)

    def has_rows(self, arg: Slice) -> bool:
        return self.places.array(arg.names[0]).rows

    def is_timed(self, arg: Slice) -> bool:
        return self.places.array(arg.names[0]).steps is not None

    def map(self, statement: Map, inside: Inside | None) -> str:
        out, arg = statement.out, statement.args[0]
        if statement.op == "only":
            length = statement.args[1]
            assert isinstance(length, Number)
            target, value = (self.argument(a, False, inside) for a in (out, arg))
            return f"rows.only({target}, {value}, {plain_number(length.value, self.places)})"
        if statement.op not in ("copy", "begin", "land") or isinstance(arg, Number):
            return super().map(statement, inside)
        slices = [a for a in (out, *statement.args) if isinstance(a, Slice)]
        lanes = self.places.is_lanes(slices)
        match statement.op, out.when, arg.when:
            case "begin", _, Span():
                shift = shift_of(out.when, arg.when)
                return f"rows.begin({self.every(out, lanes)}, {self.source(arg, lanes)}, {shift})"
            case "land", _, _:
                place = self.views.operand(statement_span(statement), lanes)
                value = self.argument(arg, lanes, inside)
                return f"rows.land({place}, {value}, {self.place(out)})"
            case "copy", Now(), Now(shift=shift) if shift and isinstance(inside, PackedInside):
                self.used.add("copyto")
                source = inside.from_step(arg, lanes)
                return f"copyto({inside.to_step(out, shift, lanes)}, {source})"
            case "copy", Span(), Span() if shift_of(out.when, arg.when):
                shift = shift_of(out.when, arg.when)
                call = "carry_ids" if self.places.array(out.name).classes else "carry"
                return f"rows.{call}({self.every(out, lanes)}, {self.source(arg, lanes)}, {shift})"
            case "copy", None, At() | End() if self.is_timed(arg):
                target = self.argument(out, lanes, inside)
                return f"rows.pick({target}, {self.source(arg, lanes)}, {self.place(arg)})"
            case "copy", Span(), None if self.has_rows(arg):
                value = self.argument(arg, lanes, inside)
                return f"rows.spread({self.every(out, lanes)}, {value})"
        return super().map(statement, inside)

    def every(self, out: Slice, lanes: bool) -> str:
        """The rows of all steps."""
        return self.views.operand(Slice(out.names, Span(1, 1), out.part), lanes)

    def source(self, what: Slice, lanes: bool) -> str:
        """An array with its boundaries, and how many there are before and behind."""
        assert isinstance(self.places, PackedPlaces)
        assert isinstance(self.views, PackedViews)
        before, behind = self.places.fronts(what.names[0])
        return f"({self.views.whole(what, lanes)}, {before}, {behind})"

    def place(self, what: Slice) -> str:
        """A step as it is counted: from the first, or from each sequence's last."""
        match what.when:
            case At(step=step):
                return f"first={step}"
            case End(shift=shift):
                return f"last={shift}"
        raise CheckError(f"{what.name} is at no step of its own")

    def reduce(self, statement: Reduce, inside: Inside | None) -> str:
        if statement.over != "steps":
            return super().reduce(statement, inside)
        arg = self.argument(statement.arg, False, inside)
        return f"rows.sum_steps({self.argument(statement.out, False, inside)}, {arg})"


def shift_of(out: When | None, arg: When | None) -> int:
    assert isinstance(out, Span)
    assert isinstance(arg, Span)
    return arg.first - out.first


def statement_span(statement: Map) -> Slice:
    """All steps of what a statement lands in."""
    every = statement.args[1]
    assert isinstance(every, Slice)
    return every
