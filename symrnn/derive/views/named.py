"""What the views share that go from one variable to another: L_t, and totals other than ∂L/∂v."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Chain, Equation, Formula, Immediate, Sheet, Total
from symrnn.derive.paths import LOSS, Term
from symrnn.language.tree import Ref

Factors = tuple[Formula, ...]


def joined(factors: Sequence[Formula]) -> Formula:
    return factors[0] if len(factors) == 1 else Chain(tuple(factors))


def losses(derivation: Derivation) -> list[Sheet]:
    """What L_t is, where the derivation has a name for the losses of the steps."""
    names = {*derivation.step_losses, LOSS.name} if derivation.step_losses else set()
    equations = [
        Equation(e.target, (derivation.rows.stands_for(e)[0],))
        for e in derivation.system.equations
        if e.target.name in names
    ]
    return [Sheet(("The losses of the steps",), tuple(equations))] if equations else []


def within(derivation: Derivation, term: Term, root: Ref) -> Factors:
    """The factors of a term from `root`, which every path passes, instead of the loss."""
    factors = derivation.factors(term)
    if root == LOSS:
        return factors
    if term.start == LOSS:
        return factors[1:]
    return factors[1:] if term.start == root else (Total(root, term.start), *factors[1:])


def rooted(equation: Equation, root: Ref) -> Equation:
    """An equation for ∂L/∂v as one for ∂root/∂v."""
    left = equation.left
    assert isinstance(left, Total)
    return replace(equation, left=Total(root, left.by))


def alone(left: Formula) -> Formula:
    """What says nothing of a total derivative: that it is the only derivative there is."""
    return Immediate(left.of, left.by, alone=True) if isinstance(left, Total) else left
