"""What was probably meant by a part of Python's tree that the language does not have.

Each function gives the end of a message, or nothing; `said` tells how a node is written.
"""

import ast
import re
from collections.abc import Callable

from symrnn.errors import suggestion
from symrnn.language.foreign import MODULES, instead
from symrnn.language.table import ARITY, ELEMENTWISE

Said = Callable[[ast.expr], str]

MATRIX_LIKE = re.compile(r"[A-Z]\w*\Z|[wuv]\w?_")
"""How a matrix is called."""

USAGES = {
    "concat": "concat(p, q)",
    "surrogate": "surrogate(value, slope)",
    "layernorm": "layernorm(v) or layernorm(v, 0.001)",
    "rmsnorm": "rmsnorm(v) or rmsnorm(v, 0.001)",
    "part": "part(v, skip, width)",
    "pad": "pad(v, skip, total)",
    "size": "size(H)",
    "transpose": "transpose(W)",
    "bce": "bce(y, yhat)",
    "ce": "ce(y, yhat)",
    "mse": "mse(y, yhat)",
    "bce_logits": "bce_logits(y, z)",
    "ce_logits": "ce_logits(y, z)",
}


def usage(name: str) -> str:
    """How a function is written."""
    row = ELEMENTWISE.get(name)
    arguments = row.arguments if row is not None and len(row.arguments) > 1 else ("v",)
    return USAGES.get(name, f"{name}({', '.join(arguments)})")


def function(name: str, node: ast.Call, said: Said) -> str:
    """By a function that does not exist."""
    for arg in node.args:
        names = {inner.id for inner in ast.walk(arg) if isinstance(inner, ast.Name)}
        if names and names <= {"t", "T"}:
            return f"; time stands in square brackets: {name}[{_close(arg, said)}]"
    if known := instead(name):
        return f"; {known}"
    if near := suggestion(name, list(ARITY), cutoff=0.75):
        return near
    if len(node.args) == 1 and MATRIX_LIKE.match(name):
        return f"; a product with a matrix is written {said(node.args[0])} @ {name}"
    return "; the functions are " + " ".join(ARITY)


def callee(node: ast.expr, said: Said) -> str:
    """By what is called and is no name."""
    match node:
        case ast.Attribute(value=value, attr=attr) if attr in ARITY:
            whole = usage(attr) if _is_module(value) else f"{attr}({said(value)})"
            return f"a function stands alone; write {whole}"
        case ast.Attribute(attr=attr):
            known = instead(attr) or "the functions are " + " ".join(ARITY)
            return f"'{attr[:40]}' is not part of the language; {known}"
        case ast.BinOp():
            return f"a product is written with *: ({said(node)}) * (…)"
        case ast.Subscript() | ast.Constant():
            return f"a product is written with *: {said(node)} * (…)"
    return "expected the name of a function before the bracket"


def attribute(node: ast.Attribute, said: Said) -> str:
    """By W.T, h[t].T or np.pi."""
    match node:
        case ast.Attribute(value=value, attr="pi") if _is_module(value):
            return "write pi"
        case ast.Attribute(value=value, attr="e") if _is_module(value):
            return "write exp(1)"
        case ast.Attribute(value=ast.Name(id=name), attr="T" | "mT"):
            return f"a transposed matrix is written transpose({name})"
        case ast.Attribute(value=ast.Subscript() as row, attr="T" | "mT"):
            return (
                f"a row such as {said(row)} stands left of an @ as it is; a transposed matrix is"
                " written transpose(W)"
            )
    return ""


def matrix(node: ast.expr) -> str:
    """By [[1, 2], [3, 4]]."""
    if not _is_of_numbers(node):
        return ""
    return (
        "numbers are not listed in a text; a matrix or a vector has a name, as in x[t] @ A, and"
        " its numbers are handed in under it (A: fixed, if they are not trained)"
    )


def step(of: str, node: ast.expr, said: Said) -> str:
    """By a time index that is none."""
    match node:
        case ast.Tuple(elts=elements):
            steps = [each for each in elements if not isinstance(each, ast.Slice)]
            if len(steps) == 1 < len(elements):
                return f"; write {of}[{_close(steps[0], said)}]"
            return f"; features are taken by part({of}[t], skip, width)"
        case ast.Slice():
            return f"; {of}[t] has all features, and sum({of}[t]) is over the steps"
        case ast.Name(id=name):
            return f"; write {of}[{_base(name)}]"
        case ast.BinOp(left=ast.Name(id=name), right=ast.Constant(value=int())) if name not in "tT":
            return f"; write {of}[{_base(name)}{_close(node, said).removeprefix(name)}]"
    return ""


def _base(name: str) -> str:
    return "T" if name.isupper() else "t"


def _close(node: ast.expr, said: Said) -> str:
    """A node without its spaces."""
    return said(node).replace(" ", "")


def _is_module(node: ast.expr) -> bool:
    """Whether a name, or the first of several with points between them, is that of a module."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES


def _is_of_numbers(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return all(map(_is_of_numbers, node.elts))
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)
