"""An equation into statements that write its target, one kind of equation after the other."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.language.tree import ZERO, Ref, Width
from symrnn.program.order.forms import Forms
from symrnn.program.order.rows import row
from symrnn.program.order.sums import Sums
from symrnn.program.order.values import Value, is_timed
from symrnn.program.order.writer import Writer
from symrnn.program.program import Number, Pair, Slice
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
            case Linear(terms=(Term(by=PadTo() as pad, over=False) as term,)):
                self.terms.pad_into(out, self.terms.operand(term.ref), pad)
            case Linear(terms=terms):
                writer.into(out, self.linear(terms))
            case Total(terms=terms):
                value = self.sums.total(terms, is_loss=equation.target.name == self.system.loss)
                writer.into(out, Number(ZERO) if value is None else value)

    def concat(self, args: Sequence[Ref], out: Slice) -> None:
        skip = Width()
        for ref in args:
            width = self.writer.arrays[ref.name].width
            self.writer.into(replace(out, part=(skip, width)), self.writer.read(ref))
            skip = skip + width

    def linear(self, terms: Sequence[Term]) -> Value:
        """Σ of terms: the products that can leave the loop are one sum, those that stay another."""
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
        both = [*products, *summands]
        return self.expressions.sum(both) if both else Number(ZERO)
