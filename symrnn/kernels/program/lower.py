"""Functions out of a few elementary ones, and sums of products out of products.

    f[t] = sigmoid(a_f[t])    =>    m[t] = 0.5 * a_f[t];  tanh_m[t] = tanh(m[t]);  …

A back end has the elementary ones: those which the table of functions says are an operation, such
as tanh, softplus, maximum, and `positive`, which is 1 where its argument is positive and 0
elsewhere; beside them + - * / ** and for class ids `pick` and `add_at`. Each other function is
worked out by its stable form in the table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symrnn.errors import CheckError, UsageError
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
from symrnn.language.parse import stable_form
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref
from symrnn.system import names

ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "power")
ELEMENTARY = frozenset(
    {
        *(row.operation for row in ELEMENTWISE.values() if row.operation),
        *ARITHMETIC,
        *("copy", "turned", "is_zero", "pick", "add_at"),
    }
)
"""All operations. A back end may lack some of the functions: they are worked out by their stable
form then, as every function is that is no operation."""


def lower(program: Program, elementary: frozenset[str] = ELEMENTARY) -> Program:
    """The program in elementary functions and single products."""
    return _Lower(program, elementary).program()


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
            case Map(op=op) if op in ELEMENTWISE and not self.is_elementary(statement):
                for made in self.function(statement):
                    yield from self.plain(made)
            case Product(pairs=pairs) if len(pairs) > 1:
                yield from self.products(statement)
            case _:
                yield statement

    def is_elementary(self, statement: Map) -> bool:
        """Whether the target has the function, with all the digits that are needed of it."""
        small = ELEMENTWISE[statement.op].small and self.divisors & set(statement.out.names)
        return statement.op in self.elementary and not small

    def function(self, statement: Map) -> Iterator[Plain]:
        """A function as the operation that it is, or worked out by its stable form."""
        op, args = statement.op, statement.args
        operation = ELEMENTWISE[op].operation
        if operation in self.elementary:
            yield replace(statement, op=operation)
            return
        form = stable_form(op, small=bool(self.divisors & set(statement.out.names)))
        if form is None and not operation:
            raise CheckError(f"no back end has {op}, and the table of functions does not define it")
        if form is None:
            raise UsageError(
                f"the back end has no {op}, and the table does not define it by other functions;"
                " leave it out of the text, or take another back end"
            )
        names, body = form
        yield from self.define(statement, body, dict(zip(names, args, strict=True)), {})

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
