"""Sums of references times Jacobians: an expression taken apart into terms.

    a[t] + h[t-1] @ W - 2 * c   =>   (a[t], 1), (h[t-1], W), (c, -2)

In the model's own equations a factor is made of numbers and parameters; beside an adjoint it is
whatever holds no adjoint, since every adjoint equation is linear in the adjoints.
"""

from dataclasses import replace
from typing import NoReturn, Protocol

from symrnn.language.calls import is_elementwise
from symrnn.language.table import TIME
from symrnn.language.tree import (
    NARROW,
    ONE,
    STEPS,
    ZERO,
    Add,
    Call,
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
    refs,
    walk,
)
from symrnn.system import names
from symrnn.system.algebra import div, mul, neg, size, tidy
from symrnn.system.symbols import GIVEN, Symbols
from symrnn.system.system import (
    Dot,
    Entries,
    Jacobian,
    Linear,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Scale,
    Term,
    Turned,
)

LOSS = Ref("L")


class Builder(Protocol):
    """What taking apart needs of the normaliser: symbols, and names for what wants one."""

    symbols: Symbols
    about: Definition

    def atom(self, expr: Expr, target: Ref) -> Ref: ...
    def matrix(self, expr: Expr, target: Ref) -> str: ...
    def variable(self, equation: Linear) -> Ref: ...
    def fail(self, message: str) -> NoReturn: ...


