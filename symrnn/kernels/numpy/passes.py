"""The passes of a kernel: forward, loss, backward, each statement under its equation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symrnn.kernels.numpy.contract import Contract
from symrnn.kernels.numpy.finals import Finals
from symrnn.kernels.numpy.lines import WIDTH, comment, wrapped
from symrnn.kernels.numpy.statements import IN_TURN, Printer
from symrnn.kernels.program.program import (
    SECTIONS,
    At,
    Loop,
    Map,
    Now,
    Plain,
    Program,
    Statement,
    plain,
)
from symrnn.language.printer import show_definition
from symrnn.language.tree import Ref
from symrnn.system.spell import spell_equation
from symrnn.system.unroll import at_one_step


@dataclass(frozen=True)
class Function:
    """One of the passes of a kernel."""

    name: str
    arguments: list[str]
    call: list[str]
    """What a kernel hands to it."""
    reads: list[str]
    """The names of that in the model."""
    lines: list[str]
    needs: frozenset[str]
    """The inputs and states that it cannot do without."""


NOTHING = Function("forward", [], [], [], ["pass  # no outputs, no states"], frozenset())
"""The forward pass of a model that has a loss alone."""


class Passes:
    """Prints them, one after the other."""

    def __init__(self, contract: Contract, printer: Printer) -> None:
        self.kernel, self.program = contract.kernel, contract.kernel.program
        self.contract, self.printer, self.places = contract, printer, printer.places
        self.used = names_in_use(self.program)
        self.handed_in = set() if self.program.ragged else set(contract.inputs)
        """The inputs that a pass is given; with lengths they are put in order before."""
        self.copied = copied(contract)
        self.already_turned: set[str] = set()
        self.finals = Finals(contract, self.places)

    def functions(self) -> list[Function]:
        return [f for section in SECTIONS if (f := self.function(section)) is not None]

    def python(self, name: str) -> str:
        return self.places.own[name]

    def function(self, section: str) -> Function | None:
        statements = self.program.sections.get(section, ())
        if not statements:
            return NOTHING if section == "forward" else None
        printer, places, views = self.printer, self.places, self.printer.views
        views.section = section
        printer.made = {name for s in plain(statements) for name in s.out.names}
        views.call_lines = []
        body = list(self.commented(statements))
        reads = {
            name
            for statement in plain(statements)
            for what in statement.reads
            for name in what.names
            if name in self.handed_in
        }
        members = self.contract.members
        arguments = list(
            dict.fromkeys(members.get(name, name) for name in self.contract.inputs if name in reads)
        )
        copies = []
        own = list(arguments)
        call = [self.python(name) for name in arguments]
        for name in self.contract.inputs:
            if name in self.copied and name in reads and self.first_reader(name) == section:
                argument = self.places.names.new(f"{self.python(name)}_given")
                copies.append(f"copyto({self.python(name)}, {argument})")
                printer.used.add("copyto")
                arguments = [argument if a == name else a for a in arguments]
        given = [self.python(a) if a in places.own else a for a in arguments]
        last = self.finals.copies(section)
        printer.used |= {"copyto"} if last else set()
        lines = [*self.state_lines(reads), *copies, *views.call_lines, *body, *last]
        turned = [
            f"if B > 1:\n    copyto({new}, {old}.T)"
            for old, new in printer.turned.items()
            if new not in self.already_turned
        ]
        self.already_turned |= set(printer.turned.values())
        if turned:
            printer.used.add("copyto")
        ahead = [line for text in turned for line in text.split("\n")]
        every = {name for s in plain(statements) for what in s.reads for name in what.names}
        needs = frozenset(members.get(name, name) for name in every)
        return Function(section, given, call, own, [*ahead, *lines], needs)

    def first_reader(self, name: str) -> str:
        for section in SECTIONS:
            for statement in plain(self.program.sections.get(section, ())):
                if any(name in what.names for what in statement.reads):
                    return section
        return ""

    def state_lines(self, reads: set[str]) -> list[str]:
        """A state of several steps taken apart."""
        lines = []
        for key, own in self.contract.groups.items():
            if len(own) > 1 and reads & set(own):
                names = ", ".join(self.python(name) for name in own)
                lines.append(f"{names} = {self.python(key)}")
        return lines

    def commented(self, statements: Sequence[Statement]) -> Iterator[str]:
        """The lines of a pass, each under the equation that it works out."""
        pending: list[Plain] = []
        for statement in statements:
            if isinstance(statement, Loop):
                yield from self.flushed(pending)
                pending = []
                yield from self.loop(statement)
                continue
            if pending and not set(statement.about.split()) & set(pending[-1].about.split()):
                yield from self.flushed(pending)
                pending = []
            pending.append(statement)
            if self.is_variable(statement):
                yield from self.block(pending, statement)
                pending = []
        yield from self.flushed(pending)

    def is_variable(self, statement: Plain) -> bool:
        return any(self.program.arrays[n].role != "scratch" for n in statement.out.names)

    def flushed(self, pending: Sequence[Plain]) -> Iterator[str]:
        if pending:
            about = dict.fromkeys(name for s in pending for name in s.about.split())
            yield f"# for {', '.join(about)}"
            yield from (self.printer.statement(s) for s in pending)

    def block(self, statements: Sequence[Plain], last: Plain) -> Iterator[str]:
        if isinstance(last, Map) and last.op in ("begin", "land"):
            yield from self.at_the_ends(last)
            yield from (self.printer.statement(s) for s in statements)
            return
        inside = [n for s in statements for n in s.about.split() if n not in self.used]
        for name in dict.fromkeys([*inside, *last.out.names]):
            if self.program.arrays[name].role != "scratch":
                yield from self.equation(name, last.out.when)
        yield from (self.printer.statement(s) for s in statements)

    def at_the_ends(self, statement: Map) -> Iterator[str]:
        """What a carrier is where a sequence begins or ends."""
        for equation in self.kernel.folded.equations:
            if equation.target.name in statement.out.names and equation.target.base == "t":
                for definition in spell_equation(equation):
                    if definition.adds == (statement.op == "land"):
                        said = show_definition(definition)
                        where = "" if definition.adds else ", beyond the ends"
                        yield from comment(said + where)

    def equation(self, name: str, when: object) -> Iterator[str]:
        """The equation of a variable, as a comment: at a step, or for all."""
        folded = self.kernel.folded
        for equation in folded.equations:
            target = equation.target
            if target.name != name:
                continue
            if isinstance(when, At):
                if target.base == "t" and 1 <= when.step <= self.program.steps:
                    if self.kernel.windows is not None:
                        equation = self.kernel.windows.left(folded.symbols, equation, when.step)
                    equation = at_one_step(folded, equation, self.program.steps, when.step)
                elif self.step_of(target) != when.step:
                    continue
            elif target.base not in ("t", ""):
                continue
            for definition in spell_equation(equation, name == folded.loss):
                if definition.adds and isinstance(when, Now):
                    continue  # it lands at a step that has left the loop
                yield from comment(show_definition(definition))

    def step_of(self, target: Ref) -> int:
        return target.shift + 1 if target.base == "1" else self.program.steps + target.shift

    def loop(self, loop: Loop) -> Iterator[str]:
        inside, lines, body = self.printer.loop(loop)
        ends = (loop.first, loop.last) if loop.direction > 0 else (loop.last, loop.first)
        views = list(inside.views.values())
        yield f"# t = {ends[0]} … {ends[1]}"
        if self.kernel.forward_only:
            yield from header(inside.views, len(loop.steps))
        else:
            yield from wrapped("for ", views, f" in {inside.name}:", bare=True).split("\n")
            self.printer.loops.append((inside.name, list(inside.views)))
        said: set[str] = set()
        for statement, line in zip(body, lines, strict=True):
            for name in statement.about.split():
                if name not in said:
                    said.add(name)
                    for text in self.equation(name, Now()):
                        yield f"    {text}"
            yield f"    {line}"


def copied(contract: Contract) -> set[str]:
    """The inputs that are copied into arrays of the kernel: a loop has views of all their steps."""
    kernel = contract.kernel
    if kernel.forward_only or kernel.one_step or kernel.program.ragged:
        return set()
    return read_in_loops(contract.kernel.program) & set(contract.inputs)


def header(views: Mapping[str, str], count: int) -> Iterator[str]:
    """The line of a loop that makes its views as it goes along.

    >>> list(header({"x[0:3]": "x_t"}, 3)), list(header({"x": "x_t", "y": "y_t"}, 3))
    (['for x_t in x[0:3]:'], ['for x_t, y_t in zip(x, y, strict=True):'])
    """
    if all(text.startswith(IN_TURN) for text in views):
        views = {f"range({count})": "_", **views}
    names = list(views.values())
    if len(views) == 1:
        yield f"for {names[0]} in {next(iter(views))}:"
        return
    strict = not any(text.startswith(IN_TURN) for text in views)
    line = f"for {', '.join(names)} in zip({', '.join(views)}, strict={strict}):"
    if len(line) <= WIDTH - 12:
        yield line
        return
    yield from ("for (", *(f"    {name}," for name in names), ") in zip(")
    yield from (*(f"    {text}," for text in views), f"    strict={strict},", "):")


def names_in_use(program: Program) -> set[str]:
    """The arrays that some statement reads or writes."""
    return {
        name
        for body in program.sections.values()
        for statement in plain(body)
        for what in (statement.out, *statement.reads)
        for name in what.names
    }


def read_in_loops(program: Program) -> set[str]:
    """The arrays that a loop reads step by step."""
    return {
        what.names[0]
        for statement in program.statements()
        if isinstance(statement, Loop)
        for inner in statement.body
        for what in inner.reads
        if isinstance(what.when, Now)
    }
