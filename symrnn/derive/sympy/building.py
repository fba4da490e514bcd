"""Python text as SymPy objects, each product and sum as it stands there.

Python would hand `w*(1 - O**2)*w` to SymPy's operators, which put factors in an order of their own
and collect them. Here every sum, product and power is made unevaluated; `doit()` evaluates it.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from symrnn.derive.sympy.functions import EachEntry
from symrnn.errors import CheckError

SHAPED = ("MatrixSymbol", "OneMatrix", "ZeroMatrix", "Identity", "Rational", "Integer", "Float")
"""What is given numbers and widths, which are worked out at once."""


def built(text: str, names: Mapping[str, Any]) -> Any:
    """The object of an expression; SymPy's names need not be among `names`.

    >>> o, w = sympy.symbols("o w")
    >>> built("w*(1 - o**2)*w", {"o": o, "w": w}).args
    (w, 1 - o**2, w)
    """
    return Builder(names).value(ast.parse(text, mode="eval").body)


class Builder:
    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def name(self, name: str) -> Any:
        return self.names[name] if name in self.names else getattr(sympy, name)

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Constant(value=int() as number):
                return sympy.Integer(number)
            case ast.Constant(value=text):
                return text
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(self.value(operand))
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return total(self.terms(node))
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return product(self.factors(node))
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return sympy.Pow(self.value(base), self.value(exponent), evaluate=False)
            case ast.Attribute(value=arg, attr="T"):
                return sympy.Transpose(self.value(arg))
            case ast.Subscript(value=arg, slice=places):
                return self.value(arg)[self.place(places)]
            case ast.List(elts=parts):
                return [self.value(part) for part in parts]
            case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=arg)]), body=body):
                inner = sympy.Dummy(arg)
                return sympy.Lambda(inner, Builder({**self.names, arg: inner}).value(body))
            case ast.Call():
                return self.call(node)
        raise CheckError(f"no object for {ast.unparse(node)}")

    def call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            return EachEntry(self.value(node.args[0]), self.value(node.func.value))
        assert isinstance(node.func, ast.Name)
        name, function = node.func.id, self.name(node.func.id)
        if name == "Sum":
            body, bounds = node.args
            return sympy.Sum(self.value(body), self.place(bounds))
        if name in SHAPED:
            return function(*map(self.place, node.args))
        if name == "sqrt":
            return sympy.Pow(self.value(node.args[0]), sympy.S.Half, evaluate=False)
        args = map(self.value, node.args)
        unevaluated = isinstance(function, type) and issubclass(function, sympy.Function)
        return function(*args, evaluate=False) if unevaluated else function(*args)

    def place(self, node: ast.expr) -> Any:
        """A step, a width or a part: worked out, so that one is like another."""
        match node:
            case ast.Tuple(elts=parts):
                return tuple(map(self.place, parts))
            case ast.Slice(lower=lower, upper=upper):
                return slice(lower and self.place(lower), upper and self.place(upper))
            case ast.Constant(value=float() | str() as found):
                return found
            case ast.BinOp() | ast.UnaryOp():
                return self.value(node).doit()
        return self.value(node)

    def terms(self, node: ast.expr) -> list[Any]:
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [*self.terms(left), self.value(right)]
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return [*self.terms(left), negative(self.value(right))]
        return [self.value(node)]

    def factors(self, node: ast.expr) -> list[Any]:
        match node:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return [*self.factors(left), self.value(right)]
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                below = self.value(right)
                return [*self.factors(left), sympy.Pow(below, -1, evaluate=below.is_Number)]
        return [self.value(node)]


def is_matrix(found: Any) -> bool:
    return bool(found.is_Matrix)


def total(terms: Sequence[Any]) -> Any:
    if is_matrix(terms[0]):
        return sympy.MatAdd(*terms)
    return sympy.Add(*terms, evaluate=False)


def product(factors: Sequence[Any]) -> Any:
    """Numbers, one in front for all that are plain, then matrices in their order."""
    plain = sympy.prod([factor for factor in factors if factor.is_Number])
    rest = [part for factor in factors if not factor.is_Number for part in _flat(factor)]
    if plain != 1 or not rest:
        rest = [plain, *rest]
    if len(rest) == 1:
        return rest[0]
    matrices = [factor for factor in rest if is_matrix(factor)]
    if matrices:
        return sympy.MatMul(*(f for f in rest if not is_matrix(f)), *matrices)
    return sympy.Mul(*rest, evaluate=False)


def _flat(factor: Any) -> tuple[Any, ...]:
    """The factors of a product in a product."""
    inner = isinstance(factor, sympy.Mul | sympy.MatMul)
    return factor.args if inner else (factor,)


def negative(found: Any) -> Any:
    return -found if found.is_Number else product([sympy.Integer(-1), found])
