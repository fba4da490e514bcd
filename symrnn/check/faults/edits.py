"""Single edits that might make a wrong formula right: what to put where, and what that says.

Each sort is a function from a piece of the formula to edits at it; those that put in what is
missing are in `missing`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from symrnn.check.faults.vocabulary import (
    DERIVATIVES,
    PRODUCTS,
    Piece,
    Vocabulary,
    bare,
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
from symrnn.language.tree import Add, Call, Div, Neg, Num, Pow, Ref, Size, Transpose


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
Sort = Callable[[Piece, Vocabulary], Edits]


def instead(old: Formula, new: Formula) -> Words:
    return (new, " belongs there, not ", old)


def joined(kind: Any, parts: tuple[Formula, ...]) -> Formula:
    return parts[0] if len(parts) == 1 else kind(parts)


def signs(piece: Piece, known: Vocabulary) -> Edits:
    """ŷ - y for y - ŷ, a minus that is missing or one too many."""
    path = piece.path
    match piece.formula:
        case Add(terms=(first, Neg(arg=second))) as whole:
            turned = Add((second, Neg(first)))
            yield Edit("sign", path, turned, ("the sign is wrong: ", *instead(whole, turned)))
    if not path or isinstance(piece.holder, Add | Call):
        before = (" before ", bare(piece.formula)) if isinstance(piece.holder, Add) else ()
        if isinstance(piece.formula, Neg):
            yield Edit("sign", path, piece.formula.arg, ("there is a minus too many", *before))
        else:
            yield Edit("sign", path, Neg(piece.formula), ("a minus is missing", *before))


# time


def times_of(piece: Piece, known: Vocabulary) -> Edits:
    """The value, or the derivative, of another step."""
    for new in _elsewhere(piece.formula):
        if new != piece.formula and known.exists(new):
            yield Edit("time index", piece.path, new, instead(piece.formula, new))


def _elsewhere(formula: Formula) -> Iterator[Formula]:
    match formula:
        case Ref() | Name():
            for by in (-1, 1, -2, 2):
                yield _moved(formula, by)
        case Total(of=of, by=by) | Immediate(of=of, by=by):
            if isinstance(of, Ref) and isinstance(by, Ref) and of.base and by.base:
                yield replace(formula, of=by, by=of)
            for a, b in ((-1, -1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)):
                yield replace(formula, of=_moved(of, a), by=_moved(by, b))
        case Big(low=low, high=high):
            for a, b in ((1, 0), (-1, 0), (0, -1), (0, 1)):
                yield replace(formula, low=_moved(low, a), high=_moved(high, b))


def _moved(formula: Any, by: int) -> Any:
    match formula:
        case Ref(base=base, shift=shift) if base:
            return replace(formula, shift=shift + by)
        case Name(at=Ref(base=base) as at) if base:
            return replace(formula, at=_moved(at, by))
    return formula


def exchanged(piece: Piece, known: Vocabulary) -> Edits:
    """All of a term at another step, or with two of its steps exchanged."""
    formula = piece.formula
    refs = {part for part in walk(formula) if isinstance(part, Ref) and part.base}
    for base in ("1", "t") if not piece.path else ():
        steps = sorted({ref.shift for ref in refs if ref.base == base})
        changes = [{a: b, b: a} for i, a in enumerate(steps) for b in steps[i + 1 :]]
        changes += [{step: step + by for step in steps} for by in (-1, 1)]
        for change in (*changes, {step: -step for step in steps if base == "t"}):
            new = _at(formula, base, change)
            if new != formula and all(map(known.exists, walk(new))):
                says = ("the steps are mixed up: ", *instead(formula, new))
                yield Edit("time index", (), new, says)


def _at(formula: Formula, base: str, change: dict[int, int]) -> Formula:
    match formula:
        case Ref(base=own, shift=shift) if own == base:
            return replace(formula, shift=change.get(shift, shift))
        case Name(at=Ref(base=own, shift=shift) as at) if own == base:
            return replace(formula, at=replace(at, shift=change.get(shift, shift)))
    return map_children(formula, lambda child: _at(child, base, change))


# too much, a plus for a product, another order, another reading


def removals(piece: Piece, known: Vocabulary) -> Edits:
    """A factor or a term too many."""
    formula, path = piece.formula, piece.path
    match formula:
        case Div(left=left, right=right):
            yield Edit("extra factor", path, left, ("nothing is divided by ", right))
        case Big(sign="sum", index=index, body=body):
            yield Edit("extra term", path, body, ("there is a sum over ", Name(index), " too many"))
        case Pow(left=left):
            yield Edit("extra factor", path, left, instead(formula, left))
        case Add(terms=terms):
            for i, term in enumerate(terms):
                rest = joined(Add, (*terms[:i], *terms[i + 1 :]))
                yield Edit("extra term", path, rest, ("the term ", bare(term), " is one too many"))
    if isinstance(formula, PRODUCTS):
        for i, part in enumerate(formula.factors):
            rest = joined(type(formula), (*formula.factors[:i], *formula.factors[i + 1 :]))
            yield Edit("extra factor", path, rest, (part, " is a factor too many"))


def pluses(piece: Piece, known: Vocabulary) -> Edits:
    """A plus where a product belongs."""
    terms = piece.formula.terms if isinstance(piece.formula, Add) else ()
    for i in range(len(terms) - 1):
        pair = terms[i : i + 2]
        if any(isinstance(bare(part), Num | Size) for part in pair):
            continue
        linked = any(isinstance(part, (Chain, *DERIVATIVES)) for part in pair)
        for kind in (Chain,) if linked else (Times, Odot, Product):
            flat = [f for part in pair for f in (part.factors if type(part) is kind else (part,))]
            new = joined(Add, (*terms[:i], kind(tuple(flat)), *terms[i + 2 :]))
            says = ("there is a plus before ", bare(pair[1]), " where a product belongs")
            yield Edit("plus for product", piece.path, new, says)


SYMMETRIC = (Num, Size, Ones, Eye, Diagonal, Neg, Add, Times, Big)
"""What is its own transpose, or what is transposed in its parts."""


def orders(piece: Piece, known: Vocabulary) -> Edits:
    """A transpose that is missing or too many, factors in another order, other brackets."""
    formula = piece.formula

    def edit(new: Formula, *says: str | Formula) -> Edit:
        return Edit("transpose or order", piece.path, new, says)

    product: Any = formula
    factors = product.factors if isinstance(formula, Product | Chain) else ()
    if isinstance(formula, Transpose):
        yield edit(formula.arg, formula.arg, " stands there without a transpose")
    elif len(factors) == 2:
        new = transposed(formula)
        yield edit(new, *instead(formula, new))
    elif not (isinstance(formula, SYMMETRIC) or isinstance(piece.holder, Transpose)) and (
        known.worth.shape(formula) != (1, 1)
    ):
        yield edit(Transpose(formula), formula, " has to be transposed")
    for i in range(len(factors) - 1):
        a, b = factors[i : i + 2]
        turned = replace(product, factors=(*factors[:i], b, a, *factors[i + 2 :]))
        yield edit(turned, b, " belongs before ", a)
    if isinstance(formula, Odot):  # W (a ⊙ b) for W a ⊙ b, (a ⊙ b) W for a ⊙ b W
        for i, factor in enumerate(formula.factors):
            if isinstance(factor, Product):
                rest = (*formula.factors[:i], *formula.factors[i + 1 :])
                first, last = factor.factors[0], factor.factors[-1]
                for new in (
                    Product((*factor.factors[:-1], Odot((last, *rest)))),
                    Product((Odot((*rest, first)), *factor.factors[1:])),
                ):
                    yield edit(new, "the brackets are wrong: ", *instead(formula, new))


def readings(piece: Piece, known: Vocabulary) -> Edits:
    """The immediate derivative where the total one is meant, and the other way round."""
    match piece.formula:
        case Total(of=of, by=by):
            new: Formula = Immediate(of, by)
            says: Words = (new, " belongs there, the immediate derivative alone")
            yield Edit("immediate for total", piece.path, new, says)
        case Immediate(of=of, by=by, alone=False):
            new = Total(of, by)
            says = (new, " belongs there, along every path, and not the immediate derivative")
            yield Edit("immediate for total", piece.path, new, says)
