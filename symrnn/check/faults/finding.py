"""Where a right side goes wrong: by its terms, then by one edit, by two, else as a whole.

The addends are matched by value with those of derive's right sides. What is left over on both
sides is where to look; an edit counts only if it makes the term, or the line, right at every
setting.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from symrnn.check.claims import Fault
from symrnn.check.faults.budget import CUT, SpentError
from symrnn.check.faults.edits import (
    Edit,
    Sort,
    joined,
    pluses,
    removals,
    signs,
)
from symrnn.check.faults.missing import CHEAP, DEAR, edits, factors_left_out, likely_factors
from symrnn.check.faults.operands import numbers, operands
from symrnn.check.faults.scale import by_factor
from symrnn.check.faults.shapes import entry_by_entry, entry_by_entry_throughout, ill_shaped
from symrnn.check.faults.terms import (
    LeftOver,
    Term,
    addends,
    left_over,
    odd_one,
    paired,
    unbracketed,
)
from symrnn.check.faults.trying import Trying
from symrnn.check.faults.vocabulary import Vocabulary, pieces
from symrnn.derive.formula import Bracket, Formula, Immediate, Total, Words
from symrnn.derive.pieces import Path, at_path, put
from symrnn.language.tree import Add, Neg, Ref

MISSING = "missing factor"
SEVERAL = "more than one thing is wrong here"
MAY_BE = "more than one thing may be wrong here"


class Finder(Trying):
    """Looks for the fault of one right side."""

    def fault(self, most: int = 2) -> Fault:
        """By so many edits at most."""
        self.most, self.clear = most, True
        self.worth.budget.limits = True
        try:
            found = self.by_whole() or self.by_terms() or self.by_one_or_two()
        except SpentError:
            found = None
        self.worth.budget.limits = False
        found = found or self.as_a_whole()
        if any(isinstance(piece.formula, Bracket) for piece in pieces(self.right)):
            return found
        corrected = None if found.corrected is None else unbracketed(found.corrected)
        says = tuple(part if isinstance(part, str) else unbracketed(part) for part in found.says)
        return replace(found, corrected=corrected, says=says)

    # a whole line

    def by_whole(self) -> Fault | None:
        """By what shows at a glance: a sign, a factor, shapes that do not fit."""
        whole = Term((), self.right)
        if self.worth.array(self.right) is None:
            several = entry_by_entry_throughout(self.right, self.worth)
            return (
                self.one(self.worth, whole, self.forms, (entry_by_entry,))
                or (self.told(several) if several and self.worth.fits(several.new) else None)
                or odd_one(self.right, self.letters, self.worth)
            )
        return self.by_sign() or self.by_number()

    def by_number(self) -> Fault | None:
        """A right side that is what is right times one number: which one, and where it is said."""
        told = by_factor(self.right, self.worth)
        if told is None:
            return None
        sorts = (removals, factors_left_out, numbers, likely_factors)
        found = self.one(self.worth, Term((), self.right), self.forms, sorts) or told
        meant = found.kind == told.kind == MISSING and len(told.says) > 2
        return replace(found, says=told.says) if meant else found

    def by_one_or_two(self) -> Fault | None:
        return self.by_one(self.worth, Term((), self.right), self.forms)

    def by_sign(self) -> Fault | None:
        new = self.right.arg if isinstance(self.right, Neg) else Neg(self.right)
        if not self.worth.fits(new):
            return None
        within = self.one(self.worth, Term((), self.right), self.forms, (signs,))
        if within is not None and within.path:
            return within
        corrected = new if within is None else within.corrected
        return Fault("sign", (), ("the sign is flipped",), corrected=corrected)

    def as_a_whole(self) -> Fault:
        """Nothing that was tried makes it right: what derive has stands for it."""
        self.clear = False
        cut = (CUT,) if self.worth.budget.cut else ()
        corrected = self.forms[0] if self.forms else None
        ill = ill_shaped(self.right, self.worth)
        if ill is not None:
            says: Words = ("the shapes do not fit in ", at_path(self.right, ill), *cut)
            return Fault("ill-shaped", ill, says, corrected=corrected)
        zero = self.zero(self.right, ())
        if zero is not None:
            return Fault("wrong operand", zero, self.why_zero(zero), corrected=corrected)
        other = self.of_another()
        if other is not None:
            says = ("this is ", other, ", and not ", self.worth.left)
            return Fault("wrong operand", (), says, corrected=corrected)
        return Fault("compound", (), (MAY_BE if cut else SEVERAL, *cut), corrected=corrected)

    def of_another(self) -> Formula | None:
        """A derivative by another letter that a right side is."""
        left = self.worth.left
        if not isinstance(left, Total | Immediate) or not isinstance(left.by, Ref):
            return None
        at = left.by
        for letter in sorted(self.letters, key=lambda each: not each.base):
            if (letter.base and at.base) or not letter.base:
                by = Ref(letter.name, at.base, at.shift) if letter.base else letter
                worth = self.worth.for_right(replace(left, by=by))
                if by != at and worth is not None and worth.everywhere(self.right):
                    return replace(left, by=by)
        return None

    # term by term

    @cached_property
    def left(self) -> LeftOver | None:
        return left_over(self.right, self.forms, self.worth)

    @property
    def matches(self) -> int:
        """How many addends stand in a right formula."""
        return 0 if self.left is None else len([*addends(self.right)]) - len(self.left.mine)

    def by_terms(self) -> Fault | None:
        if self.left is None:
            return None
        mine, theirs = self.left.mine, self.left.theirs
        if not mine:
            return self.missing(theirs) if theirs else None
        if theirs and len(mine) == 1:
            return self.first_wrong(self.left)
        shared = not isinstance(self.right, Add)
        sorts = (*CHEAP, *DEAR) if shared else CHEAP
        found = self.one(self.worth, Term((), self.right), self.forms, sorts)
        if found is not None or not theirs:
            return found
        if isinstance(self.right, Add) and _alike(mine):
            place = mine[0].path[0]
            whole = Term((place,), self.right.terms[place])
            return self.first_wrong(LeftOver([whole], [joined(Add, tuple(theirs))], self.left.form))
        if (len(mine), len(theirs)) == (2, 1):
            found = self.plus_and_more()
        return found or self.first_wrong(self.left)

    def plus_and_more(self) -> Fault | None:
        """Two terms that should be a product, in which one more thing is wrong."""
        known = Vocabulary(self.right, self.forms, self.letters, self.worth)
        for edit in edits(self.right, known, (pluses,)):
            half = Finder(edit.of(self.right), self.forms, self.letters, self.worth)
            left = half.left if half.worth.array(half.right) is not None else None
            if left is None or len(left.mine) != 1 or len(left.theirs) != 1:
                continue
            found = half.first_wrong(left, (*CHEAP, operands))
            if found.kind != "compound":
                says = (*edit.says, ", and ", *found.says)
                return replace(found, kind=edit.kind, path=edit.path, says=says)
        return None

    def missing(self, theirs: Sequence[Formula]) -> Fault | None:
        """Terms that are not there at all."""
        terms = self.right.terms if isinstance(self.right, Add) else (self.right,)
        new = Add((*terms, *theirs))
        if not self.worth.fits(new):
            return None
        says: list[str | Formula] = ["the term " if len(theirs) == 1 else "the terms "]
        for term in theirs:
            says += [", ", term] if len(says) > 1 else [term]
        says.append(" is missing" if len(theirs) == 1 else " are missing")
        found = self.told(Edit("missing term", (), new, tuple(says)))
        return replace(found, step=self.step_of(theirs[0]))

    def first_wrong(self, left: LeftOver, sorts: Sequence[Sort] = ()) -> Fault:
        """What is wrong with the first of the terms that have none like them, by edits of these
        sorts or of all."""
        pairs, more = paired(left)
        term, other = pairs[0]
        worth, forms = self.worth.for_right(other), [other, *self.forms]
        found = None
        if worth is not None:
            one = self.one(worth, term, forms, sorts) if sorts else None
            found = one if sorts else self.by_one(worth, term, forms)
        found = found or self.replaced(term, other, left)
        own = [each.path for each in addends(self.right)]
        number = next(i for i, path in enumerate(own, 1) if path[: len(term.path)] == term.path)
        place = number if len(own) > 1 else None
        found = replace(found, term=place, step=self.step_of(other))
        if len(pairs) == 1 and len(left.mine) == 1 and not more:
            return found
        if found.corrected is None or not isinstance(self.right, Add) or any(map(_is_inner, own)):
            return replace(found, corrected=left.form)
        whole = put(self.right, term.path, at_path(found.corrected, term.path))
        for each, right in pairs[1:]:
            whole = put(whole, each.path, right)
        extra = [each.path for each in left.mine[len(pairs) :]]
        kept = [at_path(whole, path) for path in own if path not in extra]
        return replace(found, corrected=joined(Add, (*kept, *more)))

    def step_of(self, term: Formula) -> Ref | None:
        """The time step of a term, by the bracket of a right one that is worth the same."""
        value = self.worth.array(term)
        for form in self.forms:
            for each in addends(form):
                if isinstance(each.formula, Bracket) and self.worth.is_worth(each.formula, value):
                    return each.formula.at
        return None

    def replaced(self, term: Term, other: Formula, left: LeftOver) -> Fault:
        corrected = left.form if term.within else put(self.right, term.path, other)
        zero = self.zero(at_path(self.right, term.path), term.path)
        if zero is not None:
            return Fault("wrong operand", zero, self.why_zero(zero), corrected=corrected)
        self.clear = False
        says = (other, " belongs there, not ", term.formula)
        return Fault("compound", term.path, says, corrected=corrected)


def _alike(terms: Sequence[Term]) -> bool:
    """Whether all of these stand in the same brackets."""
    return len({term.path[0] for term in terms}) == 1


def _is_inner(path: Path) -> bool:
    return len(path) != 1
