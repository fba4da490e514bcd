"""The first steps: the model, the loss by what it judges, the functions, each link of the chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from symrnn.derive.as_written import definitions
from symrnn.derive.build import chain, is_zero, minus, plus, times
from symrnn.derive.edges import Carrier, Edge, Softmax, moved, mover
from symrnn.derive.formula import Diagonal, Equation, Formula, Immediate, Sheet, Total, Words
from symrnn.derive.functions import LONG, PRIME
from symrnn.derive.losses import logit_slope
from symrnn.derive.paths import LOSS
from symrnn.derive.rows import Rows
from symrnn.derive.sheets import ROWS
from symrnn.derive.views.chain import Partial, partials
from symrnn.derive.views.local import equation, every_target
from symrnn.derive.views.steps.fine import Fine
from symrnn.derive.views.steps.reasons import joined, of_routes, shapes, spoken, step_back
from symrnn.language.parse import rule
from symrnn.language.table import ELEMENTWISE, LOSSES
from symrnn.language.tree import NARROW, ONE, Call, Expr, Ref, put, refs
from symrnn.system.system import Pointwise

KNOWN = "written with the value that is known already"


def model(fine: Fine) -> Sheet:
    """The equations, with a name for what goes into each function."""
    equations = definitions(fine.rows, fine.own)
    return Sheet(("The model, with a name for what goes into each function",), tuple(equations))


def found_in(fine: Fine, names: Sequence[str]) -> dict[Immediate, Partial]:
    """Every local derivative on the ways to these parameters, from the loss on; one that is the
    same at each step is here once."""
    found: dict[Immediate, Partial] = {}
    for target in every_target(fine, names):
        for partial in map(at_t, partials(fine, target)):
            found[fine.factor(partial.edges[0])] = partial
    place = {node: number for number, node in enumerate([LOSS, *fine.network.edges])}

    def order(left: Immediate) -> int:
        assert isinstance(left.of, Ref)
        return place.get(fine.paths.node(left.of), len(place))

    return {
        left: found[left] for left in sorted(found, key=order) if not is_said(found, found[left])
    }


def is_said(found: Mapping[Immediate, Partial], partial: Partial) -> bool:
    """Whether a derivative at a fixed step is what another one says of every step."""
    edge = partial.edges[0]
    timed = [ref for ref in (edge.of, edge.by) if ref.base]
    if not timed or any(ref.base == "t" for ref in timed) or len({r.base for r in timed}) > 1:
        return False
    here = timed[0]
    move = mover(Ref("", "t"), here)
    return any(
        tuple(replace(moved(each, move), by=move(each.by)) for each in other.edges) == partial.edges
        for other in found.values()
        if not other.but and other is not partial
    )


def at_t(partial: Partial) -> Partial:
    """∂h_{t+1}/∂a_{t+1} is said as ∂h_t/∂a_t."""
    of = partial.edges[0].of
    if of.base != "t" or not of.shift or partial.but:
        return partial
    move = mover(of, Ref(of.name, "t"))
    return Partial(tuple(replace(moved(edge, move), by=move(edge.by)) for edge in partial.edges))


# the loss


def of_loss(fine: Fine, found: dict[Immediate, Partial]) -> Sheet:
    """The loss by what it judges, and by what goes into the link function before it."""
    equations: list[Equation] = []
    for left, partial in found.items():
        edge = partial.edges[0]
        if edge.of != LOSS or edge.by.name in fine.parameters:
            continue
        equations.append(by_prediction(fine, equation(fine.rows, left, partial), partial))
        equations += cancelled(fine, partial, found)
    return Sheet(("The loss, by what it judges",), tuple(equations))


def by_prediction(fine: Fine, made: Equation, partial: Partial) -> Equation:
    """∂L/∂ŷ, term by term and as one fraction."""
    edge = partial.edges[0]
    functions = [c.function for route in edge.routes for c in route if c.function in LOSSES]
    why: Words = (of_routes(partial.edges, fine.scalar),)
    if len(made.rights) == 1 or not functions:
        return replace(made, reasons=(why,))
    return replace(made, reasons=(why, (LOSSES[functions[0]].together,)))


def cancelled(fine: Fine, partial: Partial, found: dict[Immediate, Partial]) -> Iterator[Equation]:
    """∂L/∂a of a loss after its link function: the link's derivative, the product, ŷ - y."""
    (loss,) = partial.edges if len(partial.edges) == 1 else (None,)
    if loss is None or len(loss.routes) != 1 or partial.but:
        return
    if len(fine.network.edges.get(fine.paths.node(loss.by), [])) != 1:
        return
    links = [
        (left, other)
        for left, other in found.items()
        if len(other.edges) == 1 and other.edges[0].of == loss.by and not other.but
    ]
    if len(links) != 1:
        return
    left, other = links[0]
    link, rows = other.edges[0], fine.rows
    if (
        len(link.routes) != 1
        or logit_slope(rows.system, loss.routes[0][-1], link.routes[0][0]) is None
    ):
        return
    if link.by.name in fine.parameters or fine.paths.landings(fine.paths.node(link.by)):
        return
    yield with_function(fine, equation(rows, left, other), link)
    yield together(fine, loss, link)


