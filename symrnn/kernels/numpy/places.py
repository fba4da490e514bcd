"""Where the arrays of a program live, and what slices of them are in Python.

An array that runs over time is (steps, B, n). Columns of one pack lie in one array (steps, B, n+…),
blocks in one (steps, blocks, B, n).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from symrnn.errors import CheckError
from symrnn.kernels.numpy.operands import Each, Operand, StepView, View, looped, said
from symrnn.kernels.program.layout import pack_name
from symrnn.kernels.program.program import Array, At, Loop, Now, Pack, Program, Slice, Span, Steps
from symrnn.kernels.program.rewrite import is_cut
from symrnn.kernels.sizes import between, shape_of, sum_of, unit_of, width_of
from symrnn.language.tree import Width

IN_TURN = "_in_turn"
"""The function that goes through a few views again and again."""


@dataclass(frozen=True)
class Places:
    """Expressions for the arrays that a program reads and writes."""

    time_first: ClassVar[bool] = True
    """Whether steps are an axis of their own, before all others."""

    program: Program
    own: Mapping[str, str]
    """The Python name of each array, pack and dimension."""
    direct: frozenset[str] = frozenset()
    """Inputs that are handed in as arguments, and read where they are."""

    @cached_property
    def packs(self) -> Mapping[str, Pack]:
        """The pack of each array that lies in one."""
        return self.program.pack_of()

    def pack(self, name: str) -> Pack | None:
        return self.packs.get(name)

    def array(self, name: str) -> Array:
        return self.program.arrays[name]

    def steps(self, name: str) -> Steps:
        """The first and the last step of an array that runs over time."""
        steps = self.array(name).steps
        assert steps is not None
        return steps

    def axes_before(self, name: str) -> int:
        """How many axes of an array come before its features."""
        array = self.array(name)
        return (array.places is not None) + 1 if array.rows else 0

    def row_count(self, what: Slice) -> str:
        """How many rows a slice has."""
        if (array := self.array(what.names[0])).shape[:-1] and not array.rows:
            return self.width(array.shape[0])
        when = what.when
        count = when.last - when.first + 1 if isinstance(when, Span) else 1
        return "B" if count == 1 else f"{count} * B"

    def width(self, width: Width) -> str:
        return width_of(self.own, width)

    def sum(self, widths: Iterable[Width]) -> str:
        return sum_of(self.own, list(widths))

    def unit(self, name: str) -> str:
        """The name of an array, or of the pack that it lies in."""
        return unit_of(self.own, name, self.pack(name))

    def label(self, what: Slice) -> str:
        """How the name of a view begins."""
        pack = self.pack(what.names[0])
        if pack is not None and len(what.names) == len(pack.members):
            return self.own[f"pack {pack.name}"]
        if len(what.names) > 1:
            return pack_name(what.names)
        return self.own[what.names[0]] + ("_part" if what.part is not None else "")

    def are_one(self, one: Slice, other: Slice) -> bool:
        """Whether two slices are the same piece of memory."""

        def place(what: Slice) -> object:
            pack, array = self.pack(what.name), self.array(what.name)
            unit, member = (pack.name, pack.members.index(what.name)) if pack else (what.name, 0)
            shared = self.program.shared.get(unit, unit)
            return (shared, member, array.shape, array.steps, what.when, what.part)

        return place(one) == place(other)

    # columns and blocks

    def columns(self, names: Sequence[str]) -> tuple[str, str] | None:
        """From which column to which these neighbours go; None for all of a pack, or no pack."""
        pack = self.pack(names[0])
        if pack is None or pack.kind == "blocks" or len(names) == len(pack.members):
            return None
        start = pack.members.index(names[0])
        before = [self.array(name).width for name in pack.members[:start]]
        inside = [self.array(name).width for name in names]
        return self.sum(before), self.sum([*before, *inside])

    def shape(self, name: str) -> list[str]:
        """The axes of an array, or of the pack that it lies in."""
        pack, array = self.pack(name), self.array(name)
        axes = shape_of(self.own, array)
        if pack is None:
            return axes
        if pack.kind == "blocks":
            axes.insert(array.places is not None, str(len(pack.members)))
            return axes
        return [*axes[:-1], self.sum(self.array(m).width for m in pack.members)]

    # what a slice is in Python

    def in_blocks(self, operands: Sequence[Slice]) -> bool:
        """Whether an element-wise statement works on blocks, and not on columns side by side."""
        many = [o for o in operands if len(o.names) > 1]
        if not many:
            return False
        blocks = any((p := self.pack(o.names[0])) and p.kind == "blocks" for o in many)
        single = [o for o in operands if len(o.names) == 1 and self.is_wide(o)]
        return blocks or bool(single)

    def is_wide(self, operand: Slice) -> bool:
        if operand.part is not None:
            return True
        return self.array(operand.name).width != Width((), 1)

    def base(self, what: Slice, blocks: bool) -> str:
        """All steps of a slice, time first where it runs over time."""
        first = what.names[0]
        array, pack = self.array(first), self.pack(first)
        timed = array.places is not None
        before = ":, " * self.axes_before(first)
        if pack is None or (pack.kind == "blocks" and len(what.names) == 1):
            text = self.own[first]
            if what.part is not None:
                skip, width = what.part
                text += f"[{before}{between(self.width(skip), self.width(skip + width))}]"
            return text
        name = self.own[f"pack {pack.name}"]
        start = pack.members.index(first)
        if pack.kind == "blocks":
            if len(what.names) == len(pack.members):
                return name
            steps = ":, " * (timed and self.time_first)
            return f"{name}[{steps}{between(start, start + len(what.names))}]"
        if blocks and len(what.names) > 1:
            return self.as_blocks(what, pack, name, start)
        columns = self.columns(what.names)
        if columns is None:
            return name
        front = before or ":, " * (len(array.shape) - 1)
        return f"{name}[{front}{between(*columns)}]"

    def as_blocks(self, what: Slice, pack: Pack, name: str, start: int) -> str:
        """Columns as if they were blocks: (steps, blocks, B, n)."""
        array = self.array(what.names[0])
        axes = self.shape(what.names[0])[:-1]
        shape = ", ".join([*axes, str(len(pack.members)), self.width(array.width)])
        whole = len(what.names) == len(pack.members)
        ahead = ":, " * len(axes)
        some = "" if whole else f"[{ahead}{between(start, start + len(what.names))}]"
        text = f"{name}.reshape({shape}){some}"
        if not array.rows and len(array.shape) == 1:
            return f"{text}[:, None, :]"
        return f"{text}.swapaxes(-2, -3)"

    def cut(self, what: Slice, first: int, last: int, blocks: bool) -> str:
        """Steps `first` to `last` of a slice, time first."""
        steps = self.steps(what.names[0])
        text = self.base(what, blocks)
        if (first, last) == steps:
            return text
        return f"{text}[{between(first - steps[0], last - steps[0] + 1)}]"

    def whole(self, name: str) -> str:
        """An array at all steps of the sequence, without its boundaries."""
        if self.array(name).places is None:
            return self.base(Slice((name,)), blocks=False)
        return self.cut(Slice((name,)), 1, self.program.steps, blocks=False)

    def flat(self, names: tuple[str, ...], first: int, last: int) -> str:
        """The rows of steps `first` to `last` of neighbours, for all sequences."""
        if self.array(names[0]).classes is not None:
            ids = self.cut(Slice(names), first, last, blocks=False)
            return f"{ids}.reshape({last - first + 1} * B)"
        columns = self.columns(names)
        pack = self.pack(names[0])
        whole = Slice(pack.members if pack and pack.kind == "columns" else names)
        count, width = last - first + 1, self.shape(names[0])[-1]
        rows = f"{self.cut(whole, first, last, blocks=False)}.reshape({count} * B, {width})"
        return rows if columns is None else f"{rows}[:, {between(*columns)}]"

    # operands

    def operand(self, what: Slice, blocks: bool) -> Operand:
        """What an element-wise statement finds a slice under, outside of loops."""
        name = what.names[0]
        array = self.array(name)
        if array.places is None:
            return self.view(what, "", self.base(what, blocks))
        match what.when:
            case At(step=step):
                return self.step(what, step, blocks)
            case Span(first=first, last=last):
                text = self.cut(what, first, last, blocks)
                if blocks and len(what.names) == 1 and array.rows:
                    text = f"{text}[:, None]"
                return self.view(what, self.span_suffix(what), text)
        raise CheckError(f"{name} is read at {what.when} outside of a loop")

    def view(self, what: Slice, suffix: str, text: str, of: Operand | None = None) -> View:
        direct = what.names[0] in self.direct
        return View(text, self.label(what) + suffix, direct, of)

    def span_suffix(self, what: Slice) -> str:
        """Which steps a view shows; nothing for all of them."""
        steps = self.array(what.names[0]).steps
        assert isinstance(what.when, Span)
        if (what.when.first, what.when.last) == steps:
            return ""
        return f"_{said(what.when.first)}_to_{said(what.when.last)}"

    def step(self, what: Slice, step: int, blocks: bool) -> Operand:
        """The view of one step."""
        array, base = self.array(what.names[0]), self.base(what, blocks)
        if what.names[0] in self.direct or array.window:
            place = array.place(step)
            suffix = f"_place{place}" if array.window else f"_{said(step)}"
            return self.view(what, suffix, f"{base}[{place}]")
        wish, whole = f"{self.label(what)}_{said(step)}", f"{self.label(Slice(what.names))}_steps"
        return StepView(what.names, what.part, base, step, wish, whole)

    def matrix(self, what: Slice) -> Operand:
        """What a product finds a slice under, as a matrix."""
        if not isinstance(what.when, Span):
            return self.operand(what, blocks=False)
        text = self.flat(what.names, what.when.first, what.when.last)
        if what.part is not None:
            skip, width = what.part
            text += f"[:, {between(self.width(skip), self.width(skip + width))}]"
        return self.view(what, f"{self.span_suffix(what)}_rows", text)

    def each(self, what: Slice, blocks: bool, loop: Loop) -> Operand:
        """The views that a loop goes through."""
        assert isinstance(what.when, Now)
        shift = what.when.shift
        first, last = loop.first + shift, loop.last + shift
        array, uses = self.array(what.names[0]), set[str]()
        if array.window:
            uses.add("in_turn")
            base = self.base(what, blocks)
            steps = [step + shift for step in loop.steps[: array.window.places]]
            text = f"{IN_TURN}({', '.join(f'{base}[{array.place(step)}]' for step in steps)})"
        elif array.steps is None:  # one place for all steps
            text = f"[{self.base(what, blocks)}] * {last - first + 1}"
        else:
            text = self.cut(what, first, last, blocks)
            if loop.direction < 0:
                text = f"{text}[::-1]"
        if is_cut(what, (loop.first, loop.last)):
            assert what.when.cut is not None
            uses.add("cut")
            text = f"_cut({text}, {as_range(loop)}, {what.when.cut.shift})"
        return Each(text, looped(self.label(what), what.when), frozenset(uses))


def as_range(loop: Loop) -> str:
    """
    >>> as_range(Loop(1, 9, -1, ()))
    'range(9, 0, -1)'
    """
    steps = loop.steps
    return f"range({steps.start}, {steps.stop}{', -1' if loop.direction < 0 else ''})"
