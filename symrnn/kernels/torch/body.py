"""The statements of a function as lines of PyTorch.

What runs over time is a tensor where it is worked out for all steps at once, and a list of its
steps where it is worked out one after the other. Each becomes the other where that is needed:

    x_W_at = (None, *x_W.unbind(0))        # x_W_at[t] is step t
    h = torch.stack(h_at)
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.comments import LoopBlock, commented
from symrnn.kernels.contract import Kernel
from symrnn.kernels.names import Names
from symrnn.kernels.program.program import (
    At,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Product,
    Slice,
    Span,
    Statement,
    When,
)
from symrnn.kernels.sizes import between, number_text
from symrnn.kernels.torch.groups import Cells, Group, groups
from symrnn.kernels.torch.nodes import Item, Nesting, Node, Speller, Spread
from symrnn.kernels.torch.units import Columns, Unit, Units


@dataclass
class Place:
    """What is known of a tensor while a function is printed."""

    whole: str = ""
    """Its name, where all of it is there."""
    steps: str = ""
    """The name of the list of its steps."""
    filled: set[int] = field(default_factory=set)
    """The steps that are in that list."""


UNTRACKED = 'with torch.inference_mode(fuse != "compile"):'
"""Where loops are; compiled functions would be compiled once more for what is made there."""


Key = tuple[str, Columns | None]
"""A unit, and which of its columns."""


class Body:
    """Prints the statements of some sections, one after the other."""

    def __init__(self, kernel: Kernel, units: Units, names: Names, cells: Cells) -> None:
        self.kernel, self.units, self.names, self.cells = kernel, units, names, cells
        self.program = kernel.program
        self.lines: list[str] = []
        self.called: dict[str, None] = {}
        """The functions of groups that are called."""
        self.places: dict[Key, Place] = {}
        self.joined: dict[object, str] = {}
        """Names of what is put together of several units."""
        self.pieces: dict[object, dict[Columns | None, str]] = {}
        """What is there of a unit that is worked out in pieces, by unit and step."""
        self.here: dict[object, str] = {}
        """The names of single steps that no list holds."""
        self.now: dict[Key, str] = {}
        self.transposed: dict[Slice, str] = {}
        self.apart: dict[str, list[str]] = {}
        """The names of the gradients of neighbours, by what these are together."""
        self.nesting = Nesting(self.program, units)
        self.like = ""
        """A tensor of the right kind, to make others like it."""
        self.in_pieces = dict(self._in_pieces())
        self.listed = self._listed()

    # what is known before

    def _in_pieces(self) -> Iterator[tuple[str, set[Columns]]]:
        """The units that are written in pieces, and which pieces."""
        found: dict[str, set[Columns]] = {}
        for statement in self.every():
            columns = self.units.columns(statement.out)
            if columns is not None:
                found.setdefault(self.units.unit(statement.out).name, set()).add(columns)
        yield from found.items()

    def every(self) -> Iterator[Plain]:
        for statement in self.program.statements():
            yield from statement.body if isinstance(statement, Loop) else (statement,)

    def _listed(self) -> set[Key]:
        """What is read at another step, at another place or for all steps at once."""
        found: set[Key] = set()
        for home in self.homes():
            made = {s.out for s in home}
            for what in (what for statement in home for what in statement.reads):
                if what in made and not isinstance(what.when, Span):
                    continue
                for unit, columns in self.parts(what):
                    if not unit.timed:
                        continue
                    in_pieces = columns in self.in_pieces.get(unit.name, set())
                    found.add((unit.name, columns if in_pieces else None))
                    if isinstance(what.when, Span):
                        found.add((unit.name, None))
        for name, array in self.program.arrays.items():
            if array.of or name in self.program.kept | self.program.outputs:
                found.add((self.units.of[name].name, None))
        return found

    def homes(self) -> Iterator[Sequence[Plain]]:
        """The statements of each loop, and of each function outside of its loops."""
        for back in (False, True):
            outside: list[Plain] = []
            for section, statements in self.program.sections.items():
                if (section == "backward") is not back:
                    continue
                for statement in statements:
                    if isinstance(statement, Loop):
                        yield statement.body
                    else:
                        outside.append(statement)
            yield outside

    def parts(self, what: Slice) -> list[tuple[Unit, Columns | None]]:
        """The units of a slice, and which columns of each."""
        units = self.units.units(what)
        if len(units) == 1:
            return [(units[0], self.units.columns(what))]
        found = []
        for unit in units:
            own = tuple(name for name in what.names if name in unit.members)
            found.append((unit, self.units.columns(Slice(own, what.when, what.part))))
        return found

    def place(self, unit: Unit, columns: Columns | None = None) -> Place:
        return self.places.setdefault((unit.name, columns), Place())

    def given(self, name: str) -> None:
        """Say that a tensor is there."""
        unit = self.units.of[name]
        self.place(unit).whole = unit.name

    # lines

    def put(self, line: str, indent: int = 0) -> None:
        self.lines.append(" " * indent + line)

    def note(self, said: Sequence[str], indent: int = 0) -> None:
        self.lines += [" " * indent + f"# {one}" for one in said]

    def section(self, statements: Sequence[Statement], kept: bool = True) -> None:
        """The lines of a section; `kept` if what is in front of loops may be needed for long."""
        outside: list[tuple[tuple[str, ...], Plain]] = []
        start = len(self.lines)
        for block in commented(self.kernel, statements):
            if isinstance(block, LoopBlock):
                self.straight(outside)
                outside = []
                start = len(self.lines) if kept else start
                self.loop(block)
                self.untracked(start)
                start = len(self.lines)
            else:
                said = [block.said, *[()] * (len(block.statements) - 1)]
                outside += zip(said, block.statements, strict=True)
        self.straight(outside)

    def untracked(self, start: int) -> None:
        """Put the lines from one on where autograd does not look: calls are quicker there."""
        inside = self.lines[start:]
        self.lines[start:] = [UNTRACKED, *(f"    {line}" for line in inside)]

    def straight(self, statements: Sequence[tuple[tuple[str, ...], Plain]]) -> None:
        items = self.nesting.items(statements)
        self.waiting = Counter((self.units.unit(item.out).name, item.out.when) for item in items)
        for item in items:
            self.note(item.said)
            self.item(item)

    def item(self, item: Item) -> None:
        """The lines of a statement outside of loops."""
        speller = Speller(self.units, self.read, self.number, ragged=self.program.ragged)
        self.write(item.out, self.value(speller, item.node), item.node)

    def value(self, speller: Speller, node: Node) -> str:
        """The expression of a node; a number alone fills a tensor."""
        if isinstance(node.statement, Map) and not any(node.reads()):
            sizes = speller.sizes(node.statement.out)
            axes = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
            full = f"{self.like}.new_full({axes}, {{}})"
            of = Speller(self.units, speller.read, lambda number: full.format(self.number(number)))
            return of.text(node)
        special = self.special(speller, node)
        return special if special is not None else speller.whole(node)

    def special(self, speller: Speller, node: Node) -> str | None:
        """What is about class ids."""
        statement = node.statement
        read = speller.read
        if isinstance(statement, Product):
            (pair,) = statement.pairs
            if self.program.arrays[pair.left.names[0]].classes is None:
                return None
            numbers, right = read(pair.left), read(pair.right)
            if pair.left_turned:
                classes = self.units.program.arrays[statement.out.names[0]].shape[0]
                count = self.units.sum_widths([classes])
                return f"_scatter({numbers}, {speller.there(right, pair.right)}, {count})"
            return f"_look_up({numbers}, {right})"
        if isinstance(statement, Map) and statement.op == "pick":
            rows, ids = node.args
            return f"_pick({speller.text(rows)}, {speller.text(ids)})"
        if isinstance(statement, Map) and statement.op == "add_at":
            rows, amount, ids = node.args
            texts = ", ".join(speller.text(arg) for arg in (rows, amount, ids))
            return f"_add_at({texts})"
        return None

    def number(self, number: Number) -> str:
        return number_text(self.units.own, number.value)

    # reading

    def read(self, what: Slice) -> str:
        """What a slice is outside of all loops."""
        parts = self.parts(what)
        if len(parts) > 1:
            key = (what.names, what.when)
            if key not in self.joined:
                texts = [self.part(unit, columns, what.when) for unit, columns in parts]
                wish = self.units.own[what.names[0]] + "_all"
                self.joined[key] = name = self.names.new(wish)
                self.put(f"{name} = torch.cat(({', '.join(texts)}), -1)")
            return self.joined[key]
        return self.part(*parts[0], what.when)

    def part(self, unit: Unit, columns: Columns | None, when: object) -> str:
        if not unit.timed:
            return self.all_of(unit, columns)
        match when:
            case Span(first=first, last=last):
                return self.span(unit, columns, first, last)
            case At(step=step):
                if columns is None and (unit.name, when) in self.here:
                    return self.here[unit.name, when]
                pieces = self.pieces.get((unit.name, when), {})
                if columns in pieces:
                    return pieces[columns]
                return self.at(unit, columns, step)
        raise CheckError(f"{unit.name} is read at {when} outside of all loops")

    def all_of(self, unit: Unit, columns: Columns | None) -> str:
        """All steps of a unit, or what has none."""
        place = self.place(unit, columns)
        if place.whole:
            return place.whole
        if columns is not None:
            whole = self.all_of(unit, None)
            place.whole = self.names.new(f"{self.label(unit, columns)}_part")
            self.put(f"{place.whole} = {whole}[..., {columns.text}]")
            return place.whole
        if not place.steps:
            raise CheckError(f"{unit.name} is read before it is written")
        place.whole = unit.name
        self.put(f"{unit.name} = {self.stacked(unit, place)}")
        return place.whole

    def stacked(self, unit: Unit, place: Place) -> str:
        assert unit.array.steps is not None
        first, last = unit.array.steps
        if not set(range(first, last + 1)) <= place.filled:
            raise CheckError(f"{unit.name} is read where some steps are missing")
        return f"torch.stack({place.steps}{f'[{first - unit.base}:]' if first > unit.base else ''})"

    def span(self, unit: Unit, columns: Columns | None, first: int, last: int) -> str:
        """Some steps at once."""
        assert unit.array.steps is not None
        start, stop = unit.array.steps
        place, every = self.place(unit, columns), set(range(start, stop + 1))
        unfinished = not self.place(unit).whole and not every <= self.place(unit).filled
        if unfinished and not place.whole:
            own = place if place.steps else self.place(unit)
            cut = f"[..., {columns.text}]" if own is not place and columns else ""
            ends = f"{first - unit.base}:{last - unit.base + 1}"
            return f"torch.stack({own.steps}[{ends}]){cut}"
        whole = self.all_of(unit, columns)
        if (first, last) == (start, stop):
            return whole
        return f"{whole}[{between(first - start, last - start + 1)}]"

    def at(self, unit: Unit, columns: Columns | None, step: int) -> str:
        """One step."""
        assert unit.array.steps is not None
        place = self.place(unit, columns)
        if step in place.filled:
            return f"{place.steps}[{step - unit.base}]"
        if place.whole:
            return f"{place.whole}[{step - unit.array.steps[0]}]"
        if columns is not None:
            return f"{self.at(unit, None, step)}[..., {columns.text}]"
        raise CheckError(f"{unit.name} is read at step {step} before it is written")

    def transpose(self, what: Slice) -> None:
        """A matrix transposed, once for all that read it so: as a copy where it is read for many
        rows, which products then read faster."""
        if what not in self.transposed:
            text = self.read(what)
            name = self.names.new(
                f"{self.label(self.units.unit(what), self.units.columns(what))}_T"
            )
            self.put(f"{name} = {text}.t() if B == 1 else {text}.t().contiguous()")
            self.transposed[what] = name

    def label(self, unit: Unit, columns: Columns | None) -> str:
        if columns is None:
            return unit.name
        for name in unit.members:
            if self.units.columns(Slice((name,))) == columns:
                return self.units.own[name]
        return unit.name

    # writing

    def write(self, out: Slice, text: str, node: Node) -> None:
        unit, columns = self.units.unit(out), self.units.columns(out)
        key = (unit.name, out.when)
        if columns is None:
            self.write_all(unit, out.when, text)
            return
        own = self.pieces.setdefault(key, {})
        label = self.label(unit, columns)
        if label == unit.name:
            label = f"{label}_{len(own) + 1}"
        if isinstance(out.when, At):
            label = f"{label}_{out.when.step}".replace("-", "m")
        own[columns] = name = label if label not in self.names.taken else self.names.new(label)
        self.put(f"{name} = {text}")
        self.keep_piece(unit, columns, out.when, name)
        if len(own) == self.waiting[key] and self.is_wanted(unit):
            self.write_all(unit, out.when, self.cat(own))

    def cat(self, own: Mapping[Columns | None, str]) -> str:
        """Pieces side by side, in order."""
        ordered = sorted(own.items(), key=lambda one: one[0].place if one[0] else 0)
        return f"torch.cat(({', '.join(name for _, name in ordered)}), -1)"

    def is_wanted(self, unit: Unit) -> bool:
        """Whether someone reads more of a unit than its pieces."""
        pieces = self.in_pieces.get(unit.name, set())
        return (unit.name, None) in self.listed or any(
            other is unit and columns not in pieces
            for s in self.every()
            for what in s.reads
            for other, columns in self.parts(what)
        )

    def keep_piece(self, unit: Unit, columns: Columns, when: object, name: str) -> None:
        place = self.place(unit, columns)
        match when:
            case Span(first=first, last=last) if unit.timed and (first, last) == unit.array.steps:
                place.whole = name
            case None:
                place.whole = name
            case At(step=step) if (unit.name, columns) in self.listed:
                self.list_of(unit, columns)
                place.filled.add(step)
                self.put(f"{place.steps}[{step - unit.base}] = {name}")

    def write_all(self, unit: Unit, when: object, text: str) -> None:
        place = self.place(unit)
        if not unit.timed:
            self.put(f"{unit.name} = {text}")
            place.whole = unit.name
            return
        assert unit.array.steps is not None
        match when:
            case Span(first=first, last=last):
                if (first, last) == unit.array.steps:
                    self.put(f"{unit.name} = {text}")
                    place.whole = unit.name
                    return
                self.list_of(unit)
                ends = between(first - unit.base, last - unit.base + 1)
                self.put(f"{place.steps}[{ends}] = {atom(text)}.unbind(0)")
                place.filled |= set(range(first, last + 1))
            case At(step=step) if (unit.name, None) not in self.listed:
                name = f"{unit.name}_{step}".replace("-", "m")
                name = name if name not in self.names.taken else self.names.new(name)
                self.names.taken.add(name)
                self.put(f"{name} = {text}")
                self.here[unit.name, when] = name
            case At(step=step):
                self.list_of(unit)
                self.put(f"{place.steps}[{step - unit.base}] = {text}")
                place.filled.add(step)
            case _:
                raise CheckError(f"{unit.name} is written at {when} outside of all loops")

    def list_of(self, unit: Unit, columns: Columns | None = None) -> str:
        """The list of steps, made where it is not there."""
        place = self.place(unit, columns)
        if not place.steps:
            assert unit.array.steps is not None
            place.steps = self.names.new(f"{self.label(unit, columns)}_at")
            count = unit.array.steps[1] - unit.base + 1
            self.put(f"{place.steps} = [None] * {count}")
        return place.steps

    # loops

    def of_this_step(self, unit: Unit, columns: Columns | None) -> str:
        """What the current step of a unit is called in loops."""
        if (unit.name, columns) not in self.now:
            label = self.label(unit, columns)
            if unit.timed:
                name = self.names.new(f"{label}_t")
            elif columns is None:
                name = label
            else:
                name = label if label != unit.name else self.names.new(f"{label}_part")
            self.now[unit.name, columns] = name
        return self.now[unit.name, columns]

    def inside(self, loop: Loop) -> "Inside":
        return Inside(self, loop)

    def loop(self, block: LoopBlock) -> None:
        """The lines of a loop, and those before it that it needs."""
        loop = block.loop
        items = self.nesting.items(list(zip(block.inside, loop.body, strict=True)))
        steps = range(loop.first, loop.last + 1)
        inside = self.inside(loop)
        found = groups(items, self.units)
        inside.groups = found
        for group in found:
            inside.prepare(group)
        self.note(block.said)
        ends = (
            f"{loop.first}, {loop.last + 1}"
            if loop.direction > 0
            else f"{loop.last}, {loop.first - 1}, -1"
        )
        lines = [line for group in found for line in inside.lines(group)]
        self.lines.append(f"for t in range({ends}):")
        self.lines += [f"    {line}" for line in lines]
        for key in inside.listed:
            self.places[key].filled |= set(steps)


class Inside:
    """The lines of a loop."""

    def __init__(self, body: Body, loop: Loop) -> None:
        self.body, self.units, self.loop = body, body.units, loop
        self.made = {body.units.unit(s.out).name for s in loop.body}
        self.counts = Counter((body.units.unit(s.out).name, s.out.when) for s in loop.body)
        self.pieces: dict[str, dict[Columns | None, str]] = {}
        self.local: dict[Key, str] = {}
        """What is there of this step."""
        self.listed: set[Key] = set()
        """The lists that are filled at each step."""
        self.groups: list[Group] = []
        self.buffers: dict[str, str] = {}
        """Tensors that each step overwrites, with the views into them."""

    # before the loop

    def prepare(self, group: Group) -> None:
        """Make what the loop reads and what it fills."""
        for item in group.items:
            for what in item.node.reads():
                self.prepare_read(what)
            self.prepare_turned(item)
            out = item.out
            unit, columns = self.units.unit(out), self.units.columns(out)
            if unit.timed and isinstance(out.when, Now):
                for part in dict.fromkeys((None, columns)):
                    if (unit.name, part) in self.body.listed:
                        self.body.list_of(unit, part)
                        self.listed.add((unit.name, part))
            elif not unit.timed and columns is None and self.is_apart(unit, item):
                self.buffer(unit)

    def is_apart(self, unit: Unit, item: Item) -> bool:
        """Whether a product is read column by column: then it has a place of its own."""
        product = isinstance(item.node.statement, Product) or "product" in item.node.ops()
        if any(isinstance(arg, Spread) for node in item.node.nodes() for arg in node.args):
            return False  # no call has it as a whole
        reads = [what for s in self.loop.body for what in s.reads]
        parts = [c for what in reads for u, c in self.body.parts(what) if u is unit]
        return product and bool(parts) and None not in parts

    def buffer(self, unit: Unit) -> None:
        sizes = ", ".join(self.units.shape(unit))
        self.body.put(f"{unit.name} = {self.body.like}.new_empty({sizes})")
        self.buffers[unit.name] = unit.name
        for statement in self.loop.body:
            for what in statement.reads:
                for other, columns in self.body.parts(what):
                    if other is unit and (unit.name, columns) not in self.local:
                        assert columns is not None
                        name = self.body.label(unit, columns)
                        name = name if name != unit.name else self.body.names.new(f"{name}_part")
                        self.local[unit.name, columns] = name
                        self.body.put(f"{name} = {unit.name}[:, {columns.text}]")

    def turned(self, what: Slice) -> str | None:
        """A matrix of before the loop, transposed before it."""
        return self.body.transposed.get(what)

    def prepare_turned(self, item: Item) -> None:
        for node in item.node.nodes():
            if isinstance(node.statement, Product):
                for pair in node.statement.pairs:
                    outside = not any(u.name in self.made for u in self.units.units(pair.right))
                    if pair.right_turned and outside and pair.right.when is None:
                        self.body.transpose(pair.right)

    def prepare_read(self, what: Slice) -> None:
        for unit, columns in self.body.parts(what):
            if not unit.timed:
                if unit.name not in self.made:
                    self.body.all_of(unit, columns)
                continue
            if not isinstance(what.when, Now):
                self.body.part(unit, columns, what.when)
                continue
            place = self.body.place(unit, columns)
            if unit.name in self.made or place.steps:
                continue
            if self.body.place(unit).steps and not self.body.place(unit).whole:
                continue
            whole = self.body.all_of(unit, columns)
            assert unit.array.steps is not None
            first, last = unit.array.steps
            place.steps = self.body.names.new(f"{self.body.label(unit, columns)}_at")
            padding = "None, " * (first - unit.base)
            text = f"{whole}.unbind(0)"
            text = f"({padding}*{text})" if padding else text
            self.body.put(f"{place.steps} = {text}")
            place.filled = set(range(first, last + 1))

    # in the loop

    def read(self, what: Slice) -> str:
        parts = self.body.parts(what)
        if len(parts) > 1:
            texts = [self.part(unit, columns, what) for unit, columns in parts]
            return f"torch.cat(({', '.join(texts)}), -1)"
        return self.part(*parts[0], what)

    def part(self, unit: Unit, columns: Columns | None, what: Slice) -> str:
        text = self.uncut(unit, columns, what.when)
        cut = what.when.cut if isinstance(what.when, Now) else None
        if cut is None:
            return text
        shift = f" - {cut.shift}" if cut.shift > 0 else f" + {-cut.shift}"
        same = f"(STEPS - t) // TRUNCATE == (STEPS - t{shift}) // TRUNCATE"
        return f"({text} if {same} else torch.zeros_like({text}))"

    def uncut(self, unit: Unit, columns: Columns | None, when: When | None) -> str:
        """The same where nothing is cut off."""
        if not unit.timed:
            if unit.name in self.made:
                if (unit.name, columns) in self.local:
                    return self.local[unit.name, columns]
                assert columns is not None
                return f"{self.local[unit.name, None]}[..., {columns.text}]"
            return self.body.all_of(unit, columns)
        if not isinstance(when, Now):
            return self.body.part(unit, columns, when)
        if not when.shift and (unit.name, columns) in self.local:
            return self.local[unit.name, columns]
        return self.step(unit, columns, when.shift)

    def step(self, unit: Unit, columns: Columns | None, shift: int) -> str:
        place = self.body.place(unit, columns)
        index = shift - unit.base
        text = "t" if not index else f"t {'+' if index > 0 else '-'} {abs(index)}"
        if place.steps:
            return f"{place.steps}[{text}]"
        assert columns is not None
        return f"{self.body.place(unit).steps}[{text}][..., {columns.text}]"

    def lines(self, group: Group) -> Iterator[str]:
        """The lines of a group: a call of its function, or each of its statements."""
        if group.is_function:
            yield from self.call(group)
            return
        speller = Speller(self.units, self.read, self.body.number, self.turned)
        for item in group.items:
            yield from (f"# {one}" for one in item.said)
            unit = self.units.unit(item.out)
            if unit.name in self.buffers:
                text = self.body.value(speller, item.node)
                assert text.endswith(")")
                yield f"{text[:-1]}, out={unit.name})"
                continue
            yield from self.write(item.out, self.body.value(speller, item.node))

    def name(self, what: Slice) -> str:
        return self.units.unit(what).name

    def call(self, group: Group) -> Iterator[str]:
        """A call of the function of a group."""
        inside = {id(item) for item in group.items}
        later = {
            what
            for other in self.groups
            for item in other.items
            if id(item) not in inside
            for what in item.node.reads()
        }
        outer = {name for what in later for name in what.names}
        given = [
            what
            for what in group.made()
            if self.name(what) in {key[0] for key in self.listed}
            or set(what.names) & outer
            or self.units.columns(what) is not None
        ]
        cell = self.body.cells.cell(self.units, group, given)
        self.body.called[cell.name] = None
        taken = [self.read(what) for what in group.read()]
        taken += [self.body.number(number) for number in group.numbers()]
        targets, after = list[str](), list[str]()
        for what in given:
            target, more = self.target(what)
            targets.append(target)
            after += more
        names = ", ".join(targets)
        yield f"{names} = {cell.name[1:]}({', '.join(taken)})"
        yield from after

    def target(self, out: Slice) -> tuple[str, list[str]]:
        """Where a result goes, and what is done with it then."""
        unit, columns = self.units.unit(out), self.units.columns(out)
        if (unit.name, columns) in self.listed:
            index = "t" if not unit.base else f"t + {-unit.base}"
            target = f"{self.body.place(unit, columns).steps}[{index}]"
        else:
            target = self.body.of_this_step(unit, columns)
        self.local[unit.name, columns] = target
        if columns is None:
            return target, []
        own = self.pieces.setdefault(unit.name, {})
        own[columns] = target
        if len(own) == self.counts[unit.name, out.when] and self.body.is_wanted(unit):
            return target, list(self.write(Slice(unit.members, out.when), self.body.cat(own)))
        return target, []

    def write(self, out: Slice, text: str) -> Iterator[str]:
        target, after = self.target(out)
        yield f"{target} = {text}"
        yield from after


def is_whole(what: Slice, unit: Unit) -> bool:
    """Whether a slice is read at all of its steps at once."""
    return unit.timed and isinstance(what.when, Span)


def atom(text: str) -> str:
    """An expression as one that a method can be called of.

    >>> atom("f(a + b)"), atom("a + b"), atom("f(a) + b")
    ('f(a + b)', '(a + b)', '(f(a) + b)')
    """
    if text.startswith("-"):
        return f"({text})"
    depth = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and not depth:
            return f"({text})"
    return text
