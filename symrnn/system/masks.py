"""Dropout and zoneout by masks that the caller draws, and that become inputs of the text.

Dropout multiplies features by 0, or by 1/(1 - p) where a feature stays:

    yhat = h[T] @ V                 =>   yhat = (h[T] * drop_h[T]) @ V
    h[t] = tanh(… + h[t-1] @ U)     =>   h[t] = tanh(… + (h[t-1] * keep_h) @ U)

The first mask stands between a recurrence and what reads it; the second inside it, one mask for all
steps of a sequence. Zoneout keeps some features of a state as they were at the step before:

    h[t] = tanh(…)   =>   new_h[t] = tanh(…)
                          h[t] = zone_h[t] * h[t-1] + (1 - zone_h[t]) * new_h[t]
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.errors import EquationError, UsageError
from symrnn.language.printer import show_ref
from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    ONE,
    Add,
    Call,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Ref,
    Written,
    children,
    map_children,
    refs,
)
from symrnn.system.inputs import Input, check_names, new_name, scan, symbols_of, with_inputs
from symrnn.system.occurrences import dependencies
from symrnn.system.symbols import Symbols


def with_dropout(
    written: Written, between: Sequence[str] = (), recurrent: Sequence[str] = ()
) -> Written:
    """The text with a mask on what is read of each name in `between`, and inside the recurrence of
    each name in `recurrent`.

    >>> from symrnn.language import parse, show
    >>> written = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T] @ V)")
    >>> print(show(with_dropout(written, ["h", "x"])), end="")
    drop_h: H
    drop_x: D
    h[t] = tanh((x[t] * drop_x[t]) @ W + h[t-1] @ U)
    L = mse(y, (h[T] * drop_h[T]) @ V)
    """
    if not (between or recurrent):
        raise UsageError("nothing to drop; name inputs or variables")
    symbols = symbols_of(written, "dropout")
    variables = [s.name for s in symbols.values() if s.role == "variable"]
    inputs = [s.name for s in symbols.values() if s.role == "input"]
    check_names(between, [*inputs, *variables], "input or variable to drop features of")
    check_names(recurrent, variables, "variable to drop features of in its recurrence")
    for name in dict.fromkeys(between):
        written = _between(written, name, symbols)
    for name in dict.fromkeys(recurrent):
        written = _recurrent(written, name, symbols)
    return written


# between a recurrence and its readers


def _between(written: Written, name: str, symbols: Symbols) -> Written:
    """A mask wherever an equation outside of its recurrence reads the name."""
    symbol = symbols[name]
    check_runs(written, name, symbol.timed and symbol.role == "variable")
    mask = Input(new_name(written, f"drop_{name}"), symbol.width, symbol.timed)
    inside = {node.name for node in scan(written, name).nodes}

    def masked(expr: Expr) -> Expr:
        match expr:
            case Ref(name=found) if found == name:
                return Mul(expr, _mask_for(expr, mask.name, symbol.role == "variable"))
            case Call(function=function, args=(target, prediction)) if function in LOSSES:
                # what a loss compares stays what it is
                bare = isinstance(prediction, Ref)
                return Call(function, (target, prediction if bare else masked(prediction)))
        return map_children(expr, masked)

    definitions = [
        d if d.target.name in inside else replace(d, body=masked(d.body))
        for d in written.definitions
    ]
    if not _is_read(mask.name, definitions):
        raise EquationError(
            f"no equation outside of its recurrence reads {name}, but for what a loss compares;"
            " there is nowhere to drop it"
        )
    return with_inputs(written, definitions, [mask])


def _mask_for(read: Ref, mask: str, variable: bool) -> Ref:
    """The mask of the step that is read; of the reader's step where a state may be read that was
    handed in: it has no step in 1…T, and no mask."""
    if not variable:
        return Ref(mask, read.base, read.shift)
    if read.base == "1":
        return Ref(mask, "1", max(read.shift, 0))
    return Ref(mask, read.base, 0)


# inside a recurrence


def _recurrent(written: Written, name: str, symbols: Symbols) -> Written:
    """A mask wherever an equation of its recurrence reads the name at another step, unless it
    only carries the value on: there a mask that never changes would multiply up, step by step."""
    check_runs(written, name, symbols[name].timed)
    mask = Input(new_name(written, f"keep_{name}"), symbols[name].width, timed=False)
    inside = {node.name for node in scan(written, name).nodes}
    own = [d for d in written.definitions if d.target.base == "t" and d.target.name in inside]
    lagged = [
        ref
        for d in own
        for ref in refs(d.body)
        if (ref.name, ref.base) == (name, "t") and ref.shift
    ]
    if not lagged:
        raise EquationError(
            f"no recurrence reads {name} at another step; recurrent dropout is for a state"
        )
    carrying = _Carrying(own, name, symbols)

    def masked(expr: Expr, carries: bool) -> Expr:
        match expr:
            case Ref():
                as_it_is = carries or expr not in lagged
                return expr if as_it_is else Mul(expr, Ref(mask.name))
        on = iter(carrying.through(expr, carries))
        return map_children(expr, lambda child: masked(child, next(on)))

    definitions = [
        replace(d, body=masked(d.body, d.target.name in carrying.names)) if d in own else d
        for d in written.definitions
    ]
    if not _is_read(mask.name, definitions):
        raise EquationError(
            f"{show_ref(lagged[0])} is only carried on, and a mask there, the same at each step,"
            " would empty the state or blow it up; zoneout is for that"
        )
    return with_inputs(written, definitions, [mask])


class _Carrying:
    """Where a recurrence carries a state on: from step to step through sums, and through products
    with gates and numbers, but through no function, matrix or other parameter."""

    def __init__(self, definitions: list[Definition], name: str, symbols: Symbols) -> None:
        self.symbols = symbols
        self.names = {name}
        while grown := self.carried(definitions) - self.names:
            self.names |= grown

    def carried(self, definitions: list[Definition]) -> set[str]:
        """The names that the equations of carrying ones pass on."""
        bodies = {d.target.name: d.body for d in definitions}
        return {
            name
            for own in self.names & bodies.keys()
            for name in self.passed(bodies[own])
            if name in bodies
        }

    def passed(self, expr: Expr) -> set[str]:
        if isinstance(expr, Ref):
            return {expr.name}
        on = zip(children(expr), self.through(expr, True), strict=True)
        return {name for child, carries in on if carries for name in self.passed(child)}

    def through(self, expr: Expr, carries: bool) -> list[bool]:
        """Whether a value that stands in each child is passed on as it is, but for a factor."""
        match expr:
            case Add() | Neg():
                return [carries for _ in children(expr)]
            case Mul(left=left, right=right):
                return [carries and not self.learned(right), carries and not self.learned(left)]
            case Div(right=right):
                return [carries and not self.learned(right), False]
        return [False for _ in children(expr)]

    def learned(self, expr: Expr) -> bool:
        known = (self.symbols.get(ref.name) for ref in refs(expr))
        return any(symbol is not None and symbol.role == "parameter" for symbol in known)


def _is_read(name: str, definitions: Sequence[Definition]) -> bool:
    return any(ref.name == name for d in definitions for ref in refs(d.body))


def check_runs(written: Written, name: str, timed: bool) -> None:
    """Refuse a variable that a text defines step by step: its recurrence has no equation."""
    if timed and not any(d.target == Ref(name, "t") for d in written.definitions):
        raise EquationError(
            f"{name} is written out step by step; change the model, and unroll it then"
        )


# what a state keeps


def with_zoneout(written: Written, states: Sequence[str]) -> Written:
    """The text with a mask for each of these states: whoever reads the state reads what it has kept
    where the mask is 1, and what is new where it is 0.

    >>> from symrnn.language import parse, show
    >>> written = parse("q[t] = tanh(x[t] @ W + q[t+1] @ U)")
    >>> print(show(with_zoneout(written, ["q"])), end="")
    zone_q: H
    new_q[t] = tanh(x[t] @ W + q[t+1] @ U)
    q[t] = zone_q[t] * q[t+1] + (1 - zone_q[t]) * new_q[t]
    """
    if not states:
        raise UsageError("nothing to keep; name states")
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
