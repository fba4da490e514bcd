"""`paths`: every path from the loss to every use of a parameter, one product each."""

from collections.abc import Iterator, Sequence
from functools import cache

from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Equation, Formula, Sheet
from symrnn.derive.paths import LOSS, Term
from symrnn.derive.views.common import bracketed, closing, gradient, losses
from symrnn.errors import UsageError
from symrnn.language.tree import Ref

MOST = 200
"""Paths to one parameter: more than a page of them nobody reads."""


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each parameter; UsageError for a symbolic T, or where there are too many."""
    derivation = derivation.by_steps
    if derivation.system.steps is None:
        raise UsageError(
            "the view paths writes every path out and needs a number of steps (--steps); chain has"
            " totals for what paths share, and is for any T"
        )
    targets = [(name, t) for name in derivation.chosen(names) for t in derivation.targets(name)]
    for _, target in targets:
        refuse(derivation, target)
    sheets = [
        Sheet(("Gradient with respect to ", target), (equation(derivation, target),), name)
        for name, target in targets
    ]
    return (*losses(derivation), *sheets)


def equation(derivation: Derivation, target: Ref) -> Equation:
    terms = [Term(target, LOSS, path) for path in every_path(derivation, target)]
    several = len({term.last.of for term in terms}) > 1

    def make(term: Term) -> Formula:
        body = closing(derivation, [derivation.factor(e) for e in term.path[:-1]], term.last)
        return bracketed(term, body) if several else body

    return gradient(derivation.paths, terms, target, make)


def every_path(derivation: Derivation, target: Ref) -> Iterator[tuple[Edge, ...]]:
    """From the loss to each use, the last use first."""
    for edge in derivation.paths.edges(target):
        if edge.of == LOSS:
            yield (edge,)
        else:
            for before in every_path(derivation, edge.of):
                yield (*before, edge)


def refuse(derivation: Derivation, target: Ref) -> None:
    for edge in derivation.paths.edges(target):
        if derivation.network.is_matrix(edge.of):
            raise UsageError(
                f"the view paths is of products, and {target.name} stands in the computed matrix"
                f" {edge.of.name}; chain has ∂L/∂{edge.of.name}, and what follows from it"
            )

    @cache
    def count(node: Ref) -> int:
        edges = derivation.paths.edges(node)
        return sum(1 if edge.of == LOSS else count(edge.of) for edge in edges)

    # what is counted first is what others are counted from, so that no call goes deep
    for node in derivation.network.edges:
        count(node)
    found = count(target)
    if found > MOST:
        raise UsageError(
            f"{found:,} paths lead to {target.name} with {derivation.system.steps} steps (the limit"
            f" is {MOST}); chain puts together what they share"
        )
