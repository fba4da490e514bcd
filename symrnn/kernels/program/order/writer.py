"""Statements and arrays as they come to be; what was worked out already is not worked out again.

A value is what can be read, or a statement that lacks the place for its result. That place is the
variable of an equation (`into`), or a new array (`place`), of which there is one for equal values.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from symrnn.kernels.program.order.forms import NOWHERE
from symrnn.kernels.program.program import (
    Argument,
    Array,
    At,
    Axis,
    End,
    Map,
    Now,
    Number,
    Pair,
    Plain,
    Product,
    Reduce,
    Slice,
    Span,
    Statement,
    Steps,
    When,
    shifted,
)
from symrnn.language.tree import NARROW, ZERO, Ref, Width
from symrnn.system import names
from symrnn.system.algebra import number
from symrnn.system.graph import at_step
from symrnn.system.symbols import Symbols


@dataclass(frozen=True)
class Extent:
    """What a value runs over: features, sequences, steps."""

    shape: tuple[Width, ...]
    rows: bool
    timed: bool


@dataclass(frozen=True)
class Open:
    """A statement that lacks the place for its result."""

    statement: Plain
    extent: Extent
    label: str
    """A name for the result, if it needs one of its own."""


Value = Argument | Open

NO_PLACE = Slice(())


def is_timed(what: Slice) -> bool:
    """Whether there is one of it for each step."""
    return isinstance(what.when, Now | Span)


@dataclass
class Scan:
    """A loop as it comes to be."""

    number: int
    members: frozenset[str]
    """The variables that it works out."""
    body: list[Plain] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """Where statements are written: once, at one step, for a span of steps, or in a loop."""

    here: When | None = None
    """What t is."""
    steps: Steps | None = None
    """The steps for which a statement is written, in a loop or for all of them at once."""
    scan: Scan | None = None


ONCE = Scope()


def at(steps: Steps) -> Scope:
    """One step, or many at once."""
    first, last = steps
    return Scope(At(first)) if first == last else Scope(Span(first, last), steps)


def key(value: Open, scope: Scope) -> object:
    """What tells equal values by: what is worked out at the steps of a loop is its own."""
    loop = scope.scan.number if scope.scan and value.extent.timed else 0
    return (loop, value.extent.shape, value.statement)


SHORT = {
    "multiply": "m",
    "divide": "q",
    "add": "s",
    "subtract": "s",
    "negative": "neg",
    "square": "sq",
    "copy": "z",
    "power": "pow",
}
"""How the names of results begin, where it is not with the operation."""


class Writer:
    """What is read, what is written, and where."""

    def __init__(
        self, symbols: Symbols, arrays: dict[str, Array], steps: int, ragged: bool = False
    ) -> None:
        self.symbols, self.arrays, self.steps, self.ragged = symbols, arrays, steps, ragged
        self.out: list[Statement] = []
        """The section that is written."""
        self.scope = ONCE
        self.about = ""
        """The variable whose equation is worked out."""
        self.known: dict[object, Slice] = {}
        """Where a value is, by what it is."""
        self.dependent: set[str] = set()
        """What the last loop works out of its own members, also while what follows it is written:
        operands keep their order behind a loop."""

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        before, self.scope = self.scope, scope
        yield
        self.scope = before

    # what is read

    def read(self, ref: Ref) -> Argument:
        """A reference at the steps of the scope. Beyond the ends it reads zeros."""
        symbol = self.symbols[ref.name]
        if symbol.value is not None:
            return Number(number(symbol.double))
        if ref.base == NOWHERE:
            return self.zeros(self.arrays[ref.name].shape)
        return Slice((ref.name,), self.when(ref))

    def when(self, ref: Ref) -> When | None:
        """Where in time a reference points, from the scope."""
        if ref.base == "t":
            return shifted(self.scope.here, ref.shift)
        if self.ragged and ref.base == "T":
            return End(ref.shift)
        return At(at_step(ref, self.steps).shift + 1) if ref.base else None

    def zeros(self, shape: tuple[Width, ...]) -> Slice:
        extent = Extent(shape, rows=True, timed=False)
        return self.place(Open(self.copy(Number(ZERO)).statement, extent, "zeros"))

    def extent(self, *args: Argument) -> Extent:
        """What runs over all that its arguments run over: the widest shape, rows, time."""
        width, front = NARROW, tuple[Width, ...]()
        rows = timed = False
        for arg in args:
            if isinstance(arg, Slice):
                array = self.arrays[arg.name]
                own = arg.part[1] if arg.part else array.width
                width = own if own != NARROW else width
                front = array.shape[:-1] or front
                rows |= array.rows
                timed |= is_timed(arg)
        return Extent((*front, width), rows, timed)

    def is_dependent(self, read: Argument) -> bool:
        """Whether the loop works it out anew at each step, out of what it worked out before."""
        members = self.scope.scan.members if self.scope.scan else frozenset()
        return isinstance(read, Slice) and any(
            name in members or name in self.dependent for name in read.names
        )

    # statements without a place

    def map(self, op: str, *values: Value) -> Open:
        """A function feature by feature; what has no place yet gets one, in order."""
        args = tuple(self.named(value) for value in values)
        return Open(Map(NO_PLACE, op, args), self.extent(*args), self.label(op))

    def copy(self, value: Argument) -> Open:
        return self.map("copy", value)

    def at_every_row(self, value: Argument) -> Slice:
        """What is the same at all steps, written out for each row of each of them."""
        spread = self.copy(value)
        extent = Extent(spread.extent.shape, rows=True, timed=True)
        return self.place(replace(spread, extent=extent))

    def reduce(self, op: Literal["sum", "max"], value: Value, over: Axis) -> Open:
        arg = self.place(value)
        whole = self.extent(arg)
        shapes = {
            "features": (*whole.shape[:-1], NARROW),
            "rows": whole.shape[-1:],
            "steps": whole.shape,
            "all": (NARROW,),
        }
        extent = Extent(
            shape=shapes[over],
            rows=whole.rows and over in ("features", "steps"),
            timed=whole.timed and over == "features",
        )
        return Open(Reduce(NO_PLACE, op, arg, over), extent, self.label(op))

    def product(self, pairs: Sequence[Pair]) -> Open:
        """Σ left @ right, all of one shape."""
        first = pairs[0]
        left, right = self.arrays[first.left.name], self.arrays[first.right.name]
        if first.left_turned:
            shape = (left.classes or left.width, right.width)
            extent = Extent(shape, rows=False, timed=False)
        else:
            width = right.shape[0] if first.right_turned else right.shape[1]
            front = () if left.rows else left.shape[:-1]  # of a matrix times a matrix
            extent = Extent((*front, width), left.rows, is_timed(first.left))
        return Open(Product(NO_PLACE, tuple(pairs)), extent, f"{left.name}_{right.name}")

    def label(self, op: str) -> str:
        return f"{SHORT.get(op, op)}_{self.about.split()[0]}"

    # places for results

    def into(self, out: Slice, value: Value) -> None:
        """Work a value out, and put it there."""
        if isinstance(value, Open) and (
            self.is_spread(out, value)
            or self.lacks_rows(out, value)
            or key(value, self.scope) in self.known
        ):
            value = self.place(value)
        if not isinstance(value, Open):
            value = self.copy(value)
        elif value.extent.shape == self.arrays[out.name].shape and self.is_once(out, value):
            self.known[key(value, self.scope)] = out
        self.emit(value, out)

    def is_spread(self, out: Slice, value: Open) -> bool:
        """Whether a value is worked out once, and written at several steps."""
        steps = self.scope.steps
        several = steps is not None and steps[0] != steps[1]
        return several and is_timed(out) and not value.extent.timed

    def lacks_rows(self, out: Slice, value: Open) -> bool:
        """Whether a sum or a product is the same for all rows, of sequences or of a matrix, and
        written for each."""
        spreads, array = isinstance(value.statement, Map), self.arrays[out.name]
        wider = len(array.shape) > len(value.extent.shape)
        return not spreads and (wider or (array.rows and not value.extent.rows))

    def is_once(self, out: Slice, value: Open) -> bool:
        """Whether the place of a result may be read wherever the same is asked for."""
        whole = out.part is None and self.arrays[out.name].shape == value.extent.shape
        return whole and not value.extent.timed and self.scope.scan is None

    def named(self, value: Value) -> Argument:
        """The value as an argument: with a name of its own, if it is no number and has none."""
        return self.place(value) if isinstance(value, Open) else value

    def place(self, value: Value) -> Slice:
        """The value as something that has a name: one of its own, if it has none."""
        if isinstance(value, Slice):
            return value
        if isinstance(value, Number):
            value = self.copy(value)
        said = key(value, self.scope)
        known = self.known.get(said)
        if known is not None and (known.when != Now() or self.widen(known)):
            return known
        made = self.known[said] = self.temporary(value)
        self.emit(value, made)
        return made

    def widen(self, known: Slice) -> bool:
        """Work a value out at the steps of this scope too, if they adjoin those at which it is."""
        array, steps, scan = self.arrays[known.name], self.scope.steps, self.scope.scan
        assert array.steps is not None
        assert steps is not None
        assert scan is not None
        first, last = array.steps
        if steps[0] > last + 1 or steps[1] < first - 1:
            return False
        both = (min(first, steps[0]), max(last, steps[1]))
        self.arrays[known.name] = replace(array, steps=both)
        scan.body[:] = [replace(s, during=both) if s.out == known else s for s in scan.body]
        return True

    def temporary(self, value: Open) -> Slice:
        """A new array for a value, at the steps of the scope."""
        name = names.free(value.label, {**self.symbols, **self.arrays})
        extent = value.extent
        steps = self.scope.steps if extent.timed else None
        self.arrays[name] = Array(name, "scratch", extent.shape, extent.rows, steps)
        if steps is None:
            return Slice((name,))
        return Slice((name,), Now() if self.scope.scan else Span(*steps))

    def emit(self, value: Open, out: Slice) -> None:
        """Write a statement down: in the loop, if it is of its steps."""
        statement = replace(value.statement, out=out, about=self.about)
        scan = self.scope.scan
        if scan is None or not isinstance(out.when, Now):
            self.out.append(statement)
            return
        if any(self.is_dependent(read) for read in statement.reads):
            self.dependent.update(out.names)
        scan.body.append(replace(statement, during=self.scope.steps))
