"""Losses: ŷ - y where one judges the value of its own link function, and names for single steps."""

from dataclasses import replace

from symrnn.derive.edges import Carrier, Route
from symrnn.language.parse import rule
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Ref,
    Written,
    map_children,
    put,
    refs,
)
from symrnn.system.algebra import size
from symrnn.system.names import free
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


def with_step_losses(written: Written) -> tuple[Written, tuple[str, ...]]:
    """The text with an equation for each loss that is summed over time, and their names.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.language.printer import show
    >>> text, names = with_step_losses(parse("q[t] = x[t] @ W; L = mean(mse(y[t], q[t]))"))
    >>> print(show(text).splitlines()[-1], names)
    L = mean(L_t[t]) ('L_t',)
    """
    taken = {d.target.name for d in written.definitions} | {
        ref.name for d in written.definitions for ref in refs(d.body)
    }
    made: list[Definition] = []

    def named(expr: Expr) -> Expr:
        match expr:
            case Neg() | Add() | Mul():
                return map_children(expr, named)
            case Div(left=left, right=right):
                return Div(named(left), right, place=expr.place)
            case Call(function=function, args=(arg,)) if function in TIME:
                if isinstance(arg, Ref) or not any(ref.base == "t" for ref in refs(arg)):
                    return expr
                name = free("L_t", taken)
                taken.add(name)
                made.append(Definition(Ref(name, "t"), arg, place=expr.place))
                return Call(function, (Ref(name, "t"),), place=expr.place)
        return expr

    definitions: list[Definition] = []
    for definition in written.definitions:
        if definition.target == Ref("L"):
            found = replace(definition, body=named(definition.body))
            definitions += [*made, found]
        else:
            definitions.append(definition)
    names = tuple(d.target.name for d in made)
    declared = tuple(Declaration(name, "width", (NARROW,)) for name in names)
    new = replace(
        written,
        definitions=tuple(definitions),
        declarations=(*written.declarations, *declared),
    )
    return (new, names) if names else (written, ())
