"""Edits that put in what is missing: a term, a factor, brackets; and the order of all edits."""

from collections.abc import Iterator, Sequence
from types import NoneType
from typing import Any

from symrnn.check.faults.edits import (
    Edit,
    Edits,
    Sort,
    instead,
    joined,
    orders,
    pluses,
    readings,
    removals,
    signs,
    times_of,
)
from symrnn.check.faults.operands import derivatives, letters, operands, slopes
from symrnn.check.faults.vocabulary import DERIVATIVES, PRODUCTS, Piece, Vocabulary, bare, pieces
from symrnn.derive.formula import Big, Chain, Formula, Odot, Product, Times, Words
from symrnn.derive.pieces import at_path, put
from symrnn.language.tree import ONE, Add, Div, Neg, Num, Pow, Size


def terms_left_out(piece: Piece, known: Vocabulary) -> Edits:
    """A term, where all others of a right sum stand."""
    for whole, part in known.without.get(piece.formula, ()):
        if isinstance(whole, Add):
            says = ("the term ", bare(part), " is missing")
            yield Edit("missing term", piece.path, whole, says)


def factors_left_out(piece: Piece, known: Vocabulary) -> Edits:
    """A factor, where all others of a right product stand."""
    if isinstance(piece.holder, Div) and piece.path[-1] == 0:
        return  # what is above a line may as well stand beside it
    for whole, part in known.without.get(piece.formula, ()):
        if not isinstance(whole, Add):
            yield Edit("missing factor", piece.path, whole, (part, " is missing"))


def brackets(piece: Piece, known: Vocabulary) -> Edits:
    """a (b + c) for a b + c, and (a + b) c for a + b c."""
    terms = piece.formula.terms if isinstance(piece.formula, Add) else ()
    found: list[Formula] = []
    for term in (terms[0], terms[-1]) if terms else ():
        factors = term.factors if isinstance(term, Times) else ()
        for i in range(1, len(factors)):
            before, after = factors[:i], factors[i:]
            if term is terms[0]:
                found.append(Times((*before, Add((joined(Times, after), *terms[1:])))))
            if term is terms[-1]:
                found.append(Times((Add((*terms[:-1], joined(Times, before))), *after)))
    for new in found:
        says = ("brackets are missing: ", *instead(piece.formula, new))
        yield Edit("missing factor", piece.path, new, says)


def missing_terms(piece: Piece, known: Vocabulary) -> Edits:
    formula, value = piece.formula, known.worth.array(piece.formula)
    if isinstance(piece.holder, Add | Neg | Pow) or (value is not None and not value.any()):
        return  # beside what is zero anything is right
    shape = known.worth.shape(formula)
    for term in known.addends:
        other = known.worth.shape(term)
        if shape == other or (1, 1) in (shape, other):
            terms = formula.terms if isinstance(formula, Add) else (formula,)
            new = Add((term, *terms) if term == ONE else (*terms, term))
            yield Edit("missing term", piece.path, new, ("the term ", bare(term), " is missing"))


def likely_factors(piece: Piece, known: Vocabulary) -> Edits:
    """A factor of a right product that is missing beside others."""
    if isinstance(piece.formula, PRODUCTS) or isinstance(piece.holder, Add | Big | NoneType):
        yield from _missing(piece, known, known.own_factors)


def missing_factors(piece: Piece, known: Vocabulary) -> Edits:
    yield from _missing(piece, known, known.factors)


def _missing(piece: Piece, known: Vocabulary, factors: Sequence[Formula]) -> Edits:
    formula = piece.formula
    product = isinstance(formula, Big) and formula.sign == "prod"
    if product or isinstance(formula, Num | Size | Neg):
        return
    for factor in factors:
        says: Words = (factor, " is missing")
        if isinstance(factor, Div):
            says = (factor.right, " is missing below the line")
        for new in _with_factor(piece, factor, known):
            yield Edit("missing factor", piece.path, new, says)
    if known.worth.shape(formula) and not isinstance(piece.holder, Pow):
        square = Pow(formula, Num(ONE.value * 2))
        yield Edit("missing factor", piece.path, square, instead(formula, square))


def _with_factor(piece: Piece, factor: Formula, known: Vocabulary) -> Iterator[Formula]:
    """A piece with one more factor, of the kind that the shapes allow."""
    formula = piece.formula
    kinds: list[Any] = [type(formula)] if isinstance(formula, PRODUCTS) else []
    kinds += [kind for kind in _kinds(formula, factor, known) if kind not in kinds]
    for kind in kinds:
        if isinstance(piece.holder, kind):
            continue  # the product that holds it takes the factor
        own = formula.factors if isinstance(formula, kind) else (formula,)
        first = 0 if isinstance(factor, Num | Size | Div) else len(own)
        for i in range(len(own) + 1) if kind in (Product, Chain) else [first]:
            yield kind((*own[:i], factor, *own[i:]))
    if isinstance(formula, Odot) and known.worth.shape(formula) is None:
        for i in range(1, len(formula.factors)):  # (a ⊙ b) W ⊙ c
            before, after = formula.factors[:i], formula.factors[i:]
            yield Odot((Product((joined(Odot, before), factor)), *after))


def _kinds(formula: Formula, factor: Formula, known: Vocabulary) -> list[Any]:
    """How a factor may stand beside a piece, by their shapes."""
    one, other = known.worth.shape(formula), known.worth.shape(factor)
    linked = isinstance(formula, DERIVATIVES) or isinstance(factor, DERIVATIVES)
    if linked and (known.linked or one is None or other is None):
        return [Chain]
    if one is None or other is None or (1, 1) in (one, other):
        return [Times]
    return [Odot] if one == other and 1 in one else [Product]


CHEAP: tuple[Sort, ...] = (
    terms_left_out,
    factors_left_out,
    signs,
    times_of,
    pluses,
    readings,
    brackets,
    orders,
    removals,
)
"""What takes few tries, the likely ones first."""

DEAR: tuple[Sort, ...] = (
    likely_factors,
    letters,
    slopes,
    missing_terms,
    missing_factors,
    derivatives,
    operands,
)


def edits(formula: Formula, known: Vocabulary, sorts: Sequence[Sort]) -> Edits:
    """Every edit of these sorts, anywhere in a formula; where there are many, those that put in
    what stands in a right formula come first."""
    found, said = list(pieces(formula)), set(known.said)
    for sort in sorts:
        every = [edit for piece in found for edit in sort(piece, known)]
        if sort in (signs, times_of, letters, operands):
            every.sort(key=lambda edit: not (edit.new in said or _around(edit, formula) in said))
        yield from every


def _around(edit: Edit, formula: Formula) -> Formula | None:
    """What holds the new piece, with it."""
    if not edit.path:
        return None
    return put(at_path(formula, edit.path[:-1]), edit.path[-1:], edit.new)
