"""Initial states as inputs: what is read before the first step, said explicitly.

h[t] = u * h[t-1] + x[t]   =>   h[0] = h0, with h0 an input that has a row for each sequence

What is read of an input at earlier steps is a state as well, once a variable keeps it (`kept`).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from symrnn.language.tree import Ref
from symrnn.system.check import check
from symrnn.system.names import free, step_label
from symrnn.system.rewrite import map_refs
from symrnn.system.symbols import Symbol
from symrnn.system.system import Equation, Linear, Scale, System, Term, uses


def kept(system: System) -> System:
    """The system with a variable for each input that is read at earlier steps: then what a window
    of a long sequence needs of the one before is a state, like that of a recurrence.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> made = kept(normal(parse("h[t] = x[t] @ W + x[t-2] @ V")))
    >>> print(str(made).partition("h: H\\n")[2], end="")
    kept_x[t] = x[t]
    h[t] = kept_x[t] @ W + kept_x[t-2] @ V
    >>> initial_states(made)
    {'x0': Ref(name='kept_x', base='1', shift=-1), 'xm1': Ref(name='kept_x', base='1', shift=-2)}
    """
    if system.steps is not None:
        return system
    given = {symbol.name for symbol in system.named("input", "target")}
    read = (use.ref for equation in system.equations for use in uses(equation))
    early = dict.fromkeys(r.name for r in read if r.name in given and r.base == "t" and r.shift < 0)
    if not early:
        return system
    symbols, made = dict(system.symbols), []
    names: dict[str, str] = {}
    for name in early:
        names[name] = free(f"kept_{name}", symbols)
        old = symbols[name]
        symbols[names[name]] = replace(old, name=names[name], role="variable", keeps=name)
        made.append(Linear(Ref(names[name], "t"), (Term(Ref(name, "t")),)))

    def change(ref: Ref) -> Ref:
        later = ref.shift > 0 or (ref.base != "t" and not ref.shift)
        return ref if ref.name not in names or later else replace(ref, name=names[ref.name])

    changed = (map_refs(equation, change) for equation in system.equations)
    result = replace(system, equations=(*made, *changed), symbols=symbols)
    check(result, "kept")
    return result


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
                label = f"{system.symbols[name].keeps or name}{step_label(base, shift)}"
                states[free(label, system.symbols)] = node
    return states


def grouped(states: Mapping[str, Ref]) -> dict[str, tuple[str, ...]]:
    """The states of each variable together, from the earliest step on, under the name of the one
    that is next to the steps.

    >>> grouped({"h0": Ref("h", "1", -1), "hm1": Ref("h", "1", -2), "qT1": Ref("q", "T", 1)})
    {'h0': ('hm1', 'h0'), 'qT1': ('qT1',)}
    """
    by_variable: dict[str, list[str]] = {}
    for name, ref in states.items():
        by_variable.setdefault(ref.name, []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for own in by_variable.values():
        own.sort(key=lambda name: states[name].shift)
        backward = states[own[0]].base == "T"
        found[own[0] if backward else own[-1]] = tuple(own)
    return found


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


def handed_on(system: System) -> set[str]:
    """The variables of which something is handed in, before their first step or after their last:
    what comes next is to be given the same of them."""
    return {node.name for node in _starts(system).values()}


def all_ids(system: System, ids: Collection[str]) -> tuple[str, ...]:
    """Inputs that come as class ids, what keeps them, and the states with which that begins."""
    keepers = [s.name for s in system.symbols.values() if s.keeps in ids]
    states = [name for name, node in _starts(system).items() if node.name in keepers]
    return (*ids, *keepers, *states)


def _starts(system: System) -> dict[str, Ref]:
    """The inputs with which a boundary is the same, and these boundaries."""
    return {
        ref.name: e.target
        for e in system.equations
        if e.target.base in ("1", "T") and isinstance(e, Linear)
        for ref in (term.ref for term in e.terms if term.by == Scale())
        if ref is not None and system.symbols[ref.name].role == "input"
    }
