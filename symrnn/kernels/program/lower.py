"""Functions out of a few elementary ones, and sums of products out of products.

    f[t] = sigmoid(a_f[t])    =>    m[t] = 0.5 * a_f[t];  tanh_m[t] = tanh(m[t]);  …

A back end has the elementary ones: + - * / **, tanh, exp, log, log1p, expm1, sqrt, square, sin,
cos, softplus, maximum, minimum, and `positive`, 1 where its argument is positive and 0 elsewhere;
for class ids `pick` and `add_at`.
Each definition is stable in floating point, and takes its branch by the real part of a complex
number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from symrnn.errors import UsageError
from symrnn.kernels.program.program import (
    Argument,
    Loop,
    Map,
    Number,
    Pack,
    Plain,
    Product,
    Program,
    Slice,
    Statement,
)
from symrnn.language.table import ELEMENTWISE, GELU, SELU_SCALE, SELU_SLOPE
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref
from symrnn.system import names

ELEMENTARY = frozenset(
    {
        *("tanh", "exp", "log", "log1p", "expm1", "sqrt", "square", "sin", "cos", "sinh", "cosh"),
        *("arctan", "erf", "stop", "softplus", "maximum", "minimum", "positive", "is_zero"),
        *("add", "subtract", "multiply", "divide", "negative", "power", "copy", "turned"),
        *("pick", "add_at"),
    }
)
"""What NumPy has. A target may have fewer of the functions: the others are then worked out as they
are defined."""

SIGMOID = "0.5 * tanh(0.5 * {x}) + 0.5"
TAIL = "exp(-softplus(-x))"
"""A sigmoid that keeps its relative exactness where it is small: for f / (f + i) that is needed."""
DEFINITIONS: dict[str, str] = {
    "sigmoid": SIGMOID.format(x="x"),
    "relu": "maximum(x, 0)",
    "leaky_relu": "maximum(x, 0.01 * x)",
    "elu": "maximum(x, 0) + expm1(minimum(x, 0))",
    "selu": f"{SELU_SCALE} * maximum(x, 0) + {SELU_SLOPE} * expm1(minimum(x, 0))",
    "softsign": "x / (1 + maximum(x, -x))",
    "abs": "maximum(x, -x)",
    "hard_sigmoid": "minimum(maximum(x / 6 + 0.5, 0), 1)",
    "hard_tanh": "minimum(maximum(x, -1), 1)",
    "softplus": "maximum(x, 0) + log1p(exp(-maximum(x, -x)))",
    "silu": "x * (" + SIGMOID.format(x="x") + ")",
    "tan": "sin(x) / cos(x)",
    "gelu": "0.5 * x * (1 + erf(0.7071067811865476 * x))",
    "gelu_tanh": "x * (" + SIGMOID.format(x=f"({GELU} * (x + 0.044715 * x**3))") + ")",
    "identity": "x",
    "step": "positive(x)",
    "sign": "positive(x) - positive(-x)",
    "max": "maximum(a, b)",
    "min": "minimum(a, b)",
}
"""What back ends do quicker, or more exactly, than by the definition in the table."""


def lower(program: Program, elementary: frozenset[str] = ELEMENTARY) -> Program:
    """The program in elementary functions and single products."""
    return _Lower(program, elementary).program()


@cache
def definition(op: str, relative: bool = False) -> tuple[tuple[str, ...], Expr]:
    """The arguments of an operation, and its value in them; `relative` where a quotient or a
    logarithm reads it."""
    import ast

    row = ELEMENTWISE[op]
    text = TAIL if relative and op == "sigmoid" else DEFINITIONS.get(op) or row.definition
    if not text:
        raise UsageError(
            f"the back end has no {op}, and the table of functions does not define it by others;"
            " leave it out of the text, or take another back end"
        )
    return row.arguments, _tree(ast.parse(text, mode="eval").body)


def _divisors(program: Program) -> set[str]:
    """The arrays whose size matters, however small: what is divided by, or goes into a log, and
    what that is a sum or a product of."""
    maps = [s for body in program.sections.values() for s in _plainly(body) if isinstance(s, Map)]
    found: set[str] = set()
    for each in maps:
        if each.op in ("divide", "log") and isinstance(each.args[-1], Slice):
            found.update(each.args[-1].names)
    while True:
        more = {
            name
            for each in maps
            if each.op in ("add", "multiply", "copy") and found & set(each.out.names)
            for arg in each.args
            if isinstance(arg, Slice)
            for name in arg.names
        }
        if more <= found:
            return found
        found |= more


def _plainly(body: Iterable[Statement]) -> Iterator[Plain]:
    for statement in body:
        yield from statement.body if isinstance(statement, Loop) else (statement,)


def _tree(node: object) -> Expr:
    """The definitions use functions that the language does not have."""
    import ast
    from fractions import Fraction

    match node:
        case ast.Name(id=name):
            return Ref(name)
        case ast.Constant(value=value):
            return Num(Fraction(str(value)))
        case ast.UnaryOp(operand=operand):
            return Neg(_tree(operand))
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _tree(left), _tree(right)
            match op:
                case ast.Add():
                    return Add((one, other))
                case ast.Sub():
                    return Add((one, Neg(other)))
                case ast.Mult():
                    return Mul(one, other)
                case ast.Div():
                    return Div(one, other)
                case ast.Pow():
                    return Pow(one, other)
        case ast.Call(func=ast.Name(id=name), args=args):
            return Call(name, tuple(_tree(arg) for arg in args))
    raise TypeError(f"a definition holds {node}")


class _Lower:
    def __init__(self, old: Program, elementary: frozenset[str]) -> None:
        self.old, self.elementary = old, elementary
        self.arrays = dict(old.arrays)
        self.packs = list(old.packs)
        self.pack_of = old.pack_of()
        self.divisors = _divisors(old)
        self.taken = {*old.arrays, *(pack.name for pack in old.packs)}

    def program(self) -> Program:
        sections = {
            name: tuple(s for one in body for s in self.statement(one))
            for name, body in self.old.sections.items()
        }
        return replace(self.old, sections=sections, arrays=self.arrays, packs=tuple(self.packs))

    def statement(self, statement: Statement) -> Iterator[Statement]:
        if isinstance(statement, Loop):
            body = tuple(s for one in statement.body for s in self.plain(one))
            yield replace(statement, body=body)
        else:
            yield from self.plain(statement)

    def plain(self, statement: Plain) -> Iterator[Plain]:
        match statement:
            case Map(op=op, args=args) if op in ELEMENTWISE and op not in self.elementary:
                relative = bool(self.divisors & set(statement.out.names))
                names, body = definition(op, relative)
                for made in self.define(statement, body, dict(zip(names, args, strict=True)), {}):
                    yield from self.plain(made)
            case Product(pairs=pairs) if len(pairs) > 1:
                yield from self.products(statement)
            case _:
                yield statement

    def products(self, statement: Product) -> Iterator[Plain]:
        total: Slice | None = None
        for place, pair in enumerate(statement.pairs):
            last = place == len(statement.pairs) - 1
            out = self.like(statement.out, f"{pair.left.names[0]}_{pair.right.names[0]}")
            yield replace(statement, out=out, pairs=(pair,))
            if total is not None:
                into = statement.out if last else self.like(statement.out, "sum")
                yield Map(into, "add", (total, out), statement.during, statement.about)
                total = into
            else:
                total = out

    def define(
        self, statement: Map, body: Expr, x: dict[str, Argument], known: dict[Expr, Argument]
    ) -> Iterator[Plain]:
        """Statements for a definition in the arguments `x`, the last one into the result."""
        made: list[Plain] = []
        result = self.value(statement, body, x, known, made, statement.out)
        if result != statement.out:
            made.append(replace(statement, op="copy", args=(result,)))
        yield from made

    def value(
        self,
        statement: Map,
        body: Expr,
        x: dict[str, Argument],
        known: dict[Expr, Argument],
        made: list[Plain],
        out: Slice | None = None,
    ) -> Argument:
        if isinstance(body, Ref):
            return x[body.name]
        if isinstance(body, Num) or (isinstance(body, Neg) and isinstance(body.arg, Num)):
            return Number(body)
        if body in known:
            return known[body]
        op, parts = _operation(body)
        args = tuple(self.value(statement, part, x, known, made) for part in parts)
        place = out if out is not None else self.like(statement.out, op)
        made.append(replace(statement, out=place, op=op, args=args))
        known[body] = place
        return place

    def like(self, out: Slice, label: str) -> Slice:
        """A new array like the one that is written; neighbours of it for neighbours."""
        made: list[str] = []
        for name in out.names:
            old = self.arrays[name]
            shape = (out.part[1],) if out.part is not None else old.shape
            new = names.free(f"{label}_{name}" if len(label) < 9 else label, self.taken)
            self.taken.add(new)
            self.arrays[new] = replace(old, name=new, shape=shape, role="scratch", of="")
            made.append(new)
        if len(made) > 1:
            kind = self.pack_of[out.names[0]].kind
            pack = Pack(names.free(f"{label}_all", self.taken), kind, tuple(made))
            self.taken.add(pack.name)
            self.packs.append(pack)
            self.pack_of |= dict.fromkeys(made, pack)
        return Slice(tuple(made), out.when)


def _operation(body: Expr) -> tuple[str, tuple[Expr, ...]]:
    match body:
        case Add(terms=(left, Neg(arg=right))):
            return "subtract", (left, right)
        case Add(terms=(left, right)):
            return "add", (left, right)
        case Add(terms=(*several, last)):
            return _operation(Add((Add(tuple(several)), last)))
        case Mul(left=left, right=right):
            return "multiply", (left, right)
        case Div(left=left, right=right):
            return "divide", (left, right)
        case Pow(left=left, right=right):
            return "power", (left, right)
        case Neg(arg=arg):
            return "negative", (arg,)
        case Call(function=function, args=args):
            return function, args
    raise TypeError(f"a definition holds {type(body).__name__}")
