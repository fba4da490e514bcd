"""Formulas with the place of each piece in the line, and how wide they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symrnn.check.claims import Span
from symrnn.check.reading.known import Known
from symrnn.derive.formula import (
    Big,
    Blocks,
    Chain,
    Diagonal,
    Eye,
    Formula,
    Immediate,
    Name,
    Odot,
    Ones,
    Product,
    Times,
    Total,
    Zeros,
)
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import Path, children, walk
from symrnn.language.tree import NARROW, Add, Call, Div, Neg, Num, Part, Ref, Size, Transpose, Width


@dataclass(frozen=True, slots=True)
class Piece:
    """A formula, its place, and its children with theirs; `entry` is the index of which it is an
    entry, i of y_i."""

    formula: Formula
    span: Span
    parts: "tuple[Piece, ...]" = ()
    entry: str = ""


def around(parts: Sequence[Piece]) -> Span:
    """From the first of these to the last."""
    return min(p.span[0] for p in parts), max(p.span[1] for p in parts)


def entry_of(parts: Sequence[Piece]) -> str:
    """The index of which these are entries, if they are."""
    return next((part.entry for part in parts if part.entry), "")


Kind = type[Times] | type[Odot] | type[Product] | type[Chain]


def joined(kind: Kind, parts: Sequence[Piece], span: Span | None = None) -> Piece:
    """A product of these, products of its own kind among them opened."""
    flat = tuple(q for p in parts for q in (p.parts if type(p.formula) is kind else (p,)))
    formula = kind(tuple(p.formula for p in flat))
    return Piece(formula, span or around(parts), flat, entry_of(flat))


def summed(terms: Sequence[Piece]) -> Piece:
    if len(terms) == 1:
        return terms[0]
    formula: Formula = Add(tuple(term.formula for term in terms))
    return Piece(formula, around(terms), tuple(terms), entry_of(terms))


def with_sign(sign: str, piece: Piece, start: int) -> Piece:
    if sign != "-":
        return piece
    return Piece(Neg(piece.formula), (start, piece.span[1]), (piece,), piece.entry)


def spans(piece: Piece) -> dict[Path, Span]:
    """Where each piece of a formula stands."""
    return dict(_spans(piece, ()))


def _spans(piece: Piece, path: Path) -> Iterator[tuple[Path, Span]]:
    yield path, piece.span
    for place, part in enumerate(piece.parts):
        yield from _spans(part, (*path, place))


Entries = list[tuple[str, Piece]]
"""The factors of a product, each with the sign before it."""


def with_powers_of_ten(entries: Entries) -> Entries:
    r"""1.5 \cdot 10^{-3} is one number."""
    found: Entries = []
    for sign, piece in entries:
        before = found[-1][1].formula if found else None
        value = piece.formula
        if isinstance(before, Num) and isinstance(value, Num) and _is_power_of_ten(value.value):
            sign, left = found.pop()
            made = Num(before.value * value.value)
            found.append((sign, Piece(made, (left.span[0], piece.span[1]))))
        else:
            found.append((sign, piece))
    return found


def _is_power_of_ten(value: Fraction) -> bool:
    top, bottom = str(value.numerator), str(value.denominator)
    return value != 1 and top[0] == bottom[0] == "1" and {*top[1:], *bottom[1:]} == {"0"}


def is_prod(formula: Formula) -> bool:
    return isinstance(formula, Big) and formula.sign == "prod"


def is_count(formula: Formula) -> bool:
    """Whether it is made of numbers and dimensions."""
    return all(isinstance(part, Num | Size | Div | Times | Neg) for part in walk(formula))


def mentions(piece: Piece, index: str) -> bool:
    steps = (p.at if isinstance(p, Name) else p for p in walk(piece.formula))
    return any(isinstance(step, Ref) and step.base == index for step in steps)


Shape = tuple[Width, Width]
"""Rows and columns."""

NUMBER: Shape = NARROW, NARROW
NUMBERS = (r"\eta", r"\#")
"""Letters of numbers: the learning rate, and how many parameters there are."""

SOME = Width()
"""A width that the writer leaves open: that of I."""


def is_open(width: Width) -> bool:
    """Whether it is that of a letter of the writer's own."""
    return any(name.startswith("(") for name in width.names)


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

    def shape(self, formula: Formula) -> Shape:
        if self.known.scalar:
            return NUMBER
        match formula:
            case Ref(name=name):
                return self.named(name)
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
                return self.letter(letter)
            case Call(function="logsumexp" | "norm" | "rowmax"):
                return NUMBER
            case Blocks(rows=rows):
                tall = [self.shape(row[0])[0] for row in rows]
                wide = [self.shape(each)[1] for each in rows[0]]
                return sum(tall[1:], tall[0]), sum(wide[1:], wide[0])
            case Part(arg=arg, width=width):
                rows, columns = self.shape(arg)
                return (rows, width) if rows == NARROW else (width, columns)
        found = (self.shape(each) for each in children(formula))
        return next((shape for shape in found if shape != NUMBER), NUMBER)

    def named(self, name: str) -> Shape:
        symbol = self.symbols.get(name)
        widths = [self.width(width) for width in symbol.shape] if symbol is not None else []
        rows, columns = (NARROW, NARROW, *widths)[-2:]
        return (columns, rows) if self.known.columns else (rows, columns)

    def letter(self, letter: str) -> Shape:
        """A letter of the writer's own is taken for a vector."""
        if letter in self.known.states:
            return self.shape(self.known.states[letter])
        if letter in NUMBERS:
            return NUMBER
        if letter in self.known.deltas:
            return self.named(self.known.deltas[letter])
        width = Width((f"({letter})",))
        return (width, NARROW) if self.known.columns else (NARROW, width)

    def partial(self, of: Formula, by: Formula) -> Shape:
        if of == LOSS or (isinstance(of, Ref) and of.name in self.known.losses):
            return self.shape(getattr(by, "arg", by))
        (a, b), (c, d) = self.shape(of), self.shape(by)
        top, bottom = b if a == NARROW else a, d if c == NARROW else c
        return (bottom, top) if self.known.columns else (top, bottom)

    def is_number(self, formula: Formula) -> bool:
        return self.shape(formula) == NUMBER

    def settled(self, piece: Piece, width: Width) -> Piece:
        """A piece with the width put in that the writer leaves open."""
        if piece.formula == Eye(SOME):
            return replace(piece, formula=Eye(width))
        if not isinstance(piece.formula, Add | Neg) or width == SOME:
            return piece
        parts = tuple(self.settled(part, width) for part in piece.parts)
        made: Formula = Neg(parts[0].formula)
        if isinstance(piece.formula, Add):
            made = Add(tuple(part.formula for part in parts))
        return replace(piece, formula=made, parts=parts)

    def with_units(self, parts: list[Piece]) -> list[Piece]:
        """The factors, I as wide as what stands behind it, or else before it."""
        for place, piece in enumerate(parts if len(parts) > 1 else ()):
            if piece.formula == Eye(SOME):
                behind = place + 1 < len(parts)
                beside = self.shape(parts[place + 1 if behind else place - 1].formula)
                parts[place] = self.settled(piece, beside[not behind])
        return parts
