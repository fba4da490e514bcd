"""`fault`: what is wrong with a line that is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG, Fault, Said, Verdict
from symrnn.check.faults.finding import Finder
from symrnn.check.faults.truths import truths_of, with_index
from symrnn.check.faults.worth import FAILS, Budget, Setting, Worth, close, value_of
from symrnn.check.judging import Judged, Point
from symrnn.check.judging.choices import reading_words
from symrnn.check.judging.outcome import members
from symrnn.check.judging.truth import READINGS
from symrnn.check.judging.values import Key, reading_key
from symrnn.derive.formula import Big, Equation, Formula, Immediate, Total, Words
from symrnn.derive.pieces import map_children, walk

SURE = 8
"""So many settings tell which of derive's formulas serve."""


def fault(judged: Judged, verdict: Verdict) -> Fault | None:
    """What is wrong with a right side; nothing where it is not, or follows from a wrong one."""
    if verdict.status != WRONG or verdict.follows:
        return None
    for equation in members(verdict.said.equation):
        finders = [
            (finder, words)
            for points, words in _readings(judged, verdict)
            if (finder := _finder(judged, verdict, equation, points)) is not None
        ]
        if finders:
            finder, words = max(finders, key=lambda each: each[0].matches)
            found = finder.fault()
            return replace(found, says=(*found.says, *words))
    return None


Points = Sequence[Point]


def _readings(judged: Judged, verdict: Verdict) -> Iterator[tuple[Points, Words]]:
    """The points as the document is read, and as it could be, where no right line tells how a
    parameter's derivative is meant: the first wrong term is sought under the likelier one."""
    yield judged.points, ()
    parameters = judged.derivation.parameters
    open_ = _derivatives(verdict.said)
    for other in judged.report.verdicts:
        if other.status in (RIGHT, RIGHT_IF):
            open_ = {
                key: part for key, part in open_.items() if key not in _derivatives(other.said)
            }
    keys = [key for key in open_ if key in judged.known and key[2] in parameters]
    for option in READINGS:
        chosen = {key: option for key in keys if option in judged.known[key]}
        changed = {k: v for k, v in chosen.items() if judged.settled.choices.get(k) != v}
        if changed:
            settled = replace(judged.settled, choices={**judged.settled.choices, **chosen})
            points = [replace(point, settled=settled) for point in judged.points]
            key = next(iter(changed))
            yield points, ("; here ", *reading_words(key, option, open_[key]))


def _derivatives(said: Said) -> dict[Key, Formula]:
    sides = (said.equation.left, *said.equation.rights)
    parts = (part for side in sides for part in walk(side))
    return {reading_key(part): part for part in parts if isinstance(part, Total | Immediate)}


def _finder(judged: Judged, verdict: Verdict, equation: Equation, points: Points) -> Finder | None:
    """A search for what is wrong, beginning where the two sides differ; nothing where they do
    not."""
    right = equation.rights[verdict.place]
    settings = list(_settings(verdict, equation, points))
    first = next((i for i, each in enumerate(settings) if not _agrees(right, each)), None)
    if first is None:
        return None
    worth = Worth([settings[first], *settings[:first], *settings[first + 1 :]], Budget())
    derivation, columns = judged.derivation, judged.settled.convention.columns
    indices = [part.index for part in walk(right) if isinstance(part, Big)]
    plus = any(isinstance(part, Immediate) for part in walk(right))
    try:
        truths = truths_of(derivation, columns)
        found = truths.right_sides(equation.left, worth.steps, settings[first].at)
    except FAILS:
        found = []
    forms = [with_index(form if plus else _without_plus(form, worth), indices) for form in found]
    serve = [form for form in forms if worth.everywhere(form, SURE)]
    return Finder(right, serve, derivation.plain.symbols, worth)


def _settings(verdict: Verdict, equation: Equation, points: Points) -> Iterator[Setting]:
    """Every point and every step for which a line is said, with what its left side is there."""
    for point in points:
        for at in point.indices(verdict.said, verdict.place):
            target = value_of(point, equation.left, at)
            if target is not None:
                yield Setting(point, at, target)


def _agrees(right: Formula, setting: Setting) -> bool:
    """Whether a right side happens to be right at a setting: that one tells nothing."""
    found = value_of(setting.point, right, setting.at)
    return found is not None and close(found, setting.target)


def _without_plus(formula: Formula, worth: Worth) -> Formula:
    """Immediate derivatives with a plain ∂, where that is how the document reads it."""
    if isinstance(formula, Immediate) and not formula.alone:
        plain = Total(formula.of, formula.by)
        return plain if worth.is_worth(plain, worth.array(formula)) else formula
    return map_children(formula, lambda child: _without_plus(child, worth))
