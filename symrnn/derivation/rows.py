"""From expressions and edges to formulas: values of one sequence, and rows carried back.

What normal form gave a name is put in where it is read. Every value has a width, so that each
product is of the kind that it is; with all widths 1 the same rules give the scalar form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from symrnn.derivation.build import (
    ONE,
    ZERO,
    minus,
    odot,
    plus,
    power,
    product,
    ratio,
    times,
    total_over,
    transposed,
)
from symrnn.derivation.formula import (
    Apply,
    Blocks,
    Diagonal,
    Eye,
    Formula,
    Minus,
    Ones,
    Power,
    Ratio,
    Slice,
    Sum,
    Times,
    Zeros,
    children,
)
from symrnn.derivation.logits import cancelled
from symrnn.derivation.network import Carrier, Edge, Network, Route, Softmax
from symrnn.errors import CheckError
from symrnn.functions import LOSSES, TIME
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    map_leaves,
)
from symrnn.system.algebra import size
from symrnn.system.graph import at_step
from symrnn.system.rewrite import map_refs
from symrnn.system.spell import spell_term
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Pointwise,
    Row,
    Scale,
    System,
    Total,
)

TWO = Num(Fraction(2))
Sized = tuple[Formula, Width]
"""A formula for a row (or a number), and how wide it is."""


class Rows:
    """Formulas over one network; `dims` gives numbers to dimensions, `T` and `B` among them."""

    def __init__(
        self, system: System, values: Mapping[Ref, Equation], dims: Mapping[str, int]
    ) -> None:
        self.system, self.values, self.symbols = system, values, system.symbols
        self.dims = {"B": 1, **dims}
        if system.steps is not None:
            self.dims["T"] = system.steps
        self._values: dict[Ref, Sized] = {}

    # widths

    def width(self, width: Width) -> Width:
        """The width, as a number as far as its dimensions have one."""
        known = sum(self.dims[name] for name in width.names if name in self.dims)
        names = tuple(name for name in width.names if name not in self.dims)
        return Width(names, width.number + known)

    def width_of(self, ref: Ref) -> Width:
        return self.width(self.symbols[ref.name].width)

    def shape_of(self, name: str) -> tuple[Width, Width]:
        """Rows and columns; a vector is a row."""
        shape = tuple(map(self.width, self.symbols[name].shape))
        return (shape[0], shape[1]) if len(shape) == 2 else (NARROW, shape[0] if shape else NARROW)

    def is_matrix(self, name: str) -> bool:
        """Whether a parameter is a matrix that is not a single number."""
        symbol = self.symbols[name]
        return len(symbol.shape) == 2 and self.shape_of(name) != (NARROW, NARROW)

    # values

    def value(self, expr: Expr, inner: str = "t") -> Sized:
        """An expression of the language; `inner` is the index that a sum over time binds."""
        match expr:
            case Num():
                return expr, NARROW
            case Size(width=width):
                found = self.width(width)
                return (found_number(found), NARROW) if not found.names else (Size(found), NARROW)
            case Ref():
                return self.read(expr)
            case Neg(arg=arg):
                body, width = self.value(arg, inner)
                return minus(body), width
            case Add(terms=terms):
                parts = [self.value(term, inner) for term in terms]
                return plus(part for part, _ in parts), widest(width for _, width in parts)
            case Mul(left=left, right=right):
                return self.multiplied(self.value(left, inner), self.value(right, inner))
            case Div(left=left, right=right):
                (top, a), (bottom, b) = self.value(left, inner), self.value(right, inner)
                return ratio(top, bottom), widest((a, b))
            case Pow(left=left, right=right):
                (base, a), (exponent, b) = self.value(left, inner), self.value(right, inner)
                return power(base, exponent), widest((a, b))
            case MatMul(left=left, right=Ref(name=name)):
                return self.times_matrix(self.value(left, inner), name, False)
            case MatMul(left=left, right=Transpose(arg=Ref(name=name))):
                return self.times_matrix(self.value(left, inner), name, True)
            case Part(arg=arg, skip=skip, width=width):
                return self.part(self.value(arg, inner), skip, width)
            case Pad(arg=arg, skip=skip, total=total):
                return self.pad(self.value(arg, inner), skip, total)
            case Call(function=function, args=args):
                return self.call(function, args, inner)
        raise CheckError(f"no formula for {type(expr).__name__}")

    def call(self, function: str, args: tuple[Expr, ...], inner: str) -> Sized:
        if function in TIME:
            body, width = self.value(_bound(args[0], inner), "j" if inner == "k" else "k")
            whole = total_over(inner, Ref("", "1"), Ref("", "T"), body)
            if function == "sum":
                return whole, width
            steps, _ = self.value(Size(Width(("T",))))
            return times(ratio(ONE, steps), whole), width
        parts = [self.value(arg, inner) for arg in args]
        (first, width), wide = parts[0], widest(width for _, width in parts)
        match function:
            case "rowsum" | "rowmean":
                total = self.gathered(first, width)
                if function == "rowsum":
                    return total, NARROW
                return times(ratio(ONE, self.value(size(width))[0]), total), NARROW
            case "batchsum":
                return first, width
            case "concat":
                return Blocks((tuple(part for part, _ in parts),)), _together(w for _, w in parts)
            case "softmax":
                return (ONE if wide == NARROW else Apply("softmax", (first,))), width
            case "logsumexp":
                return (first if wide == NARROW else Apply("logsumexp", (first,))), NARROW
        if function in LOSSES:
            return self.loss(function, *parts), NARROW
        return Apply(function, (first,)), wide

    def loss(self, function: str, target: Sized, prediction: Sized) -> Formula:
        """A loss as its formula: y (log ŷ)ᵀ is the sum over the entries."""
        (y, _), (p, width) = target, prediction
        share = ratio(ONE, self.value(size(width))[0])

        def dot(a: Formula, b: Formula) -> Formula:
            return times(a, b) if width == NARROW else product(a, transposed(b))

        def rest(v: Formula) -> Formula:
            return plus((ONE, minus(v)))

        def log(v: Formula) -> Formula:
            return Apply("log", (v,))

        match function:
            case "mse":
                gap = plus((p, minus(y)))
                return power(gap, TWO) if width == NARROW else times(share, dot(gap, gap))
            case "bce":
                told, missed = dot(y, log(p)), dot(rest(y), log(rest(p)))
                if share == ONE:
                    return plus((minus(told), minus(missed)))
                return minus(times(share, plus((told, missed))))
            case "ce":
                return minus(dot(y, log(p)))
            case "bce_logits":
                soft = self.gathered(Apply("softplus", (p,)), width)
                whole = plus((soft, minus(dot(y, p))))
                return times(share, whole) if share != ONE else whole
            case "ce_logits":
                over = p if width == NARROW else Apply("logsumexp", (p,))
                return plus((times(self.gathered(y, width), over), minus(dot(y, p))))
        raise CheckError(f"no formula for the loss {function}")

    def gathered(self, row: Formula, width: Width) -> Formula:
        """The sum of a row's entries: v 1."""
        return row if width == NARROW else product(row, Ones(width))

    def multiplied(self, a: Sized, b: Sized) -> Sized:
        """The product of two values, of the kind that their widths make it."""
        (left, wide), (right, other) = a, b
        if NARROW not in (wide, other):
            return b if left == ONE else (odot(left, right), wide)
        first = self.is_coefficient(right) or wide != NARROW
        if first and not self.is_coefficient(left):
            left, right = right, left  # a number stands before what it multiplies
        return times(left, right), widest((wide, other))

    def is_coefficient(self, formula: Formula) -> bool:
        """Whether a formula is a number that the text gives."""
        if isinstance(formula, Ref):
            return self.symbols[formula.name].role == "constant"
        if isinstance(formula, Sum | Minus | Times | Ratio | Power):
            return all(map(self.is_coefficient, children(formula)))
        return isinstance(formula, Num | Size)

    def times_matrix(self, row: Sized, name: str, turned: bool) -> Sized:
        shape = self.shape_of(name)
        if not self.is_matrix(name):
            return times(row[0], Ref(name)), NARROW
        matrix: Formula = transposed(Ref(name)) if turned else Ref(name)
        return product(row[0], matrix), shape[0 if turned else 1]

    def part(self, row: Sized, skip: Width, width: Width) -> Sized:
        start, own = self.width(skip), self.width(width)
        if own == row[1]:
            return row
        return Slice(row[0], start, self.width(start + own)), own

    def pad(self, row: Sized, skip: Width, total: Width) -> Sized:
        before, whole = self.width(skip), self.width(total)
        after = _less(_less(whole, before), row[1])
        parts = [Zeros(NARROW, before), row[0], Zeros(NARROW, after)]
        kept = tuple(p for p in parts if not isinstance(p, Zeros) or p.columns != Width())
        return (Blocks((kept,)) if len(kept) > 1 else row[0]), whole

    def read(self, ref: Ref) -> Sized:
        """A reference: the author's letter, or what a made-up name stands for."""
        if ref not in self._values:
            self._values[ref] = self._read(ref)
        return self._values[ref]

    def _read(self, ref: Ref) -> Sized:
        equation = self.equation_of(ref)
        if equation is not None:
            return self.stands_for(equation)
        return ref, self.width_of(ref)

    def equation_of(self, ref: Ref) -> Equation | None:
        """The equation of a made-up name, at the step at which it is read."""
        if ref in self.values:
            return self.values[ref]
        if self.system.steps is not None:
            exact = at_step(ref, self.system.steps)
            return self.values.get(exact)
        general = self.values.get(Ref(ref.name, "t"))
        if general is None or not ref.base:
            return None

        def move(inner: Ref) -> Ref:
            if inner.base != "t":
                return inner
            return Ref(inner.name, ref.base, inner.shift + ref.shift)

        return replace(map_refs(general, move), target=ref)

    def stands_for(self, equation: Equation) -> Sized:
        """The right side of an equation."""
        match equation:
            case Pointwise(body=body):
                return self.value(body)
            case Row(function=function, args=args):
                return self.value(Call(function, args))
            case Linear(terms=terms) | Total(terms=terms):
                index = "k" if equation.target.base else "t"
                parts = [
                    self.value(spell_term(replace(term, at=None, when=None)), index)
                    for term in terms
                ]
                return plus(part for part, _ in parts), widest(width for _, width in parts)

    # rows carried back

    def cancelled(self, route: Route) -> Route:
        return cancelled(self.system, route)

    def carried(self, row: Sized, routes: tuple[Route, ...]) -> Sized:
        """A row at one end of an edge, carried back to the other.

        Several routes are put together as one matrix, so that the row is written once; a matrix
        parameter is an end, where they are added.
        """
        routes = tuple(map(self.cancelled, routes))
        if len(routes) == 1:
            return self.along(row, routes[0])
        if all(_ends(route) for route in routes):
            parts = [self.along(row, route) for route in routes]
            return plus(part for part, _ in parts), parts[0][1]
        width = self.after(row[1], routes[0])
        if all(self.is_scale(row[1], route) for route in routes):
            factors = [self.along((ONE, NARROW), route) for route in routes]
            found = plus(factor for factor, _ in factors), widest(w for _, w in factors)
            return self.multiplied(row, found)
        whole = plus(self.matrix(route, row[1]) for route in routes)
        if (row[1], width) == (NARROW, NARROW):
            return times(row[0], whole), width
        return product(row[0], whole), width

    def along(self, row: Sized, route: Route) -> Sized:
        for carrier in route:
            row = self.step(row, carrier)
        return row

    def step(self, row: Sized, carrier: Carrier) -> Sized:
        """One operator, applied."""
        match carrier.by:
            case Scale(factor=factor):
                return self.spread(self.multiplied(row, self.value(factor)), carrier)
            case Dot(factor=factor):
                return self.dot(row, self.value(factor))
            case Matrix(name=name, transposed=turned):
                return self.times_matrix(row, name, turned)
            case PartOf(skip=skip, width=width):
                return self.part(row, skip, width)
            case PadTo(skip=skip, total=total):
                return self.pad(row, skip, total)
            case Outer(other=other, flipped=flipped):
                return self.outer(row, self.value(other), flipped)
            case Softmax(value=value):
                found, width = self.value(value)
                if width == NARROW:
                    return ZERO, NARROW
                return product(row[0], _softmax(found)), width

    def spread(self, row: Sized, carrier: Carrier) -> Sized:
        """A number as a row of equal entries, where one is wanted."""
        wanted = self.width(carrier.width) if carrier.width is not None else row[1]
        if row[1] != NARROW or wanted == NARROW:
            return row
        return product(row[0], transposed(Ones(wanted))), wanted

    def dot(self, row: Sized, factor: Sized) -> Sized:
        if factor[1] == NARROW:
            return times(factor[0], self.gathered(*row)), NARROW
        return product(row[0], transposed(factor[0])), NARROW

    def outer(self, row: Sized, other: Sized, flipped: bool) -> Sized:
        """otherᵀ v̄: a number where both are."""
        if row[1] == NARROW and other[1] == NARROW:
            return times(row[0], other[0]), NARROW
        left, right = (row, other) if flipped else (other, row)
        if left[1] == NARROW:
            return times(left[0], right[0]), right[1]
        return product(transposed(left[0]), right[0]), right[1]

    # the same as matrices

    def matrix(self, route: Route, width: Width) -> Formula:
        """The matrix that a row is multiplied with, from the right."""
        numbers: list[Formula] = []
        factors: list[Formula] = []
        for carrier in route:
            factor, after = self.as_matrix(carrier, width)
            if (width, after) == (NARROW, NARROW) or (after == width and _is_multiple(carrier, self)):
                numbers.append(factor)
            else:
                factors.append(factor)
            width = after
        if not factors:
            unit: Formula = ONE if width == NARROW else Eye(width)
            return times(*numbers, unit)
        return times(*numbers, product(*factors))

    def as_matrix(self, carrier: Carrier, width: Width) -> Sized:
        """One operator as a matrix, and the width of what comes out; a number where it is one."""
        match carrier.by:
            case Scale(factor=expr):
                factor, own = self.value(expr)
                if width == NARROW:
                    return self.spread((factor, own), carrier)
                return (factor, width) if own == NARROW else (Diagonal(factor), own)
            case Dot(factor=expr):
                factor, own = self.value(expr)
                if own == NARROW:
                    ones: Formula = ONE if width == NARROW else Ones(width)
                    return times(factor, ones), NARROW
                return transposed(factor), NARROW
            case Matrix(name=name, transposed=turned):
                found, after = self.times_matrix((ONE, width), name, turned)
                return found, after
            case PartOf(skip=skip, width=part):
                return self.part((Eye(width), width), skip, part)
            case PadTo(skip=skip, total=total):
                return self.pad_matrix(width, skip, total)
            case Softmax(value=value):
                found, own = self.value(value)
                return (_softmax(found) if own != NARROW else ZERO), own
        raise CheckError("the gradient of a matrix is no matrix")

    def pad_matrix(self, width: Width, skip: Width, total: Width) -> Sized:
        before, whole = self.width(skip), self.width(total)
        after = _less(_less(whole, before), width)
        parts = (Zeros(width, before), Eye(width), Zeros(width, after))
        return Blocks(
            (tuple(p for p in parts if isinstance(p, Eye) or p.columns != Width()),)
        ), whole

    def after(self, width: Width, route: Route) -> Width:
        for carrier in route:
            width = self.as_matrix(carrier, width)[1]
        return width

    def is_scale(self, width: Width, route: Route) -> bool:
        """Whether a route multiplies each entry by a factor of its own."""
        return (
            all(
                isinstance(c.by, Scale) or (width == NARROW and not isinstance(c.by, Outer))
                for c in route
            )
            and self.after(width, route) == width
        )

    def jacobian(self, edge: Edge) -> Formula:
        """∂⁺of/∂by as a matrix: a change of the row `by`, times it, is that of `of`."""
        width = self.width_of(edge.of)
        if edge.of.name == "L":
            return self.carried((ONE, NARROW), edge.routes)[0]
        if width == self.width_of(edge.by) == NARROW:
            return plus(self.matrix(route, width) for route in edge.routes)
        return transposed(plus(self.matrix(route, width) for route in edge.routes))


def network_rows(network: Network, dims: Mapping[str, int]) -> Rows:
    return Rows(network.system, network.values, dims)


def widest(widths: Iterable[Width]) -> Width:
    return next((w for w in widths if w != NARROW), NARROW)


def found_number(width: Width) -> Num:
    return Num(Fraction(width.number))


def _together(widths: Iterable[Width]) -> Width:
    total = Width()
    for width in widths:
        total += width
    return total


def _less(whole: Width, part: Width) -> Width:
    """What remains of a width."""
    names = list(whole.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), whole.number - part.number)


def _bound(expr: Expr, index: str) -> Expr:
    """The body of a sum over time, with the index that the sum binds."""

    def leaf(e: Expr) -> Expr:
        return Ref(e.name, index, e.shift) if isinstance(e, Ref) and e.base == "t" else e

    return map_leaves(expr, leaf)


def _softmax(value: Formula) -> Formula:
    return Sum((Diagonal(value), minus(product(transposed(value), value))))


def _ends(route: Route) -> bool:
    return isinstance(route[-1].by, Outer)


def _is_multiple(carrier: Carrier, rows: Rows) -> bool:
    return isinstance(carrier.by, Scale) and rows.value(carrier.by.factor)[1] == NARROW
