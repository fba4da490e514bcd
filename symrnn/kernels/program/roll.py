"""Arrays that keep no more steps than later ones read, each in the place of an earlier one.

    for t = 1 … T:                                  h has one place: h[t] is written when nobody
        h_U[t] = h[t-1] @ U                         reads h[t-1] any more
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])                         h_U, a_h: one place each
    yhat = h[T] @ V

What is read k steps later needs k places, used in turn, and one more where h[t-k] is still read
once h[t] is there. What keeps all of its steps: outputs over time, and what another loop reads.
"""

from dataclasses import dataclass, replace

from symrnn.kernels.program.program import Array, At, Loop, Map, Now, Plain, Program, Slice, Window


def roll(program: Program) -> Program:
    """The program with few places for what is no output. Steps are in loops still."""
    uses = _uses(program)
    packs = program.pack_of()
    arrays = dict(program.arrays)
    for name, array in program.arrays.items():
        members = packs[name].members if name in packs else (name,)
        if array.steps is None or name != members[0]:
            continue
        needs = [_need(uses.get(n, []), program.arrays[n], program.outputs) for n in members]
        window = _window([need for need in needs if need is not None])
        if window is not None and None not in needs and window.places <= _count(array):
            arrays |= {m: replace(program.arrays[m], window=window) for m in members}
    return replace(program, arrays=arrays)


def one_place(program: Program) -> Program:
    """A program of one step, of which nothing has a time axis but the states."""
    arrays = {
        name: replace(array, window=Window(1, 0)) if array.steps == (1, 1) else array
        for name, array in program.arrays.items()
    }
    return replace(program, arrays=arrays)


@dataclass(frozen=True)
class _Use:
    """One statement that reads or writes an array."""

    place: int
    """Of the statement, or of its loop, in the program."""
    inside: int
    what: Slice
    statement: Plain
    writes: bool
    loop: Loop | None


@dataclass(frozen=True)
class _Need:
    """The loop that an array belongs to, its steps there, and how many of them are needed."""

    loop: int
    direction: int
    first: int
    last: int
    places: int


def _uses(program: Program) -> dict[str, list[_Use]]:
    found: dict[str, list[_Use]] = {}
    for place, statement in enumerate(program.statements()):
        loop = statement if isinstance(statement, Loop) else None
        for inside, inner in enumerate(loop.body if loop else (statement,)):
            assert not isinstance(inner, Loop)
            for i, what in enumerate((inner.out, *inner.reads)):
                for name in what.names:
                    use = _Use(place, inside, what, inner, i == 0, loop)
                    found.setdefault(name, []).append(use)
    return found


def _need(uses: list[_Use], array: Array, whole: frozenset[str]) -> _Need | None:
    """How many steps of an array are needed at a time; None where it is all of them."""
    written = [use for use in uses if use.writes and use.loop]
    if array.role not in ("variable", "scratch") or array.name in whole or not written:
        return None
    place, loop = written[0].place, written[0].loop
    assert loop is not None
    ends = [use.statement.during or (loop.first, loop.last) for use in written]
    lower, upper = min(end[0] for end in ends), max(end[1] for end in ends)
    first, last = (lower, upper) if loop.direction > 0 else (upper, lower)
    needed = [1]
    for use in uses:
        if use.place == place:
            found = _inside(use, written, loop.direction)
        elif use.loop is not None or not isinstance(use.what.when, At):
            found = None
        elif use.place < place:  # a boundary
            found = (first - use.what.when.step) * loop.direction
            found = found if found > 0 else None
        else:
            back = (last - use.what.when.step) * loop.direction
            found = back + 1 if back >= 0 and not use.writes else None
        if found is None:
            return None
        needed.append(found)
    return _Need(place, loop.direction, lower, upper, max(needed))


def _inside(use: _Use, written: list[_Use], direction: int) -> int | None:
    """How many places one use in the loop needs: as many as it looks back, and one more where
    what it reads would be overwritten before."""
    if not isinstance(use.what.when, Now):
        return None
    back = -use.what.when.shift * direction
    if back < 0:
        return None
    if use.writes or back == 0:
        return 1
    late = any(
        use.inside > write.inside or (use.inside == write.inside and not _in_place(use))
        for write in written
        if _at_one_time(use, write)
    )
    return back + late


def _at_one_time(one: _Use, other: _Use) -> bool:
    """Whether two statements of a loop ever happen at the same step."""
    ours, theirs = one.statement.during, other.statement.during
    return ours is None or theirs is None or (ours[0] <= theirs[1] and theirs[0] <= ours[1])


def _in_place(use: _Use) -> bool:
    """Whether a statement can write where it reads: feature by feature."""
    out = use.statement.out
    same = (use.what.names, use.what.part) == (out.names, out.part)
    return isinstance(use.statement, Map) and same


def _window(needs: list[_Need]) -> Window | None:
    """Places for arrays that lie together: the last steps come last in memory."""
    if len({(n.loop, n.direction, n.first, n.last) for n in needs}) != 1:
        return None
    places = max(need.places for need in needs)
    start = needs[0].last + 1 if needs[0].direction > 0 else needs[0].first
    return Window(1, 0) if places == 1 else Window(places, start)


def _count(array: Array) -> int:
    assert array.steps is not None
    return array.steps[1] - array.steps[0] + 1
