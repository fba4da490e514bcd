"""Formulas with the place of each piece in the line, and how wide they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.check.claims import Span
from symrnn.check.reading.symbols import Known
from symrnn.derive.formula import (
    Blocks,
    Bracket,
    Chain,
    Diagonal,
    Eye,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Ones,
    Product,
    Times,
    Total,
    Zeros,
)
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import Path, children
from symrnn.language.tree import NARROW, Call, Num, Part, Ref, Size, Transpose, Width


@dataclass(frozen=True, slots=True)
class Piece:
    """A formula, its place, and its children with theirs."""

    formula: Formula
    span: Span
    parts: "tuple[Piece, ...]" = ()


def over(parts: Sequence[Piece]) -> Span:
    """From the first of these to the last."""
    return min(p.span[0] for p in parts), max(p.span[1] for p in parts)


def joined(kind: type, parts: Sequence[Piece], span: Span | None = None) -> Piece:
    """A product or a sum of these, those of its own kind among them opened."""
    flat = [q for p in parts for q in (p.parts if type(p.formula) is kind and p.parts else (p,))]
    formula = kind(tuple(p.formula for p in flat))
    return Piece(formula, span or over(parts), tuple(flat))


def spans(piece: Piece) -> dict[Path, Span]:
    """Where each piece of a formula stands."""
    return dict(_spans(piece, ()))


def _spans(piece: Piece, path: Path) -> Iterator[tuple[Path, Span]]:
    yield path, piece.span
    for place, part in enumerate(piece.parts):
        yield from _spans(part, (*path, place))


Size2 = tuple[Width, Width]
"""Rows and columns."""

NUMBER = NARROW, NARROW


class Measure:
    """How many rows and columns formulas have, as far as that can be seen: widths have letters."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.symbols = known.derivation.rolled.system.symbols
        self.dims = known.derivation.dims

    def width(self, width: Width) -> Width:
        number = sum(self.dims[name] for name in width.names if name in self.dims)
        names = tuple(name for name in width.names if name not in self.dims)
        return Width(names, width.number + number)

    def shape(self, formula: Formula) -> Size2:
        if self.known.scalar:
            return NUMBER
        match formula:
            case Ref(name=name) | Marked(arg=Ref(name=name)):
                return self.named(name)
            case Num() | Size():
                return NUMBER
            case Total(of=of, by=by) | Immediate(of=of, by=by):
                return self.partial(of, by)
            case Transpose(arg=arg):
                rows, columns = self.shape(arg)
                return columns, rows
            case Product(factors=factors) | Chain(factors=factors):
                return self.shape(factors[0])[0], self.shape(factors[-1])[1]
            case Diagonal(arg=arg):
                rows, columns = self.shape(arg)
                width = columns if rows == NARROW else rows
                return width, width
            case Ones(width=width):
                return self.width(width), NARROW
            case Eye(width=width):
                return self.width(width), self.width(width)
            case Zeros(rows=rows, columns=columns):
                return self.width(rows), self.width(columns)
            case Name(letter=letter):
                return self.state(letter)
            case Call(function="logsumexp" | "norm" | "rowsum" | "rowmean" | "rowmax"):
                return NUMBER
            case Blocks(rows=rows):
                tall = [self.shape(row[0])[0] for row in rows]
                wide = [self.shape(each)[1] for each in rows[0]]
                return sum(tall[1:], tall[0]), sum(wide[1:], wide[0])
            case Part(arg=arg, width=width):
                rows, columns = self.shape(arg)
                return (rows, width) if rows == NARROW else (width, columns)
            case Bracket(body=body):
                return self.shape(body)
            case Times() | Odot():
                pass
        found = [shape for each in children(formula) if (shape := self.shape(each)) != NUMBER]
        return found[0] if found else NUMBER

    def named(self, name: str) -> Size2:
        symbol = self.symbols.get(name)
        if symbol is None:
            return NUMBER
        widths = [self.width(width) for width in symbol.shape]
        rows, columns = (widths[0], widths[1]) if len(widths) == 2 else (NARROW, *widths, NARROW)[:2]
        return (columns, rows) if self.known.columns else (rows, columns)

    def state(self, letter: str) -> Size2:
        """A letter of the writer's own is taken for a vector."""
        parts = self.known.states.get(letter)
        if parts is not None:
            return self.shape(parts)
        width = Width((f"({letter})",))
        return (width, NARROW) if self.known.columns else (NARROW, width)

    def vector(self, formula: Formula) -> Width | None:
        rows, columns = self.shape(formula)
        return columns if rows == NARROW else rows if columns == NARROW else None

    def partial(self, of: Formula, by: Formula) -> Size2:
        if of == LOSS or (isinstance(of, Ref) and of.name in self.known.losses):
            return self.shape(by)
        top, bottom = self.vector(of), self.vector(by)
        if top is None or bottom is None:
            return Width(("?",)), Width(("?",))
        return (bottom, top) if self.known.columns else (top, bottom)

    def is_number(self, formula: Formula) -> bool:
        return self.shape(formula) == NUMBER


def is_plain(formula: Formula) -> bool:
    """Whether it is made of numbers alone."""
    return isinstance(formula, Num) or (
        bool(children(formula)) and all(map(is_plain, children(formula)))
    )


def moved(piece: Piece, formula: Formula) -> Piece:
    return replace(piece, formula=formula)
