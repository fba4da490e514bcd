"""States: what is read before the first step, as inputs; and whether one step can stand alone.

    h[t] = u * h[t-1] + x[t]   =>   h[0] = h0, with h0 an input that has a row for each sequence

What is read of an input at earlier steps is a state as well, once a variable keeps it (`kept`).
A system can be worked out step by step if no step needs more than its inputs and the states.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from symrnn.errors import UsageError, suggestion
from symrnn.language.printer import show_definition, show_ref
from symrnn.language.tree import Ref
from symrnn.system.check import check
from symrnn.system.graph import Use, needs_of, reached
from symrnn.system.names import free, step_label
from symrnn.system.spell import spell_equation
from symrnn.system.symbols import GIVEN, Symbol
from symrnn.system.system import Equation, Linear, Scale, System, Term, map_refs, uses
from symrnn.system.unroll import with_number_of_steps


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


def with_asked_states(system: System, wrt: Collection[str]) -> System:
    """The system with its initial states as inputs, if a gradient is asked for by one of them; what
    is neither an input nor a state is refused.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> system = normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"))
    >>> [len(with_asked_states(system, [name]).named("input")) for name in ("x", "h0")]
    [1, 2]
    """
    states, full = initial_states(system), system
    if any(name not in states for name in wrt):
        full = kept(system)
        states = initial_states(full)
    inputs = [symbol.name for symbol in full.named("input")]
    known = [*inputs, *states]
    for name in wrt:
        if name not in known:
            raise UsageError(
                f"'{name}' is no input or initial state{suggestion(name, known)}; there are"
                f" {', '.join(known)} (every parameter's gradient is there anyway)"
            )
    return with_states(full) if states.keys() & set(wrt) else system


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


# one step at a time


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
        for said, later in _in_the_way(equation, late):
            yield Obstacle(f"{_shown(equation)} {said}", later)


def _in_the_way(equation: Equation, late: set[Ref]) -> Iterator[tuple[str, bool]]:
    target = equation.target
    timed = target.base == "t"
    if target.base in ("1", "T"):
        yield f"fixes {show_ref(target)}: no state can be handed in for it", False
    if isinstance(equation, Linear) and not all(term.everywhere for term in equation.terms):
        yield "adds something at one step only", timed
    for use in uses(equation):
        reason = _reads(use, timed, late)
        if reason is not None:
            yield reason
    if with_number_of_steps(equation, 1) != equation:
        yield "needs the number of steps, size(T)", False


def _reads(use: Use, timed: bool, late: set[Ref]) -> tuple[str, bool] | None:
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
    outputs = {symbol.name for symbol in system.outputs}
    states = {node.name for node in definitions if node.base in ("1", "T")}
    states |= {ref.name for ref in initial_states(system).values()}
    states |= {node.name for group in system.groups() if group.direction for node in group.nodes}
    states -= {symbol.name for symbol in system.named("adjoint", "total")}
    roots = [node for node in definitions if node.name in outputs | states]
    needed = reached(roots, needs_of(definitions, system.steps))
    return (equation for equation in system.equations if equation.target in needed)


def _shown(equation: Equation) -> str:
    return show_definition(next(iter(spell_equation(equation))))
