"""An exercise made of an output: with blanks or one slip, in formulas or in worked numbers."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises.blanks import Answers, Sheets, exercise, put
from symrnn.derive.exercises.mistakes import (
    FACTOR,
    INDEX,
    KINDS,
    PATH,
    PLUS,
    SIGN,
    Change,
    Text,
    changes,
)
from symrnn.derive.exercises.slips import matters_for, plant
from symrnn.derive.formula import (
    Blank,
    Equation,
    Formula,
    Marked,
    Sheet,
    Value,
    map_children,
    map_sheet,
    walk,
)
from symrnn.derive.output import Chapter, Output
from symrnn.derive.sheets import Request, flipped, sheets_of
from symrnn.derive.views import VIEWS
from symrnn.errors import CheckError, UsageError

SHARE = 3
"""One value of so many is left blank."""

VISIBLE = 1e-2
"""By how much of its norm a wrong value is off at least: so that it shows in a few digits."""


def exercise_in_numbers(sheets: Sheets, seed: int = 0) -> tuple[Sheets, Answers]:
    """The sheets with values left blank: a value has one number wherever it stands, so that no
    later line gives it away."""
    rng = random.Random(seed)
    given = {v for equation in sheets[0].equations for v in _values(equation)}
    worked = [e.rights[-1] for sheet in sheets[1:] for e in sheet.equations if len(e.rights) > 1]
    open_ = [v for v in dict.fromkeys(worked) if isinstance(v, Value) and _tells(v, given)]
    count = max(1, round(len(open_) / SHARE)) if open_ else 0
    chosen = set(rng.sample(open_, count))
    read = dict.fromkeys(v for s in sheets for e in s.equations for v in _values(e) if v in chosen)
    numbers: dict[Formula, Blank] = {v: Blank(number + 1) for number, v in enumerate(read)}

    def blanked(formula: Formula) -> Formula:
        return numbers.get(formula) or map_children(formula, blanked)

    found = (sheets[0], *(map_sheet(sheet, blanked) for sheet in sheets[1:]))
    return found, tuple((blank.number, value) for value, blank in numbers.items())


def _values(equation: Equation) -> Iterator[Value]:
    for right in equation.rights:
        yield from (part for part in walk(right) if isinstance(part, Value))


def _tells(value: Value, given: set[Value]) -> bool:
    """Whether it is a value to be worked out: none that is given anyway, and not zero."""
    return value not in given and bool(np.any(value.rows))


def misput(
    derivation: Derivation, request: Request, sheets: Sheets, seed: int
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
    for kind in rng.sample(KINDS, len(KINDS)):
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
    raise UsageError("there is nothing to get wrong in these numbers: no slip would change a value")


def _told(change: Change) -> Text:
    match change.kind:
        case kind if kind == FACTOR:
            return ("The factor ", change.right, " was not put in.")
        case kind if kind == PATH:
            return ("The term ", change.right, " was not put in.")
        case kind if kind == SIGN:
            return ("A sign is wrong: ", change.right, " was worked out as ", change.new, ".")
        case kind if kind == INDEX:
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


def planted(output: Output, parts: Sequence[Chapter], seed: int) -> tuple[list[Chapter], Chapter]:
    """The parts with one slip in the first of them, and what it is."""
    first, *others = map(plainly, parts)
    task = FIND
    if first.in_numbers:
        wrong, told = misput(output.derivation, output.request, first.sheets, seed)
        wrong, task = output.remarked(wrong), FIND_NUMBER
    else:
        columns = output.request.columns and not output.derivation.scalar
        matters = matters_for(output.derivation, first.sheets, columns)
        wrong, slip = plant(first.sheets, seed, matters)
        told = Sheet(("Right is",), (slip.equation,), note=slip.says)
    asked = replace(first, sheets=wrong, title=f"Find the slip: {first.title}", task=task)
    return [asked, *others], Chapter("The slip", (told,), task="What was wrong:")


def with_blanks(parts: Sequence[Chapter], seed: int) -> tuple[list[Chapter], list[Chapter]]:
    """The parts with blanks, numbered throughout, and the solution."""
    parts = [plainly(part) for part in parts]
    blanks: list[Chapter] = []
    count = 0
    for part in parts:
        sheets, answers = (exercise_in_numbers if part.in_numbers else exercise)(part.sheets, seed)
        sheets = tuple(map_sheet(sheet, renumbered(count)) for sheet in sheets)
        count += len(answers)
        blanks.append(replace(part, sheets=sheets, title=f"Exercise: {part.title}", task=FILL))
    solution = [
        replace(part, title=f"Solution: {part.title}", task="Nothing is left out:")
        for part in parts
    ]
    return blanks, solution


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
