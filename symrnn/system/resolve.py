"""What the names of a text stand for: roles, time, and every rule about them that can be broken.

A name that is never defined is an input if it has a time index, a parameter if it has none, and
a target if it only ever stands first in a loss.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from symrnn.errors import EquationError, suggestion
from symrnn.functions import LOSSES, TIME
from symrnn.language.tree import (
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Node,
    Num,
    Place,
    Pow,
    Ref,
    Transpose,
    Written,
    children,
    walk,
)
from symrnn.system.graph import Group, Use, order
from symrnn.system.symbols import Role, Symbol, Symbols
from symrnn.system.widths import infer


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A reference and where it stands: in a sum over time, first in a loss, right of an @."""

    ref: Ref
    summed: bool = False
    target: bool = False
    prediction: str = ""
    """"value" where it is the prediction of a loss, "logits" where a link goes before that."""

    matrix: bool = False


def occurrences(expr: Expr, at: Occurrence | None = None) -> Iterator[Occurrence]:
    """Every reference in an expression, from left to right."""
    here = at or Occurrence(Ref("?"))
    summed, target, prediction = here.summed, here.target, here.prediction
    match expr:
        case Ref():
            yield Occurrence(expr, summed, target, prediction, here.matrix)
        case MatMul(left=left, right=right):
            yield from occurrences(left, Occurrence(here.ref, summed, target, prediction))
            outer = isinstance(left, Transpose)
            yield from occurrences(
                right, Occurrence(here.ref, summed, target, prediction, not outer)
            )
        case Call(function=function, args=args) if function in LOSSES:
            yield from occurrences(args[0], Occurrence(here.ref, summed, True))
            said = "logits" if function.endswith("_logits") else "value"
            yield from occurrences(args[1], Occurrence(here.ref, summed, prediction=said))
        case Call(function=function, args=(arg,)) if function in TIME:
            yield from occurrences(arg, Occurrence(here.ref, True, target, prediction))
        case Transpose(arg=arg):
            yield from occurrences(arg, here)
        case _:
            for child in children(expr):
                yield from occurrences(child, Occurrence(here.ref, summed, target, prediction))


def resolve(written: Written) -> Symbols:
    """The symbols of a text, in the order in which they appear in its equations.

    Raises EquationError or WidthError, with line and caret, if they do not make a system.
    """
    resolver = _Resolver(written)
    resolver.check_definitions()
    symbols = resolver.symbols()
    resolver.check_declarations(symbols)
    resolver.check_uses(symbols)
    dependencies(written)
    return infer(written, symbols)


def resolve_roles(written: Written) -> Symbols:
    """The symbols of a text that is known to be a system, without their shapes."""
    return _Resolver(written).symbols()


def dependencies(written: Written) -> list[Group]:
    """The order in which the definitions of a text are worked out; refuses cycles."""
    needs: dict[Ref, list[Use]] = {}
    places: dict[Ref, Place | None] = {}
    for definition in written.definitions:
        node = _node(definition)
        places.setdefault(node, definition.place)
        fixed = definition.adds and definition.when is None
        needs.setdefault(node, []).extend(
            Use(found.ref, found.summed or fixed) for found in occurrences(definition.body)
        )

    def mark(node: Ref, message: str) -> str:
        return fault(written, places[node], message)

    return order(needs, written.steps, mark)


def fault(written: Written, place: Place | None, message: str) -> str:
    return written.source.mark(place, message) if written.source else message


def _node(definition: Definition) -> Ref:
    """The node of the dependency graph to which a definition belongs."""
    target = definition.target
    return Ref(target.name, "t") if definition.adds and target.base else target


