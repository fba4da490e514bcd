"""What every back end must know of the three sections of a program: what each is handed, what it
needs, what is copied, and where states are when all is done.

All of it is read off the program and the contract; nothing of it is spelt in any language.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from symrnn.kernels.contract import Contract
from symrnn.kernels.program.program import SECTIONS, Loop, Now, Program, Statement, plain


@dataclass(frozen=True)
class Section:
    """The forward pass, the loss, or the backward pass."""

    name: str
    statements: tuple[Statement, ...]
    given: tuple[str, ...]
    """What a caller hands to it: inputs, and states under the names that a kernel has for them."""
    apart: Mapping[str, tuple[str, ...]]
    """The states of several steps among these, each with the arrays of its single steps."""
    copied: tuple[str, ...]
    """The inputs that it puts into arrays of the kernel: it is the first to read them."""
    needs: frozenset[str]
    """The inputs and states that it cannot do without."""
    called: str = ""
    """The name of the function that it is: the forward pass of a single step is its `step`."""

    @property
    def made(self) -> frozenset[str]:
        """What it works out."""
        return frozenset(name for s in plain(self.statements) for name in s.out.names)


def sections_of(contract: Contract) -> tuple[Section, ...]:
    """The sections in which there is something to do, and the forward pass in any case."""
    program = contract.kernel.program
    handed_in = set() if program.ragged else set(contract.inputs)  # rows are put in order before
    copied = copied_inputs(contract)
    seen: set[str] = set()
    found: list[Section] = []
    for name in SECTIONS:
        statements = program.sections.get(name, ())
        if not statements and name != "forward":
            continue
        every = {n for s in plain(statements) for what in s.reads for n in what.names}
        reads = [n for n in contract.inputs if n in every & handed_in]
        key = {n: contract.members.get(n, n) for n in every}
        found.append(
            Section(
                name,
                statements,
                tuple(dict.fromkeys(key[n] for n in reads)),
                {
                    group: own
                    for group, own in contract.groups.items()
                    if len(own) > 1 and not set(own).isdisjoint(reads)
                },
                tuple(n for n in reads if n in copied and n not in seen),
                frozenset(key.values()),
                name,
            )
        )
        seen |= every
    return tuple(found)


def copied_inputs(contract: Contract) -> frozenset[str]:
    """The inputs that are copied into arrays of the kernel: a loop has views of all their steps."""
    kernel = contract.kernel
    if kernel.forward_only or kernel.one_step or kernel.program.ragged:
        return frozenset()
    looped = {
        what.names[0]
        for statement in kernel.program.statements()
        if isinstance(statement, Loop)
        for inner in statement.body
        for what in inner.reads
        if isinstance(what.when, Now)
    }
    return frozenset(looped & set(contract.inputs))


def names_in_use(program: Program) -> set[str]:
    """The arrays that some statement reads or writes."""
    return {
        name
        for body in program.sections.values()
        for statement in plain(body)
        for what in (statement.out, *statement.reads)
        for name in what.names
    }


@dataclass(frozen=True)
class Place:
    """Where in an array lies what a caller gets: at all of its places for steps, or at some."""

    array: str
    places: tuple[int, int] | None = None
    """From which place to which, both counted in; None for the whole array."""
    single: bool = False
    """Whether it is one step, and has no axis for steps."""
    overwritten: bool = False
    """Whether the next call writes there before it has read it: then a copy is handed out."""

    @property
    def index(self) -> str:
        """The places as an index.

        >>> Place("h", (3, 3), single=True).index, Place("h", (2, 3)).index, Place("h").index
        ('[3]', '[2:4]', '')
        """
        if self.places is None:
            return ""
        first, last = self.places
        return f"[{first}]" if self.single else f"[{first}:{last + 1}]"

    def text(self, own: Mapping[str, str]) -> str:
        """What it is in Python, if the array lies by itself; `own` has the names of arrays."""
        return own[self.array] + self.index


def handed_out(contract: Contract, name: str) -> Place:
    """Where a variable is at the steps of the sequence, without its boundaries."""
    program, one_step = contract.kernel.program, contract.kernel.one_step
    array = program.arrays[name]
    if array.steps is None or array.places is None:
        return Place(name)
    if array.steps == (1, program.steps) and not one_step:
        return Place(name)
    return Place(name, (array.place(1), array.place(program.steps)), one_step)


def gradients_by_input(contract: Contract) -> dict[str, tuple[Place, ...]]:
    """Where gradients by inputs and states are; of a state of several steps, one for each."""
    found = contract.by_input.items()
    return {key: tuple(handed_out(contract, name) for name in names) for key, names in found}


def final_states(contract: Contract) -> dict[str, Place]:
    """The final states by their names in STATES, where all sequences end with the same step: the
    last steps of a variable, or the first ones of a recurrence that runs backwards."""
    kernel, found = contract.kernel, dict[str, Place]()
    steps = kernel.program.steps
    for key, own in contract.groups.items():
        ref = kernel.states[key]
        array = kernel.program.arrays[ref.name]
        shifts = sorted(kernel.states[one].shift for one in own)
        after = 0 if ref.base == "T" else steps + 1
        places = None
        if array.places is not None:
            places = (array.place(after + shifts[0]), array.place(after + shifts[-1]))
        again = len(own) > 1 and (array.window is not None or steps < len(own))
        single = places is not None and places[0] == places[1]
        found[key] = Place(ref.name, places, single, again)
    return found


def with_gaps(contract: Contract) -> frozenset[str]:
    """The inputs that are read where they are, the rows of a step far from each other."""
    kernel = contract.kernel
    if not (kernel.batch_first and kernel.forward_only):
        return frozenset()
    return frozenset(name for name in contract.inputs if "T" in contract.axes(name))
