"""An equation into statements that write its target, one kind of equation after the other."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.language.tree import ZERO, Ref, Width
from symrnn.program.order.forms import Forms
from symrnn.program.order.rows import row
from symrnn.program.order.sums import Sums
from symrnn.program.order.values import Value, is_timed
from symrnn.program.order.writer import Writer
from symrnn.program.program import Now, Number, Pair, Slice
from symrnn.system.system import (
    Equation,
    Linear,
    Matrix,
    PadTo,
    Pointwise,
    Row,
    System,
    Term,
    Total,
)
from symrnn.system.windows import Cut


class Equations:
    """Writes equations, at the steps of the writer's scope."""

    def __init__(self, system: System, forms: Forms, writer: Writer) -> None:
        self.system, self.writer = system, writer
        self.sums = Sums(system, forms, writer)
        self.terms = self.sums.terms
        self.expressions = self.terms.expressions

    def write(self, equation: Equation, out: Slice) -> None:
        writer = self.writer
        writer.about = equation.target.name
        match equation:
            case Pointwise(body=body):
                writer.into(out, self.expressions.value(body))
            case Row(function="concat", args=args):
                self.concat(args, out)
            case Row(function=function, args=args):
                writer.into(out, row(writer, function, [writer.read(arg) for arg in args]))
            case Linear(target=target, terms=(Term(by=PadTo() as pad, over=False) as only,)) if (
                self.cut(target, only) is None
            ):
                self.terms.pad_into(out, self.terms.operand(only.ref), pad)
            case Linear(target=target, terms=terms):
                writer.into(out, self.linear(target, terms))
            case Total(terms=terms):
                value = self.sums.total(terms, is_loss=equation.target.name == self.system.loss)
                writer.into(out, Number(ZERO) if value is None else value)

    def concat(self, args: Sequence[Ref], out: Slice) -> None:
        skip = Width()
        for ref in args:
            width = self.writer.arrays[ref.name].width
            self.writer.into(replace(out, part=(skip, width)), self.writer.read(ref))
            skip = skip + width

    def linear(self, target: Ref, terms: Sequence[Term]) -> Value:
        """Σ of terms; those that are cut at certain steps are read as zero there."""
        ways: dict[Cut | None, list[Term]] = {None: []}
        for term in terms:
            ways.setdefault(self.cut(target, term), []).append(term)
        values: list[Value] = []
        for cut, own in ways.items():
            found = self.summands(own)
            values += found if cut is None else [self.read_within(cut, value) for value in found]
        return self.expressions.sum(values) if values else Number(ZERO)

    def cut(self, target: Ref, term: Term) -> Cut | None:
        return self.sums.forms.cut(target, term, self.writer.scope.steps)

    def read_within(self, cut: Cut, value: Value) -> Slice:
        """A value as it is read where it comes from the same window, and zeros elsewhere: nothing
        is multiplied with them, so what is cut may be anything."""
        place = self.writer.place(value)
        assert isinstance(place.when, Now)
        return replace(place, when=replace(place.when, cut=cut))

    def summands(self, terms: Sequence[Term]) -> list[Value]:
        """The products that can leave the loop as one sum, those that stay as another."""
        kinds: dict[tuple[bool, bool], list[Pair]] = {}
        summands: list[Value] = []
        for term in terms:
            if term.over:
                summands += self.sums.over_time(term)
            elif isinstance(term.by, Matrix):
                pair = self.terms.pair(term.ref, term.by)
                kind = (self.writer.is_dependent(pair.left), is_timed(pair.left))
                kinds.setdefault(kind, []).append(pair)
            else:
                summands.append(self.terms.value(term))
        products = [self.writer.product(kinds[kind]) for kind in sorted(kinds)]
        return [*products, *summands]
