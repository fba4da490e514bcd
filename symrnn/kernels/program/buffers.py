"""Which arrays need a place for every step, and which can live in the place of another.

    for t = 1 … T:                             for t = 1 … T:
        O_w_h[t] = O[t-1] @ w_h          =>        O_w_h = O[t-1] @ w_h
        a_O[t] = x_w_i[t] + O_w_h[t]               a_O = x_w_i[t] + O_w_h       (in place of O_w_h)
        O[t] = tanh(a_O[t])                        O[t] = tanh(a_O)

What only one step of one loop knows needs one place; what nobody reads any more gives its place to
what comes next.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from symrnn.kernels.program.program import Loop, Map, Now, Plain, Program, Slice, Statement
from symrnn.kernels.program.rewrite import is_cut, map_slices

Unit = str
"""An array, or the pack that it lies in: what has one place."""

Moment = tuple[int, int]
"""The place of a statement, and of a statement in a loop."""


def shrink(program: Program) -> Program:
    """The program with one place for what only one step of one loop knows."""
    small = _known_to_one_step(program)

    def once(what: Slice) -> Slice:
        if what.names[0] not in small or is_cut(what, (1, program.steps)):
            return what
        return replace(what, when=None)

    def change(statement: Statement) -> Statement:
        if not isinstance(statement, Loop):
            return statement
        return replace(statement, body=tuple(map_slices(inner, once) for inner in statement.body))

    arrays = {
        name: replace(array, steps=None) if name in small else array
        for name, array in program.arrays.items()
    }
    changed = program.map_sections(lambda body: tuple(map(change, body)))
    return replace(changed, arrays=arrays)


def _known_to_one_step(program: Program) -> set[str]:
    """The arrays that one loop alone uses, each step of it only what is of that step."""
    units = _units(program)
    users: dict[Unit, set[int | None]] = {}
    for (place, _), statement, loop in _moments(program):
        for what in (statement.out, *statement.reads):
            now = isinstance(what.when, Now) and not what.when.shift
            here = place if loop is not None and now else None
            users.setdefault(units.of[what.names[0]], set()).add(here)
    small = {unit for unit, places in users.items() if len(places) == 1 and None not in places}
    return {
        name
        for name, array in program.arrays.items()
        if array.steps is not None and units.of[name] in small and _is_free(program, name)
    }


def share(program: Program) -> Program:
    """The program with places that are used again."""
    units = _units(program)
    lives = _lives(program, units)
    over = _overwritable(program, units)
    shared: dict[Unit, Unit] = {}
    used: dict[object, dict[Unit, Moment]] = {}
    """The places of each form, and when they are read for the last time."""
    for unit in sorted(lives, key=lambda unit: (lives[unit].first, unit)):
        form = _form(program, unit, units)
        if form is None:
            continue
        life = lives[unit]
        operands = over.get(unit, set())
        below = operands | {shared.get(operand, operand) for operand in operands}
        places = used.setdefault(form, {})
        for place, until in places.items():
            if until < life.first or (until == life.first and place in below):
                shared[unit] = place
                break
        places[shared.get(unit, unit)] = life.last
    return replace(program, shared=shared)


# units


@dataclass(frozen=True)
class _Units:
    """Which arrays have one place."""

    of: Mapping[str, Unit]
    """The unit of each array."""
    members: Mapping[Unit, tuple[str, ...]]
    """The arrays of each unit, as they lie."""


def _units(program: Program) -> _Units:
    packs = program.pack_of()
    of = {name: packs[name].name if name in packs else name for name in program.arrays}
    members = {unit: (unit,) for name, unit in of.items() if unit == name}
    return _Units(of, members | {pack.name: pack.members for pack in program.packs})


def _is_free(program: Program, name: str) -> bool:
    """Whether nobody outside of the program reads an array or hands it in."""
    return program.arrays[name].role in ("variable", "scratch") and name not in program.kept


def _form(program: Program, unit: Unit, units: _Units) -> object:
    """What units in one place have in common; None for one that shares its place with nobody."""
    members = units.members[unit]
    arrays = [program.arrays[name] for name in members]
    if not all(array.rows and _is_free(program, array.name) for array in arrays):
        return None
    kinds = {pack.name: pack.kind for pack in program.packs}
    kind = kinds[unit] if len(members) > 1 else ""
    return (kind, tuple(array.shape for array in arrays), arrays[0].places)


# lives


@dataclass(frozen=True)
class _Life:
    """From when a unit is first written to when it is last read."""

    first: Moment
    last: Moment


def _moments(program: Program) -> Iterator[tuple[Moment, Plain, Loop | None]]:
    """Every statement that is no loop, when it happens, and the loop that it is in."""
    for place, statement in enumerate(program.statements()):
        if isinstance(statement, Loop):
            for inside, inner in enumerate(statement.body):
                yield (place, inside), inner, statement
        else:
            yield (place, 0), statement, None


def _lives(program: Program, units: _Units) -> dict[Unit, _Life]:
    """The life of each unit that is in use.

    In a loop, what has a place for every step lives from the beginning to the end, and what was
    written before it lives to the end: it is read again at every step.
    """
    found: dict[Unit, _Life] = {}
    for moment, statement, loop in _moments(program):
        place = moment[0]
        for what in (statement.out, *statement.reads):
            unit = units.of[what.names[0]]
            timed = program.arrays[what.names[0]].places is not None
            old = found.get(unit)
            earlier = old is not None and old.first[0] < place
            first = (place, 0) if timed else moment
            last = (place, len(loop.body)) if loop and (timed or earlier) else moment
            if old is not None:
                first, last = min(old.first, first), max(old.last, last)
            found[unit] = _Life(first, last)
    return found


def _overwritable(program: Program, units: _Units) -> dict[Unit, set[Unit]]:
    """For each unit, the operands that its one statement can overwrite as it goes along."""
    writers: dict[Unit, list[Plain]] = {}
    for _, statement, _ in _moments(program):
        writers.setdefault(units.of[statement.out.names[0]], []).append(statement)
    found: dict[Unit, set[Unit]] = {}
    for unit, statements in writers.items():
        match statements:
            case [Map(out=out, op=op, args=args)] if _is_whole(out, units):
                args = args[:1] if op == "add_at" else args  # its amount is read at last
                found[unit] = {
                    units.of[arg.names[0]]
                    for arg in args
                    if isinstance(arg, Slice) and arg.when == out.when and _is_whole(arg, units)
                }
    return found


def _is_whole(what: Slice, units: _Units) -> bool:
    """Whether a slice is all of its unit, in order, at its steps."""
    return what.part is None and what.names == units.members[units.of[what.names[0]]]
