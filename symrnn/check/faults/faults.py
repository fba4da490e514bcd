"""`fault`: what is wrong with a line that is wrong."""

from collections.abc import Sequence
from typing import Protocol


from symrnn.check.claims import WRONG, Fault, Said, Verdict
from symrnn.check.faults.finding import Finder
from symrnn.check.faults.truths import truths_of, with_index
from symrnn.check.faults.worth import Budget, Point, Setting, Worth, close, value_of
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Big, Formula
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import walk
from symrnn.language.arrays import Array


class Judged(Protocol):
    """What a judge has found, and the numbers by which it did."""

    @property
    def derivation(self) -> Derivation: ...

    @property
    def columns(self) -> bool: ...

    def settings(self, said: Said) -> Sequence[tuple[Point, int, Indices, Array]]:
        """The points, their steps, what indices stand for, and what the left side is there."""
        ...


def fault(judged: Judged, verdict: Verdict) -> Fault | None:
    """What is wrong with a right side; nothing where it is not, or follows from a wrong one."""
    if verdict.status != WRONG or verdict.follows:
        return None
    said = verdict.said
    right = said.equation.rights[verdict.place]
    given = judged.settings(said)
    order = sorted(given, key=lambda one: _agrees(right, Setting(one[0], one[2], one[3])))
    settings = [Setting(point, at, target) for point, _, at, target in order]
    worth = Worth(settings, Budget())
    truths = truths_of(judged.derivation, judged.columns)
    _, steps, at, _ = order[0]
    indices = [part.index for part in walk(right) if isinstance(part, Big)]
    forms = [
        form
        for each in truths.right_sides(said.equation.left, steps, at)
        if worth.everywhere(form := with_index(each, indices))
    ]
    return Finder(right, forms, judged.derivation.plain.symbols, worth).fault()


def _agrees(right: Formula, setting: Setting) -> bool:
    """Whether a right side happens to be right at a setting: that one tells nothing."""
    found = value_of(setting.point, right, setting.at)
    return found is not None and close(found, setting.target)
