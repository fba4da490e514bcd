"""What stands between two products of a loop as one function: it is worked out entry by entry.

    def _cell_1(a_i, a_o, a_f, a_g, c_prev):
        o = torch.sigmoid(a_o)
        …
        return o, f, i, g, c, tanh_c, h

Such a function is called as it is, compiled once for all steps, or is one kernel of Triton's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symrnn.kernels.infix import INFIX, SIGN, Text, infix
from symrnn.kernels.program.program import Now, Number, Product, Reduce, Slice
from symrnn.kernels.torch.nodes import Item, Part, Spread, extent
from symrnn.kernels.torch.spelling import Speller
from symrnn.kernels.torch.units import Units
from symrnn.language.tree import Num


@dataclass
class Group:
    """Statements over the same entries; or one that stands alone: a product, a sum."""

    items: list[Item]
    is_function: bool = False

    def made(self) -> list[Slice]:
        return [item.out for item in self.items]

    def read(self) -> list[Slice]:
        """What it reads of elsewhere, in order."""
        made = set(self.made())
        return list(dict.fromkeys(w for i in self.items for w in i.node.reads() if w not in made))

    def numbers(self) -> list[Number]:
        """The numbers in it that sizes go into."""
        found: dict[Number, None] = {}
        for item in self.items:
            for node in item.node.nodes():
                for arg in node.args:
                    what = arg.what if isinstance(arg, Spread) else arg
                    if isinstance(what, Number) and not isinstance(what.value, Num):
                        found[what] = None
        return list(found)


def groups(items: Sequence[Item], units: Units) -> list[Group]:
    """The statements of a loop in an order in which as many as possible stand together: what stands
    alone comes as early as it can."""
    waiting, found = list(items), list[Group]()
    while waiting:
        alone = [o for o in waiting if not _is_cellular(o, units) and _is_ready(o, waiting)]
        if alone:
            found += [Group([one]) for one in alone]
            waiting = [one for one in waiting if one not in alone]
            continue
        group: list[Item] = []
        space = None
        for one in list(waiting):
            own = _space(one, units)
            fits = _is_cellular(one, units) and space in (None, own) and not _is_cut(one, group)
            if fits and _is_ready(one, waiting):
                space = own
                group.append(one)
                waiting.remove(one)
        found.append(Group(group, True))
    return found


def _is_cellular(one: Item, units: Units) -> bool:
    """Whether each of its entries is worked out by itself."""
    reads = any(True for _ in one.node.reads())
    return one.is_map and reads and not extent(units, one.out) - extent(units, one.node)


def _space(one: Item, units: Units) -> object:
    """The axes of what is worked out."""
    array = units.unit(one.out).array
    columns = units.columns(one.out)
    return (array.rows, len(array.shape), columns.width if columns else units.unit(one.out).width)


def _is_ready(one: Item, waiting: Sequence[Item]) -> bool:
    """Whether nothing that it needs is still to be worked out."""
    return not any(
        _touches(read, other.out)
        for other in waiting
        if other is not one
        for read in one.node.reads()
    )


def _is_cut(one: Item, group: Sequence[Item]) -> bool:
    """Whether it reads something of these at some steps alone: where they are cut off it is zero,
    which only whoever calls them knows."""
    cut = [r for r in one.node.reads() if isinstance(r.when, Now) and r.when.cut is not None]
    return any(_touches(read, other.out) for read in cut for other in group)


def _touches(read: Slice, out: Slice) -> bool:
    when = read.when
    if isinstance(when, Now) and when.cut is not None:
        when = out.when and replace(when, cut=None)
    return when == out.when and bool(set(read.names) & set(out.names))


# as functions


@dataclass(frozen=True)
class Cell:
    """A group as a function."""

    name: str
    taken: tuple[str, ...]
    given: tuple[str, ...]
    """What it gives back."""
    lines: tuple[str, ...]
    triton: tuple[str, ...] | None
    """The same, in the language of a Triton kernel; None where that lacks a function."""
    numbers: int = 0
    """So many of the last of `taken` are numbers."""


@dataclass
class Cells:
    """The functions of a file; equal ones once."""

    found: dict[object, Cell] = field(default_factory=dict)

    def cell(self, units: Units, group: Group, given: Sequence[Slice]) -> Cell:
        """The function of a group that gives back some of what it works out."""
        names = _Names(units, group)
        numbers = [names.number(number).text for number in group.numbers()]
        taken = [*map(names.of, group.read()), *numbers]
        speller = Speller(units, names.of, names.number)
        lines: list[str] = []
        kernel: list[str] | None = []
        for item in group.items:
            lines += [f"# {said}" for said in item.said]
            lines.append(f"{names.of(item.out)} = {speller.text(item.node)}")
            if kernel is not None:
                text = _triton(item.node, names)
                kernel = [*kernel, f"{names.of(item.out)} = {text.text}"] if text else None
        out = [names.of(what) for what in given]
        lines.append(f"return {', '.join(out)}")
        if not units.unit(group.items[0].out).array.rows:
            kernel = None
        key = (tuple(taken), tuple(lines))
        if key not in self.found:
            self.found[key] = Cell(
                f"_cell_{len(self.found) + 1}",
                tuple(taken),
                tuple(out),
                tuple(lines),
                tuple(kernel) if kernel is not None else None,
                len(numbers),
            )
        return self.found[key]


class _Names:
    """What slices are called in the function of a group."""

    def __init__(self, units: Units, group: Group) -> None:
        self.units, self.known = units, dict[Slice, str]()
        self.numbers: dict[Number, str] = {}
        self.taken = {"torch", "tl", "triton", "place", "there", "row", "column", "width", "at"}
        self.taken |= {"count", "kind", "block"}

    def of(self, what: Slice) -> str:
        if what not in self.known:
            self.known[what] = self.new(self.label(what))
        return self.known[what]

    def number(self, number: Number) -> Text:
        if isinstance(number.value, Num):
            return self.units.number(number)
        if number not in self.numbers:
            self.numbers[number] = self.new(f"number_{len(self.numbers) + 1}")
        return Text(self.numbers[number])

    def label(self, what: Slice) -> str:
        own = self.units.own[what.names[0]]
        if len(what.names) > 1:
            own = self.units.unit(what).name
        if what.part is not None:
            own = f"{own}_part"
        if isinstance(what.when, Now) and what.when.shift:
            way = "prev" if what.when.shift < 0 else "next"
            far = abs(what.when.shift)
            return f"{own}_{way}{far if far > 1 else ''}"
        return own

    def new(self, wish: str) -> str:
        name, count = wish, 2
        while name in self.taken:
            name, count = f"{wish}_{count}", count + 1
        self.taken.add(name)
        return name


TRITON = {
    "tanh": "_tanh({0})",
    "sigmoid": "tl.sigmoid({0})",
    "exp": "tl.exp({0})",
    "log": "tl.log({0})",
    "sqrt": "tl.sqrt({0})",
    "sin": "tl.sin({0})",
    "cos": "tl.cos({0})",
    "erf": "tl.erf({0})",
    "positive": "tl.where({0} > 0, 1.0, 0.0)",
    "is_zero": "tl.where({0} == 0, 1.0, 0.0)",
    "maximum": "tl.maximum({0}, {1})",
    "minimum": "tl.minimum({0}, {1})",
}


def _triton(part: Part, names: _Names) -> Text | None:
    """An expression of a kernel, if there is one."""
    if isinstance(part, Spread):
        return None
    if isinstance(part, Number):
        return names.number(part)
    if isinstance(part, Slice):
        return Text(names.of(part))
    if isinstance(part.statement, Product | Reduce):
        return None
    found = [_triton(arg, names) for arg in part.args]
    args = [arg for arg in found if arg is not None]
    if len(args) < len(found):
        return None
    match part.op:
        case "copy" | "stop":
            return args[0]
        case "negative":
            return Text(f"-{args[0].within(SIGN)}", SIGN)
        case "square":
            return infix("*", args[0], args[0])
        case op if op in INFIX:
            return infix(INFIX[op], *args)
        case op if op in TRITON:
            return Text(TRITON[op].format(*(arg.text for arg in args)))
    return None
