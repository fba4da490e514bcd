"""Equations as a Python module that needs SymPy alone, for further work on them.

Every formula has a shape. What is 1 × 1 is a number, written with symbols; all else is a matrix
expression, whose symbols have the shapes that the model gives them. So one writer serves the
scalar and the matrix form. A name that the equations define is assigned before it is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from math import isfinite, prod

from symrnn.derivation.columns import flipped
from symrnn.derivation.derivation import Derivation
from symrnn.derivation.formula import (
    Apply,
    Big,
    Blank,
    Blocks,
    Bracket,
    Carried,
    Carry,
    Chain,
    Diagonal,
    Equation,
    Eye,
    Formula,
    Immediate,
    Marked,
    Minus,
    Name,
    Odot,
    Ones,
    Power,
    Product,
    Ratio,
    Sheet,
    Slice,
    Sum,
    Times,
    Total,
    Transposed,
    Value,
    Zeros,
    map_children,
    walk,
)
from symrnn.derivation.letters import Letters, time_text, unavailable
from symrnn.derivation.notation import GREEK
from symrnn.derivation.printing.plain import Plain
from symrnn.errors import CheckError, UsageError
from symrnn.functions import ELEMENTWISE, LOSSES
from symrnn.language.parse import parse_expression
from symrnn.language.printer import is_decimal, show_number
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Size,
    Width,
)

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a text binds in Python; a sign binds like a sum, to be safe."""

ROOM = 88
"""A sum whose text is longer has a line for each term."""

Shape = tuple[Width, Width]
NUMBER: Shape = (NARROW, NARROW)

SYMPY = {name: name for name in ("tanh", "exp", "log", "sin", "cos", "sqrt")} | {"abs": "Abs"}
"""Functions that SymPy has."""

