"""Expressions into values: arithmetic and functions, feature by feature.

What does not depend on the loop comes first in sums and products, so that it can leave the loop:

    o[t] * g * h[t-1] * 2    =>    ((2 * g) * o[t]) * h[t-1]
"""

from collections.abc import Sequence

from symrnn.kernels.program.order.rows import NOTHING, add_at, alone, onto, picked, row
from symrnn.kernels.program.order.writer import Open, Value, Writer, is_timed
from symrnn.kernels.program.program import Argument, Number, Slice
from symrnn.language.calls import is_elementwise
from symrnn.language.parse import written_out
from symrnn.language.tree import (
    ONE,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Own,
    Pow,
    Ref,
    map_leaves,
    walk,
)
from symrnn.system.algebra import div, mul, neg, number

MINUS_ONE = neg(ONE)


class Expressions:
    """The values of expressions, at the steps of the writer's scope."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def value(self, expr: Expr) -> Value:
        writer = self.writer
        if self.is_number(expr):
            return Number(self.with_numbers(expr))
        match expr:
            case Ref() if self.has_class(expr):
                return self.at_class([expr], [], ONE)
            case Ref():
                return writer.read(expr)
            case Add(terms=terms):
                return self.signed_sum([self.signed(term) for term in terms])
            case Neg() | Mul() | Div():
                return self.scaled(expr)
            case Pow(left=left, right=Num(value=power)) if power == 2:
                return writer.map("square", self.argument(left))
            case Pow(left=left, right=right):
                return writer.map("power", self.argument(left), self.argument(right))
            case Call(own=Own()):
                return self.value(written_out(expr))
            case Call(function=function, args=args) if is_elementwise(expr):
                return writer.map(function, *map(self.argument, args))
            case Call(function=function, args=args):
                return row(writer, function, [self.argument(arg) for arg in args])
        raise TypeError(f"no statement for {type(expr).__name__} inside an expression")

    def argument(self, expr: Expr) -> Argument:
        return self.writer.named(self.value(expr))

    # numbers

    def is_number(self, expr: Expr) -> bool:
        """Whether an expression is a number, once the sizes are known."""

        def alone(part: Expr) -> bool:
            if isinstance(part, Ref):
                return self.writer.symbols[part.name].value is not None
            return not isinstance(part, Call) or part.function == "size"

        return all(alone(part) for part in walk(expr))

    def with_numbers(self, expr: Expr) -> Expr:
        """The expression with the numbers of its constants."""

        def leaf(part: Expr) -> Expr:
            symbol = self.writer.symbols[part.name] if isinstance(part, Ref) else None
            return part if symbol is None or symbol.value is None else number(symbol.double)

        return map_leaves(expr, leaf)

    # sums

    def signed(self, term: Expr) -> tuple[bool, Value]:
        """Whether a summand is taken away, and what it is without its sign."""
        if isinstance(term, Neg):
            return (True, self.value(term.arg))
        return (False, self.value(term))

    def sum(self, values: Sequence[Value]) -> Value:
        return self.signed_sum([(False, value) for value in values])

    def signed_sum(self, terms: Sequence[tuple[bool, Value]]) -> Value:
        """What does not depend on the loop first, of it what has no steps, and then the rest."""
        classes = [(minus, found) for minus, value in terms if (found := alone(value))]
        if classes:
            return self.sum_with(classes, [term for term in terms if not alone(term[1])])
        if len(terms) > 1:
            terms = [(minus, self.writer.named(value)) for minus, value in terms]
        ordered = sorted(terms, key=lambda t: (self.waits(t[1]), self.runs(t[1]), t[0]))
        minus, total = ordered[0]
        if minus:
            total = self.writer.map("negative", total)
        for minus, value in ordered[1:]:
            total = self.writer.map("subtract" if minus else "add", total, value)
        return total

    def waits(self, value: Value) -> bool:
        """Whether a value has to be worked out within the loop."""
        return isinstance(value, Open) or self.writer.is_dependent(value)

    def runs(self, value: Value) -> bool:
        """Whether there is one of it for each step."""
        return isinstance(value, Open) or (isinstance(value, Slice) and is_timed(value))

    # products

    def scaled(self, expr: Expr) -> Value:
        """A product, its numbers together in front, what does not depend on the loop next."""
        over, under, factor = self.factors(expr)
        for part in filter(self.has_class, over):
            if isinstance(part, Ref):
                return self.at_class(over, under, factor)
            if isinstance(part, Add):
                over.remove(part)
                return self.term_by_term(part, over, under, factor)
        tops = [self.argument(part) for part in over]
        downs = [self.argument(part) for part in under]
        return self.multiply(tops, downs, factor)

    def multiply(self, tops: Sequence[Argument], downs: Sequence[Argument], factor: Expr) -> Value:
        """factor · Π tops / Π downs."""
        value: Value | None = None
        sign = factor == MINUS_ONE and bool(tops)
        if not tops or factor not in (ONE, MINUS_ONE):
            value = Number(factor)
        for late in (False, True):
            for arg in (a for a in tops if self.waits(a) == late):
                value = arg if value is None else self.writer.map("multiply", value, arg)
            for arg in (a for a in downs if self.waits(a) == late):
                top = Number(ONE) if value is None else value
                value = self.writer.map("divide", top, arg)
        assert value is not None
        return self.writer.map("negative", value) if sign else value

    def factors(self, expr: Expr) -> tuple[list[Expr], list[Expr], Expr]:
        """What is multiplied, what is divided by, and the product of the numbers among them."""
        over: list[Expr] = []
        under: list[Expr] = []
        factor: Expr = ONE
        queue = [(expr, False)]
        while queue:
            part, down = queue.pop(0)
            if self.is_number(part):
                value = self.with_numbers(part)
                factor = div(factor, value) if down else mul(factor, value)
                continue
            match part:
                case Mul(left=left, right=right):
                    queue[:0] = [(left, down), (right, down)]
                case Div(left=left, right=right):
                    queue[:0] = [(left, down), (right, not down)]
                case Neg(arg=arg):
                    factor = neg(factor)
                    queue.insert(0, (arg, down))
                case _:
                    (under if down else over).append(part)
        return over, under, factor

    # class ids, which are at one feature of each row and zero elsewhere

    def has_class(self, expr: Expr) -> bool:
        arrays = self.writer.arrays
        return any(
            isinstance(part, Ref) and part.name in arrays and arrays[part.name].classes is not None
            for part in walk(expr)
        )

    def at_class(self, over: Sequence[Expr], under: Sequence[Expr], factor: Expr) -> Value:
        """A product with class ids: the other factors count at their feature alone."""
        (ref,) = (part for part in over if isinstance(part, Ref) and self.has_class(part))
        ids = self.writer.read(ref)
        assert isinstance(ids, Slice)
        rest = [part for part in over if part is not ref]
        tops = [picked(self.writer, self.argument(part), ids) for part in rest]
        downs = [picked(self.writer, self.argument(part), ids) for part in under]
        return add_at(self.writer, NOTHING, self.multiply(tops, downs, factor), ids)

    def term_by_term(
        self, terms: Add[Expr], over: Sequence[Expr], under: Sequence[Expr], factor: Expr
    ) -> Value:
        """(p - y) k   =>   p k - y k"""
        dense = tuple(term for term in terms.terms if not self.has_class(term))
        parts = [Add(dense)] if len(dense) > 1 else list(dense)
        parts += [term for term in terms.terms if self.has_class(term)]
        found: list[Expr] = []
        for part in parts:
            for top in over:
                part = Mul(part, top)
            for down in under:
                part = Div(part, down)
            found.append(part if factor == ONE else Mul(factor, part))
        return self.sum([self.value(part) for part in found])

    def sum_with(
        self,
        classes: Sequence[tuple[bool, tuple[Argument, Slice]]],
        terms: Sequence[tuple[bool, Value]],
    ) -> Value:
        """A sum in which some terms are class ids times an amount."""
        total = self.signed_sum(terms) if terms else None
        for minus, (amount, ids) in classes:
            total = onto(self.writer, total, minus, amount, ids)
        assert total is not None
        return total
