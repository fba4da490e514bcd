"""Statements as calls of NumPy that write where they are told to: the last argument."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from symrnn.errors import CheckError
from symrnn.kernels.numpy import by_id
from symrnn.kernels.numpy.names import looped
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.numpy.views import Views
from symrnn.kernels.program.program import (
    Argument,
    Array,
    Loop,
    Map,
    Now,
    Number,
    Pair,
    Plain,
    Product,
    Reduce,
    Slice,
)
from symrnn.kernels.program.rewrite import is_by_id, is_cut
from symrnn.language.printer import show_expr
from symrnn.language.tree import Add, Div, Expr, Mul, Neg, Num, Pow, Size

CALLS = {
    "positive": "greater({args}, {zero}, {out})",
    "is_zero": "equal({args}, {zero}, {out})",
    "copy": "copyto({out}, {args})",
    "stop": "copyto({out}, {args}.real)",  # no complex step comes through
    "turned": "copyto({out}, {args}.T)",
    "softplus": "softplus({args}, {out})",
    "maximum": "maximum({args}, out={out})",  # a third argument by place is going out of use
    "minimum": "minimum({args}, out={out})",
}
"""Operations that are not one NumPy function of the same name."""

IN_TURN = "_in_turn"
"""The function that goes through a few views again and again."""

SAID = {"1": "one", "0.5": "half", "2": "two", "0": "zero", "-1": "minus_one", "3": "three"}


@dataclass
class Inside:
    """The views that a loop goes through."""

    places: Places
    loop: Loop
    name: str = ""
    views: dict[str, str] = field(default_factory=dict)
    """The name of each view, by the array of views that it comes from."""

    def view(self, what: Slice, lanes: bool) -> str:
        assert isinstance(what.when, Now)
        shift = what.when.shift
        first, last = self.loop.first + shift, self.loop.last + shift
        array = self.places.array(what.names[0])
        if array.window:
            text = self.in_turn(what, array, lanes)
        elif array.steps is None:  # one place for all steps
            text = f"[{self.places.base(what, lanes)}] * {last - first + 1}"
        else:
            text = self.places.cut(what, first, last, lanes)
            if self.loop.direction < 0:
                text = f"{text}[::-1]"
        if is_cut(what, (self.loop.first, self.loop.last)):
            assert what.when.cut is not None
            text = f"_cut({text}, {as_range(self.loop)}, {what.when.cut.shift})"
        return self.name_of(what, text, what.when)

    def in_turn(self, what: Slice, array: Array, lanes: bool) -> str:
        """The places of an array that has few, from the first step of the loop on."""
        assert isinstance(what.when, Now)
        assert array.window is not None
        base = self.places.base(what, lanes)
        steps = [step + what.when.shift for step in self.loop.steps[: array.window.places]]
        return f"{IN_TURN}({', '.join(f'{base}[{array.place(step)}]' for step in steps)})"

    def name_of(self, what: Slice, text: str, when: Now) -> str:
        """The name of a view that the loop goes through."""
        if text not in self.views:
            self.views[text] = self.places.names.new(looped(self.places.label(what), when))
        return self.views[text]


@dataclass
class Printer:
    inside: ClassVar[type[Inside]] = Inside
    """What a loop goes through."""

    views: Views
    numbers: dict[str, str] = field(default_factory=dict)
    """The name of each number, by the expression that works it out."""
    ones: dict[str, str] = field(default_factory=dict)
    loops: list[tuple[str, list[str]]] = field(default_factory=list)
    """For each loop the name of its views, and what they are."""
    turned: dict[str, str] = field(default_factory=dict)
    """Matrices that are read transposed in a loop, and copied so before it."""
    used: set[str] = field(default_factory=set)
    often: dict[Slice, bool] = field(default_factory=dict)
    """The matrices that are read transposed at many steps."""
    made: set[str] = field(default_factory=set)
    """What the pass that is printed works out itself: no copy of it can be made before."""
    gaps: frozenset[str] = frozenset()
    """Inputs whose rows need not lie one after the other."""
    turns: bool = False
    """Whether a loop goes through a few places in turn."""

    @property
    def places(self) -> Places:
        return self.views.places

    # arguments

    def number(self, value: Expr) -> str:
        text = plain_number(value, self.places)
        if text not in self.numbers:
            wish = SAID.get(text, f"k{1 + sum(n[0] == 'k' for n in self.numbers.values())}")
            self.numbers[text] = self.places.names.new(wish)
        return self.numbers[text]

    def argument(self, arg: Argument, lanes: bool, inside: Inside | None) -> str:
        if isinstance(arg, Number):
            return self.number(arg.value)
        if inside is not None and self.is_each(arg):
            return inside.view(arg, lanes)
        return self.views.operand(arg, lanes)

    def is_each(self, what: Slice) -> bool:
        """Whether each step of a loop has a view of its own."""
        if not isinstance(what.when, Now):
            return False
        return what.when.cut is not None or self.places.array(what.names[0]).places is not None

    def matrix(self, arg: Slice, inside: Inside | None) -> str:
        if inside is not None and self.is_each(arg):
            return inside.view(arg, lanes=False)
        return self.views.matrix(arg)

    # statements

    def statement(self, statement: Plain, inside: Inside | None = None) -> str:
        match statement:
            case Product(out=out, pairs=(pair,)):
                return self.product(out, pair, inside)
            case Map() if is_by_id(statement):
                return by_id.map_by_id(self, statement, inside)
            case Map():
                return self.map(statement, inside)
            case Reduce():
                return self.reduce(statement, inside)
        raise CheckError("a sum of products meets the printer; `lower` takes it apart")

    def product(self, out: Slice, pair: Pair, inside: Inside | None) -> str:
        if self.places.array(pair.left.names[0]).classes is not None:
            return by_id.product(self, out, pair, inside)
        left, right = self.matrix(pair.left, inside), self.matrix(pair.right, inside)
        if pair.left_turned:
            left += ".T"
        if pair.right_turned:
            right = self.turn(pair.right, right)
        call = self.product_call(out, pair.left, pair.right)
        return f"{call}({left}, {right}, {self.matrix(out, inside)})"

    def turn(self, matrix: Slice, name: str) -> str:
        if not self.often.get(matrix) or matrix.names[0] in self.made:
            return f"{name}.T"
        if name not in self.turned:
            self.turned[name] = self.places.names.new(f"{name}_T")
        return self.turned[name]

    def product_call(self, *operands: Slice) -> str:
        """`dot`, the quicker one, where all rows lie one after the other: it copies what has gaps,
        where `matmul` does not."""
        gaps = any(
            o.part is not None or self.places.columns(o.names) or o.names[0] in self.gaps
            for o in operands
        )
        self.used.add("matmul" if gaps else "dot")
        return "matmul" if gaps else "dot"

    def map(self, statement: Map, inside: Inside | None) -> str:
        slices = [a for a in (statement.out, *statement.args) if isinstance(a, Slice)]
        lanes = self.places.is_lanes(slices)
        args = ", ".join(self.argument(arg, lanes, inside) for arg in statement.args)
        out = self.argument(statement.out, lanes, inside)
        if statement.op in CALLS:
            pattern = CALLS[statement.op]
            self.used.add(pattern.partition("(")[0])
            zero = self.number(Num(Fraction(0))) if "{zero}" in pattern else ""
            return pattern.format(args=args, out=out, zero=zero)
        self.used.add(statement.op)
        return f"{statement.op}({args}, {out})"

    def reduce(self, statement: Reduce, inside: Inside | None) -> str:
        call = "total" if statement.op == "sum" else "highest"
        if statement.over == "all":
            return self.all(statement, inside)
        if statement.over == "rows":
            matrix = self.matrix(statement.arg, inside)
            return self.rows(statement, matrix, inside)
        arg = self.argument(statement.arg, False, inside)
        out = self.argument(statement.out, False, inside)
        self.used.add(call)
        if statement.over == "features":
            return f"{call}({arg}, -1, None, {out}, True)"
        return f"{call}({arg}, 0, None, {out})"

    def all(self, statement: Reduce, inside: Inside | None) -> str:
        """Σ over everything, as a product with ones of all the entries in one row."""
        arg = self.argument(statement.arg, False, inside)
        width = self.places.shape(statement.arg.name)[-1]
        text = self.places.product(*self.places.row_count(statement.arg).split(" * "), width)
        if text not in self.ones:
            self.ones[text] = self.places.names.new("each_entry")
        row = self.views.named(statement.arg, "_row", f"{arg}.reshape({text})")
        out = self.argument(statement.out, False, inside)
        out = self.views.named(statement.out, "_number", f"{out}.reshape(())")
        self.used.add("dot")
        return f"dot({row}, {self.ones[text]}, {out})"

    def rows(self, statement: Reduce, matrix: str, inside: Inside | None) -> str:
        """Σ over rows, as a product with ones: the quickest way that NumPy has."""
        text = self.places.row_count(statement.arg)
        if text not in self.ones:
            self.ones[text] = self.places.names.new("each" if text == "B" else "each_row")
        out = self.argument(statement.out, False, inside)
        call = self.product_call(statement.arg)
        return f"{call}({self.ones[text]}, {matrix}, {out})"

    # loops

    def loop(self, loop: Loop) -> tuple[Inside, list[str], list[Plain]]:
        inside = self.inside(self.places, loop)
        lines = [self.statement(statement, inside) for statement in loop.body]
        self.turns |= any(text.startswith(IN_TURN) for text in inside.views)
        name = self.places.names.new(f"{self.views.section}_steps")
        inside.name = name
        return inside, lines, list(loop.body)


def as_range(loop: Loop) -> str:
    """
    >>> as_range(Loop(1, 9, -1, ()))
    'range(9, 0, -1)'
    """
    steps = loop.steps
    return f"range({steps.start}, {steps.stop}{', -1' if loop.direction < 0 else ''})"


def plain_number(value: Expr, places: Places) -> str:
    """A number as Python: 1 / (3 * B * C)."""
    return _number(value, places)[0]


def _number(value: Expr, places: Places) -> tuple[str, int]:
    def within(part: Expr, tightness: int) -> str:
        text, own = _number(part, places)
        return text if own >= tightness else f"({text})"

    match value:
        case Num():
            text = show_expr(value)
            return text, 2 if "/" in text else 4
        case Size(width=width):
            known = ["B" if name == "B" else places.own[f"dim {name}"] for name in width.names]
            parts = known + ([str(width.number)] if width.number or not known else [])
            return " + ".join(parts), 1 if len(parts) > 1 else 4
        case Neg(arg=arg):
            return f"-{within(arg, 3)}", 1
        case Add(terms=terms):
            return " + ".join(within(t, 1) for t in terms), 1
        case Mul(left=left, right=right):
            return f"{within(left, 2)} * {within(right, 3)}", 2
        case Div(left=left, right=right):
            return f"{within(left, 2)} / {within(right, 3)}", 2
        case Pow(left=left, right=right):
            return f"{within(left, 4)} ** {within(right, 3)}", 3
    raise CheckError(f"{value} is no number")
