"""A flow on a page: verdicts in words, numbers in tables, pictures."""

from collections.abc import Iterable, Iterator, Sequence

from symrnn.derive.pages.document import Heading, Item, Paragraph, Section
from symrnn.derive.pages.images import MISSING, can_draw, image
from symrnn.derive.pages.tables import table
from symrnn.flow.data import Flow, RecurrenceFlow
from symrnn.flow.text import WAYS, figures, parameter_rows, step_rows

CAPTIONS = {
    "steps": "What each step adds to the gradient of each parameter, and the gradient of the state"
    " at each step, on a logarithmic scale.",
    "triangle": "Of what enters at step t, how much arrives through step k.",
    "spectrum": "The eigenvalues of the steps' Jacobians beside the unit circle, and the size of"
    " their products.",
}


def section(flow: Flow, title: str, remarks: Sequence[str] = ()) -> Section:
    """All of it under a title; `remarks` are on what it was measured with."""
    return Section((title,), tuple(_items(flow, remarks)))


def _items(flow: Flow, remarks: Sequence[str]) -> Iterator[Item]:
    steps = "1 step" if flow.steps == 1 else f"{flow.steps} steps"
    rows = "1 sequence" if flow.batch == 1 else f"{flow.batch} sequences"
    said = [f"On {rows} of {steps}; the loss is {flow.loss:.4g}", *remarks, *flow.remarks]
    yield Paragraph((f"{'. '.join(each[0].upper() + each[1:] for each in said)}.",))
    for each in flow.recurrences:
        yield from _recurrence(flow, each)
    yield Heading(("Gradients",))
    yield table(parameter_rows(flow.parameters))
    if flow.recurrences and flow.steps > 1:
        rows_of_steps, left = step_rows(flow)
        yield Heading(("What each step adds, as norms",))
        yield table(rows_of_steps)
        if left:
            yield Paragraph((f"Not shown: {', '.join(left)}.",))
    yield from _pictures(flow)


def _recurrence(flow: Flow, each: RecurrenceFlow) -> Iterator[Item]:
    word = {"none": "no verdict"}.get(each.verdict.word, each.verdict.word)
    numbers = "1 number" if each.width == 1 else f"{each.width} numbers"
    yield Heading((f"{', '.join(each.states)}: {word}",))
    way = WAYS[each.direction]
    yield Paragraph((f"The recurrence goes {way} and hands on {numbers}. {each.verdict.said}.",))
    yield Paragraph((_sentences(figures(flow, each)),))


def _sentences(lines: Iterable[str]) -> str:
    """
    >>> _sentences(["the norm is 2", "slopes:", "h 0.5"])
    'The norm is 2. Slopes: h 0.5.'
    """
    found = "".join(f"{line} " if line.endswith(":") else f"{line}\n" for line in lines)
    return " ".join(f"{line[:1].upper()}{line[1:]}." for line in found.splitlines())


def _pictures(flow: Flow) -> Iterator[Item]:
    if not can_draw():
        yield Paragraph((MISSING,))
        return
    from symrnn.flow.pictures import kinds

    for kind in kinds(flow):
        yield image(lambda form, kind=kind: flow.picture(kind, form), (CAPTIONS[kind],))  # type: ignore[misc]
