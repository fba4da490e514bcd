"""`fault`: what is wrong with a line that is wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG, Fault, Said, Verdict
from symrnn.check.faults.budget import EVERY, Budget
from symrnn.check.faults.finding import Finder
from symrnn.check.faults.shapes import definition
from symrnn.check.faults.truths import placed, truths_of, with_index
from symrnn.check.faults.vocabulary import Piece, bare, pieces
from symrnn.check.faults.worth import FAILS, Setting, Worth, same, value_of
from symrnn.check.judging import Judged, Point
from symrnn.check.judging.choices import reading_words
from symrnn.check.judging.fitting import OutsideError
from symrnn.check.judging.numbers import is_numeric
from symrnn.check.judging.outcome import members
from symrnn.check.judging.truth import READINGS
from symrnn.check.judging.values import DEFINED, Key, reading_key
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Big, Equation, Formula, Immediate, Name, Total, Words
from symrnn.derive.pieces import map_children, walk
from symrnn.derive.recursion import kept
from symrnn.language.tree import ZERO, Neg, Num, Ref

SURE = 8
"""So many settings tell which of derive's formulas serve."""

DIGITS = 12
"""Of a number at most."""


def fault(judged: Judged, verdict: Verdict, budget: Budget | None = None) -> Fault | None:
    """What is wrong with a right side; nothing where it is not, or follows from a wrong one.

    The budget is that of the document.
    """
    if verdict.status != WRONG or verdict.follows:
        return None
    digits = _digits(verdict.said.equation.rights[verdict.place])
    if digits:
        return _number(verdict, digits)
    mine = (budget or Budget(EVERY)).of_a_line()
    ill = _ill(judged, verdict)
    for equation in members(verdict.said.equation):
        finders = [
            (finder, words)
            for number, (points, words) in enumerate(_readings(judged, verdict), 1)
            if (finder := _finder(judged, verdict, equation, points, mine.share(number)))
            is not None
        ]
        if ill is not None:
            corrected = next((form for each, _ in finders for form in each.forms), None)
            says = ("what ", ill.formula, " stands for does not fit together")
            return Fault("ill-shaped", ill.path, says, corrected=corrected)
        if not finders and isinstance(equation.left, Name):
            return definition(equation.rights[verdict.place], judged.points[0], mine)
        if finders and not finders[0][0].forms:
            told = _of_zero(equation, verdict.place, finders[0][0].worth.settings)
            if told is None and digits is not None:
                told = _number(verdict, 0)
            if told is not None:
                return told
        finders.sort(key=lambda each: -each[0].matches)
        tried: list[Fault] = []
        for most in (1, 2):  # one edit, however the line is read, before two
            for each, words in finders:
                found = each.fault(most)
                if each.clear:
                    return replace(found, says=(*found.says, *words))
                tried.append(found)
        if tried:
            return tried[len(finders)]
    return None


def _ill(judged: Judged, verdict: Verdict) -> Piece | None:
    """A letter whose definition, in another line, does not fit together."""
    ill = [
        other.said.equation.left
        for other in judged.report.verdicts
        if other.status == WRONG and other.said is not verdict.said
    ]
    letters = {left.letter for left in ill if isinstance(left, Name)}
    defined = {key[1] for key, option in judged.settled.choices.items() if option == DEFINED}
    for piece in pieces(verdict.said.equation.rights[verdict.place]):
        if isinstance(piece.formula, Name) and piece.formula.letter in letters & defined:
            return piece
    return None


def _digits(right: Formula) -> int | None:
    """How many digits a result has behind its point; nothing where it is no number."""
    if not is_numeric(right):
        return None
    numbers = [part.value for part in walk(right) if isinstance(part, Num)]
    found = range(DIGITS)
    return next((d for d in found if all((n * 10**d).denominator == 1 for n in numbers)), DIGITS)


def _number(verdict: Verdict, digits: int) -> Fault | None:
    """What a result in numbers should be, with as many digits."""
    right, example = verdict.said.equation.rights[verdict.place], verdict.example
    left = np.ravel(cast("Any", example.left)) if example is not None else np.zeros(0)
    if len(left) != 1:
        return None
    number = Num(Fraction(f"{abs(left[0]):.{digits}f}"))
    corrected = Neg(number) if left[0] < 0 else number
    flipped = corrected == (right.arg if isinstance(right, Neg) else Neg(right))
    kind = "sign" if flipped else "wrong operand"
    return Fault(kind, (), ("it is ", corrected), corrected=corrected)


def _of_zero(equation: Equation, place: int, settings: Sequence[Setting]) -> Fault | None:
    """What is wrong where the left side is a derivative that is zero."""
    left = equation.left
    if not isinstance(left, Total | Immediate) or any(each.target.any() for each in settings):
        return None
    turned = replace(left, of=left.by, by=left.of)
    says: Words = (left, " is zero: ", left.of, " does not depend on ", left.by)
    right = equation.rights[place]
    values = ((value_of(s.point, turned, s.at), value_of(s.point, right, s.at)) for s in settings)
    if all(a is not None and b is not None and same(a, b) for a, b in values):
        return Fault("time index", (), (*says, "; this is ", turned), corrected=ZERO)
    return Fault("wrong operand", (), says, corrected=ZERO)


Points = Sequence[Point]


