"""Expressions into statements, each of one operation; what was worked out already is not again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from symrnn.functions import ELEMENTWISE
from symrnn.language.tree import (
    NARROW,
    ONE,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Width,
    map_leaves,
    walk,
)
from symrnn.program.program import (
    Argument,
    Array,
    Axis,
    Map,
    Now,
    Number,
    Pair,
    Plain,
    Product,
    Reduce,
    Slice,
    Span,
    Statement,
    Steps,
    When,
)
from symrnn.system import names
from symrnn.system.algebra import div, mul, neg, number, size
from symrnn.system.symbols import Symbols


@dataclass(frozen=True)
class Open:
    """A statement that lacks the place for its result."""

    make: "partial[Any]"
    shape: tuple[Width, ...]
    rows: bool
    timed: bool
    label: str


@dataclass
class Scope:
    """Where statements are written: once, for a span of steps, or in a loop."""

    when: Callable[[Ref], When | None]
    steps: Steps | None = None
    """The steps for which a statement is written, where there are several."""
    loop: int = 0
    members: frozenset[str] = frozenset()
    """What the loop works out: what does not depend on it can go before it."""
    body: list[Plain] = field(default_factory=list)


class Writer:
    """Statements and arrays as they come to be."""

    def __init__(self, symbols: Symbols, arrays: dict[str, Array]) -> None:
        self.symbols, self.arrays = symbols, arrays
        self.out: list[Statement] = []
        self.known: dict[Any, Slice] = {}
        self.dependent: set[str] = set()
        self.about = ""
        self.scope = Scope(lambda ref: None)

    # results

    def into(self, out: Slice, value: Argument | Open) -> None:
        """Work a value out, and put it there."""
        steps = self.scope.steps
        spread = isinstance(out.when, Now | Span) and steps is not None and steps[0] != steps[1]
        if isinstance(value, Open) and spread and not value.timed:
            value = self.place(value)
        if isinstance(value, Open) and self.said(value) in self.known:
            value = self.place(value)
        if not isinstance(value, Open):
            value = self.copy(value)
        elif value.shape == self.arrays[out.name].shape and self.is_once(out, value):
            self.known[self.said(value)] = out
        self.emit(value, out)

    def is_once(self, out: Slice, value: Open) -> bool:
        """Whether a result may be read again wherever the same is asked for."""
        return out.part is None and not value.timed and not self.scope.loop

    def place(self, value: Argument | Open) -> Slice:
        """The value as something that can be read: with a name of its own, if it has none."""
        if isinstance(value, Number):
            value = self.copy(value)
        if isinstance(value, Slice):
            return value
        said = self.said(value)
        known = self.known.get(said)
        if known is None or not (known.when != Now() or self.widen(known)):
            known = self.known[said] = self.temporary(value)
            self.emit(value, known)
        return known

    def said(self, value: Open) -> object:
        """What tells equal values by."""
        loop = self.scope.loop if value.timed else 0
        return (loop, value.shape, value.make.func, *sorted(value.make.keywords.items()))

    def widen(self, known: Slice) -> bool:
        """Work a value out at the steps of this scope too, if they adjoin those at which it is."""
        array, steps = self.arrays[known.name], self.scope.steps
        assert array.steps is not None
        assert steps is not None
        first, last = array.steps
        if steps[0] > last + 1 or steps[1] < first - 1:
            return False
        both = (min(first, steps[0]), max(last, steps[1]))
        self.arrays[known.name] = replace(array, steps=both)
        body = self.scope.body
        for place, statement in enumerate(body):
            if statement.out == known:
                body[place] = replace(statement, during=both)
        return True

    def temporary(self, value: Open) -> Slice:
        name = names.free(value.label, {**self.symbols, **self.arrays})
        steps = self.scope.steps if value.timed else None
        self.arrays[name] = Array(name, "scratch", value.shape, value.rows, steps)
        when: When | None = None
        if steps is not None:
            when = Now() if self.scope.loop else Span(*steps)
        return Slice((name,), when)

    def emit(self, value: Open, out: Slice) -> None:
        statement: Plain = value.make(out=out, about=self.about)
        if self.scope.loop and isinstance(out.when, Now):
            if self.depends(statement):
                self.dependent.update(out.names)
            self.scope.body.append(replace(statement, during=self.scope.steps))
        else:
            self.out.append(statement)

    def depends(self, statement: Plain) -> bool:
        return any(self.is_dependent(read) for read in statement.reads)

    def is_dependent(self, read: Argument) -> bool:
        return isinstance(read, Slice) and any(
            name in self.scope.members or name in self.dependent for name in read.names
        )

    # what an argument is like

    def like(self, args: Iterable[Argument]) -> tuple[tuple[Width, ...], bool, bool]:
        """The shape of what is worked out of them, feature by feature; rows; time."""
        shape: tuple[Width, ...] = (NARROW,)
        rows = timed = False
        for arg in args:
            if isinstance(arg, Slice):
                array = self.arrays[arg.name]
                own = (arg.part[1],) if arg.part else array.shape
                shape = own if own not in ((), (NARROW,)) else shape
                rows |= array.rows
                timed |= isinstance(arg.when, Now | Span)
        return shape, rows, timed

    # statements

    def map(self, op: str, *args: Argument, label: str = "") -> Open:
        shape, rows, timed = self.like(args)
        return Open(partial(Map, op=op, args=args), shape, rows, timed, label or self.label(op))

    def label(self, op: str) -> str:
        return f"{SHORT.get(op, op)}_{self.about.split()[0]}"

    def copy(self, value: Argument) -> Open:
        return self.map("copy", value)

    def reduce(self, op: Literal["sum", "max"], value: Argument | Open, over: Axis) -> Open:
        arg = self.place(value)
        shape, rows, timed = self.like((arg,))
        shape = (NARROW,) if over in ("features", "all") else shape
        timed = timed and over == "features"
        rows = rows and over in ("features", "steps")
        make = partial(Reduce, op=op, arg=arg, over=over)
        return Open(make, shape, rows, timed, self.label(op))

    def product(self, pairs: Sequence[Pair]) -> Open:
        first = pairs[0]
        left, right = self.arrays[first.left.name], self.arrays[first.right.name]
        label = f"{first.left.name}_{first.right.name}"
        make = partial(Product, pairs=tuple(pairs))
        if first.left_turned:
            return Open(make, (left.width, right.width), False, False, label)
        shape = right.shape[0] if first.right_turned else right.shape[1]
        timed = isinstance(first.left.when, Now | Span)
        return Open(make, (shape,), left.rows, timed, label)

    # expressions

    def read(self, ref: Ref) -> Argument:
        symbol = self.symbols[ref.name]
        if symbol.value is not None:
            return Number(number(symbol.value))
        return Slice((ref.name,), self.scope.when(ref))

    def value(self, expr: Expr) -> Argument | Open:
        if self.is_plain(expr):
            return Number(self.plain_number(expr))
        match expr:
            case Ref():
                return self.read(expr)
            case Neg():
                return self.scaled(expr)
            case Add(terms=terms):
                return self.sum([self.signed(term) for term in terms])
            case Mul() | Div():
                return self.scaled(expr)
            case Pow(left=left, right=Num(value=power)) if power == 2:
                return self.map("square", self.argument(left))
            case Pow(left=left, right=right):
                return self.map("power", self.argument(left), self.argument(right))
            case Call(function=function, args=args) if function in ELEMENTWISE:
                return self.map(function, *map(self.argument, args))
            case Call(function=function, args=args):
                return self.row(function, [self.argument(arg) for arg in args])
        raise TypeError(f"no statement for {type(expr).__name__} inside an expression")

    def argument(self, expr: Expr) -> Argument:
        value = self.value(expr)
        return self.place(value) if isinstance(value, Open) else value

    def is_plain(self, expr: Expr) -> bool:
        """Whether an expression is a number, once the sizes are known."""
        return all(self.is_number(leaf) for leaf in walk(expr))

    def is_number(self, leaf: Expr) -> bool:
        if isinstance(leaf, Ref):
            return self.symbols[leaf.name].value is not None
        return not isinstance(leaf, Call) or leaf.function == "size"

    def plain_number(self, expr: Expr) -> Expr:
        def leaf(one: Expr) -> Expr:
            value = self.symbols[one.name].value if isinstance(one, Ref) else None
            return one if value is None else number(value)

        return map_leaves(expr, leaf)

    def signed(self, term: Expr) -> tuple[bool, Argument | Open]:
        """Whether a summand is taken away, and what it is without its sign."""
        if isinstance(term, Neg):
            return (True, self.value(term.arg))
        return (False, self.value(term))

    def sum(self, terms: Sequence[tuple[bool, Argument | Open]]) -> Argument | Open:
        """What does not depend on the loop first, so that it can be done before it."""
        ready: list[tuple[bool, Argument | Open]] = []
        for minus, value in terms:
            last = len(terms) == 1
            ready.append((minus, value if last else self.named(value)))
        order = sorted(ready, key=lambda t: (self.waits(t[1]), self.runs(t[1]), t[0]))
        minus, total = order[0]
        if minus:
            total = self.map("negative", self.named(total))
        for minus, value in order[1:]:
            op = "subtract" if minus else "add"
            total = self.map(op, self.named(total), self.named(value))
        return total

    def named(self, value: Argument | Open) -> Argument:
        return self.place(value) if isinstance(value, Open) else value

    def waits(self, value: Argument | Open) -> bool:
        return self.is_dependent(value) if not isinstance(value, Open) else True

    def runs(self, value: Argument | Open) -> bool:
        """Whether there is one of it for each step."""
        when = value.when if isinstance(value, Slice) else None
        return isinstance(value, Open) or isinstance(when, Now | Span)

    def scaled(self, expr: Expr) -> Argument | Open:
        """A product, its numbers together in front, what does not depend on the loop next."""
        over, under, factor = self.factors(expr)
        return self.multiply(
            list(map(self.argument, over)), list(map(self.argument, under)), factor
        )

    def multiply(
        self, tops: list[Argument], downs: list[Argument], factor: Expr = ONE
    ) -> Argument | Open:
        tops.sort(key=self.waits)
        downs.sort(key=self.waits)
        early = [a for a in tops if not self.waits(a)]
        late = [a for a in tops if self.waits(a)]
        value: Argument | Open | None = None
        if factor not in (ONE, neg(ONE)) or not tops:
            value, factor = Number(factor), ONE
        for arg in early:
            value = arg if value is None else self.map("multiply", self.named(value), arg)
        for arg in (d for d in downs if not self.waits(d)):
            value = self.map("divide", Number(ONE) if value is None else self.named(value), arg)
        for arg in late:
            value = arg if value is None else self.map("multiply", self.named(value), arg)
        for arg in (d for d in downs if self.waits(d)):
            value = self.map("divide", Number(ONE) if value is None else self.named(value), arg)
        assert value is not None
        return self.map("negative", self.named(value)) if factor == neg(ONE) else value

    def factors(self, expr: Expr) -> tuple[list[Expr], list[Expr], Expr]:
        """What is multiplied, what is divided by, and the numbers among them."""
        over: list[Expr] = []
        under: list[Expr] = []
        factor: Expr = ONE
        queue = [(expr, False)]
        while queue:
            expr, down = queue.pop(0)
            if self.is_plain(expr):
                value = self.plain_number(expr)
                factor = div(factor, value) if down else mul(factor, value)
                continue
            match expr:
                case Mul(left=left, right=right):
                    queue[:0] = [(left, down), (right, down)]
                case Div(left=left, right=right):
                    queue[:0] = [(left, down), (right, not down)]
                case Neg(arg=arg):
                    factor = neg(factor)
                    queue.insert(0, (arg, down))
                case _:
                    (under if down else over).append(expr)
        return over, under, factor

    # functions of a row

    def row(self, function: str, args: list[Argument]) -> Argument | Open:
        """A function across the features, or a loss, out of sums and element-wise functions."""
        if function in ("softmax", "logsumexp", "rowsum", "rowmean"):
            return self.across(function, args[0])
        return self.loss(function, *args)

    def across(self, function: str, z: Argument) -> Argument | Open:
        match function:
            case "rowsum":
                return self.reduce("sum", z, "features")
            case "rowmean":
                return self.mean(z)
        top = self.place(self.reduce("max", z, "features"))
        e = self.place(self.map("exp", self.place(self.map("subtract", z, top))))
        total = self.place(self.reduce("sum", e, "features"))
        if function == "softmax":
            return self.map("divide", e, total)
        return self.map("add", top, self.place(self.map("log", total)))

    def mean(self, value: Argument | Open) -> Open:
        arg = self.place(value)
        (width,) = self.like((arg,))[0]
        total = self.reduce("sum", arg, "features")
        return self.map("multiply", Number(div(ONE, size(width))), self.place(total))

    def loss(self, function: str, y: Argument, p: Argument) -> Argument | Open:
        """One number for each row."""
        if function in MEANS:
            return self.mean(self.loss_of_each(function, y, p))
        return self.loss_of_each(function, y, p)

    def loss_of_each(self, function: str, y: Argument, p: Argument) -> Argument | Open:
        """What of a loss is averaged over the features, where it is; else one number a row."""
        match function:
            case "mse":
                error = self.place(self.map("subtract", p, y))
                return self.map("square", error)
            case "bce":
                one = Number(ONE)
                hit = self.place(self.y_log(y, p))
                rest_y = self.place(self.map("subtract", one, y))
                rest_p = self.place(self.map("subtract", one, p))
                miss = self.place(self.y_log(rest_y, rest_p))
                both = self.place(self.map("add", hit, miss))
                return self.map("negative", both)
            case "ce":
                return self.map(
                    "negative", self.place(self.reduce("sum", self.y_log(y, p), "features"))
                )
            case "bce_logits":
                soft = self.place(self.map("softplus", p))
                picked = self.place(self.map("multiply", y, p))
                return self.map("subtract", soft, picked)
            case "ce_logits":
                weight = self.place(self.reduce("sum", y, "features"))
                norm = self.place(self.across("logsumexp", p))
                picked = self.place(self.reduce("sum", self.map("multiply", y, p), "features"))
                return self.map("subtract", self.place(self.map("multiply", weight, norm)), picked)
        raise TypeError(f"no statements for the loss {function}")

    def y_log(self, y: Argument, p: Argument) -> Open:
        """y log p, which is zero where y is, whatever p."""
        nothing = self.place(self.map("is_zero", y))
        safe = self.place(self.map("add", p, nothing))
        return self.map("multiply", y, self.place(self.map("log", safe)))


MEANS = ("mse", "bce", "bce_logits")
"""Losses that are a mean over the features."""

SHORT = {
    "multiply": "m",
    "divide": "q",
    "add": "s",
    "subtract": "s",
    "negative": "neg",
    "square": "sq",
    "copy": "z",
    "power": "pow",
}
