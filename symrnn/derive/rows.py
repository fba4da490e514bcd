"""Rows carried back along the edges of a network, and the matrices that do the same."""

from dataclasses import dataclass

from symrnn.derive.build import (
    chain,
    is_zero,
    minus,
    odot,
    plus,
    power,
    product,
    ratio,
    times,
    transposed,
)
from symrnn.derive.edges import Carrier, Edge, LayerNorm, Route, Softmax
from symrnn.derive.expressions import TWO, Expressions
from symrnn.derive.formula import Blocks, Diagonal, Eye, Formula, Ones, Total, Zeros
from symrnn.derive.losses import cancelled
from symrnn.derive.shapes import Sized, less, widest
from symrnn.errors import CheckError
from symrnn.language.tree import NARROW, ONE, ZERO, Add, Width
from symrnn.system.algebra import size
from symrnn.system.system import Dot, Entries, Matrix, Outer, PadTo, PartOf, Scale, Turned


@dataclass(frozen=True)
class Use:
    """A product in which a matrix is used: operand · W, or operand · Wᵀ."""

    operand: Formula
    operand_width: Width
    turned: bool
    matrix: Formula
    """What a row at the variable that reads the product is multiplied with."""
    width: Width
    """Of the row that comes out."""

    def share(self, *row: Formula) -> Formula:
        """What the use adds to the gradient: operandᵀ · row, or rowᵀ · operand."""
        whole = chain(*row)
        if self.turned:
            left = whole if self.width == NARROW else transposed(whole)
            return chain(left, self.operand)
        wide = self.operand_width != NARROW
        return chain(transposed(self.operand) if wide else self.operand, whole)


