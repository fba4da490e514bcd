"""Sequences with lengths of their own: every step is worked out for all of them, and what is
summed, carried or handed out is zero where a sequence has ended.

Nothing depends on numbers, so nothing waits for a device. Inputs go on as they were at the last
step, and what is carried begins anew: so what nobody asks for stays finite.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.errors import CheckError
from symrnn.kernels.infix import Text
from symrnn.kernels.program.program import (
    At,
    End,
    Loop,
    Map,
    Now,
    Number,
    Plain,
    Program,
    Slice,
    Span,
    plain,
)
from symrnn.kernels.torch.body import Body
from symrnn.kernels.torch.groups import Group
from symrnn.kernels.torch.loop import Inside
from symrnn.kernels.torch.nodes import Item, Node
from symrnn.kernels.torch.spelling import Speller
from symrnn.kernels.torch.units import Unit


def dense(program: Program) -> Program:
    """The program with a place for each of its steps, and none for boundaries; what a loop carries
    from another step is said to be that."""
    if not program.ragged:
        return program
    arrays = {
        name: replace(array, steps=(1, program.steps)) if array.steps is not None else array
        for name, array in program.arrays.items()
    }

    def named(statement: object) -> object:
        match statement:
            case Loop(body=body):
                return replace(statement, body=tuple(map(carried, body)))
            case Map(op="copy", args=(Slice() as source,), out=out):
                array = arrays[source.names[0]]
                if array.steps is None or not array.rows:
                    return statement
                match out.when, source.when:
                    case None, At() | End():
                        return replace(statement, op="picked")
                    case Span(first=one), Span(first=other) if one != other:
                        return replace(statement, op="picked")
        return statement

    def carried(statement: Plain) -> Plain:
        match statement:
            case Map(op="copy", args=(Slice(when=Now(shift=shift)),)) if shift:
                return replace(statement, op="carried")
        return statement

    sections = {
        name: tuple(named(statement) for statement in body)
        for name, body in program.sections.items()
    }
    return replace(program, arrays=arrays, sections=sections)  # type: ignore[arg-type]


class RaggedBody(Body):
    """Prints statements for sequences with lengths of their own."""

    def begin(self) -> None:
        """What every function begins with."""
        self.boundaries: dict[tuple[str, At | End], str] = {}
        self.bases: dict[str, str] = {}
        """What is carried to a step from none: before the loop that carries the rest."""
        self.put("alive = _alive(lengths)")
        self.put("alive_at = (None, *alive.unbind(0))")

    def item(self, item: Item) -> None:
        statement, unit = item.node.statement, self.units.unit(item.out)
        match statement, item.out.when:
            case Map(op="begin"), _:
                self.bases[unit.name] = self.base(statement, unit)
            case Map(op="land"), _:
                self.land(statement, unit)
            case _, End():
                self.boundary(item, unit)
            case _, At(step=step) if step <= 0 and unit.timed:
                self.boundary(item, unit)
            case _:
                super().item(item)

    def boundary(self, item: Item, unit: Unit) -> None:
        when = item.out.when
        assert isinstance(when, At | End)
        speller = Speller(self.units, self.read, self.units.number, ragged=True)
        text = self.value(speller, item.node).text
        if not text.isidentifier():
            name = self.names.new(f"{unit.name}_{'end' if isinstance(when, End) else 'begin'}")
            self.put(f"{name} = {text}")
            text = name
        self.boundaries[unit.name, when] = text

    def beyond(self, unit: Unit, when: At | End) -> str:
        """A boundary, or zeros."""
        known = self.boundaries.get((unit.name, when))
        if known is not None:
            return known
        return f"{self.like}.new_zeros({', '.join(self.units.shape(unit)[1:])})"

    def base(self, statement: Map, unit: Unit) -> str:
        """The list of what is carried to each step from beyond the ends."""
        (source,) = statement.args
        assert isinstance(source, Slice)
        assert isinstance(source.when, Span)
        assert isinstance(statement.out.when, Span)
        shift, own = source.when.first - statement.out.when.first, self.units.unit(source)
        name = self.names.new(f"{unit.name}_base")
        zeros = f"{self.like}.new_zeros({', '.join(self.units.shape(unit)[1:])})"
        steps = self.program.steps
        if shift < 0:
            given = [self.beyond(own, At(t + shift)) for t in range(1, min(-shift, steps) + 1)]
            rest = steps - len(given)
            more = f", *[{zeros}] * {rest}" if rest else ""
            self.put(f"{name} = (None, {', '.join(given)}{more})")
            return name
        landed = [
            f"_landed({self.boundaries[own.name, End(k)]}, lengths, {k - shift})"
            for k in range(1, shift + 1)
            if (own.name, End(k)) in self.boundaries
        ]
        if landed:
            self.put(f"{name} = (None, *({' + '.join(landed)}).unbind(0))")
        else:
            self.put(f"{name} = (None, *[{zeros}] * {steps})")
        return name

    def land(self, statement: Map, unit: Unit) -> None:
        """Add what lands at one step of each sequence that has it."""
        value = statement.args[0]
        speller = Speller(self.units, self.read, self.units.number, ragged=True)
        text = speller.text(value)
        if isinstance(value, Number) or "sequences" not in speller.extent(value):
            text = f"{self.like}.new_zeros({', '.join(self.units.shape(unit)[1:])}) + {text}"
        match statement.out.when:
            case End(shift=shift):
                landed = f"_landed({text}, lengths, {shift})"
            case At(step=step):
                landed = f"_landed_first({text}, alive, {step})"
            case _:
                raise CheckError(f"{unit.name} lands at no step of its own")
        base = self.bases.get(unit.name)
        if base is not None:
            self.put(f"{base} = (None, *(torch.stack({base}[1:]) + {landed}).unbind(0))")
            return
        whole = self.all_of(unit, None)
        self.put(f"{whole} = {whole} + {landed}")

    def special(self, speller: Speller, node: Node) -> str | None:
        statement = node.statement
        if isinstance(statement, Map) and statement.op == "only":
            value, length = node.args
            return (
                f"torch.where(_is_long(lengths, {speller.text(length)}), {speller.text(value)}, 0)"
            )
        if isinstance(statement, Map) and statement.op == "picked":
            (source,) = node.args
            if isinstance(source, Slice):
                return self.copied(statement, source)
        return super().special(speller, node)

    def copied(self, statement: Map, source: Slice) -> str | None:
        """What is copied from other steps."""
        unit = self.units.unit(source)
        if not unit.timed or not self.units.program.arrays[source.names[0]].rows:
            return None
        match statement.out.when, source.when:
            case None, At(step=step):
                return self.picked(unit, source, first=step)
            case None, End(shift=shift):
                return self.picked(unit, source, last=shift)
            case Span(first=one), Span(first=other) if one != other:
                return self.carry(unit, source, other - one)
        return None

    def picked(
        self, unit: Unit, source: Slice, first: int | None = None, last: int | None = None
    ) -> str:
        """One step of each sequence."""
        if first is not None and first <= 0:
            return self.beyond(unit, At(first))
        if last is not None and last >= 1:
            return self.beyond(unit, End(last))
        whole = self.read(Slice(source.names, Span(1, self.program.steps), source.part))
        zeros = "0"
        if first is not None:
            found = f"torch.where(alive[{first - 1}], {whole}[{first - 1}], {zeros})"
            for (name, when), text in self.boundaries.items():
                if name == unit.name and isinstance(when, End):
                    found = f"torch.where(_is_long(lengths, {first - when.shift}), {text}, {found})"
            return found
        assert last is not None
        found = f"_at_end({whole}, lengths, {last})"
        for step in range(1 + last, 1):
            if (unit.name, At(step)) in self.boundaries:
                text = self.boundaries[unit.name, At(step)]
                found = f"torch.where(_is_long(lengths, {step - last}), {text}, {found})"
        return found

    def carry(self, unit: Unit, source: Slice, shift: int) -> str:
        """What stands some steps on, for all steps at once."""
        whole = self.read(Slice(source.names, Span(1, self.program.steps), source.part))
        steps, count = self.program.steps, min(abs(shift), self.program.steps)
        rows = self.units.shape(unit)[1:]
        ids = unit.array.classes is not None
        empty = "-1" if ids else "0"
        zeros = f"{whole}.new_full(({count}, {', '.join(rows)}), {empty})"
        mask = "alive[..., 0]" if ids else "alive"
        if shift < 0:
            given = [self.boundaries.get((unit.name, At(t + shift))) for t in range(1, count + 1)]
            if all(given) and given:
                zeros = f"torch.stack(({', '.join(str(one) for one in given)},))"
            return f"torch.cat(({zeros}, {whole}[:{steps - count}]))"
        moved = f"torch.cat((torch.where({mask}, {whole}, {empty})[{count}:], {zeros}))"
        for k in range(1, shift + 1):
            if (unit.name, End(k)) in self.boundaries:
                text = self.boundaries[unit.name, End(k)]
                moved = f"({moved} + _landed({text}, lengths, {k - shift}))"
        return moved

    def inside(self, loop: Loop) -> Inside:
        return _RaggedInside(self, loop, self.value, self.cells)


class _RaggedInside(Inside):
    """The lines of a loop over steps that not every sequence has."""

    body: RaggedBody

    def prepare(self, group: Group) -> None:
        for item in group.items:
            if item.node.op == "carried":
                self.prepare_carried(item)
        super().prepare(group)

    def prepare_carried(self, item: Item) -> None:
        """The list that is carried from, also where a loop fills it."""
        (source,) = item.node.args
        assert isinstance(source, Slice)
        unit = self.units.unit(source)
        if unit.name in self.made:
            self.body.list_of(unit, None)

    def lines(self, group: Group) -> Iterator[str]:
        if group.is_function:
            yield from super().lines(group)
            return
        for item in group.items:
            if item.node.op != "carried":
                yield from super().lines(Group([item]))
                continue
            yield from (f"# {one}" for one in item.said)
            (source,) = item.node.args
            assert isinstance(source, Slice)
            assert isinstance(source.when, Now)
            unit = self.units.unit(item.out)
            steps, columns = self.list_of(source)
            shift = source.when.shift
            base = self.body.bases.get(unit.name)
            if base is None:
                raise CheckError(f"{unit.name} is carried from nowhere")
            sign = "+" if shift > 0 else "-"
            text = f"_carried({steps}, t {sign} {abs(shift)}, alive_at, {base}[t])"
            if columns:
                text = f"_carried({steps}, t {sign} {abs(shift)}, alive_at, {base}[t], {columns})"
            yield from self.write(item.out, Text(text))

    def list_of(self, source: Slice) -> tuple[str, str]:
        """The list of the steps of a slice, and which columns it is."""
        unit, columns = self.units.unit(source), self.units.columns(source)
        place = self.body.place(unit, columns)
        if place.steps:
            return place.steps, ""
        whole = self.body.place(unit)
        assert columns is not None
        return whole.steps, f"slice({columns.first}, {columns.last})"


def timed_inputs(program: Program) -> list[str]:
    """The inputs that run over time: they go on as they were where a sequence has ended."""
    read = {
        name
        for b in program.sections.values()
        for s in plain(b)
        for w in s.reads
        for name in w.names
    }
    return [
        name
        for name, array in program.arrays.items()
        if array.role in ("input", "target") and array.steps is not None and name in read
    ]
