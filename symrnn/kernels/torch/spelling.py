"""Nodes as PyTorch: as few calls as it has for them."""

from collections.abc import Callable
from dataclasses import dataclass

from symrnn.kernels.infix import INFIX, POWER, SIGN, WHOLE, Text, called, infix
from symrnn.kernels.program.program import Number, Pair, Product, Reduce, Slice, Span
from symrnn.kernels.torch.fused import fused
from symrnn.kernels.torch.nodes import Node, Part, Spread, extent, is_op
from symrnn.kernels.torch.units import Units

CALLS = {
    "softplus": "torch.nn.functional.softplus({0}, 1, 40)",
    "positive": "({0} > 0).to({0}.dtype)",
    "is_zero": "({0} == 0).to({0}.dtype)",
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
    number: Callable[[Number], Text]
    turned: Callable[[Slice], str | None] = lambda what: None
    """The name of a matrix that is transposed already."""
    ragged: bool = False
    """Whether some steps are not there: then sums leave them out."""

    def ndim(self, what: Slice) -> int:
        return self.units.ndim(what)

    def text(self, node: Part) -> str:
        return self.spelled(node).text

    def whole(self, node: Node) -> Text:
        """A node with all the entries that its result has, also where they are the same."""
        out = node.statement.out
        if not (self.extent(out) - self.extent(node)):
            return self.spelled(node)
        return called(f"{self.spelled(node).within(WHOLE)}.expand", *self.sizes(out))

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

    def spelled(self, node: Part) -> Text:
        match node:
            case Spread(what=what, count=count):
                return called(f"{self.spelled(what).within(WHOLE)}.tile", str(count))
            case Slice():
                return Text(self.read(node))
            case Number():
                return self.number(node)
            case Node(statement=Product()):
                return Text(self.product(node))
            case Node(statement=Reduce()):
                return Text(self.reduce(node))
        return self.joined(node) or self.alone(node)

    def joined(self, node: Node) -> Text | None:
        """What several operations are together, where PyTorch has it."""
        if node.op == "add":
            for product, addend in (node.args, node.args[::-1]):
                if isinstance(product, Node) and is_op(product, "product"):
                    return Text(self.addmm(product, addend))
        if node.op == "multiply" and (scaled := self.scaled(node)):
            return scaled
        call = fused(self.units, node)
        if call is None:
            return None
        return called(call.function, *map(self.spelled, call.args), *call.options)

    def scaled(self, node: Node) -> Text | None:
        """a · (b · z) as (a · b) · z: what is worked out of numbers alone costs no call."""
        for outer, inner in (node.args, node.args[::-1]):
            if not (isinstance(outer, Number) and is_op(inner, "multiply")):
                continue
            assert isinstance(inner, Node)
            for number, rest in (inner.args, inner.args[::-1]):
                if isinstance(number, Number) and not isinstance(rest, Number):
                    factors = infix("*", self.number(outer), self.number(number))
                    return infix("*", factors, self.spelled(rest))
        return None

    def alone(self, node: Node) -> Text:
        """An operation as a call or an operator of its own."""
        op, args = node.op, [self.spelled(arg) for arg in node.args]
        if op in INFIX:
            return infix(INFIX[op], *args)
        match op:
            case "power":
                return Text(f"{args[0].within(WHOLE)} ** {args[1].within(POWER)}", POWER)
            case "negative":
                return Text(f"-{args[0].within(SIGN)}", SIGN)
            case "copy" | "stop":
                return args[0]
            case "maximum" | "minimum":
                return self.extreme(op, node)
        pattern = CALLS.get(op, f"torch.{op}({{0}})")
        if op in COMPARED and isinstance(node.statement.out.when, Span):
            pattern = COMPARED[op]
        inside = "{0}." in pattern or "{0} " in pattern
        return Text(pattern.format(*(arg.within(WHOLE) if inside else arg.text for arg in args)))

    def extreme(self, op: str, node: Node) -> Text:
        """The larger or the smaller of two."""
        one, other = node.args
        if isinstance(one, Number):
            one, other = other, one
        if isinstance(other, Number):
            op = "clamp_min" if op == "maximum" else "clamp_max"
        return called(f"torch.{op}", self.spelled(one), self.spelled(other))

    def addmm(self, product: Node, addend: Part) -> str:
        assert isinstance(product.statement, Product)
        left, right = self.pair(product.statement.pairs[0])
        text = f"torch.addmm({self.text(addend)}, {left}, {right})"
        return self.unflattened(text, product.statement.out)

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
        text = self.text(arg) if whole or not isinstance(arg, Node) else self.whole(arg).text
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
