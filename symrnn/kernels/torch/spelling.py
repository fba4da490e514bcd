"""Nodes as PyTorch: as few calls as it has for them.

    add(a, product(h, U))                 =>     torch.addmm(a, h, U)
    multiply(d, subtract(1, square(o)))   =>     torch.ops.aten.tanh_backward(d, o)

`addmm` for a product and a sum, `addcmul` for two of them, the derivatives of sigmoid and tanh as
the one operation that they are there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from symrnn.kernels.program.program import Number, Pair, Product, Reduce, Slice, Span
from symrnn.kernels.torch.nodes import (
    Node,
    Part,
    Spread,
    extent,
    is_less_than_one,
    is_op,
    is_product,
)
from symrnn.kernels.torch.units import Units

# precedence: sums, products, signs, powers, everything else
SUM, TIMES, SIGN, POWER, ATOM = range(1, 6)

INFIX = {
    "add": ("+", SUM, SUM, TIMES),
    "subtract": ("-", SUM, SUM, TIMES),
    "multiply": ("*", TIMES, TIMES, SIGN),
    "divide": ("/", TIMES, TIMES, SIGN),
    "power": ("**", POWER, ATOM, POWER),
}

CALLS = {
    "softplus": "torch.nn.functional.softplus({0}, 1, 40)",
    "positive": "({0} > 0).to({0}.dtype)",
    "is_zero": "({0} == 0).to({0}.dtype)",
    "arctan": "torch.arctan({0})",
    "stop": "{0}",
    "copy": "{0}",
    "turned": "{0}.t()",
}


COMPARED = {
    "positive": "torch.gt({0}, 0, out=torch.empty_like({0}))",
    "is_zero": "torch.eq({0}, 0, out=torch.empty_like({0}))",
}
"""The same for all steps at once: without a pass over memory that turns truth into numbers."""


@dataclass(frozen=True)
class Speller:
    """Spells nodes as PyTorch, with names for slices and numbers."""

    units: Units
    read: Callable[[Slice], str]
    number: Callable[[Number], str]
    turned: Callable[[Slice], str | None] = lambda what: None
    """The name of a matrix that is transposed already."""
    ragged: bool = False
    """Whether some steps are not there: then sums leave them out."""

    def ndim(self, what: Slice) -> int:
        return self.units.ndim(what)

    def whole(self, node: Node) -> str:
        """A node with all the entries that its result has, also where they are the same."""
        out = node.statement.out
        if not (self.extent(out) - self.extent(node)):
            return self.text(node)
        return f"{self.text(node, ATOM)}.expand({', '.join(self.sizes(out))})"

    def extent(self, node: Part) -> set[str]:
        return extent(self.units, node)

    def sizes(self, what: Slice) -> list[str]:
        """The axes of a slice."""
        unit = self.units.unit(what)
        axes = self.units.shape(unit)
        columns = self.units.columns(what)
        if unit.timed:
            axes = axes[1:]
            if isinstance(what.when, Span):
                axes = [str(what.when.last - what.when.first + 1), *axes]
        if columns is not None:
            axes = [*axes[:-1], columns.width]
        return axes

    def text(self, node: Part, tight: int = 0) -> str:
        found, own = self.spelled(node)
        return f"({found})" if own < tight else found

    def spelled(self, node: Part) -> tuple[str, int]:
        if isinstance(node, Spread):
            return f"{self.text(node.what, ATOM)}.tile({node.count})", ATOM
        if isinstance(node, Slice):
            return self.read(node), ATOM
        if isinstance(node, Number):
            text = self.number(node)
            return text, ATOM if text.replace(".", "").isidentifier() or text.isdigit() else SUM
        if isinstance(node.statement, Product):
            return self.product(node), ATOM
        if isinstance(node.statement, Reduce):
            return self.reduce(node), ATOM
        op, joined = node.op, self.joined(node)
        if joined is not None:
            return joined, ATOM
        if op in INFIX:
            sign, own, left, right = INFIX[op]
            one, other = node.args
            return f"{self.text(one, left)} {sign} {self.text(other, right)}", own
        if op == "negative":
            return f"-{self.text(node.args[0], SIGN)}", SIGN
        if op in ("copy", "stop"):
            return self.spelled(node.args[0])
        if op in ("maximum", "minimum"):
            return self.extreme(op, node), ATOM
        pattern = CALLS.get(op, f"torch.{op}({{0}})")
        if op in COMPARED and isinstance(node.statement.out.when, Span):
            pattern = COMPARED[op]
        tight = ATOM if "{0}." in pattern or "{0} " in pattern else 0
        return pattern.format(*(self.text(arg, tight) for arg in node.args)), ATOM

    def extreme(self, op: str, node: Node) -> str:
        """The larger or the smaller of two."""
        one, other = node.args
        if isinstance(one, Number):
            one, other = other, one
        if isinstance(other, Number):
            bound = "clamp_min" if op == "maximum" else "clamp_max"
            return f"torch.{bound}({self.text(one)}, {self.text(other)})"
        return f"torch.{op}({self.text(one)}, {self.text(other)})"

    def joined(self, node: Node) -> str | None:
        """What several operations are together, where PyTorch has it."""
        op = node.op
        if op in ("add", "subtract"):
            one, other = node.args
            if op == "add" and (is_op(one, "product") or is_op(other, "product")):
                product, addend = (one, other) if is_op(one, "product") else (other, one)
                assert isinstance(product, Node)
                return self.addmm(product, addend)
            between = self.between(one, other) if op == "add" else None
            if between is not None:
                return between
            if is_product(other) and not isinstance(one, Number):
                return self.addcmul(one, other, op)
            if is_product(one) and op == "add" and not isinstance(other, Number):
                return self.addcmul(other, one, op)
        if op == "multiply":
            return self.scaled(node) or self.derivative(node)
        return None

    def scaled(self, node: Node) -> str | None:
        """a · (b · z) as (a · b) · z: what is worked out of numbers alone costs no call."""
        for outer, inner in (node.args, node.args[::-1]):
            if not (
                isinstance(outer, Number) and isinstance(inner, Node) and inner.op == "multiply"
            ):
                continue
            for number, rest in (inner.args, inner.args[::-1]):
                if isinstance(number, Number) and not isinstance(rest, Number):
                    factors = f"{self.text(outer, TIMES)} * {self.text(number, SIGN)}"
                    return f"({factors}) * {self.text(rest, SIGN)}"
        return None

    def addmm(self, product: Node, addend: Part) -> str:
        assert isinstance(product.statement, Product)
        left, right = self.pair(product.statement.pairs[0])
        text = f"torch.addmm({self.text(addend)}, {left}, {right})"
        return self.unflattened(text, product.statement.out)

    def addcmul(self, addend: Part, product: Part, op: str) -> str:
        assert isinstance(product, Node)
        one, other = (self.text(arg) for arg in product.args)
        value = ", value=-1" if op == "subtract" else ""
        return f"torch.addcmul({self.text(addend)}, {one}, {other}{value})"

    def between(self, one: Part, other: Part) -> str | None:
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
                        texts = (self.text(part) for part in (start, end, weight))
                        return f"torch.lerp({', '.join(texts)})"
        return None

    def derivative(self, node: Node) -> str | None:
        """d · (1 - o²), d · s · (1 - s), and (1 - z) · h as h - z · h."""
        for one, other in (node.args, node.args[::-1]):
            if not is_less_than_one(other):
                continue
            assert isinstance(other, Node)
            value = other.args[1]
            if is_op(value, "square") and isinstance(value, Node) and not isinstance(one, Number):
                squared = self.text(value.args[0])
                return f"torch.ops.aten.tanh_backward({self.text(one)}, {squared})"
            if not isinstance(value, Slice):
                continue
            if one == value:
                text = self.text(one)
                return f"torch.addcmul({text}, {text}, {text}, value=-1)"
            if is_product(one) and isinstance(one, Node) and value in one.args:
                factor = one.args[1] if one.args[0] == value else one.args[0]
                inner, sigmoid = self.text(factor), self.text(value)
                return f"torch.ops.aten.sigmoid_backward({inner}, {sigmoid})"
            if isinstance(one, Slice) and self.ndim(one) >= self.ndim(value):
                text = self.text(one)
                return f"torch.addcmul({text}, {self.text(value)}, {text}, value=-1)"
        return None

    # products and sums

    def product(self, node: Node) -> str:
        assert isinstance(node.statement, Product)
        (pair,) = node.statement.pairs
        left, right = self.pair(pair)
        return self.unflattened(f"torch.mm({left}, {right})", node.statement.out)

    def pair(self, pair: Pair) -> tuple[str, str]:
        left = self.matrix(pair.left)
        right = self.matrix(pair.right, pair.left_turned)
        left = f"{left}.t()" if pair.left_turned else left
        if not pair.right_turned:
            return left, right
        return left, self.turned(pair.right) or f"{right}.t()"

    def there(self, text: str, what: Slice) -> str:
        """What is summed over steps: zero where a sequence has ended."""
        array = self.units.unit(what).array
        timed = isinstance(what.when, Span) and array.places is not None and array.rows
        return f"torch.where(alive, {text}, 0)" if self.ragged and timed else text

    def matrix(self, what: Slice, summed: bool = False) -> str:
        """A slice as a matrix: the rows of all steps, one under the other."""
        text = self.read(what)
        text = self.there(text, what) if summed else text
        return f"{text}.flatten(0, 1)" if self.ndim(what) == 3 else text

    def unflattened(self, text: str, out: Slice) -> str:
        return f"{text}.view({', '.join(self.sizes(out))})" if self.ndim(out) == 3 else text

    def reduce(self, node: Node) -> str:
        statement, (arg,) = node.statement, node.args
        assert isinstance(statement, Reduce)
        whole = not isinstance(arg, Node) or not self.extent(arg.statement.out) - self.extent(arg)
        text = self.text(arg) if whole or not isinstance(arg, Node) else self.whole(arg)
        if statement.over != "features":
            text = self.there(text, statement.arg)
        call = "torch.sum" if statement.op == "sum" else "torch.amax"
        axes = self.ndim(statement.arg)
        match statement.over:
            case "all":
                return f"{call}({text}).reshape(1)"
            case "features":
                return f"{call}({text}, -1, keepdim=True)"
            case "steps":
                return f"{call}({text}, 0)"
            case "rows":
                return f"{call}({text}, {'0' if axes <= 2 else '(0, 1)'})"
