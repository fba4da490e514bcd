"""Several operations entry by entry that PyTorch has as one.

add(a, multiply(b, c))                =>     torch.addcmul(a, b, c)
multiply(d, subtract(1, square(o)))   =>     torch.ops.aten.tanh_backward(d, o)
"""

from dataclasses import dataclass

from symrnn.kernels.program.program import Number, Slice
from symrnn.kernels.torch.nodes import Node, Part, is_less_than_one, is_op, is_product
from symrnn.kernels.torch.units import Units


@dataclass(frozen=True)
class Call:
    """A function of PyTorch, and what it is called with."""

    function: str
    args: tuple[Part, ...]
    options: tuple[str, ...] = ()


LESS = ("value=-1",)
"""What makes `addcmul` take a product away."""


def fused(units: Units, node: Node) -> Call | None:
    """The one call that a node is, if it is one."""
    match node.op:
        case "add":
            one, other = node.args
            return _between(one, other) or _added(one, other) or _added(other, one)
        case "subtract":
            one, other = node.args
            return _added(one, other, LESS)
        case "multiply":
            return _derivative(units, node)
    return None


def _added(addend: Part, product: Part, options: tuple[str, ...] = ()) -> Call | None:
    """a + b · c"""
    if not is_product(product) or isinstance(addend, Number):
        return None
    assert isinstance(product, Node)
    return Call("torch.addcmul", (addend, *product.args), options)


def _between(one: Part, other: Part) -> Call | None:
    """(1 - z) · h + z · n, in any order."""
    for kept, taken in ((one, other), (other, one)):
        if not (is_op(kept, "multiply") and is_product(taken)):
            continue
        assert isinstance(kept, Node)
        assert isinstance(taken, Node)
        for less, start in (kept.args, kept.args[::-1]):
            if not is_less_than_one(less) or isinstance(start, Number):
                continue
            assert isinstance(less, Node)
            for weight, end in (taken.args, taken.args[::-1]):
                if weight == less.args[1] and isinstance(weight, Slice):
                    return Call("torch.lerp", (start, end, weight))
    return None


def _derivative(units: Units, node: Node) -> Call | None:
    """d · (1 - o²), d · s · (1 - s), and (1 - z) · h as h - z · h."""
    for one, other in (node.args, node.args[::-1]):
        if not is_less_than_one(other):
            continue
        assert isinstance(other, Node)
        value = other.args[1]
        if is_op(value, "square") and isinstance(value, Node) and not isinstance(one, Number):
            return Call("torch.ops.aten.tanh_backward", (one, value.args[0]))
        if not isinstance(value, Slice):
            continue
        if one == value:
            return Call("torch.addcmul", (value, value, value), LESS)
        if is_product(one) and isinstance(one, Node) and value in one.args:
            factor = one.args[1] if one.args[0] == value else one.args[0]
            return Call("torch.ops.aten.sigmoid_backward", (factor, value))
        if isinstance(one, Slice) and units.ndim(one) >= units.ndim(value):
            return Call("torch.addcmul", (one, value, one), LESS)
    return None
