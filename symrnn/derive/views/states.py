"""The state of a recurrence: what it hands from step to step, in one direction of time."""

from collections.abc import Sequence
from dataclasses import dataclass

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Formula, Immediate, Name
from symrnn.derive.network import Network
from symrnn.errors import UsageError
from symrnn.language.tree import Ref


@dataclass(frozen=True)
class State:
    """The variables that a recurrence hands from step to step; `way` is 1 for a forward one."""

    names: tuple[str, ...]
    way: int
    letter: str

    def at(self, base: str, shift: int = 0) -> Formula:
        """The state at a step: the variable itself where it is one."""
        if len(self.names) == 1:
            return Ref(self.names[0], base, shift)
        return Name(self.letter, Ref("", base, shift))

    def jacobian(self, index: str) -> Immediate:
        """∂s_j/∂s_{j-1}: over one step, everything within the step put in."""
        return Immediate(self.at(index), self.at(index, -self.way), alone=True)


def states(derivation: Derivation) -> frozenset[str]:
    """The author's variables that a recurrence reads at another step."""
    network = derivation.network
    found: set[str] = set()
    for node, edges in network.edges.items():
        for edge in edges:
            if node.base == "t" and edge.of.base == "t" and edge.of.shift and edge.at is None:
                if abs(edge.of.shift) > 1:
                    raise UsageError(
                        f"the product view reads one step back, and {edge.of.name} reads"
                        f" {node.name} over {abs(edge.of.shift)}; delta serves any lag"
                    )
                found.add(node.name)
    return frozenset(found)


def way_of(network: Network, name: str) -> int:
    """1 where later steps hand back to a variable, -1 where earlier ones do."""
    shifts = [e.of.shift for e in network.edges.get(Ref(name, "t"), []) if e.of.base == "t"]
    return -1 if any(shift < 0 for shift in shifts) else 1


def free_letters(derivation: Derivation, wanted: Sequence[str]) -> list[str]:
    """Letters that the model does not use: bold where it does."""
    taken = set(derivation.plain.symbols)
    return [letter if letter not in taken else rf"\mathbf{{{letter}}}" for letter in wanted]
