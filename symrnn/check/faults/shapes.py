"""What does not fit together: rows side by side where ⊙ belongs, ⊙ where a product belongs."""

import numpy as np

from symrnn.check.claims import Fault
from symrnn.check.faults.budget import Budget
from symrnn.check.faults.edits import Edit, Edits, instead, joined
from symrnn.check.faults.missing import edits
from symrnn.check.faults.vocabulary import Piece, Vocabulary, pieces
from symrnn.check.faults.worth import Setting, Worth
from symrnn.check.judging import Point
from symrnn.check.judging.choices import free_bases
from symrnn.derive.formula import Diagonal, Formula, Odot, Product
from symrnn.derive.pieces import Path, at_path, map_children
from symrnn.language.tree import Transpose

FIT = "the shapes do not fit: "


def ill_shaped(right: Formula, worth: Worth) -> Path | None:
    """The smallest piece that cannot be worked out, though all that stands in it can."""
    if worth.array(right) is not None:
        return None
    bad = [p.path for p in pieces(right) if worth.array(p.formula) is None]
    return next((p for p in bad if not any(q[: len(p)] == p and q != p for q in bad)), None)


def entry_by_entry(piece: Piece, known: Vocabulary) -> Edits:
    """⊙ between two factors that stand side by side and do not fit, or diag of one of them."""
    formula = piece.formula
    if not isinstance(formula, Product) or known.worth.array(formula) is not None:
        return
    factors = formula.factors
    for i in range(1, len(factors)):
        before, after = factors[:i], factors[i:]
        for start, end in ((0, len(after)), (0, 1), (i - 1, 1), (i - 1, len(after))):
            one, other = joined(Product, before[start:]), joined(Product, after[:end])
            both = Odot((one, other))
            if known.worth.array(both) is not None:
                new = joined(Product, (*before[:start], both, *after[end:]))
                says = (FIT, "⊙ (entry by entry) belongs between ", one, " and ", other)
                yield Edit("ill-shaped", piece.path, new, says)
    for i, factor in enumerate(factors):
        if 1 in (known.worth.shape(factor) or ()):
            rest = (*factors[:i], *factors[i + 1 :])
            for place in dict.fromkeys((i, *range(len(factors)))):
                wide = Diagonal(factor)
                new = Product((*rest[:place], wide, *rest[place:]))
                moved = () if place == i else (", before " if place < i else ", behind ",)
                beside = () if place == i else (rest[0] if place < i else rest[-1],)
                says = (FIT, *instead(factor, wide), *moved, *beside)
                yield Edit("ill-shaped", piece.path, new, says)


def entry_by_entry_throughout(right: Formula, worth: Worth) -> Edit | None:
    """⊙ wherever rows stand side by side that do not fit."""
    new = _fitted(right, worth)
    if new == right or worth.array(new) is None:
        return None
    products = [p.formula for p in pieces(right) if isinstance(p.formula, Product)]
    first = next(p for p in products if worth.array(p) is None)
    says = (FIT, "⊙ (entry by entry) belongs between rows side by side, as in ")
    return Edit("ill-shaped", (), new, (*says, _fitted(first, worth)))


def _fitted(formula: Formula, worth: Worth) -> Formula:
    found = map_children(formula, lambda child: _fitted(child, worth))
    if not isinstance(found, Product) or worth.array(found) is not None:
        return found
    runs: list[list[Formula]] = []
    for factor in found.factors:
        shape = worth.shape(factor)
        if runs and shape == worth.shape(runs[-1][-1]) and 1 in (shape or ()) and shape != (1, 1):
            runs[-1].append(factor)
        else:
            runs.append([factor])
    parts = [joined(Odot, tuple(run)) for run in runs]
    whole = parts[0]
    for part in parts[1:]:
        before = whole.factors if isinstance(whole, Product) else (whole,)
        whole = Product((*before, part))
        if worth.array(whole) is None:
            whole = Odot((joined(Product, before), part))
    return whole


def definition(right: Formula, point: Point, budget: Budget) -> Fault | None:
    """What is wrong with the definition of a letter: that it does not fit together."""
    settings = [Setting(point, dict.fromkeys(free_bases(right), 2), np.zeros((1, 1)))]
    worth = Worth(settings, budget, right)
    ill = ill_shaped(right, worth)
    if ill is None:
        return None
    one = edits(right, Vocabulary(right, (), (), worth), (entry_by_entry,))
    for edit in (*one, entry_by_entry_throughout(right, worth)):
        corrected = edit.of(right) if edit is not None else right
        if edit is not None and worth.array(corrected) is not None:
            return Fault(edit.kind, edit.path, edit.says, corrected=corrected)
    return Fault("ill-shaped", ill, ("the shapes do not fit in ", at_path(right, ill)))


def as_matrices(piece: Piece, known: Vocabulary) -> Edits:
    """A product of matrices where ⊙ stands, one of two factors transposed."""
    formula = piece.formula
    factors = formula.factors if isinstance(formula, Odot) else ()
    for i in range(1, len(factors)):
        for start, end in dict.fromkeys(((0, len(factors)), (i - 1, i + 1))):
            one, other = joined(Odot, factors[start:i]), joined(Odot, factors[i:end])
            for new in _products(one, other):
                whole = joined(Odot, (*factors[:start], new, *factors[end:]))
                says = (new, " belongs there, a product of matrices, and not ⊙")
                yield Edit("transpose or order", piece.path, whole, says)


def turned(piece: Piece, known: Vocabulary) -> Edits:
    """Two neighbours in the other order, one of them transposed: b aᵀ for a b."""
    formula = piece.formula
    factors = formula.factors if isinstance(formula, Product) else ()
    for i in range(len(factors) - 1):
        a, b = factors[i : i + 2]
        for new in _products(a, b)[2:]:
            whole = Product((*factors[:i], *new.factors, *factors[i + 2 :]))
            yield Edit("transpose or order", piece.path, whole, instead(Product((a, b)), new))


def _products(a: Formula, b: Formula) -> list[Product]:
    def flipped(f: Formula) -> Formula:
        return f.arg if isinstance(f, Transpose) else Transpose(f)

    pairs = (
        (flipped(a), b),
        (a, flipped(b)),
        (a, b),
        (b, a),
        (b, flipped(a)),
        (flipped(b), a),
    )
    return [Product(pair) for pair in pairs]
