"""Text to trees, by Python's `ast` behind an allow-list. Nothing is ever evaluated.

What is not listed here does not exist in the language: attributes, keywords, comprehensions,
comparisons, strings all end in an error that says what stands there and what may.
"""

import ast
import textwrap
from dataclasses import replace
from fractions import Fraction
from functools import cache

from symrnn.errors import LanguageError, suggestion
from symrnn.language.expressions import MAX_STEP, Expressions
from symrnn.language.functions import Functions, bracketed, functions_in
from symrnn.language.remarks import remarks
from symrnn.language.source import STATEMENTS, check_letters, check_size, plain, tree_of
from symrnn.language.table import ELEMENTWISE, EPS, WRITTEN_OUT
from symrnn.language.timesoftmax import without_timesoftmax
from symrnn.language.tree import (
    Call,
    Declaration,
    Definition,
    Expr,
    Own,
    Ref,
    Source,
    Written,
    put,
    refs,
)

WORDS = ("onehot", "input", "target", "parameter", "fixed", "output", "hidden")
STARTS = ("orthogonal", "glorot", "zeros")


def parse(text: str, name: str = "text") -> Written:
    """What the text says. Raises LanguageError with line and caret for anything else.

    >>> written = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")
    >>> written.definitions[0].target
    Ref(name='h', base='t', shift=0)
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    check_size(Source(text, name))
    dedented = textwrap.dedent(text)
    source = Source(dedented, name, indent=_indentation(text) - _indentation(dedented))
    own = plain(dedented)
    check_letters(source, own)
    readable, places = bracketed(own.text)
    own = replace(own, lines=tuple(readable.split("\n")))
    reader = _Statements(source, own)
    definitions: list[Definition] = []
    declarations: list[Declaration] = []
    steps: int | None = None
    body = tree_of(source, own).body
    functions = functions_in(body, places)
    Functions(reader, body).read(functions)
    lines = [line for line, _, _ in functions]
    for node in body:
        match node:
            case ast.Assign() if node in lines:
                continue
            case ast.Assign(targets=[ast.Name(id="T")]):
                if steps is not None:
                    reader.fail(node, "the number of steps is given twice")
                steps = reader.whole(node.value, "the number of steps", 1, MAX_STEP)
            case ast.Assign(targets=[target]):
                definitions.append(reader.definition(node, target, node.value))
            case ast.AugAssign(op=ast.Add()):
                definitions.append(reader.addition(node))
            case ast.AnnAssign(value=None):
                declarations.append(reader.declaration(node))
            case ast.Assign():
                reader.fail(node, "one equation defines one variable: v[t] = …")
            case ast.Expr(value=ast.Compare(ops=[ast.Eq()])):
                reader.fail(node, "an equation is written with one =")
            case ast.Expr():
                reader.fail(node, f"this says nothing about any variable; expected {STATEMENTS}")
            case ast.AugAssign():
                reader.fail(node, "of these only += is part of the language: v[T] += -w")
            case ast.AnnAssign():
                reader.fail(node, "a declaration or an equation, not both: h: 64")
            case _:
                reader.fail(node, f"this is no statement of the language; expected {STATEMENTS}")
    if not definitions:
        raise LanguageError(
            f"{name}: the text holds no equation; write at least one, such as"
            " h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"
        )
    found = without_timesoftmax(definitions)
    said = remarks(dedented.split("\n"), definitions, declarations, [node.lineno for node in body])
    return Written(tuple(found), tuple(declarations), steps, source, said)


@cache
def rule(text: str) -> Expr:
    """A rule of the table of functions, parsed once."""
    return parse_expression(text)


def definition(function: str | Own) -> tuple[tuple[str, ...], Expr] | None:
    """The arguments of a function, and its value in them; None of an elementary one."""
    if isinstance(function, Own):
        return function.args, function.body
    row = ELEMENTWISE[function]
    return (row.arguments, rule(row.definition)) if row.definition else None


def stable_form(function: str, small: bool = False) -> tuple[tuple[str, ...], Expr] | None:
    """The same of a function of the table, in a form that neither overflows nor loses digits;
    `small` where its digits count however small it is."""
    row = ELEMENTWISE[function]
    text = (row.small if small else "") or row.stable or row.definition
    return (row.arguments, rule(text)) if text else None


def written_out(call: Call[Expr]) -> Expr:
    """A call as what its function is defined to be."""
    found = definition(call.own or call.function)
    assert found is not None
    return put(found[1], dict(zip(found[0], call.args, strict=True)))


def _indentation(text: str) -> int:
    """The columns before the first statement of a text."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return len(first) - len(first.lstrip())


