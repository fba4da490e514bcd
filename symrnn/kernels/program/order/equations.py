"""An equation into statements that write its target, one kind of equation after the other."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.kernels.program.order.forms import Forms
from symrnn.kernels.program.order.rows import row
from symrnn.kernels.program.order.sums import Sums
from symrnn.kernels.program.order.writer import Value, Writer, is_timed
from symrnn.kernels.program.program import Map, Now, Number, Pair, Slice, Span, shifted
from symrnn.language.tree import ZERO, Ref, Width
from symrnn.system.algebra import number
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
            case Linear(target=target, terms=(Term(ref=Ref() as ref),)) if writer.arrays[
                target.name
            ].classes is not None and not (writer.ragged and ref.shift):
                writer.into(out, writer.read(ref))  # ids, and not the rows that they stand for
            case Linear(target=target, terms=(Term(by=PadTo() as pad, over=False) as only,)) if (
                self.cut(target, only) is None
            ):
                self.terms.pad_into(out, self.terms.operand(only.ref), pad)
            case Linear(terms=(Term(when=int()) as term,)) if writer.ragged:
                self.seldom(term, out)
            case Linear(terms=terms) if writer.ragged and carries(terms):
                self.carry(terms, out)
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

    def seldom(self, term: Term, out: Slice) -> None:
        """What is there for the sequences of one length alone."""
        writer = self.writer
        assert term.when is not None
        value = writer.named(self.terms.value(replace(term, when=None)))
        args = (value, Number(number(term.when)))
        writer.out.append(Map(out, "only", args, about=writer.about))

    def carry(self, terms: Sequence[Term], out: Slice) -> None:
        """What comes from another step, and what lands at one, where sequences have ends of their
        own: what stands at the ends is there before a loop begins."""
        writer = self.writer
        every = replace(out, when=Span(1, writer.steps))
        carried = [term for term in terms if term.at is None]
        for term in carried:
            source = self.terms.operand(term.ref)
            if isinstance(source.when, Now):
                ahead = replace(source, when=shifted(every.when, source.when.shift))
                writer.out.append(Map(every, "begin", (ahead,), about=writer.about))
            writer.emit(writer.copy(source), out)
        if not carried:
            writer.out.append(Map(every, "copy", (Number(ZERO),), about=writer.about))
        for term in terms:
            if term.at is not None:
                place = replace(out, when=writer.when(Ref("", *term.at)))
                value = self.terms.value(replace(term, at=None))
                args = (writer.named(value), every)
                writer.out.append(Map(place, "land", args, about=writer.about))

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
        return self.sums.forms.cuts.zeros(target, term, self.writer.scope.steps)

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


def carries(terms: Sequence[Term]) -> bool:
    """Whether terms cross steps: they come from another one, or land at one."""
    return any(
        term.at is not None or (term.ref is not None and term.ref.base == "t" and term.ref.shift)
        for term in terms
    )
