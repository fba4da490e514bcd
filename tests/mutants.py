"""Generated kernels with one small mistake in them.

A mistake is made in the function that makes the arrays, the views of them, and the passes: in a
statement of a pass, or in a view that the passes use. Likewise in a function that makes one for it.
"""

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

PASSES = ("forward", "loss", "backward", "step")
OTHER_FUNCTION = {
    "add": "subtract",
    "subtract": "add",
    "multiply": "divide",
    "divide": "multiply",
    "maximum": "minimum",
    "minimum": "maximum",
    "greater": "less",
    "tanh": "sin",
    "exp": "expm1",
    "log1p": "log",
    "square": "abs",
}
FRAME = ("_lay_out", "_pieces")
"""Functions that hand out parameters: not a matter of the passes."""
ORDERED = ("subtract", "divide", "power", "dot", "matmul", "greater")
STEP = re.compile(r"(.*_)(\d+)")


@dataclass(frozen=True)
class Mutant:
    """One field of one node, with another value."""

    kind: str
    in_pass: bool
    statement: ast.stmt
    node: ast.AST
    field: str
    value: Any

    @contextmanager
    def made(self) -> Iterator[None]:
        before = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)
        try:
            yield
        finally:
            setattr(self.node, self.field, before)

    def __str__(self) -> str:
        before = ast.unparse(self.statement).split("\n")[0]
        with self.made():
            after = ast.unparse(self.statement).split("\n")[0]
        return f"{self.kind}, line {self.statement.lineno}: {before}  ->  {after}"


class Laboratory:
    """A kernel's module, and the trees of the functions in which mistakes are made."""

    def __init__(self, module: ModuleType, source: str) -> None:
        self.module = module
        functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
        plans = [f for f in functions if any(name in PASSES for name in _inner(f))]
        walked = [node for plan in plans for node in ast.walk(plan)]
        called = {node.id for node in walked if isinstance(node, ast.Name)}
        own = [f for f in functions if f.name in called and _inner(f) and f.name not in FRAME]
        self.functions = [*plans, *own]
        self.originals = {f.name: getattr(module, f.name) for f in self.functions}

    def mutants(self) -> list[Mutant]:
        return [
            mutant
            for function in self.functions
            for names in [{n.id for n in ast.walk(function) if isinstance(n, ast.Name)}]
            for statement, in_pass in _statements(function.body)
            for mutant in _of_statement(statement, in_pass, names)
        ]

    @contextmanager
    def with_mistake(self, mutant: Mutant) -> Iterator[None]:
        """The module as if the mistake stood in its source."""
        with mutant.made():
            tree = ast.fix_missing_locations(ast.Module([*self.functions], []))
            code = compile(tree, "<mutant>", "exec")
        exec(code, self.module.__dict__)
        try:
            yield
        finally:
            self.module.__dict__.update(self.originals)


def _inner(function: ast.FunctionDef) -> list[str]:
    """The functions that a function makes."""
    return [node.name for node in function.body if isinstance(node, ast.FunctionDef)]


def _statements(body: list[ast.stmt], in_pass: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Simple statements, and whether each belongs to a pass."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            yield from _statements(statement.body, True)
        elif isinstance(statement, ast.For | ast.If):
            yield statement, in_pass
            yield from _statements(statement.body, in_pass)
        elif not isinstance(statement, ast.Return):
            yield statement, in_pass


def _of_statement(statement: ast.stmt, in_pass: bool, names: set[str]) -> Iterator[Mutant]:
    if in_pass and isinstance(statement, ast.Expr):
        yield Mutant("drop", in_pass, statement, statement, "value", ast.Constant(None))
    for node in ast.walk(_own(statement)):
        for kind, field, value in _changes(node, in_pass, names):
            yield Mutant(kind, in_pass, statement, node, field, value)


def _own(statement: ast.stmt) -> ast.AST:
    """What belongs to a statement itself, and not to those inside of it."""
    match statement:
        case ast.For(target=target):
            return target
        case ast.If(test=test):
            return test
    return statement


def _changes(node: ast.AST, in_pass: bool, names: set[str]) -> Iterator[tuple[str, str, Any]]:
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if in_pass:
            if name in OTHER_FUNCTION:
                numpy = ast.Attribute(ast.Name("np", ast.Load()), OTHER_FUNCTION[name], ast.Load())
                yield "function", "func", numpy
            if name in ORDERED:
                yield "operands", "args", [args[1], args[0], *args[2:]]
            if name in ("dot", "matmul"):
                for i in (0, 1):
                    yield "transpose", "args", [*args[:i], _turned(args[i]), *args[i + 1 :]]
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int(number)):
            yield "number", "value", number + 1
            yield "number", "value", number - 1
        case ast.Constant(value=float(number)):
            yield "number", "value", number * 1.5
        case ast.Name(id=name, ctx=ast.Load()) if in_pass and (found := STEP.fullmatch(name)):
            for step in (int(found[2]) - 1, int(found[2]) + 1):
                if f"{found[1]}{step}" in names:
                    yield "step", "id", f"{found[1]}{step}"
        case ast.Tuple(elts=parts, ctx=ast.Store()):
            for i in range(len(parts) - 1):
                yield "names", "elts", [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]


def _turned(matrix: ast.expr) -> ast.expr:
    """The transposed of a matrix: of a transposed one, the matrix itself."""
    if isinstance(matrix, ast.Attribute) and matrix.attr == "T":
        return matrix.value
    return ast.Attribute(matrix, "T", ast.Load())
