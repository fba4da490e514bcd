"""Equations as a Python module that needs SymPy alone, for further work on them.

A name that the equations define is assigned before it is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symrnn.derive.derivation import Derivation
from symrnn.derive.expressions import Expressions
from symrnn.derive.formula import Equation, Formula, Sheet
from symrnn.derive.notation.letters import Letters
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.assignments import assigned, exact_of, instances, right_of
from symrnn.derive.printing.python.code import NUMBER, ROOM, Code, Shape, import_line, wrapped
from symrnn.derive.printing.python.timeless import TimelessWriter
from symrnn.derive.printing.python.writer import PythonWriter
from symrnn.errors import CheckError, UsageError
from symrnn.language.tree import Call


def python_text(
    sheets: Sequence[Sheet],
    derivation: Derivation,
    letters: Letters,
    comments: Sequence[str] = (),
    plain: Plain | None = None,
) -> str:
    """A module that declares the symbols of the equations and assigns every left side.

    `comments` come first, a line each. Above each assignment stands the equation in print.
    """
    if not derivation.unrolled:
        raise UsageError("the sympy format needs a number of steps; say --steps T")
    equations = [e for sheet in sheets for e in sheet.equations if not isinstance(e.left, Call)]
    plain = plain or Plain(letters)
    return Module(derivation.rows, equations, letters, plain, derivation.scalar).text(comments)


@dataclass(frozen=True, slots=True)
class Statement:
    """An assignment: the equation that it is made of, what that gives a value, and the code."""

    equation: Equation
    key: Formula
    name: str
    shape: Shape
    body: Code


class Module:
    """Equations as assignments, with what has to be declared before them.

    Where T is a number there is one for each step; else names stand for variables at all steps,
    and what is assigned is one of their entries.
    """

    def __init__(
        self,
        rows: Expressions,
        equations: Iterable[Equation],
        letters: Letters,
        plain: Plain,
        scalar: bool,
    ) -> None:
        self.defined: dict[Formula, Equation] = {}
        steps = rows.system.steps
        for equation in equations:
            for each in [equation] if steps is None else instances(equation, steps):
                self.defined.setdefault(assigned(each), each)
        self.plain = plain
        kind = PythonWriter if steps is not None else TimelessWriter
        self.writer = kind(rows, self.defined, letters, self.plain, scalar)
        self.names, self.prelude = self.writer.names, self.writer.prelude
        self.algebra, self.functions = self.writer.algebra, self.writer.functions

    @cached_property
    def statements(self) -> list[Statement]:
        """One for each equation, each behind those whose names it reads."""
        found: dict[Formula, Statement] = {}
        needs: dict[Formula, list[Formula]] = {}
        for key, equation in self.defined.items():
            self.writer.reads = {}
            found[key] = self.statement(key, equation)
            needs[key] = list(self.writer.reads)
        return [found[key] for key in _in_order(needs)]

    def statement(self, key: Formula, equation: Equation) -> Statement:
        right = right_of(equation)
        if self.names.get(key) is None:
            raise UsageError(f"the sympy format cannot assign to {self.plain.line(equation.left)}")
        exact = exact_of(right)
        body = self.writer.code(right) if exact is None else Code(self.prelude.number(exact, True))
        shape = self.writer.shape_of(key)
        if body.is_number and shape != NUMBER:
            body = self.algebra.filled(body, shape, exact)
        return Statement(equation, key, self.writer.left(key), shape, body)

    def text(self, comments: Sequence[str]) -> str:
        bodies = [self.printed(statement) for statement in self.statements]
        declared = self.prelude.declarations()
        parts = ["\n".join(f"# {line}".rstrip() for line in comments)]
        parts += [
            import_line(sorted(self.prelude.imports)) if self.prelude.imports else "",
            "\n".join(declared),
        ]
        parts += [f"\n{text}\n" for text in self.functions.functions.values()]
        parts += bodies
        # two empty lines around a function, one between assignments
        text = "\n\n".join(part for part in parts if part) + "\n"
        while "\n\n\n\n" in text:
            text = text.replace("\n\n\n\n", "\n\n\n")
        return text.rstrip("\n") + "\n"

    def printed(self, statement: Statement) -> str:
        """The equation in print, and what it is in Python."""
        printed = self.plain.equation(statement.equation, ROOM)
        above = "".join(f"# {line.rstrip()}\n" for line in printed.split("\n"))
        return f"{above}{statement.name} = {wrapped(statement.body, 0)}"


def _in_order(needs: Mapping[Formula, Sequence[Formula]]) -> Iterator[Formula]:
    """Every key after those that it needs, otherwise as they come."""
    done: set[Formula] = set()
    open_: set[Formula] = set()
    waiting = list(needs)[::-1]
    while waiting:
        key = waiting[-1]
        missing = [need for need in needs[key] if need not in done]
        if key in done or not missing:
            waiting.pop()
            if key not in done:
                done.add(key)
                yield key
        elif key in open_:
            raise CheckError("the equations of a derivation define each other")
        else:
            open_.add(key)
            waiting += reversed(missing)
