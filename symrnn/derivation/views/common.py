"""What several views share: the gradient as a sum of terms, and the totals that the terms need."""

from collections.abc import Callable, Iterator, Sequence

from symrnn.derivation.build import ZERO, plus
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.formula import Bracket, Chain, Equation, Formula, Sum, Total
from symrnn.derivation.paths import LOSS, Paths, Term
from symrnn.language.tree import Ref

Make = Callable[[Term], Formula]
"""How a view writes one term."""


def gradient(terms: Sequence[Term], target: Ref, make: Make) -> Equation:
    """∂L/∂w as the sum of its terms, one a line."""
    parts = [part for part in map(make, terms) if part != ZERO]
    if len(parts) < 2:
        return Equation(Total(LOSS, target), (plus(parts),))
    return Equation(Total(LOSS, target), (Sum(tuple(parts)),), by_terms=True)


def recursion(
    paths: Paths, node: Ref, make: Make, terms_of: Callable[[Ref], Sequence[Term]] | None = None
) -> Iterator[Equation]:
    """The equations of ∂L/∂node: for certain steps, for all others, and where it begins."""
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
    later, earlier = any(s > 0 for s in sources), any(s < 0 for s in sources)
    (first, last), but = span(fixed)
    steps = (first, last) if earlier and not later else (last, first)
    yield Equation(Total(LOSS, node), (_sum(general, make),), steps, but=but)
    covered = {(place.base, place.shift) for place in fixed}
    ends = [(later, "T", 1), (earlier, "1", -1)]
    for beyond in (Ref(node.name, base, step) for needed, base, step in ends if needed):
        if (beyond.base, 0) not in covered and beyond not in paths.network.edges:
            yield Equation(Total(LOSS, beyond), (ZERO,))


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


def _sum(terms: Sequence[Term], make: Make) -> Formula:
    return plus(map(make, terms))


def bracketed(term: Term, body: Formula) -> Formula:
    """The term with its step, if it belongs to one of several."""
    return body if term.step is None else Bracket(body, term.step)


def chained(derivation: Derivation, term: Term) -> Formula:
    factors = derivation.factors(term)
    return factors[0] if len(factors) == 1 else Chain(factors)
