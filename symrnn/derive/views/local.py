"""`local`: every local derivative on the paths, in closed form."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.derive.build import plus, ratio, times
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Equation, Formula, Immediate, Sheet, Total
from symrnn.derive.losses import by_terms
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import walk
from symrnn.derive.recursion import summed
from symrnn.derive.rows import Rows
from symrnn.derive.sheets import ROWS
from symrnn.derive.views.chain import Partial, partials
from symrnn.derive.views.common import span
from symrnn.language.tree import NARROW, ONE, Add, Div, Num, Ref, Size
from symrnn.system.system import Outer


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """One sheet: ∂⁺v/∂u for every edge that the terms of these parameters use."""
    found: dict[Immediate, Partial] = {}
    for target in every_target(derivation, names):
        for partial in partials(derivation, target):
            found[derivation.factor(partial.edges[0])] = partial
    equations = [equation(derivation.rows, *item) for item in found.items()]
    note = () if derivation.scalar else (ROWS,)
    return (Sheet(("Local derivatives",), tuple(equations), note=note),)


def every_target(derivation: Derivation, names: Sequence[str]) -> Iterator[Ref]:
    """The parameters, and the nodes whose totals they need: at every step, at certain ones."""
    for name in derivation.chosen(names):
        yield from derivation.targets(name)
    for node in derivation.totals(names):
        yield node
        yield from derivation.paths.landings(node)


def equation(rows: Rows, left: Immediate, partial: Partial) -> Equation:
    steps = span(partial.but) if partial.but else ((), ())
    edges, apart = partial.edges, [in_terms(rows, edge) for edge in partial.edges]
    rights = (whole(rows, apart),) if apart != list(edges) else ()
    return Equation(left, tuple(map(number_first, (*rights, whole(rows, edges)))), *steps)


def number_first(formula: Formula) -> Formula:
    """1/C (-y/ŷ + …) for fractions over C: they would be small."""
    match formula:
        case Div(left=Add() as top, right=Size() | Num() as bottom):
            if any(isinstance(part, Div) for part in walk(top)):
                return times(ratio(ONE, bottom), top)
    return formula


def in_terms(rows: Rows, edge: Edge) -> Edge:
    """The edge with the derivative of a loss as it comes from the loss's terms."""
    if len(edge.routes) > 1 or rows.cancelled(edge.routes[0]) != edge.routes[0]:
        return edge
    other = by_terms(rows.system, edge.routes[0])
    return edge if other is None else replace(edge, routes=(other,))


def whole(rows: Rows, edges: Sequence[Edge]) -> Formula:
    """∂⁺of/∂by, of all edges with these ends."""
    return plus(closed_edge(rows, edge) for edge in edges)


def closed_edge(rows: Rows, edge: Edge) -> Formula:
    """The derivative of an edge; what is summed over all steps is so inside it.

    For a matrix parameter it is what the edge adds to ∂L/∂by.
    """
    found = at_one_step(rows, edge)
    return found if edge.of.base == "t" else summed(edge, found)


def at_one_step(rows: Rows, edge: Edge) -> Formula:
    if rows.is_use(edge):
        row = () if edge.of == LOSS else (Total(LOSS, edge.of),)
        return plus(use.share(*row, use.matrix) for use in rows.uses(edge))
    if rows.is_of_matrix(edge):
        return rows.carried((Total(LOSS, edge.of), rows.width_of(edge.of)), edge.routes)[0]
    if isinstance(edge.routes[0][-1].by, Outer):
        return rows.carried((ONE, NARROW), edge.routes)[0]
    return rows.jacobian(edge)
