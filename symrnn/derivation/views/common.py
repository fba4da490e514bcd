"""What several views share: the gradient as a sum of terms, and the totals that the terms need."""

from collections.abc import Callable, Iterator, Sequence

from symrnn.derivation.build import ZERO, plus
from symrnn.derivation.closed import summed
from symrnn.derivation.derivation import LOSS, Derivation, Paths, Term
from symrnn.derivation.formula import Bracket, Chain, Equation, Formula, Sum, Total
from symrnn.language.tree import Ref

Make = Callable[[Term], Formula]
"""How a view writes one term."""


def gradient(derivation: Derivation, target: Ref, make: Make) -> Equation:
    """∂L/∂w as the sum of its terms, one a line."""
    terms = [term for term in map(make, derivation.paths.terms(target)) if term != ZERO]
    if len(terms) < 2:
        return Equation(Total(LOSS, target), (plus(terms),))
    return Equation(Total(LOSS, target), (Sum(tuple(terms)),), by_terms=True)


def recursion(paths: Paths, node: Ref, make: Make) -> Iterator[Equation]:
    """The equations of ∂L/∂node: for certain steps, for all others, and where it begins."""
    if paths.steps is not None or not node.base:
        yield Equation(Total(LOSS, node), (_sum(paths.terms(node), make),))
        return
    fixed = sorted(paths.landings(node), key=lambda ref: (ref.base, ref.shift), reverse=True)
    general = paths.terms(node) if node.base == "t" else ()
    for place in fixed:
        yield Equation(Total(LOSS, place), (_sum(paths.terms(place), make),))
    if node.base != "t":
        if not fixed:
            yield Equation(Total(LOSS, node), (_sum(paths.terms(node), make),))
        return
    sources = [term.start.shift for term in general if term.start.base == "t"]
    later, earlier = any(s > 0 for s in sources), any(s < 0 for s in sources)
    covered = {(place.base, place.shift) for place in fixed}
    first = next(Ref("", "1", k) for k in range(len(covered) + 1) if ("1", k) not in covered)
    last = next(Ref("", "T", -k) for k in range(len(covered) + 1) if ("T", -k) not in covered)
    steps = (first, last) if earlier and not later else (last, first)
    within = [p for p in fixed if (p.shift > first.shift if p.base == "1" else p.shift < last.shift)]
    but = tuple(Ref("", place.base, place.shift) for place in within)
    yield Equation(Total(LOSS, node), (_sum(general, make),), steps, but=but)
    if later and ("T", 0) not in covered:
        yield Equation(Total(LOSS, Ref(node.name, "T", 1)), (ZERO,))
    if earlier and ("1", 0) not in covered:
        yield Equation(Total(LOSS, Ref(node.name, "1", -1)), (ZERO,))


def _sum(terms: Sequence[Term], make: Make) -> Formula:
    return plus(map(make, terms))


def bracketed(term: Term, body: Formula) -> Formula:
    """The term with its step, if it belongs to one of several."""
    return body if term.step is None else Bracket(body, term.step)


def chained(derivation: Derivation, term: Term) -> Formula:
    factors = derivation.factors(term)
    return factors[0] if len(factors) == 1 else Chain(factors)
