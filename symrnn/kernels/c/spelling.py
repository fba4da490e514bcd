"""Slices of arrays and single numbers of a program, in C.

Every array is a member of one of four structs: parameters `p`, their gradients `g`, what is handed
in `in`, and the memory of the kernel `m`. Its axes are those of the contract: steps, sequences,
features.

    h[t-1]    =>    m->h[t - 1][r][j]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from symrnn.errors import CheckError
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

FUNCTIONS = {
    **{name: name for name in ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "log1p")},
    **{"expm1": "expm1", "erf": "erf", "arctan": "atan", "power": "pow", "tanh": "tanh"},
    "absolute": "fabs",
}
"""The functions of <math.h>, by operation; with an f behind them for float."""

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


@dataclass(frozen=True)
class Spelling:
    """How one program is spelt: the names of its arrays and dimensions, and its axes."""

    program: p.Program
    own: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The states of several steps, each with the arrays of its single steps."""
    batch: str = "B"

    def member(self, name: str) -> str:
        """The array as a member of its struct."""
        array = self.program.arrays[name]
        if array.role == "gradient":
            return f"g->{self.own[array.of]}"
        for key, members in self.groups.items():
            if name in members:
                return f"in->{self.own.get(key, key)}[{members.index(name)}]"
        return f"{STRUCTS[array.role]}->{self.own[name]}"

    def width(self, width: Width) -> str:
        parts = [self.own[f"dim {name}"] for name in width.names]
        if width.number or not parts:
            parts.append(str(width.number))
        return " + ".join(parts)

    def shape(self, name: str) -> list[str]:
        """The axes of an array: places for steps, sequences, features."""
        array = self.program.arrays[name]
        steps = [str(array.places)] if array.places is not None else []
        return [*steps, *[self.batch] * array.rows, *map(self.width, array.shape)]

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

    def entry(self, what: p.Slice, row: str = "r", feature: str = "j") -> str:
        """A single number: that of a sequence and a feature."""
        place = self.place(what)
        indices = [place] if place is not None else []
        if self.has_rows(what):
            indices.append(row)
        narrow = self.features(what) == NARROW
        inner = "0" if narrow else feature
        if what.part is not None and self.width(what.part[0]) != "0":
            skip = self.width(what.part[0])
            inner = skip if narrow else f"{skip} + {inner}"
        return self.member(what.name) + "".join(f"[{index}]" for index in [*indices, inner])

    def first(self, what: p.Slice) -> str:
        """Where the numbers of a slice begin, its steps and rows one after the other."""
        place = self.place(what)
        indices = [] if place is None else ["0" if place == "s" else place.removeprefix("s + ")]
        if self.has_rows(what):
            indices.append("0")
        start = "0" if what.part is None else self.width(what.part[0])
        return f"&{self.member(what.name)}" + "".join(f"[{i}]" for i in [*indices, start])

    def row_count(self, what: p.Slice) -> str:
        """How many rows a slice has, those of all its steps."""
        array = self.program.arrays[what.name]
        rows = "1"
        if array.rows:
            rows = "B"
        elif len(array.shape) == 2:
            rows = self.width(array.shape[0])
        if isinstance(what.when, p.Span) and array.places is not None:
            many = what.when.last - what.when.first + 1
            return str(many) if rows == "1" else rows if many == 1 else f"{many} * {rows}"
        return rows

    def number(self, value: Expr) -> str:
        """A number made of numbers and sizes: the compiler works it out."""
        match value:
            case Num():
                text = show_expr(value)
                parts = text.split("/")
                return " / ".join(f"(real){part.strip()}" for part in parts)
            case Size(width=width):
                names = ["B" if n == "B" else self.own[f"dim {n}"] for n in width.names]
                parts = names + ([str(width.number)] if width.number or not names else [])
                return f"(real)({' + '.join(parts)})"
            case Neg(arg=arg):
                return f"(-{self.number(arg)})"
            case Add(terms=terms):
                return "(" + " + ".join(map(self.number, terms)) + ")"
            case Mul(left=left, right=right):
                return f"({self.number(left)} * {self.number(right)})"
            case Div(left=left, right=right):
                return f"({self.number(left)} / {self.number(right)})"
            case Pow(left=left, right=right):
                return f"FN(pow)({self.number(left)}, {self.number(right)})"
        raise CheckError(f"{value} is no number")


def plus(index: str, number: int) -> str:
    """
    >>> plus("t", 0), plus("t", -1), plus("s", 2)
    ('t', 't - 1', 's + 2')
    """
    if not number:
        return index
    return f"{index} {'+' if number > 0 else '-'} {abs(number)}"


def value_of(op: str, args: list[str]) -> str:
    """An operation on single numbers."""
    match op:
        case "copy" | "stop":
            return args[0]
        case "negative":
            return f"(-{args[0]})"
        case "square":
            return f"square({args[0]})"
        case "positive":
            return f"({args[0]} > 0 ? (real)1 : (real)0)"
        case "is_zero":
            return f"({args[0]} == 0 ? (real)1 : (real)0)"
        case "maximum":
            return f"greater({', '.join(args)})"
        case "minimum":
            return f"smaller({', '.join(args)})"
        case "softplus":
            return f"softplus({args[0]})"
    if op in ("tanh", "exp"):
        return f"fast_{op}({args[0]})"
    if op in INFIX:
        return f"({args[0]} {INFIX[op]} {args[1]})"
    if op in FUNCTIONS:
        return f"FN({FUNCTIONS[op]})({', '.join(args)})"
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in C")