def together(fine: Fine, loss: Edge, link: Edge) -> Equation:
    """∂L/∂ŷ · ∂ŷ/∂a = … = ŷ - y."""
    rows = fine.rows
    factors = (fine.factor(loss), fine.factor(link))
    row = rows.along((ONE, NARROW), loss.routes[0])
    whole = rows.along(row, link.routes[0])[0]
    final = rows.carried((ONE, NARROW), ((*loss.routes[0], *link.routes[0]),))[0]
    rights: list[Formula] = [chain(*factors)]
    reasons: list[Words] = [
        joined(("the chain rule: first the loss, then its link",), shapes(rows, factors))
    ]
    if whole != final:
        rights.append(whole)
        reasons.append(("both put in",))
    between = spread_out(rows, loss, link)
    if between is not None and between != final:
        rights.append(between)
        reasons.append(
            (
                "multiplied out: what is divided by the value in the first is multiplied with it in"
                " the second",
            )
        )
    rights.append(final)
    reasons.append(finally_(rows, loss, link))
    return Equation(Total(LOSS, link.by), tuple(rights), reasons=tuple(reasons))


def spread_out(rows: Rows, loss: Edge, link: Edge) -> Formula | None:
    """-y + (y 1) ŷ: a cross-entropy behind a softmax, multiplied out."""
    last = loss.routes[0][-1]
    if not isinstance(link.routes[0][0].by, Softmax) or last.value is None or last.target is None:
        return None
    (value, width), (target, _) = rows.value(last.value), rows.value(last.target)
    if width == NARROW or last.function != "ce" or is_zero(target):
        return None
    before = rows.along((ONE, NARROW), (*loss.routes[0][:-1],))
    if before[1] != NARROW or len(link.routes[0]) != 1:
        return None
    inside = plus((minus(target), times(rows.gathered(target, width), value)))
    return times(before[0], inside)


def finally_(rows: Rows, loss: Edge, link: Edge) -> Words:
    carrier = loss.routes[0][-1]
    assert carrier.target is not None
    if not isinstance(link.routes[0][0].by, Softmax):
        return ("the link's derivative cancels against what stands below the fraction",)
    if rows.value(carrier.target)[1] == NARROW:
        return ("a softmax of a single number is 1, whatever goes into it",)
    if rows.symbols[carrier.target.name].onehot:
        return ("each target sums to one",)
    return ("in the usual order; where a target sums to one, the sum of its entries is 1",)


# functions


