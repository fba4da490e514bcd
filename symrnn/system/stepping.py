"""Whether a system can be worked out one step at a time, and what of it one step needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.language.printer import show_definition, show_ref
from symrnn.language.tree import Ref
from symrnn.system.activity import reached
from symrnn.system.check import check
from symrnn.system.graph import Use, edges_of
from symrnn.system.spell import spell_equation
from symrnn.system.states import initial_states
from symrnn.system.symbols import GIVEN
from symrnn.system.system import Equation, Linear, System, uses
from symrnn.system.unroll import with_number_of_steps


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What one step does not have."""

    said: str
    later: bool = False
    """Whether it is only known after later steps."""


def why_no_step(system: System) -> str | None:
    """What is in the way of working out one step alone, out of its inputs and the states; None if
    nothing is. The system is one whose states are not inputs yet.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> why_no_step(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")))
    >>> why_no_step(normal(parse("h[t] = x[t] - x[t+1]")))
    'h[t] = x[t] - x[t+1] reads x[t+1]: one step alone does not have it'
    """
    return next((obstacle.said for obstacle in obstacles(system)), None)


def is_causal(system: System) -> bool:
    """Whether no step needs a later one: then a long sequence is its windows, one after another.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> is_causal(normal(parse("q[t] = tanh(q[t+1] @ U + x[t])")))
    False
    """
    return not any(obstacle.later for obstacle in obstacles(system))


def forward_part(system: System) -> System:
    """The equations that outputs and states need; all parameters stay known.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> system = normal(parse("h[t] = tanh(x[t] @ W); yhat = h[T] @ V; L = mse(y, yhat)"))
    >>> [equation.target.name for equation in forward_part(system).equations]
    ['a_h', 'h', 'yhat']
    """
    equations = tuple(_forward(system))
    names = {e.target.name for e in equations}
    names |= {use.ref.name for e in equations for use in uses(e)}
    names |= {symbol.name for symbol in system.named(*GIVEN)}
    symbols = {name: symbol for name, symbol in system.symbols.items() if name in names}
    result = replace(system, equations=equations, symbols=symbols)
    check(result, "forward_part")
    return result


def obstacles(system: System) -> Iterator[Obstacle]:
    """Everything that is in the way, in the order of the equations."""
    if system.steps is not None:
        yield Obstacle(f"the text is written out for T = {system.steps} steps")
        return
    equations = list(_forward(system))
    if not equations:
        yield Obstacle("nothing comes out of it: there are neither outputs nor states")
    own = {equation.target for equation in equations}
    for group in system.groups():
        if group.direction < 0 and own & set(group.nodes):
            (*_, name) = (node.name for node in group.nodes)
            yield Obstacle(f"the recurrence of {name} runs backwards, from the last step", True)
    late = _late(equations)
    for equation in equations:
        for said, later in _in_the_way(system, equation, late):
            yield Obstacle(f"{_shown(equation)} {said}", later)


def _in_the_way(system: System, equation: Equation, late: set[Ref]) -> Iterator[tuple[str, bool]]:
    target = equation.target
    timed = target.base == "t"
    if target.base in ("1", "T"):
        yield f"fixes {show_ref(target)}: no state can be handed in for it", False
    if isinstance(equation, Linear) and not all(term.everywhere for term in equation.terms):
        yield "adds something at one step only", timed
    for use in uses(equation):
        reason = _reads(system, use, timed, late)
        if reason is not None:
            yield reason
    if with_number_of_steps(equation, 1) != equation:
        yield "needs the number of steps, size(T)", False


def _reads(system: System, use: Use, timed: bool, late: set[Ref]) -> tuple[str, bool] | None:
    """What of a reference one step does not have, and whether it is only known later."""
    ref, shown = use.ref, show_ref(use.ref)
    match ref.base:
        case "t" if use.whole:
            return f"sums {shown} over all steps", timed
        case "t" if ref.shift > 0:
            return f"reads {shown}: one step alone does not have it", True
        case "T" if timed and not use.whole:
            return f"reads {shown} at every step: it is known after the last one", True
        case "1" | "T" if (ref.base, ref.shift) != ("T", 0):
            inside = ref.base == "T" or ref.shift >= 0
            return f"reads {shown}: one step alone does not have it", timed and inside
        case "" if timed and ref in late:
            return f"reads {shown}, which is known after the last step", True
    return None


def _late(equations: list[Equation]) -> set[Ref]:
    """What is worked out once, of something that runs over time."""
    late: set[Ref] = set()
    before = -1
    while before != len(late):
        before = len(late)
        late |= {
            equation.target
            for equation in equations
            if not equation.target.base
            and any(use.ref.base or use.ref in late for use in uses(equation))
        }
    return late


def _forward(system: System) -> Iterator[Equation]:
    definitions = {e.target: list(uses(e)) for e in system.equations}
    edges = edges_of(definitions, system.steps)
    outputs = {symbol.name for symbol in system.outputs}
    states = {node.name for node in definitions if node.base in ("1", "T")}
    states |= {ref.name for ref in initial_states(system).values()}
    states |= {node.name for group in system.groups() if group.direction for node in group.nodes}
    states -= {symbol.name for symbol in system.named("adjoint", "total")}
    roots = [node for node in definitions if node.name in outputs | states]
    needed = reached(roots, {node: [other for other, _ in found] for node, found in edges.items()})
    return (equation for equation in system.equations if equation.target in needed)


def _shown(equation: Equation) -> str:
    return show_definition(next(iter(spell_equation(equation))))
