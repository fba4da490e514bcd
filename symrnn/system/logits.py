"""Losses from logits: bce(y, σ(z))   =>   bce_logits(y, z), and the same for ce of a softmax.

The rewritten loss is finite where the link saturates, and its adjoint reads ŷ - y.
"""

from dataclasses import replace

from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.graph import at_step
from symrnn.system.system import Equation, Pointwise, Row, System


def from_logits(system: System) -> System:
    links = {e.target: found for e in system.equations if (found := _link(e))}

    def rewrite(equation: Equation) -> Equation:
        if not isinstance(equation, Row) or equation.function not in LOSSES:
            return equation
        loss, (target, prediction) = LOSSES[equation.function], equation.args
        function, inside = links.get(_node(prediction, system.steps), ("", prediction))
        if not loss.link or function != loss.link:
            return equation
        if inside.base == "t":  # read there as the link reads it, which is read at t, 1 or T
            inside = Ref(inside.name, prediction.base, prediction.shift + inside.shift)
        return Row(equation.target, loss.from_logits, (target, inside))

    return replace(system, equations=tuple(map(rewrite, system.equations)))


def _link(equation: Equation) -> tuple[str, Ref] | None:
    """The function and the argument of `v = σ(z)` or `v = softmax(z)`."""
    match equation:
        case Pointwise(body=Call(function=function, args=(Ref() as inside,))):
            return function, inside
        case Row(function="softmax" as function, args=(inside,)):
            return function, inside
    return None


def _node(prediction: Ref, steps: int | None) -> Ref:
    """The equation that a prediction is read from: only v[t], v[1], v[T] surely lie in 1…T."""
    if steps is not None:
        return at_step(prediction, steps)
    return Ref(prediction.name, "t") if prediction.base and not prediction.shift else prediction
