"""The statements of a section, each under the equations that it works out: the comments of a file.

# h[1] = tanh(a_h[1])
tanh(a_h_1, h_1)
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symrnn.kernels.contract import Kernel
from symrnn.kernels.program.program import At, Loop, Map, Now, Plain, Statement, When
from symrnn.kernels.sections import names_in_use
from symrnn.language.printer import show_definition
from symrnn.language.tree import Ref
from symrnn.system.spell import spell_equation
from symrnn.system.unroll import at_one_step

WIDTH = 86


@dataclass(frozen=True)
class Block:
    """Statements that stand together, and what is said above them, line by line."""

    said: tuple[str, ...]
    statements: tuple[Plain, ...]


@dataclass(frozen=True)
class LoopBlock:
    """A loop, what is said above it, and what above each statement of its body."""

    said: tuple[str, ...]
    loop: Loop
    inside: tuple[tuple[str, ...], ...]


def commented(kernel: Kernel, statements: Sequence[Statement]) -> list[Block | LoopBlock]:
    """The statements of a section under their equations, in order."""
    return list(_Comments(kernel).blocks(statements))


def equations(kernel: Kernel, name: str, when: When | None) -> Iterator[str]:
    """The equations of a variable, at a step or for all, as they are written in a comment."""
    return _Comments(kernel).equation(name, when)


class _Comments:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.program = kernel, kernel.program
        self.used = names_in_use(kernel.program)

    def blocks(self, statements: Sequence[Statement]) -> Iterator[Block | LoopBlock]:
        pending: list[Plain] = []
        for statement in statements:
            if isinstance(statement, Loop):
                yield from _helpers(pending)
                pending = []
                yield self.loop(statement)
                continue
            if pending and not set(statement.about.split()) & set(pending[-1].about.split()):
                yield from _helpers(pending)
                pending = []
            pending.append(statement)
            if any(self.is_variable(name) for name in statement.out.names):
                yield Block(tuple(self.above(pending)), tuple(pending))
                pending = []
        yield from _helpers(pending)

    def is_variable(self, name: str) -> bool:
        return self.program.arrays[name].role != "scratch"

    def above(self, statements: Sequence[Plain]) -> Iterator[str]:
        """What is said above statements of which the last one writes a variable."""
        last = statements[-1]
        if isinstance(last, Map) and last.op in ("begin", "land"):
            yield from self.at_the_ends(last)
            return
        inside = [n for s in statements for n in s.about.split() if n not in self.used]
        for name in dict.fromkeys([*inside, *last.out.names]):
            if self.is_variable(name):
                yield from self.equation(name, last.out.when)

    def at_the_ends(self, statement: Map) -> Iterator[str]:
        """What a carrier is where a sequence begins or ends."""
        for equation in self.kernel.folded.equations:
            if equation.target.name in statement.out.names and equation.target.base == "t":
                for definition in spell_equation(equation):
                    if definition.adds == (statement.op == "land"):
                        where = "" if definition.adds else ", beyond the ends"
                        yield from _lines(show_definition(definition) + where)

    def equation(self, name: str, when: object) -> Iterator[str]:
        """The equation of a variable: at a step, or for all."""
        kernel, folded, steps = self.kernel, self.kernel.folded, self.program.steps
        for equation in folded.equations:
            target = equation.target
            if target.name != name:
                continue
            if isinstance(when, At):
                if target.base == "t" and 1 <= when.step <= steps:
                    if kernel.windows is not None:
                        equation = kernel.windows.left(folded.symbols, equation, when.step)
                    equation = at_one_step(folded, equation, steps, when.step)
                elif self.step_of(target) != when.step:
                    continue
            elif target.base not in ("t", ""):
                continue
            for definition in spell_equation(equation, name == folded.loss):
                if definition.adds and isinstance(when, Now):
                    continue  # it lands at a step that has left the loop
                yield from _lines(show_definition(definition))

    def step_of(self, target: Ref) -> int:
        return target.shift + 1 if target.base == "1" else self.program.steps + target.shift

    def loop(self, loop: Loop) -> LoopBlock:
        ends = (loop.first, loop.last) if loop.direction > 0 else (loop.last, loop.first)
        done: set[str] = set()
        inside: list[tuple[str, ...]] = []
        for statement in loop.body:
            new = [name for name in dict.fromkeys(statement.about.split()) if name not in done]
            done.update(new)
            inside.append(tuple(line for name in new for line in self.equation(name, Now())))
        return LoopBlock((f"t = {ends[0]} … {ends[1]}",), loop, tuple(inside))


def _helpers(pending: Sequence[Plain]) -> Iterator[Block]:
    """Statements that only help to work out a variable."""
    if pending:
        about = dict.fromkeys(name for s in pending for name in s.about.split())
        yield Block((f"for {', '.join(about)}",), tuple(pending))


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False)
