"""Formulas as Python expressions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symrnn.derive.expressions import Expressions
from symrnn.derive.formula import (
    Big,
    Blank,
    Blocks,
    Bracket,
    Chain,
    Diagonal,
    Equation,
    Eye,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Ones,
    Product,
    Times,
    Total,
    Value,
    Zeros,
)
from symrnn.derive.functions import formula_of
from symrnn.derive.notation.letters import Letters
from symrnn.derive.pieces import walk
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.algebra import ARGUMENT, Algebra, Functions
from symrnn.derive.printing.python.assignments import (
    ACROSS,
    Names,
    at_step,
    exact_of,
    key_of,
    right_of,
)
from symrnn.derive.printing.python.code import (
    ATOM,
    NUMBER,
    POWER,
    PRODUCT,
    SUM,
    Code,
    Prelude,
    Shape,
    transposed,
)
from symrnn.derive.shapes import less
from symrnn.derive.sheets import flipped
from symrnn.errors import UsageError
from symrnn.language.parse import definition
from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    NARROW,
    ZERO,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Own,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)
from symrnn.system.symbols import PI


class PythonWriter:
    """Writes formulas; knows which left sides they read."""

    whole = False
    """Whether a name stands for a variable at all of its steps."""

    def __init__(
        self,
        rows: Expressions,
        defined: Mapping[Formula, Equation],
        letters: Letters,
        plain: Plain,
        scalar: bool,
    ) -> None:
        self.rows, self.steps = rows, rows.system.steps or 0
        self.defined, self.plain, self.scalar = defined, plain, scalar
        columns = letters.notation.orientation == "column" and not scalar
        """Whether a variable is a column, and every matrix the transpose of the model's."""
        self.names = Names(letters, defined, whole=self.whole)
        self.prelude = Prelude(self.names, self.rows)
        self.algebra = Algebra(self.prelude, columns)
        self.functions = Functions(self.prelude, self.algebra, self.code)
        self.reads: dict[Formula, None] = {}
        """The left sides that the equation in work reads."""
        self.shapes: dict[Formula, Shape] = {}
        self.entry = self.names.free("x")

    def shape_of(self, key: Formula) -> Shape:
        """The shape of what a name stands for."""
        if key not in self.shapes:
            self.shapes[key] = self._shape_of(key)
        return self.shapes[key]

    def _shape_of(self, key: Formula) -> Shape:
        match key:
            case Ref(name=name) | Total(of=Ref("L"), by=Ref(name=name)):
                return self.algebra.turned(self.rows.shape_of(name))
            case Marked(arg=ref):
                return self.shape_of(ref)
        right = right_of(self.defined[key]) if key in self.defined else None
        if right is not None and not (isinstance(key, Immediate) and right == ZERO):
            kept = self.reads
            found = self.code(right)
            self.reads = kept
            return found.shape
        match key:
            case Immediate(of=Ref(name="L"), by=Ref(name=name)):
                return self.algebra.turned(self.rows.shape_of(name))
            case Total(of=Ref() as of, by=Ref() as by) | Immediate(of=Ref() as of, by=Ref() as by):
                if self.rows.is_matrix(by.name):
                    raise UsageError(
                        f"{self.plain.line(key)} has no formula, and more than two axes; the sympy"
                        " format needs the local derivatives too, the closed view or --scalar"
                    )
                return self.algebra.turned((self.rows.width_of(of), self.rows.width_of(by)))
        return NUMBER

    def left(self, key: Formula) -> str:
        """What an equation is assigned to."""
        return self.names[key]

    def step(self, at: Ref) -> str:
        """A step as Python has it: `t - 1`, `T`, `3`."""
        return str(at.shift + 1)

    def read(self, key: Formula) -> Code:
        """A name: assigned elsewhere, or declared."""
        name = self.names[key]
        if key in self.defined:
            self.reads[key] = None
            return Code(name, shape=self.shape_of(key))
        if isinstance(key, Total) and isinstance(key.by, Ref) and self.is_outside(key.by):
            return self.prelude.constant("ZeroMatrix", "0", *self.shape_of(key))
        if isinstance(key, Ref):
            value = self.rows.symbols[key.name].value
            if value == PI:
                return Code(self.prelude.use("pi"))
            if value is not None:
                self.prelude.constants[name] = self.prelude.number(value, True)
                return Code(name)
        self.prelude.symbols[name] = self.shape_of(key)
        return Code(name, shape=self.prelude.symbols[name])

    def is_outside(self, ref: Ref) -> bool:
        """Whether a step is none of 1…T: there a total derivative is zero unless said otherwise."""
        return ref.base == "1" and not 0 <= ref.shift < self.steps

    def code(self, formula: Formula) -> Code:
        exact = exact_of(formula)
        if exact is not None:
            return Code(self.prelude.number(exact), ATOM if exact >= 0 else SUM)
        if formula == ARGUMENT:
            return Code(ARGUMENT.letter)
        match formula:
            case Ref() | Total() | Immediate() | Name() | Marked():
                return self.read(key_of(formula))
            case Size(width=width):
                found = self.rows.width(width)
                return Code(self.prelude.wide(found), ATOM if len(found.names) == 1 else SUM)
            case Neg(arg=arg):
                body = self.code(arg)
                return Code(f"-{body.within(PRODUCT)}", SUM, body.shape)
            case Add(terms=terms):
                return self.sum(terms)
            case Times(factors=factors) | Odot(factors=factors):
                return self.algebra.entries([self.code(factor) for factor in factors])
            case Product(factors=factors) | Chain(factors=factors):
                return self.algebra.product([self.code(factor) for factor in factors])
            case Div(left=top, right=bottom):
                return self.algebra.ratio(self.code(top), self.code(bottom))
            case Pow(left=base, right=exponent):
                return self.power(base, exponent)
            case Call(function=function, args=args, own=own):
                return self.apply(own or function, args)
            case Bracket(body=body):
                return self.code(body)
            case Big():
                return self.big(formula)
            case Value(rows=rows):
                return self.prelude.value(rows)
            case Blank():
                raise UsageError("an exercise has gaps, which the sympy format cannot hold")
        return self.matrix(formula)

    def matrix(self, formula: Formula) -> Code:
        """What is a matrix by itself, or made of blocks."""
        match formula:
            case Transpose(arg=arg):
                return transposed(self.code(arg))
            case Diagonal(arg=arg):
                row = self.code(arg)
                if row.is_number:
                    return row
                width = row.shape[1] if row.shape[0] == NARROW else row.shape[0]
                return Code(f"{self.prelude.use('DiagMatrix')}({row.text})", shape=(width, width))
            case Ones(width=width):
                return self.prelude.constant("OneMatrix", "1", width, NARROW)
            case Eye(width=width):
                found = self.rows.width(width)
                if found == NARROW:
                    return Code("1")
                return Code(
                    f"{self.prelude.use('Identity')}({self.prelude.wide(found)})",
                    shape=(found, found),
                )
            case Zeros(rows=rows, columns=columns):
                return self.prelude.constant("ZeroMatrix", "0", rows, columns)
            case Part(arg=Eye(width=whole), skip=skip, width=width):
                return self.selection(*map(self.rows.width, (whole, skip, skip + width)))
            case Part(arg=arg, skip=skip, width=width):
                return self.algebra.slice(
                    self.code(arg), self.rows.width(skip), self.rows.width(skip + width)
                )
            case Blocks(rows=grid):
                return self.algebra.blocks([[self.code(each) for each in row] for row in grid])
        raise UsageError(f"the sympy format cannot hold {self.plain.line(formula)}")

    def sum(self, terms: Sequence[Formula]) -> Code:
        """A number among rows stands at every place, as in 1 - O²."""
        signed = [(isinstance(t, Neg), t.arg if isinstance(t, Neg) else t) for t in terms]
        parts = [(negative, self.code(body), exact_of(body)) for negative, body in signed]
        shape = next((part.shape for _, part, _ in parts if not part.is_number), NUMBER)
        texts: list[str] = []
        for negative, part, exact in parts:
            if part.is_number and shape != NUMBER:
                part = self.algebra.filled(part, shape, exact)
            sign = ("- " if negative else "+ ") if texts else "-" if negative else ""
            texts.append(sign + part.within(PRODUCT))
        return Code(" ".join(texts), SUM, shape, tuple(texts))

    def power(self, base: Formula, exponent: Formula) -> Code:
        exact = exact_of(base)
        below = self.code(base) if exact is None else Code(self.prelude.number(exact, True))
        above = self.code(exponent)
        if below.is_number and above.is_number:
            return Code(f"{below.within(ATOM)}**{above.within(ATOM)}", POWER)
        if below.is_number:
            lifted = f"lambda {self.entry}: {below.within(ATOM)}**{self.entry}"
            text = f"{above.within(ATOM)}.applyfunc({lifted})"
            return Code(text, shape=above.shape)
        return Code(
            f"{self.prelude.use('HadamardPower')}({below.text}, {above.text})", shape=below.shape
        )

    def big(self, big: Big) -> Code:
        """A sum, each of its terms written out."""
        if any(isinstance(part, Big) and part.sign == "prod" for part in walk(big)):
            raise UsageError("the sympy format cannot hold a product over steps")
        if big.index == "b":
            raise UsageError("the sympy format shows one sequence; leave the batch away")
        low, high = big.low.shift + 1, big.high.shift + 1
        terms = [at_step(big.body, big.index, step) for step in range(low, high + 1)]
        return self.sum(terms) if len(terms) > 1 else self.code(terms[0] if terms else ZERO)

    def apply(self, function: str | Own, args: tuple[Formula, ...]) -> Code:
        if isinstance(function, str) and function in LOSSES:
            target, prediction = (
                (arg, self.algebra.turned(self.code(arg).shape)[1]) for arg in args
            )
            loss = self.rows.loss(function, target, prediction)
            return self.code(flipped(loss) if self.algebra.columns else loss)
        if function == "identity":
            return self.code(args[0])
        if function == "square":
            return self.power(args[0], TWO)
        if len(args) > 1:  # SymPy applies a function of one number to a matrix, and no other
            found = definition(function)
            assert found is not None
            known = dict(zip(found[0], args, strict=True))
            return self.code(formula_of(found[1], known))
        arg = self.code(args[0])
        if function in ACROSS:
            if arg.is_number:
                return Code("1") if function == "softmax" else arg
            shape = arg.shape if function == "softmax" else NUMBER
            return Code(f"{self.functions.function(function)}({arg.text})", shape=shape)
        name = self.functions.function(function)
        if arg.is_number:
            return Code(f"{name}({arg.text})")
        return Code(f"{arg.within(ATOM)}.applyfunc({name})", shape=arg.shape)

    def selection(self, whole: Width, start: Width, stop: Width) -> Code:
        """Part of the unit matrix, in blocks: SymPy stumbles over the transpose of a slice."""
        own = less(stop, start)
        grid: list[Formula] = [Eye(own)]
        if start != Width():
            grid.insert(0, Zeros(*self.algebra.turned((start, own))))
        if stop != whole:
            grid.append(Zeros(*self.algebra.turned((less(whole, stop), own))))
        parts = [self.code(part) for part in grid]
        return self.algebra.blocks([parts] if self.algebra.columns else [[part] for part in parts])


TWO = Num(Fraction(2))
