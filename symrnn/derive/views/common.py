"""What several views share: the gradient as a sum of terms, and the totals that the terms need."""

from collections.abc import Callable, Iterator, Sequence

from symrnn.derive.build import ZERO, chain, plus
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Bracket, Equation, Formula, Sheet, Total
from symrnn.derive.network import Edge
from symrnn.derive.paths import LOSS, Paths, Term
from symrnn.derive.views.ends import ended, holds, least
from symrnn.language.tree import Add, Ref

Make = Callable[[Term], Formula]
"""How a view writes one term."""


def gradient(paths: Paths, terms: Sequence[Term], target: Ref, make: Make) -> Equation:
    """∂L/∂w as the sum of its terms, one a line; by an input that the text reads at certain steps
    for all steps but these."""
    parts = [part for part in map(make, terms) if part != ZERO]
    fixed = paths.landings(target)
    (first, last), but = span(fixed)
    steps = (last, first) if fixed else ()
    left = Total(LOSS, target)
    if len(parts) < 2:
        return Equation(left, (plus(parts),), steps, but)
    return Equation(left, (Add(tuple(parts)),), steps, but, by_terms=True)


def recursion(
    paths: Paths, node: Ref, make: Make, terms_of: Callable[[Ref], Sequence[Term]] | None = None
) -> Iterator[Equation]:
    """The equations of ∂L/∂node: for certain steps, and for all others."""
    terms_of = terms_of or paths.terms
    if paths.steps is not None or not node.base:
        yield Equation(Total(LOSS, node), (_sum(terms_of(node), make),))
        return
    fixed = sorted(paths.landings(node), key=lambda ref: (ref.base, ref.shift), reverse=True)
    general = terms_of(node) if node.base == "t" else ()
    for place in fixed:
        yield Equation(Total(LOSS, place), (_sum(terms_of(place), make),))
    if node.base != "t":
        if not fixed:
            yield Equation(Total(LOSS, node), (_sum(terms_of(node), make),))
        return
    sources = [term.start.shift for term in general if term.start.base == "t"]
    backwards = any(s < 0 for s in sources) and not any(s > 0 for s in sources)
    (first, last), but = span(fixed)
    steps = (first, last) if backwards else (last, first)
    yield Equation(Total(LOSS, node), (_sum(general, make),), steps, but=but)


def span(places: Sequence[Ref]) -> tuple[tuple[Ref, Ref], tuple[Ref, ...]]:
    """The first and the last step besides these, and those of them that lie between.

    >>> span([Ref("h", "1"), Ref("h", "T", -1)])[0]
    (Ref(name='', base='1', shift=1), Ref(name='', base='T', shift=0))
    """
    taken = {(place.base, place.shift) for place in places}
    first = next(Ref("", "1", k) for k in range(len(taken) + 1) if ("1", k) not in taken)
    last = next(Ref("", "T", -k) for k in range(len(taken) + 1) if ("T", -k) not in taken)
    within = [
        p for p in places if (p.shift > first.shift if p.base == "1" else p.shift < last.shift)
    ]
    return (first, last), tuple(Ref("", place.base, place.shift) for place in within)


def shared(
    derivation: Derivation, names: Sequence[str], sheets: Sequence[Sheet], found: list[Equation]
) -> Iterator[Sheet]:
    """The sheet of the totals that the gradients of the other sheets are made of, if any."""
    found = ended(found, (equation for sheet in sheets for equation in sheet.equations))
    targets = [target for name in derivation.chosen(names) for target in derivation.targets(name)]
    said = holds(least(derivation.paths, [*derivation.totals(names), *targets]))
    if found:
        title = ("Total derivatives that several paths share",)
        yield Sheet(title, tuple(found), note=(said,) if said else ())


def _sum(terms: Sequence[Term], make: Make) -> Formula:
    return plus(map(make, terms))


def bracketed(term: Term, body: Formula) -> Formula:
    """The term with its step, if it belongs to one of several."""
    return body if term.step is None else Bracket(body, term.step)


def chained(derivation: Derivation, term: Term) -> Formula:
    """The product of the derivatives along a path."""
    return closing(derivation, derivation.factors(term)[:-1], term.last)


def closing(derivation: Derivation, before: Sequence[Formula], last: Edge) -> Formula:
    """A product of derivatives with that of a last edge; that by a matrix is what stands around
    the matrix: its operand, and what the row is multiplied with there."""
    rows = derivation.rows
    if rows.is_use(last):
        return plus(use.share(*before, use.matrix) for use in rows.uses(last))
    if rows.is_of_matrix(last):
        return rows.carried((chain(*before), rows.width_of(last.of)), last.routes)[0]
    return chain(*before, derivation.factor(last))
