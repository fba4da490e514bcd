"""The statements of a section as C: products as calls, everything else as loops over entries.

What is worked out for the same entries is one loop, whatever stands between that it does not need.
What no one else reads has no place in memory; it is a number within the loop, or part of the one
expression that reads it.

    s[t] = x_W[t] + h_U[t]              for (int r = 0; r < B; r++)
    h[t] = tanh(s[t])           =>          for (int j = 0; j < H; j++)
                                                m->h[t][r][j] = tanh(m->x_W[t - 1][r][j] + …);
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.kernels.c.spelling import Spelling, Text, value_of
from symrnn.kernels.comments import LoopBlock, commented
from symrnn.kernels.contract import Kernel
from symrnn.kernels.program import program as p
from symrnn.kernels.program.rewrite import is_by_id

Space = tuple[tuple[str, str], ...]
"""Loops: the index and how far it goes, the outermost first."""


WIDTH = 100
JOINED = "\0"
"""A space at which no line is broken."""


@dataclass
class Group:
    """Statements over the same entries; or one product, or one sum."""

    space: Space | None
    said: list[tuple[str, ...]] = field(default_factory=list)
    statements: list[p.Plain] = field(default_factory=list)

    @property
    def written(self) -> set[p.Slice]:
        return {s.out for s in self.statements}

    @property
    def read(self) -> set[p.Slice]:
        return {what for s in self.statements for what in s.reads}


@dataclass
class Part:
    """Groups that stand one after the other: in a loop over steps, or outside of all."""

    groups: list[Group]
    loop: p.Loop | None = None
    said: tuple[str, ...] = ()


class Writer:
    """Writes the sections of one kernel."""

    def __init__(self, kernel: Kernel, spelling: Spelling) -> None:
        self.kernel, self.spelling = kernel, spelling
        self.program = kernel.program
        self.parts = {
            name: list(self.parts_of(name)) for name in p.SECTIONS if name in self.program.sections
        }
        self.local = self.local_slices()

    # statements over the same entries

    def parts_of(self, section: str) -> Iterator[Part]:
        outside: list[tuple[tuple[str, ...], p.Plain]] = []
        for block in commented(self.kernel, self.program.sections[section]):
            if isinstance(block, LoopBlock):
                if outside:
                    yield Part(self.groups(outside))
                    outside = []
                inside = list(zip(block.inside, block.loop.body, strict=True))
                yield Part(self.groups(inside), block.loop, block.said)
            else:
                said = [block.said, *[()] * (len(block.statements) - 1)]
                outside += zip(said, block.statements, strict=True)
        if outside:
            yield Part(self.groups(outside))

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
        return self.loops(statement.out)

    def loops(self, what: p.Slice) -> Space:
        """The loops over all entries of a slice."""
        array, found = self.program.arrays[what.name], list[tuple[str, str]]()
        if isinstance(what.when, p.Span) and array.places is not None:
            many = what.when.last - what.when.first + 1
            found.append(("s", self.spelling.count(many)))
        if self.spelling.has_rows(what):
            rows = "B" if array.rows else self.spelling.width(array.shape[0])
            found.append(("r", rows))
        width = self.spelling.width(self.spelling.features(what))
        return (*found, *([("j", width)] if width != "1" else []))

    def fits(self, group: Group, statement: p.Plain) -> bool:
        """Whether each entry needs that same entry alone of what the group works out."""
        names = {out.name for out in group.written}
        return all(
            what in group.written and self.loops(what) == group.space
            for what in statement.reads
            if what.name in names and not apart(what, group)
        )

    def local_slices(self) -> set[p.Slice]:
        """The slices that are numbers within one loop: whoever reads them stands in it too, and
        nobody reads that array otherwise."""
        written: dict[str, set[int]] = {}
        outside: set[str] = set()
        slices: set[p.Slice] = set()
        for group in (g for parts in self.parts.values() for part in parts for g in part.groups):
            made = group.written if group.space is not None else set()
            for out in group.written:
                written.setdefault(out.name, set()).add(id(group))
                if group.space is None or out.part is not None:
                    outside.add(out.name)
            outside |= {what.name for what in group.read if what not in made}
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
            if array.role in ("variable", "scratch") and name not in local
        ]

    # as text

    def section(self, name: str) -> list[str]:
        """The body of a function."""
        lines: list[str] = []
        for part in self.parts.get(name, []):
            body = [line for group in part.groups for line in self.group(group)]
            if part.loop is None:
                lines += body
                continue
            lines += [comment(line) for line in part.said]
            first, last = part.loop.first, self.spelling.count(part.loop.last)
            ahead = f"int t = {first}; t <= {last}; t++"
            if part.loop.direction < 0:
                ahead = f"int t = {last}; t >= {first}; t--"
            lines += [f"for ({ahead}) {{", *indented(body), "}"]
        return lines

    def group(self, group: Group) -> list[str]:
        if group.space is None:
            said = [comment(line) for line in group.said[0]]
            return said + self.alone(group.statements[0])
        body = list(self.numbers(group))
        if all(line.startswith("/*") for line in body):
            return []  # nobody reads any of it
        return nest(group.space, body)

    def alone(self, statement: p.Plain) -> list[str]:
        match statement:
            case p.Product(out=out, pairs=(pair,)):
                if self.program.arrays[pair.left.name].classes is not None:
                    return self.product_by_id(out, pair)
                return [self.product(out, pair)]
            case p.Map() if is_by_id(statement):
                return self.map_by_id(statement)
            case p.Map(out=out, op="turned", args=(p.Slice() as arg,)):
                loops = self.loops(out)
                row = "j" if "j" in dict(loops) else "0"
                line = f"{self.spelling.entry(out)} = {self.spelling.entry(arg, row, 'r')};"
                return nest(loops, [line])
            case p.Reduce():
                return self.reduced(statement)
        raise TypeError(f"{type(statement).__name__} stands alone")

    def product(self, out: p.Slice, pair: p.Pair) -> str:
        """One call: `left` may be read transposed, by how far its rows and columns are apart."""
        spelling, lead = self.spelling, self.lead
        rows, columns = spelling.row_count(out), spelling.width(spelling.features(out))
        inner = spelling.width(spelling.features(pair.left))
        left, right = spelling.first(pair.left), spelling.first(pair.right)
        into = f"{spelling.first(out)}, {lead(out)}"
        if pair.right_turned:
            call = f"{left}, {lead(pair.left)}, {right}, {lead(pair.right)}, {into}"
            return f"dot_by_turned({rows}, {columns}, {inner}, {call});"
        steps = f"{lead(pair.left)}, 1"
        if pair.left_turned:
            rows, inner = inner, spelling.row_count(pair.left)
            steps = f"1, {lead(pair.left)}"
        call = f"{left}, {steps}, {right}, {lead(pair.right)}, {into}"
        return f"dot({rows}, {columns}, {inner}, {call});"

    def lead(self, what: p.Slice) -> str:
        """How many numbers lie from one row to the next."""
        return self.spelling.width(self.program.arrays[what.name].width)

    # over class ids; -1, where nothing has been yet, stands for a row of zeros

    def product_by_id(self, out: p.Slice, pair: p.Pair) -> list[str]:
        """A row of the matrix for each id, or for each id a row of the gradient."""
        spelling, one = self.spelling, self.id_of(pair.left)
        if pair.left_turned:
            line = f"{spelling.entry(out, 'id')} += {spelling.entry(pair.right)};"
            row = nest(self.loops(pair.right)[-1:], [line])
            add = [one, "if (id >= 0)", *indented(row)]
            zero = nest(self.loops(out), [f"{spelling.entry(out)} = 0;"])
            return [*zero, *nest(self.loops(pair.left), add)]
        value = f"id < 0 ? 0 : {spelling.entry(pair.right, 'id')}"
        row = nest(self.loops(out)[-1:], [f"{spelling.entry(out)} = {value};"])
        return nest(self.loops(pair.left), [one, *row])

    def map_by_id(self, statement: p.Map) -> list[str]:
        """`pick`, the feature that an id says; `add_at`, something added to it."""
        spelling, out = self.spelling, statement.out
        rows, *amount, ids = statement.args
        assert isinstance(ids, p.Slice)
        lines = [self.id_of(ids)]
        if not amount:
            assert isinstance(rows, p.Slice)
            lines.append(f"{spelling.entry(out)} = {spelling.entry(rows, feature='id')};")
            return nest(self.loops(ids), lines)
        kept = self.value(p.Map(out, "copy", (rows,)), {}).text
        added = self.value(p.Map(out, "copy", (amount[0],)), {}).text
        lines += nest(self.loops(out)[-1:], [f"{spelling.entry(out)} = {kept};"])
        lines.append(f"{spelling.entry(out, feature='id')} += {added.replace('[j]', '[id]')};")
        return nest(self.loops(ids), lines)

    def id_of(self, ids: p.Slice) -> str:
        return f"const int id = (int){self.spelling.entry(ids)};"

    def reduced(self, statement: p.Reduce) -> list[str]:
        spelling, arg = self.spelling, statement.arg
        of = dict(self.loops(arg))
        gone = {"features": "j", "steps": "s", "rows": "sr", "all": "srj"}[statement.over]
        over = tuple((axis, n) for axis, n in of.items() if axis in gone)
        kept = tuple((axis, n) for axis, n in of.items() if axis not in gone)
        entry, out = spelling.entry(arg), spelling.entry(statement.out)
        if statement.op == "max":
            start = spelling.entry(arg, feature="0")
            step = f"found = greater(found, {entry});"
            inner = [f"real found = {start};", *nest(over, [step]), f"{out} = found;"]
            return nest(kept, inner)
        if statement.over in ("features", "all"):
            inner = ["real found = 0;", *nest(over, [f"found += {entry};"]), f"{out} = found;"]
            return nest(kept, inner)
        # along the features of a row, which lie side by side
        return [*nest(kept, [f"{out} = 0;"]), *nest(tuple(of.items()), [f"{out} += {entry};"])]

    def numbers(self, group: Group) -> Iterator[str]:
        """What is worked out of one entry, line by line."""
        uses: dict[p.Slice, int] = {}
        for statement in group.statements:
            for what in statement.reads:
                uses[what] = uses.get(what, 0) + 1
        known: dict[p.Slice, Text] = {}
        last = group.statements[-1]
        for said, statement in zip(group.said, group.statements, strict=True):
            assert isinstance(statement, p.Map)
            yield from (comment(line) for line in said)
            text = self.value(statement, known)
            out = statement.out
            if out in self.local and uses.get(out, 0) == 1 and statement is not last:
                known[out] = text
            elif out in self.local:
                known[out] = Text(self.spelling.local(out))
                if uses.get(out, 0):
                    yield f"const real {known[out].text} = {text.text};"
            else:
                yield f"{self.spelling.entry(out)} = {text.text};"

    def value(self, statement: p.Map, known: dict[p.Slice, Text]) -> Text:
        args = [
            self.spelling.number(arg.value)
            if isinstance(arg, p.Number)
            else known.get(arg) or Text(self.spelling.entry(arg))
            for arg in statement.args
        ]
        return value_of(statement.op, args)


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


def nest(space: Sequence[tuple[str, str]], body: list[str]) -> list[str]:
    """Loops around lines."""
    lines = body
    for place, (axis, many) in enumerate(reversed(space)):
        head = f"for (int {axis} = 0; {axis} < {many}; {axis}++)"
        if place == 0 and len(lines) > 1:
            lines = [f"{head} {{", *indented(lines), "}"]
        else:
            lines = [head, *indented(lines)]
    if not space and len(body) > 1:
        lines = ["{", *indented(body), "}"]
    return lines


def indented(lines: Sequence[str]) -> list[str]:
    return [textwrap.indent(line, "    ") for line in lines]


def laid_out(line: str) -> str:
    """A line, broken where it is too long; what follows stands further in."""
    if len(line) <= WIDTH:
        return line
    space = line[: len(line) - len(line.lstrip())]
    together = re.sub(r"\[[^\]]*\]", lambda found: found[0].replace(" ", JOINED), line.strip())
    inside = textwrap.wrap(
        together,
        WIDTH - len(space),
        subsequent_indent="       " if line.strip().startswith("/*") else "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return textwrap.indent("\n".join(inside).replace(JOINED, " "), space)


def comment(text: str) -> str:
    return f"/* {text.replace('*/', '* /')} */"
