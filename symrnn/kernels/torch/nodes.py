"""Statements with others in them, as trees: what is printed as one expression."""

from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.kernels.program.program import Map, Number, Plain, Product, Slice, Span
from symrnn.kernels.torch.units import Units
from symrnn.language.tree import ONE, Width


@dataclass(frozen=True)
class Node:
    """A statement with others in it."""

    statement: Plain
    args: tuple["Part", ...]

    @property
    def op(self) -> str:
        match self.statement:
            case Map(op=op):
                return op
            case Product():
                return "product"
            case _:
                return "reduce"

    @property
    def count(self) -> int:
        return 1 + sum(arg.count for arg in self.args if isinstance(arg, Node))

    def reads(self) -> Iterator[Slice]:
        for arg in self.args:
            what = arg.what if isinstance(arg, Spread) else arg
            if isinstance(what, Node):
                yield from what.reads()
            elif isinstance(what, Slice):
                yield what

    def nodes(self) -> Iterator["Node"]:
        """It, and all nodes in it."""
        yield self
        for arg in self.args:
            what = arg.what if isinstance(arg, Spread) else arg
            if isinstance(what, Node):
                yield from what.nodes()

    def ops(self) -> Iterator[str]:
        return (node.op for node in self.nodes())


@dataclass(frozen=True)
class Spread:
    """What is the same for so many neighbours, once for each."""

    what: "Part"
    count: int


Part = Node | Slice | Number | Spread
"""What a statement works on."""


@dataclass
class Item:
    """A statement as it is printed, and the equations above it."""

    node: Node
    said: tuple[str, ...] = ()

    @property
    def out(self) -> Slice:
        return self.node.statement.out

    @property
    def is_map(self) -> bool:
        """Whether all of it is worked out entry by entry."""
        return not {"product", "reduce", "turned", *SPECIAL} & set(self.node.ops())


SPECIAL = frozenset({"pick", "add_at", "begin", "land", "only", "carried", "picked"})
"""What knows of class ids, or of where sequences end."""


def is_op(node: "Part", op: str) -> bool:
    return isinstance(node, Node) and node.op == op


def is_copy(node: "Part") -> bool:
    """Whether it is nothing but what stands elsewhere."""
    if isinstance(node, Node):
        return node.op in ("copy", "stop") and is_copy(node.args[0])
    return isinstance(node, Slice)


def is_product(node: "Part") -> bool:
    """Whether it is the product of two tensors, entry by entry."""
    return (
        isinstance(node, Node)
        and node.op == "multiply"
        and not any(isinstance(arg, Number) for arg in node.args)
        and not any(is_less_than_one(arg) for arg in node.args)
    )


def is_less_than_one(node: "Part") -> bool:
    """Whether it is 1 - something."""
    return (
        isinstance(node, Node)
        and node.op == "subtract"
        and isinstance(node.args[0], Number)
        and node.args[0].value == ONE
    )


def extent(units: Units, node: Part) -> set[str]:
    """The axes along which entries differ: steps, sequences, features."""
    if isinstance(node, Number):
        return set()
    if isinstance(node, Spread):
        return extent(units, node.what)
    if isinstance(node, Node) and isinstance(node.statement, Map):
        return {axis for arg in node.args for axis in extent(units, arg)}
    what = node.statement.out if isinstance(node, Node) else node
    array = units.unit(what).array
    found = {"steps"} if isinstance(what.when, Span) and array.places is not None else set()
    found |= {"sequences"} if array.rows else set()
    own = [units.program.arrays[name].width for name in what.names]
    width = what.part[1] if what.part else own[0]
    if array.classes is None and (len(own) > 1 or width != Width((), 1)):
        found.add("features")
    return found | ({"matrix"} if len(array.shape) == 2 else set())
