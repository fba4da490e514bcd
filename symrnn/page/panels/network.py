"""The network, unrolled and drawn."""

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    return (subject.paper_unrolled.unrolled(figure=True),)
