"""What the names of a text stand for.

A name that is never defined is an input if it has a time index, a parameter if it has none, and
a target if it only ever stands first in a loss. Whatever is computed from an adjoint is one.
"""

from dataclasses import replace
from fractions import Fraction

from symrnn.errors import EquationError
from symrnn.language.tree import (
    Add,
    Declaration,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Written,
    children,
)
from symrnn.system.occurrences import Occurrence, fault, occurrences
from symrnn.system.symbols import Role, Symbol, Symbols


def roles(written: Written) -> Symbols:
    """The symbols of a text in order of appearance, without their shapes."""
    return Roles(written).symbols()


class Roles:
    def __init__(self, written: Written) -> None:
        self.written = written
        self.defined: dict[str, list[Definition]] = {}
        for definition in written.definitions:
            self.defined.setdefault(definition.target.name, []).append(definition)
        self.declared: dict[str, dict[str, Declaration]] = {}
        for declaration in written.declarations:
            self.declared.setdefault(declaration.name, {})[declaration.kind] = declaration
        self.adjoints = self.find_adjoints()
        self.model_uses: dict[str, list[Occurrence]] = {}
        self.uses: dict[str, list[Occurrence]] = {}
        self.find_uses()

    def find_adjoints(self) -> set[str]:
        """What is declared an adjoint, and whatever is computed from one."""
        found = {name for name in self.defined if self.says(name, "adjoint")}
        reads = {
            name: {o.ref.name for d in definitions for o in occurrences(d.body)}
            for name, definitions in self.defined.items()
        }
        while found and (grown := {n for n, r in reads.items() if n not in found and r & found}):
            found |= grown
        return found

    def find_uses(self) -> None:
        """Where each name is read. What an adjoint reads says nothing of a name's role, unless
        adjoints alone read it."""
        by_adjoints: dict[str, list[Occurrence]] = {}
        for definition in self.written.definitions:
            inside = definition.target.name in self.adjoints
            uses = by_adjoints if inside else self.model_uses
            for found in occurrences(definition.body):
                uses.setdefault(found.ref.name, []).append(found)
        self.uses = {**by_adjoints, **self.model_uses}

    def says(self, name: str, kind: str) -> bool:
        """Whether the text declares this of a name."""
        return kind in self.declared.get(name, {})

    # symbols

    def symbols(self) -> Symbols:
        names: dict[str, None] = {}
        for definition in self.written.definitions:
            for found in occurrences(definition.body):
                names.setdefault(found.ref.name)
            names.setdefault(definition.target.name)
        table = {name: self.symbol(name) for name in names}
        for name, value in self.constants(table).items():
            table[name] = Symbol(name, "constant", value=value)
        if any(symbol.output for symbol in table.values()):
            return table
        return {name: self.with_output(symbol) for name, symbol in table.items()}

    def symbol(self, name: str) -> Symbol:
        declared = self.declared.get(name, {})
        of = declared["adjoint"].value if "adjoint" in declared else None
        start = declared["init"].value if "init" in declared else None
        return Symbol(
            name,
            self.role(name, of),
            timed=self.timed(name),
            start=start if isinstance(start, Fraction | str) else None,
            onehot="onehot" in declared,
            output="output" in declared,
            of=of if isinstance(of, Ref) else None,
        )

    def role(self, name: str, of: object) -> Role:
        if name in self.defined:
            if name == "L" or (isinstance(of, Ref) and self.is_parameter(of.name)):
                return "total"
            return "adjoint" if name in self.adjoints else "variable"
        if self.says(name, "input"):
            return "input"
        if self.is_target(name):
            return "target"
        return "parameter" if self.is_parameter(name) else "input"

    def is_parameter(self, name: str) -> bool:
        plain = any(not found.ref.base for found in self.uses.get(name, ()))
        given = name in self.defined or self.says(name, "input") or self.is_target(name)
        return plain and not given

    def is_target(self, name: str) -> bool:
        first = all(found.target for found in self.uses.get(name, ()))
        return self.says(name, "target") or first

    def timed(self, name: str) -> bool:
        if name in self.defined:
            return any(d.target.base for d in self.defined[name])
        return any(found.ref.base for found in self.uses[name])

    def with_output(self, symbol: Symbol) -> Symbol:
        """Outputs are what a loss predicts with, and what nothing else reads, unless declared."""
        uses = self.model_uses.get(symbol.name, [])
        predicts = any(found.prediction == "value" for found in uses)
        read = any(not found.prediction for found in uses)
        is_one = symbol.role == "variable" and (predicts or not read)
        return replace(symbol, output=True) if is_one else symbol

    # constants

    def constants(self, table: Symbols) -> dict[str, Fraction]:
        """The names that stand for a number: `alpha = 0.1`, `beta = 1 - alpha`."""
        values: dict[str, Fraction] = {}
        for name, definitions in self.defined.items():
            first = definitions[0]
            if len(definitions) == 1 and not first.target.base and table[name].role == "variable":
                value = self.constant(first.body, values)
                if value is not None:
                    values[name] = value
        return values

    def constant(self, expr: Expr, known: dict[str, Fraction]) -> Fraction | None:
        match expr:
            case Num(value=value):
                return value
            case Ref(name=name, base=""):
                return known.get(name)
            case Neg() | Add() | Mul() | Div() | Pow():
                values = [self.constant(child, known) for child in children(expr)]
                numbers = [value for value in values if value is not None]
                return self.fold(expr, numbers) if len(numbers) == len(values) else None
        return None

    def fold(self, expr: Neg | Add | Mul | Div | Pow, values: list[Fraction]) -> Fraction:
        if isinstance(expr, Neg):
            return -values[0]
        if isinstance(expr, Add):
            return sum(values, Fraction(0))
        left, right = values
        if isinstance(expr, Mul):
            return left * right
        whole = right.denominator == 1 and abs(right) <= 100
        if isinstance(expr, Pow) and not whole:
            message = "the power of a constant is a whole number from -100 to 100"
            raise EquationError(fault(self.written, expr.place, message))
        if not (right if isinstance(expr, Div) else left):
            message = "a division by zero, or a power of zero"
            raise EquationError(fault(self.written, expr.place, message))
        return left / right if isinstance(expr, Div) else left ** int(right)
