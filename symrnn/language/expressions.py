"""Expressions: nodes of Python's tree turned into ours, by an allow-list.

Whatever is not listed ends in an error with line and caret that says what may stand there.
"""

import ast
import re
from dataclasses import replace
from fractions import Fraction
from typing import NoReturn

from symrnn.errors import LanguageError
from symrnn.language import meant
from symrnn.language.calls import is_pointwise
from symrnn.language.foreign import spelling
from symrnn.language.meant import usage
from symrnn.language.source import MAX_DEPTH, Plain, at
from symrnn.language.table import ARITY, WRITTEN_OUT
from symrnn.language.tree import (
    Add,
    Call,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Own,
    Pad,
    Part,
    Place,
    Pow,
    Ref,
    Size,
    Source,
    Transpose,
    Width,
    put,
)

MAX_NAME = 40
MAX_STEP = 10_000
MAX_WIDTH = 1_000_000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
RESERVED = ("t", "T")

BINARY: dict[type[ast.operator], type[Mul] | type[Div[Expr]] | type[Pow[Expr]] | type[MatMul]] = {
    ast.Mult: Mul,
    ast.Div: Div,
    ast.Pow: Pow,
    ast.MatMult: MatMul,
}
HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "a power is written a**2, a transposed matrix transpose(W)",
    ast.FloorDiv: "a quotient is written a / b",
    ast.Attribute: "an attribute is not part of the language (W transposed is transpose(W))",
    ast.Lambda: "a lambda is not part of the language",
    ast.ListComp: "a comprehension is not part of the language; sum(v[t]) sums over time",
    ast.GeneratorExp: "a comprehension is not part of the language; sum(v[t]) sums over time",
    ast.SetComp: "a comprehension is not part of the language",
    ast.DictComp: "a comprehension is not part of the language",
    ast.JoinedStr: "an f-string is not part of the language",
    ast.NamedExpr: "an assignment inside an expression is not part of the language",
    ast.Compare: "a comparison is not part of the language; step(v) is 1 where v > 0, else 0",
    ast.IfExp: "a condition is not part of the language; step(v) is 1 where v > 0, else 0",
    ast.Tuple: "a tuple is not part of the language; concat(p, q) joins features",
    ast.List: "a list is not part of the language; concat(p, q) joins features",
}


