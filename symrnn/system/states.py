"""Initial states as inputs: what a recurrence reads before its first step, said explicitly.

h[t] = u * h[t-1] + x[t]   =>   h[0] = h0, with h0 an input that has a row for each sequence
"""

from dataclasses import replace

from symrnn.language.tree import Ref
from symrnn.system.check import check
from symrnn.system.names import free, step_label
from symrnn.system.symbols import Symbol
from symrnn.system.system import Equation, Linear, System, Term, uses


def initial_states(system: System) -> dict[str, Ref]:
    """The states that may be carried in: the name of each, and the step that it stands for.

    A variable with a backward recurrence starts after the last step, every other before the first.
    What a boundary of the text fixes already is not among them. An unrolled system has none: it
    reads its states at fixed steps, as whatever they were when it was unrolled.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> list(initial_states(normal(parse("h[t] = u * h[t-2] + x[t]; q[t] = tanh(q[t+1] + x[t])"))))
    ['h0', 'hm1', 'qT1']
    """
    if system.steps is not None:
        return {}
    backward = {node.name for g in system.groups() if g.direction < 0 for node in g.nodes}
    variables = {s.name for s in system.named("variable") if s.timed}
    reach: dict[str, int] = {}
    for equation in system.equations:
        for use in uses(equation):
            ref, sign = use.ref, 1 if use.ref.name in backward else -1
            if ref.name in variables and ref.base in ("t", "1" if sign < 0 else "T"):
                reach[ref.name] = max(reach.get(ref.name, 0), sign * ref.shift)
    fixed = {equation.target for equation in system.equations}
    states: dict[str, Ref] = {}
    for name, far in reach.items():
        for distance in range(1, far + 1):
            base, shift = ("T", distance) if name in backward else ("1", -distance)
            node = Ref(name, base, shift)
            if node not in fixed:
                states[free(f"{name}{step_label(base, shift)}", system.symbols)] = node
    return states


def with_states(system: System) -> System:
    """The system with an input for each of its initial states."""
    states = initial_states(system)
    boundaries: list[Equation] = []
    symbols = dict(system.symbols)
    for name, node in states.items():
        shape = system.symbols[node.name].shape
        symbols[name] = Symbol(name, "input", shape=shape)
        boundaries.append(Linear(node, (Term(Ref(name)),)))
    result = replace(system, equations=(*boundaries, *system.equations), symbols=symbols)
    check(result, "with_states")
    return result
