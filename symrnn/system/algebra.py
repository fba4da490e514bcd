"""Sums and products that tidy themselves up a little: no a + 0, no 1 · a, no a / 1.

They keep the order of what they are given, so that a derived formula reads like the one it came
from. `derivative` is SymPy's, on classes that know their derivative by their own value.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from symrnn.errors import EquationError
from symrnn.functions import ELEMENTWISE
from symrnn.language.elementwise import put
from symrnn.language.functions import derivative_name
from symrnn.language.parse import rule
from symrnn.language.printer import is_decimal
from symrnn.language.tree import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Own,
    Pow,
    Ref,
    Size,
    Width,
    map_leaves,
    refs,
    walk,
)

LARGEST = Fraction(10) ** 100
"""No number of a text is larger, nor any numerator or denominator."""

VALUE = Ref("its value")
"""Stands for a function's own value in its derivative; no name of a text is like it."""

SHORT = 5
"""A derivative of no more parts than this has no name of its own."""


def number(value: Fraction | int) -> Expr:
    """
    >>> number(Fraction(-1, 3))
    Neg(arg=Div(left=Num(value=Fraction(1, 1)), right=Num(value=Fraction(3, 1))))
    """
    value = Fraction(value)
    if max(abs(value.numerator), value.denominator) > LARGEST:
        raise EquationError("the numbers of an equation multiply to one beyond 1e100; scale them")
    if value < 0:
        return Neg(number(-value))
    if is_decimal(value):
        return Num(value)
    return Div(Num(Fraction(value.numerator)), Num(Fraction(value.denominator)))


def size(width: Width) -> Expr:
    """`size(H)`, or the number where it is one."""
    return Size(width) if width.names else Num(Fraction(width.number))


def neg(a: Expr) -> Expr:
    if a == ZERO:
        return ZERO
    return a.arg if isinstance(a, Neg) else Neg(a)


def add(terms: Iterable[Expr]) -> Expr:
    kept: list[Expr] = []
    for term in terms:
        kept += term.terms if isinstance(term, Add) else [term] if term != ZERO else []
    if len(kept) < 2:
        return kept[0] if kept else ZERO
    return Add(tuple(kept))


def mul(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Neg):
        return neg(mul(a.arg, b))
    if isinstance(b, Neg):
        return neg(mul(a, b.arg))
    if a == ONE:
        return b
    if b == ONE:
        return a
    if isinstance(a, Num) and isinstance(b, Num):
        product = a.value * b.value
        if is_decimal(product) and 1 / LARGEST <= product <= LARGEST:
            return Num(product)
    if isinstance(a, Num) and isinstance(b, Mul) and isinstance(b.left, Num):
        return mul(mul(a, b.left), b.right)
    if isinstance(b, Div):
        return div(mul(a, b.left), b.right)
    if isinstance(a, Div):
        return div(mul(a.left, b), a.right)
    return Mul(a, b)


def div(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Neg):
        return neg(div(a.arg, b))
    if isinstance(b, Neg):
        return neg(div(a, b.arg))
    if b == ONE:
        return a
    if isinstance(a, Div):
        return Div(a.left, mul(a.right, b))
    return Div(a, b)


def tidy(expr: Expr) -> Expr:
    """The same expression built anew, so that what has become a 0 or a 1 in it goes.

    >>> tidy(Div(Ref("a"), Mul(Ref("n"), ONE)))
    Div(left=Ref(name='a', base='', shift=0), right=Ref(name='n', base='', shift=0))
    """
    match expr:
        case Neg(arg=arg):
            return neg(tidy(arg))
        case Add(terms=terms):
            return add(map(tidy, terms))
        case Mul(left=left, right=right):
            return mul(tidy(left), tidy(right))
        case Div(left=left, right=right):
            return div(tidy(left), tidy(right))
    return expr


# SymPy


def derivative(body: Expr, by: Ref, value: Ref | None = None) -> Expr:
    """∂body/∂by, taken by SymPy; `value` names the whole body, for a function of its own value.

    >>> from symrnn.language.parse import parse_expression
    >>> from symrnn.language.printer import show_expr
    >>> a, o = Ref("a", "t"), Ref("O", "t")
    >>> show_expr(derivative(Call("tanh", (a,)), a, value=o))
    '1 - O[t]**2'
    >>> show_expr(derivative(parse_expression("(1 - z) * n + z * h"), Ref("z")))
    'h - n'
    """
    leaves = list(dict.fromkeys(refs(body)))
    names = {leaf: f"v{number}" for number, leaf in enumerate(leaves)}
    plain = _derivative(map_leaves(body, lambda e: Ref(names[e]) if e in names else e), names[by])
    own = value if isinstance(body, Call) and value is not None else body
    back: dict[str, Expr] = {name: leaf for leaf, name in names.items()}
    return put(plain, {**back, VALUE.name: own})


