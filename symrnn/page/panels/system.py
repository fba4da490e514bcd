"""The gradient as a system of equations, in the language of the text."""

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    return (Section(("The gradient as a system",), (subject.system,)),)
