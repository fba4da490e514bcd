"""The Jacobian of a step in symbols, as the derivation has it: ∂hₜ/∂hₜ₋₁ = diag(1 - hₜ²) Uᵀ."""

from typing import TYPE_CHECKING

from symrnn.errors import SymrnnError
from symrnn.language.tree import Written

if TYPE_CHECKING:
    from symrnn.flow.step import Recurrence

LONGEST = 160
"""Characters of a formula that still says something in a sentence."""


def step_in_symbols(written: Written, of: "Recurrence") -> tuple[str, ...]:
    """∂s_t/∂s_{t-1} where the state is one variable; of several the blocks that lead from each to
    itself. Nothing where the derivation has no such formula, or a long one.

    >>> from symrnn.flow.step import recurrences
    >>> from symrnn.language import parse
    >>> from symrnn.system import normal
    >>> text = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    >>> step_in_symbols(text, recurrences(normal(text))[0])
    ('∂hₜ/∂hₜ₋₁ = diag(1 - hₜ²) Uᵀ',)
    """
    if set(of.lags.values()) != {1}:
        return ()
    try:
        return tuple(line for line in _lines(written, of) if len(line) <= LONGEST)
    except (SymrnnError, KeyError):  # a text of which there is no derivation in this form
        return ()


def _lines(written: Written, of: "Recurrence") -> list[str]:
    from symrnn.derive.derived import Derived
    from symrnn.derive.notation.derivation_letters import letters_for
    from symrnn.derive.printing.plain import Plain
    from symrnn.derive.views.jacobians import Jacobians, State

    derived = Derived("flow", written)
    printer = Plain(*letters_for(derived, derived.output().notation), 4)
    state = State(of.states, of.direction, "s")
    blocks = Jacobians(derived, frozenset(of.states))
    equations = list(blocks.jacobian(state))
    if len(of.states) > 1:
        own = [blocks.block(state, name, name) for name in of.states]
        equations = [e for e in equations if e.left in own]
    return [f"{printer.line(e.left)} = {printer.line(e.rights[-1])}" for e in equations]
