"""The text and its equations, what its symbols mean, and how many parameters there are."""

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    return subject.paper.model(), subject.paper.symbols()
