"""What of a loop is read outside of it: what it has to stack, or to leave."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.kernels.jax.context import Context
from symrnn.kernels.jax.scope import place_in
from symrnn.kernels.program import program as p


def shifts_of(loop: p.Loop) -> dict[str, int]:
    """How far from the step at hand each variable of a loop is worked out."""
    return {
        name: s.out.when.shift
        for s in loop.body
        for name in s.out.names
        if isinstance(s.out.when, p.Now)
    }


def read_outside(
    context: Context, loop: p.Loop, sections: Sequence[str] = p.SECTIONS
) -> Iterator[p.Slice]:
    """What is read of this loop outside of it."""
    yield from context.wanted
    for section in sections:
        for statement in context.live.get(section, ()):
            if not isinstance(statement, p.Loop):
                yield from statement.reads
            elif statement is not loop:
                for inner in statement.body:
                    yield from (_in_outer(read, statement) for read in inner.reads)


def demands(context: Context, loop: p.Loop) -> tuple[list[p.Slice], list[p.Slice]]:
    """The spans that are read later, and the single steps."""
    shifts = shifts_of(loop)
    spans: dict[p.Slice, None] = {}
    points: dict[p.Slice, None] = {}
    for read in read_outside(context, loop):
        if not set(read.names) <= set(shifts):
            continue
        what = replace(read, part=None)
        shift = shifts[what.names[0]]
        first, last = loop.first + shift, loop.last + shift
        match what.when:
            case p.At(step=step) if first <= step <= last:
                points[what] = None
            case p.Span(first=start, last=stop) if start <= last and stop >= first:
                spans[what] = None
    widest = [
        what
        for what in spans
        if not any(
            what.when == other.when and place_in(other.names, what.names) is not None
            for other in spans
        )
    ]

    def length(what: p.Slice) -> int:
        assert isinstance(what.when, p.Span)
        return what.when.first - what.when.last

    return sorted(widest, key=length), list(points)


def _in_outer(read: p.Slice, loop: p.Loop) -> p.Slice:
    """What a loop reads, seen from outside: all steps, or the one with which a carry begins."""
    if not isinstance(read.when, p.Now):
        return read
    shift = read.when.shift
    if set(read.names) & _written(loop):
        return replace(read, when=p.At(loop.steps[0] + shift))
    return replace(read, when=p.Span(loop.first + shift, loop.last + shift))


def _written(loop: p.Loop) -> set[str]:
    return {name for s in loop.body for name in s.out.names}
