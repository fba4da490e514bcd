"""Zoneout: at each step a state keeps some features as they were, by masks that the caller draws.

h[t] = tanh(…)   =>   new_h[t] = tanh(…)
                      h[t] = zone_h[t] * h[t-1] + (1 - zone_h[t]) * new_h[t]
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.errors import EquationError
from symrnn.language.tree import ONE, Add, Definition, Mul, Neg, Ref, Written, refs
from symrnn.system.dropout import check_runs
from symrnn.system.inputs import Input, check_names, new_name, scan, symbols_of, with_inputs
from symrnn.system.occurrences import dependencies


def with_zoneout(written: Written, states: Sequence[str]) -> Written:
    """Whoever reads a state reads what was kept of it, and what is new.

    >>> from symrnn.language import parse, show
    >>> written = parse("q[t] = tanh(x[t] @ W + q[t+1] @ U)")
    >>> print(show(with_zoneout(written, ["q"])), end="")
    zone_q: H
    new_q[t] = tanh(x[t] @ W + q[t+1] @ U)
    q[t] = zone_q[t] * q[t+1] + (1 - zone_q[t]) * new_q[t]
    """
    symbols = symbols_of(written, "zoneout")
    check_names(states, [s.name for s in symbols.values() if s.role == "variable"], "variable")
    for name in dict.fromkeys(states):
        check_runs(written, name, symbols[name].timed)
        before = _before(written, name)
        mask = Input(new_name(written, f"zone_{name}"), symbols[name].width)
        new = new_name(written, f"new_{name}")
        definitions = list(_zoned(written, before, Ref(mask.name, "t"), new))
        written = with_inputs(written, definitions, [mask])
    return written


def _before(written: Written, name: str) -> Ref:
    """A state at the step before, as its recurrence runs; refused if nothing reads that."""
    direction = scan(written, name).direction
    before = Ref(name, "t", -direction)
    if direction and before in _inner_reads(written, name):
        return before
    known = [
        node.name
        for group in dependencies(written)
        for node in group.nodes
        if group.direction and Ref(node.name, "t", -group.direction) in _reads(written, group.nodes)
    ]
    raise EquationError(
        f"{name} is no state: its recurrence does not read it one step back; zoneout is for"
        f" {', '.join(dict.fromkeys(known)) or 'states, and the model has none'}"
    )


def _inner_reads(written: Written, name: str) -> list[Ref]:
    return _reads(written, scan(written, name).nodes)


def _reads(written: Written, nodes: tuple[Ref, ...]) -> list[Ref]:
    """What the equations of a recurrence read."""
    return [ref for d in written.definitions if d.target in nodes for ref in refs(d.body)]


def _zoned(written: Written, before: Ref, zone: Ref, new: str) -> Iterator[Definition]:
    """The equations, those of the state under the new name; a boundary stays the state's own."""
    for definition in written.definitions:
        target = definition.target
        if target.name != before.name or (target.base != "t" and not definition.adds):
            yield definition
            continue
        yield replace(definition, target=replace(target, name=new))
        if not definition.adds:
            kept = Mul(zone, before)
            changed = Mul(Add((ONE, Neg(zone))), Ref(new, "t"))
            yield Definition(Ref(before.name, "t"), Add((kept, changed)))
