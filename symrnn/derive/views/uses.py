"""`uses`: a gradient as the sum over the uses of the parameter, Σ_t ∂L/∂ŷ · ∂ŷ/∂O_t · ∂⁺O_t/∂w.

The derivative between what the loss judges and a use is total, and is spelt out below.
"""

from collections.abc import Iterator, Sequence

from symrnn.derive.build import total_over
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Equation, Formula, Sheet, Total
from symrnn.derive.paths import LOSS, Term
from symrnn.derive.pieces import moved_to
from symrnn.derive.views.chain import in_print, over_steps
from symrnn.derive.views.common import (
    alone,
    bracketed,
    closing,
    ended,
    gradient,
    holds,
    least,
    recursion,
    rooted,
    within,
)
from symrnn.errors import EquationError
from symrnn.language.tree import Ref


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each parameter, and one that spells the total derivatives out."""
    found = _Uses(derivation)
    sheets = [
        Sheet(("Gradient with respect to ", target), (found.gradient(target),), name)
        for name in derivation.chosen(names)
        for target in derivation.targets(name)
    ]
    readers = [equation for sheet in sheets for equation in sheet.equations]
    equations = ended(list(found.equations()), readers, found.root)
    if equations:
        targets = [t for name in derivation.chosen(names) for t in derivation.targets(name)]
        said = holds(least(derivation.paths, [*found.needed, *targets]))
        title = ("Total derivatives, along every path",)
        sheets.append(Sheet(title, tuple(equations), note=(said,) if said else ()))
    return tuple(sheets)


class _Uses:
    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.paths = derivation, derivation.paths
        self.root = root_of(derivation)
        self.needed: dict[Ref, None] = {}

    def gradient(self, target: Ref) -> Equation:
        terms = in_print(self.derivation, target)
        several = len(terms) > 1

        def make(term: Term) -> Formula:
            body = closing(self.derivation, self.factors(term)[:-1], term.last)
            if several and not term.last.over:
                return bracketed(term, body)
            return over_steps(self.derivation, term, body)

        found = gradient(self.paths, terms, target, make)
        whole = self.summed(terms)
        if whole is None:
            return found
        return Equation(found.left, (whole, *found.rights), by_terms=found.by_terms)

    def factors(self, term: Term) -> tuple[Formula, ...]:
        """∂L/∂ŷ · ∂ŷ/∂v · ∂⁺v/∂w."""
        use, of = self.derivation.factor(term.last), term.last.of
        if of == LOSS:
            return (use,)
        if self.root == LOSS:
            return self.total(of), use
        start = Total(LOSS, self.root)
        return (start, use) if of == self.root else (start, self.total(of), use)

    def total(self, node: Ref) -> Total:
        """∂root/∂node; there is an equation for it unless it is a single derivative."""
        self.needed.setdefault(self.paths.node(node))
        return Total(self.root, node)

    @property
    def symbolic(self) -> bool:
        return self.paths.steps is None

    def summed(self, terms: Sequence[Term]) -> Formula | None:
        """Σ_j of the terms, where they are one for each step."""
        steps = [term.last.of for term in terms]
        if len(terms) < 2 or len({of.name for of in steps}) != 1 or self.symbolic:
            return None
        places = sorted(of.shift for of in steps if of.base == "1")
        if places != list(range(self.paths.steps or 0)):
            return None
        general = self.general(terms[0].last)
        if general is None:
            return None
        before: tuple[Formula, ...] = (Total(self.root, Ref(general.of.name, "j")),)
        if self.root != LOSS:
            before = (Total(LOSS, self.root), *before)
        for each in steps:
            self.needed.setdefault(each)
        body = moved_to("j", closing(self.derivation.rolled, before, general))
        return total_over("j", Ref("", "1"), Ref("", "1", places[-1]), body)

    def general(self, edge: Edge) -> Edge | None:
        """The use at any step of which this is that at a certain one."""
        try:
            edges = self.derivation.rolled.paths.edges(edge.by)
        except EquationError:  # with another number of steps it is another network
            return None
        alike = [e for e in edges if e.of == Ref(edge.of.name, "t") and e.over and not e.without]
        return alike[0] if len(alike) == len(edges) == 1 else None

    def equations(self) -> Iterator[Equation]:
        """∂root/∂v, the last step first; what they need themselves as well."""
        waiting, seen = list(self.needed), dict.fromkeys(self.needed)
        while waiting:
            for term in self.paths.terms(waiting.pop()):
                start = self.paths.node(term.start)
                if start not in (LOSS, self.root) and start not in seen:
                    seen[start] = None
                    waiting.append(start)
        order = [node for node in self.derivation.network.edges if node in seen]
        for node in order:
            for equation in recursion(self.paths, node, self.make, self.terms):
                found = rooted(equation, self.root)
                if found.rights != (alone(found.left),):
                    yield found

    def make(self, term: Term) -> Formula:
        before = within(self.derivation, term, self.root)[:-1]
        return over_steps(self.derivation, term, closing(self.derivation, before, term.last))

    def terms(self, node: Ref) -> tuple[Term, ...]:
        return in_print(self.derivation, node)


def root_of(derivation: Derivation) -> Ref:
    """The variable that every path from the loss passes first, such as ŷ; without one the loss."""
    edges = derivation.network.edges
    own = {s.name for s in derivation.system.named("variable")}
    first = [node for node, found in edges.items() if any(e.of == LOSS for e in found)]
    first = [node for node in first if node.name in own]
    if len(first) == 1 and not first[0].base and len(edges[first[0]]) == 1:
        return first[0]
    return LOSS
