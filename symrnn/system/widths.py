"""The shapes of all names, from the equations in which they stand.

Operands of + and * share a width, unless one is narrow: of width 1 by declaration, or built from
nothing but such values. Dimensions get names in a fixed order of preference.
"""

from dataclasses import replace

from symrnn.language.elementwise import is_elementwise
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    NARROW,
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
from symrnn.system.dimensions import name_open_widths
from symrnn.system.matrices import matrices
from symrnn.system.narrow import Narrow
from symrnn.system.occurrences import head_names, occurrences
from symrnn.system.symbols import Symbols
from symrnn.system.unify import (
    MAX_PARTS,
    ONE,
    Statement,
    Sum,
    Unifier,
    Unknown,
    flat,
    is_one,
    unknown,
)

Shape = tuple[Sum, ...]


def infer(written: Written, symbols: Symbols) -> Symbols:
    """The symbols with their shapes. Raises WidthError for a contradiction or an open width.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.resolve import resolve
    >>> shapes = resolve(parse("g: 1; g[t] = sigmoid(x[t] @ w); h[t] = g[t] * h[t-1] + x[t] @ W"))
    >>> {name: " × ".join(map(str, s.shape)) for name, s in shapes.items()}
    {'x': 'D', 'w': 'D × 1', 'g': '1', 'h': 'H', 'W': 'D × H'}
    """
    try:
        return _Inference(written, symbols).solve()
    except _OneNumberError as found:
        said = tuple(Declaration(name, "width", (NARROW,)) for name in found.names)
        return infer(replace(written, declarations=(*written.declarations, *said)), symbols)


class _OneNumberError(Exception):
    """What a loss is made of is one number for each sequence, as the loss is: L = y - yhat."""

    def __init__(self, names: list[str]) -> None:
        self.names = names


