"""Derivatives: ∂u/∂v in one line and as a fraction, ∇_v L, what is held fixed behind a bar."""

from abc import abstractmethod

from symrnn.check.claims import Span
from symrnn.check.reading.calls import Calls
from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Ratio,
    Scripts,
    Sign,
    Styled,
    Unclear,
    base_of,
    text_of,
)
from symrnn.check.reading.pieces import Piece, entry_of
from symrnn.check.reading.symbols import canon
from symrnn.derive.formula import Formula, Immediate, Marked, Name, Product, Times, Total
from symrnn.language.tree import Ref

WRITTEN = "a derivative is written \\partial u / \\partial v, or as a fraction"


class Partials(Calls):
    def derivative(self) -> Piece | None:
        """The derivative that begins here, if one does."""
        node = self.peek()
        if isinstance(node, Ratio) and _is_partial(node.top):
            return self.fraction(node)
        letter = text_of(base_of(node))
        if node is None or letter not in (r"\partial", r"\nabla", "d"):
            return None
        below = node.below if isinstance(node, Scripts) else ()
        above = node.above if isinstance(node, Scripts) else ()
        if letter != "d" and below:  # ∇_v L
            self.at += 1
            by, of = self.inner(below, node.span, True), self.operand(node)
            return self.partial(of, by, False, (node.span[0], of.span[1]), (of, by))
        if letter == "d" and not (self.sign(2) == "/" and _is_d(self.peek(3))):
            return None
        if letter == r"\nabla":
            raise Unclear("say by what: \\nabla_{W} L", node.span)
        self.at += 1
        of, straight = self.operand(node), letter == "d"
        if self.sign() != "/":
            raise Unclear(WRITTEN, node.span)
        self.at += 1
        second = self.peek()
        if not _is_d(second) or second is None:
            raise Unclear(WRITTEN, node.span)
        self.at += 1
        by = self.inner(self.items[self.at : self.at + 1], second.span, True)
        self.at += 1
        span = node.span[0], by.span[1]
        return self.partial(of, by, _is_immediate(above, node), span, (of, by), straight)

    def operand(self, after: Node) -> Piece:
        """What there is a derivative of, behind its sign."""
        node = self.peek()
        if node is None:
            raise Unclear("it is not said of what this is the derivative", after.span)
        self.at += 1
        base = base_of(node)
        if isinstance(base, Sign | Styled) and canon((base,)) in self.known.functions:
            raise Unclear("a derivative is read of a variable with a name", node.span)
        return self.fence(node) if isinstance(node, Fence) else self.symbol(node)

    @abstractmethod
    def fence(self, node: Fence) -> Piece:
        """What stands in brackets."""

    def fraction(self, node: Ratio) -> Piece:
        """∂u/∂v; ∂/∂v before u."""
        first, bottom = node.top[0], node.bottom
        if not bottom or not _is_d(bottom[0]):
            raise Unclear("below a derivative stands ∂v", node.span)
        if isinstance(bottom[0], Scripts) or len(bottom) < 2:
            raise Unclear("only first derivatives are read", node.span)
        self.at += 1
        by = self.inner(bottom[1:], node.span, True)
        is_operator = len(node.top) == 1
        of = self.operand(node) if is_operator else self.inner(node.top[1:], node.span)
        above = first.above if isinstance(first, Scripts) else ()
        span = node.span[0], of.span[1] if is_operator else node.span[1]
        straight = text_of(base_of(first)) != r"\partial"
        return self.partial(of, by, _is_immediate(above, node), span, (of, by), straight)

    def partial(
        self,
        of: Piece,
        by: Piece,
        immediate: bool,
        span: Span,
        parts: tuple[Piece, ...],
        straight: bool = False,
    ) -> Piece:
        """The derivative; `straight` with d, which is the total one whatever ∂ is."""
        if not isinstance(of.formula, Ref | Name):
            raise Unclear("a derivative is read of a variable with a name", of.span)
        use = isinstance(by.formula, Product | Times)
        if not use and not isinstance(by.formula, Ref | Name | Marked):
            raise Unclear("a derivative is read by a variable with a name", by.span)
        if of.entry and by.entry:
            raise Unclear("an entry of a matrix of derivatives is not read", span)
        made: Formula = Total(of.formula, by.formula, straight)
        if immediate or use:
            made = Immediate(of.formula, by.formula)
        return Piece(made, span, parts, entry_of(parts))


def _is_immediate(above: Items, node: Node) -> bool:
    if above and canon(above) not in ("+", "(+)"):
        raise Unclear("only first derivatives are read, and ∂⁺", node.span)
    return bool(above)


def _is_d(node: Node | None) -> bool:
    """∂ or an upright or slanted d."""
    base = base_of(node)
    return isinstance(base, Sign | Styled) and canon((base,)) in (r"\partial", "d")


def _is_partial(items: Items) -> bool:
    if not items or not _is_d(items[0]):
        return False
    return text_of(base_of(items[0])) == r"\partial" or len(items) <= 2
