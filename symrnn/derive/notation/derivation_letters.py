"""Letters for a derivation: the author's names, and what the recursion has a δ for."""

from dataclasses import replace
from functools import cached_property

from symrnn.derive.derivation import Derivation
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import Notation
from symrnn.derive.notation.spelling import identifier
from symrnn.derive.notation.symbol import Glyph, Piece
from symrnn.derive.recursion import kept, pre_activations
from symrnn.language.tree import Ref
from symrnn.system.names import free
from symrnn.system.symbols import Symbol
from symrnn.system.system import System


def letters_for(derivation: Derivation, notation: Notation) -> tuple[Letters, dict[str, str]]:
    """The letters, and for each pre-activation with a δ the name under which they know it."""
    system = derivation.rolled.system
    activations = set(pre_activations(derivation, system)) & kept(derivation)
    # the recursion may be that for any T, which names a sum over a sum
    named = derivation.own | derivation.rolled.own
    made_up = {s.name for s in system.named("variable")} - named - activations
    symbols = {n: s for n, s in system.symbols.items() if n not in made_up}
    deltas: dict[str, str] = {}
    for name in sorted(activations, key=list(symbols).index):
        own = symbols[name]
        adjoint = free(f"d_{name}", symbols)
        symbols[adjoint] = Symbol(adjoint, "adjoint", own.timed, own.shape, of=Ref(name))
        deltas[name] = adjoint
    equations = tuple(e for e in system.equations if e.target.name not in made_up)
    known = replace(system, equations=equations, symbols=symbols)
    return _Letters(notation, known, derivation, named), deltas


class _Letters(Letters):
    """An initial state, O0 in Python, is printed as the step that it is: O_0."""

    def __init__(
        self, notation: Notation, system: System, derivation: Derivation, own: frozenset[str]
    ) -> None:
        super().__init__(notation, system, own=own, whole=derivation.rolled.system)
        self.states = derivation.states
        self.losses = derivation.by_steps.step_losses

    def latex(self, ref: Ref) -> str:
        if ref.name in self.losses:
            return self._spelling.latex(self._loss(ref.name), ref)
        return super().latex(self.states.get(ref.name, ref))

    def plain(self, ref: Ref) -> str:
        if ref.name in self.losses:
            return self._spelling.plain(self._loss(ref.name), ref)
        return super().plain(self.states.get(ref.name, ref))

    def python(self, ref: Ref) -> str:
        return identifier(ref.name, ref) if ref.name in self.losses else super().python(ref)

    def glyphs(self, plain: bool) -> dict[str, Glyph]:
        other = {*self.states, *self.losses}
        return {n: s for n, s in super().glyphs(plain).items() if n not in other}

    def _loss(self, name: str) -> Glyph:
        """The loss of a step, L_t; numbered where there are several."""
        number = str(self.losses.index(name) + 1)
        above = (Piece(f"({number})", f"({number})"),) if len(self.losses) > 1 else ()
        return Glyph(self._loss_letter, sups=above)

    @cached_property
    def _loss_letter(self) -> Piece:
        """L, unless something else in the model is printed L_1."""
        taken = {self._spelling.latex(glyph, Ref("")) for glyph in self._glyphs.values()}
        places = [Ref("", "t"), *(Ref("", "1", step) for step in range(12))]
        for letter in (Piece("L", "L"), Piece(r"\ell", "ℓ")):
            if not taken & {self._spelling.latex(Glyph(letter), at) for at in places}:
                return letter
        return Piece(r"\mathcal{L}", "𝓛")
