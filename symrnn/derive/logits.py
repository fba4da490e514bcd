"""Derivatives of losses: ŷ - y where one judges the value of its own link function, or in terms."""

from symrnn.derive.network import Carrier, Route
from symrnn.language.parse import rule
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Expr, Ref, map_children, put
from symrnn.system.algebra import size
from symrnn.system.system import Scale, System


def cancelled(system: System, route: Route) -> Route:
    """The route with one carrier for each loss that stands next to its link function."""
    found: list[Carrier] = []
    for carrier in route:
        slope = logit_slope(system, found[-1], carrier) if found else None
        if slope is not None:
            found[-1] = Carrier(Scale(slope), width=carrier.width)
        else:
            found.append(carrier)
    return tuple(found)


def logit_slope(system: System, loss: Carrier, link: Carrier) -> Expr | None:
    """∂loss/∂z where the loss judges the value of its own link function: ŷ - y."""
    if loss.function not in LOSSES or LOSSES[loss.function].link != link.function:
        return None
    if link.value is None or link.value != loss.value or loss.target is None:
        return None
    row = LOSSES[LOSSES[loss.function].from_logits]
    target, value = loss.target, link.value
    fixed = system.steps is not None and target.base
    inside = 0 <= target.shift < (system.steps or 0) if fixed else not target.shift
    onehot = row.onehot and system.symbols[target.name].onehot and inside
    slope = _with_value(rule(row.onehot if onehot else row.by_prediction), value)
    return put(slope, {"y": target, "n": size(system.symbols[value.name].width)})


def by_terms(system: System, route: Route) -> Route | None:
    """The route with the derivative of its loss as it comes from the loss's own terms, if that
    looks different: -y/ŷ + (1 - y)/(1 - ŷ)."""
    found: list[Carrier] = []
    for carrier in route:
        written = LOSSES[carrier.function].by_terms if carrier.function in LOSSES else ""
        if written and carrier.value is not None and carrier.target is not None:
            width = size(system.symbols[carrier.value.name].width)
            slope = put(rule(written), {"y": carrier.target, "p": carrier.value, "n": width})
            carrier = Carrier(Scale(slope), width=carrier.width)
        found.append(carrier)
    return tuple(found) if tuple(found) != route else None


def _with_value(slope: Expr, value: Ref) -> Expr:
    """The rule for logits, σ(z) in it as the value that has a name."""

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Call) and expr.args == (Ref("p"),):
            return value
        return map_children(expr, change)

    return change(slope)
