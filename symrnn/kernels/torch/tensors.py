"""What is there of each tensor while a function is printed, and the lines that make more of it.

What runs over time is a tensor where it is worked out for all steps at once, and a list of its
steps where it is worked out one after the other. Each becomes the other where that is needed:

    x_W_at = (None, *x_W.unbind(0))        # x_W_at[t] is step t
    h = torch.stack(h_at)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.infix import WHOLE, Text, called
from symrnn.kernels.names import Names
from symrnn.kernels.program.program import At, Program, Slice, Span
from symrnn.kernels.sizes import between
from symrnn.kernels.torch.units import Columns, Unit, Units
from symrnn.kernels.torch.uses import Key, Uses


@dataclass
class Place:
    """What is known of a tensor while a function is printed."""

    whole: str = ""
    """Its name, where all of it is there."""
    steps: str = ""
    """The name of the list of its steps."""
    filled: set[int] = field(default_factory=set)
    """The steps that are in that list."""


class Tensors:
    """The tensors of a function: the lines that read and write them, one after the other."""

    def __init__(self, program: Program, units: Units, names: Names) -> None:
        self.program, self.units, self.names = program, units, names
        self.uses = Uses(program, units)
        self.lines: list[str] = []
        self.places: dict[Key, Place] = {}
        self.joined: dict[object, str] = {}
        """Names of what is put together of several units."""
        self.pieces: dict[object, dict[Columns | None, str]] = {}
        """What is there of a unit that is worked out in pieces, by unit and step."""
        self.waiting: Counter[object] = Counter()
        """So many pieces a unit and a step have in all."""
        self.here: dict[object, str] = {}
        """The names of single steps that no list holds."""
        self.now: dict[Key, str] = {}
        self.transposed: dict[Slice, str] = {}
        self.few: Mapping[str, int] = {}
        """The units of which steps are forgotten, and how many of them are kept."""
        self.like = ""
        """A tensor of the right kind, to make others like it."""

    def place(self, unit: Unit, columns: Columns | None = None) -> Place:
        return self.places.setdefault((unit.name, columns), Place())

    # lines

    def put(self, line: str, indent: int = 0) -> None:
        self.lines.append(" " * indent + line)

    def note(self, said: Sequence[str], indent: int = 0) -> None:
        self.lines += [" " * indent + f"# {one}" for one in said]

    # reading

    def read(self, what: Slice) -> str:
        """What a slice is outside of all loops."""
        parts = self.units.parts(what)
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

    def write(self, out: Slice, text: Text) -> None:
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
        self.put(f"{name} = {text.text}")
        self.keep_piece(unit, columns, out.when, name)
        if len(own) == self.waiting[key] and self.uses.is_wanted(unit):
            self.write_all(unit, out.when, self.cat(own))

    def cat(self, own: Mapping[Columns | None, str]) -> Text:
        """Pieces side by side, in order."""
        ordered = sorted(own.items(), key=lambda one: one[0].place if one[0] else 0)
        return called("torch.cat", f"({', '.join(name for _, name in ordered)})", "-1")

    def keep_piece(self, unit: Unit, columns: Columns, when: object, name: str) -> None:
        place = self.place(unit, columns)
        match when:
            case Span(first=first, last=last) if unit.timed and (first, last) == unit.array.steps:
                place.whole = name
            case None:
                place.whole = name
            case At(step=step) if (unit.name, columns) in self.uses.listed:
                self.list_of(unit, columns)
                place.filled.add(step)
                self.put(f"{place.steps}[{step - unit.base}] = {name}")

    def write_all(self, unit: Unit, when: object, text: Text) -> None:
        place = self.place(unit)
        if not unit.timed:
            self.put(f"{unit.name} = {text.text}")
            place.whole = unit.name
            return
        assert unit.array.steps is not None
        match when:
            case Span(first=first, last=last):
                if (first, last) == unit.array.steps:
                    self.put(f"{unit.name} = {text.text}")
                    place.whole = unit.name
                    return
                self.list_of(unit)
                ends = between(first - unit.base, last - unit.base + 1)
                self.put(f"{place.steps}[{ends}] = {text.within(WHOLE)}.unbind(0)")
                place.filled |= set(range(first, last + 1))
            case At(step=step) if (unit.name, None) not in self.uses.listed:
                name = f"{unit.name}_{step}".replace("-", "m")
                name = name if name not in self.names.taken else self.names.new(name)
                self.names.taken.add(name)
                self.put(f"{name} = {text.text}")
                self.here[unit.name, when] = name
            case At(step=step):
                self.list_of(unit)
                self.put(f"{place.steps}[{step - unit.base}] = {text.text}")
                place.filled.add(step)
            case _:
                raise CheckError(f"{unit.name} is written at {when} outside of all loops")

    def list_of(self, unit: Unit, columns: Columns | None = None) -> str:
        """The list of steps, made where it is not there; a dictionary, where steps are let go."""
        place = self.place(unit, columns)
        if not place.steps:
            assert unit.array.steps is not None
            place.steps = self.names.new(f"{self.label(unit, columns)}_at")
            count = unit.array.steps[1] - unit.base + 1
            none = "{}" if unit.name in self.few else f"[None] * {count}"
            self.put(f"{place.steps} = {none}")
        return place.steps

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
