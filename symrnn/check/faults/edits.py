"""Single edits that might make a wrong formula right, the cheap and likely ones first.

Each is a function from the pieces of a formula to edits of one kind: what to put where, and what
that says of the slip.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from symrnn.check.faults.vocabulary import (
    DERIVATIVES,
    PRODUCTS,
    Piece,
    Vocabulary,
    bare,
    is_slope,
    pieces,
)
from symrnn.derive.build import transposed
from symrnn.derive.formula import (
    Big,
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
    Words,
)
from symrnn.derive.pieces import Path, map_children, put, walk
from symrnn.language.tree import ONE, Add, Call, Div, Neg, Num, Pow, Ref, Size, Transpose


@dataclass(frozen=True)
class Edit:
    """Another piece at one place."""

    kind: str
    path: Path
    new: Formula
    says: Words

    def of(self, formula: Formula) -> Formula:
        return put(formula, self.path, self.new)


Edits = Iterator[Edit]
Generator = Callable[[Sequence[Piece], Vocabulary], Edits]


def instead(old: Formula, new: Formula) -> Words:
    return (new, " belongs there, not ", old)


# signs


def signs(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """ŷ - y for y - ŷ, a minus that is missing or one too many."""
    said = set(known.said)
    for piece in found:
        match piece.formula:
            case Add(terms=(first, Neg(arg=second))) as whole:
                turned = Add((second, Neg(first)))
                if turned in said:
                    says = ("the sign is wrong: ", *instead(whole, turned))
                    yield Edit("sign", piece.path, turned, says)
    for piece in found:
        match piece.formula:
            case Add(terms=terms):
                for i, term in enumerate(terms):
                    yield _toggled(piece.path, terms, i, term)
            case _ if not piece.path or isinstance(piece.holder, Call):
                yield _turned(piece)


def _toggled(path: Path, terms: tuple[Formula, ...], i: int, term: Formula) -> Edit:
    if isinstance(term, Neg):
        says: Words = ("there is a minus too many before ", term.arg)
        new = term.arg
    else:
        says, new = ("a minus is missing before ", term), Neg(term)
    return Edit("sign", (*path, i), new, says)


def _turned(piece: Piece) -> Edit:
    if isinstance(piece.formula, Neg):
        return Edit("sign", piece.path, piece.formula.arg, ("there is a minus too many",))
    return Edit(
        "sign", piece.path, Neg(piece.formula), ("the sign is flipped: a minus is missing",)
    )


# time


def times_of(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """The value, or the derivative, of another step."""
    said = set(known.said)
    later: list[Edit] = []
    for piece in found:
        for new in _elsewhere(piece.formula):
            if not known.exists(new):
                continue
            says = (new, " belongs there, not ", piece.formula)
            edit = Edit("time index", piece.path, new, says)
            if new in said:
                yield edit
            else:
                later.append(edit)
    yield from later


def _elsewhere(formula: Formula) -> Iterator[Formula]:
    match formula:
        case Ref(base=base) | Name(at=Ref(base=base)) if base:
            for by in (-1, 1, -2, 2):
                yield moved(formula, by)
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            if isinstance(of, Ref) and isinstance(by, Ref) and of.base and by.base:
                yield replace(formula, of=by, by=of)
            for a, b in ((-1, -1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)):
                new = replace(formula, of=moved(of, a), by=moved(by, b))
                if new != formula:
                    yield new
        case Big(low=low, high=high):
            for a, b in ((1, 0), (-1, 0), (0, -1), (0, 1)):
                yield replace(formula, low=moved(low, a), high=moved(high, b))


def moved(formula: Any, by: int) -> Any:
    match formula:
        case Ref(base=base, shift=shift) if base:
            return replace(formula, shift=shift + by)
        case Name(at=Ref(base=base) as at) if base:
            return replace(formula, at=moved(at, by))
    return formula


def exchanged(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """All of a term at another step, or with two of its steps exchanged."""
    formula = found[0].formula
    refs = {part for part in walk(formula) if isinstance(part, Ref) and part.base == "1"}
    steps = sorted({ref.shift for ref in refs})
    changes: list[dict[int, int]] = [
        {a: b, b: a} for i, a in enumerate(steps) for b in steps[i + 1 :]
    ]
    changes += [{step: step + by for step in steps} for by in (-1, 1)]
    for change in changes:
        new = _at(formula, change)
        if new != formula and all(map(known.exists, walk(new))):
            yield Edit("time index", (), new, ("the steps are mixed up: ", *instead(formula, new)))


def _at(formula: Formula, change: dict[int, int]) -> Formula:
    if isinstance(formula, Ref):
        if formula.base != "1":
            return formula
        return replace(formula, shift=change.get(formula.shift, formula.shift))
    return map_children(formula, lambda child: _at(child, change))


# what is too much, plus for product, order


def removals(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """A factor or a term too many."""
    for piece in found:
        match piece.formula:
            case (
                Times(factors=parts)
                | Odot(factors=parts)
                | Product(factors=parts)
                | Chain(factors=parts)
            ):
                for i, part in enumerate(parts):
                    rest = joined(type(piece.formula), (*parts[:i], *parts[i + 1 :]))
                    yield Edit("extra factor", piece.path, rest, (part, " is a factor too many"))
            case Div(left=left, right=right):
                yield Edit("extra factor", piece.path, left, ("nothing is divided by ", right))
            case Pow(left=left):
                yield Edit("extra factor", piece.path, left, (*instead(piece.formula, left),))
            case Add(terms=terms):
                for i, term in enumerate(terms):
                    new = added((*terms[:i], *terms[i + 1 :]))
                    says: Words = ("the term ", bare(term), " is one too many")
                    yield Edit("extra term", piece.path, new, says)


def joined(kind: Any, parts: tuple[Formula, ...]) -> Formula:
    return parts[0] if len(parts) == 1 else kind(parts)


def added(terms: tuple[Formula, ...]) -> Formula:
    return terms[0] if len(terms) == 1 else Add(terms)


def pluses(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """A plus where a product belongs."""
    for piece in found:
        if not isinstance(piece.formula, Add):
            continue
        terms = piece.formula.terms
        for i in range(len(terms) - 1):
            chained = any(isinstance(part, (Chain, *DERIVATIVES)) for part in terms[i : i + 2])
            for kind in (Chain,) if chained else (Times, Odot, Product):
                new = added((*terms[:i], _merged(kind, terms[i : i + 2]), *terms[i + 2 :]))
                says = ("there is a plus before ", bare(terms[i + 1]), " where a product belongs")
                yield Edit("plus for product", piece.path, new, says)


def _merged(kind: Any, parts: Sequence[Formula]) -> Formula:
    flat: list[Formula] = []
    for part in parts:
        flat += part.factors if isinstance(part, kind) else [part]
    return kind(tuple(flat))  # type: ignore[no-any-return]


def orders(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """A transpose that is missing or too many, factors in another order."""
    for piece in found:
        formula, path = piece.formula, piece.path
        if isinstance(formula, Transpose):
            says: Words = (formula.arg, " stands there without a transpose")
            yield Edit("transpose or order", path, formula.arg, says)
        elif not (
            isinstance(formula, SYMMETRIC)
            or isinstance(piece.holder, Transpose)
            or known.worth.shape(formula) == (1, 1)
        ):
            says = (formula, " has to be transposed")
            yield Edit("transpose or order", path, Transpose(formula), says)
        if isinstance(formula, Odot):
            yield from _regrouped(path, formula)
        if isinstance(formula, Product | Chain):
            factors = formula.factors
            for i in range(len(factors) - 1):
                a, b = factors[i : i + 2]
                new: Formula = replace(formula, factors=(*factors[:i], b, a, *factors[i + 2 :]))
                yield Edit("transpose or order", path, new, (b, " belongs before ", a))
            if len(factors) == 2:
                new = transposed(formula)
                yield Edit("transpose or order", path, new, instead(formula, new))


def _regrouped(path: Path, rows: Odot) -> Edits:
    """W (a ⊙ b) for W a ⊙ b, and (a ⊙ b) W for a ⊙ b W."""
    for i, factor in enumerate(rows.factors):
        if not isinstance(factor, Product):
            continue
        rest = (*rows.factors[:i], *rows.factors[i + 1 :])
        *before, last = factor.factors
        first, *after = factor.factors
        for new in (
            Product((*before, Odot((last, *rest)))),
            Product((Odot((*rest, first)), *after)),
        ):
            says = ("the brackets are wrong: ", *instead(rows, new))
            yield Edit("transpose or order", path, new, says)


SYMMETRIC = (Num, Size, Ones, Eye, Diagonal, Neg)
"""What is its own transpose, or as good as that."""


def readings(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """The immediate derivative where the total one is meant, and the other way round."""
    for piece in found:
        match piece.formula:
            case Total(of=of, by=by):
                new: Formula = Immediate(of, by)
                says: Words = (new, " belongs there, the immediate derivative alone")
            case Immediate(of=of, by=by, alone=False):
                new = Total(of, by)
                says = (new, " belongs there, along every path, and not the immediate derivative")
            case _:
                continue
        yield Edit("immediate for total", piece.path, new, says)


# what is missing


def left_out(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """A term or a factor, where all other parts of a right sum or product stand."""
    for sort, kind in ((Add, "missing term"), (PRODUCTS, "missing factor")):
        for piece in found:
            if isinstance(piece.holder, Div) and piece.path[-1] == 0:
                continue  # what is above a line may as well stand beside it
            for whole, part in known.without.get(piece.formula, ()):
                if isinstance(whole, sort):
                    term: Words = ("the term ", bare(part)) if sort is Add else (part,)
                    yield Edit(kind, piece.path, whole, (*term, " is missing"))


def brackets(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """a (b + c) for a b + c, and (a + b) c for a + b c."""
    for piece in found:
        match piece.formula:
            case Add(terms=(Times(factors=parts), *others)):
                for i in range(1, len(parts)):
                    inner: Formula = Add((joined(Times, parts[i:]), *others))
                    yield _bracketed(piece, Times((*parts[:i], inner)))
        match piece.formula:
            case Add(terms=(*others, Times(factors=parts))):
                for i in range(1, len(parts)):
                    inner = Add((*others, joined(Times, parts[:i])))
                    yield _bracketed(piece, Times((inner, *parts[i:])))


def _bracketed(piece: Piece, new: Formula) -> Edit:
    says = ("brackets are missing: ", *instead(piece.formula, new))
    return Edit("missing factor", piece.path, new, says)


def missing_factors(found: Sequence[Piece], known: Vocabulary) -> Edits:
    for piece in found:
        if isinstance(piece.formula, Num | Size | Neg) or (
            isinstance(piece.formula, Big) and piece.formula.sign == "prod"
        ):
            continue
        for factor in known.factors:
            every = _with_factor(piece, factor, known)
            if isinstance(piece.formula, Odot) and known.worth.shape(piece.formula) is None:
                every = chain(every, _grouped(piece.formula, factor))
            for new in every:
                says = (factor, " is missing")
                if isinstance(factor, Div):
                    says = (factor.right, " is missing below the line")
                yield Edit("missing factor", piece.path, new, says)
        if known.worth.shape(piece.formula) and not isinstance(piece.holder, Pow):
            new = Pow(piece.formula, Num(ONE.value * 2))
            yield Edit("missing factor", piece.path, new, instead(piece.formula, new))


def _with_factor(piece: Piece, factor: Formula, known: Vocabulary) -> Iterator[Formula]:
    """A piece with one more factor, of the kind that the shapes allow."""
    formula = piece.formula
    kinds: list[Any] = [type(formula)] if isinstance(formula, PRODUCTS) else []
    if not kinds or isinstance(formula, Product | Chain):
        kinds += [kind for kind in _kinds(formula, factor, known) if kind not in kinds]
    for kind in kinds:
        if isinstance(piece.holder, kind):
            continue  # the product that holds it takes the factor
        own = formula.factors if isinstance(formula, kind) else (formula,)
        first = 0 if isinstance(factor, Num | Size | Div) else len(own)
        for i in range(len(own) + 1) if kind in (Product, Chain) else [first]:
            yield kind((*own[:i], factor, *own[i:]))


def _grouped(product: Odot, factor: Formula) -> Iterator[Formula]:
    """A row times a matrix, where entries are multiplied before and after: (a ⊙ b) W ⊙ c."""
    for i in range(1, len(product.factors)):
        before, after = product.factors[:i], product.factors[i:]
        yield Odot((Product((joined(Odot, before), factor)), *after))


def _kinds(formula: Formula, factor: Formula, known: Vocabulary) -> list[Any]:
    one, other = known.worth.shape(formula), known.worth.shape(factor)
    if isinstance(formula, DERIVATIVES) or isinstance(factor, DERIVATIVES):
        return [Chain]
    if one is None or other is None or (1, 1) in (one, other):
        return [Times]
    return [Odot] if one == other and 1 in one else [Product]


def missing_terms(found: Sequence[Piece], known: Vocabulary) -> Edits:
    for piece in found:
        value = known.worth.array(piece.formula)
        if isinstance(piece.holder, Add | Neg | Pow) or (value is not None and not value.any()):
            continue  # beside what is zero anything is right
        shape = known.worth.shape(piece.formula)
        for term in known.addends:
            other = known.worth.shape(term)
            if shape == other or (1, 1) in (shape, other):
                terms = piece.formula.terms if isinstance(piece.formula, Add) else (piece.formula,)
                new = Add((term, *terms) if term == ONE else (*terms, term))
                says = ("the term ", bare(term), " is missing")
                yield Edit("missing term", piece.path, new, says)


# one thing for another


def operands(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """Another letter, number, function or derivative."""
    said = set(known.said)
    later: list[Edit] = []
    for piece in found:
        shape = known.worth.shape(piece.formula)
        for new in known.like(piece.formula):
            if new == piece.formula or (shape is not None and known.worth.shape(new) != shape):
                continue
            edit = Edit(_kind(piece, new), piece.path, new, instead(piece.formula, new))
            if new in said:
                yield edit
            else:
                later.append(edit)
    yield from later


def _kind(piece: Piece, new: Formula) -> str:
    within = piece.holder is not None and is_slope(piece.holder)
    if isinstance(piece.formula, Call) or (within and isinstance(new, Num)):
        return "wrong derivative"
    match piece.formula, new:
        case (Ref(name=a), Ref(name=b)) if a == b:
            return "time index"
    return "wrong operand"


def slopes(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """Another function's derivative: o (1 - o) for 1 - o²."""
    for piece in found:
        formula = piece.formula
        if isinstance(formula, Num | Size | Neg | Diagonal | Transpose | Ref):
            continue
        shape = known.worth.shape(formula)
        powered = isinstance(formula, Pow) and is_slope(formula.left)
        for new in known.slopes:
            other = new.factors if isinstance(new, Times | Odot) else (new,)
            slope = powered or (is_slope(formula) and formula not in other)
            if slope and known.worth.shape(new) == shape:
                says = instead(formula, new)
                yield Edit("wrong derivative", piece.path, new, says)
            if isinstance(formula, Times | Odot):
                yield from _among(piece, formula, new)


