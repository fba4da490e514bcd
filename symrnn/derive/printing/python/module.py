"""Equations as a Python module that needs SymPy alone, for further work on them.

A name that the equations define is assigned before it is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Sheet
from symrnn.derive.notation.letters import Letters
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.assignments import assigned, exact_of, instances, right_of
from symrnn.derive.printing.python.code import NUMBER, ROOM, Code, import_line, wrapped
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
    return _Module(derivation, equations, letters, plain or Plain(letters)).text(comments)


class _Module:
    """What is written so far: definitions, and what they need."""

    def __init__(
        self,
        derivation: Derivation,
        equations: Iterable[Equation],
        letters: Letters,
        plain: Plain,
    ) -> None:
        self.defined: dict[Formula, Equation] = {}
        for equation in equations:
            for each in instances(equation, derivation.system.steps or 0):
                self.defined.setdefault(assigned(each), each)
        self.plain = plain
        self.writer = PythonWriter(derivation, self.defined, letters, self.plain)
        self.names, self.prelude = self.writer.names, self.writer.prelude
        self.algebra, self.functions = self.writer.algebra, self.writer.functions

    def text(self, comments: Sequence[str]) -> str:
        bodies: dict[Formula, str] = {}
        needs: dict[Formula, list[Formula]] = {}
        for key, equation in self.defined.items():
            self.writer.reads = {}
            bodies[key] = self.definition(key, equation)
            needs[key] = list(self.writer.reads)
        declared = self.prelude.declarations()
        parts = ["\n".join(f"# {line}".rstrip() for line in comments)]
        parts += [
            import_line(sorted(self.prelude.imports)) if self.prelude.imports else "",
            "\n".join(declared),
        ]
        parts += [f"\n{text}\n" for text in self.functions.functions.values()]
        parts += [bodies[key] for key in _in_order(needs)]
        # two empty lines around a function, one between assignments
        text = "\n\n".join(part for part in parts if part) + "\n"
        while "\n\n\n\n" in text:
            text = text.replace("\n\n\n\n", "\n\n\n")
        return text.rstrip("\n") + "\n"

    def definition(self, key: Formula, equation: Equation) -> str:
        """The equation in print, and what it is in Python."""
        printed = self.plain.equation(equation, ROOM)
        above = "".join(f"# {line.rstrip()}\n" for line in printed.split("\n"))
        name, right = self.names.get(key), right_of(equation)
        if name is None:
            raise UsageError(f"the sympy format cannot assign to {self.plain.line(equation.left)}")
        exact = exact_of(right)
        body = self.writer.code(right) if exact is None else Code(self.prelude.number(exact, True))
        shape = self.writer.shape_of(key)
        if body.is_number and shape != NUMBER:
            body = self.algebra.filled(body, shape, exact)
        return f"{above}{name} = {wrapped(body, 0)}"


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
