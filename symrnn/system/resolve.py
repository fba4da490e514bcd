"""Sense made of a text: the role, the time and the shape of each name, or what is against it.

`Rules` has every rule about names that a text can break, each with the message that says how to
mend it.
"""

from functools import lru_cache
from typing import NoReturn

from symrnn.errors import EquationError, suggestion
from symrnn.language.calls import calls, own_functions
from symrnn.language.table import TIME
from symrnn.language.tree import Call, Definition, Expr, Node, Ref, Written, walk
from symrnn.system.algebra import Numbers
from symrnn.system.calculus import own_slope
from symrnn.system.graph import at_step
from symrnn.system.occurrences import Occurrence, dependencies, fault, occurrences, runs
from symrnn.system.roles import roles
from symrnn.system.symbols import GIVEN, ROWLESS, Role, Symbol, Symbols
from symrnn.system.widths import infer


def resolve(written: Written) -> Symbols:
    """The symbols of a text, in the order in which they appear in its equations.

    Raises EquationError or WidthError, with line and caret, if they do not make a system.
    """
    return dict(_resolved(written))


@lru_cache(maxsize=64)  # every stage asks for them
def _resolved(written: Written) -> Symbols:
    rules = Rules(written)
    rules.check_declared_once()
    rules.check_definitions()
    symbols = roles(written)
    rules.check_declarations(symbols)
    rules.check_uses(symbols)
    dependencies(written)  # refuses cycles
    return infer(written, symbols)


SAID_OF: dict[str, tuple[Role, ...]] = {
    "init": ("parameter", "fixed"),
    "onehot": ("target", "input"),
    "input": ("input",),
    "target": ("target",),
    "parameter": ("parameter",),
    "fixed": ("fixed",),
    "output": ("variable",),
    "adjoint": ("adjoint", "total"),
    "hidden": ("variable", "weight"),
}
"""The roles of which a declaration may speak."""

CALLED: dict[Role, str] = {
    "input": "an input",
    "target": "a target",
    "parameter": "a parameter",
    "fixed": "a fixed array",
    "constant": "a constant",
    "variable": "a variable with an equation",
    "weight": "a matrix or vector computed of parameters",
    "adjoint": "an adjoint",
    "total": "a sum over the batch",
}