def functions(fine: Fine, found: dict[Immediate, Partial]) -> Sheet:
    """Each function that is used, once: its derivative by a rule, then in its own value."""
    used: dict[str, Carrier] = {}
    for partial in found.values():
        for carrier in (c for e in partial.edges for route in e.routes for c in route):
            row = ELEMENTWISE.get(carrier.function)
            if row and len(row.arguments) == 1 and carrier.function != "identity" and carrier.value:
                known = used.setdefault(carrier.function, carrier)
                if known.value and known.value.name not in fine.own:
                    used[carrier.function] = carrier  # rather one whose value has a name
    equations = [
        e for name, carrier in used.items() if (e := of_function(fine, name, carrier)) is not None
    ]
    return Sheet(("The functions, and their derivatives",), tuple(equations))


def of_function(fine: Fine, name: str, carrier: Carrier) -> Equation | None:
    """tanh′(a) = 1 - tanh²(a) = 1 - O²."""
    value = carrier.value
    assert value is not None
    places = [value, Ref(value.name, "t")]
    found = {e.target: e for e in fine.system.equations if isinstance(e, Pointwise)}
    made = next((found[place] for place in places if place in found), None)
    if made is None or name + PRIME in LONG:
        return None  # a long derivative stands at the end
    if not isinstance(made.body, Call) or made.body.function != name:
        return None
    (argument,) = made.body.args
    row, rows = ELEMENTWISE[name], fine.rows

    def put_in(text: str, own: Expr) -> Formula:
        return rows.value(put(rule(text), {"x": argument, "o": own}))[0]

    rights: list[Formula] = []
    reasons: list[Words] = []
    if row.by_rule:
        rights.append(put_in(row.by_rule, made.body))
        reasons.append((row.rule,))
    rights.append(put_in(row.derivatives[0], made.body))
    said = row.why if row.by_rule else row.rule
    reasons.append((said or f"the rule for {spoken(name)}",))
    if any(ref.name == "o" for ref in refs(rule(row.derivatives[0]))) and value.name in fine.own:
        rights.append(put_in(row.derivatives[0], made.target))
        reasons.append((made.target, " is ", rows.value(made.body)[0], ": " + KNOWN))
    left = Call(name + PRIME, (rows.value(argument)[0],))
    return Equation(left, tuple(rights), reasons=tuple(reasons))


# links


def links(fine: Fine, found: dict[Immediate, Partial], loss: Sheet) -> Sheet:
    """Each variable by what it reads, but the loss, and what was said with it."""
    said = {e.left for e in loss.equations}
    equations: list[Equation] = []
    told: set[str] = set()
    for left, partial in found.items():
        made = equation(fine.rows, left, partial)
        if left in said:
            continue
        if len(partial.edges) > 1:
            equations.append(replace(made, reasons=((of_routes(partial.edges, fine.scalar),),)))
            continue
        made, carrier = with_function(fine, made, partial.edges[0]), step_back(partial.edges[0])
        if carrier is not None and carrier.function in told:
            words = f"the derivative of {spoken(carrier.function)}, as before"
            made = replace(made, rights=made.rights[-1:], reasons=((words,),))
        told |= set() if carrier is None else {carrier.function}
        equations.append(made)
    note = () if fine.scalar else (ROWS,)
    return Sheet(("Each variable, by what it reads",), tuple(equations), note=note)


def with_function(fine: Fine, made: Equation, edge: Edge) -> Equation:
    """A local derivative with its reasons; one of a function as f′ first."""
    carrier = step_back(edge)
    if carrier is None or len(made.rights) != 1:
        return replace(made, reasons=((of_routes((edge,), fine.scalar),),))
    argument, width = fine.rows.value(edge.by)
    slope: Formula = Call(carrier.function + PRIME, (argument,))
    slope = slope if width == NARROW else Diagonal(slope)
    name = spoken(carrier.function)
    if slope == made.rights[0]:
        return replace(made, reasons=((f"the derivative of {name}, which is given at the end",),))
    entries = "" if width == NARROW else ", entry by entry"
    row = ELEMENTWISE[carrier.function]
    own = any(ref.name == "o" for ref in refs(rule(row.derivatives[0])))
    return replace(
        made,
        rights=(slope, *made.rights),
        reasons=(
            (f"the derivative of {name}{entries}",),
            ("by its rule, " + KNOWN if own else "by its rule",),
        ),
    )