def _among(piece: Piece, product: Times | Odot, new: Formula) -> Edits:
    """A slope that is two factors of a longer product, or should be."""
    factors = product.factors
    inner = new.factors if isinstance(new, type(product)) else (new,)
    for i in range(len(factors)):
        for width in (1, 2):
            old = factors[i : i + width]
            if len(old) < width or set(old) <= set(inner) or not any(map(is_slope, old)):
                continue
            whole = joined(type(product), (*factors[:i], *inner, *factors[i + width :]))
            says = instead(joined(type(product), old), new)
            yield Edit("wrong derivative", piece.path, whole, says)


def derivatives(found: Sequence[Piece], known: Vocabulary) -> Edits:
    """One derivative for two neighbours in a chain."""
    for piece in found:
        if isinstance(piece.formula, Chain):
            factors = piece.formula.factors
            for i in range(len(factors) - 1):
                for new in known.derivatives:
                    if isinstance(new, DERIVATIVES) and getattr(factors[i], "of", None) == new.of:
                        whole = joined(Chain, (*factors[:i], new, *factors[i + 2 :]))
                        old = Chain(factors[i : i + 2])
                        yield Edit("wrong operand", piece.path, whole, instead(old, new))


CHEAP: tuple[Generator, ...] = (
    left_out,
    signs,
    times_of,
    pluses,
    readings,
    brackets,
    orders,
    removals,
)
"""What takes few tries."""

DEAR: tuple[Generator, ...] = (slopes, missing_terms, missing_factors, derivatives, operands)


def edits(formula: Formula, known: Vocabulary, generators: Sequence[Generator]) -> Edits:
    """Every edit of these sorts, anywhere in a formula."""
    found = list(pieces(formula))
    for generator in generators:
        yield from generator(found, known)
