"""Which derivatives a recursion has names for: those of pre-activations, and of what is shared.

A pre-activation's is the textbook's δ. Every other variable is folded away if only one thing reads
it or only one thing is read by it, so that a plain recurrence has one recursion, δ_t from δ_{t+1}.
"""

from dataclasses import dataclass, replace

from symrnn.derive.closed import Closed
from symrnn.derive.derivation import Derivation
from symrnn.derive.network import Network, matrices
from symrnn.derive.paths import LOSS, Paths
from symrnn.derive.rows import Rows
from symrnn.language.tree import Call, Ref
from symrnn.system.system import Linear, Pointwise, Row, System


@dataclass(frozen=True)
class Deltas:
    """A network whose nodes are the pre-activations and what several paths share."""

    network: Network
    rows: Rows
    paths: Paths

    @property
    def nodes(self) -> list[Ref]:
        return [node for node in self.network.edges if node.name in self.network.own]

    @property
    def closed(self) -> Closed:
        return Closed(self.rows, self.paths)


def deltas(derivation: Derivation) -> Deltas:
    """The recursion of a derivation, with its own steps."""
    names = kept(derivation)
    found = derivation.network_of(names)
    values = {
        node: equation
        for node, equation in (derivation.network.values | found.values).items()
        if node.name not in names | derivation.own or node in derivation.starts
    }
    found = replace(found, values=values)
    return Deltas(found, Rows(found.system, values, derivation.dims), Paths(found, every=True))


def kept(derivation: Derivation) -> frozenset[str]:
    """The names of the nodes of the recursion; found with a symbolic T where there is one."""
    system = derivation.rolled.system
    activations = set(pre_activations(system))
    known = {s.name for s in system.named("variable", "weight")}
    names = known & (derivation.rolled.own | activations)
    stay = matrices(system)
    while True:
        found = derivation.rolled.network_of(frozenset(names))
        folded = next((n for n in sorted(names - stay) if _folds(n, found, activations)), None)
        if folded is None:
            return frozenset(n for n in names if any(node.name == n for node in found.edges))
        names.remove(folded)


def pre_activations(system: System) -> dict[str, str]:
    """The names that were made for what goes into a function, with that of the function's value."""
    found: dict[str, str] = {}
    linear = {e.target.name for e in system.equations if isinstance(e, Linear)}
    for equation in system.equations:
        match equation:
            case (
                Pointwise(body=Call(args=(Ref(name=name),)))
                | Row(function="softmax", args=(Ref(name=name),))
            ):
                if name in linear and name.startswith("a_"):
                    found.setdefault(name, equation.target.name)
    return found


def _folds(name: str, found: Network, activations: set[str]) -> bool:
    into = [edge for node, edges in found.edges.items() if node.name == name for edge in edges]
    out = {
        (node, edge.of.shift, edge.at)
        for node, edges in found.edges.items()
        for edge in edges
        if edge.of.name == name
    }
    if not into or any(node.name == name for node, _, _ in out):
        return not into
    if len(into) == 1 and into[0].of == LOSS:
        return True
    if name in activations:
        return False
    landed = any(edge.at is not None for edge in into)
    shifted = any(shift or at is not None for _, shift, at in out)
    return (len(into) == 1 or len({node for node, _, _ in out}) == 1) and not (landed and shifted)