class _Inference:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.written = written
        self.symbols = symbols
        self.widths = Unifier(written.source)
        self.rigid: dict[str, Unknown] = {}
        self.shapes: dict[str, Shape] = {}
        self.matrices = matrices(written, symbols)
        self.of_weights = False
        """Whether what is read may be a matrix: in what is computed of parameters alone."""

    def solve(self) -> Symbols:
        for name in self.symbols:
            self.shape(name)
        self.describe()
        self.read_declarations()
        self.narrow = self.find_narrow()
        for definition in self.written.definitions:
            self.widths.because = definition
            self.define(definition)
        self.widths.finish()
        name_open_widths(self.written, self.symbols, self.shapes, {"T", "B", *self.rigid})
        self.check_sizes()
        return {
            name: replace(symbol, shape=tuple(self.final(name, w) for w in self.shapes[name]))
            for name, symbol in self.symbols.items()
        }

    # shapes before anything is known of them

    def shape(self, name: str) -> Shape:
        """The shape of a name; an adjoint shares it with what it is the adjoint of."""
        if name not in self.shapes:
            symbol = self.symbols[name]
            if symbol.role == "constant" or name == "L":
                self.shapes[name] = ()
            elif symbol.of is not None:
                self.shapes[name] = self.shape(symbol.of.name)
            elif name in self.matrices:
                self.shapes[name] = (unknown(), unknown())
            else:
                self.shapes[name] = (unknown(),)
        return self.shapes[name]

    def describe(self) -> None:
        for name, shape in self.shapes.items():
            axes = ("the width of",) if len(shape) == 1 else ("the rows of", "the columns of")
            for axis, width in zip(axes, shape, strict=bool(shape)):
                self.widths.descriptions.setdefault(width.parts[0], f"{axis} {name}")

    def read_declarations(self) -> None:
        for declaration in self.written.declarations:
            if not isinstance(declaration.value, tuple):
                continue
            shape, said = self.shapes[declaration.name], declaration.value
            self.widths.because = declaration
            if len(said) != len(shape):
                kinds = ("one number", "a row or a vector, h: 64", "a matrix, W: (D, H)")
                self.widths.fail(f"{declaration.name} is {kinds[len(shape)]}")
            for own, width in zip(shape, said, strict=True):
                self.widths.unify(own, self.given(width))

    def given(self, width: Width) -> Sum:
        """A width as the text writes it; its names are rigid."""
        return Sum([self.rigid.setdefault(n, Unknown(n)) for n in width.names], width.number)

    def find_narrow(self) -> Narrow:
        rows = {name: shape[-1] for name, shape in self.shapes.items() if shape}
        variables = {
            name
            for name, width in rows.items()
            if self.symbols[name].role in ("variable", "weight", "adjoint", "total")
            and self.symbols[name].of is None
            and not _is_wide(width)
        }
        return Narrow(
            self.written,
            self.symbols,
            {name for name, width in rows.items() if is_one(width)},
            variables,
            lambda expr: (shape := self.plain(expr)) is not None and is_one(shape[1]),
            lambda width: is_one(self.given(width)),
        )

    # equations

    def define(self, definition: Definition) -> None:
        name, body = definition.target.name, definition.body
        target = self.symbols[name]
        if target.role == "constant":
            return
        if name == "L":
            self.loss(body)
        elif target.role == "total":
            self.of_weights = True
            shape = self.shapes[name]
            for found, own in zip(self.total(body, len(shape)), shape, strict=True):
                self.widths.unify(found, own)
            self.of_weights = False
        elif target.role == "weight":
            self.weight(name, body)
        else:
            width = self.width(body) or ONE
            if self.narrow.name(name) or not self.narrow.expr(body):
                self.widths.unify(self.shapes[name][0], width)

    def weight(self, name: str, body: Expr) -> None:
        """What is computed of parameters alone: a vector, or a matrix."""
        shape = self.shapes[name]
        rows, width = self.entries(body)
        if len(shape) == 2:
            if rows is None:
                self.widths.fail(f"{name} is a matrix, and this is none; multiply it with one")
            self.widths.unify(shape[0], rows)
        if self.narrow.name(name) or not self.narrow.expr(body):
            self.widths.unify(shape[-1], width or ONE)

    def entries(self, expr: Expr) -> tuple[Sum | None, Sum | None]:
        """Rows and width of what is computed of parameters alone; a vector has no rows."""
        before, self.of_weights = self.of_weights, True
        width, rows = self.width(expr), self.rows(expr)
        self.of_weights = before
        return rows, width

    def rows(self, expr: Expr) -> Sum | None:
        """The rows of a matrix; None for a vector or a number, which is spread over them."""
        match expr:
            case Ref(name=name):
                shape = self.shapes[name]
                return shape[0] if len(shape) == 2 else None
            case Transpose(arg=arg):
                return self.width(arg)
            case MatMul(left=left):
                return self.rows(left)
            case Call(function="total" | "batchsum"):
                return None
            case Part() | Pad() | Call(function="concat"):
                if any(self.rows(child) is not None for child in children(expr)):
                    self.widths.fail("part, pad and concat take rows, not matrices")
                return None
        found = [rows for child in children(expr) if (rows := self.rows(child)) is not None]
        for other in found[1:]:
            self.widths.unify(found[0], other)
        return found[0] if found else None

    def loss(self, body: Expr) -> None:
        width = self.width(body)
        if width is not None and not self.narrow.expr(body):
            if names := self.of_loss_alone(width):
                raise _OneNumberError(names)
            self.widths.fail(
                "the loss is one number for each sequence, and this may be wider:"
                f" {self.widths.text(width)}; expected a loss such as bce(y, yhat), or the"
                " rowsum of a formula whose target is declared, y: target"
            )

    def of_loss_alone(self, width: Sum) -> list[str]:
        """The variables of a width that nothing has fixed, if only the loss reads them."""
        parts, number = flat(width)
        if number or len(parts) != 1 or parts[0].name is not None:
            return []
        found = [
            name
            for name, shape in self.shapes.items()
            if len(shape) == 1 and flat(shape[0]) == (parts, 0)
            if self.symbols[name].role in ("variable", "target", "input")
        ]
        known = head_names(self.written)
        judged = [name for name in found if self.symbols[name].role == "variable"]
        return found if judged and all(name in known for name in judged) else []

    def width(self, expr: Expr) -> Sum | None:
        """The width of an expression; None for a number, which takes any."""
        with self.widths.reading(expr):
            return self._width(expr)

    def _width(self, expr: Expr) -> Sum | None:
        match expr:
            case Num() | Size():
                return None
            case Ref(name=name):
                shape = self.shapes[name]
                if len(shape) > 1 and not self.of_weights:
                    self.widths.fail(f"{name} is a matrix; beside rows it stands right of an @")
                return shape[-1] if shape else None
            case Neg() | Add() | Mul() | Div() | Pow():
                return self.together(children(expr))
            case MatMul(left=left, right=right):
                return self.product(left, right)
            case Part(arg=arg, width=said) | Pad(arg=arg, total=said):
                if self.width(arg) is None:
                    self.widths.fail("expected a row with features, not a number")
                return self.given(said)
            case Transpose(arg=arg):
                if not self.of_weights:
                    self.widths.fail("transpose(…) of a row stands left of an @, in a gradient")
                rows = self.rows(arg)
                if rows is None:
                    self.widths.fail("transpose(…) takes a matrix; a vector has no other form")
                return rows
            case Call(function="total", args=(arg,)):
                self.entries(arg)
                return ONE
            case Call():
                return self.call(expr)

    def together(self, operands: tuple[Expr, ...]) -> Sum | None:
        """Operands share a width; a narrow one is spread, unless all are narrow."""
        found = [(operand, self.width(operand)) for operand in operands]
        known = [(operand, width) for operand, width in found if width is not None]
        wide = [width for operand, width in known if not self.narrow.expr(operand)]
        for width in wide[1:]:
            self.widths.unify(wide[0], width)
        if wide:
            return wide[0]
        for _, width in known:
            self.widths.unify(width, ONE)
        return known[0][1] if known else None

    def product(self, left: Expr, right: Expr) -> Sum:
        width = self.width(left)
        rows, columns = self.plain(right) or self.entries(right)
        if rows is None or columns is None:
            self.widths.fail("right of @ stands a matrix: W, transpose(W), W * M")
        if width is None:
            self.widths.fail("left of @ stands a row, not a number")
        self.widths.unify(width, rows)
        return columns

    def plain(self, expr: Expr) -> tuple[Sum, Sum] | None:
        match expr:
            case Ref(name=name) if len(self.shapes[name]) == 2:
                rows, columns = self.shapes[name]
                return rows, columns
            case Transpose(arg=Ref(name=name)) if len(self.shapes[name]) == 2:
                rows, columns = self.shapes[name]
                return columns, rows
        return None

    def call(self, call: Call[Expr]) -> Sum | None:
        function = call.function
        if function == "batchsum":
            self.widths.fail("batchsum(…) belongs to a gradient; a variable has a row a sequence")
        if is_elementwise(call) or function in TIME:
            return self.together(call.args)
        widths = [self.width(arg) for arg in call.args]
        known = [width for width in widths if width is not None]
        if len(known) < len(widths):
            self.widths.fail(f"{function}(…) takes rows with features, not a number")
        if function in LOSSES:
            self.widths.unify(known[0], known[1])
        if function == "softmax":
            return known[0]
        if function == "concat":
            joined = Sum([p for w in known for p in w.parts], sum(w.number for w in known))
            if sum(len(flat(width)[0]) for width in known) > MAX_PARTS // 2:
                self.widths.fail("a width of too many parts; join fewer rows by concat")
            return joined
        return ONE

    def total(self, expr: Expr, rank: int) -> Shape:
        """The shape of a gradient: transpose(a) @ b, batchsum(v), and sums of these."""
        match expr:
            case Num(value=value) if not value:
                return tuple(unknown() for _ in range(rank))
            case Call(function="sum", args=(arg,)):
                return self.total(arg, rank)
            case Call(function="batchsum", args=(arg,)) if rank == 1:
                width = self.width(arg) or ONE
                return (unknown(),) if self.narrow.expr(arg) else (width,)
            case MatMul(left=Transpose(arg=left), right=right) if rank == 2:
                front, back = self.width(left), self.width(right)
                if front is not None and back is not None:
                    return front, back
            case Add(terms=terms):
                shape, *others = [self.total(term, rank) for term in terms]
                for other in others:
                    for one, two in zip(shape, other, strict=True):
                        self.widths.unify(one, two)
                return shape
        many, wide = self.entries(expr)
        if not any(o.ref.base for o in occurrences(expr)) and rank == 2:
            narrow = wide is None or self.narrow.expr(expr)
            return (many or unknown(), unknown() if narrow else wide or unknown())
        if not any(o.ref.base for o in occurrences(expr)) and many is None:
            return (unknown() if self.narrow.expr(expr) else wide or unknown(),)
        form = "sum(transpose(a[t]) @ b[t])" if rank == 2 else "sum(batchsum(b[t]))"
        self.widths.fail(f"the gradient of this parameter is written {form}, or a sum of such")

    def check_sizes(self) -> None:
        """Parts lie inside of what they are taken from, and sizes are those of known dimensions."""
        known = {"T", "B", *self.rigid}
        known |= {
            p.name for shape in self.shapes.values() for w in shape for p in flat(w)[0] if p.name
        }
        for definition in self.written.definitions:
            self.widths.because = definition
            for node in walk(definition.body):
                with self.widths.reading(node):
                    self.check_size(node, known)

    def check_size(self, node: Expr, known: set[str]) -> None:
        match node:
            case Size(width=width):
                for name in width.names:
                    if name not in known:
                        self.widths.fail(f"no width is called {name}; declare it: v: {name}")
            case Part(arg=arg, skip=skip, width=width) if whole := self.width(arg):
                self.check_inside(whole, self.given(skip + width))
            case Pad(arg=arg, skip=skip, total=total) if inner := self.width(arg):
                parts = [*self.given(skip).parts, *inner.parts]
                self.check_inside(self.given(total), Sum(parts, skip.number + inner.number))

    def check_inside(self, whole: Sum, part: Sum) -> None:
        """Refuse a part that is surely larger than the whole."""
        (large, m), (small, n) = flat(whole), flat(part)
        for unknown_part in list(large):
            if unknown_part in small:
                large.remove(unknown_part)
                small.remove(unknown_part)
        if not large and (n > m or (small and n >= m)):
            self.widths.fail(
                f"{self.widths.text(part)} features do not fit into {self.widths.text(whole)}"
            )

    def final(self, name: str, width: Sum) -> Width:
        parts, number = flat(width)
        known = tuple(part.name for part in parts if part.name)
        if len(known) < len(parts):
            self.widths.because = self.mention(name)
            axes = [flat(axis) for axis in self.shapes[name]]
            said = ["K" if any(not p.name for p in open_) else "" for open_, _ in axes]
            said = [s or self.widths.text(w) for s, w in zip(said, self.shapes[name], strict=True)]
            example = f"{name}: {said[0] if len(said) == 1 else '(' + ', '.join(said) + ')'}"
            self.widths.fail(f"the width of {name} stays open; declare it, for instance {example}")
        return Width(known, number)

    def mention(self, name: str) -> Statement | None:
        """The first definition in which a name stands, or else what declares it."""
        for definition in self.written.definitions:
            read = (node.name for node in walk(definition.body) if isinstance(node, Ref))
            if name in (definition.target.name, *read):
                return definition
        return next((d for d in self.written.declarations if d.name == name), None)


def _is_wide(width: Sum) -> bool:
    """Whether a width is known, and is not 1."""
    parts, number = flat(width)
    return any(part.name for part in parts) or (not parts and number != 1)
