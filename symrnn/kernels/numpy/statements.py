"""Statements as calls of NumPy that write where they are told to: the last argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symrnn.errors import CheckError
from symrnn.kernels.numpy import by_id
from symrnn.kernels.numpy.operands import Call, Constant, Ones, Operand, Turned, call
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.program.program import (
    Argument,
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
from symrnn.kernels.program.rewrite import is_by_id
from symrnn.kernels.sizes import number_text
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

    def argument(self, arg: Argument, lanes: bool = False) -> Operand:
        if isinstance(arg, Number):
            return self.number(arg.value)
        if self.loop is not None and self.is_each(arg):
            return self.places.each(arg, lanes, self.loop)
        return self.places.operand(arg, lanes)

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
                return by_id.map_by_id(self, statement)
            case Map():
                return self.map(statement)
            case Reduce():
                return self.reduce(statement)
        raise CheckError("a sum of products meets the printer; `lower` takes it apart")

    def product(self, out: Slice, pair: Pair) -> Call:
        if self.places.array(pair.left.names[0]).classes is not None:
            return by_id.product(self, out, pair)
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
        lanes = self.places.is_lanes(slices)
        operands = [self.argument(arg, lanes) for arg in statement.args]
        operands.append(self.argument(statement.out, lanes))
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
