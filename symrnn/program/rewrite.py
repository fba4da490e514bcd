"""What several passes do to a statement: read it elsewhere, move it in time, tighten its loop."""

from collections.abc import Callable
from dataclasses import replace

from symrnn.program.program import (
    At,
    Loop,
    Map,
    Now,
    Plain,
    Product,
    Reduce,
    Slice,
    Span,
    Steps,
    When,
)


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


def tight(loop: Loop) -> Loop:
    """The loop over no more steps than those at which something happens."""
    ends = [s.during or (loop.first, loop.last) for s in loop.body]
    first, last = min(e[0] for e in ends), max(e[1] for e in ends)
    body = tuple(
        replace(s, during=None if e == (first, last) else e)
        for s, e in zip(loop.body, ends, strict=True)
    )
    return Loop(first, last, loop.direction, body)


def is_by_id(statement: Plain) -> bool:
    """Whether ids say which features of each row it reads or changes."""
    return isinstance(statement, Map) and statement.op in ("pick", "add_at")
