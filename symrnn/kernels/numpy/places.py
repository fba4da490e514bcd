"""Where the arrays of a program live, and what slices of them are in Python.

An array that runs over time is (steps, B, n). Columns of one pack lie in one array (steps, B, n+…),
blocks in one (steps, blocks, B, n).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from symrnn.kernels.numpy.names import Names
from symrnn.kernels.program.layout import pack_name
from symrnn.kernels.program.program import Array, Pack, Program, Slice, Span, Steps
from symrnn.language.tree import Width


@dataclass
class Places:
    """Names and expressions for the arrays that a program reads and writes."""

    time_first: ClassVar[bool] = True
    """Whether steps are an axis of their own, before all others."""

    program: Program
    names: Names
    dims: tuple[str, ...] = ()
    """The dimensions, in order."""
    own: dict[str, str] = field(default_factory=dict)
    """The Python name of each array, pack and dimension."""

    def __post_init__(self) -> None:
        self.packs = self.program.pack_of()
        for name in self.dims:
            self.own[f"dim {name}"] = self.names.new(name)
        for pack in self.program.packs:
            self.own[f"pack {pack.name}"] = self.names.new(pack.name)
        for name in self.program.arrays:
            self.own[name] = self.names.new(name)

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
        parts = [self.own[f"dim {name}"] for name in width.names]
        if width.number or not parts:
            parts.append(str(width.number))
        return " + ".join(parts)

    def product(self, *factors: str) -> str:
        return " * ".join(f"({f})" if " " in f else f for f in factors)

    def label(self, what: Slice) -> str:
        """How the name of a view begins."""
        pack = self.packs.get(what.names[0])
        if pack is not None and len(what.names) == len(pack.members):
            return self.own[f"pack {pack.name}"]
        if len(what.names) > 1:
            return pack_name(what.names)
        return self.own[what.names[0]] + ("_part" if what.part is not None else "")

    def are_one(self, one: Slice, other: Slice) -> bool:
        """Whether two slices are the same piece of memory."""

        def place(what: Slice) -> object:
            pack, array = self.packs.get(what.name), self.array(what.name)
            unit, lane = (pack.name, pack.members.index(what.name)) if pack else (what.name, 0)
            shared = self.program.shared.get(unit, unit)
            return (shared, lane, array.shape, array.steps, what.when, what.part)

        return place(one) == place(other)

    # columns and blocks

    def columns(self, names: Sequence[str]) -> tuple[str, str] | None:
        """From which column to which these neighbours go; None for all of a pack, or no pack."""
        pack = self.packs.get(names[0])
        if pack is None or pack.kind == "blocks" or len(names) == len(pack.members):
            return None
        start = pack.members.index(names[0])
        before = [self.array(name).width for name in pack.members[:start]]
        inside = [self.array(name).width for name in names]
        return self.sum(before), self.sum([*before, *inside])

    def sum(self, widths: Iterable[Width]) -> str:
        """Widths added up: 3 * H, or H_f + H_b.

        >>> places = Places(Program(1, {}, {}), Names(), own={"dim H": "H"})
        >>> places.sum([Width(("H",))] * 3)
        '3 * H'
        """
        counts: dict[str, int] = {}
        for width in widths:
            text = self.width(width)
            counts[text] = counts.get(text, 0) + 1
        if list(counts) == ["1"]:
            return str(counts["1"])
        parts = [
            text if n == 1 else f"{n} * ({text})" if " " in text else f"{n} * {text}"
            for text, n in counts.items()
        ]
        return " + ".join(parts) if parts else "0"

    def shape(self, name: str) -> list[str]:
        """The axes of an array, or of the pack that it lies in."""
        pack = self.packs.get(name)
        array = self.array(name)
        axes: list[str] = []
        timed = array.places is not None
        if timed:
            axes.append(str(array.places))
        if array.rows:
            axes.append("B")
        if pack is None:
            return [*axes, *(self.width(w) for w in array.shape)]
        if pack.kind == "blocks":
            axes.insert(timed, str(len(pack.members)))
            return [*axes, *(self.width(w) for w in array.shape)]
        front = [self.width(w) for w in array.shape[:-1]]
        return [*axes, *front, self.sum(self.array(m).width for m in pack.members)]

    # what a slice is in Python

    def is_lanes(self, operands: Sequence[Slice]) -> bool:
        """Whether an element-wise statement works on blocks, and not on columns side by side."""
        many = [o for o in operands if len(o.names) > 1]
        if not many:
            return False
        blocks = any(self.packs[o.names[0]].kind == "blocks" for o in many)
        single = [o for o in operands if len(o.names) == 1 and self.is_wide(o)]
        return blocks or bool(single)

    def is_wide(self, operand: Slice) -> bool:
        if operand.part is not None:
            return True
        return self.array(operand.name).width != Width((), 1)

    def base(self, what: Slice, lanes: bool) -> str:
        """All steps of a slice, time first where it runs over time."""
        first = what.names[0]
        array, pack = self.array(first), self.packs.get(first)
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
        if lanes and len(what.names) > 1:
            return self.as_lanes(what, pack, name, start)
        columns = self.columns(what.names)
        if columns is None:
            return name
        front = before or ":, " * (len(array.shape) - 1)
        return f"{name}[{front}{between(*columns)}]"

    def as_lanes(self, what: Slice, pack: Pack, name: str, start: int) -> str:
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

    def cut(self, what: Slice, first: int, last: int, lanes: bool) -> str:
        """Steps `first` to `last` of a slice, time first."""
        steps = self.steps(what.names[0])
        text = self.base(what, lanes)
        if (first, last) == steps:
            return text
        return f"{text}[{between(first - steps[0], last - steps[0] + 1)}]"

    def whole(self, name: str) -> str:
        """An array at all steps of the sequence, without its boundaries."""
        if self.array(name).places is None:
            return self.base(Slice((name,)), lanes=False)
        return self.cut(Slice((name,)), 1, self.program.steps, lanes=False)

    def flat(self, names: tuple[str, ...], first: int, last: int) -> str:
        """The rows of steps `first` to `last` of neighbours, for all sequences."""
        if self.array(names[0]).classes is not None:
            ids = self.cut(Slice(names), first, last, lanes=False)
            return f"{ids}.reshape({last - first + 1} * B)"
        columns = self.columns(names)
        pack = self.packs.get(names[0])
        whole = Slice(pack.members if pack and pack.kind == "columns" else names)
        count, width = last - first + 1, self.shape(names[0])[-1]
        rows = f"{self.cut(whole, first, last, lanes=False)}.reshape({count} * B, {width})"
        return rows if columns is None else f"{rows}[:, {between(*columns)}]"


def between(first: int | str, last: int | str) -> str:
    """A slice as it is written.

    >>> between(0, "H"), between("H", "2 * H")
    ('0:H', 'H : 2 * H')
    """
    simple = " " not in f"{first}{last}"
    return f"{first}:{last}" if simple else f"{first} : {last}"
