"""An exam: sheets that differ by their seeds, with a line for name and points, and one key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from symrnn.derive.exercises.exercise import Task
from symrnn.derive.formula import Equation, Name, Sheet
from symrnn.derive.output import Chapter, Output
from symrnn.derive.pages.document import Document, Fields, PageBreak, Section
from symrnn.derive.pages.paper import Paper
from symrnn.errors import UsageError


@dataclass(frozen=True)
class Variant:
    """One sheet: what is asked and what is right, ready to be printed."""

    output: Output
    task: Task
    name: str = ""
    """Which of several it is."""

    @property
    def answers(self) -> list[Chapter]:
        """What belongs into each blank, if there are blanks."""
        entries = tuple(Equation(Name(f"({n})"), (found,)) for n, found in self.task.answers)
        sheet = Sheet(("Blanks",), entries)
        told = Chapter("Answers", (sheet,), task="What belongs into each blank:")
        return self.named([told]) if entries else []

    @property
    def solution(self) -> list[Chapter]:
        """What is right, whole."""
        return self.named(self.output.finished(self.task.solution))

    def named(self, parts: Sequence[Chapter]) -> list[Chapter]:
        name = f"{self.name}: " if self.name else ""
        return [replace(part, title=name + part.title) for part in parts]


TRIES = 50
"""So many seeds one after the other may give a sheet that is there already."""


def variants(make: Callable[[int], Variant], count: int) -> list[Variant]:
    """So many sheets of which no two are alike, from `make`, which takes by how much to go on from
    the seed."""
    found: list[Variant] = []
    shift = last = 0
    while len(found) < count:
        new = make(shift)
        if all(new.task.asked != each.task.asked for each in found):
            found.append(new)
            last = shift
        elif shift - last > TRIES:
            raise UsageError(
                f"no more than {len(found)} variants of this sheet were found, and {count} are"
                " asked for; take more steps, other views or another number of blanks"
            )
        shift += 1
    if count == 1:
        return found
    return [replace(each, name=f"Variant {n}") for n, each in enumerate(found, 1)]


def with_points(task: Task, points: int) -> Task:
    """The task, which says what each blank is worth, or the slip."""
    worth = "1 point" if points == 1 else f"{points} points"
    said = f" ({worth} each)" if task.answers else f" ({worth})"
    asked = [
        replace(part, task=part.task.removesuffix(".") + f"{said}.") if part.task else part
        for part in task.asked
    ]
    return replace(task, asked=asked)


def exam(variant: Variant, figure: bool, points: int, after: Sequence[Chapter] = ()) -> Document:
    """The sheet as a document, to be filled in by one student; `points` are those of a blank."""
    paper = Paper(variant.output)
    found = paper.document(variant.output.finished(variant.task.asked), figure, after)
    whole = points * max(len(variant.task.answers), 1)
    fields = Fields((("Name", ""), ("Points", f"/ {whole}")))
    name = f". {variant.name}" if variant.name else ""
    return replace(found, title=(paper.title + name,), head=(fields,))


def key(found: Sequence[Variant]) -> list[tuple[Output, list[Chapter]]]:
    """The solution of all variants, piece by piece: answers and whole solution of each; where the
    variants differ by their blanks alone, the whole stands once."""
    first = found[0]
    if all(each.task.solution == first.task.solution for each in found):
        answers = [(each.output, each.answers) for each in found]
        return [*answers, (first.output, replace(first, name="").solution)]
    return [(each.output, [*each.answers, *each.solution]) for each in found]


def key_document(found: Sequence[Variant]) -> Document:
    """The solution of all variants as one document; what is whole begins on a page of its own."""
    sections: list[Section] = []
    for output, chapters in key(found):
        if sections and any(chapter.view or not chapter.task for chapter in chapters):
            last = sections[-1]
            sections[-1] = replace(last, items=(*last.items, PageBreak()))
        sections += map(Paper(output).part, chapters)
    return Document((f"Solution. {Paper(found[0].output).title}",), tuple(sections))
