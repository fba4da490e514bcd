"""A worked example: every formula, then with its numbers, then its value."""

from symrnn.derive.output import Look, Output
from symrnn.derive.pages.document import Paragraph, Section
from symrnn.derive.pages.paper import Paper
from symrnn.derive.sheets import Request
from symrnn.errors import UsageError
from symrnn.interpret.sizes import Sizes
from symrnn.page.refused import refused
from symrnn.page.subject import Subject

TITLE = "A worked example"


def sections(subject: Subject) -> tuple[Section, ...]:
    """What is too long to be followed is not written out, and that is said; of data that do not
    fit the message comes as it is."""
    if subject.asked.data:
        _ = subject.example
    try:
        return (_example(subject),)
    except UsageError as error:
        return (refused(TITLE, error),)


def _example(subject: Subject) -> Section:
    model, example, scalar = subject.model, subject.example, subject.asked.scalar
    sizes = Sizes(model.system.symbols, example.arrays, example.steps)
    derived = model.derive(example.steps, scalar=scalar, dims=None if scalar else sizes.dims)
    extra = {"data": example.arrays, "eta": 0.001, "meaning": example.meaning}
    request = Request(("numbers",), extra=extra)
    output = Output(derived, request, Look(subject.asked.notation))
    (part,) = output.parts()
    found = Paper(output).part(part)
    return Section((TITLE,), (Paragraph((example.said,)), *found.items))
