"""Where the arrays live when sequences have lengths of their own: rows without gaps.

The sequences are put in order, from the longest to the shortest. An array that runs over time is
(N, n): first the boundaries, a block of B rows each, then the rows of step 1, those of step 2, …,
each step with one row for every sequence that has it. So what is done at all steps at once is done
for real rows alone, and what is done at one step is done for a slice of rows. Blocks of one pack
lie one after the other, (blocks, N, n).

`rows`, in the generated code, knows which rows these are; it is made for each set of lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from symrnn.errors import CheckError
from symrnn.kernels.numpy.operands import Call, Each, Operand, call, looped
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.numpy.statements import Speller
from symrnn.kernels.program.program import (
    At,
    End,
    Loop,
    Map,
    Now,
    Number,
    Reduce,
    Slice,
    Span,
    When,
)
from symrnn.kernels.sizes import between, number_text
from symrnn.language.tree import Ref

Fronts = tuple[int, int]
"""How many boundaries lie before the first step and behind the last: all of them lie in front."""


@dataclass(frozen=True)
class PackedPlaces(Places):
    """Names and expressions for arrays of rows."""

    time_first: ClassVar[bool] = False

    def fronts(self, name: str) -> Fronts:
        first, last = self.steps(name)
        return 1 - first, last - self.program.steps

    def row_count(self, what: Slice) -> str:
        return "N" if self.array(what.names[0]).steps is not None else super().row_count(what)

    def shape(self, name: str) -> list[str]:
        array, pack = self.array(name), self.pack(name)
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

    def cut(self, what: Slice, first: int, last: int, blocks: bool) -> str:
        """All steps of a slice, without its boundaries."""
        return self.without_fronts(what, self.base(what, blocks))

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
        return self.cut(Slice(names), first, last, blocks=False)

    def boundary(self, what: Slice, blocks: bool) -> str:
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
        return self.some_rows(what, self.base(what, blocks), ends)

    def final(self, refs: Sequence[Ref]) -> str:
        """A state where each sequence has a last step of its own: for each lag the array, how many
        boundaries it has before and behind, and the step, from the first or from the last."""
        before, behind = self.fronts(refs[0].name)
        array = self.base(Slice((refs[0].name,)), blocks=False)
        steps = [
            f"{ref.shift}, None" if ref.base == "T" else f"None, {ref.shift + 1}"
            for ref in sorted(refs, key=lambda ref: ref.shift)
        ]
        return f"[{', '.join(f'({array}, {before}, {behind}, {step})' for step in steps)}]"

    # operands

    def operand(self, what: Slice, blocks: bool) -> Operand:
        if self.array(what.names[0]).steps is None:
            return super().operand(what, blocks)
        if isinstance(what.when, Span):
            return self.view(what, "_steps", self.cut(what, 0, 0, blocks))
        suffix = "_begin" if isinstance(what.when, At) else "_end"
        return self.view(what, suffix, self.boundary(what, blocks))

    def span_suffix(self, what: Slice) -> str:
        return ""

    def each(self, what: Slice, blocks: bool, loop: Loop) -> Operand:
        """Of each step the rows of the sequences that have it."""
        text = self.base(what, blocks)
        if what.when is None:
            return self.in_turn(what, f"rows.heads({text})", Now(), loop)
        assert isinstance(what.when, Now)
        return self.in_turn(what, f"rows.steps({self.without_fronts(what, text)})", what.when, loop)

    def from_step(self, what: Slice, blocks: bool, loop: Loop) -> Operand:
        """What is copied at each step from another one."""
        assert isinstance(what.when, Now)
        text = self.without_fronts(what, self.base(what, blocks))
        return self.in_turn(what, f"rows.steps_from({text}, {what.when.shift})", what.when, loop)

    def to_step(self, what: Slice, shift: int, blocks: bool, loop: Loop) -> Operand:
        """Where it is copied to: the rows that the other step has too."""
        return self.in_turn(what, f"rows.steps_to({self.base(what, blocks)}, {shift})", Now(), loop)

    def in_turn(self, what: Slice, text: str, when: Now, loop: Loop) -> Operand:
        """Views in the direction of the loop."""
        text = f"{text}[::-1]" if loop.direction < 0 else text
        return Each(text, looped(self.label(what), when))


@dataclass(frozen=True)
class PackedSpeller(Speller):
    """Spells statements on arrays of rows."""

    @property
    def packed(self) -> PackedPlaces:
        assert isinstance(self.places, PackedPlaces)
        return self.places

    def is_each(self, what: Slice) -> bool:
        """In a loop also what has as many rows as a step has."""
        return (what.when is None and self.has_rows(what)) or super().is_each(what)

    def has_rows(self, arg: Slice) -> bool:
        return self.places.array(arg.names[0]).rows

    def map(self, statement: Map) -> Call:
        out, arg = statement.out, statement.args[0]
        if statement.op == "only":
            length = statement.args[1]
            assert isinstance(length, Number)
            count = number_text(self.places.own, length.value)
            return rows_call(
                f"rows.only({{0}}, {{1}}, {count})", self.argument(out), self.argument(arg)
            )
        if statement.op not in ("copy", "begin", "land") or isinstance(arg, Number):
            return super().map(statement)
        blocks = self.places.in_blocks([a for a in (out, *statement.args) if isinstance(a, Slice)])
        match statement.op, out.when, arg.when:
            case "begin", _, Span():
                shift = shift_of(out.when, arg.when)
                return self.from_all("begin", self.every(out, blocks), arg, blocks, str(shift))
            case "land", _, _:
                place = self.places.operand(statement_span(statement), blocks)
                value = self.argument(arg, blocks)
                return rows_call(f"rows.land({{0}}, {{1}}, {place_of(out)})", place, value)
            case "copy", Now(), Now(shift=shift) if shift and self.loop is not None:
                source = self.packed.from_step(arg, blocks, self.loop)
                target = self.packed.to_step(out, shift, blocks, self.loop)
                return call("copyto({1}, {0})", source, target)
            case "copy", Span(), Span() if shift_of(out.when, arg.when):
                name = "carry_ids" if self.places.array(out.name).classes else "carry"
                shift = shift_of(out.when, arg.when)
                return self.from_all(name, self.every(out, blocks), arg, blocks, str(shift))
            case "copy", None, At() | End() if self.places.array(arg.names[0]).steps is not None:
                return self.from_all("pick", self.argument(out, blocks), arg, blocks, place_of(arg))
            case "copy", Span(), None if self.has_rows(arg):
                value, every = self.argument(arg, blocks), self.every(out, blocks)
                return rows_call("rows.spread({1}, {0})", value, every)
        return super().map(statement)

    def from_all(self, name: str, out: Operand, arg: Slice, blocks: bool, more: str) -> Call:
        """A call that reads an array with its boundaries, and how many these are before and
        behind."""
        before, behind = self.packed.fronts(arg.names[0])
        whole = self.places.view(arg, "_all", self.places.base(arg, blocks))
        pattern = f"rows.{name}({{0}}, ({{1}}, {before}, {behind}), {more})"
        return rows_call(pattern, out, whole, uses="carry_ids" if name == "carry_ids" else "rows")

    def every(self, out: Slice, blocks: bool) -> Operand:
        """The rows of all steps."""
        return self.places.operand(Slice(out.names, Span(1, 1), out.part), blocks)

    def reduce(self, statement: Reduce) -> Call:
        if statement.over != "steps":
            return super().reduce(statement)
        arg, out = self.argument(statement.arg), self.argument(statement.out)
        return rows_call("rows.sum_steps({1}, {0})", arg, out)


def rows_call(pattern: str, *operands: Operand, uses: str = "rows") -> Call:
    """A call of the object that knows where sequences end."""
    return call(pattern, *operands, uses=uses)


def place_of(what: Slice) -> str:
    """A step as it is counted: from the first, or from each sequence's last."""
    match what.when:
        case At(step=step):
            return f"first={step}"
        case End(shift=shift):
            return f"last={shift}"
    raise CheckError(f"{what.name} is at no step of its own")


def shift_of(out: When | None, arg: When | None) -> int:
    assert isinstance(out, Span)
    assert isinstance(arg, Span)
    return arg.first - out.first


def statement_span(statement: Map) -> Slice:
    """All steps of what a statement lands in."""
    every = statement.args[1]
    assert isinstance(every, Slice)
    return every
