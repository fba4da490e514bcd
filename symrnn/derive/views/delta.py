"""`delta`: the backward recursion for a symbolic T, and the gradients as sums over it."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.derive.as_written import definitions
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Immediate, Sheet, Total
from symrnn.derive.over_time import folded
from symrnn.derive.paths import LOSS
from symrnn.derive.recursion import Deltas, deltas, pre_activations
from symrnn.derive.views.common import ended, gradient, holds, least, recursion
from symrnn.errors import EquationError
from symrnn.language.tree import Ref


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """Where the recursion begins, how it goes on, and the gradient of each parameter."""
    derivation = fitting(derivation, names)
    found = deltas(derivation)
    make = found.closed.term
    targets = targets_of(derivation, found, names)
    nodes = needed(found, targets)
    gradients = [
        replace(gradient(found.paths, found.paths.terms(target), target, make), by_terms=False)
        for target in targets
    ]
    steps = ended([e for node in nodes for e in recursion(found.paths, node, make)], gradients)
    note = (holds(least(found.paths, [*nodes, *targets])), *said(derivation, nodes))
    sheets = [
        Sheet(("Forward",), tuple(forward(derivation, found))),
        Sheet(("Backward",), tuple(steps), note=tuple(filter(None, note))),
        Sheet(("Gradients",), tuple(gradients)),
    ]
    whole = tuple(sheet for sheet in sheets if sheet.equations)
    return folded(whole, derivation.written, derivation.system)


def fitting(derivation: Derivation, names: Sequence[str] = ()) -> Derivation:
    """The derivation for any T, or for its own steps where what is said for any T would not hold
    for so few of them: h_1 and h_T are the same for T = 1."""
    if derivation.steps is None or derivation.windows is not None:
        return derivation
    try:
        found = deltas(derivation.rolled)
    except EquationError:  # what it reads depends on T
        return derivation
    targets = targets_of(derivation.rolled, found, names)
    enough = least(found.paths, [*needed(found, targets), *targets])
    return derivation.rolled if derivation.steps >= enough else derivation


def targets_of(derivation: Derivation, found: Deltas, names: Sequence[str]) -> list[Ref]:
    """What there is a gradient by, with the steps at which the recursion reads it apart."""
    targets = [t for name in derivation.chosen(names) for t in derivation.targets(name)]
    apart = [each for target in targets for each in (*found.paths.landings(target), target)]
    return list(dict.fromkeys(apart))


def needed(found: Deltas, targets: Sequence[Ref]) -> list[Ref]:
    """The nodes that the gradients by these are made of, the last first."""
    seen: set[Ref] = set()
    waiting = [edge.of for target in targets for edge in found.network.edges.get(target, [])]
    while waiting:
        node = found.paths.node(waiting.pop())
        if node != LOSS and node not in seen:
            seen.add(node)
            waiting += [edge.of for edge in found.network.edges.get(node, [])]
    return [node for node in found.nodes if node in seen]


def forward(derivation: Derivation, found: Deltas) -> list[Equation]:
    """The model with a name for each pre-activation that the recursion names."""
    names = derivation.own | {node.name for node in found.nodes}
    return definitions(found.rows, names)


def said(derivation: Derivation, nodes: Sequence[Ref]) -> tuple[str | Formula, ...]:
    """What each δ stands for."""
    activations = pre_activations(derivation, derivation.system)
    first = {node.name: node for node in reversed(nodes)}
    parts: list[str | Formula] = []
    for node in nodes:
        if node.name in activations and node == first[node.name]:
            parts += [", " if parts else "Here ", Total(LOSS, node), " = "]
            parts.append(Immediate(LOSS, node, alone=True))
    return (*parts, ".") if parts else ()