ACROSS = ("softmax", "logsumexp")
"""Functions of a row."""


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression, how tightly it binds, and the shape of its value."""

    text: str
    binds: int = ATOM
    shape: Shape = NUMBER
    terms: tuple[str, ...] = ()
    """The terms of a sum, each with its sign, in case it needs several lines."""

    @property
    def is_number(self) -> bool:
        return self.shape == NUMBER

    def within(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


def python_text(
    sheets: Sequence[Sheet],
    derivation: Derivation,
    letters: Letters,
    comments: Sequence[str] = (),
    deltas: Mapping[str, str] | None = None,
) -> str:
    """A module that declares the symbols of the equations and assigns every left side.

    `comments` come first, a line each. Above each assignment stands the equation in print.
    """
    if not derivation.unrolled:
        raise UsageError("the sympy format needs a number of steps; say --steps T")
    equations = [equation for sheet in sheets for equation in sheet.equations]
    return _Module(derivation, equations, letters, deltas).text(comments)


class _Module:
    """What is written so far: definitions, and what they need."""

    def __init__(
        self,
        derivation: Derivation,
        equations: Iterable[Equation],
        letters: Letters,
        deltas: Mapping[str, str] | None,
    ) -> None:
        self.rows, self.steps = derivation.rows, derivation.system.steps or 0
        self.letters, self.plain = letters, Plain(letters, deltas)
        self.columns = letters.notation.orientation == "column" and not derivation.scalar
        """Whether a variable is a column, and every matrix the transpose of the model's."""
        self.defined: dict[Formula, Equation] = {}
        for equation in equations:
            for each in _instances(equation, self.steps):
                self.defined.setdefault(_assigned(each), each)
        self.imports: set[str] = set()
        self.symbols: dict[str, Shape] = {}
        self.constants: dict[str, str] = {}
        self.dimensions: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        """Functions that SymPy has not, each after those that it calls."""
        self.reads: dict[Formula, None] = {}
        """The left sides that the equation in work reads."""
        self.shapes: dict[Formula, Shape] = {}
        self.names: dict[Formula, str] = {}
        self.taken = set(unavailable()) | set(ELEMENTWISE) | set(ACROSS)
        self._name_all()
        self.argument, self.entry = self._free("g"), self._free("x")
        self.carried = Code(self.argument)
        """What stands for the row that a `Carry` takes."""

    # names

    def _name_all(self) -> None:
        """The model's letters come first, then ∂L/∂v, then immediate derivatives."""
        used = {
            _key(part): None
            for equation in self.defined.values()
            for formula in (equation.left, *equation.rights)
            for part in walk(formula)
        }
        used.update(dict.fromkeys(self.defined))
        for part in used:
            if isinstance(part, Ref) and part.name:
                self.names[part] = self.letters.python(part)
            elif isinstance(part, Marked):
                self.names[part.arg] = self.letters.python(part.arg)
        self.taken |= set(self.names.values())
        for kind in (Name, Marked, Total, Immediate):
            for part in used:
                if isinstance(part, kind) and part not in self.names:
                    self.names[part] = self._derived(part)

    def _derived(self, key: Name | Marked | Total | Immediate) -> str:
        if isinstance(key, Marked):
            return self._free(f"{self.names[key.arg]}_{key.mark}")
        if isinstance(key, Name):
            letter = _SPELT.get(key.letter, key.letter.removeprefix("\\"))
            time = time_text(key.at).replace("-", "m").replace("+", "p")
            return self._free(f"{letter}_{time}" if time else letter)
        name = f"d{self.names[_key(key.of)]}_d{self.names[_key(key.by)]}"
        if isinstance(key, Immediate) and name in self.taken:
            return self._free(f"{name}_immediate")
        return self._free(name)

    def _free(self, wanted: str) -> str:
        """The name, with underscores behind it if it is taken."""
        found = next(n for n in (wanted + "_" * i for i in count()) if n not in self.taken)
        self.taken.add(found)
        return found

    def use(self, name: str) -> str:
        """A name of SymPy's, imported."""
        self.imports.add(name)
        return name

    # the module

    def text(self, comments: Sequence[str]) -> str:
        bodies: dict[Formula, str] = {}
        needs: dict[Formula, list[Formula]] = {}
        for key, equation in self.defined.items():
            self.reads = {}
            bodies[key] = self.definition(key, equation)
            needs[key] = list(self.reads)
        declared = self.declarations()
        parts = ["\n".join(f"# {line}".rstrip() for line in comments)]
        parts += [_import(sorted(self.imports)) if self.imports else "", "\n".join(declared)]
        parts += [f"\n{text}\n" for text in self.functions.values()]
        parts += [bodies[key] for key in _in_order(needs)]
        # two empty lines around a function, one between assignments
        text = "\n\n".join(part for part in parts if part) + "\n"
        while "\n\n\n\n" in text:
            text = text.replace("\n\n\n\n", "\n\n\n")
        return text.rstrip("\n") + "\n"

    def declarations(self) -> list[str]:
        numbers = [name for name, shape in self.symbols.items() if shape == NUMBER]
        matrices = []
        for name, (rows, columns) in self.symbols.items():
            if (rows, columns) != NUMBER:
                shape = f"{self.wide(rows)}, {self.wide(columns)}"
                matrices.append(f'{name} = {self.use("MatrixSymbol")}("{name}", {shape})')
        return [
            *self._symbols(list(self.dimensions.values()), "integer=True, positive=True"),
            *self._symbols(numbers, "real=True"),
            *matrices,
            *(f"{name} = {value}" for name, value in self.constants.items()),
        ]

    def _symbols(self, names: Sequence[str], assumptions: str) -> Iterator[str]:
        for some in _chunks(names, (ROOM - len(assumptions) - 16) // 2):
            spelt = " ".join(some)
            yield f'{", ".join(some)} = {self.use("symbols")}("{spelt}", {assumptions})'

    def definition(self, key: Formula, equation: Equation) -> str:
        """The equation in print, and what it is in Python."""
        printed = self.plain.equation(equation, ROOM)
        above = "".join(f"# {line.rstrip()}\n" for line in printed.split("\n"))
        name, right = self.names.get(key), _right(equation)
        if name is None:
            raise UsageError(f"the sympy format cannot assign to {self.plain.line(equation.left)}")
        if isinstance(right, Carry):
            body = self.carry(right)
            return f"\n{above}def {name}({self.argument}):\n    return {_wrapped(body, 4)}\n"
        exact = _exact(right)
        body = self.code(right) if exact is None else Code(self.number(exact, True))
        shape = self.shape_of(key)
        if body.is_number and shape != NUMBER:
            body = self.filled(body, shape, exact)
        return f"{above}{name} = {_wrapped(body, 0)}"

    # what is read

    def shape_of(self, key: Formula) -> Shape:
        """The shape of what a name stands for."""
        if key not in self.shapes:
            self.shapes[key] = self._shape_of(key)
        return self.shapes[key]

    def _shape_of(self, key: Formula) -> Shape:
        match key:
            case Ref(name=name) | Total(of=Ref("L"), by=Ref(name=name)):
                return self.turned(self.rows.shape_of(name))
            case Marked(arg=ref):
                return self.shape_of(ref)
        if key in self.defined:
            right = _right(self.defined[key])
            kept = self.reads
            found = self.carry(right) if isinstance(right, Carry) else self.code(right)
            self.reads = kept
            return found.shape
        match key:
            case Immediate(of=Ref(name="L"), by=Ref(name=name)):
                return self.turned(self.rows.shape_of(name))
            case Total(of=Ref() as of, by=Ref() as by) | Immediate(of=Ref() as of, by=Ref() as by):
                if self.rows.is_matrix(by.name):
                    raise UsageError(
                        f"{self.plain.line(key)} has no formula, and more than two axes; the sympy"
                        " format needs the local derivatives too, the closed view or --scalar"
                    )
                return self.turned((self.rows.width_of(by), self.rows.width_of(of)))
        return NUMBER

    def turned(self, shape: Shape) -> Shape:
        """The shape, of what stands for the transpose where variables are columns."""
        return (shape[1], shape[0]) if self.columns else shape

    def read(self, key: Formula) -> Code:
        """A name: assigned elsewhere, or declared."""
        name = self.names[key]
        if key in self.defined:
            self.reads[key] = None
            return Code(name, shape=self.shape_of(key))
        if isinstance(key, Total) and isinstance(key.by, Ref) and self.is_outside(key.by):
            return self.constant("ZeroMatrix", "0", *self.shape_of(key))
        if isinstance(key, Ref):
            value = self.rows.symbols[key.name].value
            if value is not None:
                self.constants[name] = self.number(value, True)
                return Code(name)
        self.symbols[name] = self.shape_of(key)
        return Code(name, shape=self.symbols[name])

    def is_outside(self, ref: Ref) -> bool:
        """Whether a step is none of 1…T: there a total derivative is zero unless said otherwise."""
        return ref.base == "1" and not 0 <= ref.shift < self.steps

    # formulas

    def code(self, formula: Formula) -> Code:
        exact = _exact(formula)
        if exact is not None:
            return Code(self.number(exact), ATOM if exact >= 0 else SUM)
        match formula:
            case Ref() | Total() | Immediate() | Name() | Marked():
                return self.read(_key(formula))
            case Size(width=width):
                found = self.rows.width(width)
                return Code(self.wide(found), ATOM if len(found.names) == 1 else SUM)
            case Minus(arg=arg):
                body = self.code(arg)
                return Code(f"-{body.within(PRODUCT)}", SUM, body.shape)
            case Sum(terms=terms):
                return self.sum(terms)
            case Times(factors=factors) | Odot(factors=factors):
                return self.entries([self.code(factor) for factor in factors])
            case Product(factors=factors):
                return self.product([self.code(factor) for factor in factors])
            case Chain(factors=factors):
                return self.chain(factors)
            case Ratio(top=top, bottom=bottom):
                return self.ratio(self.code(top), self.code(bottom))
            case Power(base=base, exponent=exponent):
                return self.power(base, exponent)
            case Apply(function=function, args=args):
                return self.apply(function, args)
            case Bracket(body=body):
                return self.code(body)
            case Big():
                return self.big(formula)
            case Carried():
                return self.carried
            case Value(rows=rows):
                return self.value(rows)
            case Blank():
                raise UsageError("an exercise has gaps, which the sympy format cannot hold")
        return self.matrix(formula)

    def matrix(self, formula: Formula) -> Code:
        """What is a matrix by itself, or made of blocks."""
        match formula:
            case Transposed(arg=arg):
                return _transposed(self.code(arg))
            case Diagonal(arg=arg):
                row = self.code(arg)
                if row.is_number:
                    return row
                width = row.shape[1] if row.shape[0] == NARROW else row.shape[0]
                return Code(f"{self.use('DiagMatrix')}({row.text})", shape=(width, width))
            case Ones(width=width):
                return self.constant("OneMatrix", "1", width, NARROW)
            case Eye(width=width):
                found = self.rows.width(width)
                if found == NARROW:
                    return Code("1")
                return Code(f"{self.use('Identity')}({self.wide(found)})", shape=(found, found))
            case Zeros(rows=rows, columns=columns):
                return self.constant("ZeroMatrix", "0", rows, columns)
            case Slice(arg=Eye(width=width), start=start, stop=stop):
                return self.selection(*map(self.rows.width, (width, start, stop)))
            case Slice(arg=arg, start=start, stop=stop):
                return self.slice(self.code(arg), self.rows.width(start), self.rows.width(stop))
            case Blocks(rows=grid):
                return self.blocks([[self.code(each) for each in row] for row in grid])
        raise UsageError(f"the sympy format cannot hold {self.plain.line(formula)}")

    def number(self, value: Fraction, alone: bool = False) -> str:
        """A number exactly; one that stands alone is SymPy's, not Python's."""
        if value.denominator == 1:
            return f"{self.use('Integer')}({value})" if alone else str(value)
        if is_decimal(value) and value.denominator % 10 == 0:
            return f'{self.use("Rational")}("{show_number(value)}")'
        return f"{self.use('Rational')}({value.numerator}, {value.denominator})"

    def value(self, rows: Sequence[Sequence[float]]) -> Code:
        if len(rows) == len(rows[0]) == 1:
            return Code(self.float(rows[0][0]))
        text = ", ".join("[" + ", ".join(map(self.float, row)) + "]" for row in rows)
        shape = Width((), len(rows)), Width((), len(rows[0]))
        return Code(f"{self.use('ImmutableMatrix')}([{text}])", shape=shape)

    def float(self, x: float) -> str:
        text = repr(x)
        return f"{self.use('Float')}({text if isfinite(x) else repr(text)})"

    def wide(self, width: Width) -> str:
        """A width as an expression of dimensions."""
        found = self.rows.width(width)
        for name in found.names:
            if name not in self.dimensions:
                self.dimensions[name] = self._free(name)
        names = [self.dimensions[name] for name in found.names]
        return " + ".join(names + ([str(found.number)] if found.number or not names else []))

    def constant(self, kind: str, entry: str, rows: Width, columns: Width) -> Code:
        shape = self.rows.width(rows), self.rows.width(columns)
        if shape == NUMBER:
            return Code(entry)
        return Code(f"{self.use(kind)}({self.wide(shape[0])}, {self.wide(shape[1])})", shape=shape)

    def filled(self, number: Code, shape: Shape, exact: Fraction | None) -> Code:
        """A matrix with the number at every place."""
        if exact == 0:
            return self.constant("ZeroMatrix", "0", *shape)
        ones = self.constant("OneMatrix", "1", *shape)
        return ones if exact == 1 else self.product([number, ones])

    # sums and products

    def sum(self, terms: Sequence[Formula]) -> Code:
        """A number among rows stands at every place, as in 1 - O²."""
        signed = [(isinstance(t, Minus), t.arg if isinstance(t, Minus) else t) for t in terms]
        parts = [(negative, self.code(body), _exact(body)) for negative, body in signed]
        shape = next((part.shape for _, part, _ in parts if not part.is_number), NUMBER)
        texts: list[str] = []
        for negative, part, exact in parts:
            if part.is_number and shape != NUMBER:
                part = self.filled(part, shape, exact)
            sign = ("- " if negative else "+ ") if texts else "-" if negative else ""
            texts.append(sign + part.within(PRODUCT))
        return Code(" ".join(texts), SUM, shape, tuple(texts))

    def entries(self, factors: Sequence[Code]) -> Code:
        """Numbers times matrices, these entry by entry."""
        matrices = [factor for factor in factors if not factor.is_number]
        numbers = [factor for factor in factors if factor.is_number]
        if len(matrices) > 1:
            inside = ", ".join(factor.text for factor in matrices)
            text = f"{self.use('HadamardProduct')}({inside})"
            matrices = [Code(text, shape=matrices[0].shape)]
        return self.product([*numbers, *matrices])

    def product(self, factors: Sequence[Code]) -> Code:
        """Matrices in order, numbers among them; what comes out as 1 × 1 is a number: its trace.

        Its entry [0, 0] would be the same, but SymPy writes that out as a sum at once.
        """
        found = factors[0]
        for factor in factors[1:]:
            text = f"{found.within(PRODUCT)}*{factor.within(PRODUCT)}"
            if found.is_number or factor.is_number:
                found = Code(text, PRODUCT, factor.shape if found.is_number else found.shape)
            elif (found.shape[0], factor.shape[1]) != NUMBER:
                found = Code(text, PRODUCT, (found.shape[0], factor.shape[1]))
            elif factor.text.startswith("OneMatrix("):
                found = Code(self.total(found.text))
            else:
                found = Code(f"{self.use('Trace')}({text})")
        return found

    def total(self, row: str) -> str:
        """The sum of the entries of a row or a column."""
        return f"{self.use('Trace')}({self.use('DiagMatrix')}({row}))"

    def chain(self, factors: Sequence[Formula]) -> Code:
        """Each factor carries the row to its left one step back: v̄ Jᵀ, or as a function does."""
        row = self.code(factors[0])
        for factor in factors[1:]:
            key = _key(factor)
            if key in self.defined and isinstance(_right(self.defined[key]), Carry):
                self.reads[key] = None
                row = Code(f"{self.names[key]}({row.text})", shape=self.shape_of(key))
                continue
            matrix = self.code(factor)
            if row.is_number and self.turned(matrix.shape)[0] == NARROW:
                row = self.product([row, matrix])
            else:
                both = [row, _transposed(matrix)]
                row = self.product(both[::-1] if self.columns else both)
        return row

    def carry(self, carry: Carry) -> Code:
        kept = self.carried
        shape = self.turned((NARROW, self.rows.width_of(carry.of)))
        self.carried = Code(self.argument, shape=shape)
        found = self.code(carry.body)
        self.carried = kept
        return found

    def ratio(self, top: Code, bottom: Code) -> Code:
        if bottom.is_number:
            return Code(f"{top.within(PRODUCT)}/{bottom.within(POWER)}", PRODUCT, top.shape)
        below = f"{self.use('HadamardPower')}({bottom.text}, -1)"
        return self.entries([top, Code(below, shape=bottom.shape)])

    def power(self, base: Formula, exponent: Formula) -> Code:
        exact = _exact(base)
        below = self.code(base) if exact is None else Code(self.number(exact, True))
        above = self.code(exponent)
        if below.is_number and above.is_number:
            return Code(f"{below.within(ATOM)}**{above.within(ATOM)}", POWER)
        if below.is_number:
            lifted = f"lambda {self.entry}: {below.within(ATOM)}**{self.entry}"
            text = f"{above.within(ATOM)}.applyfunc({lifted})"
            return Code(text, shape=above.shape)
        return Code(f"{self.use('HadamardPower')}({below.text}, {above.text})", shape=below.shape)

    def big(self, big: Big) -> Code:
        """A sum, each of its terms written out."""
        if big.sign != "sum":
            raise UsageError("the sympy format cannot hold a product over steps")
        if {big.low.base, big.high.base} != {"1"} or big.index == "b":
            raise UsageError("the sympy format shows one sequence; leave the batch away")
        low, high = big.low.shift + 1, big.high.shift + 1
        terms = [_at_step(big.body, big.index, step) for step in range(low, high + 1)]
        return self.sum(terms) if len(terms) > 1 else self.code(terms[0] if terms else ZERO)

    # functions

    def apply(self, function: str, args: tuple[Formula, ...]) -> Code:
        if function in LOSSES:
            target, prediction = ((arg, self.turned(self.code(arg).shape)[1]) for arg in args)
            loss = self.rows.loss(function, target, prediction)
            return self.code(flipped(loss) if self.columns else loss)
        if function == "identity":
            return self.code(args[0])
        if function == "square":
            return self.power(args[0], TWO)
        arg = self.code(args[0])
        if function in ACROSS:
            if arg.is_number:
                return arg if function == "logsumexp" else Code("1")
            shape = NUMBER if function == "logsumexp" else arg.shape
            return Code(f"{self.function(function)}({arg.text})", shape=shape)
        name = self.function(function)
        if arg.is_number:
            return Code(f"{name}({arg.text})")
        return Code(f"{arg.within(ATOM)}.applyfunc({name})", shape=arg.shape)

    def function(self, name: str) -> str:
        """SymPy's function, or one that the module defines."""
        if name in SYMPY:
            return self.use(SYMPY[name])
        if name not in self.functions:
            self.functions[name] = self._function(name)
        return name

    def _function(self, name: str) -> str:
        if name in ACROSS:
            return self._across(name)
        if name == "step":
            return f"def step(x):\n    return {self.use('Piecewise')}((1, x > 0), (0, True))"
        kept, self.carried = self.carried, Code("x")
        body = self.code(_formula(parse_expression(ELEMENTWISE[name].definition)))
        self.carried = kept
        return f"def {name}(x):\n    return {body.text}"

    def _across(self, name: str) -> str:
        exp, total = self.use("exp"), self.total("e")
        found = f"e/{total}" if name == "softmax" else f"{self.use('log')}({total})"
        return f"def {name}(v):\n    e = v.applyfunc({exp})\n    return {found}"

    # parts and blocks

    def slice(self, arg: Code, start: Width, stop: Width) -> Code:
        """Columns; rows where variables are columns."""
        width, part = _less(stop, start), f"{self.wide(start)}:{self.wide(stop)}"
        text = f"{arg.within(ATOM)}[{f'{part}, :' if self.columns else f':, {part}'}]"
        shape = (width, arg.shape[1]) if self.columns else (arg.shape[0], width)
        return Code(f"{self.use('Trace')}({text})") if shape == NUMBER else Code(text, shape=shape)

    def selection(self, whole: Width, start: Width, stop: Width) -> Code:
        """Part of the unit matrix, in blocks: SymPy stumbles over the transpose of a slice."""
        own = _less(stop, start)
        grid: list[Formula] = [Eye(own)]
        if start != Width():
            grid.insert(0, Zeros(*self.turned((start, own))))
        if stop != whole:
            grid.append(Zeros(*self.turned((_less(whole, stop), own))))
        parts = [self.code(part) for part in grid]
        return self.blocks([parts] if self.columns else [[part] for part in parts])

    def blocks(self, grid: Sequence[Sequence[Code]]) -> Code:
        if len(grid) == len(grid[0]) == 1:
            return grid[0][0]
        shape = (
            _together(row[0].shape[0] for row in grid),
            _together(each.shape[1] for each in grid[0]),
        )
        rows = ", ".join("[" + ", ".join(map(self.block, row)) + "]" for row in grid)
        return Code(f"{self.use('BlockMatrix')}([{rows}])", shape=shape)

    def block(self, entry: Code) -> str:
        if not entry.is_number:
            return entry.text
        return f"{self.use('ImmutableMatrix')}([[{entry.text}]])"


_SPELT = {sign: name for name, sign in GREEK.items()}
TWO, ZERO = Num(Fraction(2)), Num(Fraction(0))


def _transposed(code: Code) -> Code:
    if code.is_number:
        return code
    return Code(f"{code.within(ATOM)}.T", shape=(code.shape[1], code.shape[0]))


def _key(formula: Formula) -> Formula:
    """A formula as what has a name: ∂⁺ is the same whether or not it is all of ∂, and w^old w."""
    match formula:
        case Immediate():
            return replace(formula, alone=False)
        case Marked(arg=ref, mark="old"):
            return ref
        case Total(of=of, by=Marked() as by):
            return Total(of, _key(by))
    return formula


def _assigned(equation: Equation) -> Formula:
    """What an equation gives a value; w = w - η ∂L/∂w gives a new w."""
    left, right = equation.left, _right(equation)
    if isinstance(left, Ref) and left in walk(right):
        return Marked(left, "new")
    return _key(left)


def _right(equation: Equation) -> Formula:
    """The last right side that is in letters, not in numbers."""
    formulas = [r for r in equation.rights if not any(isinstance(p, Value) for p in walk(r))]
    return (formulas or equation.rights)[-1]


def _exact(formula: Formula) -> Fraction | None:
    """The number that plain numbers come to: Python would divide them in floating point."""
    match formula:
        case Num(value=value):
            return value
        case Minus(arg=arg):
            found = _exact(arg)
            return None if found is None else -found
        case Ratio(top=top, bottom=bottom):
            above, below = _exact(top), _exact(bottom)
            return above / below if above is not None and below else None
        case Sum(terms=parts) | Times(factors=parts) | Odot(factors=parts) | Product(factors=parts):
            numbers = [number for number in map(_exact, parts) if number is not None]
            if len(numbers) == len(parts):
                whole = sum(numbers) if isinstance(formula, Sum) else prod(numbers)
                return Fraction(whole)
    return None


def _instances(equation: Equation, steps: int) -> Iterator[Equation]:
    """An equation for each step at which it holds, t and T in it numbers."""
    bounds = sorted(equation.steps, key=lambda bound: bound.base)  # from 1 + a to T - b
    low, high = (_moved(bound, "T", steps).shift + 1 for bound in bounds or _ALL)
    parts = [part.at if isinstance(part, Name) else part for part in walk(equation.left)]
    indices = {part.base for part in parts if isinstance(part, Ref)} - {"", "1", "T"}
    if not indices:
        yield _placed(equation, "T", steps)
    for index in indices:
        for step in range(high, low - 1, -1):
            yield _placed(_placed(equation, "T", steps), index, step)


_ALL = (Ref("", "1"), Ref("", "T"))


def _placed(equation: Equation, index: str, step: int) -> Equation:
    left, *rights = (_at_step(f, index, step) for f in (equation.left, *equation.rights))
    return replace(equation, left=left, rights=tuple(rights), steps=())


def _at_step(formula: Formula, index: str, step: int) -> Formula:
    """The formula with a number for an index."""
    found = map_children(formula, lambda child: _at_step(child, index, step))
    match found:
        case Ref():
            return _moved(found, index, step)
        case Name(at=at):
            return replace(found, at=_moved(at, index, step))
        case Carry(of=of):
            return replace(found, of=_moved(of, index, step))
        case Big(low=low, high=high):
            return replace(found, low=_moved(low, index, step), high=_moved(high, index, step))
    return found


def _moved(ref: Ref, index: str, step: int) -> Ref:
    return Ref(ref.name, "1", step + ref.shift - 1) if ref.base == index else ref


def _formula(expr: Expr) -> Formula:
    """A definition of one argument as a formula: its argument is what is carried."""
    match expr:
        case Num():
            return expr
        case Ref():
            return Carried()
        case Neg(arg=arg):
            return Minus(_formula(arg))
        case Add(terms=terms):
            return Sum(tuple(map(_formula, terms)))
        case Mul(left=left, right=right):
            return Times((_formula(left), _formula(right)))
        case Div(left=left, right=right):
            return Ratio(_formula(left), _formula(right))
        case Pow(left=left, right=right):
            return Power(_formula(left), _formula(right))
        case Call(function=function, args=args):
            return Apply(function, tuple(map(_formula, args)))
    raise CheckError(f"no definition holds {type(expr).__name__}")


def _together(widths: Iterable[Width]) -> Width:
    total = Width()
    for width in widths:
        total += width
    return total


def _less(whole: Width, part: Width) -> Width:
    """What remains of a width."""
    names = list(whole.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), whole.number - part.number)


# lines


def _wrapped(code: Code, indent: int) -> str:
    """The expression; a long sum in brackets, each term on a line."""
    if len(code.text) <= ROOM or len(code.terms) < 2:
        return code.text
    inner, end = "\n" + " " * (indent + 4), "\n" + " " * indent
    return f"({inner}{inner.join(code.terms)}{end})"


def _import(names: Sequence[str]) -> str:
    line = f"from sympy import {', '.join(names)}"
    if len(line) <= ROOM:
        return line
    return "from sympy import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _chunks(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """The names, as many together as have room."""
    some: list[str] = []
    for name in names:
        if some and sum(len(each) + 2 for each in [*some, name]) > room:
            yield some
            some = []
        some.append(name)
    if some:
        yield some


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