@cache
def _derivative(body: Expr, by: str) -> Expr:
    """For plain names, so that equal forms are worked out once; VALUE is the body's.

    Rules of the table come as they are written there, in the order a person would write.
    """
    if isinstance(body, Call) and all(
        isinstance(arg, Ref) or not any(refs(arg)) for arg in body.args
    ):
        found = [slope(body, n) for n, arg in enumerate(body.args) if arg == Ref(by)]
        return add(found)
    import sympy

    return from_sympy(sympy.diff(to_sympy(body), sympy.Symbol(by)))


def slope(call: Call, number: int, value: Expr = VALUE) -> Expr:
    """The derivative of a function by one of its arguments, counted from 0.

    `value` is the function's own value. A derivative that is long is a function again: f′.
    """
    if call.own is not None:
        return put(own_slope(call.own, number), dict(zip(call.own.args, call.args, strict=True)))
    row = ELEMENTWISE[call.function]
    known = {**dict(zip(row.arguments, call.args, strict=True)), "o": value}
    return put(rule(row.derivatives[number]), known)


@cache
def own_slope(own: Own, number: int) -> Expr:
    """The same of a function of the text, in its arguments; taken by SymPy.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.language.printer import show_expr, show_own
    >>> mish = parse("f(z) = z * tanh(softplus(z)); v = f(u)").definitions[0].body.own
    >>> show_expr(own_slope(mish, 0)), show_own(own_slope(mish, 0).own)[:35]
    ('d_f(z)', 'd_f(z) = tanh(softplus(z)) + z * (1')
    """
    by = own.args[number]
    body = _derivative(own.body, by)
    body = put(body, {VALUE.name: own.body})
    if sum(1 for _ in walk(body)) <= SHORT:
        return body
    derived = Own(derivative_name(own, by), own.args, body, own, by)
    return Call(derived.name, tuple(map(Ref, own.args)), derived)


@cache
def sympy_class(function: str | Own) -> Any:
    """The SymPy class of an element-wise function: its `fdiff` is written in terms of itself."""
    import sympy

    own = function if isinstance(function, Own) else None
    name = own.name if own else str(function)
    names = own.args if own else ELEMENTWISE[name].arguments
    call = Call(name, tuple(Ref(f"argument {n}") for n in range(len(names))), own)

    def fdiff(self: Any, argindex: int = 1) -> Any:
        known = {f"argument {n}": arg for n, arg in enumerate(self.args)}
        return to_sympy(slope(call, argindex - 1), {**known, VALUE.name: self})

    return type(name, (sympy.Function,), {"fdiff": fdiff, "nargs": len(names), "own": own})


def to_sympy(expr: Expr, values: Mapping[str, Any] | None = None) -> Any:
    """An element-wise expression over plain names as SymPy knows it; `values` replaces names."""
    import sympy

    def convert(e: Expr) -> Any:
        match e:
            case Num(value=value):
                return sympy.Rational(value.numerator, value.denominator)
            case Size(width=width):
                return sympy.Symbol(f"size({width})")
            case Ref(name=name):
                return values[name] if values and name in values else sympy.Symbol(name)
            case Neg(arg=arg):
                return -convert(arg)
            case Add(terms=terms):
                return sympy.Add(*map(convert, terms))
            case Mul(left=left, right=right):
                return convert(left) * convert(right)
            case Div(left=left, right=right):
                return convert(left) / convert(right)
            case Pow(left=left, right=right):
                return convert(left) ** convert(right)
            case Call(function=function, args=args, own=own):
                return sympy_class(own or function)(*map(convert, args))
        raise TypeError(f"{type(e).__name__} is not element-wise; normal form names it first")

    return convert(expr)


def from_sympy(expr: Any) -> Expr:
    """Back to a tree: positive terms first, numbers before names, quotients as such."""
    import sympy

    if expr.is_Rational:
        return number(Fraction(int(expr.p), int(expr.q)))
    if expr.is_Symbol:
        name = str(expr)
        return rule(name) if name.startswith("size(") else Ref(name)
    if expr.is_Add:
        terms = [from_sympy(term) for term in reversed(expr.as_ordered_terms())]
        terms.sort(key=lambda term: (isinstance(term, Neg), not isinstance(term, Num)))
        return add(terms)
    if expr.is_Mul:
        top: Expr = ONE
        bottom: Expr = ONE
        for factor in expr.as_ordered_factors():
            base, power = factor.as_base_exp()
            if factor.is_Rational:
                top = mul(top, number(int(factor.p)))
                bottom = mul(bottom, number(int(factor.q)))
            elif power.could_extract_minus_sign():
                bottom = mul(bottom, from_sympy(base**-power))
            else:
                top = mul(top, from_sympy(factor))
        return div(top, bottom)
    if expr.is_Pow or isinstance(expr, sympy.exp):
        base, power = expr.as_base_exp()
        if power.could_extract_minus_sign():
            return div(ONE, from_sympy(base**-power))
        return Pow(from_sympy(base), from_sympy(power))
    name, own = type(expr).__name__, getattr(expr, "own", None)
    if name not in ELEMENTWISE and own is None:
        raise EquationError(f"a derivative is {expr}, which is no number; mend the equation")
    return Call(name, tuple(map(from_sympy, expr.args)), own)
