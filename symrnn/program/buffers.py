"""Which arrays need a place for every step, and which can live in the place of another.

    for t = 1 … T:                             for t = 1 … T:
        O_w_h[t] = O[t-1] @ w_h          =>        O_w_h = O[t-1] @ w_h
        a_O[t] = x_w_i[t] + O_w_h[t]               a_O = x_w_i[t] + O_w_h       (in place of O_w_h)
        O[t] = tanh(a_O[t])                        O[t] = tanh(a_O)

What only one step of one loop knows needs one place; what nobody reads any more gives its place to
what comes next.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.program.program import (
    Array,
    Loop,
    Map,
    Now,
    Plain,
    Program,
    Slice,
    Statement,
)
from symrnn.program.rewrite import map_slices

Unit = str
"""An array, or the pack that it lies in."""


def shrink(program: Program) -> Program:
    """The program with one place for what only one step of one loop knows."""
    unit = unit_of(program)
    found: dict[Unit, set[object]] = {}
    for place, statement in enumerate(program.statements()):
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            for what in (inner.out, *inner.reads):
                here = place if isinstance(statement, Loop) and what.when == Now() else None
                found.setdefault(unit[what.names[0]], set()).add(here)
    small = {
        name
        for name, array in program.arrays.items()
        if array.steps is not None
        and array.role in ("variable", "scratch")
        and name not in program.kept
        and len(found.get(unit[name], {None})) == 1
        and None not in found.get(unit[name], {None})
    }

    def once(what: Slice) -> Slice:
        return replace(what, when=None) if what.names[0] in small else what

    def change(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tuple(
            replace(s, body=tuple(map_slices(inner, once) for inner in s.body))
            if isinstance(s, Loop)
            else s
            for s in body
        )

    arrays = {
        name: replace(array, steps=None) if name in small else array
        for name, array in program.arrays.items()
    }
    return replace(program.map_sections(change), arrays=arrays)


def unit_of(program: Program) -> dict[str, Unit]:
    packs = program.pack_of()
    return {name: packs[name].name if name in packs else name for name in program.arrays}


def share(program: Program) -> Program:
    """The program with places that are used again."""
    unit = unit_of(program)
    members: dict[Unit, list[str]] = {}
    for name in program.arrays:
        members.setdefault(unit[name], []).append(name)
    for pack in program.packs:
        members[pack.name] = list(pack.members)
    first, last = _lives(program, unit)
    shared: dict[Unit, Unit] = {}
    free: dict[object, list[tuple[tuple[int, int], Unit]]] = {}
    can = {
        u: _signature(program, u, members[u])
        for u in first
        if all(
            program.arrays[n].role in ("variable", "scratch") and n not in program.kept
            for n in members[u]
        )
    }
    in_place = dict(_in_place(program, unit, members))
    ends: dict[Unit, tuple[int, int]] = {}
    for u in sorted(can, key=lambda u: (first[u], u)):
        signature = can[u]
        if signature is None:
            continue
        for slot, (end, place) in enumerate(free.get(signature, [])):
            direct = in_place.get(u, {}).get(place) and end == first[u]
            via = any(
                shared.get(operand, operand) == place and end == first[u]
                for operand in in_place.get(u, {})
            )
            if end < first[u] or direct or via:
                shared[u] = place
                free[signature][slot] = (last[u], place)
                break
        else:
            free.setdefault(signature, []).append((last[u], u))
        ends[u] = last[u]
    return replace(program, shared=shared)


def _lives(
    program: Program, unit: dict[str, Unit]
) -> tuple[dict[Unit, tuple[int, int]], dict[Unit, tuple[int, int]]]:
    """When each unit is first written and last read: statements, and those in a loop."""
    first: dict[Unit, tuple[int, int]] = {}
    last: dict[Unit, tuple[int, int]] = {}
    for place, statement in enumerate(program.statements()):
        looped = isinstance(statement, Loop)
        body = statement.body if isinstance(statement, Loop) else (statement,)
        for inside, inner in enumerate(body):
            for what in (inner.out, *inner.reads):
                u = unit[what.names[0]]
                timed = program.arrays[what.names[0]].steps is not None
                known = first.get(u, (place, 0))[0] < place  # read again at every step
                begin = (place, 0 if looped and timed else inside)
                end = (place, len(body) if looped and (timed or known) else inside)
                first[u] = min(first.get(u, begin), begin)
                last[u] = max(last.get(u, end), end)
    return first, last


def _signature(program: Program, u: Unit, members: list[str]) -> object:
    """What two units must share to live in one place."""
    arrays: list[Array] = [program.arrays[name] for name in members]
    kinds = {pack.name: pack.kind for pack in program.packs}
    if any(not array.rows for array in arrays):
        return None
    steps = arrays[0].steps
    length = steps[1] - steps[0] if steps else None
    return (kinds.get(u, "") if len(members) > 1 else "", tuple(a.shape for a in arrays), length)


def _in_place(
    program: Program, unit: dict[str, Unit], members: dict[Unit, list[str]]
) -> Iterator[tuple[Unit, dict[Unit, bool]]]:
    """For each unit, the operands that its one statement can overwrite as it goes along."""
    writers: dict[Unit, list[Plain]] = {}
    for statement in program.statements():
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            writers.setdefault(unit[inner.out.names[0]], []).append(inner)
    for u, statements in writers.items():
        statement = statements[0]
        if len(statements) != 1 or not isinstance(statement, Map):
            continue
        if list(statement.out.names) != members[u] or statement.out.part is not None:
            continue
        whole = {
            unit[arg.names[0]]: True
            for arg in statement.args
            if isinstance(arg, Slice)
            and list(arg.names) == members[unit[arg.names[0]]]
            and arg.when == statement.out.when
            and arg.part is None
        }
        yield u, whole
