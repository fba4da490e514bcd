"""`chain`: each term as a product of partial derivatives along its path, as the notes have it."""

from collections.abc import Sequence

from symrnn.derive.closed import summed
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Sheet
from symrnn.derive.paths import Term
from symrnn.derive.views.common import Make, bracketed, chained, gradient, recursion, shared
from symrnn.derive.views.partials import has_no_matrix, in_print
from symrnn.language.tree import Ref


def chain(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each parameter, and one for the totals that their terms share."""
    sheets = [
        Sheet(
            ("Gradient by ", target),
            (
                gradient(
                    derivation.paths,
                    in_print(derivation, target),
                    target,
                    term_of(derivation, target),
                ),
            ),
            name,
        )
        for name in derivation.chosen(names)
        for target in derivation.targets(name)
    ]
    return (*sheets, *shared(derivation, names, sheets, totals(derivation, names)))


def term_of(derivation: Derivation, target: Ref) -> Make:
    """How a term is written: in brackets with its step, where there are several."""
    several = len(in_print(derivation, target)) > 1

    def make(term: Term) -> Formula:
        body = chained(derivation, term)
        if several and not term.last.over:
            return bracketed(term, body)
        return over_steps(derivation, term, body)

    return make


def over_steps(derivation: Derivation, term: Term, body: Formula) -> Formula:
    """Σ_t of the term; where a derivative is of what happens once, it holds the sum itself."""
    holds = term.last.of.base != "t" and not has_no_matrix(derivation, term.last)
    return body if holds else summed(term.last, body)


def totals(derivation: Derivation, names: Sequence[str] = ()) -> list[Equation]:
    def make(term: Term) -> Formula:
        return over_steps(derivation, term, chained(derivation, term))

    def terms(node: Ref) -> tuple[Term, ...]:
        return in_print(derivation, node)

    return [
        equation
        for node in derivation.totals(names)
        for equation in recursion(derivation.paths, node, make, terms)
    ]
