"""`closed`: the chain with the local derivatives put in."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.derive.closed import closed_of
from symrnn.derive.derivation import Derivation
from symrnn.derive.factored import factored
from symrnn.derive.formula import Equation, Sheet
from symrnn.derive.views.common import gradient, recursion, shared


def closed(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    make, paths = closed_of(derivation).term, derivation.paths
    sheets = [
        Sheet(
            ("Gradient by ", target),
            (both_forms(gradient(paths, paths.terms(target), target, make)),),
            name,
        )
        for name in derivation.chosen(names)
        for target in derivation.targets(name)
    ]
    found: list[Equation] = [
        equation
        for node in derivation.totals(names)
        for equation in recursion(derivation.paths, node, make)
    ]
    return (*sheets, *shared(derivation, names, sheets, found))


def both_forms(equation: Equation) -> Equation:
    """The sum, and the same with common factors pulled out where there are any."""
    (right,) = equation.rights
    other = factored(right)
    return equation if other is None else replace(equation, rights=(right, other))
