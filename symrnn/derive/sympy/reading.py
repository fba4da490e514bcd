"""A model's text from SymPy's equations.

A variable at a time is `Indexed`, h[t-1], or a function of time, Function("h")(t - 1); a row or a
matrix is a `MatrixSymbol` that is called as the language writes it, "h[t-1]" or "W". Products and
sums keep the order in which their arguments stand.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.slice import MatrixSlice

from symrnn.derive.printing.python.algebra import SYMPY
from symrnn.derive.sympy.functions import Applied, rowmax, softmax
from symrnn.derive.sympy.losses import with_losses
from symrnn.derive.sympy.references import References
from symrnn.errors import UsageError
from symrnn.language.calls import own_functions
from symrnn.language.printer import show_definition, show_own
from symrnn.language.table import ARITY
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
    Own,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    refs,
)
from symrnn.system.algebra import number

FOREIGN = {"Heaviside": "step", "sign": "sign", "Max": "max", "Min": "min"}
KNOWN = {**{theirs: ours for ours, theirs in SYMPY.items()}, **FOREIGN}
"""What the language calls a function of SymPy's."""


class Reader(References):
    """Reads the sides of equations."""

    def expr(self, expr: Any) -> Expr:
        if expr in self.bound:
            return self.bound[expr]
        if expr.is_Number:
            return self.number(expr)
        if expr in self.dims or (expr.is_Symbol and expr.name == "T"):
            return Size(STEPS if expr.name == "T" else Width((expr.name,)))
        ref = self.ref(expr)
        if ref is not None:
            return ref
        match expr:
            case sympy.Add() | sympy.MatAdd():
                return self.sum(expr)
            case sympy.Mul() | sympy.MatMul():
                return self.product(expr.args)
            case sympy.HadamardProduct():
                return reduce(Mul, map(self.expr, expr.args))
            case sympy.exp():
                return Call("exp", (self.expr(expr.args[0]),))
            case sympy.Pow() | sympy.HadamardPower():
                return self.power(*expr.args)
            case sympy.Sum():
                return self.over_time(expr)
            case sympy.Trace():
                return self.trace(expr.arg)
            case sympy.Transpose() if isinstance(expr.arg, sympy.MatrixSymbol):
                return Transpose(self.expr(expr.arg))
            case ElementwiseApplyFunction():
                return self.entries(expr)
        return self.constant(expr) or self.call(expr)

    def number(self, value: Any) -> Expr:
        if not (value.is_Rational or value.is_Float) or not value.is_finite:
            return self.fail(f"{value} is no number of the language")  # type: ignore[no-any-return]
        exact = Fraction(str(value)) if value.is_Float else Fraction(int(value.p), int(value.q))
        if set(_primes(exact.denominator)) <= {2, 5}:
            return number(exact)
        over = number(abs(exact.numerator))
        found = Div(over, number(exact.denominator))
        return Neg(found) if exact < 0 else found

    def constant(self, expr: Any) -> Expr | None:
        """A matrix that is the same everywhere, which the language writes as a number."""
        if isinstance(expr, sympy.OneMatrix):
            return ONE
        if isinstance(expr, sympy.ZeroMatrix):
            return ZERO
        return Ref("pi") if expr is sympy.pi else None

    def sum(self, expr: Any) -> Expr:
        terms = [self.expr(arg) for arg in expr.args]
        if isinstance(terms[0], Neg) and expr.func(*expr.args).args == expr.args:
            terms.sort(key=lambda term: isinstance(term, Neg))  # SymPy's own order: -y + p
        flat = (t.terms if isinstance(t, Add) and n == 0 else (t,) for n, t in enumerate(terms))
        return Add(tuple(each for some in flat for each in some))

    def product(self, factors: Sequence[Any]) -> Expr:
        """Numbers and entries in their order, what is divided by below; a matrix behind the row
        that it multiplies."""
        negative, top, below, matrices = False, list[Expr](), list[Expr](), list[Expr]()
        for factor in factors:
            base, power = factor.as_base_exp() if factor.is_Pow else (factor, sympy.S.One)
            if factor.is_Number and factor.is_negative:
                negative, factor = not negative, -factor
                if factor == 1:
                    continue
            if power == -1:
                below.append(self.expr(base))
            elif self.is_matrix(factor):
                matrices.append(self.expr(factor))
            elif factor.is_Rational and factor.q != 1 and set(_primes(int(factor.q))) - {2, 5}:
                top += [number(int(factor.p))] if factor.p != 1 else []
                below.append(number(int(factor.q)))
            else:
                top.append(self.expr(factor))
        if len(matrices) > 1 and not any(factor.is_Matrix for factor in factors):
            self.fail(
                f"{sympy.Mul(*factors)} multiplies {len(matrices)} matrices, and SymPy keeps no"
                " order of symbols; write MatMul of MatrixSymbols"
            )
        found = self.multiplied(factors, top, matrices)
        if below:
            found = Div(found, reduce(Mul, below))
        return Neg(found) if negative else found

    def multiplied(self, factors: Sequence[Any], top: list[Expr], matrices: list[Expr]) -> Expr:
        if not matrices:
            return reduce(Mul, top) if top else ONE
        numbers = [e for e in factors if not e.is_Matrix]
        if len(numbers) == len(factors):  # scalars: each factor belongs to the row
            return reduce(MatMul, matrices, reduce(Mul, top))
        *scales, row = top
        found = reduce(MatMul, matrices, row)
        return Mul(reduce(Mul, scales), found) if scales else found

    def is_matrix(self, factor: Any) -> bool:
        """Whether a factor stands right of an @."""
        inner = factor.arg if isinstance(factor, sympy.Transpose) else factor
        if isinstance(inner, sympy.MatrixSymbol):
            ref = self.named(inner.name)
            return not ref.base and inner.shape[0] != 1
        return factor.is_Symbol and factor.name in self.matrices

    def power(self, base: Any, exponent: Any) -> Expr:
        if exponent == sympy.S.Half:
            return Call("sqrt", (self.expr(base),))
        if exponent.is_Number and exponent.is_negative:
            return Div(ONE, self.expr(base) if exponent == -1 else self.power(base, -exponent))
        return Pow(self.expr(base), self.expr(exponent))

    def over_time(self, whole: Any) -> Expr:
        body, *limits = whole.args
        ((index, low, high),) = limits if len(limits) == 1 else [(None, None, None)]
        if low != 1 or getattr(high, "name", "") != "T":
            return self.fail(f"{whole} is a sum over something else than t = 1 … T")  # type: ignore[no-any-return]
        inner = Reader(self.activations, self.matrices, self.where, self.shapes, self.dims)
        inner.bound = {**self.bound, index: Ref("t")}
        return Call("sum", (inner.expr(body),))

    def trace(self, arg: Any) -> Expr:
        """The sum of entries, which SymPy knows as the trace of a product or of a diagonal."""
        if isinstance(arg, sympy.DiagMatrix):
            return Call("rowsum", (self.expr(arg.args[0]),))
        if isinstance(arg, sympy.MatMul) and not self.is_matrix(arg.args[-1]):
            *before, last = arg.args
            other = last.arg if isinstance(last, sympy.Transpose) else last.T
            left, right = self.product(before), self.expr(other)
            return Call("rowsum", (Pow(left, number(2)) if left == right else Mul(left, right),))
        if arg.shape == (1, 1):
            return self.expr(arg)  # a product that comes out as a number
        return self.fail(f"{sympy.Trace(arg)} is no sum of the entries of a row")  # type: ignore[no-any-return]

    def entries(self, applied: Any) -> Expr:
        (letter,) = applied.function.variables
        inner = Reader(self.activations, self.matrices, self.where, self.shapes, self.dims)
        inner.bound = {**self.bound, letter: self.expr(applied.expr)}
        return inner.expr(applied.function.expr)

    def call(self, expr: Any) -> Expr:
        name = expr.func.__name__
        match expr:
            case Applied(function=function):
                own = function if isinstance(function, Own) else None
                called = own.name if own else str(function)
                return Call(called, tuple(map(self.expr, expr.args)), own)
            case softmax() | rowmax():
                return Call(name, (self.expr(expr.args[0]),))
            case sympy.MatrixBase() if expr.shape == (1, 1):
                return self.expr(expr[0, 0])
            case sympy.BlockMatrix() if expr.blockshape[0] == 1:
                return Call("concat", tuple(map(self.expr, expr.blocks)))
            case sympy.Max() | sympy.Min():
                args = [self.expr(arg) for arg in expr.args]
                return reduce(lambda a, b: Call(KNOWN[name], (a, b)), args)
            case sympy.Function() if name in KNOWN:
                return Call(KNOWN[name], (self.expr(expr.args[0]),))
            case AppliedUndef() if name in self.activations or name in ARITY:
                return Call(name, tuple(map(self.expr, expr.args)))
            case AppliedUndef():
                return self.fail(  # type: ignore[no-any-return]
                    f"what {name} is, is not said; say it by"
                    f' activations={{"{name}": Lambda(z, …)}}, or write time as t in {expr}'
                )
            case MatrixSlice():
                return self.fail(f"{expr}: a part of a row has no form here; write it as text")  # type: ignore[no-any-return]
        return self.fail(f"{expr}: {name} is nothing that the language has")  # type: ignore[no-any-return]


