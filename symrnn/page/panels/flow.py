"""How the gradient flows through time: verdicts in words, numbers in tables, pictures."""

from symrnn.derive.pages.document import Section
from symrnn.flow.page import section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    batch = subject.batch
    found = batch.model.flow(batch.params, batch.inputs, None if batch.inputs else subject.steps)
    return (section(found, "How the gradient flows", batch.remarks),)