class Rules:
    def __init__(self, written: Written) -> None:
        self.written = written
        targets = [definition.target for definition in written.definitions]
        self.defined = {at_step(t, written.steps) if written.steps else t for t in targets}
        """What has an equation; in an unrolled system with steps counted from the first."""

    def break_at(self, node: Node, message: str) -> NoReturn:
        raise EquationError(fault(self.written, node.place, message))

    # before anything is known of the names

    def check_declared_once(self) -> None:
        seen: set[tuple[str, str]] = set()
        for declaration in self.written.declarations:
            key = (declaration.name, declaration.kind)
            if key in seen:
                self.break_at(declaration, f"the {key[1]} of {key[0]} is declared twice")
            seen.add(key)

    def check_definitions(self) -> None:
        by_name: dict[str, list[Definition]] = {}
        for definition in self.written.definitions:
            by_name.setdefault(definition.target.name, []).append(definition)
        for name, definitions in by_name.items():
            bases = {d.target.base for d in definitions if not d.adds}
            seen: dict[Ref, Definition] = {}
            for definition in definitions:
                if "" in bases and len(bases) > 1:
                    self.break_at(definition, f"{name} is defined with and without a time index")
                if definition.adds:
                    self.check_addition(definition, bases)
                    continue
                self.check_boundary(definition, bases)
                node = definition.target
                if self.written.steps is not None:
                    node = at_step(node, self.written.steps)
                first = seen.setdefault(node, definition)
                if first is not definition:
                    where = f" (first in line {first.place.line})" if first.place else ""
                    self.break_at(definition, f"{name} is defined twice{where}")

    def check_addition(self, definition: Definition, bases: set[str]) -> None:
        target = definition.target
        wanted = "t" if target.base else ""
        if wanted not in bases:
            left = f"{target.name}[t]" if wanted else target.name
            self.break_at(definition, f"{left} = … is missing, to which this would add")

    def check_boundary(self, definition: Definition, bases: set[str]) -> None:
        target, name = definition.target, definition.target.name
        if target.base not in ("1", "T"):
            return
        if "t" not in bases and self.written.steps is None:
            self.break_at(
                definition, f"{name}[t] = … is missing: a boundary says where a recurrence starts"
            )
        inside = target.shift >= 0 if target.base == "1" else target.shift <= 0
        if self.written.steps is not None:
            inside = 0 <= at_step(target, self.written.steps).shift < self.written.steps
        if inside and "t" in bases:
            self.break_at(
                definition,
                f"this step of {name} lies inside 1…T, where {name}[t] = … holds; a boundary lies"
                f" outside: {name}[0], {name}[-1], … or {name}[T+1], …",
            )

    # once the roles are known

    def check_declarations(self, symbols: Symbols) -> None:
        for declaration in self.written.declarations:
            self.check_known(declaration, declaration.name, symbols)
            symbol = symbols[declaration.name]
            wanted = SAID_OF.get(declaration.kind)
            if wanted and symbol.role not in wanted:
                self.break_at(
                    declaration,
                    f"{symbol.name} is {CALLED[symbol.role]}; {declaration.kind} is said of"
                    f" {' or '.join(CALLED[role] for role in wanted)}",
                )
            if declaration.kind in GIVEN and symbol.timed:
                what = "a parameter" if declaration.kind == "parameter" else "what is fixed"
                self.break_at(declaration, f"{symbol.name} has a time index; {what} has none")
            if declaration.name == "L":
                self.break_at(declaration, "L is the loss, one number; nothing is declared of it")
            if isinstance(declaration.value, Ref):
                self.check_known(declaration, declaration.value.name, symbols)
                if symbols[declaration.value.name].role in ("adjoint", "total", "constant"):
                    self.break_at(declaration, "an adjoint is that of a variable or a parameter")

    def check_functions(self) -> None:
        """What is called d_f is the derivative of f, as it is derived, and nothing else."""
        for own in own_functions(d.body for d in self.written.definitions):
            if own.of is None:
                continue
            slope = own_slope(own.of, own.of.args.index(own.by))
            if not isinstance(slope, Call) or slope.own != own:
                name = own.of.name
                self.break_at(
                    own, f"{own.name} is the derivative of {name}; call what is none otherwise"
                )

    def check_known(self, node: Node, name: str, symbols: Symbols) -> None:
        if name not in symbols:
            near = suggestion(name, list(symbols))
            self.break_at(node, f"no equation uses '{name}'{near}")

    def check_uses(self, symbols: Symbols) -> None:
        self.check_functions()
        numbers = Numbers(self.written)
        defined = {target.name for target in self.defined}  # pi is no fraction, and is none's part
        constants = {
            s.name: s.value for s in symbols.values() if s.value is not None and s.name in defined
        }
        for definition in self.written.definitions:
            self.check_loss(definition)
            self.check_when(definition, symbols)
            numbers.check(definition.body, constants)
            for call in calls(definition.body):
                if call.own is not None:
                    numbers.check(call.own.body, {})
            for found in occurrences(definition.body):
                self.check_matrix(found, symbols[found.ref.name])
                self.check_time(definition, found, symbols)
                self.check_step(found, symbols[found.ref.name])
            for node in walk(definition.body):
                self.check_sum(node)
                self.check_total(node, symbols)

    def check_loss(self, definition: Definition) -> None:
        if definition.target.name == "L" and (definition.target.base or definition.adds):
            self.break_at(
                definition, "the loss is one number: L = …, with sum or mean over what has a [t]"
            )

    def check_when(self, definition: Definition, symbols: Symbols) -> None:
        if definition.when is not None and symbols[definition.target.name].role != "adjoint":
            self.break_at(definition, "[T == …] belongs to adjoints alone")

    def check_matrix(self, found: Occurrence, symbol: Symbol) -> None:
        if found.matrix and (found.ref.base or symbol.role not in ROWLESS):
            what = "has a time index" if found.ref.base else f"is {CALLED[symbol.role]}"
            self.break_at(
                found.ref,
                f"right of @ stand parameters, and {symbol.name} {what}; rows stand left, as in"
                " x[t] @ W or x[t] @ (W * M)",
            )

    def check_time(self, definition: Definition, found: Occurrence, symbols: Symbols) -> None:
        ref, name = found.ref, found.ref.name
        symbol = symbols[name]
        if name == "L" and symbol.role != "total":
            self.break_at(ref, "L is the loss, and no equation defines it; write L = …")
        inside = symbols[definition.target.name].role
        if symbol.role == "total" and (name == "L" or inside != "total"):
            self.break_at(ref, f"{name} is summed over the batch; no equation can read it")
        if symbol.timed and not ref.base:
            self.break_at(
                ref, f"{name} runs over time; write {name}[t], {name}[T] or mean({name}[t])"
            )
        if ref.base and not symbol.timed:
            self.break_at(ref, f"{name} has no time index; write {name}")
        if ref.base == "t" and not found.summed and definition.target.base != "t":
            target = definition.target
            what = f"{target.name} is defined once"
            if target.base:
                what = f"a fixed step of {target.name} has no current step t"
            if target.name == "L":
                self.break_at(ref, "L is one number for all steps; write L = mean(…) around it")
            self.break_at(ref, f"{what}; write {name}[T], or the sum or mean of {name}[t]")

    def check_step(self, found: Occurrence, symbol: Symbol) -> None:
        """In an unrolled system a variable is read at the steps that have an equation."""
        steps, ref = self.written.steps, found.ref
        if steps is None or symbol.role not in ("variable", "adjoint") or not ref.base:
            return
        if Ref(ref.name, "t") in self.defined:
            return
        if ref.base == "t":
            self.break_at(ref, f"{ref.name}[t] = … is missing; here it is defined step by step")
        exact = at_step(ref, steps)
        if 0 <= exact.shift < steps and exact not in self.defined:
            self.break_at(ref, f"this step of {ref.name} has no equation")

    def check_total(self, node: Expr, symbols: Symbols) -> None:
        if not isinstance(node, Call) or node.function != "total":
            return
        read = [o.ref for arg in node.args for o in occurrences(arg)]
        rows = next((ref for ref in read if symbols[ref.name].role not in ROWLESS), None)
        if rows is not None or not read:
            what = f"{rows.name} has a row for each sequence" if rows else "here is none"
            self.break_at(
                node,
                f"total(…) is the sum of all entries of parameters, and {what}; the sum of a row"
                " is rowsum(…), that over time sum(…)",
            )

    def check_sum(self, node: Expr) -> None:
        if not isinstance(node, Call) or node.function not in TIME:
            return
        if not any(runs(arg) for arg in node.args):
            self.break_at(node, f"{node.function}(…) runs over time; expected a v[t] in it")
