"""Statements put into each other: what is read once, by the statement that reads it.

    s_d_a_i[1 … 9] = 1 - i[1 … 9]
    m_d_a_i[1 … 9] = g[1 … 9] * i[1 … 9]                   =>   m_d_a_i_2 = g * i * (1 - i)
    m_d_a_i_2[1 … 9] = m_d_a_i[1 … 9] * s_d_a_i[1 … 9]

So PyTorch is asked for as little as possible.
"""

from collections import Counter
from collections.abc import Sequence

from symrnn.kernels.program.program import (
    Argument,
    Map,
    Number,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    plain,
)
from symrnn.kernels.torch.nodes import SPECIAL, Item, Node, Part, Spread, extent
from symrnn.kernels.torch.units import Units

MOST = 5
"""So many operations are one expression at most; more are hard to read."""

Statements = Sequence[tuple[tuple[str, ...], Plain]]


class Nesting:
    """What can be put into what reads it."""

    def __init__(self, program: Program, units: Units) -> None:
        self.program, self.units = program, units
        self.kept = program.kept | program.outputs
        statements = [s for body in program.sections.values() for s in plain(body)]
        self.written = Counter(name for s in statements for name in s.out.names)
        self.read = Counter(name for s in statements for what in s.reads for name in what.names)

    def items(self, statements: Statements) -> list[Item]:
        """Statements of one place, with those in them that no other place reads."""
        waiting: dict[Slice, tuple[Item, Plain]] = {}
        made = {s.out for _, s in statements}
        found: list[Item | None] = []
        at: dict[Slice, int] = {}
        every = [statement for _, statement in statements]
        self.here_written = Counter(name for s in every for name in s.out.names)
        self.here_read = Counter(what for s in every for what in s.reads)
        for said, statement in statements:
            args = [self.argument(arg, waiting, statement, made) for arg in arguments(statement)]
            item = Item(Node(statement, self.spread(statement, args)), said)
            for arg in args:
                if isinstance(arg, Node):
                    old = at[arg.statement.out]
                    inner = found[old]
                    assert inner is not None
                    item.said = (*inner.said, *(s for s in item.said if s not in inner.said))
                    found[old] = None
            if self.is_passing(statement):
                waiting[statement.out] = item, statement
                at[statement.out] = len(found)
            found.append(item)
        return [item for item in found if item is not None]

    def spread(self, statement: Plain, args: list[Part]) -> tuple[Part, ...]:
        """Arguments that are the same for all neighbours, once for each of them."""
        count = len(statement.out.names)
        if count == 1 or not isinstance(statement, Map):
            return tuple(args)
        return tuple(Spread(arg, count) if self.is_narrow(arg) else arg for arg in args)

    def is_narrow(self, arg: Part) -> bool:
        """Whether it has features, and as many as one neighbour."""
        if isinstance(arg, Number | Spread):
            return False
        what = arg.statement.out if isinstance(arg, Node) else arg
        return len(what.names) == 1 and "features" in extent(self.units, arg)

    def argument(
        self,
        arg: Argument,
        waiting: dict[Slice, tuple[Item, Plain]],
        into: Plain,
        made: set[Slice],
    ) -> Part:
        if not isinstance(arg, Slice) or arg not in waiting or not isinstance(into, Map | Reduce):
            return arg
        if isinstance(into, Map) and into.op in (*SPECIAL, "turned"):
            return arg
        item, inner = waiting[arg]
        if isinstance(inner, Reduce) or item.node.count >= MOST:
            return arg
        if isinstance(inner, Map) and inner.op in (*SPECIAL, "turned"):
            return arg
        if isinstance(inner, Product) and not self.joins(inner, into, made):
            return arg
        if "product" in item.node.ops() and not isinstance(inner, Product):
            return arg
        return item.node

    def joins(self, product: Product, into: Plain, made: set[Slice]) -> bool:
        """Whether a product and what is added to it are one `addmm`."""
        if not isinstance(into, Map) or into.op != "add" or len(into.args) != 2:
            return False
        (other,) = [arg for arg in into.args if arg != product.out] or [product.out]
        if not isinstance(other, Slice) or other == product.out:
            return False
        if self.program.arrays[product.pairs[0].left.names[0]].classes is not None:
            return False
        axes = self.units.ndim(other)
        whole = isinstance(product.out.when, Span)
        return other not in made and (axes == 1 if whole else axes <= 2)

    def is_passing(self, statement: Plain) -> bool:
        """Whether only one other statement sees what it works out."""
        out = statement.out
        if any(self.program.arrays[name].role not in ("scratch", "variable") for name in out.names):
            return False
        if not any(True for _ in statement.reads):
            return False  # a number
        if any(self.written[n] != self.read[n] or n in self.kept for n in out.names):
            return False
        if self.here_read[out] != 1 or any(self.here_written[n] != 1 for n in out.names):
            return False
        return out.part is None and out.names == self.units.unit(out).members


def arguments(statement: Plain) -> tuple[Argument, ...]:
    match statement:
        case Map(args=args):
            return args
        case Product(pairs=(pair,)):
            return pair.left, pair.right
        case Reduce(arg=arg):
            return (arg,)
    raise TypeError("a sum of products meets the printer; `lower` takes it apart")
