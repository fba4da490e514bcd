"""`closed`: the chain with the local derivatives put in."""

from collections.abc import Sequence

from symrnn.derivation.closed import closed_of
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.formula import Equation, Sheet
from symrnn.derivation.views.common import gradient, recursion


def closed(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    make = closed_of(derivation).term
    sheets = [
        Sheet(("Gradient by ", target), (gradient(derivation, target, make),), name)
        for name in derivation.chosen(names)
        for target in derivation.targets(name)
    ]
    found: list[Equation] = [
        equation
        for node in derivation.totals(names)
        for equation in recursion(derivation.paths, node, make)
    ]
    if found:
        sheets.append(Sheet(("Total derivatives that several paths share",), tuple(found)))
    return tuple(sheets)
