"""Tries at one right side: one edit, then two, with derivatives that are zero apart."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.check.claims import Fault
from symrnn.check.faults.edits import (
    Edit,
    Sort,
    exchanged,
    instead,
    times_of,
)
from symrnn.check.faults.missing import CHEAP, DEAR, edits
from symrnn.check.faults.operands import derivatives, operands
from symrnn.check.faults.shapes import as_matrices, turned
from symrnn.check.faults.terms import (
    Term,
    likeness,
)
from symrnn.check.faults.vocabulary import DERIVATIVES, Vocabulary, bare, pieces
from symrnn.check.faults.worth import Worth
from symrnn.derive.formula import Chain, Formula, Words
from symrnn.derive.pieces import Path, at_path, put
from symrnn.language.tree import ONE, Add, Neg, Ref

FIRST_EDITS = 60
"""So many first edits are tried where one is not enough."""


class Trying:
    """Edits of one right side; `forms` are right ones, `letters` all that there are."""

    def __init__(
        self, right: Formula, forms: Sequence[Formula], letters: Sequence[Ref], worth: Worth
    ) -> None:
        self.right, self.letters, self.worth = right, letters, worth
        self.forms = sorted(forms, key=lambda form: -likeness(form, right))
        self.most = 2
        """So many edits are tried at once."""
        self.clear = False
        """Whether what was found is what is wrong, and not only where."""
        self._ones: dict[object, Fault | None] = {}

    def by_one(self, worth: Worth, term: Term, forms: Sequence[Formula]) -> Fault | None:
        zero = self.zero(at_path(self.right, term.path), term.path)
        if zero is not None:
            return self.without_zero(worth, term, forms, zero)
        return (
            self.one(worth, term, forms, CHEAP)
            or self.one(worth, term, forms, (exchanged,))
            or self.one(worth, term, forms, (as_matrices, turned, *DEAR))
            or (self.two(worth, term, forms) if self.most > 1 else None)
        )

    def without_zero(
        self, worth: Worth, term: Term, forms: Sequence[Formula], zero: Path
    ) -> Fault | None:
        """A term that is zero because one of its derivatives is: that one has to be another."""
        found = self.one(worth, term, forms, (times_of, exchanged, derivatives, operands))
        if found is None:
            return None
        return replace(found, path=zero, says=(*self.why_zero(zero), "; ", *found.says))

    def one(
        self, worth: Worth, term: Term, forms: Sequence[Formula], sorts: Sequence[Sort]
    ) -> Fault | None:
        key = term.path, term.within, *forms[:1], *sorts
        if key not in self._ones:
            self._ones[key] = self._one(worth, term, forms, sorts)
        return self._ones[key]

    def _one(
        self, worth: Worth, term: Term, forms: Sequence[Formula], sorts: Sequence[Sort]
    ) -> Fault | None:
        formula = at_path(self.right, term.path)
        known = Vocabulary(formula, forms, self.letters, worth)
        for edit in edits(formula, known, sorts):
            if worth.fits(put(term.formula, term.within, edit.of(formula))) and not known.is_idle(
                edit.new, at_path(formula, edit.path)
            ):
                return self.told(replace(edit, path=(*term.path, *edit.path)))
        return None

    def two(self, worth: Worth, term: Term, forms: Sequence[Formula]) -> Fault | None:
        """Two edits of the cheap sorts in one term."""
        formula = at_path(self.right, term.path)
        known = Vocabulary(formula, forms, self.letters, worth)
        firsts = list(edits(formula, known, (*CHEAP, operands)))
        for first in sorted(firsts, key=lambda e: e.kind != "plus for product")[:FIRST_EDITS]:
            half = first.of(formula)
            again = Vocabulary(half, forms, self.letters, worth)
            for second in edits(half, again, (*CHEAP, operands)):
                whole = second.of(half)
                if worth.fits(put(term.formula, term.within, whole)) and not (
                    again.is_idle(whole, formula)
                ):
                    alike = first.kind in (second.kind, "plus for product")
                    says = (*first.says, ", and ", *second.says)
                    return Fault(
                        first.kind if alike else "compound",
                        (*term.path, *first.path),
                        says,
                        corrected=put(self.right, term.path, whole),
                    )
        return None

    def zero(self, formula: Formula, path: Path) -> Path | None:
        """A derivative in a chain that is zero, so that the whole term is."""
        for piece in pieces(formula, path):
            linked = isinstance(piece.holder, Chain) and isinstance(piece.formula, DERIVATIVES)
            if linked and self.worth.is_zero(piece.formula):
                return piece.path
        return None

    def why_zero(self, path: Path) -> Words:
        factor = at_path(self.right, path)
        assert isinstance(factor, DERIVATIVES)
        return (factor, " is zero: ", factor.of, " does not depend on ", factor.by)

    def told(self, edit: Edit) -> Fault:
        edit = self.simplest(edit)
        return Fault(edit.kind, edit.path, edit.says, corrected=edit.of(self.right))

    def simplest(self, edit: Edit) -> Edit:
        """The same with no two signs at one place: + for -(-x), x for 1 - (1 - x)."""
        holder = at_path(self.right, edit.path[:-1]) if edit.path else None
        if not isinstance(holder, Neg):
            return edit
        path, old = edit.path[:-1], holder.arg
        if edit.new == Neg(old):
            says: Words = ("there is a minus too many before ", bare(old))
            return Edit(edit.kind, path, old, says)
        rest: Formula = Add((ONE, holder))
        if edit.new == rest and path and at_path(self.right, path[:-1]) == rest:
            return Edit(edit.kind, path[:-1], old, instead(rest, old))
        return edit
