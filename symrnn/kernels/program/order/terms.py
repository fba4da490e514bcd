"""A term into a value: a reference times its Jacobian, at the steps of the scope."""

from dataclasses import replace

from symrnn.kernels.program.order.expressions import Expressions
from symrnn.kernels.program.order.values import Value
from symrnn.kernels.program.order.writer import Writer
from symrnn.kernels.program.program import Number, Pair, Slice
from symrnn.language.tree import ZERO, Ref, Width
from symrnn.system.algebra import mul
from symrnn.system.system import (
    Dot,
    Entries,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Scale,
    Term,
    Turned,
)


class Terms:
    """The values of terms. Whether they are summed over all steps is not looked at here."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.expressions = writer, Expressions(writer)

    def value(self, term: Term) -> Value:
        match term.by:
            case Scale(factor=factor):
                return self.expressions.value(mul(term.ref, factor) if term.ref else factor)
            case Dot(factor=factor):
                assert term.ref is not None
                inside = self.expressions.value(mul(term.ref, factor))
                return self.writer.reduce("sum", inside, "features")
            case Entries(factor=factor):
                assert term.ref is not None
                return self.all_entries(self.expressions.value(mul(term.ref, factor)))
            case Turned():
                turned = self.writer.map("turned", self.operand(term.ref))
                shape = turned.extent.shape[::-1]
                return replace(turned, extent=replace(turned.extent, shape=shape))
            case Matrix() as matrix:
                return self.writer.product([self.pair(term.ref, matrix)])
            case PartOf(skip=skip, width=width):
                return replace(self.operand(term.ref), part=(skip, width))
            case PadTo() as pad:
                return self.padded(self.operand(term.ref), pad)
            case Outer() as outer:
                return self.writer.product([self.outer(term.ref, outer)])

    def all_entries(self, value: Value) -> Value:
        """Σ over the entries of a vector or a matrix."""
        found = self.writer.reduce("sum", value, "features")
        return found if len(found.extent.shape) == 1 else self.writer.reduce("sum", found, "rows")

    def operand(self, ref: Ref | None) -> Slice:
        """What a Jacobian that is no diagonal is applied to: it is there, and no number."""
        assert ref is not None
        found = self.writer.read(ref)
        assert isinstance(found, Slice)
        return found

    def pair(self, ref: Ref | None, by: Matrix) -> Pair:
        """v @ W, or v @ transpose(W)."""
        return times_matrix(self.operand(ref), by)

    def outer(self, ref: Ref | None, by: Outer) -> Pair:
        """transpose(other) @ v, or flipped."""
        assert ref is not None
        left, right = (ref, by.other) if by.flipped else (by.other, ref)
        return Pair(self.operand(left), self.operand(right), left_turned=True)

    def padded(self, value: Slice, by: PadTo) -> Slice:
        """A new array for a value between zeros."""
        like = self.writer.copy(value)
        extent = replace(like.extent, shape=(by.total,))
        made = self.writer.temporary(replace(like, extent=extent, label=f"pad_{value.name}"))
        self.pad_into(made, value, by)
        return made

    def pad_into(self, out: Slice, value: Slice, by: PadTo) -> None:
        """A value between zeros, written part by part."""
        (width,) = self.writer.extent(value).shape
        behind = by.skip + width
        zero = Number(ZERO)
        for skip, count, part in (
            (Width(), by.skip, zero),
            (by.skip, width, value),
            (behind, without(by.total, behind), zero),
        ):
            if count != Width():
                self.writer.into(replace(out, part=(skip, count)), part)


def times_matrix(value: Slice, by: Matrix) -> Pair:
    return Pair(value, Slice((by.name,)), right_turned=by.transposed)


def without(total: Width, part: Width) -> Width:
    """
    >>> without(Width(("H", "K"), 3), Width(("H",), 1))
    Width(names=('K',), number=2)
    """
    names = list(total.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), total.number - part.number)
