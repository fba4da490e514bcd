"""Where a right side goes wrong: by its terms, then by one edit, by two, else as a whole.

The addends are matched by value with those of derive's right sides. What is left over on both
sides is where to look; an edit counts only if it makes the whole line right, at every setting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.check.claims import Fault
from symrnn.check.faults.edits import (
    CHEAP,
    DEAR,
    Edit,
    Generator,
    added,
    derivatives,
    edits,
    exchanged,
    operands,
    pluses,
    signs,
    times_of,
)
from symrnn.check.faults.vocabulary import DERIVATIVES, Vocabulary, is_slope, pieces
from symrnn.check.faults.worth import SpentError, Worth, is_at_a_step
from symrnn.derive.formula import Bracket, Chain, Formula, Words
from symrnn.derive.pieces import Path, at_path, map_children, put
from symrnn.language.tree import Add, Neg, Ref
from symrnn.system.symbols import Symbols

FIRST_EDITS = 60
"""So many first edits are tried where one is not enough."""


@dataclass(frozen=True)
class Term:
    """An addend of a sum, and where it stands."""

    path: Path
    formula: Formula


class Finder:
    """Looks for the fault of one right side; `forms` are right ones."""

    def __init__(
        self, right: Formula, forms: Sequence[Formula], symbols: Symbols, worth: Worth
    ) -> None:
        self.right, self.symbols, self.worth = right, symbols, worth
        self.forms = sorted(forms, key=lambda form: -likeness(form, right))

    def fault(self) -> Fault:
        try:
            found = self.by_sign() or self.by_terms() or self.by_one(self.worth, (), self.forms)
        except SpentError:
            found = None
        found = found or self.as_a_whole()
        if any(isinstance(piece.formula, Bracket) for piece in pieces(self.right)):
            return found
        corrected = None if found.corrected is None else unbracketed(found.corrected)
        says = tuple(part if isinstance(part, str) else unbracketed(part) for part in found.says)
        return replace(found, corrected=corrected, says=says)

    # a whole line

    def by_sign(self) -> Fault | None:
        new = self.right.arg if isinstance(self.right, Neg) else Neg(self.right)
        if not self.worth.fits(new):
            return None
        turned = self.one(self.worth, (), self.forms, (signs,))
        return turned or self.told(Edit("sign", (), new, ("the sign is flipped",)))

    def as_a_whole(self) -> Fault:
        """Nothing that was tried makes it right: what derive has stands for it."""
        corrected = self.forms[0] if self.forms else None
        ill = self.ill_shaped()
        if ill is not None:
            says: Words = ("the shapes do not fit in ", at_path(self.right, ill))
            return Fault("ill-shaped", ill, says, corrected=corrected)
        zero = self.zero(self.right, ())
        if zero is not None:
            return Fault("wrong operand", zero, self.why_zero(zero), corrected=corrected)
        return Fault("compound", (), ("more than one thing is wrong here",), corrected=corrected)

    def ill_shaped(self) -> Path | None:
        """The smallest piece that cannot be worked out, though all that stands in it can."""
        if self.worth.array(self.right) is not None:
            return None
        bad = [p.path for p in pieces(self.right) if self.worth.array(p.formula) is None]
        return next((p for p in bad if not any(q[: len(p)] == p and q != p for q in bad)), None)

    def told(self, edit: Edit, term: int | None = None, step: Ref | None = None) -> Fault:
        corrected = edit.of(self.right)
        return Fault(edit.kind, edit.path, edit.says, term, edit.step or step, corrected)

    # term by term

    @cached_property
    def left_over(self) -> tuple[list[Term], list[Formula]] | None:
        """The addends that are worth none of a right formula's, and those of it that none is
        worth; of the formula with the fewest."""
        own = list(addends(self.right))
        best: tuple[list[Term], list[Formula]] | None = None
        for form in self.forms if not is_slope(self.right) else ():
            mine, theirs = self.matched(own, [t.formula for t in addends(form)])
            if len(own) == len(mine) and len(mine) != len(theirs):
                continue  # nothing fits: another way of writing it
            if best is None or len(mine) + len(theirs) < len(best[0]) + len(best[1]):
                best = mine, theirs
        return best

    @property
    def matches(self) -> int:
        """How many addends stand in a right formula."""
        left = self.left_over
        return 0 if left is None else sum(1 for _ in addends(self.right)) - len(left[0])

    def by_terms(self) -> Fault | None:
        if self.left_over is None:
            return None
        mine, theirs = self.left_over
        if not mine:
            return self.missing(theirs) if theirs else None
        if not theirs:
            return self.one(self.worth, (), self.forms, CHEAP)
        if len(mine) == 2 and len(theirs) == 1:
            found = self.one(self.worth, (), self.forms, (pluses,)) or self.plus_and_more()
            if found is not None:
                return found
        return self.first_wrong(mine, theirs)

    def plus_and_more(self) -> Fault | None:
        """Two terms that should be a product, in which one more thing is wrong."""
        known = Vocabulary(self.right, self.forms, self.symbols, self.worth)
        for edit in edits(self.right, known, (pluses,)):
            half = Finder(edit.of(self.right), self.forms, self.symbols, self.worth)
            if half.worth.array(half.right) is None or half.left_over is None:
                continue
            mine, theirs = half.left_over
            if len(mine) == len(theirs) == 1:
                found = half.first_wrong(mine, theirs)
                says = (*edit.says, ", and ", *found.says)
                return replace(found, kind=edit.kind, path=edit.path, says=says)
        return None

    def matched(
        self, own: Sequence[Term], theirs: Sequence[Formula]
    ) -> tuple[list[Term], list[Formula]]:
        """What is left of both after addends of one value have met."""
        rest, mine = list(theirs), []
        for term in own:
            value = self.worth.array(term.formula)
            met = next((other for other in rest if self.worth.is_worth(other, value)), None)
            if met is None:
                mine.append(term)
            else:
                rest = [other for other in rest if other is not met]
        return mine, rest

    def missing(self, theirs: Sequence[Formula]) -> Fault | None:
        """Terms that are not there at all."""
        terms = self.right.terms if isinstance(self.right, Add) else (self.right,)
        new = Add((*terms, *theirs))
        if not self.worth.fits(new):
            return None
        steps = [self.step_of(term) for term in theirs]
        says: list[str | Formula] = []
        for term in theirs:
            says += [", " if says else "the term " if len(theirs) == 1 else "the terms ", term]
        says.append(" is missing" if len(theirs) == 1 else " are missing")
        return self.told(Edit("missing term", (), new, tuple(says)), step=steps[0])

    def first_wrong(self, mine: Sequence[Term], theirs: Sequence[Formula]) -> Fault:
        """What is wrong with the first of the terms that have none like them."""
        pairs, more = self.paired(mine, theirs)
        term, other = pairs[0]
        worth = self.worth.for_right(other)
        found = self.by_one(worth, term.path, [other, *self.forms]) if worth else None
        found = found or self.replaced(term, other)
        assert found.corrected is not None
        whole = put(self.right, term.path, at_path(found.corrected, term.path))
        for each, right in pairs[1:]:
            whole = put(whole, each.path, right)
        own = [each.path for each in addends(self.right)]
        place = own.index(term.path) + 1 if len(own) > 1 else None
        extra = [each.path for each in mine[len(pairs) :]]
        if extra or more:
            kept = [at_path(whole, path) for path in own if path not in extra]
            whole = added((*kept, *more))
        step = found.step or self.step_of(other)
        return replace(found, term=place, step=step, corrected=whole)

    def paired(
        self, mine: Sequence[Term], theirs: Sequence[Formula]
    ) -> tuple[list[tuple[Term, Formula]], list[Formula]]:
        """Terms beside what belongs there, by the step that is written at both or by what stands
        in them; and what is left."""
        rest, found = list(theirs), []
        for term in mine[: len(theirs)]:
            at = term.formula.at if isinstance(term.formula, Bracket) else None
            same = [t for t in rest if at is not None and isinstance(t, Bracket) and t.at == at]
            other = same[0] if same else rest[0]
            if not same and len(mine) != len(theirs):
                other = max(rest, key=lambda each: likeness(each, term.formula))
            rest = [each for each in rest if each is not other]
            found.append((term, other))
        return found, rest

    def step_of(self, term: Formula) -> Ref | None:
        """The time step of a term, by the bracket of a right one that is worth the same."""
        value = self.worth.array(term)
        for form in self.forms:
            for each in addends(form):
                if isinstance(each.formula, Bracket) and self.worth.is_worth(each.formula, value):
                    return each.formula.at
        return None

    def replaced(self, term: Term, other: Formula) -> Fault:
        corrected = put(self.right, term.path, other)
        zero = self.zero(term.formula, term.path)
        if zero is not None:
            return Fault("wrong operand", zero, self.why_zero(zero), corrected=corrected)
        says = (other, " belongs there")
        return Fault("compound", term.path, says, corrected=corrected)

    # one edit, and two

    def by_one(self, worth: Worth, path: Path, forms: Sequence[Formula]) -> Fault | None:
        zero = self.zero(at_path(self.right, path), path)
        if zero is not None:
            return self.without_zero(worth, path, forms, zero)
        found = self.one(worth, path, forms, CHEAP)
        if found is None:
            found = self.exchanged(worth, path, forms)
        return found or self.one(worth, path, forms, DEAR) or self.two(worth, path, forms)

    def without_zero(
        self, worth: Worth, path: Path, forms: Sequence[Formula], zero: Path
    ) -> Fault | None:
        """A term that is zero because one of its derivatives is: that one has to be another."""
        found = self.one(worth, path, forms, (times_of,)) or self.exchanged(worth, path, forms)
        found = found or self.one(worth, path, forms, (derivatives, operands))
        if found is None:
            return None
        return replace(found, path=zero, says=(*self.why_zero(zero), "; ", *found.says))

    def one(
        self, worth: Worth, path: Path, forms: Sequence[Formula], generators: Sequence[Generator]
    ) -> Fault | None:
        formula = at_path(self.right, path)
        known = Vocabulary(formula, forms, self.symbols, worth)
        for edit in edits(formula, known, generators):
            if worth.fits(edit.of(formula)):
                return self.told(replace(edit, path=(*path, *edit.path)))
        return None

    def exchanged(self, worth: Worth, path: Path, forms: Sequence[Formula]) -> Fault | None:
        formula = at_path(self.right, path)
        for edit in exchanged(formula, Vocabulary(formula, forms, self.symbols, worth)):
            if worth.fits(edit.new):
                return self.told(replace(edit, path=path))
        return None

    def two(self, worth: Worth, path: Path, forms: Sequence[Formula]) -> Fault | None:
        """Two edits of the cheap sorts in one term."""
        formula = at_path(self.right, path)
        known = Vocabulary(formula, forms, self.symbols, worth)
        firsts = list(edits(formula, known, (*CHEAP, operands)))
        for first in sorted(firsts, key=lambda e: e.kind != "plus for product")[:FIRST_EDITS]:
            half = first.of(formula)
            again = Vocabulary(half, forms, self.symbols, worth)
            for second in edits(half, again, (*CHEAP, operands)):
                if worth.fits(second.of(half)):
                    kind = first.kind if first.kind in (second.kind, "plus for product") else ""
                    says = (*first.says, ", and ", *second.says)
                    corrected = put(self.right, path, second.of(half))
                    there = (*path, *first.path)
                    return Fault(kind or "compound", there, says, corrected=corrected)
        return None

    # factors that are zero

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


def addends(formula: Formula) -> Iterator[Term]:
    """The terms of a sum, or what is none as one."""
    if isinstance(formula, Add):
        yield from (Term((i,), term) for i, term in enumerate(formula.terms))
    else:
        yield Term((), formula)


def unbracketed(formula: Formula) -> Formula:
    """Without brackets that only say of which step a term is."""
    if isinstance(formula, Bracket) and not is_at_a_step(formula):
        return unbracketed(formula.body)
    return map_children(formula, unbracketed)


def likeness(form: Formula, other: Formula) -> float:
    """How much of one formula stands in another, from 0 to 1."""
    one, two = ({piece.formula for piece in pieces(f)} for f in (form, other))
    return len(one & two) / max(len(one | two), 1)
