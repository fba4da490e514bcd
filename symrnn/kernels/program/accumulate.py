"""Sums over all steps as recurrences, so that nothing has to be kept for them.

    p = sum(h[1 … T], steps)    =>    for t = 1 … T:
                                          acc_p[t] = h[t]                  (t = 1 … 1)
                                          acc_p[t] = acc_p[t-1] + h[t]     (t = 2 … T)
                                      p = acc_p[T]

What comes out of a loop that runs backwards is summed up backwards.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.kernels.program.program import (
    Array,
    At,
    Loop,
    Map,
    Now,
    Plain,
    Program,
    Reduce,
    Slice,
    Span,
    Statement,
)
from symrnn.system import names


def accumulate(program: Program) -> Program:
    """The program with its sums over several steps taken one step after the other."""
    arrays = dict(program.arrays)
    directions: dict[str, int] = {}

    def change(statement: Statement) -> Iterator[Statement]:
        if isinstance(statement, Loop):
            for inner in statement.body:
                directions[inner.out.name] = statement.direction
            yield statement
            return
        known = [directions[read.name] for read in statement.reads if read.name in directions]
        direction = known[-1] if known else 1
        if known:
            directions[statement.out.name] = direction
        if _sums_steps(statement):
            yield from _one_by_one(statement, direction, arrays)
        else:
            yield statement

    sections = {
        name: tuple(new for old in body for new in change(old))
        for name, body in program.sections.items()
    }
    return replace(program, sections=sections, arrays=arrays)


def _sums_steps(statement: Plain) -> bool:
    return (
        isinstance(statement, Reduce)
        and statement.op == "sum"
        and statement.over != "features"
        and isinstance(statement.arg.when, Span)
        and statement.out.when is None
    )


def _one_by_one(old: Plain, direction: int, arrays: dict[str, Array]) -> Iterator[Statement]:
    assert isinstance(old, Reduce)
    assert isinstance(old.arg.when, Span)
    first, last = old.arg.when.first, old.arg.when.last
    summed = arrays[old.arg.name]
    shape = (old.arg.part[1],) if old.arg.part else summed.shape
    name = names.free(f"acc_{old.out.name}", arrays)
    arrays[name] = Array(name, "scratch", shape, summed.rows, (first, last))
    here, read = Slice((name,), Now()), replace(old.arg, when=Now())
    start, end = (first, last) if direction > 0 else (last, first)
    rest = (first + 1, last) if direction > 0 else (first, last - 1)
    before = Slice((name,), Now(-direction))
    yield Loop(
        first,
        last,
        direction,
        (
            Map(here, "copy", (read,), (start, start), old.about),
            Map(here, "add", (before, read), rest, old.about),
        ),
    )
    total = Slice((name,), At(end))
    if old.over == "steps":
        yield Map(old.out, "copy", (total,), about=old.about)
    else:
        yield replace(old, arg=total)
