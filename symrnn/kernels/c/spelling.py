"""Slices of arrays and single numbers of a program, in C.

Every array is a member of one of four structs: parameters `p`, their gradients `g`, what is handed
in `in`, and the memory of the kernel `m`. Its axes are those of the contract: steps, sequences,
features.

    h[t-1]    =>    m->h[t - 1][r][j]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.names import Names
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
    **{name: name for name in ("log", "sqrt", "sin", "cos", "sinh", "cosh", "log1p")},
    **{"expm1": "expm1", "erf": "erf", "arctan": "atan", "power": "pow"},
}
"""The functions of <math.h>, by operation; with an f behind them for float."""

VARIABLES = {*("m", "p", "g", "in", "t", "s", "r", "j", "id", "found", "real", "B", "T")}
"""What a function calls its structs, counters and sums."""

KEYWORDS = {
    *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else"),
    *("enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register"),
    *("restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef"),
    *("union", "unsigned", "void", "volatile", "while", "asm", "linux", "unix", "none"),
    *("NULL", "NAN", "INFINITY", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "INLINE", "FN", "BITS"),
    *("MANTISSA", "BIAS", "MAGIC", "LN2_HIGH", "LN2_LOW", "VECTOR", "TALL", "LANES", "FROM"),
    *("AS_VECTOR", "SERIES", "MAYBE_UNUSED", "errno", "main", "HIGH", "PREFETCH", "WIDE_VECTORS"),
    *("WHOLE_VECTORS", "THREADS", "PRAGMA", "IN_THREADS"),
}
"""Words and macros of C's: no member of a struct can have such a name."""

FUNCTION_NAMES = {
    *(
        "sigmoid",
        "dot",
        "dot_by_turned",
        "greater",
        "smaller",
        "square",
        "softplus",
        "fast_tanh",
        "fast_exp",
    ),
    *(
        "reduced",
        "power_of_two",
        "rows_of",
        "all_rows",
        "large_dot",
        *("SMALL", "LARGE", "DEEP", "WIDE", "BLOCK", "tile", "columns_of", "strip_of"),
        *("block_of_rows", "rows_at_once"),
        "vector_1",
        "vector_2",
    ),
    *("memcpy", "fabs", "copysign", "y0", "y1", "yn", "j0", "j1", "jn", "gamma", "i", "k", "l"),
}
"""Functions and types of a file: no size can have such a name."""

OWN = {
    **{"tanh": "fast_tanh", "exp": "fast_exp", "maximum": "greater", "minimum": "smaller"},
    "sigmoid": "sigmoid",
    **{"square": "square", "softplus": "softplus"},
}
"""Those that stand in the file."""

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

    def local(self, what: p.Slice) -> str:
        """A slice as a number within a loop; with its step, since there may be others."""
        own = self.own[what.name]
        if isinstance(what.when, p.At):
            return f"{own}_at_{what.when.step}".replace("-", "m")
        return f"{own}_" if own in VARIABLES or own in self.sizes else own

    @property
    def sizes(self) -> set[str]:
        return {text for key, text in self.own.items() if key.startswith("dim ")}

    def width(self, width: Width) -> str:
        parts = [self.own[f"dim {name}"] for name in width.names]
        if width.number or not parts:
            parts.append(str(width.number))
        return " + ".join(parts)

    def shape(self, name: str) -> list[str]:
        """The axes of an array: places for steps, sequences, features."""
        array = self.program.arrays[name]
        steps = [self.count(array.places)] if array.places is not None else []
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
            steps = self.count(many)
            steps = f"({steps})" if " " in steps and rows != "1" else steps
            return steps if rows == "1" else rows if many == 1 else f"{steps} * {rows}"
        return rows

    def count(self, many: int) -> str:
        """A number of steps, by T where it is near it."""
        more = many - self.program.steps
        if self.program.steps < 3 or abs(more) > 1:
            return str(many)
        return plus("T", more)

    def number(self, value: Expr) -> "Text":
        """A number made of numbers and sizes: the compiler works it out."""
        match value:
            case Num():
                found = [Text(f"(real){part.strip()}", 3) for part in show_expr(value).split("/")]
                return found[0] if len(found) == 1 else infix("/", *found)
            case Size(width=width):
                names = ["B" if n == "B" else self.own[f"dim {n}"] for n in width.names]
                parts = names + ([str(width.number)] if width.number or not names else [])
                text = " + ".join(parts)
                return Text(f"(real)({text})" if len(parts) > 1 else f"(real){text}", 3)
            case Neg(arg=arg):
                return Text(f"-{self.number(arg).within(4)}", 3)
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


@dataclass(frozen=True)
class Text:
    """An expression, and how tightly its outermost operator binds: 1 for + and -, 2 for * and /,
    3 for a sign, 4 for what needs no brackets."""

    text: str
    tightness: int = 4

    def within(self, tightness: int) -> str:
        return self.text if self.tightness >= tightness else f"({self.text})"


def infix(sign: str, left: Text, right: Text) -> Text:
    """
    >>> infix("-", Text("a"), infix("-", Text("b"), Text("c"))).text
    'a - (b - c)'
    """
    tightness = 1 if sign in "+-" else 2
    return Text(f"{left.within(tightness)} {sign} {right.within(tightness + 1)}", tightness)


def called(function: str, *args: Text) -> Text:
    return Text(f"{function}({', '.join(arg.text for arg in args)})")


def plus(index: str, number: int) -> str:
    """
    >>> plus("t", 0), plus("t", -1), plus("s", 2)
    ('t', 't - 1', 's + 2')
    """
    if not number:
        return index
    return f"{index} {'+' if number > 0 else '-'} {abs(number)}"


def c_names(program: p.Program, dims: Sequence[str]) -> dict[str, str]:
    """The name of each dimension, under `dim H`, and of each array; their own, unless that is a
    word of C's or another one has it.

    >>> arrays = {name: p.Array(name, "input", ()) for name in ("x", "double")}
    >>> c_names(p.Program(1, arrays, {}), ["H", "j"])
    {'dim H': 'H', 'dim j': 'j_2', 'x': 'x', 'double': 'double_2'}
    """
    sizes = Names({*KEYWORDS, *VARIABLES, *FUNCTION_NAMES})
    members = Names(set(KEYWORDS))
    found = {f"dim {name}": sizes.new(name) for name in dims}
    return found | {name: members.new(name) for name in program.arrays}


def value_of(op: str, args: list[Text]) -> Text:
    """An operation on single numbers."""
    if op in INFIX:
        return infix(INFIX[op], *args)
    match op:
        case "copy" | "stop":
            return args[0]
        case "negative":
            return Text(f"-{args[0].within(4)}", 3)
        case "positive":
            return Text(f"({args[0].within(2)} > 0 ? (real)1 : (real)0)")
        case "is_zero":
            return Text(f"({args[0].within(2)} == 0 ? (real)1 : (real)0)")
    if op in OWN:
        return called(OWN[op], *args)
    if op in FUNCTIONS:
        return called(f"FN({FUNCTIONS[op]})", *args)
    raise CheckError(f"the program holds an operation '{op}' that has no spelling in C")
