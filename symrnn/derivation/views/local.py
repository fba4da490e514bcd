"""`local`: every local derivative on the paths, in closed form."""

from collections.abc import Sequence

from symrnn.derivation.build import ONE, total_over
from symrnn.derivation.closed import ONE_TO_T
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.formula import Carried, Carry, Equation, Formula, Immediate, Sheet
from symrnn.derivation.network import Edge
from symrnn.derivation.rows import Rows
from symrnn.language.tree import NARROW
from symrnn.system.system import Outer


def local(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """One sheet: ∂⁺v/∂u for every edge that the terms of these parameters use."""
    edges: dict[Immediate, Edge] = {}
    for name in derivation.chosen(names):
        for term in derivation.terms(name):
            edges.update((derivation.factor(e), e) for e in term.path)
    for node in derivation.totals(names):
        for place in (node, *derivation.paths.landings(node)):
            for term in derivation.paths.terms(place):
                edges.update((derivation.factor(e), e) for e in term.path)
    equations = [
        Equation(key, (closed_edge(derivation.rows, edge),)) for key, edge in edges.items()
    ]
    return (Sheet(("Local derivatives",), tuple(equations)),)


def closed_edge(rows: Rows, edge: Edge) -> Formula:
    """The derivative of an edge; what is summed over all steps is so inside it."""
    found = at_one_step(rows, edge)
    if not edge.over or edge.of.base == "t":
        return found
    if isinstance(found, Carry):
        return Carry(found.of, total_over("t", *ONE_TO_T, found.body))
    return total_over("t", *ONE_TO_T, found)


def at_one_step(rows: Rows, edge: Edge) -> Formula:
    """The matrix of an edge; for a matrix parameter how a row is carried back to it."""
    ends = isinstance(edge.routes[0][-1].by, Outer)
    width = rows.width_of(edge.of)
    if not ends or edge.of.name == "L":
        return rows.jacobian(edge)
    if width == NARROW and not rows.is_matrix(edge.by.name):
        return rows.carried((ONE, NARROW), edge.routes)[0]
    return Carry(edge.of, rows.carried((Carried(), width), edge.routes)[0])
