"""The generated kernel, each statement under the equation that it works out."""

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    return (Section(("The kernel",), (subject.code,)),)
