"""The text and its equations, what its symbols mean, and how many parameters there are."""

from collections import Counter

from symrnn.derive.as_written import as_written
from symrnn.derive.pages.document import Display, Inline, Paragraph, Section, Text
from symrnn.derive.pages.paper import Paper
from symrnn.derive.printing.latex import Latex
from symrnn.derive.printing.plain import Plain
from symrnn.language.tree import Width
from symrnn.page.subject import Subject
from symrnn.system.summary import summarise

TITLE = "The model"


def sections(subject: Subject) -> tuple[Section, ...]:
    if subject.model.system.loss is None:
        return (before_a_loss(subject),)
    model, symbols = subject.paper.model(), subject.paper.symbols()
    said = Paragraph(parameters(subject))
    return model, Section(symbols.title, (*symbols.items, said))


def before_a_loss(subject: Subject) -> Section:
    """The equations alone, in the text's own letters: what there is to see of a model while
    nothing can be derived of it yet."""
    equations, _, letters = as_written(subject.model.written, scalar=subject.asked.scalar)
    if not equations:
        return Section((TITLE,), (Paragraph(("Nothing in it runs over time yet.",)),))
    display = Display(Latex(letters).display(equations), Plain(letters).display(equations))
    return Section((TITLE,), (display,))


def parameters(subject: Subject) -> Text:
    """How many there are: 4 × D × H + …, and as a number where every width is known."""
    found = summarise(subject.model.name, subject.model.system, subject.dims)
    if not found.parameters:
        return ("There are no parameters.",)
    shapes = Counter(line.axes for line in found.parameters)
    sums = [_product(subject.paper, axes, many) for axes, many in shapes.items()]
    text = list(sums[0])
    for each in sums[1:]:
        text += [" + ", *each]
    if found.total is not None and subject.dims:
        widths = ", ".join(f"{name} = {size}" for name, size in subject.dims.items())
        text.append(f" = {found.total:,}, with {widths}")
    return ("Parameters: ", *text, ".")


def _product(paper: Paper, axes: tuple[Width, ...], many: int) -> Text:
    factors: list[Text] = [(str(many),)] if many > 1 or not axes else []
    factors += [paper.size(width) for width in axes]
    found: list[str | Inline] = list(factors[0])
    for each in factors[1:]:
        found += [" × ", *each]
    return tuple(found)
