"""Functions of one's own: `mish(z) = z * tanh(softplus(z))`, a line of the text.

To Python's parser such a line is no statement. It reads `mish[z] = …` instead, which is as long, so
that every place in the text stays what it is.
"""

import ast
import re
from collections.abc import Sequence

from symrnn.errors import LanguageError
from symrnn.language.expressions import MAX_NAME, Expressions
from symrnn.language.table import ARITY
from symrnn.language.tree import Expr, Own, put, refs

HEAD = re.compile(r"((?:^|;)[ \t]*)(\w+)([ \t]*)\(([^()=;#\n]*)\)(?=[ \t]*=(?!=))", re.MULTILINE)
MADE_UP = re.compile(r"[a-z]_")

Line = tuple[ast.Assign, ast.Name, ast.expr]
"""A line that defines a function: all of it, its name, and its arguments."""


def bracketed(text: str) -> tuple[str, set[tuple[int, int]]]:
    """The text with square brackets around the arguments of functions, and where these begin.

    >>> bracketed("mish(z) = z * tanh(z)")
    ('mish[z] = z * tanh(z)', {(1, 0)})
    """
    places: set[tuple[int, int]] = set()
    pieces, end = [], 0
    for found in HEAD.finditer(text):
        if re.match(r"\s*[tT]\b", found[4]):
            continue  # time stands in square brackets, and the message says so
        line = text.count("\n", 0, found.start(2)) + 1
        start = text.rfind("\n", 0, found.start(2)) + 1
        places.add((line, len(text[start : found.start(2)].encode())))
        pieces += [text[end : found.start(3)], found[3], "[", found[4] or " ", "]"]
        end = found.end()
    return "".join([*pieces, text[end:]]), places


def functions_in(body: Sequence[ast.stmt], places: set[tuple[int, int]]) -> list[Line]:
    """The lines that define functions, in their order."""
    found: list[Line] = []
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name() as name, slice=args)]) if (
                name.lineno,
                name.col_offset,
            ) in places:
                found.append((node, name, args))
    return found


class Functions:
    """Reads the functions of a text; numbers that have a name in it are put in."""

    def __init__(self, reader: Expressions, body: Sequence[ast.stmt]) -> None:
        self.reader = reader
        self.plain = {
            node.targets[0].id: node.value
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }

    def read(self, functions: Sequence[Line]) -> None:
        later = [name.id for _, name, _ in functions]
        for node, name, args in functions:
            later.pop(0)
            self.function(node, name, args, later)

    def function(self, node: ast.Assign, name: ast.Name, args: ast.expr, later: list[str]) -> None:
        reader = self.reader
        self.check_name(name)
        names = tuple(self.argument(arg) for arg in _each(args))
        if len(set(names)) < len(names):
            reader.fail(args, "two arguments of one name")
        for called in ast.walk(node.value):
            if isinstance(called, ast.Call) and isinstance(called.func, ast.Name):
                if called.func.id == name.id:
                    reader.fail(called, f"{name.id} calls itself; a recurrence is written v[t-1]")
                if called.func.id in later and called.func.id not in reader.own:
                    reader.fail(called, f"{called.func.id} is defined below; define it first")
        body = self.body(reader.expr(node.value), names, name.id)
        of, by = self.derivative_of(name.id, names)
        reader.own[name.id] = Own(name.id, names, body, of, by, place=reader.place(node))

    def check_name(self, node: ast.Name) -> None:
        reader, name = self.reader, node.id
        if name in ARITY:
            reader.fail(node, f"'{name}' is a function of the language; call yours my_{name}")
        if name in reader.own:
            reader.fail(node, f"the function {name} is defined twice")
        reader.name(node, name)
        made_up = MADE_UP.match(name) and self.derivative_of(name, None)[0] is None
        if made_up or len(name) > MAX_NAME - 10:
            reader.fail(
                node,
                f"'{name}' is no name for a function: at most {MAX_NAME - 10} letters, and not"
                f" one letter with a _ behind it, as in {name[:2]}…, which symrnn uses itself",
            )

    def argument(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            self.reader.fail(node, "the arguments of a function are names: f(z) = …, g(a, b) = …")
        return self.reader.name(node, node.id)

    def derivative_of(self, name: str, args: tuple[str, ...] | None) -> tuple[Own | None, str]:
        """The function whose derivative is called so, and by which argument it is taken."""
        for own in self.reader.own.values():
            for by in own.args:
                if name == derivative_name(own, by) and args in (None, own.args):
                    return own, by
        return None, ""

    def body(self, expr: Expr, names: tuple[str, ...], name: str) -> Expr:
        """The body in the arguments alone."""
        for ref in list(refs(expr)):
            if ref.name not in names or ref.base:
                number = None if ref.base else self.number(ref.name, ())
                if number is None:
                    expected = " and ".join([", ".join(names), "numbers that have a name"])
                    message = f"{name} is made of {expected}; hand {ref.name} in as an argument"
                    raise LanguageError(self.reader.source.mark(ref.place, message))
                expr = put(expr, {ref.name: number})
        return expr

    def number(self, name: str, within: tuple[str, ...]) -> Expr | None:
        """What a name stands for, if that is made of numbers alone."""
        if name not in self.plain or name in within:
            return None
        kinds = ast.BinOp | ast.UnaryOp | ast.Constant | ast.Name | ast.operator | ast.unaryop
        if not all(isinstance(n, kinds | ast.expr_context) for n in ast.walk(self.plain[name])):
            return None
        found = self.reader.expr(self.plain[name])
        for ref in list(refs(found)):
            inner = self.number(ref.name, (*within, name))
            if inner is None:
                return None
            found = put(found, {ref.name: inner})
        return found


def derivative_name(own: Own, by: str) -> str:
    """The name of the derivative of a text's function by one of its arguments.

    >>> from symrnn.language.tree import Ref
    >>> derivative_name(Own("mish", ("z",), Ref("z")), "z")
    'd_mish'
    """
    return f"d_{own.name}" if len(own.args) == 1 else f"d_{own.name}_{by}"


def _each(args: ast.expr) -> list[ast.expr]:
    return list(args.elts) if isinstance(args, ast.Tuple) else [args]
