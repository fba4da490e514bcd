r"""Functions: with what they are applied to, or bare, as σ in σ(1 - σ)."""

from abc import abstractmethod
from dataclasses import replace
from itertools import zip_longest

from symrnn.check.reading.letters import Letters
from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Ratio,
    Scripts,
    Sign,
    Styled,
    Text,
    Unclear,
    base_of,
    text_of,
)
from symrnn.check.reading.pieces import Piece
from symrnn.check.reading.symbols import canon, look_up, split
from symrnn.derive.formula import Diagonal, Formula
from symrnn.derive.functions import PRIME, SLOPES, formula_of
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Call, Own
from symrnn.system.calculus import own_slope

PRODUCTS = ("cdot", "times", "*", "odot", "circ", "otimes", "/")
"""Signs of products."""

ENDS = (
    *(",", ";", "=", "approx", "gets", ":", "leq", "geq", "<", ">", "neq", "in", "to", "sim", "!"),
    *("propto", ".", "forall", "dots"),
)
"""Signs that no term goes beyond."""

CALLED = ("(", "[", "lbrace")


class Calls(Letters):
    def function(self) -> Piece | None:
        """The function that begins here, if one does."""
        node = self.peek()
        base, above, primes = base_of(node), (), 0
        if isinstance(node, Scripts):
            above, primes = node.above, node.primes  # type: ignore[assignment]
        if node is None or not isinstance(base, Sign | Styled | Text):
            return None
        name = canon((base,))
        if next(look_up(self.known.symbols, node), None) is not None:
            return None  # a letter of the model
        if name == "e" and above:
            self.at += 1
            return self.exponential(above, node)
        if name == "diag" and not isinstance(node, Scripts):
            self.at += 1
            inside, *others = self.arguments(node)
            if others:
                raise Unclear("diag takes one argument", node.span)
            return Piece(Diagonal(inside.formula), (node.span[0], inside.span[1]), (inside,))
        if name == r"\partial" and isinstance(node, Scripts):
            return self.own_derivative(node)
        if isinstance(node, Scripts) and node.below:
            name = f"{name}_{canon(node.below)}"
        function = self.known.functions.get(name)
        if function is None:
            return None
        if canon(above).lstrip("(") in ("-1", "-1)"):
            write = f"write 1/{name}(x)" + r" or \operatorname{artanh}" * (name == r"\tanh")
            said = f"this may be the inverse function or one divided by it; {write}"
            raise Unclear(said, node.span)
        self.at += 1
        return self.applied(function, node, above, primes)

    def exponential(self, above: Items, node: Node) -> Piece:
        inside = self.inner(above, node.span)
        return Piece(Call("exp", (inside.formula,)), node.span, (inside,), inside.entry)

    def own_derivative(self, node: Scripts) -> Piece | None:
        r"""\partial_a f(a, b): the derivative of a function of the text by one argument."""
        following = self.peek(1)
        own = self.known.functions.get(canon((following,))) if following is not None else None
        if not isinstance(own, Own) or following is None:
            return None
        by = canon(node.below).lstrip("\\")
        if by not in own.args:
            raise Unclear(f"{own.name} has no argument {by[:20]}", node.span)
        self.at += 2
        args = self.arguments(following)
        return self.slope(own, own.args.index(by), args, node)

    def slope(self, own: Own, number: int, args: list[Piece], node: Node) -> Piece:
        self.check(own, len(args), node)
        values = {name: arg.formula for name, arg in zip(own.args, args, strict=True)}
        made = formula_of(own_slope(own, number), values)
        return Piece(made, (node.span[0], args[-1].span[1]))

    def check(self, function: str | Own, count: int, node: Node) -> None:
        row = None if isinstance(function, Own) else ELEMENTWISE.get(function)
        wanted = (
            len(function.args) if isinstance(function, Own) else len(row.arguments) if row else 1
        )
        if count != wanted:
            raise Unclear(f"this function takes {wanted} argument{'s' * (wanted > 1)}", node.span)

    def applied(self, function: str | Own, node: Node, above: Items, primes: int) -> Piece:
        """A function with its argument, or its value in the model."""
        if primes > 1:
            raise Unclear("only first derivatives are read", node.span)
        following = self.peek()
        fence = base_of(following)
        called = isinstance(fence, Fence) and fence.left in CALLED
        if called and isinstance(fence, Fence) and not self.holds_bare(fence.items, node):
            args = self.arguments(node)
        elif not called and not primes and self.takes_letter(function, following):
            args = [self.one_letter(node)]
        else:
            return self.bare(function, node, above, primes)
        end = fence.span[1] if called and fence is not None else args[-1].span[1]
        span = node.span[0], end
        if isinstance(function, Own) and primes:
            return self.slope(function, 0, args, node)
        self.check(function, len(args), node)
        whole = self.raised(self.call(function, primes, args, node), above, span)
        if called and isinstance(following, Scripts):
            whole = self.raised(whole, following.above, (span[0], following.span[1]))
        return whole

    def call(self, function: str | Own, primes: int, args: list[Piece], node: Node) -> Piece:
        values = tuple(arg.formula for arg in args)
        span, entry = (node.span[0], args[-1].span[1]), args[0].entry
        if isinstance(function, Own):
            return Piece(Call(function.name, values, function), span, tuple(args), entry)
        name = function + PRIME * primes
        if primes and name not in SLOPES:
            raise Unclear("the derivative of this function has no sign; write it out", node.span)
        return Piece(Call(name, values), span, tuple(args), entry)

    def arguments(self, node: Node) -> list[Piece]:
        """What stands in brackets behind a function."""
        fence = base_of(self.peek())
        if not isinstance(fence, Fence) or fence.left not in (*CALLED, "{"):
            raise Unclear("its argument stands in brackets", node.span)
        self.at += 1
        return [self.inner(part, fence.span) for part in split(fence.items)]

    def takes_letter(self, function: str | Own, following: Node | None) -> bool:
        """Whether a function is applied to the one letter behind it: log ŷ, tanh c_t."""
        sign = text_of(base_of(following))
        if not isinstance(following, Sign | Styled | Scripts | Ratio):
            return False
        return sign not in (*PRODUCTS, *ENDS, "+", "-", "|") and function != "sigmoid"

    def one_letter(self, node: Node) -> Piece:
        found = self.factor()
        following = self.peek()
        if following is not None and self.sign() not in (*PRODUCTS, *ENDS, "+", "-"):
            span = node.span[0], following.span[1]
            raise Unclear("where its argument ends is not clear; put it in brackets", span)
        return found

    @abstractmethod
    def factor(self) -> Piece:
        """The next factor of a product."""

    def holds_bare(self, items: Items, function: Node) -> bool:
        """Whether the same function stands without an argument there: σ(1 - σ)."""
        base = base_of(function)
        own = canon((base,)) if base is not None else ""
        for node, following in zip_longest(items, items[1:]):
            inside, called = base_of(node), base_of(following)
            same = isinstance(inside, Sign | Styled) and canon((inside,)) == own
            if same and not isinstance(called, Fence):
                return True
            if isinstance(inside, Fence) and self.holds_bare(inside.items, function):
                return True
        return False

    def bare(self, function: str | Own, node: Node, above: Items, primes: int) -> Piece:
        """σ alone: the variable that is its value in the model; σ' its slope there."""
        name = function if isinstance(function, str) else function.name
        values = self.known.bare.get(name, ())
        if len(values) != 1:
            many = "several values" if values else "no value"
            raise Unclear(f"of what is this? the model has {many} of it", node.span)
        made: Formula = values[0]
        if primes:
            inside = next((a for a in self.known.deltas.values() if a == f"a_{values[0].name}"), "")
            if not inside or name + PRIME not in SLOPES:
                raise Unclear("say of what this is the derivative: f'(a_t)", node.span)
            made = Call(name + PRIME, (replace(values[0], name=inside),))
        return self.raised(Piece(made, node.span), above, node.span)
