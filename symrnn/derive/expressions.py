"""From expressions of the language to formulas: the values of one sequence.

What normal form gave a name is put in where it is read. Every value has a width, so that each
product is of the kind that it is; with all widths 1 the same rules give the scalar form.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from symrnn.derive.build import (
    is_zero,
    minus,
    odot,
    plus,
    power,
    product,
    ratio,
    times,
    total_over,
    transposed,
)
from symrnn.derive.formula import Blocks, Formula, Ones, Times, Zeros
from symrnn.derive.functions import SLOPES
from symrnn.derive.pieces import walk
from symrnn.derive.shapes import Shapes, Sized, together, widest
from symrnn.errors import CheckError
from symrnn.language.calls import is_elementwise
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    NARROW,
    ONE,
    ZERO,
    Add,
    Call,
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
    map_leaves,
)
from symrnn.system.algebra import size
from symrnn.system.graph import at_step, outside
from symrnn.system.spell import spell_term
from symrnn.system.system import Equation, Linear, Pointwise, Row, System, Total, map_refs

TWO = Num(Fraction(2))
BARE = (Num, Size, Neg, Add, Times, Div, Pow)
"""What numbers alone are made of."""


class Expressions(Shapes):
    """Formulas for what the equations of a system say.

    `values` are the equations of the names that are put in.
    """

    def __init__(
        self, system: System, values: Mapping[Ref, Equation], dims: Mapping[str, int]
    ) -> None:
        super().__init__(system, dims)
        self.values = values
        self._values: dict[Ref, Sized] = {}
        self._found: dict[tuple[Expr, str], Sized] = {}

    def value(self, expr: Expr, inner: str = "t") -> Sized:
        """An expression of the language; `inner` is the index that a sum over time binds."""
        asked = expr, inner
        if asked not in self._found:  # many paths pass the same function
            self._found[asked] = self._value(expr, inner)
        return self._found[asked]

    def _value(self, expr: Expr, inner: str) -> Sized:
        formula, width = self.formula(expr, inner)
        if width == NARROW or any(not isinstance(p, BARE) for p in walk(formula)):
            return formula, width
        # a row of equal numbers, since an input outside 1…T that stood there is zero
        if formula == ZERO:
            return Zeros(NARROW, width), width
        return times(formula, transposed(Ones(width))), width

    def formula(self, expr: Expr, inner: str) -> Sized:
        match expr:
            case Num():
                return expr, NARROW
            case Size(width=width):
                found = self.width(width)
                return (found_number(found), NARROW) if not found.names else (Size(found), NARROW)
            case Ref():
                return self.read(expr)
            case Neg(arg=arg):
                body, width = self.value(arg, inner)
                return minus(body), width
            case Add(terms=terms):
                return self.added(self.alike([self.value(term, inner) for term in terms]))
            case Mul(left=left, right=right):
                return self.multiplied(self.value(left, inner), self.value(right, inner))
            case Div(left=left, right=right):
                (top, a), (bottom, b) = self.value(left, inner), self.value(right, inner)
                rows, others = self.rows_of(top), self.rows_of(bottom)
                beside = rows != others or (rows != NARROW and (a == NARROW) != (b == NARROW))
                if beside and top != ONE:
                    return self.multiplied((top, a), (ratio(ONE, bottom), b))
                if isinstance(bottom, Num | Size) and isinstance(top, Times):
                    return times(ratio(ONE, bottom), top), widest((a, b))
                return ratio(top, bottom), widest((a, b))
            case Pow(left=left, right=right):
                (base, a), (exponent, b) = self.value(left, inner), self.value(right, inner)
                if self.rows_of(base) != NARROW and exponent == TWO:
                    return odot(base, base), a  # W² would be the product W W
                return power(base, exponent), widest((a, b))
            case MatMul(left=left, right=Ref(name=name)):
                return self.times_matrix(self.value(left, inner), name, False)
            case MatMul(left=left, right=Transpose(arg=Ref(name=name))):
                return self.times_matrix(self.value(left, inner), name, True)
            case Transpose(arg=arg):
                return self.turned(self.value(arg, inner))
            case Part(arg=arg, skip=skip, width=width):
                return self.part(self.value(arg, inner), skip, width)
            case Pad(arg=arg, skip=skip, total=total):
                return self.pad(self.value(arg, inner), skip, total)
            case Call(function=function, args=args) if is_elementwise(expr):
                parts = [self.value(arg, inner) for arg in args]
                applied = Call(function, tuple(part for part, _ in parts), expr.own)
                return applied, widest(width for _, width in parts)
            case Call(function=function, args=args):
                return self.call(function, args, inner)
        raise CheckError(f"no formula for {type(expr).__name__}")

    def call(self, function: str, args: tuple[Expr, ...], inner: str) -> Sized:
        if function in TIME:
            body, width = self.value(_bound(args[0], inner), "j" if inner == "k" else "k")
            whole = total_over(inner, Ref("", "1"), Ref("", "T"), body)
            if function == "sum":
                return whole, width
            steps, _ = self.value(Size(Width(("T",))))
            return times(ratio(ONE, steps), whole), width
        parts = [self.value(arg, inner) for arg in args]
        (first, width), wide = parts[0], widest(width for _, width in parts)
        match function:
            case "rowsum" | "rowmean":
                total = self.gathered(first, width)
                if function == "rowsum":
                    return total, NARROW
                return times(ratio(ONE, self.value(size(width))[0]), total), NARROW
            case "total":
                return self.entries((first, width)), NARROW
            case "batchsum":
                return first, width
            case "concat":
                return Blocks((tuple(part for part, _ in parts),)), together(w for _, w in parts)
            case "softmax":
                return Call("softmax", (first,)), width
            case "rowmax":
                return (first if wide == NARROW else Call("rowmax", (first,))), NARROW
            case "logsumexp":
                return (first if wide == NARROW else Call("logsumexp", (first,))), NARROW
        if function in LOSSES:
            return self.loss(function, *parts), NARROW
        if function in SLOPES:
            return Call(function, (first,)), wide
        raise CheckError(f"no formula for {function}")

    def loss(self, function: str, target: Sized, prediction: Sized) -> Formula:
        """A loss as its formula: y (log ŷ)ᵀ is the sum over the entries."""
        (y, _), (p, width) = target, prediction
        share = ratio(ONE, self.value(size(width))[0])

        def dot(a: Formula, b: Formula) -> Formula:
            return times(a, b) if width == NARROW else product(a, transposed(b))

        def rest(v: Formula) -> Formula:
            return plus((ONE, minus(v)))

        def log(v: Formula) -> Formula:
            return Call("log", (v,))

        match function:
            case "mse":
                gap = plus((p, minus(y)))
                return power(gap, TWO) if width == NARROW else times(share, dot(gap, gap))
            case "bce":
                told, missed = dot(y, log(p)), dot(rest(y), log(rest(p)))
                if share == ONE:
                    return plus((minus(told), minus(missed)))
                return minus(times(share, plus((told, missed))))
            case "ce":
                return minus(dot(y, log(p)))
            case "bce_logits":
                soft = self.gathered(Call("softplus", (p,)), width)
                whole = plus((soft, minus(dot(y, p))))
                return times(share, whole) if share != ONE else whole
            case "ce_logits":
                over = p if width == NARROW else Call("logsumexp", (p,))
                return plus((times(self.gathered(y, width), over), minus(dot(y, p))))
        raise CheckError(f"no formula for the loss {function}")

    def times_matrix(self, row: Sized, name: str, turned: bool) -> Sized:
        shape = self.shape_of(name)
        if not self.is_matrix(name):
            return times(row[0], Ref(name)), NARROW
        matrix = self.read(Ref(name))[0]
        matrix = transposed(matrix) if turned else matrix
        return product(row[0], matrix), shape[0 if turned else 1]

    def read(self, ref: Ref) -> Sized:
        """A reference: the author's letter, or what a made-up name stands for."""
        if ref not in self._values:
            self._values[ref] = self._read(ref)
        return self._values[ref]

    def _read(self, ref: Ref) -> Sized:
        equation = self.equation_of(ref)
        if equation is not None:
            return self.stands_for(equation)
        if self.is_nothing(ref):
            width = self.width_of(ref)
            return (ZERO if width == NARROW else Zeros(NARROW, width)), width
        return ref, self.width_of(ref)

    def is_nothing(self, ref: Ref) -> bool:
        """Whether it is an input outside 1…T, which is zero."""
        if self.symbols[ref.name].role not in ("input", "target") or ref.base not in ("1", "T"):
            return False
        steps = self.system.steps
        return outside(ref) or (steps is not None and ref.base == "1" and ref.shift >= steps)

    def equation_of(self, ref: Ref) -> Equation | None:
        """The equation of a made-up name, at the step at which it is read."""
        if ref in self.values:
            return self.values[ref]
        if self.system.steps is not None:
            exact = at_step(ref, self.system.steps)
            return self.values.get(exact)
        general = self.values.get(Ref(ref.name, "t"))
        if general is None or not ref.base:
            return None

        def move(inner: Ref) -> Ref:
            if inner.base != "t":
                return inner
            return Ref(inner.name, ref.base, inner.shift + ref.shift)

        return replace(map_refs(general, move), target=ref)

    def stands_for(self, equation: Equation) -> Sized:
        """The right side of an equation."""
        match equation:
            case Pointwise(body=body):
                return self.value(body)
            case Row(function=function, args=args):
                return self.value(Call(function, args))
            case Linear(terms=terms) | Total(terms=terms):
                index = "k" if equation.target.base else "t"
                parts = [
                    self.value(spell_term(replace(term, at=None, when=None)), index)
                    for term in terms
                ]
                return self.added(parts)

    def added(self, parts: list[Sized]) -> Sized:
        """The sum; a number is a row of equal numbers where what made it a row is zero."""
        whole, width = plus(part for part, _ in parts), widest(width for _, width in parts)
        wide = [part for part, own in parts if own != NARROW]
        if not wide or whole == ZERO or not all(map(is_zero, wide)):
            return whole, width
        return product(whole, transposed(Ones(width))), width


def found_number(width: Width) -> Num:
    return Num(Fraction(width.number))


def _bound(expr: Expr, index: str) -> Expr:
    """The body of a sum over time, with the index that the sum binds."""

    def leaf(e: Expr) -> Expr:
        return Ref(e.name, index, e.shift) if isinstance(e, Ref) and e.base == "t" else e

    return map_leaves(expr, leaf)
