"""One plausible error, planted in a derivation for students to find.

Whether a slip matters is for the caller to say, by numbers (`matters_for`).
"""

import random
from dataclasses import dataclass, replace

from symrnn.derive.exercises.exercise import Path, Sheets, at_path, put
from symrnn.derive.exercises.matters import Matters, equations_of
from symrnn.derive.exercises.mistakes import KINDS, Change, Text, changes, is_paths, step_of
from symrnn.derive.formula import (
    Big,
    Bracket,
    Equation,
    Formula,
    Immediate,
    Name,
    Total,
    children,
    walk,
)
from symrnn.errors import UsageError
from symrnn.language.tree import Add, Neg


@dataclass(frozen=True, slots=True)
class Slip:
    """What was planted: in `equation`, `place` was changed, where `right` belongs."""

    kind: str
    equation: Equation
    wrong: Equation
    place: Formula
    """The piece of the right equation in which the error is."""
    right: Formula
    """What is missing, or what should stand for the wrong part."""
    wrong_part: Formula | None
    says: Text


def plant(sheets: Sheets, seed: int, matters: Matters) -> tuple[Sheets, Slip]:
    """The sheets with one error in them that matters; the same for the same seed."""
    rng = random.Random(seed)
    # the kind is drawn first: there are many more factors to forget than signs to turn
    found: dict[str, list[tuple[int, int, Change]]] = {kind: [] for kind in KINDS}
    known = frozenset(each for e in equations_of(sheets) for r in e.rights for each in walk(r))
    for i, sheet in enumerate(sheets):
        for j, equation in enumerate(sheet.equations):
            if isinstance(equation.left, Total | Immediate):
                for change in changes(equation, known):
                    found[change.kind].append((i, j, change))
    for kind in rng.sample(KINDS, len(KINDS)):
        for i, j, change in rng.sample(found[kind], len(found[kind])):
            equation = sheets[i].equations[j]
            wrong = _changed(equation, change)
            planted = _with(sheets, i, j, wrong)
            if matters(planted):
                return planted, _slip(equation, wrong, change)
    raise UsageError(
        "there is nothing to get wrong in these equations: no slip would change a gradient"
    )


def _slip(equation: Equation, wrong: Equation, change: Change) -> Slip:
    right = equation.rights[-1]
    says = _sentence(_where(right, change.path), change.why)
    place = at_path(right, change.path)
    return Slip(change.kind, equation, wrong, place, change.right, change.wrong_part, says)


def _sentence(where: Text, why: Text) -> Text:
    first = why[0]
    if isinstance(first, str):
        begins = (*where, " ", first) if where else (first[0].upper() + first[1:],)
    else:
        begins = (*where, ", ", first) if where else ("Here ", first)
    return (*begins, *why[1:], ".")


def _changed(equation: Equation, change: Change) -> Equation:
    right = put(equation.rights[-1], change.path, change.new)
    terms = equation.by_terms and isinstance(right, Add)
    return replace(equation, rights=(*equation.rights[:-1], right), by_terms=terms)


def _with(sheets: Sheets, i: int, j: int, equation: Equation) -> Sheets:
    equations = sheets[i].equations
    sheet = replace(sheets[i], equations=(*equations[:j], equation, *equations[j + 1 :]))
    return (*sheets[:i], sheet, *sheets[i + 1 :])


def _where(right: Formula, path: Path) -> Text:
    """In which term of the equation: by its step, or counted."""
    counted: Text = ()
    for i in path:
        if isinstance(right, Bracket):
            return ("In the term of ", Name("t"), " = ", step_of(right.at))
        if isinstance(right, Add) and is_paths(right):
            counted = (f"In term {i + 1} of the sum",)
        elif not isinstance(right, Neg | Big):
            break
        right = list(children(right))[i]
    if isinstance(right, Bracket):
        return ("In the term of ", Name("t"), " = ", step_of(right.at))
    return counted
