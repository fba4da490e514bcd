"""The widths of all names, by unification of the equations in which they stand.

A width is a sum of unknowns and a number. Declared names and numbers are rigid: two different
ones that meet are a contradiction, which is explained with the statements that brought them.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NoReturn

from symrnn.errors import WidthError
from symrnn.functions import ELEMENTWISE, LOSSES, TIME
from symrnn.language.printer import show_declaration, show_definition
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
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    Written,
    children,
    walk,
)
from symrnn.system.symbols import Symbol, Symbols

Statement = Definition | Declaration


@dataclass(eq=False)
class Unknown:
    """A width to be found. `name` where it is rigid: a name that the text declares."""

    name: str | None = None
    bound: "Sum | None" = None
    because: Statement | None = None


@dataclass
class Sum:
    parts: list[Unknown] = field(default_factory=list)
    number: int = 0


def infer(written: Written, symbols: Symbols) -> Symbols:
    """The symbols with their shapes. Raises WidthError for a contradiction or an open width."""
    return _Inference(written, symbols).solve()


class _Inference:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.written = written
        self.symbols = symbols
        self.rigid: dict[str, Unknown] = {}
        self.shapes: dict[str, tuple[Sum, ...]] = {}
        self.deferred: list[tuple[Sum, Sum, Statement]] = []
        self.because: Statement | None = None
        self.matrices = {
            ref.name for d in written.definitions for node in walk(d.body) for ref in _right(node)
        }

    def solve(self) -> Symbols:
        for name, symbol in self.symbols.items():
            self.shapes[name] = self.new_shape(symbol)
        self.read_declarations()
        self.narrow = self.find_narrow()
        for definition in self.written.definitions:
            self.because = definition
            self.define(definition)
        self.retry()
        return self.named()

    def new_shape(self, symbol: Symbol) -> tuple[Sum, ...]:
        if symbol.role == "constant" or symbol.name == "L":
            return ()
        if symbol.role == "total" and symbol.of is not None:
            return self.shapes_of_parameter(symbol.of.name)
        if symbol.role == "parameter" and symbol.name in self.matrices:
            return (Sum([Unknown()]), Sum([Unknown()]))
        if symbol.role == "adjoint" and symbol.of is not None:
            name = symbol.of.name
            if name not in self.shapes:
                self.shapes[name] = self.new_shape(self.symbols[name])
            return self.shapes[name]
        return self.shapes.get(symbol.name, (Sum([Unknown()]),))

    def shapes_of_parameter(self, name: str) -> tuple[Sum, ...]:
        if name not in self.shapes:
            self.shapes[name] = self.new_shape(self.symbols[name])
        return self.shapes[name]

    def read_declarations(self) -> None:
        for declaration in self.written.declarations:
            if not isinstance(declaration.value, tuple):
                continue
            shape = self.shapes[declaration.name]
            self.because = declaration
            if len(declaration.value) != len(shape):
                kinds = {0: "a single number", 1: "a row or vector: v: H", 2: "a matrix: W: (D, H)"}
                self.fail(f"{declaration.name} is {kinds[len(shape)]}")
            for own, said in zip(shape, declaration.value, strict=True):
                self.unify(own, self.given(said))

    def given(self, width: Width) -> Sum:
        """A width as the text writes it; its names are rigid."""
        return Sum(
            [self.rigid.setdefault(name, Unknown(name)) for name in width.names], width.number
        )

    # what is narrow: of width 1 by declaration, or built from nothing but such values

    def find_narrow(self) -> set[str]:
        """The largest set of names consistent with the equations; an adjoint is as wide as what
        it is the adjoint of."""
        rows = [name for name, shape in self.shapes.items() if len(shape) == 1]
        declared = {name for name in rows if self.is_one(self.shapes[name][0])}
        defined = {
            name
            for name in rows
            if self.symbols[name].role in ("variable", "adjoint")
            and self.as_wide_as(name) == name
            and not self.is_wide(self.shapes[name][0])
        }
        self.narrow = declared | defined
        while wide := {
            d.target.name
            for d in self.written.definitions
            if d.target.name in self.narrow & defined - declared and not self.is_narrow(d.body)
        }:
            self.narrow -= wide
        return self.narrow

    def as_wide_as(self, name: str) -> str:
        symbol = self.symbols[name]
        return symbol.of.name if symbol.of and symbol.role == "adjoint" else name

    def is_one(self, width: Sum) -> bool:
        parts, number = self.flat(width)
        return not parts and number == 1

    def is_wide(self, width: Sum) -> bool:
        parts, number = self.flat(width)
        return any(p.name for p in parts) or (not parts and number != 1)

    def is_narrow(self, expr: Expr) -> bool:
        match expr:
            case Num() | Size():
                return True
            case Ref(name=name):
                constant = self.symbols[name].role == "constant"
                return constant or self.as_wide_as(name) in self.narrow
            case Call(function=function):
                if function in ("rowsum", "rowmean", "logsumexp") or function in LOSSES:
                    return True
                return function != "concat" and all(map(self.is_narrow, children(expr)))
            case MatMul(right=right):
                shape = self.matrix_shape(right)
                return shape is not None and self.is_one(shape[1])
            case Part(width=width):
                return self.is_one(self.given(width))
            case Pad() | Transpose():
                return False
            case _:
                return all(map(self.is_narrow, children(expr)))

    # expressions

    def define(self, definition: Definition) -> None:
        target = self.symbols[definition.target.name]
        if target.role == "constant":
            return
        if target.name == "L":
            width = self.width(definition.body)
            if width is not None:
                self.unify(width, Sum(number=1), "the loss is one number for each sequence")
            return
        shape = self.shapes[target.name]
        if target.role == "total":
            for found, own in zip(self.total(definition.body, len(shape)), shape, strict=True):
                self.unify(found, own)
            return
        width = self.width(definition.body)
        narrow = self.as_wide_as(target.name) in self.narrow
        if narrow or not self.is_narrow(definition.body):
            self.unify(shape[0], width or Sum(number=1))

    def width(self, expr: Expr) -> Sum | None:
        """The width of an expression; None for a number, which takes any."""
        match expr:
            case Num() | Size():
                return None
            case Ref(name=name):
                shape = self.shapes[name]
                if len(shape) > 1:
                    self.fail(f"{name} is a matrix; it stands right of an @ alone")
                return shape[0] if shape else None
            case Neg() | Add() | Mul() | Div() | Pow():
                return self.together(expr)
            case MatMul(left=left, right=right):
                return self.product(left, right)
            case Part(arg=arg, skip=skip, width=part):
                self.width(arg)
                return self.given(part)
            case Pad(arg=arg, total=total):
                self.width(arg)
                return self.given(total)
            case Transpose():
                self.fail("transpose(…) of a row stands left of an @, in a gradient")
            case Call():
                return self.call(expr)

    def together(self, expr: Expr) -> Sum | None:
        """Operands share a width; a narrow one is spread, unless all are narrow."""
        operands = children(expr)
        found = [(operand, self.width(operand)) for operand in operands]
        known = [(operand, width) for operand, width in found if width is not None]
        wide = [width for operand, width in known if not self.is_narrow(operand)]
        if not wide:
            for _, width in known:
                self.unify(width, Sum(number=1))
            return known[0][1] if known else None
        for width in wide[1:]:
            self.unify(wide[0], width)
        return wide[0]

    def product(self, left: Expr, right: Expr) -> Sum:
        shape = self.matrix_shape(right)
        if shape is None:
            self.fail("right of @ stands a parameter, W or transpose(W)")
        width = self.width(left)
        if width is None:
            self.fail("left of @ stands a row, not a number")
        self.unify(width, shape[0])
        return shape[1]

    def matrix_shape(self, expr: Expr) -> tuple[Sum, Sum] | None:
        match expr:
            case Ref(name=name) if len(self.shapes[name]) == 2:
                rows, columns = self.shapes[name]
                return rows, columns
            case Transpose(arg=Ref(name=name)) if len(self.shapes[name]) == 2:
                rows, columns = self.shapes[name]
                return columns, rows
        return None

    def call(self, call: Call) -> Sum | None:
        function, args = call.function, call.args
        if function == "batchsum":
            self.fail("batchsum(…) makes a gradient; a variable keeps its row for each sequence")
        widths = [self.width(arg) for arg in args]
        if function in ELEMENTWISE or function in TIME:
            return widths[0]
        if None in widths:
            self.fail(f"{function}(…) takes rows with features, not a number")
        known = [width for width in widths if width is not None]
        if function in LOSSES:
            self.unify(*known)
            return Sum(number=1)
        if function == "softmax":
            return known[0]
        if function == "concat":
            parts = [part for width in known for part in width.parts]
            return Sum(parts, sum(width.number for width in known))
        return Sum(number=1)

    def total(self, expr: Expr, rank: int) -> tuple[Sum, ...]:
        """The shape of a gradient: transpose(a) @ b, batchsum(v), and sums of these."""
        match expr:
            case Num(value=value) if not value:
                return tuple(Sum([Unknown()]) for _ in range(rank))
            case Call(function="sum", args=(arg,)):
                return self.total(arg, rank)
            case Call(function="batchsum", args=(arg,)) if rank == 1:
                width = self.width(arg)
                return (width or Sum(number=1),)
            case MatMul(left=Transpose(arg=left), right=right) if rank == 2:
                rows, columns = self.width(left), self.width(right)
                if rows is not None and columns is not None:
                    return rows, columns
            case Add(terms=terms):
                shapes = [self.total(term, rank) for term in terms]
                for shape in shapes[1:]:
                    for one, other in zip(shapes[0], shape, strict=True):
                        self.unify(one, other)
                return shapes[0]
        form = "sum(transpose(a[t]) @ b[t])" if rank == 2 else "sum(batchsum(b[t]))"
        self.fail(f"the gradient of a parameter is written {form}, or a sum of such terms")

    # unification

    def flat(self, width: Sum) -> tuple[list[Unknown], int]:
        """The unknowns that are still open in a width, and its number."""
        parts: list[Unknown] = []
        number = width.number
        for part in width.parts:
            if part.bound is None:
                parts.append(part)
            else:
                inner, more = self.flat(part.bound)
                parts += inner
                number += more
        return parts, number

    def unify(self, one: Sum, other: Sum, rule: str = "") -> None:
        """Make two widths equal, or remember them for later, or fail."""
        assert self.because is not None
        if not self.try_unify(one, other, rule):
            self.deferred.append((one, other, self.because))

    def try_unify(self, one: Sum, other: Sum, rule: str = "") -> bool:
        (left, m), (right, n) = self.flat(one), self.flat(other)
        common = Counter(left) & Counter(right)
        left, right = (
            list((Counter(left) - common).elements()),
            list((Counter(right) - common).elements()),
        )
        if not left and not right:
            if m != n:
                self.contradiction(one, other, rule)
            return True
        for side, number, rest, more in ((left, m, right, n), (right, n, left, m)):
            if len(side) == 1 and side[0].name is None and more >= number:
                if side[0] in rest:
                    self.contradiction(one, other, rule)
                side[0].bound = Sum(rest, more - number)
                side[0].because = self.because
                return True
        if all(part.name for part in left + right) or not left or not right:
            if not left and sum(1 for _ in right) and n > m:
                self.contradiction(one, other, rule)
            if not right and m > n:
                self.contradiction(one, other, rule)
            if all(part.name for part in left + right):
                self.contradiction(one, other, rule)
        return False

    def retry(self) -> None:
        """Constraints that could not be decided at first, as long as that helps."""
        while self.deferred:
            waiting, self.deferred = self.deferred, []
            for one, other, because in waiting:
                self.because = because
                self.unify(one, other)
            if len(self.deferred) == len(waiting):
                self.because = self.deferred[0][2]
                self.fail(
                    f"the widths {self.text(self.deferred[0][0])} and"
                    f" {self.text(self.deferred[0][1])} cannot be told apart; declare one, as h: 64"
                )

    def fail(self, message: str) -> NoReturn:
        statement = self.because
        source = self.written.source
        if source is None or statement is None:
            raise WidthError(message)
        raise WidthError(source.mark(statement.place, message))

    def contradiction(self, one: Sum, other: Sum, rule: str) -> NoReturn:
        lines = [
            f"a contradiction of widths: {self.text(one)} here meets {self.text(other)}"
            + (f" ({rule})" if rule else "")
        ]
        seen = [self.because]
        for width in (one, other):
            for statement in self.reasons(width):
                if statement not in seen:
                    seen.append(statement)
                    lines.append(f"  {self.text(width)} comes from {self.quote(statement)}")
        message, *reasons = lines
        try:
            self.fail(message)
        except WidthError as error:
            raise WidthError("\n".join([str(error), *reasons])) from None

    def reasons(self, width: Sum) -> list[Statement]:
        """The statements that gave a width its value."""
        found: list[Statement] = []
        for part in width.parts:
            if part.bound is not None:
                if part.because is not None:
                    found.append(part.because)
                found += self.reasons(part.bound)
        return found

    def quote(self, statement: Statement) -> str:
        said = (
            show_definition(statement)
            if isinstance(statement, Definition)
            else show_declaration(statement)
        )
        return f"`{said}`" + (f", line {statement.place.line}" if statement.place else "")

    def text(self, width: Sum) -> str:
        parts, number = self.flat(width)
        names = [self.describe(part) for part in parts]
        return " + ".join(names + [str(number)] * (number > 0 or not names))

    def describe(self, part: Unknown) -> str:
        if part.name:
            return part.name
        for name, shape in self.shapes.items():
            for place, width in zip(("the rows of", "the columns of"), shape, strict=False):
                if self.flat(width) == ([part], 0):
                    return f"{place} {name}" if len(shape) == 2 else f"the width of {name}"
        return "an open width"

    # names

    def named(self) -> Symbols:
        """Every open width gets its name, and every symbol its shape."""
        taken = set(self.rigid)
        for name, unknown in self.candidates():
            if unknown.name is None:
                unknown.name = _free(name, taken)
                taken.add(unknown.name)
        done: Symbols = {}
        for name, symbol in self.symbols.items():
            shape = tuple(self.final(name, width) for width in self.shapes[name])
            done[name] = replace(symbol, shape=shape)
        return done

    def candidates(self) -> list[tuple[str, Unknown]]:
        """The open widths in the order in which they are named, each with its name."""
        inputs = [s for s in self.symbols.values() if s.role == "input"]
        inputs.sort(key=lambda s: s.name != "x")
        targets = [s for s in self.symbols.values() if s.role == "target"]
        lagged = {
            node.name
            for d in self.written.definitions
            for node in walk(d.body)
            if isinstance(node, Ref) and node.base == "t" and node.shift
        }
        variables = [s for s in self.symbols.values() if s.role in ("variable", "adjoint")]
        variables.sort(key=lambda s: s.name not in lagged)
        found: list[tuple[str, Unknown]] = []
        for letter, group in (("D", inputs), ("C", targets), ("H", variables)):
            first = True
            for symbol in group:
                if not self.shapes[symbol.name]:
                    continue
                parts, number = self.flat(self.shapes[symbol.name][0])
                if len(parts) == 1 and not number and parts[0] not in [u for _, u in found]:
                    if parts[0].name is None:
                        found.append((letter if first else f"{letter}_{symbol.name}", parts[0]))
                    first = False
        return found

    def final(self, name: str, width: Sum) -> Width:
        parts, number = self.flat(width)
        names = [part.name for part in parts if part.name]
        if len(names) < len(parts):
            self.because = next(
                d
                for d in self.written.definitions
                if any(isinstance(n, Ref) and n.name == name for n in walk(d.body))
                or d.target.name == name
            )
            matrix = len(self.shapes[name]) == 2
            example = f"{name}: (D, K)" if matrix else f"{name}: K"
            self.fail(f"the width of {name} stays open; declare it, for instance {example}")
        return Width(tuple(names), number)


def _right(expr: Expr) -> list[Ref]:
    """The parameter right of an @, if the expression is such a product."""
    match expr:
        case MatMul(left=Transpose()):
            return []
        case MatMul(right=Ref() as ref) | MatMul(right=Transpose(arg=Ref() as ref)):
            return [ref]
    return []


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken or candidate in ("T", "B"):
        candidate, number = f"{name}_{number}", number + 1
    return candidate
