"""What a text says, as data: expressions, definitions, declarations.

These trees keep the order and the brackets of the author. They are frozen, compare by value
(the place in the source does not count), and hold no meaning yet: whether `w` is a parameter or
an input is found out by `resolve`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the source: a line, and the columns `start` to `end` in it."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Width:
    """A number of features: a sum of named dimensions and a number.

    >>> print(Width(("H_f", "H_b")), Width((), 3), Width(("H",), 1))
    H_f + H_b 3 H + 1
    """

    names: tuple[str, ...] = ()
    number: int = 0

    def __str__(self) -> str:
        parts = list(self.names)
        if self.number or not parts:
            parts.append(str(self.number))
        return " + ".join(parts)

    def __add__(self, other: "Width") -> "Width":
        return Width(self.names + other.names, self.number + other.number)

    def count(self, dims: dict[str, int]) -> int:
        """The number that it is once every dimension has one."""
        return sum(dims[name] for name in self.names) + self.number


E_co = TypeVar("E_co", covariant=True)
"""What stands inside a node."""

NARROW = Width((), 1)
STEPS = Width(("T",))
BATCH = Width(("B",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Num(Node):
    """A number, never negative, with a finite decimal form: `0.1` is exactly 1/10."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Size(Node):
    """`size(H)`: a width as a number; `size(T)` the steps, `size(B)` the sequences."""

    width: Width


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A variable at a time: base `t`, `1`, `T` (and a shift from there) or none.

    `v[t-1]` is ("v", "t", -1); `v[T]` is ("v", "T", 0); `v[3]` is ("v", "1", 2); `v` is ("v",).
    """

    name: str
    base: str = ""
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Neg(Node, Generic[E_co]):
    arg: E_co


@dataclass(frozen=True, slots=True)
class Add(Node, Generic[E_co]):
    """A sum of two or more terms; a difference is a sum with a `Neg`."""

    terms: tuple[E_co, ...]


@dataclass(frozen=True, slots=True)
class Mul(Node):
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Div(Node, Generic[E_co]):
    left: E_co
    right: E_co


@dataclass(frozen=True, slots=True)
class Pow(Node, Generic[E_co]):
    left: E_co
    right: E_co


@dataclass(frozen=True, slots=True)
class MatMul(Node):
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Transpose(Node, Generic[E_co]):
    arg: E_co


@dataclass(frozen=True, slots=True)
class Own(Node):
    """A function that the text defines, element by element: `mish(z) = z * tanh(softplus(z))`.

    A call of it carries it, so that whoever meets the call knows what it is.
    """

    name: str
    args: tuple[str, ...]
    body: "Expr"
    of: "Own | None" = field(default=None, compare=False, repr=False)
    """The function whose derivative it is, by the argument `by`."""
    by: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call(Node, Generic[E_co]):
    """A function by name: element-wise, across a row, a loss, or a sum over time or batch."""

    function: str
    args: tuple[E_co, ...]
    own: Own | None = None
    """What the function is, where the text defines it."""


@dataclass(frozen=True, slots=True)
class Part(Node, Generic[E_co]):
    """`part(v, skip, width)`: the `width` features of v that come after the first `skip`."""

    arg: E_co
    skip: Width
    width: Width


@dataclass(frozen=True, slots=True)
class Pad(Node):
    """`pad(v, skip, total)`: v between zeros, `skip` of them before it, `total` features in all."""

    arg: "Expr"
    skip: Width
    total: Width


Expr = (
    Num
    | Size
    | Ref
    | Neg["Expr"]
    | Add["Expr"]
    | Mul
    | Div["Expr"]
    | Pow["Expr"]
    | MatMul
    | Transpose["Expr"]
    | Call["Expr"]
    | Part["Expr"]
    | Pad
)

ZERO = Num(Fraction(0))
ONE = Num(Fraction(1))


def children(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Num() | Size() | Ref():
            return ()
        case Neg(arg=a) | Transpose(arg=a) | Part(arg=a) | Pad(arg=a):
            return (a,)
        case Add(terms=terms):
            return terms
        case Call(args=args):
            return args
        case _:
            return (expr.left, expr.right)


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything in it, from left to right."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        if type(node) is not Ref:
            waiting += reversed(children(node))


def refs(expr: Expr) -> Iterator[Ref]:
    return (node for node in walk(expr) if isinstance(node, Ref))


def map_children(expr: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """The same node over other children."""
    match expr:
        case Num() | Size() | Ref():
            return expr
        case Neg(arg=a):
            return Neg(f(a), place=expr.place)
        case Transpose(arg=a):
            return Transpose(f(a), place=expr.place)
        case Part(arg=a):
            return Part(f(a), expr.skip, expr.width, place=expr.place)
        case Pad(arg=a):
            return Pad(f(a), expr.skip, expr.total, place=expr.place)
        case Add(terms=terms):
            return Add(tuple(map(f, terms)), place=expr.place)
        case Call(function=function, args=args, own=own):
            return Call(function, tuple(map(f, args)), own, place=expr.place)
        case _:
            return type(expr)(f(expr.left), f(expr.right), place=expr.place)


def map_leaves(expr: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """Replace every number, size and reference by what `f` gives for it.

    >>> map_leaves(Mul(Ref("a"), ONE), lambda leaf: Ref("b") if leaf == Ref("a") else leaf)
    Mul(left=Ref(name='b', base='', shift=0), right=Num(value=Fraction(1, 1)))
    """
    if isinstance(expr, Num | Size | Ref):
        return f(expr)
    return map_children(expr, lambda child: map_leaves(child, f))


def put(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with other expressions in the place of plain names.

    A sum that comes to stand first in a sum is part of it, as where it is read.
    """
    if isinstance(expr, Ref):
        return values.get(expr.name, expr)
    found = map_children(expr, lambda child: put(child, values))
    if isinstance(found, Add) and isinstance(found.terms[0], Add):
        return replace(found, terms=(*found.terms[0].terms, *found.terms[1:]))
    return found


