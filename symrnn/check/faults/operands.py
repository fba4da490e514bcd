"""Edits that put one thing for another: a letter, a number, a function's derivative."""

from dataclasses import replace

from symrnn.check.faults.edits import Edit, Edits, instead, joined
from symrnn.check.faults.vocabulary import (
    DERIVATIVES,
    Piece,
    Vocabulary,
    is_slope,
)
from symrnn.derive.formula import (
    Big,
    Chain,
    Formula,
    Name,
    Odot,
    Times,
)
from symrnn.language.tree import ONE, Add, Call, Num, Pow, Ref, Size


def operands(piece: Piece, known: Vocabulary) -> Edits:
    """Another letter, number, function or derivative; a sum for a product."""
    formula = piece.formula
    if isinstance(formula, Big) and formula.sign == "prod":
        new: Formula = replace(formula, sign="sum")
        yield Edit("wrong operand", piece.path, new, ("a sum belongs there, and no product",))
    shape = None if isinstance(formula, (*DERIVATIVES, Name)) else known.worth.shape(formula)
    for new in known.like(formula):
        if new != formula and shape in (None, known.worth.shape(new)):
            yield Edit(_kind(piece, new), piece.path, new, instead(formula, new))


def letters(piece: Piece, known: Vocabulary) -> Edits:
    """Another letter."""
    if isinstance(piece.formula, Ref):
        yield from (edit for edit in operands(piece, known) if isinstance(edit.new, Ref))


def numbers(piece: Piece, known: Vocabulary) -> Edits:
    """Another number, or another count of steps or entries."""
    if isinstance(piece.formula, Num | Size) and piece.formula != ONE:
        yield from operands(piece, known)


def _kind(piece: Piece, new: Formula) -> str:
    within = piece.holder is not None and is_slope(piece.holder)
    if isinstance(piece.formula, Call) or (within and isinstance(new, Num)):
        return "wrong derivative"
    match piece.formula, new:
        case (Ref(name=a), Ref(name=b)) if a == b:
            return "time index"
    return "wrong operand"


def slopes(piece: Piece, known: Vocabulary) -> Edits:
    """Another function's derivative: o (1 - o) for 1 - o²; among the factors of a product too."""
    formula, shape = piece.formula, known.worth.shape(piece.formula)
    powered = isinstance(formula, Pow) and is_slope(formula.left)
    for new in known.slopes if isinstance(formula, Add | Pow | Call | Times | Odot) else ():
        inner = new.factors if isinstance(new, Times | Odot) else (new,)
        within = len(inner) > 1 and type(piece.holder) is type(new)
        if (powered or (is_slope(formula) and formula not in inner)) and (
            known.worth.shape(new) == shape and not within
        ):
            yield Edit("wrong derivative", piece.path, new, instead(formula, new))
        if isinstance(formula, Times | Odot):
            kind, factors = type(formula), formula.factors
            put_in = inner if type(new) is kind else (new,)
            for i, width in ((i, width) for i in range(len(factors)) for width in (1, 2)):
                old = factors[i : i + width]
                alone = width == 1 and len(put_in) == 1  # the factor by itself
                if len(old) != width or alone:
                    continue
                if any(map(is_slope, old)) and not set(old) <= set(put_in):
                    whole = joined(kind, (*factors[:i], *put_in, *factors[i + width :]))
                    says = instead(joined(kind, old), new)
                    yield Edit("wrong derivative", piece.path, whole, says)


def derivatives(piece: Piece, known: Vocabulary) -> Edits:
    """One derivative for two neighbours in a chain."""
    factors = piece.formula.factors if isinstance(piece.formula, Chain) else ()
    for i in range(len(factors) - 1):
        of = getattr(factors[i], "of", None)
        for new in known.derivatives:
            if new.of == of:
                whole = joined(Chain, (*factors[:i], new, *factors[i + 2 :]))
                says = instead(Chain(factors[i : i + 2]), new)
                yield Edit("wrong operand", piece.path, whole, says)
