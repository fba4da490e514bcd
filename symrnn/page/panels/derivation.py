"""The derivation, a section for each view."""

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    output, paper = subject.output, subject.paper
    return (*map(paper.part, output.folded(output.parts())), *paper.updates())
