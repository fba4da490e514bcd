"""`chain`: each term as a product of partial derivatives along its path, as the notes have it.

What a chain calls ∂⁺v/∂w is one derivative: that of all edges between these ends, put together.
Several edges may have the same ends: a weight used in a loss that is summed over time and in one
that is not; a weight that every step uses, and a certain step once more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge, edge_of
from symrnn.derive.formula import Equation, Formula, Sheet
from symrnn.derive.paths import Term
from symrnn.derive.recursion import summed
from symrnn.derive.views.common import Make, bracketed, chained, gradient, recursion, shared
from symrnn.language.tree import Ref
from symrnn.system.graph import outside


@dataclass(frozen=True)
class Partial:
    """The edges between two ends, and the steps of a sum over time at which they are others."""

    edges: tuple[Edge, ...]
    but: tuple[Ref, ...] = ()


def in_print(derivation: Derivation, target: Ref) -> tuple[Term, ...]:
    """The terms of ∂L/∂target, those whose partial derivatives are the same as one."""
    whole = derivation.paths.terms(target)
    alone = [term for term in whole if has_no_matrix(derivation, term.last)]
    merged = _merged([term for term in whole if term not in alone])
    return tuple(sorted([*alone, *merged], key=lambda term: _place(term, whole)))


def _place(term: Term, terms: Sequence[Term]) -> int:
    """Where a term, or the first that it is made of, stands."""
    same = (i for i, other in enumerate(terms) if other.last.of == term.last.of)
    return terms.index(term) if term in terms else next(same)


def _merged(whole: Sequence[Term]) -> list[Term]:
    found: list[Term] = []
    for terms in by_ends(whole):
        every = [term for term in terms if is_general(term.last)]
        if not every:
            found.append(terms[0])
            continue
        nowhere = missing([term.last for term in every])
        last = replace(every[0].last, without=nowhere)
        found.append(replace(every[0], path=(*every[0].path[:-1], last)))
        met: dict[Ref, Term] = {}
        for term in terms:
            if (term.last.of.base, term.last.of.shift) in nowhere:
                met.setdefault(term.last.of, term)
        found += met.values()
    return found


def partials(derivation: Derivation, target: Ref) -> Iterator[Partial]:
    """Every derivative that the terms of ∂L/∂target are made of."""
    for terms in by_ends(derivation.paths.terms(target)):
        for edge in terms[0].path[:-1]:
            yield Partial((edge,))
        last = [term.last for term in terms if not has_no_matrix(derivation, term.last)]
        if not last:
            continue
        general = [edge for edge in last if is_general(edge)]
        steps = {edge.of: None for edge in last if not is_general(edge)}
        if general:
            of = general[0].of
            nowhere = missing(general)
            extra = [p for edge in general for p in edge.without if p not in nowhere]
            steps |= {Ref(of.name, *place): None for place in extra}
            yield Partial(tuple(general), tuple(Ref("", s.base, s.shift) for s in steps))
        for step in steps:
            here = [e for e in last if e.of == step]
            place = step.base, step.shift
            moved = [edge_of(e, step) for e in general if place not in e.without]
            yield Partial((*moved, *here))


def by_ends(terms: Sequence[Term]) -> list[list[Term]]:
    """The terms by the ends of their last edge; those of a sum over time with those of its steps.

    A path to the same node is the same path.
    """
    summed = {term.last.of.name for term in terms if is_general(term.last)}
    found: dict[object, list[Term]] = {}
    for term in terms:
        of = term.last.of
        inside = of.name in summed and of.base and not outside(of)
        found.setdefault(of.name if inside else of, []).append(term)
    return list(found.values())


def is_general(edge: Edge) -> bool:
    """Whether an edge belongs to each step of a sum over time."""
    return edge.over and edge.of.base == "t"


def missing(edges: Sequence[Edge]) -> tuple[tuple[str, int], ...]:
    """The steps that all of these sums leave out."""
    return tuple(p for p in edges[0].without if all(p in edge.without for edge in edges))


def has_no_matrix(derivation: Derivation, edge: Edge) -> bool:
    """Whether the derivative of an edge is none that a row is multiplied with."""
    return derivation.rows.is_use(edge) or derivation.rows.is_of_matrix(edge)


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each parameter, and one for the totals that their terms share."""
    sheets = [
        Sheet(
            ("Gradient with respect to ", target),
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
