"""Why a local derivative is what it is: a sentence for each kind of operator on the way back.

Functions and losses have theirs in the tables of the language, beside their derivatives; a row
without one gets the general sentence here.
"""

from collections.abc import Iterable, Sequence

from symrnn.derive.edges import Carrier, Edge, Softmax
from symrnn.derive.formula import Blocks, Formula, Immediate, Product, Shape, Total, Words
from symrnn.derive.paths import LOSS
from symrnn.derive.rows import Rows
from symrnn.derive.shapes import together
from symrnn.language.table import ELEMENTWISE, LOSSES
from symrnn.language.tree import (
    NARROW,
    ONE,
    Call,
    Expr,
    Mul,
    Neg,
    Num,
    Ref,
    Size,
    Transpose,
    Width,
    walk,
)
from symrnn.system.system import Dot, Entries, Matrix, Outer, PadTo, PartOf, Scale, Turned

LINEAR = "linear: the derivative is what it is multiplied with"
ADDED = "it is only added"

KINDS: dict[type, str] = {
    Matrix: LINEAR,
    Outer: LINEAR,
    Dot: "a sum of entries: each of them counts",
    Entries: "a sum of entries: each of them counts",
    PartOf: "a part: it goes back to where it was taken from",
    PadTo: "a part is taken: the other entries have no share",
    Turned: "a transpose, and its derivative with it",
    Softmax: "a softmax: the quotient rule; each entry stands above, and all of them below",
}
"""What each operator is the derivative of; a factor and a function say more."""


def numeral(count: int, one: str, many: str = "") -> str:
    """`1 path`, `3 paths`.

    >>> numeral(1, "path"), numeral(3, "way"), numeral(2, "is", "are")
    ('1 path', '3 ways', '2 are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


DIFFERENTIATED = "differentiated by it, all else held fixed"


def of_carrier(carrier: Carrier, by: Ref, scalar: bool) -> str:
    """Why one operator is what it is; nothing where nothing happens."""
    name = spoken(carrier.function)
    if carrier.function in LOSSES:
        return LOSSES[carrier.function].rule or f"the derivative of {name} by what it judges"
    if carrier.function in ELEMENTWISE and carrier.function != "identity":
        return f"the derivative of {name}"
    match carrier.by:
        case Scale(factor=factor) if factor == ONE:
            return ""
        case Scale(factor=factor):
            return _of_factor(factor, by)
        case Dot(factor=factor) | Entries(factor=factor) if scalar:
            return _of_factor(factor, by) if factor != ONE else ""
    return KINDS[type(carrier.by)]


def _of_factor(factor: Expr, by: Ref) -> str:
    inside = list(walk(factor))
    if not any(isinstance(part, Ref | Call) for part in inside):
        return "a number in front of it stays"
    plain = all(isinstance(part, Ref | Num | Size | Mul | Neg) for part in inside)
    own = any(isinstance(part, Ref) and part.name == by.name for part in inside)
    return "a product: the other factor stays" if plain and not own else DIFFERENTIATED


def spoken(function: str) -> str:
    return function.replace("_", " ")


def of_routes(edges: Sequence[Edge], scalar: bool) -> str:
    """Why the derivative along these edges is what it is."""
    routes = [(route, edge.by) for edge in edges for route in edge.routes]
    said = [[of_carrier(each, by, scalar) for each in route] for route, by in routes]
    kinds = dict.fromkeys(sentence for own in said for sentence in own if sentence)
    if len(routes) > 1:
        return f"it is read {times_of(len(routes))}: the shares add up" + _then(kinds)
    return "; ".join(kinds) or ADDED


def times_of(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _then(kinds: Iterable[str]) -> str:
    return "".join(f"; {kind}" for kind in kinds)


def step_back(edge: Edge) -> Carrier | None:
    """The one function that an edge leads back through, if it is nothing but that."""
    if len(edge.routes) != 1 or len(edge.routes[0]) != 1:
        return None
    (carrier,) = edge.routes[0]
    row = ELEMENTWISE.get(carrier.function)
    if row is None or len(row.arguments) != 1 or carrier.value is None:
        return None
    return carrier if carrier.function != "identity" else None


# shapes, as a check


def shapes(rows: Rows, factors: Sequence[Formula]) -> Words:
    """`; shapes (1 × C)(C × H)`, of a product of matrices; nothing for numbers."""
    found = [shape(rows, factor) for factor in factors]
    if len(found) < 2 or all((s.rows, s.columns) == (NARROW, NARROW) for s in found):
        return ()
    return ("; shapes ", Product(tuple(found)))


def shape(rows: Rows, factor: Formula) -> Shape:
    match factor:
        case Total(of=of, by=Ref(name=name)) if of == LOSS:
            return Shape(*rows.shape_of(name))
        case Total(of=Ref() as of, by=Ref() as by) | Immediate(of=Ref() as of, by=Ref() as by):
            return Shape(NARROW if of == LOSS else rows.width_of(of), rows.width_of(by))
    return Shape(_high(rows, factor), _wide(rows, factor))


def _wide(rows: Rows, factor: Formula) -> Width:
    match factor:
        case Transpose(arg=arg):
            return _high(rows, arg)
        case Blocks(rows=((*cells,), *_)):
            return together(_wide(rows, cell) for cell in cells)
    return rows.columns_of(factor)


def _high(rows: Rows, factor: Formula) -> Width:
    match factor:
        case Transpose(arg=arg):
            return _wide(rows, arg)
        case Blocks(rows=cells):
            return together(_high(rows, row[0]) for row in cells)
    return rows.rows_of(factor)


def joined(*parts: Words) -> Words:
    return tuple(piece for part in parts for piece in part)
