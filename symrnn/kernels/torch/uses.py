"""What of each tensor is read somewhere else than where it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from symrnn.kernels.program.program import Loop, Plain, Program, Span, plain
from symrnn.kernels.torch.units import Columns, Unit, Units

Key = tuple[str, Columns | None]
"""A unit, and which of its columns."""


@dataclass(frozen=True)
class Uses:
    """Which steps and which columns of tensors are read, and where."""

    program: Program
    units: Units

    @cached_property
    def in_pieces(self) -> dict[str, set[Columns]]:
        """The units that are written in pieces, and which pieces."""
        found: dict[str, set[Columns]] = {}
        for statement in self.every():
            columns = self.units.columns(statement.out)
            if columns is not None:
                found.setdefault(self.units.unit(statement.out).name, set()).add(columns)
        return found

    def every(self) -> Iterator[Plain]:
        for statements in self.program.sections.values():
            yield from plain(statements)

    @cached_property
    def listed(self) -> set[Key]:
        """What is read at another step, at another place or for all steps at once."""
        found: set[Key] = set()
        for home in self.homes():
            made = {s.out for s in home}
            for what in (what for statement in home for what in statement.reads):
                if what in made and not isinstance(what.when, Span):
                    continue
                for unit, columns in self.units.parts(what):
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

    def is_wanted(self, unit: Unit) -> bool:
        """Whether someone reads more of a unit than its pieces."""
        pieces = self.in_pieces.get(unit.name, set())
        return (unit.name, None) in self.listed or any(
            other is unit and columns not in pieces
            for s in self.every()
            for what in s.reads
            for other, columns in self.units.parts(what)
        )
