"""An exercise made of an output: with blanks or one slip, in formulas or in worked numbers."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises import FACTOR, INDEX, KINDS, PATH, PLUS, SIGN, TRANSPOSE
from symrnn.derive.exercises.blanks import Answers, Sheets, exercise, room, shared
from symrnn.derive.exercises.mistakes import Change, Text, changes
from symrnn.derive.exercises.slips import matters_for, no_slip, plant
from symrnn.derive.formula import Blank, Equation, Formula, Marked, Sheet, Value
from symrnn.derive.output import Chapter, Output
from symrnn.derive.pieces import map_children, map_sheet, put, walk
from symrnn.derive.sheets import Request, flipped, sheets_of
from symrnn.derive.views import VIEWS
from symrnn.errors import CheckError, UsageError

SHARE = 3
"""One value of so many is left blank."""

VISIBLE = 1e-2
"""By how much of its norm a wrong value is off at least: so that it shows in a few digits."""


def exercise_in_numbers(
    sheets: Sheets, seed: int = 0, count: int | None = None
) -> tuple[Sheets, Answers]:
    """The sheets with values left blank: a value has one number wherever it stands, so that no
    later line gives it away."""
    rng = random.Random(seed)
    open_ = worked_out(sheets)
    if count is None:
        count = max(1, round(len(open_) / SHARE)) if open_ else 0
    chosen = set(rng.sample(open_, count))
    read = dict.fromkeys(v for s in sheets for e in s.equations for v in _values(e) if v in chosen)
    numbers: dict[Formula, Blank] = {v: Blank(number + 1) for number, v in enumerate(read)}

    def blanked(formula: Formula) -> Formula:
        return numbers.get(formula) or map_children(formula, blanked)

    found = (sheets[0], *(map_sheet(sheet, blanked) for sheet in sheets[1:]))
    return found, tuple((blank.number, value) for value, blank in numbers.items())


def worked_out(sheets: Sheets) -> list[Value]:
    """The values that a student can find: results of lines, each once."""
    given = {v for equation in sheets[0].equations for v in _values(equation)}
    results = [e.rights[-1] for sheet in sheets[1:] for e in sheet.equations if len(e.rights) > 1]
    return [v for v in dict.fromkeys(results) if isinstance(v, Value) and _tells(v, given)]


def _values(equation: Equation) -> Iterator[Value]:
    for right in equation.rights:
        yield from (part for part in walk(right) if isinstance(part, Value))


def _tells(value: Value, given: set[Value]) -> bool:
    """Whether it is a value to be worked out: none that is given anyway, and not zero."""
    return value not in given and bool(np.any(value.rows))


def misput(
    derivation: Derivation,
    request: Request,
    sheets: Sheets,
    seed: int,
    kinds: Sequence[str] = tuple(KINDS),
) -> tuple[Sheets, Sheet]:
    """The worked example with one equation's numbers put into a wrong formula, and everything
    after it worked out with the wrong value; and what is right."""
    rng = random.Random(seed)
    rows = sheets_of(derivation, "numbers", replace(request, columns=False))
    known = frozenset(part for s in rows for e in s.equations for part in walk(e.rights[0]))
    found: dict[str, list[tuple[Equation, Change]]] = {kind: [] for kind in KINDS}
    for sheet in rows:
        for equation in sheet.equations:
            if len(equation.rights) > 1 and not isinstance(equation.left, Marked):
                formula = replace(equation, rights=equation.rights[:1])
                for change in changes(formula, known):
                    found[change.kind].append((equation, change))
    turned = request.columns and not derivation.scalar
    for kind in rng.sample(kinds, len(kinds)):
        for equation, change in rng.sample(found[kind], len(found[kind])):
            slip = equation.left, put(equation.rights[0], change.path, change.new)
            try:
                extra = {**request.extra, "slip": slip}
                wrong = sheets_of(derivation, "numbers", replace(request, extra=extra))
            except (CheckError, ValueError):  # what does not fit is no slip that anyone makes
                continue
            right = _of(sheets, equation.left)
            if _differ(right, _of(wrong, equation.left)):
                says = (*_told(change), " From there on the wrong value is used. ")
                says = tuple(flipped(p) if turned and not isinstance(p, str) else p for p in says)
                return wrong, Sheet(("Right is",), (right,), note=says)
    raise UsageError(
        f"there is nothing to get wrong in these numbers: {no_slip(kinds)} would change a value"
    )


def _told(change: Change) -> Text:
    match change.kind:
        case kind if kind == FACTOR:
            return ("The factor ", change.right, " was not put in.")
        case kind if kind == PATH:
            return ("The term ", change.right, " was not put in.")
        case kind if kind == SIGN:
            return ("A sign is wrong: ", change.right, " was worked out as ", change.new, ".")
        case kind if kind in (INDEX, TRANSPOSE):
            return ("The value of ", change.new, " was put in for that of ", change.right, ".")
        case kind if kind == PLUS:
            return ("Where ", change.right, " belongs, ", change.new, " was worked out.")
    return ("",)


def _of(sheets: Sheets, left: Formula) -> Equation:
    return next(e for s in sheets[1:] for e in s.equations if e.left == left)


def _differ(right: Equation, wrong: Equation) -> bool:
    one, other = right.rights[-1], wrong.rights[-1]
    if not (isinstance(one, Value) and isinstance(other, Value)):
        return False
    a, b = np.array(one.rows), np.array(other.rows)
    if a.shape != b.shape or not np.isfinite(b).all():
        return False
    return bool(np.linalg.norm(b - a) > VISIBLE * np.linalg.norm(a))


FILL = "Fill in the blanks."
FIND = "One of these formulas is wrong. Find it, and put it right."
FIND_NUMBER = (
    "In one of these lines the numbers are not those of the formula, and all that follows is worked"
    " out with what came of it. Find it, and put it right."
)

KEPT = {"all": slice(None), "first": slice(1), "last": slice(-1, None)}
"""Which right sides of an equation stand in an exercise."""


@dataclass(frozen=True)
class Task:
    """What students are asked, and what is right."""

    asked: list[Chapter]
    solution: list[Chapter]
    answers: Answers = ()
    """What belongs into each blank."""


def planted(
    output: Output, parts: Sequence[Chapter], seed: int, kinds: Sequence[str] = tuple(KINDS)
) -> Task:
    """The parts with one slip in the first of them, and what it is."""
    first, *others = map(plainly, parts)
    task = FIND
    if first.in_numbers:
        wrong, told = misput(output.derivation, output.request, first.sheets, seed, kinds)
        wrong, task = output.remarked(wrong), FIND_NUMBER
    else:
        columns = output.request.columns and not output.derivation.scalar
        matters = matters_for(output.derivation, first.sheets, columns)
        wrong, slip = plant(first.sheets, seed, matters, kinds)
        told = Sheet(("Right is",), (slip.equation,), note=slip.says)
    asked = replace(first, sheets=wrong, title=f"Find the slip: {first.title}", task=task)
    return Task([asked, *others], [Chapter("The slip", (told,), task="What was wrong:")])


ALL = -1
"""As a number of blanks: whatever can be left blank."""


def with_blanks(parts: Sequence[Chapter], seed: int, count: int | None = None) -> Task:
    """The parts with so many blanks, numbered throughout, and the solution; unsaid, about a third
    of what can be left blank."""
    parts = [plainly(part) for part in parts]
    blanks: list[Chapter] = []
    answers: list[tuple[int, Formula]] = []
    shares = _shares([_room(part) for part in parts], seed, count)
    for part, share in zip(parts, shares, strict=True):
        leave = exercise_in_numbers if part.in_numbers else exercise
        sheets, own = leave(part.sheets, seed, share)
        # a table of norms would tell of values that are left blank
        shown = (sheet for sheet in sheets if sheet.grid is None)
        sheets = tuple(map_sheet(sheet, renumbered(len(answers))) for sheet in shown)
        answers += [(len(answers) + n, answer) for n, (_, answer) in enumerate(own, 1)]
        blanks.append(replace(part, sheets=sheets, title=f"Exercise: {part.title}", task=FILL))
    solution = [
        replace(part, title=f"Solution: {part.title}", task="Nothing is left out:")
        for part in parts
    ]
    return Task(blanks, solution, tuple(answers))


def _room(part: Chapter) -> int:
    return len(worked_out(part.sheets)) if part.in_numbers else room(part.sheets)


def _shares(rooms: Sequence[int], seed: int, count: int | None) -> Sequence[int | None]:
    """How many blanks each part gets."""
    most = sum(rooms)
    if not most:
        raise UsageError(
            "there is nothing to leave blank in these equations; other views have more (--view)"
        )
    if count is None:
        return [None for _ in rooms]
    if count > most:
        raise UsageError(
            f"these equations bear {most} blanks, no two side by side, and {count} are asked for;"
            " take fewer, more steps, or another view beside"
        )
    return shared(random.Random(seed), rooms, most if count == ALL else count)


def renumbered(by: int) -> Callable[[Formula], Formula]:
    """Blanks that go on counting."""

    def change(formula: Formula) -> Formula:
        if isinstance(formula, Blank):
            return Blank(formula.number + by)
        return map_children(formula, change)

    return change


def plainly(part: Chapter) -> Chapter:
    """The part without a second form of the same sum, which would give the first one away, and
    without reasons, which would too."""
    kept = KEPT[VIEWS[part.view].asked] if part.view in VIEWS else slice(None)
    return replace(
        part,
        sheets=tuple(
            replace(
                sheet,
                equations=tuple(
                    replace(e, rights=e.rights[kept], reasons=()) for e in sheet.equations
                ),
            )
            for sheet in part.sheets
        ),
    )
