"""What the names of a text stand for.

A name that is never defined is an input if it has a time index, a parameter if it has none, and
a target if it only ever stands first in a loss. Whatever is computed from an adjoint is one.
"""

from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    BATCH,
    STEPS,
    Add,
    Call,
    Declaration,
    Definition,
    Expr,
    Neg,
    Ref,
    Size,
    Written,
    refs,
    walk,
)
from symrnn.system.algebra import Numbers
from symrnn.system.graph import inverse, reached
from symrnn.system.occurrences import Occurrence, occurrences
from symrnn.system.symbols import GIVEN, PI, ROWLESS, Role, Symbol, Symbols


def roles(written: Written) -> Symbols:
    """The symbols of a text in order of appearance, without their shapes."""
    return _Roles(written).symbols()


class _Roles:
    def __init__(self, written: Written) -> None:
        self.written = written
        self.defined: dict[str, list[Definition]] = {}
        for definition in written.definitions:
            self.defined.setdefault(definition.target.name, []).append(definition)
        self.declared: dict[str, dict[str, Declaration]] = {}
        for declaration in written.declarations:
            self.declared.setdefault(declaration.name, {})[declaration.kind] = declaration
        self.numbers = Numbers(written)
        self.reads = {
            name: [o.ref.name for d in definitions for o in occurrences(d.body)]
            for name, definitions in self.defined.items()
        }
        declared = [name for name in self.defined if self.says(name, "adjoint")]
        self.adjoints = reached(declared, inverse(self.reads))
        """What is declared an adjoint, and whatever is computed from one."""
        self.model_uses: dict[str, list[Occurrence]] = {}
        self.uses: dict[str, list[Occurrence]] = {}
        self.in_matrices: set[str] = set()
        """What stands right of an @ or is declared a matrix, and what that is computed of."""
        self.find_uses()

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
        in_matrices = {
            name for name, found in self.uses.items() if any(o.matrix for o in found)
        } | {name for name in self.defined if self.is_declared_a_matrix(name)}
        self.in_matrices = reached(in_matrices, self.reads)

    def says(self, name: str, kind: str) -> bool:
        """Whether the text declares this of a name."""
        return kind in self.declared.get(name, {})

    def is_declared_a_matrix(self, name: str) -> bool:
        values = [d.value for d in self.declared.get(name, {}).values()]
        return any(isinstance(value, tuple) and len(value) == 2 for value in values)

    # symbols

    def symbols(self) -> Symbols:
        names: dict[str, None] = {}
        for definition in self.written.definitions:
            for found in occurrences(definition.body):
                names.setdefault(found.ref.name)
            names.setdefault(definition.target.name)
        for declaration in self.written.declarations:
            if declaration.kind in ("input", "target", *GIVEN):
                names.setdefault(declaration.name)  # known, even if no equation reads it
        table = {name: self.symbol(name) for name in names}
        for name, value in self.constants(table).items():
            table[name] = Symbol(name, "constant", value=value)
        if "pi" in table and self.is_pi(table["pi"]):
            table["pi"] = Symbol("pi", "constant", value=PI)
        if not any(symbol.output for symbol in table.values()):
            table = {name: self.with_output(symbol) for name, symbol in table.items()}
        return self.without_rows(table)

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
        given: tuple[Role, ...] = ("input", "fixed", "parameter")
        for said in given:
            if self.says(name, said):
                return said
        if self.is_target(name):
            return "target"
        return "parameter" if self.is_parameter(name) else "input"

    def is_parameter(self, name: str) -> bool:
        if any(self.says(name, said) for said in GIVEN):
            return True
        plain = any(not found.ref.base for found in self.uses.get(name, ()))
        given = name in self.defined or self.says(name, "input") or self.is_target(name)
        return plain and not given

    def is_target(self, name: str) -> bool:
        first = all(o.target and not o.matrix for o in self.uses.get(name, ()))
        return self.says(name, "target") or first or self.is_compared(name)

    def is_compared(self, name: str) -> bool:
        """Whether it only ever stands on one side of a difference in the loss: L = y - yhat."""
        if name in self.defined or name in self.declared:
            return False
        uses = self.uses.get(name, ())
        found = [side for side, _ in self.differences if _is_name(side, name)]
        return bool(uses) and len(found) == len(uses)

    @cached_property
    def differences(self) -> list[tuple[Expr, Expr]]:
        """Either side of each difference in the loss, with the other, which reads a variable."""
        found: list[tuple[Expr, Expr]] = []
        for definition in self.defined.get("L", ()):
            for node in walk(definition.body):
                if isinstance(node, Add) and len(node.terms) == 2:
                    one, other = node.terms
                    if isinstance(one, Neg) != isinstance(other, Neg):
                        sides = [s.arg if isinstance(s, Neg) else s for s in (one, other)]
                        found += [(sides[0], sides[1]), (sides[1], sides[0])]
        return [(side, other) for side, other in found if self.reads_variable(other)]

    def reads_variable(self, expr: Expr) -> bool:
        return any(ref.name in self.defined for ref in refs(expr))

    def is_judged(self, name: str) -> bool:
        """Whether the loss holds a target against it without a function for that."""
        return any(
            _is_name(other, name) and isinstance(side, Ref) and self.is_compared(side.name)
            for side, other in self.differences
        )

    def timed(self, name: str) -> bool:
        if name in self.defined:
            return any(d.target.base for d in self.defined[name])
        said = any(d.value == "t" for d in self.declared.get(name, {}).values())
        return said or any(found.ref.base for found in self.uses.get(name, ()))

    def with_output(self, symbol: Symbol) -> Symbol:
        """Outputs are what a loss predicts with, and what nothing reads but a later step, unless
        the text declares its outputs."""
        uses = self.model_uses.get(symbol.name, [])
        predicts = any(found.prediction == "value" for found in uses)
        predicts = predicts or self.is_judged(symbol.name)
        read = any(not (o.prediction or (o.ref.base == "t" and o.ref.shift)) for o in uses)
        hidden = self.says(symbol.name, "hidden")
        hidden = hidden or symbol.name in self.in_matrices
        is_one = symbol.role == "variable" and (predicts or not read) and not hidden
        return replace(symbol, output=True) if is_one else symbol

    # what has no rows

    def without_rows(self, table: Symbols) -> Symbols:
        """What is computed of parameters alone has none, as they have none, and neither has its
        adjoint. An output has a row for each sequence, whatever it is computed of."""
        before: Symbols = {}
        while before != table:
            before = table
            table = {name: self.without_row(symbol, table) for name, symbol in table.items()}
        return table

    def without_row(self, symbol: Symbol, table: Symbols) -> Symbol:
        if symbol.role == "adjoint" and symbol.of is not None:
            of = table.get(symbol.of.name)
            return replace(symbol, role="total") if of and of.role in ROWLESS else symbol
        if symbol.role not in ("variable", "adjoint") or symbol.timed or symbol.output:
            return symbol
        definitions = self.defined.get(symbol.name, [])
        reads = {table[o.ref.name].role for d in definitions for o in occurrences(d.body)}
        plain = not any(d.adds or _counts_rows(d.body) for d in definitions)
        if not plain or not reads <= set(ROWLESS) or reads <= {"constant"}:
            return symbol
        return replace(symbol, role="total" if symbol.role == "adjoint" else "weight")

    # constants

    def is_pi(self, symbol: Symbol) -> bool:
        """Whether `pi` is the number: where a text says nothing else of it."""
        unsaid = symbol.name not in self.declared and symbol.role == "parameter"
        return unsaid and not any(found.matrix for found in self.uses[symbol.name])

    def constants(self, table: Symbols) -> dict[str, Fraction]:
        """The names that stand for a number: `alpha = 0.1`, `beta = 1 - alpha`."""
        plain = {
            name: definitions[0].body
            for name, definitions in self.defined.items()
            if len(definitions) == 1
            and not definitions[0].target.base
            and table[name].role == "variable"
            and name not in self.declared  # of a number there is nothing to say
        }
        values: dict[str, Fraction] = {}
        while found := {
            name: value
            for name, body in plain.items()
            if name not in values and (value := self.numbers.value(body, values)) is not None
        }:
            values |= found
        return values


def _is_name(expr: Expr, name: str) -> bool:
    return isinstance(expr, Ref) and expr.name == name


def _counts_rows(expr: Expr) -> bool:
    """Whether a value may be another one for each sequence although it reads none: it asks for the
    number of steps or of sequences, or is a loss."""
    for node in walk(expr):
        match node:
            case Size(width=width) if width in (STEPS, BATCH):
                return True
            case Call(function=function) if function in LOSSES or function == "batchsum":
                return True
    return False