class Expressions:
    """Turns nodes of Python's tree into ours; holds the source for the messages."""

    def __init__(self, source: Source, text: Plain) -> None:
        self.source = source
        self.own: dict[str, Own] = {}
        """The functions that the text has defined so far."""
        self.plain = text

    def place(self, node: ast.expr | ast.stmt) -> Place:
        return at(self.plain, node.lineno, *self.span(node))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The columns of a node, as far as its first line, in the text that Python reads."""
        line = self.plain.lines[node.lineno - 1].encode()
        one_line = node.end_lineno == node.lineno
        end = node.end_col_offset if one_line else len(line)
        return (
            len(line[: node.col_offset].decode(errors="replace")),
            len(line[:end].decode(errors="replace")),
        )

    def fail(self, node: ast.expr | ast.stmt, message: str) -> NoReturn:
        raise LanguageError(self.source.mark(self.place(node), message))

    def expr(self, node: ast.expr, depth: int = 0) -> Expr:
        if depth > MAX_DEPTH:
            self.fail(node, f"an expression more than {MAX_DEPTH} deep; name a part of it")
        place = self.place(node)
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name() | ast.Subscript():
                return self.ref(node, what="a variable")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Neg(self.expr(operand, depth + 1), place=place)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.expr(operand, depth + 1)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self.sum(node, depth)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                kind = BINARY[type(op)]
                return kind(self.expr(left, depth + 1), self.expr(right, depth + 1), place=place)
            case ast.BinOp(op=op):
                self.fail_if_foreign(node)
                hint = HINTS.get(type(op), "the operators are + - * / ** @")
                self.fail(node, f"an operator that the language does not have; {hint}")
            case ast.Call():
                return self.call(node, depth)
            case ast.Attribute() if known := meant.attribute(node, self.said):
                self.fail(node, known)
            case ast.List() if known := meant.matrix(node):
                self.fail(node, known)
        hint = HINTS.get(type(node), "this is not part of the language")
        self.fail(node, f"{hint}; expected variables, numbers, + - * / ** @ and functions")

    def fail_if_foreign(self, node: ast.expr) -> None:
        """Say what to write, where a node is spelt as somebody else spells it."""
        if found := spelling(self.said(node)):
            start = self.span(node)[0]
            place = at(self.plain, node.lineno, start + found.start, start + found.end)
            raise LanguageError(self.source.mark(place, found.message))

    def sum(self, node: ast.BinOp, depth: int) -> Add[Expr]:
        """`a + b - c` as one sum of three terms, however many there are."""
        place = self.place(node)
        terms: list[Expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub):
            term = self.expr(left.right, depth + 1)
            terms.append(Neg(term, place=term.place) if isinstance(left.op, ast.Sub) else term)
            left = left.left
        terms.append(self.expr(left, depth + 1))
        return Add(tuple(reversed(terms)), place=place)

    def call(self, node: ast.Call, depth: int) -> Expr:
        place = self.place(node)
        if not isinstance(node.func, ast.Name):
            self.fail(node.func, meant.callee(node.func, self.said))
        name = node.func.id
        if name not in ARITY and name not in self.own:
            self.fail(
                node.func,
                f"unknown function '{name[:MAX_NAME]}'{meant.function(name, node, self.said)}",
            )
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            across = f"; across the features it is row{name}(v)" if name in ACROSS else ""
            called = self.usage(name)
            self.fail(node, f"{name} takes its arguments by place alone: {called}{across}")
        arity = len(self.own[name].args) if name in self.own else ARITY[name]
        numbers = (arity,) if isinstance(arity, int) else arity
        if len(node.args) not in numbers if numbers else len(node.args) < 2:
            self.fail(node, f"{name} takes {_wanted(numbers)}: {self.usage(name)}")
        if name == "size":
            return Size(self.size(node.args[0]), place=place)
        first = self.expr(node.args[0], depth + 1)
        if name == "transpose":
            return Transpose(first, place=place)
        if name in ("part", "pad"):
            skip, width = self.width(node.args[1], least=0), self.width(node.args[2])
            kind = Part if name == "part" else Pad
            return kind(first, skip, width, place=place)
        rest = tuple(self.expr(arg, depth + 1) for arg in node.args[1:])
        return self.called(Call(name, (first, *rest), self.own.get(name), place=place))

    def called(self, call: Call[Expr]) -> Expr:
        """The call; of a function that is not element by element what it is defined to be."""
        if call.function in WRITTEN_OUT:
            return self.stands_for(call)
        own = call.own
        if own is None or is_pointwise(own.body):
            return call
        return replace(put(own.body, dict(zip(own.args, call.args, strict=True))), place=call.place)

    def stands_for(self, call: Call[Expr]) -> Expr:
        """The expression that a function of the table stands for."""
        raise NotImplementedError  # its text has to be parsed: `_Statements` in parse.py does

    def usage(self, name: str) -> str:
        return f"{name}({', '.join(self.own[name].args)})" if name in self.own else usage(name)

    def size(self, node: ast.expr) -> Width:
        if isinstance(node, ast.Name) and node.id in ("T", "B"):
            return Width((node.id,))
        return self.width(node)

    def number(self, node: ast.Constant) -> Num:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = "a text" if isinstance(value, str | bytes) else repr(value)[:20]
            self.fail(node, f"expected a number or a variable, not {what}")
        if not -1e100 < value < 1e100 or 0 < abs(value) < 1e-100:
            self.fail(node, "a number must lie between 1e-100 and 1e100 in size")
        if not value and any(
            digit in self.said(node).lower().split("e")[0] for digit in "123456789"
        ):
            self.fail(node, "a number must lie between 1e-100 and 1e100 in size")
        return Num(Fraction(repr(value)), place=self.place(node))

    def said(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node, as far as its first line."""
        start, end = self.span(node)
        return self.plain.lines[node.lineno - 1][start:end]

    def ref(self, node: ast.expr, what: str) -> Ref:
        place = self.place(node)
        match node:
            case ast.Name(id=name):
                return Ref(self.name(node, name), place=place)
            case ast.Subscript(value=ast.Name(id=name)) if name in ARITY or name in self.own:
                self.fail(node, f"a function takes round brackets: {self.usage(name)}")
            case ast.Subscript(value=ast.Name(id=name) as named, slice=index):
                base, shift = self.step(index, name)
                return Ref(self.name(named, name), base, shift, place=place)
        self.fail(node, f"expected {what} with at most one time index: v, v[t], v[t-1], v[T], v[1]")

    def name(self, node: ast.expr, name: str) -> str:
        if len(name) > MAX_NAME:
            self.fail(node, f"a name of {len(name)} characters; the limit is {MAX_NAME}")
        if NAME.match(name) and not self.said(node).startswith(name):
            self.fail(node, f"this only looks like {name}; a name is written with a-z A-Z 0-9 _")
        if not NAME.match(name):
            self.fail(node, f"'{name}' is not a name: letters a-z A-Z, then digits and _ too")
        if name in RESERVED:
            what = "the current step" if name == "t" else "the number of steps"
            self.fail(node, f"{name} is {what}; use it in brackets, as v[{name}], or as size(T)")
        if name in ARITY or name in self.own:
            self.fail(node, f"'{name}' is a function and cannot be a variable; call it {name}_")
        return name

    def step(self, node: ast.expr, name: str) -> tuple[str, int]:
        """The base and the shift of a time index."""
        match node:
            case ast.Name(id="t" | "T" as base):
                return base, 0
            case ast.BinOp(
                left=ast.Name(id="t" | "T" as base),
                op=ast.Add() | ast.Sub() as op,
                right=ast.Constant(value=int(shift)),
            ) if not isinstance(shift, bool) and shift <= MAX_STEP:
                return base, shift if isinstance(op, ast.Add) else -shift
            case ast.Constant(value=int(step)) if not isinstance(step, bool) and step <= MAX_STEP:
                return "1", step - 1
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(step))) if (
                not isinstance(step, bool) and step <= MAX_STEP
            ):
                return "1", -step - 1
        self.fail(
            node,
            "a time index is t, t-1, t+1, T, T-1, 1, 0, …: the step is called t, and a lag is a"
            f" whole number, at most {MAX_STEP}{meant.step(name, node, self.said)}",
        )

    # widths and other whole numbers

    def width(self, node: ast.expr, least: int = 1) -> Width:
        """A number, a name, or a sum of them: H_f + H_b."""
        total: Width | None = None
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            right = self.width(node.right)
            total, node = right if total is None else right + total, node.left
        if total is not None:
            return self.width(node) + total
        match node:
            case ast.Name(id=name):
                if name == "T" or name == "B":
                    what = "the number of steps" if name == "T" else "the number of sequences"
                    self.fail(node, f"{name} is {what} and cannot be a width; take another name")
                return Width((self.name(node, name),))
            case ast.Constant():
                return Width((), self.whole(node, "a width", least, MAX_WIDTH))
        self.fail(node, "expected a width: a number, a name, or a sum of them")

    def whole(self, node: ast.expr, what: str, least: int, most: int) -> int:
        match node:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                if least <= value <= most:
                    return value
        self.fail(node, f"{what} is a whole number from {least} to {most}")


ACROSS = ("sum", "mean", "max", "min")
"""Functions that have one across the features beside them: rowsum, …"""


def _wanted(numbers: tuple[int, ...] | None) -> str:
    """How many arguments a function takes, in words."""
    words = ("no arguments", "one argument", "two arguments", "three arguments")
    if numbers is None:
        return "two or more arguments"
    if len(numbers) == 2:
        return "one or two arguments"
    return words[numbers[0]] if numbers[0] < len(words) else f"{numbers[0]} arguments"