class Terms:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    # what may stand where

    @property
    def beside_adjoints(self) -> bool:
        symbol = self.builder.symbols[self.builder.about.target.name]
        return symbol.role in ("adjoint", "total") and symbol.name != "L"

    def is_coefficient(self, expr: Expr) -> bool:
        """Whether an expression may be a Jacobian's factor.

        In the model's own equations it holds no function, since a function's value wants a name.
        """
        return all(map(self._is_coefficient_node, walk(expr)))

    def _is_coefficient_node(self, node: Expr) -> bool:
        if isinstance(node, Ref):
            role = self.builder.symbols[node.name].role
            if self.beside_adjoints:
                return role not in ("adjoint", "total")
            return role in (*GIVEN, "constant")
        if isinstance(node, Call):
            return self.beside_adjoints and is_elementwise(node)
        return isinstance(node, Num | Size | Neg | Add | Mul | Div | Pow)

    def is_flat(self, expr: Expr) -> bool:
        """Whether a coefficient is one number, the same for every feature."""
        return all(self.builder.symbols[ref.name].role == "constant" for ref in refs(expr))

    def is_plain(self, expr: Expr) -> bool:
        """Whether an expression is a factor alone: a number, or beside adjoints any seed."""
        if isinstance(expr, Ref):
            return self.is_flat(expr)
        return self.is_coefficient(expr) and (self.beside_adjoints or self.is_flat(expr))

    def is_linear(self, expr: Expr) -> bool:
        """Whether an expression is a sum of references times Jacobians, as soon as the values of
        functions in it have names."""
        match expr:
            case Ref() | MatMul() | Part() | Pad() | Call() | Transpose():
                return True
            case Add(terms=terms):
                return all(map(self.is_linear, terms))
            case Neg(arg=arg):
                return self.is_linear(arg)
            case Mul(left=left, right=right):
                return (self.is_coefficient(left) and self.is_linear(right)) or (
                    self.is_coefficient(right) and self.is_linear(left)
                )
            case Div(left=left, right=right):
                return self.is_coefficient(right) and self.is_linear(left)
        return self.is_coefficient(expr)

    # taking apart

    def linear(self, expr: Expr, target: Ref, scale: Expr = ONE) -> list[Term]:
        """The terms of a linear expression times `scale`, for the equation of `target`."""
        if tidy(expr) == ZERO and not any(True for _ in refs(scale)):
            return []
        if self.is_plain(expr) and not (isinstance(expr, Add) and scale == ONE):
            return [Term(None, Scale(mul(scale, tidy(expr))))]
        match expr:
            case Ref():
                return [Term(expr, Scale(scale))]
            case Add(terms=terms):
                return [found for term in terms for found in self.linear(term, target, scale)]
            case Neg(arg=arg):
                return self.linear(arg, target, neg(scale))
            case Mul(left=left, right=right) if self.is_plain(left) and not self.is_plain(right):
                return self.linear(right, target, mul(scale, tidy(left)))
            case Mul(left=left, right=right) if self.is_coefficient(right):
                return self.linear(left, target, mul(scale, tidy(right)))
            case Mul(left=left, right=right) if self.is_coefficient(left):
                return self.linear(right, target, mul(scale, tidy(left)))
            case Div(left=left, right=right) if self.is_coefficient(right):
                return self.linear(left, target, div(scale, tidy(right)))
            case Call(function=function, args=(arg,)) if function in TIME and self.sums(target):
                share = div(ONE, size(STEPS)) if function == "mean" else ONE
                return [self.over_time(arg, target, mul(scale, share))]
            case Call(function="rowsum" | "rowmean") if self.is_flat(scale):
                return [self.rowsum(expr, target, scale)]
            case Call(function="total", args=(arg,)) if target != LOSS:
                ref, own = self.scaled(arg, target)
                return [Term(ref, Entries(mul(scale, own)))]
            case MatMul() | Part() | Pad() | Transpose() if scale == ONE:
                return [self.structural(expr, target)]
            case MatMul() | Part() | Pad() | Transpose() | Call() if not self.is_coefficient(expr):
                return [Term(self.builder.atom(expr, target), Scale(scale))]
        if not self.is_coefficient(expr):
            self.builder.fail("an adjoint is a sum of adjoints times factors that hold none")
        return [Term(None, Scale(mul(scale, tidy(expr))))]

    def sums(self, target: Ref) -> bool:
        """Whether an equation may hold a sum over time: once for all steps, not at each of them."""
        return self.beside_adjoints or target.base != "t"

    def structural(self, expr: Expr, target: Ref) -> Term:
        """A product with a matrix, a transpose, or a part of a row: its operand gets a name."""
        by: Jacobian
        match expr:
            case MatMul(left=left, right=Transpose(arg=right)):
                operand, by = left, Matrix(self.builder.matrix(right, target), transposed=True)
            case MatMul(left=left, right=right):
                operand, by = left, Matrix(self.builder.matrix(right, target))
            case Transpose(arg=arg):
                operand, by = arg, Turned()
            case Part(arg=arg, skip=skip, width=width):
                operand, by = arg, PartOf(skip, width)
            case Pad(arg=arg, skip=skip, total=total):
                operand, by = arg, PadTo(skip, total)
        return Term(self.builder.atom(operand, target), by)

    def rowsum(self, call: Call[Expr], target: Ref, scale: Expr) -> Term:
        """rowsum(v * factor), or the mean, as one Jacobian of v."""
        ref, own = self.scaled(call.args[0], target)
        factor = mul(scale, own)
        if call.function == "rowmean":
            widths = [self.builder.symbols[r.name].width for r in (ref, *refs(own))]
            factor = div(factor, size(next((w for w in widths if w != NARROW), NARROW)))
        return Term(ref, Dot(factor))

    def over_time(self, arg: Expr, target: Ref, scale: Expr) -> Term:
        """Σ over t of a reference at t itself; anything else gets a name first.

        So an adjoint that lands at every step lands at those that were summed, and at no others.
        """
        if self.beside_adjoints:
            terms = self.linear(arg, target, scale)
            if len(terms) == 1:
                return replace(terms[0], over=True)
        ref, own = self.scaled(arg, target)
        if (ref.base, ref.shift) != ("t", 0):
            lagged = Linear(Ref(f"p_{names.label(target)}", "t"), (Term(ref, Scale(own)),))
            ref, own = self.builder.variable(lagged), ONE
        return Term(ref, Scale(mul(scale, own)), over=True)

    def scaled(self, expr: Expr, target: Ref) -> tuple[Ref, Expr]:
        """An expression as one reference times a factor, under a name if it must be."""
        if self.is_linear(expr):
            match self.linear(expr, target):
                case [Term(ref=Ref() as ref, by=Scale(factor=factor), over=False)]:
                    return ref, factor
        return self.builder.atom(expr, target), ONE

    # totals

    def loss(self, body: Expr) -> list[Term]:
        """L = Σ weight · l, where each l is a number for each row, once or at each step."""
        if not self.is_linear(body):
            return [Term(self.builder.atom(body, LOSS))]
        return [self.weighted(term) for term in self.linear(body, LOSS)]

    def weighted(self, term: Term) -> Term:
        """A term of the loss with no Jacobian but a number."""
        if isinstance(term.by, Scale):
            return term
        assert term.ref is not None
        target = Ref(f"l_{term.ref.name}", "t" if term.ref.base == "t" else "")
        return Term(
            self.builder.variable(Linear(target, (replace(term, over=False),))), over=term.over
        )

    def gradient(self, expr: Expr) -> list[Term]:
        """The gradient of a parameter: sums of transpose(a) @ b and of batchsum(b)."""
        match expr:
            case Num(value=value) if not value:
                return []
            case Add(terms=terms):
                return [found for term in terms for found in self.gradient(term)]
            case Call(function="sum", args=(arg,)):
                return [replace(term, over=True) for term in self.gradient(arg)]
            case Call(function="batchsum", args=(arg,)):
                return self.linear(arg, self.builder.about.target)
            case MatMul(left=Transpose(arg=Ref() as left), right=Ref() as right):
                if self.builder.symbols[right.name].role in ("adjoint", "total"):
                    return [Term(right, Outer(left))]
                return [Term(left, Outer(right, flipped=True))]
        found = self.linear(expr, self.builder.about.target)
        return [replace(each, rowless=True) for each in found]