@dataclass(frozen=True, slots=True)
class Definition(Node):
    """`v[t] = …`, `v = …`, a boundary `v[0] = …`, or what is added: `v[T] += …`.

    An addition lands at its own step alone; to a variable without time it is made only for a
    certain number of steps: `v[T == 2] += …` has `when` 2.
    """

    target: Ref
    body: Expr
    adds: bool = False
    when: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """`h: 64`, `w: (D, H)`, `y: onehot`, `b: init(1)`, `d_a: adjoint(a)`, `c: input`, …

    `kind` is one of "width", "init", "adjoint", or a word that stands alone; `value` what it says.
    """

    name: str
    kind: str
    value: tuple[Width, ...] | Ref | Fraction | str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A whole text: its definitions and declarations in the order in which they stand."""

    definitions: tuple[Definition, ...]
    declarations: tuple[Declaration, ...] = ()
    steps: int | None = None
    """The number of steps, where the text fixes it (`T = 3`): an unrolled system."""

    source: "Source | None" = field(default=None, compare=False, repr=False)
    remarks: "Remarks" = field(default_factory=lambda: Remarks(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Remarks:
    """What the comments say; nothing depends on it but documents."""

    title: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """The text itself, for error messages."""

    text: str
    name: str = "text"
    indent: int = 0
    """How far the whole text was indented; columns are counted as its author sees them."""

    def mark(self, place: Place | None, message: str) -> str:
        """The message with its place in front, the line below it, and a caret under the column."""
        if place is None:
            return f"{self.name}: {message}"
        lines = self.text.split("\n")
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        line = "".join(letter if letter.isprintable() else " " for letter in line)
        start, end = place.start, max(place.end, place.start + 1)
        if len(line) > 100:  # show the neighbourhood of the place
            cut = max(0, start - 50)
            line, start, end = line[cut : cut + 100], start - cut, min(end - cut, 100)
        carets = " " * start + "^" * max(1, min(end, max(len(line), start + 1)) - start)
        where = f"{self.name}, line {place.line}, column {place.start + 1 + self.indent}"
        return f"{where}: {message}\n    {line}\n    {carets}"
