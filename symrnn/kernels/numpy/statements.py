"""Statements as calls of NumPy that write where they are told to: the last argument."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symrnn.errors import CheckError
from symrnn.frame import render
from symrnn.kernels.lines import WIDTH
from symrnn.kernels.numpy.operands import Call, Constant, Ones, Operand, Turned, call
from symrnn.kernels.numpy.places import IN_TURN, Places
from symrnn.kernels.program.program import (
    Argument,
    Loop,
    Map,
    Now,
    Number,
    Pair,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
)
from symrnn.kernels.program.rewrite import is_by_id
from symrnn.kernels.sizes import number_text
from symrnn.language.numpy_forms import ERF
from symrnn.language.tree import Expr, Num

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

ALIASES = {
    "softplus": "_softplus(dtype)",
    "erf": "_erf",
    "total": "np.add.reduce",
    "highest": "np.maximum.reduce",
    "look_up": "_look_up",
    "scatter": "_scatter",
    "pick": "_pick",
    "add_at": "_add_at",
}
"""Calls that are no names of NumPy, and what they are: mostly functions of the file itself, which
are in `templates/numpy`."""

HELPERS = frozenset({*ALIASES, "in_turn", "cut", "carry_ids"})

FEW = 4
"""From so many products on, a transposed matrix is copied once: BLAS reads it faster then."""


@dataclass(frozen=True)
class Speller:
    """Spells the statements of one section, outside of loops or in one of them."""

    places: Places
    often: Mapping[Slice, bool] = field(default_factory=dict)
    """The matrices that are read transposed at many steps: these are copied so before."""
    made: frozenset[str] = frozenset()
    """What the section works out itself: no copy of it can be made before."""
    gaps: frozenset[str] = frozenset()
    """Inputs whose rows need not lie one after the other."""
    loop: Loop | None = None

    # operands

    def number(self, value: Expr) -> Constant:
        return Constant(number_text(self.places.own, value))

    def argument(self, arg: Argument, blocks: bool = False) -> Operand:
        if isinstance(arg, Number):
            return self.number(arg.value)
        if self.loop is not None and self.is_each(arg):
            return self.places.each(arg, blocks, self.loop)
        return self.places.operand(arg, blocks)

    def is_each(self, what: Slice) -> bool:
        """Whether each step of a loop has a view of its own."""
        if not isinstance(what.when, Now):
            return False
        return what.when.cut is not None or self.places.array(what.names[0]).places is not None

    def matrix(self, arg: Slice) -> Operand:
        if self.loop is not None and self.is_each(arg):
            return self.places.each(arg, False, self.loop)
        return self.places.matrix(arg)

    # statements

    def statement(self, statement: Plain) -> Call:
        match statement:
            case Product(out=out, pairs=(pair,)):
                return self.product(out, pair)
            case Map() if is_by_id(statement):
                return self.map_by_id(statement)
            case Map():
                return self.map(statement)
            case Reduce():
                return self.reduce(statement)
        raise CheckError("a sum of products meets the printer; `lower` takes it apart")

    def product(self, out: Slice, pair: Pair) -> Call:
        if self.places.array(pair.left.names[0]).classes is not None:
            return self.product_by_id(out, pair)
        left, right = self.matrix(pair.left), self.matrix(pair.right)
        if pair.left_turned:
            left = Turned(left)
        if pair.right_turned:
            copied = bool(self.often.get(pair.right)) and pair.right.names[0] not in self.made
            right = Turned(right, copied)
        name = self.product_call(out, pair.left, pair.right)
        return call(f"{name}({{0}}, {{1}}, {{2}})", left, right, self.matrix(out))

    def product_call(self, *operands: Slice) -> str:
        """`dot`, the quicker one, where all rows lie one after the other: it copies what has gaps,
        where `matmul` does not."""
        gaps = any(
            o.part is not None or self.places.columns(o.names) or o.names[0] in self.gaps
            for o in operands
        )
        return "matmul" if gaps else "dot"

    def map(self, statement: Map) -> Call:
        slices = [a for a in (statement.out, *statement.args) if isinstance(a, Slice)]
        blocks = self.places.in_blocks(slices)
        operands = [self.argument(arg, blocks) for arg in statement.args]
        operands.append(self.argument(statement.out, blocks))
        holes = [f"{{{place}}}" for place in range(len(operands))]
        pattern = CALLS.get(statement.op, f"{statement.op}({{args}}, {{out}})")
        if "{zero}" in pattern:
            operands.append(self.number(Num(Fraction(0))))
        text = pattern.format(args=", ".join(holes[:-1]), out=holes[-1], zero=f"{{{len(holes)}}}")
        return call(text, *operands)

    def reduce(self, statement: Reduce) -> Call:
        name = "total" if statement.op == "sum" else "highest"
        if statement.over == "all":
            return self.all(statement)
        if statement.over == "rows":
            return self.rows(statement)
        operands = self.argument(statement.arg), self.argument(statement.out)
        if statement.over == "features":
            return call(f"{name}({{0}}, -1, None, {{1}}, True)", *operands)
        return call(f"{name}({{0}}, 0, None, {{1}})", *operands)

    def all(self, statement: Reduce) -> Call:
        """Σ over everything, as a product with ones of all the entries in one row."""
        arg, out = self.argument(statement.arg), self.argument(statement.out)
        width = self.places.shape(statement.arg.name)[-1]
        factors = (*self.places.row_count(statement.arg).split(" * "), width)
        text = " * ".join(f"({f})" if " " in f else f for f in factors)
        ones = Ones(text, "each_entry")
        row = self.places.view(statement.arg, "_row", f".reshape({text})", arg)
        number = self.places.view(statement.out, "_number", ".reshape(())", out)
        return call("dot({1}, {0}, {2})", ones, row, number)

    def rows(self, statement: Reduce) -> Call:
        """Σ over rows, as a product with ones: the quickest way that NumPy has."""
        matrix = self.matrix(statement.arg)
        text = self.places.row_count(statement.arg)
        ones = Ones(text, "each" if text == "B" else "each_row")
        name = self.product_call(statement.arg)
        return call(f"{name}({{1}}, {{0}}, {{2}})", matrix, ones, self.argument(statement.out))

    # over class ids

    def product_by_id(self, out: Slice, pair: Pair) -> Call:
        """A row of the matrix for each id, or for each id a row of the gradient.

        x_W = x @ W                   =>    take(W, x_rows, 0, x_W_rows, "clip")
        d_W = transpose(x) @ d_a      =>    scatter(x_rows, d_a_rows, d_W)
        """
        ids, right, into = map(self.matrix, (pair.left, pair.right, out))
        if pair.left_turned:
            return call("scatter({0}, {1}, {2})", ids, right, into)
        if self.places.array(pair.left.name).role == "variable":  # it has steps before the first
            return call("look_up({1}, {0}, {2})", ids, right, into)
        return call('take({1}, {0}, 0, {2}, "clip")', ids, right, into)

    def map_by_id(self, statement: Map) -> Call:
        """`pick` and `add_at`, on rows; what is in the place of its result is not copied."""
        rows, *others = statement.args
        into = self.matrix(statement.out)
        in_place = isinstance(rows, Slice) and self.places.are_one(rows, statement.out)
        args = [into if in_place else self.row_or_number(rows)]
        args += [self.row_or_number(arg) for arg in others]
        holes = ", ".join(f"{{{place + 1}}}" for place in range(len(args)))
        return call(f"{statement.op}({holes}, {{0}})", into, *args)

    def row_or_number(self, arg: Argument) -> Operand:
        return self.number(arg.value) if isinstance(arg, Number) else self.matrix(arg)


def header(views: Mapping[str, str], count: int) -> Iterator[str]:
    """The line of a loop that makes its views as it goes along.

    >>> list(header({"x[0:3]": "x_t"}, 3)), list(header({"x": "x_t", "y": "y_t"}, 3))
    (['for x_t in x[0:3]:'], ['for x_t, y_t in zip(x, y, strict=True):'])
    """
    if all(text.startswith(IN_TURN) for text in views):
        views = {f"range({count})": "_", **views}
    names = list(views.values())
    if len(views) == 1:
        yield f"for {names[0]} in {next(iter(views))}:"
        return
    strict = not any(text.startswith(IN_TURN) for text in views)
    line = f"for {', '.join(names)} in zip({', '.join(views)}, strict={strict}):"
    if len(line) <= WIDTH - 12:
        yield line
        return
    yield from ("for (", *(f"    {name}," for name in names), ") in zip(")
    yield from (*(f"    {text}," for text in views), f"    strict={strict},", "):")


def turned_often(program: Program) -> dict[Slice, bool]:
    """The matrices that are read transposed in a loop, or at more than a few steps."""
    counts: dict[Slice, int] = {}
    for statement in program.statements():
        many = len(statement.steps) if isinstance(statement, Loop) else 1
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            if isinstance(inner, Product):
                for pair in inner.pairs:
                    if pair.right_turned and pair.right.when is None:
                        counts[pair.right] = counts.get(pair.right, 0) + many
    return {matrix: count >= FEW for matrix, count in counts.items()}


# the functions that NumPy lacks


def helpers(names: frozenset[str]) -> str:
    """The functions of these names, as far as a file calls them."""
    return render("numpy/helpers.py.jinja", helpers=names, erf=ERF)


def helpers_by_id(names: frozenset[str]) -> str:
    """Those of them that are about class ids."""
    return render("numpy/ids.py.jinja", helpers=names)
