"""Letters for a derivation: the author's names, and what the recursion has a δ for."""

from dataclasses import replace

from symrnn.derivation.deltas import kept, pre_activations
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.notation.letters import Letters
from symrnn.derivation.notation.notation import Notation
from symrnn.language.tree import Ref
from symrnn.system.names import free
from symrnn.system.symbols import Symbol
from symrnn.system.system import System


def letters_for(derivation: Derivation, notation: Notation) -> tuple[Letters, dict[str, str]]:
    """The letters, and for each pre-activation with a δ the name under which they know it."""
    system = derivation.rolled.system
    activations = set(pre_activations(system)) & kept(derivation)
    made_up = {s.name for s in system.named("variable")} - derivation.own - activations
    symbols = {n: s for n, s in system.symbols.items() if n not in made_up}
    deltas: dict[str, str] = {}
    for name in sorted(activations, key=list(symbols).index):
        own = symbols[name]
        adjoint = free(f"d_{name}", symbols)
        symbols[adjoint] = Symbol(adjoint, "adjoint", own.timed, own.shape, of=Ref(name))
        deltas[name] = adjoint
    equations = tuple(e for e in system.equations if e.target.name not in made_up)
    known = replace(system, equations=equations, symbols=symbols)
    return _Letters(notation, known, derivation), deltas


class _Letters(Letters):
    """An initial state, O0 in Python, is printed as the step that it is: O_0."""

    def __init__(self, notation: Notation, system: System, derivation: Derivation) -> None:
        own = {definition.target.name for definition in derivation.written.definitions}
        super().__init__(notation, system, own=own, whole=derivation.rolled.system)
        self.states = derivation.states

    def latex(self, ref: Ref) -> str:
        return super().latex(self.states.get(ref.name, ref))

    def plain(self, ref: Ref) -> str:
        return super().plain(self.states.get(ref.name, ref))
