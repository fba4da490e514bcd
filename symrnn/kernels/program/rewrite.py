"""What several passes do to a statement: read it elsewhere, move it in time, tighten its loop."""

from collections.abc import Callable
from dataclasses import replace

from symrnn.errors import CheckError
from symrnn.kernels.program.program import (
    Argument,
    At,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Product,
    Reduce,
    Slice,
    Span,
    Steps,
    When,
)
from symrnn.language.tree import ZERO


def moved(statement: Plain, steps: Steps) -> Plain:
    """The same statement with the step of its loop said: one of them, or many."""
    if isinstance(statement, Map) and steps[0] == steps[1]:
        args = (Number(ZERO) if is_cut(arg, steps) else arg for arg in statement.args)
        statement = replace(statement, args=tuple(args))

    def when(old: When | None) -> When | None:
        if not isinstance(old, Now):
            return old
        first, last = steps[0] + old.shift, steps[1] + old.shift
        return At(first) if first == last else Span(first, last)

    def at(old: Slice) -> Slice:
        if is_cut(old, steps):
            raise CheckError(f"{old.name} is read for all steps at once, and cut at some of them")
        return replace(old, when=when(old.when))

    return map_slices(replace(statement, during=None), at)


def is_cut(what: Argument, steps: Steps) -> bool:
    """Whether zeros are read at some of these steps, because the rest lies in another window."""
    cut = what.when.cut if isinstance(what, Slice) and isinstance(what.when, Now) else None
    return cut is not None and any(map(cut.at, range(steps[0], steps[1] + 1)))


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
