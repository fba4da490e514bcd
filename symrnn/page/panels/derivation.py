"""The derivation, each view to be folded."""

from symrnn.derive.pages.document import Fold, Section
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    """One section, of which the first view is open."""
    output, paper = subject.output, subject.paper
    views = [*map(paper.part, output.folded(output.parts())), *paper.updates()]
    folds = [Fold(view.title, view.items, n == 0, titled=True) for n, view in enumerate(views)]
    return (Section(("The derivation",), tuple(folds)),)
