"""What the functions of a program share: its names, the statements that are needed, and how often
each value is read."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symrnn.kernels.jax.names import OwnNames
from symrnn.kernels.program import program as p
from symrnn.kernels.sizes import sum_of, width_of

GIVEN = ("parameter", "fixed", "input", "target")

Said = Callable[[str, p.When | None], Iterator[str]]
"""The equations of a variable at a step, as they are written above its line."""


@dataclass(frozen=True)
class Context:
    """What all functions of one program share."""

    program: p.Program
    names: OwnNames
    said: Said
    live: Mapping[str, Sequence[p.Statement]]
    """The statements that are needed, by section."""
    wanted: Sequence[p.Slice]
    """What is handed out in the end."""
    no_steps: bool = False
    """Whether what runs over time comes without a time axis: there is one step."""

    @cached_property
    def uses(self) -> Counter[tuple[str, p.When | None]]:
        """How often each array is read, and at which steps."""
        return Counter((name, what.when) for what in self.reads() for name in what.names)

    @cached_property
    def apart(self) -> frozenset[str]:
        """What is read at other steps than it is worked out at, one by one."""
        made = {(name, s.out.when) for s in self.statements() for name in s.out.names}
        return frozenset(name for name, when in self.uses if (name, when) not in made)

    @cached_property
    def known(self) -> frozenset[str]:
        """The variables that are in use."""
        outs = (statement.out for statement in self.statements())
        return frozenset(name for what in (*self.reads(), *outs) for name in what.names)

    def reads(self) -> Iterator[p.Slice]:
        yield from self.wanted
        yield from (read for statement in self.statements() for read in statement.reads)

    def is_read_once(self, what: p.Slice) -> bool:
        return all(
            self.uses[name, what.when] == 1 and name not in self.apart for name in what.names
        )

    def statements(self) -> Iterator[p.Plain]:
        for body in self.live.values():
            yield from p.plain(tuple(body))

    @property
    def sizes(self) -> dict[str, str]:
        return {f"dim {name}": text for name, text in self.names.dims.items()}

    def axes(self, what: p.Slice) -> tuple[str, ...]:
        """The axes of a slice: steps, sequences, features."""
        array = self.program.arrays[what.names[0]]
        steps: tuple[str, ...] = ()
        if array.steps is not None and isinstance(what.when, p.Span):
            steps = (str(what.when.last - what.when.first + 1),)
        shape = [width_of(self.sizes, width) for width in array.shape]
        if array.classes is not None:
            shape = []
        if shape and len(what.names) > 1:
            shape[-1] = sum_of(self.sizes, [self.program.arrays[n].width for n in what.names])
        if what.part is not None:
            shape[-1] = width_of(self.sizes, what.part[1])
        return (*steps, *("B",) * array.rows, *shape)
