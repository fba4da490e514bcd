"""Statements put together that become one loop.

What is worked out for the same entries is one loop, whatever stands between that it does not need.
What no one else reads has no place in memory: it is a number within the loop, or part of the one
expression that reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symrnn.kernels.c.spelling import Spelling
from symrnn.kernels.comments import LoopBlock, commented
from symrnn.kernels.contract import Kernel
from symrnn.kernels.program import program as p
from symrnn.kernels.program.rewrite import is_by_id, map_slices
from symrnn.kernels.sections import names_in_use

Space = tuple[tuple[str, str], ...]
"""Loops: the index and how far it goes, the outermost first."""


@dataclass
class Group:
    """Statements over the same entries; or one product, or one sum."""

    space: Space | None
    said: list[tuple[str, ...]] = field(default_factory=list)
    statements: list[p.Plain] = field(default_factory=list)

    @property
    def written(self) -> set[p.Slice]:
        return {s.out for s in self.statements}


@dataclass
class Part:
    """Groups that stand one after the other: in a loop over steps, or outside of all."""

    groups: list[Group]
    loop: p.Loop | None = None
    said: tuple[str, ...] = ()


class Grouping:
    """The statements of all sections of a kernel, in groups."""

    def __init__(self, kernel: Kernel, spelling: Spelling) -> None:
        self.kernel, self.spelling, self.program = kernel, spelling, kernel.program
        sections = self.program.sections
        self.parts = {name: list(self.parts_of(name)) for name in p.SECTIONS if name in sections}
        self.local = self.local_slices()
        self.used = names_in_use(self.program)

    def parts_of(self, section: str) -> Iterator[Part]:
        outside: list[tuple[tuple[str, ...], p.Plain]] = []
        for block in commented(self.kernel, self.program.sections[section]):
            if isinstance(block, LoopBlock):
                if outside:
                    yield Part(self.groups(outside))
                    outside = []
                inside = list(zip(block.inside, map(self.of_step, block.loop.body), strict=True))
                yield Part(self.groups(inside), block.loop, block.said)
            else:
                said = [block.said, *[()] * (len(block.statements) - 1)]
                outside += zip(said, block.statements, strict=True)
        if outside:
            yield Part(self.groups(outside))

    def of_step(self, statement: p.Plain) -> p.Plain:
        """A statement of a loop; where sequences have ended, also what has one place for all steps
        has no more rows than the step."""
        if not self.program.ragged:
            return statement

        def now(what: p.Slice) -> p.Slice:
            array = self.program.arrays[what.name]
            return replace(what, when=p.Now()) if array.rows and what.when is None else what

        return map_slices(statement, now)

    def reads(self, statement: p.Plain) -> list[p.Slice]:
        """What a statement reads, cut or not: these are the same numbers."""
        return [self.whole(what) for what in statement.reads]

    def whole(self, what: p.Slice) -> p.Slice:
        if not isinstance(what.when, p.Now) or what.when.cut is None:
            return what
        timed = self.program.arrays[what.name].steps is not None
        return replace(what, when=p.Now(what.when.shift) if timed else None)

    def groups(self, statements: Sequence[tuple[tuple[str, ...], p.Plain]]) -> list[Group]:
        """Statements in an order in which those over the same entries stand together: whatever
        stands alone comes as early as it can, everything else as late; then it is one loop."""
        waiting = list(range(len(statements)))
        needs = {
            i: {j for j in range(i) if depends(statements[i][1], statements[j][1])} for i in waiting
        }
        spaces = [self.space(statement) for _, statement in statements]
        found: list[Group] = []
        while waiting:
            left = set(waiting)
            ready = [i for i in waiting if not needs[i] & left]
            alone = [i for i in ready if spaces[i] is None]
            if alone:
                found += [Group(None, [statements[i][0]], [statements[i][1]]) for i in alone]
                waiting = [i for i in waiting if i not in alone]
                continue
            # no more than what stands alone next is waiting for
            alone = [i for i in waiting if spaces[i] is None]
            before = {i: needed(i, needs) & left for i in alone}
            wanted = set().union(*(b for b in before.values() if not b.intersection(alone)))
            space = spaces[next((i for i in ready if i in wanted), ready[0])]
            group = Group(space)
            for i in waiting:
                if (
                    (not wanted or i in wanted)
                    and spaces[i] == space
                    and not needs[i] & left
                    and self.fits(group, statements[i][1])
                ):
                    group.said.append(statements[i][0])
                    group.statements.append(statements[i][1])
                    left.discard(i)
            waiting = [i for i in waiting if i in left]
            found.append(group)
        return found

    def space(self, statement: p.Plain) -> Space | None:
        if not isinstance(statement, p.Map) or statement.op == "turned" or is_by_id(statement):
            return None
        if self.program.ragged and is_across(statement, self.program):
            return None
        return self.loops(statement.out)

    def loops(self, what: p.Slice) -> Space:
        """The loops over all entries of a slice."""
        array, found = self.program.arrays[what.name], list[tuple[str, str]]()
        ragged = self.program.ragged and array.rows
        if isinstance(what.when, p.Span) and array.places is not None and not ragged:
            many = what.when.last - what.when.first + 1
            found.append(("s", self.spelling.count(many)))
        if ragged:
            found.append(("r", self.spelling.rows_of(what)))
        elif self.spelling.has_rows(what):
            rows = self.spelling.sequences if array.rows else self.spelling.width(array.shape[0])
            found.append(("r", rows))
        width = self.spelling.width(self.spelling.features(what))
        return (*found, *([("j", width)] if width != "1" else []))

    def fits(self, group: Group, statement: p.Plain) -> bool:
        """Whether each entry needs that same entry alone of what the group works out."""
        names = {out.name for out in group.written}
        return all(
            what in group.written and self.loops(what) == group.space
            for what in self.reads(statement)
            if what.name in names and not apart(what, group)
        )

    def local_slices(self) -> set[p.Slice]:
        """The slices that are numbers within one loop: whoever reads them stands in it too, and
        nobody reads that array otherwise."""
        outside: set[str] = set()
        slices: set[p.Slice] = set()
        for group in (g for parts in self.parts.values() for part in parts for g in part.groups):
            made = group.written if group.space is not None else set()
            for out in group.written:
                if group.space is None or out.part is not None:
                    outside.add(out.name)
            reads = (what for s in group.statements for what in self.reads(s))
            outside |= {what.name for what in reads if what not in made}
            slices |= made
        kept = self.program.kept | self.program.outputs | outside
        arrays = self.program.arrays
        return {
            one
            for one in slices
            if one.name not in kept and arrays[one.name].role in ("variable", "scratch")
        }

    @property
    def in_memory(self) -> list[str]:
        """The arrays that have a place in the memory of a kernel."""
        local = {one.name for one in self.local}
        return [
            name
            for name, array in self.program.arrays.items()
            if (array.role in ("variable", "scratch") and name not in local)
            or (name in self.used and self.spelling.is_put_in_order(name))
        ]


def is_across(statement: p.Map, program: p.Program) -> bool:
    """Whether a statement must know where sequences begin and end: it brings something from step
    to step, or from one to all."""
    out, arg = statement.out, statement.args[0]
    if statement.op in ("begin", "land"):
        return True
    if statement.op != "copy" or not isinstance(arg, p.Slice):
        return False
    array = program.arrays[arg.name]
    match out.when, arg.when:
        case p.Now(), p.Now(shift=shift):
            return shift != 0
        case p.Span(first=first), p.Span(first=other):
            return first != other
        case p.Span(), None:
            return array.rows
        case None, p.At() | p.End():
            return array.steps is not None
    return False


def needed(one: int, needs: Mapping[int, set[int]]) -> set[int]:
    """What a statement needs, and what that needs, …"""
    found: set[int] = set()
    waiting = [one]
    while waiting:
        new = needs[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def depends(later: p.Plain, earlier: p.Plain) -> bool:
    """Whether a statement reads or writes what one before it writes, or writes what that reads."""

    def touch(one: p.Slice, other: p.Slice) -> bool:
        if one.name != other.name:
            return False
        same_kind = type(one.when) is type(other.when) and isinstance(one.when, p.At | p.Now)
        return not same_kind or one.when == other.when

    made = any(touch(earlier.out, what) for what in (later.out, *later.reads))
    return made or any(touch(later.out, what) for what in earlier.reads)


def apart(what: p.Slice, group: Group) -> bool:
    """Whether a slice is of another step than all of its array that a group works out."""
    mine = [out.when for out in group.written if out.name == what.name]
    points = [when for when in (*mine, what.when) if isinstance(when, p.At | p.Now)]
    one_kind = len({type(when) for when in points}) == 1 and len(points) == len(mine) + 1
    return one_kind and what.when not in mine
