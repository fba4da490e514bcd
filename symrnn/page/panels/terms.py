"""The gradient term by term: each a control, which lights up its path and its line of the kernel.

A term begins at the loss, or at the total derivative of what several paths share, as in the view
`chain`; beside its chain stands its closed form.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from symrnn.derive.build import plus
from symrnn.derive.derivation import LOSS
from symrnn.derive.formula import Equation, Formula, Sheet, Total
from symrnn.derive.pages.document import Choice, Fold, Item, Paragraph, Section, Text, typeset
from symrnn.derive.pages.paper import Paper
from symrnn.derive.paths import Term
from symrnn.derive.picture.marks import mark, use
from symrnn.derive.recursion import closed_of
from symrnn.derive.sheets import as_columns, count_factors
from symrnn.derive.views.common import bracketed, chained
from symrnn.language.tree import Ref
from symrnn.page.subject import LONGEST, Subject

MOST = 150
"""Terms: so many have a row, of each parameter the last steps."""

ALL = 3000
"""Factors in the chains of all terms: of more not even the last steps are worked out."""

OPEN = 6
"""Parameters: of so many all terms are seen at once; of more the others are folded."""

ABOUT = (
    "The gradient by a parameter is a sum: each step at which the parameter is used adds a term."
    " In brackets, with a step below them, stands what that step adds. Choose a term, and its path"
    " in the picture and the lines of the kernel that work it out light up with it; Escape puts"
    " them out."
)


def sections(subject: Subject) -> tuple[Section, ...]:
    return (Section(("The sum, term by term",), tuple(_Rows(subject).items())),)


class _Rows:
    def __init__(self, subject: Subject) -> None:
        self.output = subject.by_terms
        self.paper = Paper(self.output)
        self.derivation = subject.terms_of
        self.names = self.derivation.chosen()
        self.closed = closed_of(self.derivation).term
        self.lights = subject.lights
        self.equations: list[Equation] = []

    def items(self) -> Iterator[Item]:
        count = count_factors(self.derivation)
        if count > ALL:
            steps = self.derivation.system.steps
            yield Paragraph(
                typeset(
                    f"With {steps} steps the terms have {count:,} factors, more than anybody would"
                    f" read (the limit is {ALL:,}); the backward recursion says the same."
                )
            )
            return
        yield Paragraph((ABOUT,))
        rows = [self.parameter(name) for name in self.names]
        totals = tuple(self.totals())
        for sheet in self.output.before((Sheet((), tuple(self.equations)),), set()):
            yield from self.paper.sheet(sheet, titled=True)
        if told := self.output.told:
            yield Paragraph(self.paper.text(told))
        few = len(rows) <= OPEN
        for n, (title, items) in enumerate(rows):
            yield Fold(title, items, few or n == 0, titled=True)
        if totals:
            yield Fold(("What several paths share",), totals, few, titled=True)

    def parameter(self, name: str) -> tuple[Text, tuple[Item, ...]]:
        """A row for each term of the gradient by a parameter."""
        terms = self.derivation.terms(name)
        shown = self.shown(terms)
        whole = Total(LOSS, Ref(name))
        says = " is the sum of" if len(terms) > 1 else " has one term" if terms else " is zero"
        items: list[Item] = []
        seen: dict[str, int] = {}
        for term in shown:
            own = use(name, term.last.of)
            seen[own] = seen.get(own, 0) + 1
            own += f".{seen[own]}" if seen[own] > 1 else ""
            items.append(self.row(own, name, term, len(terms) > 1))
        if left := len(terms) - len(shown):
            items.append(Paragraph((f"and {left} more, of the steps before these.",)))
        return self.paper.text((whole, says)), tuple(items)

    def shown(self, terms: Sequence[Term]) -> list[Term]:
        """The first of them, as many as fit on a page beside those of the other parameters."""
        room = LONGEST // len(self.names)
        long = accumulate(len(term.path) for term in terms)
        fitting = sum(factors <= room for factors in long)
        return list(terms[: max(1, min(fitting, MOST // len(self.names)))])

    def row(self, own: str, name: str, term: Term, several: bool) -> Choice:
        whole = Total(LOSS, Ref(name))
        left = bracketed(term, whole) if several else whole
        where = "once" if term.step is None else f"step {term.step.shift + 1}"
        rights = [chained(self.derivation, term), self.closed(term)]
        return self.choice(own, where, f"{name}, {where}", left, rights, [term])

    def totals(self) -> Iterator[Choice]:
        """A row for each total derivative in which terms begin."""
        for node in self.derivation.totals():
            terms = self.derivation.paths.terms(node)
            chains = plus(chained(self.derivation, term) for term in terms)
            where = f", step {node.shift + 1}" if node.base else ""
            yield self.choice(
                mark(node), node.name + where, f"what {node.name}{where} hands back",
                Total(LOSS, node), [chains, plus(map(self.closed, terms))], terms,
            )  # fmt: skip

    def choice(
        self,
        own: str,
        label: str,
        said: str,
        left: Formula,
        rights: Sequence[Formula],
        terms: Sequence[Term],
    ) -> Choice:
        equation = Equation(left, tuple(dict.fromkeys(rights)))
        if self.output.request.columns and not self.derivation.scalar:
            (sheet,) = as_columns((Sheet((), (equation,)),))
            (equation,) = sheet.equations
        self.equations.append(equation)
        lights = _each(self.lights.of(term) for term in terms)
        starts = dict.fromkeys(term.start for term in terms)
        behind = _each(self.lights.behind(start) for start in starts)
        return Choice(
            own,
            label,
            said,
            self.paper.display((equation,)),
            lights,
            tuple(token for token in behind if token not in lights),
        )


def _each(marks: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token for some in marks for token in some))