def _readings(judged: Judged, verdict: Verdict) -> Iterator[tuple[Points, Words]]:
    """The points as the document is read, and as it could be, where no right line tells how a
    parameter's derivative is meant: the first wrong term is sought under the likelier one."""
    yield judged.points, ()
    open_ = _derivatives(verdict.said)
    for other in judged.report.verdicts:
        if other.status in (RIGHT, RIGHT_IF):
            open_ = {
                key: part for key, part in open_.items() if key not in _derivatives(other.said)
            }
    open_ = {key: part for key, part in open_.items() if key in judged.known}
    own = {key: part for key, part in open_.items() if key[2] in judged.derivation.parameters}
    for keys in (own, *({key: part} for key, part in open_.items() if key not in own)):
        for option in READINGS:
            chosen = {key: option for key in keys if option in judged.known[key]}
            changed = [k for k, v in chosen.items() if judged.settled.choices.get(k) != v]
            if changed:
                settled = replace(judged.settled, choices={**judged.settled.choices, **chosen})
                points = [replace(point, settled=settled) for point in judged.points]
                yield points, ("; here ", *reading_words(changed[0], option, keys[changed[0]]))


def _derivatives(said: Said) -> dict[Key, Formula]:
    sides = (said.equation.left, *said.equation.rights)
    parts = (part for side in sides for part in walk(side))
    return {reading_key(part): part for part in parts if isinstance(part, Total | Immediate)}


def _finder(
    judged: Judged, verdict: Verdict, equation: Equation, points: Points, budget: Budget
) -> Finder | None:
    """A search for what is wrong, among the steps at which derive has one formula;
    nothing where both sides are equal."""
    right = equation.rights[verdict.place]
    every = sorted(
        _settings(verdict, equation, points),
        key=lambda each: (not each.point.setting.active, not each.target.any()),
    )
    first: Finder | None = None
    for chosen in _PLACES:
        settings = [each for each in every if chosen(each.step, each.point.steps)]
        wrong = next((i for i, each in enumerate(settings) if not each.agrees(right)), None)
        if wrong is None:
            continue
        settings = [settings[wrong], *settings[:wrong], *settings[wrong + 1 :]]
        worth = Worth(settings, budget, equation.left)
        worth.loose = worth.shape(right) not in (None, settings[0].target.shape)
        forms = _forms(judged, equation.left, right, worth)
        finder = Finder(right, forms, _letters_of(judged.derivation), worth)
        if forms:
            return finder
        first = first or finder
    return first


_PLACES: tuple[Callable[[int, int], bool], ...] = (
    lambda step, last: True,
    lambda step, last: step < last,
    lambda step, last: step > 1,
    lambda step, last: step == last,
)
"""The steps for which a line may be meant: a recursion begins with another line."""


def _forms(judged: Judged, left: Formula, right: Formula, worth: Worth) -> list[Formula]:
    """What derive has for a left side, in the letters of the line, as far as it holds there."""
    indices = [part.index for part in walk(right) if isinstance(part, Big)]
    plus = any(isinstance(part, Immediate) for part in walk(right))
    letters = _letters(judged)
    try:
        truths = truths_of(judged.derivation, judged.settled.convention.columns)
        first = worth.settings[0]
        found = truths.right_sides(letters.unfolded(left), worth.steps, first.at)
    except FAILS:
        return []
    found = [letters.folded(with_index(form, indices)) for form in found]
    forms = [form if plus else _without_plus(form, worth) for form in found]
    return [form for form in forms if worth.everywhere(form, SURE)]


def _letters_of(derivation: Derivation) -> list[Ref]:
    """The letters that the model has for its values."""
    names = derivation.own | kept(derivation)
    symbols = derivation.plain.symbols.values()
    return [
        Ref(symbol.name, "t" if symbol.timed else "")
        for symbol in symbols
        if symbol.role in ("parameter", "input", "target", "constant")
        or (symbol.role == "variable" and symbol.name in names - {"L"})
    ]


@dataclass(frozen=True)
class Letters:
    """The writer's own letters, and which derivatives they stand for, with their signs."""

    meanings: Mapping[str, Formula]

    def unfolded(self, left: Formula) -> Formula:
        if isinstance(left, Name) and left.letter in self.meanings:
            return placed(bare(self.meanings[left.letter]), left.at, 0)
        return left

    def folded(self, formula: Formula) -> Formula:
        for letter, meaning in self.meanings.items():
            match formula, bare(meaning):
                case Total(of=of, by=Ref() as by), Total(of=same, by=Ref() as own) if (
                    of == same and by.name == own.name
                ):
                    name = Name(letter, Ref("", by.base, by.shift - own.shift))
                    return Neg(name) if isinstance(meaning, Neg) else name
        return map_children(formula, self.folded)


def _letters(judged: Judged) -> Letters:
    """What each letter was taken to mean."""
    meanings: dict[str, Formula] = {}
    for letter, several in judged.report.writing.meanings.items():
        chosen = judged.settled.choices.get(("letter", letter), 0)
        if isinstance(chosen, int) and chosen < len(several):
            meanings[letter] = several[chosen]
    return Letters(meanings)


def _settings(verdict: Verdict, equation: Equation, points: Points) -> Iterator[Setting]:
    """Every point and every step for which a line is said, with what its left side is there."""
    for point in points:
        for at in point.indices(verdict.said, verdict.place):
            target = value_of(point, equation.left, at)
            try:
                value_of(point, equation.rights[verdict.place], at, silent=OutsideError)
            except OutsideError:
                continue
            if target is not None:
                yield Setting(point, at, target)


def _without_plus(formula: Formula, worth: Worth) -> Formula:
    """Immediate derivatives with a plain ∂, where that is how the document reads it."""
    if isinstance(formula, Immediate) and not formula.alone:
        plain = Total(formula.of, formula.by)
        return plain if worth.is_worth(plain, worth.array(formula)) else formula
    return map_children(formula, lambda child: _without_plus(child, worth))
