"""Steps at which a loop does something of its own, as loops and single steps of their own.

for t = 5 … 1:                                    d_O[5] = d_yhat @ transpose(w_o)
    d_O[t] = …    (t = 1 … 4)            =>       for t = 4 … 1:
    d_O[t] = d_yhat @ transpose(w_o)    (t = 5)       d_O[t] = …
"""

from dataclasses import replace
from itertools import pairwise

from symrnn.kernels.program.program import Loop, Plain, Program, Statement
from symrnn.kernels.program.rewrite import moved


def peel(program: Program) -> Program:
    """The program with loops that do the same at all their steps."""
    return program.map_sections(lambda body: tuple(s for one in body for s in _peeled(one)))


def unroll(program: Program) -> Program:
    """The program without loops."""

    def straight(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        found: list[Statement] = []
        for statement in body:
            if isinstance(statement, Loop):
                for t in statement.steps:
                    found += _at(statement, t)
            else:
                found.append(statement)
        return tuple(found)

    return program.map_sections(straight)


def _peeled(statement: Statement) -> list[Statement]:
    if not isinstance(statement, Loop):
        return [statement]
    cuts = {statement.first, statement.last + 1}
    for inner in statement.body:
        if inner.during is not None:
            cuts |= {inner.during[0], inner.during[1] + 1}
    ends = sorted(cuts)
    found: list[Statement] = []
    pieces = [(a, b - 1) for a, b in pairwise(ends)]
    for first, last in pieces[:: statement.direction]:
        body = tuple(
            replace(inner, during=None)
            for inner in statement.body
            if inner.during is None or inner.during[0] <= first <= inner.during[1]
        )
        if not body:
            continue
        loop = Loop(first, last, statement.direction, body)
        found += [loop] if last > first else _at(loop, first)
    return found


def _at(loop: Loop, t: int) -> list[Plain]:
    """The statements of a loop at one of its steps."""
    return [
        moved(inner, (t, t))
        for inner in loop.body
        if inner.during is None or inner.during[0] <= t <= inner.during[1]
    ]
