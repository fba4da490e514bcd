"""Which arrays of a program are one tensor, and how slices of them are said.

Neighbours of a pack are columns of one tensor where a statement takes them together at one step;
whatever is taken together for all steps at once can be put together then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from symrnn.kernels.infix import Text
from symrnn.kernels.names import RESERVED, Names
from symrnn.kernels.program.program import Array, Number, Program, Slice, Span, plain
from symrnn.kernels.sizes import between, number_of, sum_of, width_of
from symrnn.language.tree import Width

TAKEN = {
    *("torch", "t", "T", "need", "sizes", "tensors", "kept", "cotangents", "keep", "fuse", "alive"),
    *("lengths", "math", "given", "params", "device", "generator", "zeros", "step", "steps"),
    *("sum", "max", "min", "tuple", "list", "None", "True", "False", "grads", "outputs", "states"),
    *("Sizes", "Tensor", "Function", "Module", "loss", "forward", "wrt", "range", "zip", "None_"),
}
"""Names that a generated file has for itself, beside those that all of them have."""


def own_of(program: Program, dims: tuple[str, ...]) -> dict[str, str]:
    """The Python names of dimensions, packs and arrays."""
    names = Names(set(RESERVED) | TAKEN)
    found = {f"dim {name}": names.new(name) for name in dims}
    found |= {f"pack {pack.name}": names.new(pack.name) for pack in program.packs}
    return found | {name: names.new(name) for name in program.arrays}


@dataclass(frozen=True)
class Unit:
    """A tensor: an array, or neighbours side by side."""

    name: str
    members: tuple[str, ...]
    array: Array
    """The first of them, which says the axes before the last."""
    width: str

    @property
    def timed(self) -> bool:
        return self.array.places is not None

    @property
    def base(self) -> int:
        """The step at the first place of a list of its steps."""
        assert self.array.steps is not None
        return min(self.array.steps[0], 0)


@dataclass(frozen=True)
class Columns:
    """Some columns of a unit: the first, and the one behind the last, as they are written."""

    first: str
    last: str
    place: int
    """The first, if each width were one: what lies side by side is put in this order."""
    width: str

    @property
    def text(self) -> str:
        return between(self.first, self.last)


class Units:
    """The tensors of a program."""

    def __init__(self, program: Program, own: Mapping[str, str]) -> None:
        self.program, self.own = program, own
        self.of: dict[str, Unit] = {}
        together = _together(program)
        names = Names(set(RESERVED) | TAKEN | set(own.values()))
        packed = set[str]()
        for pack in program.packs:
            for run in together.runs(pack.members):
                whole = len(run) == len(pack.members)
                wish = own[f"pack {pack.name}"] if whole else own[run[0]]
                if len(run) > 1 and not whole:
                    wish = names.new("_".join(own[name] for name in run)[:24].rstrip("_"))
                unit = Unit(wish, run, program.arrays[run[0]], self.sum(run))
                self.of |= dict.fromkeys(run, unit)
                packed |= set(run)
        for name, array in program.arrays.items():
            if name not in packed:
                self.of[name] = Unit(own[name], (name,), array, width_of(own, array.width))

    def sum_widths(self, widths: Iterable[Width]) -> str:
        return sum_of(self.own, list(widths))

    def sum(self, names: Iterable[str]) -> str:
        return sum_of(self.own, [self.program.arrays[name].width for name in names])

    def number(self, number: Number) -> Text:
        """A number made of numbers and sizes."""
        return number_of(self.own, number.value)

    def unit(self, what: Slice) -> Unit:
        """The one unit that a slice is of."""
        return self.of[what.names[0]]

    def units(self, what: Slice) -> list[Unit]:
        """The units that a slice is of: several, where neighbours are put together for it."""
        return list(dict.fromkeys(self.of[name] for name in what.names))

    def columns(self, what: Slice) -> Columns | None:
        """Which columns of its unit a slice is; None if it is all of them."""
        unit = self.unit(what)
        first = unit.members.index(what.names[0])
        last = unit.members.index(what.names[-1])
        ahead = [self.program.arrays[name].width for name in unit.members[:first]]
        own = [self.program.arrays[name].width for name in unit.members[first : last + 1]]
        if what.part is not None:
            skip, width = what.part
            ahead, own = [*ahead, skip], [width]
        elif len(own) == len(unit.members):
            return None
        ahead = [w for w in ahead if w != Width((), 0)]
        one = {name: 1 for width in ahead for name in width.names}
        return Columns(
            sum_of(self.own, ahead),
            sum_of(self.own, [*ahead, *own]),
            sum(width.count(one) for width in ahead),
            sum_of(self.own, own),
        )

    def columns_of(self, name: str) -> Columns | None:
        return self.columns(Slice((name,)))

    def parts(self, what: Slice) -> list[tuple[Unit, Columns | None]]:
        """The units of a slice, and which columns of each."""
        units = self.units(what)
        if len(units) == 1:
            return [(units[0], self.columns(what))]
        found = []
        for unit in units:
            own = tuple(name for name in what.names if name in unit.members)
            found.append((unit, self.columns(Slice(own, what.when, what.part))))
        return found

    def shape(self, unit: Unit) -> list[str]:
        """The axes of a unit."""
        array = unit.array
        steps = [str(array.places)] if array.places is not None else []
        rows = ["B"] if array.rows else []
        if array.classes is not None:
            return [*steps, *rows]
        inner = [width_of(self.own, width) for width in array.shape[:-1]]
        return [*steps, *rows, *inner, *([unit.width] if array.shape else [])]

    def ndim(self, what: Slice) -> int:
        """How many axes a slice has."""
        array = self.unit(what).array
        steps = isinstance(what.when, Span) and array.places is not None
        return steps + array.rows + (0 if array.classes is not None else len(array.shape))


@dataclass
class _Together:
    """Arrays that some statement takes together at one step, or writes together."""

    parent: dict[str, str]

    def root(self, name: str) -> str:
        while self.parent.get(name, name) != name:
            name = self.parent[name]
        return name

    def join(self, names: tuple[str, ...]) -> None:
        for one, other in pairwise(names):
            self.parent[self.root(other)] = self.root(one)

    def runs(self, members: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The members of a pack, those beside each other that belong together in one."""
        run: list[str] = []
        for name in members:
            if run and self.root(run[-1]) != self.root(name):
                yield tuple(run)
                run = []
            run.append(name)
        yield tuple(run)


def _together(program: Program) -> _Together:
    found = _Together({})
    gradients = {a.name: a.of for a in program.arrays.values() if a.role == "gradient" and a.of}
    for body in program.sections.values():
        for statement in plain(body):
            for what in (statement.out, *statement.reads):
                written = what is statement.out
                array = program.arrays[what.names[0]]
                whole = isinstance(what.when, Span) and array.places is not None
                if len(what.names) > 1 and (written or not whole):
                    found.join(what.names)
    for gradient, of in gradients.items():  # a gradient lies as its parameter does
        for other, of_other in gradients.items():
            if found.root(gradient) == found.root(other) or found.root(of) == found.root(of_other):
                found.join((of, of_other))
                found.join((gradient, other))
    return found
