"""The shapes of all names, from the equations in which they stand.

Operands of + and * share a width, unless one is narrow: of width 1 by declaration, or built from
nothing but such values. Dimensions get names in a fixed order of preference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from symrnn.language.tree import (
    NARROW,
    Declaration,
    Definition,
    Expr,
    Pad,
    Part,
    Ref,
    Size,
    Width,
    Written,
    walk,
)
from symrnn.system import names
from symrnn.system.expression_widths import ExpressionWidths, Shape, matrix_of
from symrnn.system.matrices import Narrow, matrices
from symrnn.system.occurrences import head_names
from symrnn.system.symbols import Symbols
from symrnn.system.unify import (
    ONE,
    OpenWidth,
    Statement,
    Unifier,
    Unknown,
    flat,
    is_one,
    unknown,
)


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
        self.unifier = Unifier(written.source)
        self.rigid: dict[str, Unknown] = {}
        self.shapes: dict[str, Shape] = {}
        self.matrices = matrices(written, symbols)

    def solve(self) -> Symbols:
        for name in self.symbols:
            self.shape(name)
        self.describe()
        self.read_declarations()
        self.narrow = self.find_narrow()
        self.read = ExpressionWidths(self.unifier, self.shapes, self.given, self.narrow.expr)
        for definition in self.written.definitions:
            self.unifier.because = definition
            self.define(definition)
        self.unifier.finish()
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
                self.unifier.descriptions.setdefault(width.parts[0], f"{axis} {name}")

    def read_declarations(self) -> None:
        for declaration in self.written.declarations:
            if not isinstance(declaration.value, tuple):
                continue
            shape, said = self.shapes[declaration.name], declaration.value
            self.unifier.because = declaration
            if len(said) != len(shape):
                kinds = ("one number", "a row or a vector, h: 64", "a matrix, W: (D, H)")
                self.unifier.fail(f"{declaration.name} is {kinds[len(shape)]}")
            for own, width in zip(shape, said, strict=True):
                self.unifier.unify(own, self.given(width))

    def given(self, width: Width) -> OpenWidth:
        """A width as the text writes it; its names are rigid."""
        return OpenWidth([self.rigid.setdefault(n, Unknown(n)) for n in width.names], width.number)

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
            lambda expr: (shape := matrix_of(expr, self.shapes)) is not None and is_one(shape[1]),
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
            shape = self.shapes[name]
            for found, own in zip(self.read.gradient(body, len(shape)), shape, strict=True):
                self.unifier.unify(found, own)
        elif target.role == "weight":
            self.weight(name, body)
        else:
            width = self.read.width(body) or ONE
            if self.narrow.name(name) or not self.narrow.expr(body):
                self.unifier.unify(self.shapes[name][0], width)

    def weight(self, name: str, body: Expr) -> None:
        """What is computed of parameters alone: a vector, or a matrix."""
        shape = self.shapes[name]
        rows, width = self.read.entries(body)
        if len(shape) == 2:
            if rows is None:
                self.unifier.fail(f"{name} is a matrix, and this is none; multiply it with one")
            self.unifier.unify(shape[0], rows)
        if self.narrow.name(name) or not self.narrow.expr(body):
            self.unifier.unify(shape[-1], width or ONE)

    def loss(self, body: Expr) -> None:
        width = self.read.width(body)
        if width is not None and not self.narrow.expr(body):
            if names := self.of_loss_alone(width):
                raise _OneNumberError(names)
            self.unifier.fail(
                "the loss is one number for each sequence, and this may be wider:"
                f" {self.unifier.text(width)}; expected a loss such as bce(y, yhat), or the"
                " rowsum of a formula whose target is declared, y: target"
            )

    def of_loss_alone(self, width: OpenWidth) -> list[str]:
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

    def check_sizes(self) -> None:
        """Parts lie inside of what they are taken from, and sizes are those of known dimensions."""
        known = {"T", "B", *self.rigid}
        known |= {
            p.name for shape in self.shapes.values() for w in shape for p in flat(w)[0] if p.name
        }
        for definition in self.written.definitions:
            self.unifier.because = definition
            for node in walk(definition.body):
                with self.unifier.reading(node):
                    self.check_size(node, known)

    def check_size(self, node: Expr, known: set[str]) -> None:
        match node:
            case Size(width=width):
                for name in width.names:
                    if name not in known:
                        self.unifier.fail(f"no width is called {name}; declare it: v: {name}")
            case Part(arg=arg, skip=skip, width=width) if whole := self.read.width(arg):
                self.check_inside(whole, self.given(skip + width))
            case Pad(arg=arg, skip=skip, total=total) if inner := self.read.width(arg):
                parts = [*self.given(skip).parts, *inner.parts]
                self.check_inside(self.given(total), OpenWidth(parts, skip.number + inner.number))

    def check_inside(self, whole: OpenWidth, part: OpenWidth) -> None:
        """Refuse a part that is surely larger than the whole."""
        (large, m), (small, n) = flat(whole), flat(part)
        for unknown_part in list(large):
            if unknown_part in small:
                large.remove(unknown_part)
                small.remove(unknown_part)
        if not large and (n > m or (small and n >= m)):
            self.unifier.fail(
                f"{self.unifier.text(part)} features do not fit into {self.unifier.text(whole)}"
            )

    def final(self, name: str, width: OpenWidth) -> Width:
        parts, number = flat(width)
        known = tuple(part.name for part in parts if part.name)
        if len(known) < len(parts):
            self.unifier.because = self.mention(name)
            axes = [flat(axis) for axis in self.shapes[name]]
            said = ["K" if any(not p.name for p in open_) else "" for open_, _ in axes]
            said = [s or self.unifier.text(w) for s, w in zip(said, self.shapes[name], strict=True)]
            example = f"{name}: {said[0] if len(said) == 1 else '(' + ', '.join(said) + ')'}"
            self.unifier.fail(f"the width of {name} stays open; declare it, for instance {example}")
        return Width(known, number)

    def mention(self, name: str) -> Statement | None:
        """The first definition in which a name stands, or else what declares it."""
        for definition in self.written.definitions:
            read = (node.name for node in walk(definition.body) if isinstance(node, Ref))
            if name in (definition.target.name, *read):
                return definition
        return next((d for d in self.written.declarations if d.name == name), None)


def _is_wide(width: OpenWidth) -> bool:
    """Whether a width is known, and is not 1."""
    parts, number = flat(width)
    return any(part.name for part in parts) or (not parts and number != 1)


def name_open_widths(
    written: Written, symbols: Symbols, shapes: Mapping[str, tuple[OpenWidth, ...]], taken: set[str]
) -> None:
    """Give a name to each open width that an input, a target or a variable has: D for x, C for the
    target, H for the first state. What comes after the first of its sort is named after its
    variable: H_q, D_u."""
    for letter, group in _groups(written, symbols):
        first = True
        for name in group:
            parts, number = flat(shapes[name][0])
            if len(parts) != 1 or number:
                continue
            known = parts[0].name is not None
            if not known:
                parts[0].name = names.free(letter if first else f"{letter}_{name}", taken)
                taken.add(parts[0].name)
            # a state that is as wide as the target leaves the H to the next one
            first = first and known and letter == "H"


def _groups(written: Written, symbols: Symbols) -> Iterator[tuple[str, list[str]]]:
    """Inputs with x first, targets, and variables with the states first."""
    lagged = {
        node.name
        for definition in written.definitions
        for node in walk(definition.body)
        if isinstance(node, Ref) and node.base == "t" and node.shift
    }
    for letter, role in (("D", "input"), ("C", "target"), ("H", "variable"), ("H", "adjoint")):
        group = [symbol.name for symbol in symbols.values() if symbol.role == role]
        group.sort(key=lambda name: (name != "x", name not in lagged))
        yield letter, group
