"""Which groups are the forward pass, which the loss, which the backward pass."""

from collections.abc import Iterable, Sequence

from symrnn.system.graph import Group
from symrnn.system.states import handed_on
from symrnn.system.system import System, uses


def sections(system: System, groups: Sequence[Group]) -> list[str]:
    """The section of each group: what outputs, states and scans need first, then what the loss
    needs.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal
    >>> system = normal(parse("h[t] = tanh(x[t] + h[t-1]); h: 2; L = mse(y, h[T])"))
    >>> sections(system, system.groups())
    ['forward', 'loss', 'loss']
    """
    backward = {s.name for s in system.named("adjoint", "total") if s.name != system.loss}
    scanned = {node.name for group in groups if group.direction for node in group.nodes}
    outputs = {symbol.name for symbol in system.outputs}
    forward = _needed(system, (outputs | handed_on(system) | scanned) - backward)
    loss = _needed(system, {system.loss} if system.loss else ())

    def section(group: Group) -> str:
        names = {node.name for node in group.nodes}
        return "forward" if names & forward else "loss" if names & loss else "backward"

    return [section(group) for group in groups]


def _needed(system: System, names: Iterable[str]) -> set[str]:
    """These names and all that they need, as far as equations say what they are."""
    needs: dict[str, set[str]] = {}
    for equation in system.equations:
        reads = needs.setdefault(equation.target.name, set())
        reads.update(use.ref.name for use in uses(equation))
    found: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in needs and name not in found:
            found.add(name)
            queue += needs[name]
    return found
