"""Exercises made of an output: its parts with blanks in them, or with one slip."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from symrnn.derive.exercises.blanks import exercise
from symrnn.derive.exercises.in_numbers import exercise_in_numbers, misput
from symrnn.derive.exercises.slips import matters_for, plant
from symrnn.derive.formula import Blank, Formula, Sheet, map_children, map_sheet
from symrnn.derive.output import Output, Part
from symrnn.derive.views import VIEWS

FILL = "Fill in the blanks."
FIND = "One of these formulas is wrong. Find it, and put it right."
FIND_NUMBER = (
    "In one of these lines the numbers are not those of the formula, and all that follows is worked"
    " out with what came of it. Find it, and put it right."
)

KEPT = {"all": slice(None), "first": slice(1), "last": slice(-1, None)}
"""Which right sides of an equation stand in an exercise."""


def planted(output: Output, parts: Sequence[Part], seed: int) -> tuple[list[Part], Part]:
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
    return [asked, *others], Part("The slip", (told,), task="What was wrong:")


def with_blanks(parts: Sequence[Part], seed: int) -> tuple[list[Part], list[Part]]:
    """The parts with blanks, numbered throughout, and the solution."""
    parts = [plainly(part) for part in parts]
    blanks: list[Part] = []
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


def plainly(part: Part) -> Part:
    """The part without a second form of the same sum, which would give the first one away."""
    kept = KEPT[VIEWS[part.view].asked] if part.view in VIEWS else slice(None)
    return replace(
        part,
        sheets=tuple(
            replace(
                sheet, equations=tuple(replace(e, rights=e.rights[kept]) for e in sheet.equations)
            )
            for sheet in part.sheets
        ),
    )