def parse_expression(text: str) -> Expr:
    """A single expression, such as a rule of the table of functions."""
    return parse(f"v = {text}").definitions[0].body


def near_word(word: str) -> str:
    """What a misspelt word of a declaration was probably meant to be; a width may be any other.

    >>> near_word("Input"), near_word("H")
    ("did you mean 'input'?", '')
    """
    known = [*WORDS, "init(…)", "adjoint(…)"]
    plain = word.isalpha() and word[1:].islower() and len(word) > 3
    near = suggestion(word, known, cutoff=0.7) if plain else ""
    return near.removeprefix("; ")


class _Statements(Expressions):
    """Equations, additions and declarations."""

    def stands_for(self, call: Call[Expr]) -> Expr:
        names, text = WRITTEN_OUT[call.function]
        args = call.args if len(call.args) == len(names) else (*call.args, rule(EPS))
        if len(args) > 1 and any(True for _ in refs(args[1])):
            place, message = args[1].place, f"the second argument of {call.function} is a number"
            raise LanguageError(self.source.mark(place, message))
        found = put(rule(text), dict(zip(names, args, strict=True)))
        return replace(found, place=call.place)

    def definition(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> Definition:
        ref = self.ref(target, what="the left side")
        if ref.base == "t" and ref.shift:
            self.fail(target, f"an equation defines {ref.name}[t]; shift its right side instead")
        return Definition(ref, self.expr(value), place=self.place(node))

    def addition(self, node: ast.AugAssign) -> Definition:
        target = node.target
        when = None
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Compare):
            match target.slice:
                case ast.Compare(left=ast.Name(id="T"), ops=[ast.Eq()], comparators=[number]):
                    when = self.whole(number, "the number of steps", 1, MAX_STEP)
                    ref = self.ref(target.value, what="the left side")
                    if ref.base == "t":
                        self.fail(target, f"an addition lands at a fixed step, as {ref.name}[T]")
                case _:
                    self.fail(target, "expected v[T == 2] += …, for that number of steps alone")
        else:
            ref = self.ref(target, what="the left side")
            if ref.base not in ("1", "T"):
                self.fail(target, f"an addition lands at a fixed step, such as {ref.name}[T] += …")
        return Definition(ref, self.expr(node.value), True, when, place=self.place(node))

    def declaration(self, node: ast.AnnAssign) -> Declaration:
        ref = self.ref(node.target, what="what is declared")
        name, place = ref.name, self.place(node)
        if ref.base:
            return self.sequence(node, ref)
        match node.annotation:
            case ast.Name(id=word) if word in WORDS:
                return Declaration(name, word, place=place)
            case ast.Call(func=ast.Name(id="init"), args=[start], keywords=[]):
                return Declaration(name, "init", self.start(start), place=place)
            case ast.Call(func=ast.Name(id="adjoint"), args=[of], keywords=[]):
                ref = self.ref(of, what="what it is the adjoint of")
                return Declaration(name, "adjoint", ref, place=place)
            case ast.Tuple(elts=[rows, columns]):
                return Declaration(
                    name, "width", (self.width(rows), self.width(columns)), place=place
                )
            case ast.Name(id=word) if near := near_word(word):
                self.fail(node.annotation, f"'{word}' is said of nothing; {near}")
            case ast.Name() | ast.Constant() | ast.BinOp():
                return Declaration(name, "width", (self.width(node.annotation),), place=place)
            case _:
                self.fail(
                    node.annotation,
                    "expected a width (64, K, (D, H)), init(…), onehot, input, target,"
                    " parameter, fixed, output, hidden or adjoint(v)",
                )

    def sequence(self, node: ast.AnnAssign, ref: Ref) -> Declaration:
        """`x[t]: input`, for a sequence that no equation reads."""
        match node.annotation:
            case ast.Name(id="input" | "target" as word) if ref.base == "t" and not ref.shift:
                return Declaration(ref.name, word, "t", place=self.place(node))
        self.fail(node, "with a time index only v[t]: input and v[t]: target are declared")

    def start(self, node: ast.expr) -> Fraction | str:
        match node:
            case ast.Name(id=word) if word in STARTS:
                return word
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as constant):
                return -self.number(constant).value
            case ast.Constant():
                return self.number(node).value
        near = suggestion(node.id, list(STARTS)) if isinstance(node, ast.Name) else ""
        self.fail(node, f"expected init(a number) or init of one of {', '.join(STARTS)}{near}")
