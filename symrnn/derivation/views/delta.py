"""`delta`: the backward recursion for a symbolic T, and the gradients as sums over it."""

from collections.abc import Sequence

from symrnn.derivation.build import plus
from symrnn.derivation.deltas import Deltas, deltas, pre_activations
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.formula import Equation, Formula, Immediate, Sheet, Total
from symrnn.derivation.paths import LOSS
from symrnn.derivation.views.common import recursion
from symrnn.language.tree import Ref


def delta(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """Where the recursion begins, how it goes on, and the gradient of each parameter."""
    derivation = derivation.rolled
    found = deltas(derivation)
    make = found.closed.term
    chosen = derivation.chosen(names)
    targets = [target for name in chosen for target in derivation.targets(name)]
    nodes = needed(found, targets)
    steps = [e for node in nodes for e in recursion(found.paths, node, make)]
    gradients = [
        Equation(Total(LOSS, target), (plus(map(make, found.paths.terms(target))),))
        for target in targets
    ]
    sheets = [
        Sheet(("Forward",), tuple(forward(derivation, found))),
        Sheet(("Backward",), tuple(steps), note=said(derivation, nodes)),
        Sheet(("Gradients",), tuple(gradients)),
    ]
    return tuple(sheet for sheet in sheets if sheet.equations)


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
    return [
        Equation(e.target, (found.rows.stands_for(e)[0],))
        for e in derivation.system.equations
        if e.target.name in names
    ]


def said(derivation: Derivation, nodes: Sequence[Ref]) -> tuple[str | Formula, ...]:
    """What each δ stands for."""
    activations = pre_activations(derivation.system)
    parts: list[str | Formula] = []
    for node in nodes:
        if node.name in activations:
            parts += [", " if parts else "Here ", Total(LOSS, node), " = "]
            parts.append(Immediate(LOSS, node, alone=True))
    return (*parts, ".") if parts else ()
