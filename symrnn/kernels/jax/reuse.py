"""Stacks that take the place of others: what a loop reads for the last time makes room, step by
step, for what it hands out.

A stack of its own is filled with zeros before the loop and lies beside the one that is read:
at a hundred steps a network touches twice the memory that it needs.

    x_W, tanh(x_W + h @ U), d_a     =>     one piece of memory, for one after the other
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symrnn.kernels.jax.context import GIVEN, Context
from symrnn.kernels.jax.demands import read_outside
from symrnn.kernels.jax.names import OwnNames
from symrnn.kernels.jax.outer import Outer, Piece
from symrnn.kernels.program import program as p


@dataclass(frozen=True)
class Stack:
    """What a loop stacks: where the steps will lie, and what a step gives of it."""

    piece: Piece
    now: p.Slice


def in_place(
    outer: Outer, loop: p.Loop, along: Mapping[p.Slice, str], stacks: Sequence[Stack]
) -> dict[p.Slice, list[Stack]]:
    """For what is read along the loop, the stacks that can lie there instead: one, or one for each
    of the neighbours."""
    found: dict[p.Slice, list[Stack]] = {}
    free = list(stacks)
    for what, text in along.items():
        if any(what.names == other.names for other in along if other is not what):
            continue
        if not _is_last(outer, loop, what, text):
            continue
        taken = _alike(outer.context, loop, what, free)
        if taken:
            found[what] = taken
            free = [stack for stack in free if stack not in taken]
    return found


def _is_last(outer: Outer, loop: p.Loop, what: p.Slice, text: str) -> bool:
    """Whether this loop is the last that reads a value, and the value is the function's own."""
    context, names, before = outer.context, set(what.names), outer.before
    functions = [function for function in (outer, before) if function is not None]
    if any(context.program.arrays[name].role in GIVEN for name in names):
        return False
    sections = tuple(context.live) if before is None else ("backward",)
    reads = read_outside(context, loop, sections)
    return not any(
        names & set(read.names) and not any(function.is_apart(read, text) for function in functions)
        for read in reads
    )


def _alike(
    context: Context, loop: p.Loop, what: p.Slice, free: Sequence[Stack]
) -> list[Stack] | None:
    """Stacks with the axes of a value."""

    def axes(names: Sequence[str]) -> list[tuple[str, ...]]:
        return [context.axes(p.Slice((name,), p.Now(0))) for name in names]

    def fits(stack: Stack, names: Sequence[str]) -> bool:
        return axes(stack.now.names) == axes(names)

    whole = {stack.now.names: stack for stack in free if fits(stack, what.names)}
    if len(what.names) > 1 and whole:
        return [next(iter(whole.values()))]
    after = _after(loop)
    taken: list[Stack] = []
    for name in what.names:
        own = {
            stack.now.name: stack
            for stack in reversed(free)
            if fits(stack, (name,)) and stack not in taken and _may_join(context, loop, what, stack)
        }
        nearest = next((n for n in _reached(after, name) if n in own), next(iter(own), None))
        if nearest is None:
            return None
        taken.append(own[nearest])
    return taken if len({(stack.now.when, stack.piece.first) for stack in taken}) == 1 else None


def _may_join(context: Context, loop: p.Loop, what: p.Slice, stack: Stack) -> bool:
    """Whether a stack may lie beside others: it is read step by step alone."""
    if len(what.names) == 1:
        return True
    straight = (s for body in context.live.values() for s in body if not isinstance(s, p.Loop))
    reads = [*context.wanted, *(read for s in straight for read in s.reads)]
    return not any(stack.now.name in read.names for read in reads)


def _after(loop: p.Loop) -> Mapping[str, Sequence[str]]:
    """What is worked out of a variable, feature by feature where it is one of several."""
    found: dict[str, list[str]] = {}
    for statement in loop.body:
        outs = statement.out.names
        for read in statement.reads:
            for place, name in enumerate(read.names):
                alike = isinstance(statement, p.Map) and len(read.names) == len(outs)
                found.setdefault(name, []).extend(outs[place : place + 1] if alike else outs)
    return found


def _reached(after: Mapping[str, Sequence[str]], start: str) -> Iterator[str]:
    """What is worked out of a variable, the nearest first."""
    seen, line = {start}, [start]
    for name in line:
        for following in after.get(name, ()):
            if following not in seen:
                seen.add(following)
                line.append(following)
                yield following


def joined(stacks: Sequence[Stack], names: OwnNames) -> Stack:
    """Stacks side by side, as one."""
    every = tuple(stack.now.name for stack in stacks)
    now = replace(stacks[0].now, names=every)
    return Stack(replace(stacks[0].piece, names=every, text=names.of(now)), now)
