"""The gradient as a system of equations, in the language of the text."""

from symrnn.derive.pages.document import Listing, Section
from symrnn.page.subject import Subject
from symrnn.system.listing import listing


def sections(subject: Subject) -> tuple[Section, ...]:
    model = subject.model
    text = listing(model.adjoint, f"{model.name}: with its adjoint")
    return (Section(("The gradient as a system",), (Listing(text.rstrip("\n")),)),)
