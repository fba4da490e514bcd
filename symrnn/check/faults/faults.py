"""`fault`: what is wrong with a line that is wrong."""

from collections.abc import Iterator

from symrnn.check.claims import WRONG, Fault, Verdict
from symrnn.check.faults.finding import Finder
from symrnn.check.faults.truths import truths_of, with_index
from symrnn.check.faults.worth import FAILS, Budget, Setting, Worth, close, value_of
from symrnn.check.judging import Judged
from symrnn.check.judging.outcome import members
from symrnn.derive.formula import Big, Equation, Formula
from symrnn.derive.pieces import walk

SURE = 8
"""So many settings tell which of derive's formulas serve."""


def fault(judged: Judged, verdict: Verdict) -> Fault | None:
    """What is wrong with a right side; nothing where it is not, or follows from a wrong one."""
    if verdict.status != WRONG or verdict.follows:
        return None
    place = verdict.place
    for equation in members(verdict.said.equation):
        settings = list(_settings(judged, verdict, equation))
        right = equation.rights[place]
        first = next((i for i, each in enumerate(settings) if not _agrees(right, each)), None)
        if first is not None:
            settings = [settings[first], *settings[:first], *settings[first + 1 :]]
            return _fault_of(judged, equation.left, right, settings)
    return None


def _settings(judged: Judged, verdict: Verdict, equation: Equation) -> Iterator[Setting]:
    """Every point and every step for which a line is said, with what its left side is there."""
    for point in judged.points:
        for at in point.indices(verdict.said, verdict.place):
            target = value_of(point, equation.left, at)
            if target is not None:
                yield Setting(point, at, target)


def _fault_of(judged: Judged, left: Formula, right: Formula, settings: list[Setting]) -> Fault:
    worth = Worth(settings, Budget())
    derivation, columns = judged.derivation, judged.settled.convention.columns
    indices = [part.index for part in walk(right) if isinstance(part, Big)]
    point, at = settings[0].point, settings[0].at
    try:
        found = truths_of(derivation, columns).right_sides(left, point.steps, at)
    except FAILS:
        found = []
    forms = [with_index(each, indices) for each in found]
    serve = [form for form in forms if worth.everywhere(form, SURE)]
    return Finder(right, serve, derivation.plain.symbols, worth).fault()


def _agrees(right: Formula, setting: Setting) -> bool:
    """Whether a right side happens to be right at a setting: that one tells nothing."""
    found = value_of(setting.point, right, setting.at)
    return found is not None and close(found, setting.target)