def _primes(n: int) -> Iterable[int]:
    return sympy.factorint(n)  # type: ignore[no-any-return]


def text_of(
    equations: Iterable[Any],
    activations: Mapping[str, Any],
    targets: Sequence[str],
    matrices: Sequence[str],
) -> tuple[str, dict[str, tuple[Width, ...]]]:
    """The equations as a text of the language, and what they say of the shapes of variables."""
    reader = Reader(activations, matrices)
    lines = [_function(name, body, reader) for name, body in activations.items()]
    definitions: list[Definition] = []
    for count, equation in enumerate(equations, 1):
        reader.where = f"equation {count}"
        if not isinstance(equation, sympy.Eq):
            reader.fail(f"{equation!r} is no sympy.Eq(left, right)")
        reader.where += f", {equation.lhs} = …"
        target = reader.ref(equation.lhs)
        if target is None:
            reader.fail(f"{equation.lhs} can have no equation; write h[t], h(t) or a symbol")
        for symbol in sorted(equation.rhs.atoms(sympy.MatrixSymbol), key=str):
            reader.matrix(symbol)  # which symbols are widths is known before they are read
        assert target is not None
        definitions.append(Definition(target, reader.expr(equation.rhs)))
    if not any(d.target.base == "t" for d in definitions):
        raise UsageError(
            'no equation is for all steps: write Eq(h[t], …) with t = Symbol("t"); the equations'
            " for a number of steps are not those of a model (model.sympy() without steps)"
        )
    free = targets or sorted(_only_once(definitions))
    widths = {name: reader.shapes.get(name, (NARROW,))[-1] for name in free}
    known = [Definition(d.target, with_losses(d.body, widths)) for d in definitions]
    lines += [show_own(own) for own in own_functions(d.body for d in known)]
    lines += [show_definition(d) for d in known]
    if not matrices:
        taken = {d.target.name for d in known if not list(refs(d.body))} | {"L", *reader.shapes}
        numbers = dict.fromkeys(d.target.name for d in known if d.target.name not in taken)
        lines = [f"{name}: 1" for name in numbers] + lines
    return "\n".join(lines) + "\n", reader.shapes


def _only_once(definitions: Sequence[Definition]) -> set[str]:
    """Names that no equation defines and one equation alone reads: a target is one."""
    defined = {d.target.name for d in definitions}
    readers: dict[str, set[int]] = {}
    for place, definition in enumerate(definitions):
        for ref in refs(definition.body):
            readers.setdefault(ref.name, set()).add(place)
    return {name for name, places in readers.items() if len(places) == 1} - defined


def _function(name: str, body: Any, reader: Reader) -> str:
    """An activation as a function of the text."""
    reader.where = f"activation {name}"
    if not isinstance(body, sympy.Lambda):
        reader.fail(f"{body!r} is no sympy.Lambda(z, …)")
    args = tuple(str(letter) for letter in body.variables)
    inner = Reader(reader.activations, (), reader.where)
    inner.bound = {letter: Ref(str(letter)) for letter in body.variables}
    return show_own(Own(name, args, inner.expr(body.expr)))