class Rows(Expressions):
    """Formulas over one network."""

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
        matrix = routes[0][-1].rows is not None and not _ends(routes[0])
        if matrix or self.rows_of(row[0]) != NARROW:
            parts = self.alike([self.along(row, route) for route in routes])
            return plus(part for part, _ in parts), parts[0][1]
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
        for place, carrier in enumerate(route):
            following = route[place + 1] if place + 1 < len(route) else None
            number = (row[1], self.rows_of(row[0])) == (NARROW, NARROW)
            match carrier.by:
                case Scale(factor=factor) if (
                    number and carrier.rows is not None and _alike(carrier, following)
                ):  # what follows spreads it over the matrix, if it has to be
                    row = self.multiplied(row, self.value(factor))
                case _:
                    row = self.step(row, carrier)
        return row

    def step(self, row: Sized, carrier: Carrier) -> Sized:
        """One operator, applied."""
        match carrier.by:
            case Scale(factor=factor):
                return self.spread(self.multiplied(row, self.value(factor)), carrier)
            case Entries(factor=factor):
                return self.entries(self.multiplied(row, self.value(factor))), NARROW
            case Turned():
                return self.turned(row)
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
                if self.rows_of(found) != NARROW:
                    return self.softmax_of_rows(row, (found, width))
                if width == NARROW:
                    return times(row[0], _softmax_of_one(found)), NARROW
                return product(row[0], _softmax(found)), width
            case LayerNorm(value=value, scale=deviation, centred=centred):
                found, width = self.value(value)
                scale, _ = self.value(deviation)
                return self.layer_norm_back(row, (found, width), scale, centred), width

    def layer_norm_back(self, row: Sized, value: Sized, scale: Formula, centred: bool) -> Formula:
        """(v̄ - mean(v̄) - n mean(v̄ ⊙ n)) / σ; what has no name would stand there three times, and
        is multiplied with the matrix."""
        found, width = value
        if width == NARROW or not isinstance(row[0], Total):
            return product(row[0], self.layer_norm(found, width, scale, centred))
        share = ratio(ONE, self.value(size(width))[0])
        means = [times(share, product(row[0], Ones(width)))] if centred else []
        means.append(times(share, product(row[0], transposed(found)), found))
        return times(ratio(ONE, scale), plus((row[0], *map(minus, means))))

    def layer_norm(self, found: Formula, width: Width, scale: Formula, centred: bool) -> Formula:
        """(I - 1 1ᵀ/H - nᵀ n/H) / σ; of a number, whose mean it is itself, 0."""
        if width == NARROW:
            rest = ZERO if centred else plus((ONE, minus(power(found, TWO))))
            return times(ratio(ONE, scale), rest)
        share = ratio(ONE, self.value(size(width))[0])
        ones = [times(share, product(Ones(width), transposed(Ones(width))))] if centred else []
        parts = [*ones, times(share, product(transposed(found), found))]
        return times(ratio(ONE, scale), Add((Eye(width), *map(minus, parts))))

    def spread(self, row: Sized, carrier: Carrier) -> Sized:
        """A number as a row of equal entries, where one is wanted."""
        wanted = self.width(carrier.width) if carrier.width is not None else row[1]
        own, rows = self.rows_of(row[0]), self.width(carrier.rows or NARROW)
        if own != rows:
            row = self.with_rows(row, own, rows)
        if row[1] != NARROW or wanted == NARROW:
            return row
        return product(row[0], transposed(Ones(wanted))), wanted

    def with_rows(self, row: Sized, own: Width, rows: Width) -> Sized:
        """A row in each row of a matrix; or the sum of the rows of a matrix."""
        if own != NARROW:
            return product(transposed(Ones(own)), row[0]), row[1]
        if row[1] == NARROW:  # a number
            return times(row[0], Ones(rows)), NARROW
        return product(Ones(rows), row[0]), row[1]

    def softmax_of_rows(self, row: Sized, value: Sized) -> Sized:
        """S ⊙ (V̄ - (V̄ ⊙ S) 1 1ᵀ): each row of a matrix has its own softmax."""
        found, width = value
        shares = product(self.multiplied(row, value)[0], Ones(width), transposed(Ones(width)))
        return odot(found, Add((row[0], minus(shares)))), width

    def dot(self, row: Sized, factor: Sized) -> Sized:
        if self.rows_of(row[0]) != NARROW:
            return self.gathered(*self.multiplied(row, factor)), NARROW
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
            if (width, after) == (NARROW, NARROW) or (
                after == width and _is_multiple(carrier, self)
            ):
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
                if own != NARROW and is_zero(factor):
                    return Zeros(width, own), own
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
            case Turned() if width == NARROW:
                return ONE, NARROW
            case PartOf(skip=skip, width=part):
                return self.part((Eye(width), width), skip, part)
            case PadTo(skip=skip, total=total):
                return self.pad_matrix(width, skip, total)
            case Outer(other=other) if width == NARROW:
                return self.value(other)
            case Softmax(value=value):
                found, own = self.value(value)
                return (_softmax_of_one(found) if own == NARROW else _softmax(found)), own
            case LayerNorm(value=value, scale=scale, centred=centred):
                found, own = self.value(value)
                return self.layer_norm(found, own, self.value(scale)[0], centred), own
        raise CheckError("the gradient of a matrix is no matrix")

    def pad_matrix(self, width: Width, skip: Width, total: Width) -> Sized:
        before, whole = self.width(skip), self.width(total)
        after = less(less(whole, before), width)
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
        """∂⁺of/∂by as a matrix: a row at `of`, times it, is a row at `by`."""
        width = self.width_of(edge.of)
        if edge.of.name == "L":
            return self.carried((ONE, NARROW), edge.routes)[0]
        return plus(self.matrix(route, width) for route in edge.routes)

    # matrix parameters

    def is_use(self, edge: Edge) -> bool:
        """Whether an edge leads to a matrix: the derivative by it is no matrix, but the gradient
        is an operand times a row. A computed matrix may read it beside products as well (Uᵀ U):
        then it is no use."""
        numbers = self.width_of(edge.of) == NARROW and not self.is_matrix(edge.by.name)
        return all(map(_ends, edge.routes)) and not numbers

    def is_of_matrix(self, edge: Edge) -> bool:
        """Whether an edge leads on from a computed matrix V: what it adds is ∂L/∂V, changed."""
        return len(self.symbols[edge.of.name].shape) == 2 and not self.is_use(edge)

    def uses(self, edge: Edge) -> list[Use]:
        """The products in which the variable `of` reads a matrix, one for each operand."""
        found: dict[Outer, list[Route]] = {}
        for route in map(self.cancelled, edge.routes):
            by = route[-1].by
            assert isinstance(by, Outer)
            found.setdefault(by, []).append(route[:-1])
        width = self.width_of(edge.of)
        uses = []
        for outer, routes in found.items():
            if edge.of.name == "L":
                matrix = self.carried((ONE, NARROW), tuple(routes))[0]
            else:
                matrix = plus(self.matrix(route, width) for route in routes)
            operand, own = self.value(outer.other)
            after = self.after(width, routes[0])
            uses.append(Use(operand, own, outer.flipped, matrix, after))
        return uses


def _softmax_of_one(value: Formula) -> Formula:
    """s (1 - s), as for a sigmoid; a softmax of a single number is 1, and this is 0."""
    return times(value, plus((ONE, minus(value))))


def _softmax(value: Formula) -> Formula:
    return Add((Diagonal(value), minus(product(transposed(value), value))))


def _ends(route: Route) -> bool:
    return isinstance(route[-1].by, Outer)


def _is_multiple(carrier: Carrier, rows: Rows) -> bool:
    return isinstance(carrier.by, Scale) and rows.value(carrier.by.factor)[1] == NARROW


def _alike(one: Carrier, following: Carrier | None) -> bool:
    """Whether both are factors, entry by entry, of matrices of one shape."""
    if following is None or not (isinstance(one.by, Scale) and isinstance(following.by, Scale)):
        return False
    return (one.rows, one.width) == (following.rows, following.width)
