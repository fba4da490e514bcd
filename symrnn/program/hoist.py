"""What does not depend on a loop leaves it, and is done for all steps at once.

    for t = 1 … T:                            x_w_i[1 … T] = x[1 … T] @ w_i
        x_w_i[t] = x[t] @ w_i            =>   for t = 1 … T:
        O_w_h[t] = O[t-1] @ w_h                   O_w_h[t] = O[t-1] @ w_h
        a_O[t] = x_w_i[t] + O_w_h[t]              a_O[t] = x_w_i[t] + O_w_h[t]

What is worked out at the steps of a loop, and read by nobody in it, goes behind it likewise.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from symrnn.program.program import (
    At,
    Loop,
    Map,
    Now,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    Statement,
    Steps,
    When,
)


def hoist(program: Program) -> Program:
    """The program with as little as possible in its loops."""
    return program.map_sections(_hoisted)


def _hoisted(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for statement in statements:
        found += _split(statement) if isinstance(statement, Loop) else [statement]
    return tuple(found)


def _split(loop: Loop) -> list[Statement]:
    """What can be done before a loop, the loop, and what can be done after it."""
    body = list(loop.body)
    before = _leaving(body, lambda s, rest: not (_reads(s) & _written(rest)))
    body = [s for s in body if s not in before]
    after = _leaving(body[::-1], lambda s, rest: not (set(s.out.names) & _all_read(rest)))[::-1]
    body = [s for s in body if s not in after]
    found: list[Statement] = [at_once(s, s.during or (loop.first, loop.last)) for s in before]
    if body:
        found.append(_tight(replace(loop, body=tuple(body))))
    return [*found, *(at_once(s, s.during or (loop.first, loop.last)) for s in after)]


def _leaving(body: list[Plain], free: Callable[[Plain, list[Plain]], bool]) -> list[Plain]:
    """The statements that are free of the rest, and then those free of what is left, …"""
    left, gone = list(body), list[Plain]()
    while True:
        kept = [s for s in left if s.out.part is not None or not free(s, left)]
        if len(kept) == len(left):
            return gone
        gone += [s for s in left if s not in kept]
        left = kept


def _reads(statement: Plain) -> set[str]:
    return {name for read in statement.reads for name in read.names}


def _written(statements: Iterable[Plain]) -> set[str]:
    return {name for s in statements for name in s.out.names}


def _all_read(statements: Iterable[Plain]) -> set[str]:
    return {name for s in statements for name in _reads(s)}


def _tight(loop: Loop) -> Loop:
    """A loop over the steps at which something happens."""
    ends = [s.during or (loop.first, loop.last) for s in loop.body]
    first, last = min(e[0] for e in ends), max(e[1] for e in ends)
    body = tuple(
        replace(s, during=None if e == (first, last) else e)
        for s, e in zip(loop.body, ends, strict=True)
    )
    return Loop(first, last, loop.direction, body)


def at_once(statement: Plain, steps: Steps) -> Plain:
    """A statement of a loop for all its steps at once."""
    return moved(statement, steps)


def moved(statement: Plain, steps: Steps) -> Plain:
    """The same statement with the step of its loop said: one of them, or many."""

    def when(old: When | None) -> When | None:
        if not isinstance(old, Now):
            return old
        first, last = steps[0] + old.shift, steps[1] + old.shift
        return At(first) if first == last else Span(first, last)

    def at(old: Slice) -> Slice:
        return replace(old, when=when(old.when))

    return map_slices(replace(statement, during=None), at)


def map_slices(statement: Plain, f: Callable[[Slice], Slice]) -> Plain:
    """The statement with `f` of its result first, and then of what it reads, in order."""
    out = f(statement.out)
    match statement:
        case Product(pairs=pairs):
            changed = tuple(replace(pair, left=f(pair.left), right=f(pair.right)) for pair in pairs)
            return replace(statement, out=out, pairs=changed)
        case Map(args=args):
            changed_args = tuple(f(arg) if isinstance(arg, Slice) else arg for arg in args)
            return replace(statement, out=out, args=changed_args)
        case Reduce(arg=arg):
            return replace(statement, out=out, arg=f(arg))