class _Resolver:
    def __init__(self, written: Written) -> None:
        self.written = written
        self.defined: dict[str, list[Definition]] = {}
        for definition in written.definitions:
            self.defined.setdefault(definition.target.name, []).append(definition)
        self.declared: dict[str, dict[str, Declaration]] = {}
        for declaration in written.declarations:
            kinds = self.declared.setdefault(declaration.name, {})
            if declaration.kind in kinds:
                what = f"{declaration.name}: {declaration.kind} is declared twice"
                raise EquationError(self.fault(declaration, what))
            kinds[declaration.kind] = declaration
        self.adjoints = self.adjoint_names()
        self.model_uses: dict[str, list[Occurrence]] = {}
        self.uses: dict[str, list[Occurrence]] = {}
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

    def fault(self, node: Node, message: str) -> str:
        return fault(self.written, node.place, message)

    # definitions

    def check_definitions(self) -> None:
        for name, definitions in self.defined.items():
            plain = [d for d in definitions if not d.adds]
            for definition in definitions:
                self.check_target(name, definition, plain)
            seen: dict[Ref, Definition] = {}
            for definition in plain:
                first = seen.setdefault(definition.target, definition)
                if first is not definition:
                    where = f" (first in line {first.place.line})" if first.place else ""
                    raise EquationError(self.fault(definition, f"{name} is defined twice{where}"))

    def check_target(self, name: str, definition: Definition, plain: list[Definition]) -> None:
        target = definition.target
        bases = {d.target.base for d in plain}
        if "" in bases and len(bases) > 1:
            raise EquationError(
                self.fault(definition, f"{name} is defined with a time index and without one")
            )
        if definition.adds:
            if target.base and "t" not in bases:
                raise EquationError(
                    self.fault(definition, f"{name}[t] = … is missing, to which this would add")
                )
            if not target.base and "" not in bases:
                raise EquationError(
                    self.fault(definition, f"{name} = … is missing, to which this would add")
                )
            return
        if target.base not in ("1", "T"):
            return
        if "t" not in bases and self.written.steps is None:
            raise EquationError(
                self.fault(
                    definition,
                    f"{name}[t] = … is missing: a boundary says where a recurrence starts",
                )
            )
        inside = target.shift >= 0 if target.base == "1" else target.shift <= 0
        if inside and "t" in bases:
            raise EquationError(
                self.fault(
                    definition,
                    f"this step of {name} lies inside 1…T, where {name}[t] = … holds; a boundary"
                    " lies outside: v[0], v[-1], … or v[T+1], …",
                )
            )

    # roles

    def symbols(self) -> Symbols:
        names: dict[str, None] = {}
        for definition in self.written.definitions:
            for found in occurrences(definition.body):
                names.setdefault(found.ref.name)
            names.setdefault(definition.target.name)
        table: Symbols = {}
        for name in names:
            table[name] = self.symbol(name)
        for name, value in self.constants(table).items():
            table[name] = Symbol(name, "constant", value=value)
        return self.with_outputs(table)

    def symbol(self, name: str) -> Symbol:
        declared = self.declared.get(name, {})
        of = declared["adjoint"].value if "adjoint" in declared else None
        start = declared["init"].value if "init" in declared else None
        assert of is None or isinstance(of, Ref)
        assert start is None or isinstance(start, Fraction | str)
        return Symbol(
            name,
            self.role(name),
            timed=self.timed(name),
            start=start,
            onehot="onehot" in declared,
            output="output" in declared,
            of=of,
        )

    def role(self, name: str) -> Role:
        if name in self.defined:
            of = self.declared[name]["adjoint"].value if self.is_adjoint(name) else None
            if name == "L" or (isinstance(of, Ref) and self.is_parameter(of.name)):
                return "total"
            return "adjoint" if name in self.adjoints else "variable"
        if "input" in self.declared.get(name, {}):
            return "input"
        if self.is_target(name):
            return "target"
        return "parameter" if self.is_parameter(name) else "input"

    def is_adjoint(self, name: str) -> bool:
        return "adjoint" in self.declared.get(name, {})

    def is_parameter(self, name: str) -> bool:
        uses = self.uses.get(name, [])
        return (
            name not in self.defined
            and "input" not in self.declared.get(name, {})
            and any(not found.ref.base for found in uses)
            and not self.is_target(name)
        )

    def is_target(self, name: str) -> bool:
        declared = "target" in self.declared.get(name, {})
        return declared or all(found.target for found in self.uses[name])

    def timed(self, name: str) -> bool:
        if name in self.defined:
            return any(d.target.base for d in self.defined[name])
        return any(found.ref.base for found in self.uses[name])

    def adjoint_names(self) -> set[str]:
        """What is declared an adjoint, and whatever is computed from one."""
        found = {name for name in self.defined if self.is_adjoint(name)}
        reads = {
            name: {o.ref.name for d in definitions for o in occurrences(d.body)}
            for name, definitions in self.defined.items()
        }
        while grown := {n for n, r in reads.items() if n not in found and r & found}:
            found |= grown
        return found

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

    def fold(self, expr: Expr, values: list[Fraction]) -> Fraction:
        if isinstance(expr, Neg):
            return -values[0]
        if isinstance(expr, Add):
            return sum(values, Fraction(0))
        left, right = values
        if isinstance(expr, Mul):
            return left * right
        if (isinstance(expr, Div) and not right) or (isinstance(expr, Pow) and not left):
            raise EquationError(self.fault(expr, "a division by zero, or a power of zero"))
        if isinstance(expr, Div):
            return left / right
        if right.denominator != 1 or abs(right) > 100:
            raise EquationError(
                self.fault(expr, "the power of a constant is a whole number from -100 to 100")
            )
        return left ** int(right)

    def with_outputs(self, table: Symbols) -> Symbols:
        """Outputs are what a loss predicts with, and what nothing else reads, unless declared."""
        if any(symbol.output for symbol in table.values()):
            return table
        for name, symbol in table.items():
            uses = self.model_uses.get(name, [])
            predicts = any(found.prediction == "value" for found in uses)
            read = any(not found.prediction for found in uses)
            if symbol.role == "variable" and (predicts or not read):
                table[name] = replace(symbol, output=True)
        return table

    # declarations and uses

    def check_declarations(self, symbols: Symbols) -> None:
        fits: dict[str, tuple[Role, ...]] = {
            "init": ("parameter",),
            "onehot": ("target", "input"),
            "input": ("input",),
            "target": ("target",),
            "output": ("variable",),
            "adjoint": ("adjoint", "total"),
        }
        for declaration in self.written.declarations:
            symbol = symbols.get(declaration.name)
            if symbol is None:
                near = suggestion(declaration.name, list(symbols))
                raise EquationError(
                    self.fault(declaration, f"no equation uses '{declaration.name}'{near}")
                )
            wanted = fits.get(declaration.kind)
            if wanted and symbol.role not in wanted:
                raise EquationError(
                    self.fault(
                        declaration,
                        f"{symbol.name} is {_article(symbol.role)}; {declaration.kind} is said of"
                        f" {' or '.join(map(_article, wanted))}",
                    )
                )
            if isinstance(declaration.value, Ref) and declaration.value.name not in symbols:
                raise EquationError(
                    self.fault(declaration, f"no equation uses '{declaration.value.name}'")
                )

    def check_uses(self, symbols: Symbols) -> None:
        for definition in self.written.definitions:
            for found in occurrences(definition.body):
                self.check_use(definition, found, symbols[found.ref.name])
            for node in walk(definition.body):
                self.check_node(node, symbols)
            self.check_loss(definition)

    def check_use(self, definition: Definition, found: Occurrence, symbol: Symbol) -> None:
        ref, name = found.ref, found.ref.name
        if found.matrix and (ref.base or symbol.role != "parameter"):
            raise EquationError(
                self.fault(
                    ref,
                    f"right of @ stands a plain parameter, W or transpose(W); {name}"
                    f" {'has a time index' if ref.base else 'is ' + _article(symbol.role)}",
                )
            )
        if symbol.timed and not ref.base:
            raise EquationError(
                self.fault(
                    ref, f"{name} runs over time; write {name}[t], {name}[T] or mean({name}[t])"
                )
            )
        if ref.base and not symbol.timed:
            raise EquationError(self.fault(ref, f"{name} has no time index; write {name}"))
        if ref.base == "t" and not found.summed and definition.target.base != "t":
            what = f"{definition.target.name} is defined once"
            if definition.target.base:
                what = f"a fixed step of {definition.target.name} has no current step t"
            raise EquationError(
                self.fault(ref, f"{what}; write {name}[T], or sum or mean of {name}[t]")
            )
        if symbol.role == "total":
            raise EquationError(
                self.fault(ref, f"{name} is summed over the batch and cannot be read again")
            )

    def check_node(self, node: Expr, symbols: Symbols) -> None:
        if isinstance(node, Call) and node.function in TIME:
            inside = [n for child in node.args for n in walk(child)]
            if any(isinstance(n, Call) and n.function in TIME for n in inside):
                raise EquationError(self.fault(node, "a sum over time inside another; name one"))
            if not any(isinstance(n, Ref) and n.base == "t" for n in inside):
                raise EquationError(
                    self.fault(node, f"{node.function}(…) runs over time; expected a v[t] in it")
                )

    def check_loss(self, definition: Definition) -> None:
        if definition.target.name == "L" and definition.target.base:
            raise EquationError(
                self.fault(definition, "the loss is one number: L = …, with sum or mean over time")
            )


def _article(role: Role) -> str:
    names = {
        "total": "a sum over the batch",
        "adjoint": "an adjoint",
        "input": "an input",
        "variable": "a variable with an equation",
    }
    return names.get(role, f"a {role}")
