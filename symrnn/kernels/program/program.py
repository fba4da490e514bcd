"""A Program: plain statements over named arrays, for one number of steps.

It is what a system becomes on its way to a language that computes. It knows nothing of that
language: an array has axes, not strides; a statement says what is worked out, not how.

Statements come in four kinds, and every array is written once at each of its steps:

    Product   O_w_h[t] = O[t-1] @ w_h          sums of matrix products
    Map       O[t] = tanh(a_O[t])              one function, feature by feature
    Reduce    d_b[:] = sum(d_a_O[1:T], rows)   sums and maxima along axes
    Loop      for t = 1 … T                    a scan, in either direction
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from symrnn.language.tree import Expr, Width
from symrnn.system.windows import Cut

# where in time


@dataclass(frozen=True, slots=True)
class Now:
    """The step of the loop, and a shift from it."""

    shift: int = 0
    cut: Cut | None = None
    """Zeros are read at the steps that this cuts off: what comes from another window."""


@dataclass(frozen=True, slots=True)
class At:
    """One step, counted from 1; 0 and less, and more than T, are boundaries."""

    step: int


@dataclass(frozen=True, slots=True)
class Span:
    """All steps from `first` to `last` at once."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class End:
    """One step, counted from each sequence's own last: 0, -1, …; 1 and more are boundaries."""

    shift: int = 0


When = Now | At | Span | End


def shifted(when: When | None, by: int) -> When | None:
    match when:
        case Now(shift=shift):
            return Now(shift + by)
        case At(step):
            return At(step + by)
        case Span(first, last):
            return Span(first + by, last + by)
        case End(shift):
            return End(shift + by)
    return None


# what is read and written


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of an array's steps and features; several names are neighbours of one pack."""

    names: tuple[str, ...]
    when: When | None = None
    part: tuple[Width, Width] | None = None
    """Some of the features only: how many to skip, and how many there are."""

    @property
    def name(self) -> str:
        (name,) = self.names
        return name


@dataclass(frozen=True, slots=True)
class Number:
    """A number made of numbers and sizes, known once the sizes are."""

    value: Expr


Argument = Slice | Number


@dataclass(frozen=True, slots=True)
class Pair:
    """left @ right, either of them transposed. Neighbours stand side by side, as columns."""

    left: Slice
    right: Slice
    left_turned: bool = False
    right_turned: bool = False


Steps = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Product:
    """out = Σ left @ right."""

    out: Slice
    pairs: tuple[Pair, ...]
    during: Steps | None = None
    """Inside a loop, the steps at which it happens, where these are not all of them."""
    about: str = ""
    """The variable of the system whose equation it helps to work out."""

    @property
    def reads(self) -> Iterator[Slice]:
        for pair in self.pairs:
            yield pair.left
            yield pair.right


@dataclass(frozen=True, slots=True)
class Map:
    """out = op(args), feature by feature; what has fewer features, rows or steps is spread."""

    out: Slice
    op: str
    args: tuple[Argument, ...]
    during: Steps | None = None
    about: str = ""

    @property
    def reads(self) -> Iterator[Slice]:
        return (arg for arg in self.args if isinstance(arg, Slice))


Axis = Literal["features", "rows", "steps", "all"]


@dataclass(frozen=True, slots=True)
class Reduce:
    """out = the sum or the maximum of arg along its features, its steps, or all its rows."""

    out: Slice
    op: Literal["sum", "max"]
    arg: Slice
    over: Axis
    during: Steps | None = None
    about: str = ""

    @property
    def reads(self) -> Iterator[Slice]:
        yield self.arg


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps `first` to `last`, in this direction: 1 up, -1 down. `first` is the lower one."""

    first: int
    last: int
    direction: int
    body: "tuple[Plain, ...]"

    @property
    def steps(self) -> range:
        ahead = range(self.first, self.last + 1)
        return ahead if self.direction > 0 else ahead[::-1]


Plain = Product | Map | Reduce
Statement = Product | Map | Reduce | Loop

# arrays

Kind = Literal["columns", "blocks"]
KINDS: tuple[Kind, ...] = ("columns", "blocks")
"""How neighbours can lie: as columns of one matrix, or one block after the other."""

Role = Literal["input", "target", "parameter", "fixed", "gradient", "variable", "scratch"]


@dataclass(frozen=True, slots=True)
class Window:
    """The places of an array that keeps a few steps only, each in the place of an earlier one."""

    places: int
    start: int
    """A step that is at the first place; those after it follow, and begin again."""

    def place(self, step: int) -> int:
        """
        >>> [Window(2, 5).place(step) for step in (5, 6, 7)]
        [0, 1, 0]
        """
        return (step - self.start) % self.places


@dataclass(frozen=True, slots=True)
class Array:
    """What has a name. `steps` are the first and the last step that it has a place for, if it runs
    over time; `rows` says whether there is a row for each sequence."""

    name: str
    role: Role
    shape: tuple[Width, ...]
    rows: bool = False
    steps: Steps | None = None
    of: str = ""
    """What it is the adjoint of."""
    classes: Width | None = None
    """Of class ids, how many classes there are: a row is one whole number then."""
    window: Window | None = None
    """Where there is no place for every step, the few that there are."""

    @property
    def places(self) -> int | None:
        """How many places for steps it has; None if all steps are the same one."""
        if self.steps is None or self.window == Window(1, 0):
            return None
        return self.window.places if self.window else self.steps[1] - self.steps[0] + 1

    def place(self, step: int) -> int:
        """The place of a step."""
        assert self.steps is not None
        return self.window.place(step) if self.window else step - self.steps[0]

    @property
    def width(self) -> Width:
        return self.shape[-1] if self.shape else Width((), 1)


@dataclass(frozen=True, slots=True)
class Pack:
    """Arrays that lie side by side: as columns of one matrix, or one block after the other."""

    name: str
    kind: Kind
    members: tuple[str, ...]


SECTIONS = ("forward", "loss", "backward")


@dataclass(frozen=True)
class Program:
    """The statements of the three sections, in order, and the arrays that they work on."""

    steps: int
    arrays: dict[str, Array] = field(hash=False)
    sections: dict[str, tuple[Statement, ...]] = field(hash=False)
    packs: tuple[Pack, ...] = ()
    shared: dict[str, str] = field(default_factory=dict, hash=False)
    """Arrays and packs that live in the place of another."""
    kept: frozenset[str] = frozenset()
    """Variables that are read when all is done: outputs, final states, the loss."""
    outputs: frozenset[str] = frozenset()
    """Those of them that are handed out at all their steps."""
    ragged: bool = False
    """Whether sequences have lengths of their own: then every statement stands at one step, and
    those that copy from step to step, `begin` and `land` know where a sequence begins and ends."""

    def pack_of(self) -> dict[str, Pack]:
        return {name: pack for pack in self.packs for name in pack.members}

    def statements(self) -> Iterator[Statement]:
        for section in SECTIONS:
            yield from self.sections.get(section, ())

    def map_sections(
        self, f: Callable[[tuple[Statement, ...]], tuple[Statement, ...]]
    ) -> "Program":
        return replace(self, sections={name: f(body) for name, body in self.sections.items()})

    def __str__(self) -> str:
        from symrnn.kernels.program.show import show

        return show(self)


def plain(statements: tuple[Statement, ...]) -> Iterator[Plain]:
    """Every statement that is no loop, those in loops included."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield from statement.body
        else:
            yield statement
