"""Derivatives of element-wise expressions: by the rules for sums and products, else by SymPy.

The order of what comes out is SymPy's in both cases. The two rules alone serve every gate, and
SymPy takes longer to import than most commands take to run. This is the one module that talks to
SymPy about derivatives.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from symrnn.errors import EquationError
from symrnn.language.functions import derivative_name
from symrnn.language.parse import rule
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import (
    ONE,
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
    map_leaves,
    put,
    refs,
    walk,
)
from symrnn.system.algebra import add, div, mul, number

VALUE = Ref("its value")
"""Stands for a function's own value in its derivative; no name of a text is like it."""

Classes = Callable[[str | Own], Any]
"""The SymPy class, or what is called like one, of a function."""

SHORT = 5
"""A derivative of no more parts than this has no name of its own."""


@lru_cache(maxsize=4096)
def derivative(body: Expr, by: Ref, value: Ref | None = None) -> Expr:
    """∂body/∂by; `value` names the whole body, for a function of its own value.

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
    found_by_rules = _of_products(body, by)
    if found_by_rules is not None:
        return found_by_rules
    import sympy

    return from_sympy(sympy.diff(to_sympy(body), sympy.Symbol(by)))


def slope(call: Call[Expr], number: int, value: Expr = VALUE) -> Expr:
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
    """The same of a function of the text, in its arguments.

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


# sums of products

Polynomial = dict[tuple[str, ...], Fraction]
"""The numbers before the products of names: 1 - a b is {(): 1, ("a", "b"): -1}."""
Summand = tuple[Fraction, tuple[str, ...], Polynomial | None]
"""A number, names in order, and perhaps a bracket: 2 a b (1 - c)."""


def _of_products(body: Expr, by: str) -> Expr | None:
    """The derivative of a sum of products, each with one bracket at most.

    None for any other body, and where SymPy's order of what comes out takes more than the order
    of names: of several products with brackets, or with powers.

    >>> from symrnn.language.parse import parse_expression
    >>> from symrnn.language.printer import show_expr
    >>> gate = parse_expression("(1 - z) * n + z * h")
    >>> show_expr(_of_products(gate, "z")), show_expr(_of_products(gate, "n"))
    ('h - n', '1 - z')
    """
    products = _products(body)
    if products is None:
        return None
    flat: Polynomial = {}
    bracketed: list[tuple[Fraction, tuple[str, ...], Polynomial]] = []
    for value, names, bracket in products:
        if by in names:
            names = tuple(name for name in names if name != by)
            if bracket is None:
                flat[names] = flat.get(names, Fraction(0)) + value
            else:
                bracketed.append((value, names, bracket))
        elif bracket is not None:
            for inner, share in bracket.items():
                if by in inner:
                    all_names = tuple(sorted((*names, *(n for n in inner if n != by))))
                    flat[all_names] = flat.get(all_names, Fraction(0)) + value * share
    flat = {names: value for names, value in flat.items() if value}
    if any(len(set(names)) < len(names) for names in flat):
        return None
    if not bracketed:
        return _sum(flat)
    value, names, bracket = bracketed[0]
    if flat or len(bracketed) > 1 or (value != 1 and not names):
        return None
    return _product(value, names, _sum(bracket))


def _products(body: Expr) -> list[Summand] | None:
    """A sum as its products, if it is one of products that `_of_products` knows."""
    terms = body.terms if isinstance(body, Add) else (body,)
    found = []
    for term in terms:
        value, names, bracket = Fraction(1), [], None
        for factor in _factors(term):
            match factor:
                case Neg():
                    value = -value
                case Num(value=plain):
                    value *= plain
                case Ref(name=name):
                    names.append(name)
                case Add() if bracket is None:
                    inner = _products(factor)
                    if inner is None or any(third is not None for *_, third in inner):
                        return None
                    bracket = {names: Fraction(0) for _, names, _ in inner}
                    for share, product, _ in inner:
                        bracket[product] += share
                    if len(bracket) < 2 or not all(bracket.values()):
                        return None
                case _:
                    return None
        if not value or len(set(names)) < len(names):
            return None
        if bracket is not None and set(names) & {name for inner in bracket for name in inner}:
            return None  # its derivative has a product and a bracket
        found.append((value, tuple(sorted(names)), bracket))
    return found


def _factors(term: Expr) -> list[Expr]:
    """The factors of a product; a minus is one, with nothing in it."""
    match term:
        case Neg(arg=arg):
            return [Neg(ONE), *_factors(arg)]
        case Mul(left=left, right=right):
            return [*_factors(left), *_factors(right)]
    return [term]


def _sum(products: Polynomial) -> Expr:
    """Positive products first, of these numbers first; then those without the first name."""
    names = sorted({name for product in products for name in product})
    ordered = sorted(products, key=lambda product: [name in product for name in names])
    terms = [_product(products[product], product) for product in ordered]
    terms.sort(key=lambda term: (isinstance(term, Neg), not isinstance(term, Num)))
    return add(terms)


def _product(value: Fraction, names: tuple[str, ...], bracket: Expr = ONE) -> Expr:
    if not names and bracket == ONE:
        return number(value)
    found = number(value.numerator)
    for name in names:
        found = mul(found, Ref(name))
    return div(mul(found, bracket), number(value.denominator))


# SymPy


@cache
def sympy_class(function: str | Own) -> Any:
    """The SymPy class of an element-wise function: its `fdiff` is written in terms of itself."""
    import sympy

    own = function if isinstance(function, Own) else None
    name = own.name if own else str(function)
    return type(name, (sympy.Function,), {**with_slope(function, sympy_class), "own": own})


def with_slope(function: str | Own, classes: Classes) -> dict[str, Any]:
    """What a SymPy class needs to know its derivatives: in terms of its own value, other functions
    in them by their `classes`."""
    own = function if isinstance(function, Own) else None
    name = own.name if own else str(function)
    names = own.args if own else ELEMENTWISE[name].arguments
    call = Call(name, tuple(Ref(f"argument {n}") for n in range(len(names))), own)

    def fdiff(self: Any, argindex: int = 1) -> Any:
        known = {f"argument {n}": arg for n, arg in enumerate(self.args)}
        return to_sympy(slope(call, argindex - 1), {**known, VALUE.name: self}, classes)

    return {"fdiff": fdiff, "nargs": len(names)}


def to_sympy(
    expr: Expr, values: Mapping[str, Any] | None = None, classes: Classes | None = None
) -> Any:
    """An element-wise expression over plain names as SymPy knows it; `values` replaces names, and
    `classes` has the class of each function."""
    import sympy

    class_of = classes or sympy_class

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
                return class_of(own or function)(*map(convert, args))
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
