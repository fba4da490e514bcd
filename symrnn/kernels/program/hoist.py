"""What does not depend on a loop leaves it, and is done for all steps at once.

    for t = 1 … T:                            x_w_i[1 … T] = x[1 … T] @ w_i
        x_w_i[t] = x[t] @ w_i            =>   for t = 1 … T:
        O_w_h[t] = O[t-1] @ w_h                   O_w_h[t] = O[t-1] @ w_h
        a_O[t] = x_w_i[t] + O_w_h[t]              a_O[t] = x_w_i[t] + O_w_h[t]

What is worked out at the steps of a loop, and read by nobody in it, goes behind it likewise.

Where a loop over entries costs no more than its arithmetic, only `products` leave, and sums along
rows, with what they need: one product over many steps is quicker, one sum of two arrays is not.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from symrnn.kernels.program.program import Loop, Map, Plain, Program, Statement
from symrnn.kernels.program.rewrite import is_cut, moved, tight


def hoist(program: Program, products: bool = False) -> Program:
    """The program with as little as possible in its loops; or with few products."""

    def hoisted(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        found: list[Statement] = []
        for statement in statements:
            found += _split(statement, products) if isinstance(statement, Loop) else [statement]
        return tuple(found)

    return program.map_sections(hoisted)


def _split(loop: Loop, products: bool) -> list[Statement]:
    """What can be done before a loop, the loop, and what can be done after it."""
    body = list(loop.body)

    def leaves(statement: Plain) -> Statement:
        return moved(statement, statement.during or (loop.first, loop.last))

    def stays(statement: Plain) -> bool:
        steps = statement.during or (loop.first, loop.last)
        return any(is_cut(read, steps) for read in statement.reads)

    def is_early(statement: Plain, rest: list[Plain]) -> bool:
        return not (stays(statement) or _reads(statement) & _written(rest))

    def is_late(statement: Plain, rest: list[Plain]) -> bool:
        if products and isinstance(statement, Map):
            return False
        return not (stays(statement) or set(statement.out.names) & _all_read(rest))

    before = _leaving(body, is_early)
    if products:
        before = _needed(before)
    body = [s for s in body if s not in before]
    after = _leaving(body[::-1], is_late)[::-1]
    body = [s for s in body if s not in after]
    kept = [tight(replace(loop, body=tuple(body)))] if body else []
    return [*map(leaves, before), *kept, *map(leaves, after)]


def _leaving(body: list[Plain], free: Callable[[Plain, list[Plain]], bool]) -> list[Plain]:
    """The statements that are free of the rest, and then those free of what is left, …"""
    left, gone = list(body), list[Plain]()
    while True:
        kept = [s for s in left if s.out.part is not None or not free(s, left)]
        if len(kept) == len(left):
            return gone
        gone += [s for s in left if s not in kept]
        left = kept


def _needed(leaving: list[Plain]) -> list[Plain]:
    """The products among what could leave a loop, and what they read."""
    found: list[Plain] = []
    wanted: set[str] = set()
    for statement in reversed(leaving):
        if not isinstance(statement, Map) or wanted & set(statement.out.names):
            found.append(statement)
            wanted |= _reads(statement)
    return found[::-1]


def _reads(statement: Plain) -> set[str]:
    return {name for read in statement.reads for name in read.names}


def _written(statements: Iterable[Plain]) -> set[str]:
    return {name for s in statements for name in s.out.names}


def _all_read(statements: Iterable[Plain]) -> set[str]:
    return {name for s in statements for name in _reads(s)}
