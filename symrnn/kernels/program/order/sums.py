"""A term into a value: a reference times its Jacobian; and sums of terms over time and batch, which
are the loss, the gradients of parameters, sums over all steps.

    d_w_h = Σ_t transpose(O[t-1]) @ d_a_O[t]    =>    d_w_h = transpose(O[0 … 3]) @ d_a_O[1 … 4]

A term is summed over runs of steps at which the same is left of it.
"""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.kernels.program.order.expressions import Expressions
from symrnn.kernels.program.order.forms import Forms
from symrnn.kernels.program.order.rows import MEANS, loss_of_each
from symrnn.kernels.program.order.writer import ONCE, Value, Writer, at, is_timed
from symrnn.kernels.program.program import Number, Pair, Slice, Steps
from symrnn.language.tree import BATCH, ONE, ZERO, Expr, Ref, Size, Width
from symrnn.system.algebra import div, mul, size
from symrnn.system.graph import Group
from symrnn.system.system import (
    Dot,
    Entries,
    Equation,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Row,
    Scale,
    System,
    Term,
    Total,
    Turned,
    uses,
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


class Sums:
    """The values of sums. They are worked out outside of loops."""

    def __init__(self, system: System, forms: Forms, writer: Writer) -> None:
        self.system, self.forms, self.writer = system, forms, writer
        self.terms = Terms(writer)
        self.expressions = self.terms.expressions
        self.summed = losses_in_the_total(system)

    # over time: there is a row for each sequence still

    def over_time(self, term: Term) -> list[Value]:
        """Σ over the steps, of a term that keeps its rows: one summand for each run."""
        return [self.over_run(steps, left) for steps, left in self.forms.over(term)]

    def over_run(self, steps: Steps, term: Term) -> Value:
        """Σ v·J is (Σ v)·J, where J is the same at all steps: a product once, and not for each."""
        match term.by:
            case Matrix() as matrix:
                summed = self.sum_of_steps(steps, replace(term, by=Scale()))
                return self.writer.product([times_matrix(summed, matrix)])
            case PartOf(skip=skip, width=width):
                summed = self.sum_of_steps(steps, replace(term, by=Scale()))
                return replace(summed, part=(skip, width))
            case PadTo():
                raise TypeError("a sum over time between zeros")
        return self.sum_of_steps(steps, term)

    def sum_of_steps(self, steps: Steps, term: Term) -> Slice:
        value = self.writer.place(self.at_steps(steps, term))
        if is_timed(value):
            return self.writer.place(self.writer.reduce("sum", value, "steps"))
        if steps[0] == steps[1]:
            return value
        return self.times_count(steps, value)

    def at_steps(self, steps: Steps, term: Term) -> Slice | Number:
        """The value of a term at one step, or at many at once."""
        with self.writer.within(at(steps)):
            value = self.writer.named(self.terms.value(term))
            is_everywhere = isinstance(value, Slice) and is_timed(value)
            if self.writer.ragged and steps != (0, 0) and not is_everywhere:
                return self.writer.at_every_row(value)
            return value

    def times_count(self, steps: Steps, value: Slice) -> Slice:
        """Σ over the steps of what is the same at all of them."""
        return self.writer.place(self.writer.map("multiply", Number(count(steps)), value))

    # over time and batch: one number, vector or matrix is left

    def total(self, terms: Sequence[Term], is_loss: bool) -> Value | None:
        """Σ over steps and sequences: the loss, which is averaged, or a parameter's gradient."""
        pairs: list[Pair] = []
        summands: list[Value] = []
        with self.writer.within(ONCE):
            for term in terms:
                for steps, left in self.forms.over(term) if term.over else [((0, 0), term)]:
                    if isinstance(left.by, Outer):
                        pairs.append(self.outer(steps, left.ref, left.by))
                    else:
                        summands.append(self.all_rows(steps, left, is_loss))
            products = [self.writer.product(pairs)] if pairs else []
            both = [*products, *summands]
            return self.expressions.sum(both) if both else None

    def outer(self, steps: Steps, ref: Ref | None, by: Outer) -> Pair:
        """Σ over the steps of transpose(left) @ right: one product, of all rows."""
        with self.writer.within(at(steps)):
            pair = self.terms.outer(ref, by)
        if steps[0] == steps[1]:
            return pair
        match is_timed(pair.left), is_timed(pair.right):
            case False, False:
                return replace(pair, left=self.times_count(steps, pair.left))
            case False, True:
                return replace(pair, right=self.summed_up(pair.right))
            case True, False:
                return replace(pair, left=self.summed_up(pair.left))
        return pair

    def summed_up(self, value: Slice) -> Slice:
        return self.writer.place(self.writer.reduce("sum", value, "steps"))

    def all_rows(self, steps: Steps, term: Term, is_loss: bool) -> Value:
        """A term summed over the rows of all steps and sequences; averaged over these, if asked."""
        writer, by = self.writer, term.by
        if term.rowless:
            return self.terms.value(term)
        if term.ref is not None and term.ref.name in self.summed:
            return self.loss_at_once(steps, term.ref, by)
        factor: Expr = ONE
        if isinstance(by, Scale) and term.ref is not None and self.expressions.is_number(by.factor):
            factor, term = self.expressions.with_numbers(by.factor), replace(term, by=Scale())
        value = self.at_steps(steps, term)
        if isinstance(value, Number):
            for_all = value.value if is_loss else mul(value.value, Size(BATCH))
            return Number(mul(for_all, count(steps)))
        extent = writer.extent(value)
        if not extent.timed:
            factor = mul(factor, count(steps))
        found: Value = value
        if extent.rows or extent.timed or len(extent.shape) == 2:
            found = writer.reduce("sum", value, "rows")
            factor = averaged(factor) if is_loss else factor
        elif not is_loss:
            factor = mul(factor, Size(BATCH))
        if factor == ONE:
            return found
        return self.expressions.multiply([writer.place(found)], [], factor)

    def loss_at_once(self, steps: Steps, ref: Ref, by: object) -> Value:
        """A mean over the features, summed over steps and averaged over sequences, in one go."""
        writer = self.writer
        assert isinstance(by, Scale)
        factor = averaged(self.expressions.with_numbers(by.factor))
        row = self.summed[ref.name]
        writer.about = f"{row.target.name} {self.system.loss}"  # statements stand for both now
        pieces: list[Value] = []
        for within, form in self.row_forms(row, ref, steps):
            with writer.within(at(within)):
                y, p = (writer.read(arg) for arg in form.args)
                each = writer.place(loss_of_each(writer, row.function, y, p))
                (width,) = writer.extent(y, p).shape
            total = writer.place(writer.reduce("sum", each, "all"))
            mean = div(factor, size(width))
            pieces.append(self.expressions.multiply([total], [], mean))
        return self.expressions.sum(pieces)

    def row_forms(self, row: Row, ref: Ref, steps: Steps) -> list[tuple[Steps, Row]]:
        """What is left of a loss at which of these steps."""
        if ref.base != "t":
            return [(steps, row)]
        found: list[tuple[Steps, Row]] = []
        for (first, last), form in self.forms.runs(Group((row.target,)))[row.target]:
            within = (max(first, steps[0]), min(last, steps[1]))
            if within[0] <= within[1]:
                assert isinstance(form, Row)
                found.append((within, form))
        return found


def count(steps: Steps) -> Expr:
    """How many steps there are."""
    return size(Width((), steps[1] - steps[0] + 1))


def averaged(factor: Expr) -> Expr:
    """A factor of a sum over all sequences that makes it their mean."""
    return div(factor, Size(BATCH))


def losses_in_the_total(system: System) -> dict[str, Row]:
    """The losses that are only ever summed up: no number for each row is needed of them."""
    found = {
        equation.target.name: equation
        for equation in system.equations
        if isinstance(equation, Row)
        and equation.function in MEANS
        and equation.target.base in ("t", "")
        and not system.symbols[equation.target.name].output
    }
    for equation in system.equations:
        for use in uses(equation):
            if use.ref.name in found and not _is_summed(equation, use.ref, system):
                del found[use.ref.name]
    return found


def _is_summed(equation: Equation, ref: Ref, system: System) -> bool:
    """Whether the loss reads a reference as one summand, times a number."""
    if not isinstance(equation, Total) or equation.target.name != system.loss:
        return False
    if (ref.base, ref.shift) not in (("t", 0), ("", 0)):
        return False
    numbers = {symbol.name for symbol in system.named("constant")}
    own = [term for term in equation.terms if term.ref == ref]
    return len(own) == 1 and all(
        isinstance(term.by, Scale) and {read.name for read in term.reads()} <= {ref.name, *numbers}
        for term in own
    )
