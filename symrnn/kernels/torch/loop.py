"""The lines of a loop, and those before it that make what it reads and what it fills."""

from collections import Counter
from collections.abc import Callable, Iterator

from symrnn.kernels.infix import Text
from symrnn.kernels.program.program import Loop, Now, Product, Slice, When
from symrnn.kernels.torch.groups import Cells, Group
from symrnn.kernels.torch.nodes import Item, Node, Spread
from symrnn.kernels.torch.spelling import Speller
from symrnn.kernels.torch.tensors import Tensors
from symrnn.kernels.torch.units import Columns, Unit
from symrnn.kernels.torch.uses import Key

Value = Callable[[Speller, Node], Text]
"""The expression of a node."""


class Inside:
    """The lines of a loop."""

    def __init__(self, body: Tensors, loop: Loop, value: Value, cells: Cells) -> None:
        self.body, self.units, self.loop = body, body.units, loop
        self.value, self.cells = value, cells
        self.called: list[str] = []
        """The functions of groups that are called."""
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
                    if (unit.name, part) in self.body.uses.listed:
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
        parts = [c for what in reads for u, c in self.units.parts(what) if u is unit]
        return product and bool(parts) and None not in parts

    def buffer(self, unit: Unit) -> None:
        sizes = ", ".join(self.units.shape(unit))
        self.body.put(f"{unit.name} = {self.body.like}.new_empty({sizes})")
        self.buffers[unit.name] = unit.name
        for statement in self.loop.body:
            for what in statement.reads:
                for other, columns in self.units.parts(what):
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
        for unit, columns in self.units.parts(what):
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
        parts = self.units.parts(what)
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
        speller = Speller(self.units, self.read, self.units.number, self.turned)
        for item in group.items:
            yield from (f"# {one}" for one in item.said)
            unit = self.units.unit(item.out)
            if unit.name in self.buffers:
                text = self.value(speller, item.node).text
                assert text.endswith(")")
                yield f"{text[:-1]}, out={unit.name})"
                continue
            yield from self.write(item.out, self.value(speller, item.node))

    def forgotten(self) -> Iterator[str]:
        """The lines that let go of what no later step reads."""
        units = {unit.name: unit for unit in self.units.of.values()}
        listed = sorted(self.listed, key=lambda key: (key[0], key[1].place if key[1] else -1))
        for name, columns in listed:
            if name in self.body.few:
                back = self.body.few[name] * self.loop.direction
                index = -back - units[name].base
                sign = "+" if index > 0 else "-"
                text = f"t {sign} {abs(index)}" if index else "t"
                yield f"{self.body.place(units[name], columns).steps}.pop({text}, None)"

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
        cell = self.cells.cell(self.units, group, given)
        self.called.append(cell.name)
        taken = [self.read(what) for what in group.read()]
        taken += [self.units.number(number).text for number in group.numbers()]
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
        if len(own) == self.counts[unit.name, out.when] and self.body.uses.is_wanted(unit):
            return target, list(self.write(Slice(unit.members, out.when), self.body.cat(own)))
        return target, []

    def write(self, out: Slice, text: Text) -> Iterator[str]:
        target, after = self.target(out)
        yield f"{target} = {text.text}"
        yield from after
