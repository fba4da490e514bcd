"""Slices of a program's arrays, and numbers made of sizes, in C.

Every array is a member of one of four structs: parameters `p`, their gradients `g`, what is handed
in `in`, and the memory of the kernel `m`. Its axes are those of the contract: steps, sequences,
features.

    h[t-1]    =>    m->h[t - 1][r][j]

Where the number of sequences is said when a function is called, the rows of all steps lie one after
the other, and where each sequence has a length of its own, those of step t begin at `start`: its
sequences are the first ones of all, which are in order, from the longest to the shortest.

    h[t-1]    =>    m->h[(t - 1) * b + r][j]
    h[t]      =>    m->h[start + r][j]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.c.names import PACKED, VARIABLES
from symrnn.kernels.infix import SIGN, WHOLE, Text, called, infix
from symrnn.kernels.program import program as p
from symrnn.language.printer import show_expr
from symrnn.language.tree import NARROW, Add, Div, Expr, Mul, Neg, Num, Pow, Size, Width

STRUCTS = {
    "parameter": "p",
    "gradient": "g",
    **dict.fromkeys(("input", "target", "fixed"), "in"),
    **dict.fromkeys(("variable", "scratch"), "m"),
}
"""In which struct an array lies, by its role."""


@dataclass(frozen=True)
class Spelling:
    """How one program is spelt: the names of its arrays and dimensions, and its axes."""

    program: p.Program
    own: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The states of several steps, each with the arrays of its single steps."""
    batch: str = "B"
    """The most sequences that there can be."""
    any_batch: bool = False
    """Whether there may be fewer."""

    @property
    def ragged(self) -> bool:
        """Whether sequences have lengths of their own."""
        return self.program.ragged

    @property
    def has_no_gaps(self) -> bool:
        """Whether the rows of all steps lie one after the other, however many sequences there are:
        so they are one matrix."""
        return self.any_batch and self.program.steps > 1

    @property
    def sequences(self) -> str:
        """How many sequences there are."""
        return "b" if self.any_batch else self.batch

    @property
    def variables(self) -> set[str]:
        return VARIABLES | (PACKED if self.any_batch or self.ragged else set())

    def is_put_in_order(self, name: str) -> bool:
        """Whether an array is a copy of what is handed in, in the order of the rows."""
        array = self.program.arrays[name]
        return self.ragged and array.rows and STRUCTS[array.role] == "in"

    def member(self, name: str) -> str:
        """The array as a member of its struct."""
        array = self.program.arrays[name]
        if array.role == "gradient":
            return f"g->{self.own[array.of]}"
        if self.is_put_in_order(name):
            return f"m->{self.own[name]}"
        for key, members in self.groups.items():
            if name in members:
                return f"in->{self.own.get(key, key)}[{members.index(name)}]"
        return f"{STRUCTS[array.role]}->{self.own[name]}"

    def local(self, what: p.Slice) -> str:
        """A slice as a number within a loop; with its step, since there may be others."""
        own = self.own[what.name]
        if isinstance(what.when, p.At):
            return f"{own}_at_{what.when.step}".replace("-", "m")
        return f"{own}_" if own in self.variables or own in self.sizes else own

    @property
    def sizes(self) -> set[str]:
        return {text for key, text in self.own.items() if key.startswith("dim ")}

    def width(self, width: Width) -> str:
        parts = [self.own[f"dim {name}"] for name in width.names]
        if width.number or not parts:
            parts.append(str(width.number))
        return " + ".join(parts)

    def shape(self, name: str) -> list[str]:
        """The axes of an array: places for steps, sequences, features; or all rows, features."""
        array = self.program.arrays[name]
        steps = [self.places(name)] if array.places is not None else []
        rows = [*steps, *[self.batch] * array.rows]
        if len(rows) == 2 and (self.ragged or self.has_no_gaps):
            rows = [" * ".join(f"({n})" if " " in n else n for n in rows)]
        return [*rows, *map(self.width, array.shape)]

    def shape_given(self, name: str) -> list[str]:
        """The axes of what is handed in; where it is put in order, these are as without lengths."""
        array = self.program.arrays[name]
        if not self.is_put_in_order(name):
            return self.shape(name)
        steps = ["T"] if array.steps is not None else []
        return [*steps, self.batch, *map(self.width, array.shape)]

    def places(self, name: str) -> str:
        """How many places for steps an array has."""
        array = self.program.arrays[name]
        if self.ragged:
            return plus("T", sum(self.fronts(name)))
        assert array.places is not None
        return self.count(array.places)

    def fronts(self, name: str) -> tuple[int, int]:
        """How many boundaries an array has before the first step and behind the last."""
        first, last = self.program.arrays[name].steps or (1, self.program.steps)
        return 1 - first, last - self.program.steps

    def place(self, what: p.Slice) -> str | None:
        """Where the steps of a slice begin; None where there is none."""
        array = self.program.arrays[what.name]
        if array.places is None or array.steps is None:
            return None
        match what.when:
            case p.At(step=step):
                return str(array.place(step))
            case p.Span(first=first):
                return plus("s", first - array.steps[0])
            case p.Now(shift=shift):
                if array.window is not None:
                    ahead = (shift - array.window.start) % array.window.places
                    return f"({plus('t', ahead)}) % {array.window.places}"
                return plus("t", shift - array.steps[0])
        raise CheckError(f"{what.name} runs over time, and no step is said")

    def has_rows(self, what: p.Slice) -> bool:
        array = self.program.arrays[what.name]
        return array.rows or len(array.shape) == 2

    def features(self, what: p.Slice) -> Width:
        return what.part[1] if what.part else self.program.arrays[what.name].width

    def row(self, what: p.Slice, row: str) -> list[str]:
        """The indices of a row: its step and its sequence; or one, where rows lie without gaps."""
        array = self.program.arrays[what.name]
        if self.ragged and array.rows:
            return [" + ".join(part for part in (self.start(what), row) if part != "0") or "0"]
        place = self.place(what)
        rows = [row] if self.has_rows(what) else []
        if place is None or not array.rows or not self.has_no_gaps:
            return [*([] if place is None else [place]), *rows]
        if place == "0":
            return rows
        start = f"({place}) * b" if " " in place and "%" not in place else f"{place} * b"
        start = "b" if place == "1" else start
        return [start if row == "0" else f"{start} + {row}"]

    def start(self, what: p.Slice) -> str:
        """The row with which a slice begins, where sequences have lengths of their own."""
        array = self.program.arrays[what.name]
        if array.steps is None:
            return "0"
        before, behind = self.fronts(what.name)
        match what.when:
            case p.At(step=step) if step <= 0:
                return times(step - 1 + before, self.batch)
            case p.End(shift=shift) if shift >= 1:
                return times(before + shift - 1, self.batch)
            case p.Span():
                return times(before + behind, self.batch)
            case p.Now(shift=0):
                front = times(before + behind, self.batch)
                return "start" if front == "0" else f"{front} + start"
        raise CheckError(f"{what.name} is read at {what.when}, where rows have gaps")

    def entry(self, what: p.Slice, row: str = "r", feature: str = "j") -> str:
        """A single number: that of a sequence and a feature."""
        return self.entry_of(what, self.row(what, row), feature)

    def entry_of(self, what: p.Slice, indices: list[str], feature: str = "j") -> str:
        """The same in a row that is said."""
        if self.program.arrays[what.name].classes is not None:
            return self.member(what.name) + "".join(f"[{index}]" for index in indices)
        narrow = self.features(what) == NARROW
        inner = "0" if narrow else feature
        if what.part is not None and self.width(what.part[0]) != "0":
            skip = self.width(what.part[0])
            inner = skip if narrow else f"{skip} + {inner}"
        return self.member(what.name) + "".join(f"[{index}]" for index in [*indices, inner])

    def first(self, what: p.Slice) -> str:
        """Where the numbers of a slice begin, its steps and rows one after the other."""
        indices = self.row(what, "0")
        array = self.program.arrays[what.name]
        if isinstance(what.when, p.Span) and array.places is not None and not self.ragged:
            first = array.place(what.when.first)
            indices[0] = times(first, "b") if self.has_no_gaps and array.rows else str(first)
        if array.classes is not None:
            return f"&{self.member(what.name)}" + "".join(f"[{i}]" for i in indices)
        start = "0" if what.part is None else self.width(what.part[0])
        return f"&{self.member(what.name)}" + "".join(f"[{i}]" for i in [*indices, start])

    def row_count(self, what: p.Slice) -> str:
        """How many rows a slice has, those of all its steps."""
        array = self.program.arrays[what.name]
        rows = "1"
        if array.rows and self.ragged:
            return self.rows_of(what)
        if array.rows:
            rows = self.sequences
        elif len(array.shape) == 2:
            rows = self.width(array.shape[0])
        if isinstance(what.when, p.Span) and array.places is not None:
            many = what.when.last - what.when.first + 1
            steps = self.count(many)
            steps = f"({steps})" if " " in steps and rows != "1" else steps
            return steps if rows == "1" else rows if many == 1 else f"{steps} * {rows}"
        return rows

    def rows_of(self, what: p.Slice) -> str:
        """The same where sequences have lengths of their own."""
        match what.when:
            case p.Span():
                return "total"
            case p.Now():
                return "alive"
        return self.sequences

    def count(self, many: int) -> str:
        """A number of steps, by T where it is near it."""
        more = many - self.program.steps
        if self.program.steps < 3 or abs(more) > 1:
            return str(many)
        return plus("T", more)

    def number(self, value: Expr) -> Text:
        """A number made of numbers and sizes: the compiler works it out."""
        match value:
            case Num():
                found = [
                    Text(f"(real){part.strip()}", SIGN) for part in show_expr(value).split("/")
                ]
                return found[0] if len(found) == 1 else infix("/", *found)
            case Size(width=width):
                names = [self.sequences if n == "B" else self.own[f"dim {n}"] for n in width.names]
                parts = names + ([str(width.number)] if width.number or not names else [])
                text = " + ".join(parts)
                return Text(f"(real)({text})" if len(parts) > 1 else f"(real){text}", SIGN)
            case Neg(arg=arg):
                return Text(f"-{self.number(arg).within(WHOLE)}", SIGN)
            case Add(terms=(first, *rest)):
                total = self.number(first)
                for term in rest:
                    total = infix("+", total, self.number(term))
                return total
            case Mul(left=left, right=right):
                return infix("*", self.number(left), self.number(right))
            case Div(left=left, right=right):
                return infix("/", self.number(left), self.number(right))
            case Pow(left=left, right=right):
                return called("FN(pow)", self.number(left), self.number(right))
        raise CheckError(f"{value} is no number")


def plus(index: str, number: int) -> str:
    """
    >>> plus("t", 0), plus("t", -1), plus("s", 2)
    ('t', 't - 1', 's + 2')
    """
    if not number:
        return index
    return f"{index} {'+' if number > 0 else '-'} {abs(number)}"


def times(many: int, size: str) -> str:
    """
    >>> times(0, "B"), times(1, "B"), times(2, "B")
    ('0', 'B', '2 * B')
    """
    return "0" if not many else size if many == 1 else f"{many} * {size}"
