r"""From the structure of a line to a formula: what a product is of, where Σ ends.

Products bind tighter than ⊙, and ⊙ tighter than sums: w a ⊙ b is (w a) ⊙ b. Σ reaches to the next +
or -; ∏ to the last factor with its index.
"""

from symrnn.check.reading.brackets import Brackets
from symrnn.check.reading.calls import ENDS, PRODUCTS
from symrnn.check.reading.letters import ENTRIES
from symrnn.check.reading.nodes import (
    Fence,
    Node,
    Ratio,
    Root,
    Scripts,
    Sign,
    Styled,
    Table,
    Unclear,
    base_of,
    text_of,
)
from symrnn.check.reading.pieces import (
    SOME,
    Entries,
    Piece,
    around,
    entry_of,
    is_count,
    is_open,
    is_prod,
    joined,
    mentions,
    summed,
    with_powers_of_ten,
    with_sign,
)
from symrnn.check.reading.where import bounds, where, with_member
from symrnn.derive.formula import (
    Big,
    Chain,
    Diagonal,
    Formula,
    Immediate,
    Odot,
    Ones,
    Product,
    Times,
    Total,
)
from symrnn.language.tree import NARROW, Add, Call, Div, Ref, Transpose

ODOT = ("odot", "circ")
BIG = {"sum": "sum", "prod": "prod", r"\Sigma": "sum", r"\Pi": "prod"}


class Expression(Brackets):
    """Reads a sequence of nodes as one formula."""

    def whole(self) -> Piece:
        if not self.items:
            raise Unclear("nothing stands here", self.span)
        found = self.sum()
        if (node := self.peek()) is not None:
            raise Unclear("what begins here is not understood", node.span)
        return found

    # sums

    def sum(self) -> Piece:
        terms: list[Piece] = []
        while (node := self.peek()) is not None and (not terms or self.sign() in ("+", "-")):
            sign = self.sign()
            self.at += sign in ("+", "-")
            second = self.sign() if sign in ("+", "-") and self.sign() in ("+", "-") else ""
            start = self.at
            self.at += bool(second)
            inside = self.term()
            if second and start < len(self.items):
                inside = with_sign(second, inside, self.items[start].span[0])
            terms.append(with_sign(sign, inside, node.span[0]))
        self.check_entries(terms)
        shapes = [self.measure.shape(term.formula) for term in terms]
        width = next((rows for rows, _ in shapes if rows not in (SOME, NARROW)), SOME)
        return summed([self.measure.settled(term, width) for term in terms])

    def check_entries(self, parts: list[Piece]) -> None:
        """Refuse an entry of a vector beside the whole of another."""
        whole = next((p for p in parts if not (p.entry or self.measure.is_number(p.formula))), None)
        if entry_of(parts) and whole is not None:
            raise Unclear("this is no entry, as what stands beside it", whole.span)

    def term(self) -> Piece:
        entries = self.entries()
        if not entries:
            node = self.peek() or (self.items[-1] if self.items else None)
            raise Unclear("a factor is missing here", node.span if node else self.span)
        return self.entrywise(entries)

    def entries(self) -> Entries:
        """Factors and the signs between them, up to the end of the term."""
        found: Entries = []
        while (node := self.peek()) is not None and self.sign() not in (*ENDS, "+", "-"):
            sign = self.sign() if self.sign() in PRODUCTS else ""
            self.at += bool(sign)
            following = self.peek()
            if following is None or self.sign() in (*ENDS, *PRODUCTS, "+") or (sign and not found):
                raise Unclear("a factor is missing beside this sign", node.span)
            if self.sign() == "-":
                self.at += 1
                if self.peek() is None:
                    raise Unclear("a factor is missing behind this sign", following.span)
                found.append((sign, with_sign("-", self.factor(), following.span[0])))
            elif text_of(base_of(following)) in BIG:
                self.big(following, sign, found)
            elif text_of(base_of(following)) == "|" and isinstance(following, Scripts) and found:
                self.at += 1
                before, piece = found.pop()
                found.append((before, self.at_bar(piece, following)))
            elif sign == "/":
                before, top = found.pop()
                parts = top, self.factor()
                ratio = Div(top.formula, parts[1].formula)
                found.append((before, Piece(ratio, around(parts), parts, entry_of(parts))))
            else:
                found.append((sign, self.factor()))
        return found

    # products

    def entrywise(self, entries: Entries) -> Piece:
        """The factors between the signs of ⊙ as products, these entry by entry."""
        groups: list[Entries] = [[]]
        for place, (sign, piece) in enumerate(entries):
            if sign in ODOT or (sign == "*" and self.are_rows(groups[-1], entries[place:])):
                groups.append([])
                sign = ""
            groups[-1].append((sign, piece))
        parts = [self.product(group) for group in groups]
        if len(parts) == 1:
            return parts[0]
        return joined(Times if self.known.scalar else Odot, parts)

    def are_rows(self, before: Entries, after: Entries) -> bool:
        """Whether a * stands between vectors of one shape, which no product of matrices joins."""
        end = next((i for i, (s, _) in enumerate(after) if i and s in (*ODOT, "*")), len(after))
        left, right = (self.measure.shape(self.product(e).formula) for e in (before, after[:end]))
        pairs = list(zip(left, right, strict=True))
        if not any(a == b == NARROW for a, b in pairs):
            return False
        return any(
            NARROW not in pair and (pair[0] == pair[1] or any(map(is_open, pair))) for pair in pairs
        )

    def product(self, entries: Entries) -> Piece:
        """Numbers before what they multiply; matrices in their order; partial derivatives as a
        chain; entries entry by entry."""
        entries = self.outer(with_powers_of_ten(entries))
        parts = self.measure.with_units([piece for _, piece in entries])
        if len(parts) == 1:
            return parts[0]
        partial = [isinstance(p.formula, Total | Immediate) or is_prod(p.formula) for p in parts]
        shown = any(partial) and (sum(partial) > 1 or any(sign for sign, _ in entries))
        if self.known.scalar:
            if not shown:
                return joined(Times, parts)
            plain = [p for p in parts if is_count(p.formula)]
        else:
            plain = [p for p in parts if self.measure.is_number(p.formula)]
            plain = [p for p in plain if not (shown and isinstance(p.formula, Total | Immediate))]
        rest = [p for p in parts if p not in plain]
        self.check_entries(rest)
        if len(rest) < 2:
            return joined(Times, parts)
        kind = Odot if entry_of(rest) else Chain if shown else Product
        if not plain:
            return joined(kind, parts)
        whole = (*plain, joined(kind, rest))
        made = Times(tuple(p.formula for p in whole))
        return Piece(made, around(parts), whole, entry_of(rest))

    def outer(self, entries: Entries) -> Entries:
        r"""a \otimes b is the outer product."""
        found: Entries = []
        for sign, piece in entries:
            if sign != "otimes" or not found:
                found.append((sign, piece))
                continue
            before, left = found.pop()
            turned = piece if self.known.columns else left
            turned = Piece(Transpose(turned.formula), turned.span, (turned,))
            pair = (left, turned) if self.known.columns else (turned, piece)
            found.append((before, joined(Product, pair)))
        return found

    # Σ and ∏

    def big(self, node: Node, sign: str, found: Entries) -> None:
        """Σ or ∏ with what it is over."""
        self.at += 1
        if not isinstance(node, Scripts) or not node.below:
            raise Unclear("say over what this runs: \\sum_{t=1}^{T}", node.span)
        if any(text_of(n) == "in" for n in node.below):
            found.append((sign, self.over_members(node)))
            return
        index, low, high = bounds(node)
        kind = BIG[text_of(node.base)]
        entries = self.entries()
        if not entries:
            raise Unclear("a factor is missing here", node.span)
        uses = [i for i, (_, p) in enumerate(entries) if mentions(p, index)]
        cut = max(uses, default=len(entries) - 1) + 1 if kind == "prod" else len(entries)
        if kind == "prod":
            cut += self.weights_behind(entries, cut, node)
        body = self.entrywise(entries[:cut])
        span = node.span[0], body.span[1]
        if kind == "sum" and index in ENTRIES and body.entry == index:  # Σ_i y_i: y 1
            ones: Formula = Ones(max(self.measure.shape(body.formula), key=lambda w: w != NARROW))
            row = (body.formula, ones)
            made = Product((Transpose(ones), body.formula)) if self.known.columns else Product(row)
            found.append((sign, Piece(made, span)))
            return
        found.append((sign, Piece(Big(kind, index, low, high, body.formula), span, (body,))))
        found += entries[cut:]

    def weights_behind(self, entries: Entries, cut: int, node: Node) -> int:
        """How many weights behind the last factor with its index a ∏ reaches over: all that end
        its bracket; one where there are slopes alone before it: ∏ diag(1 - h²) W."""
        weights = [self.is_weight(p.formula) for _, p in entries]
        if cut == len(entries) or not weights[cut]:
            return 0
        if self.enclosed and node is self.items[0] and all(weights[cut:]):
            return len(entries) - cut
        return int(all(isinstance(p.formula, Add | Call | Diagonal) for _, p in entries[:cut]))

    def is_weight(self, formula: Formula) -> bool:
        inside = formula.arg if isinstance(formula, Transpose) else formula
        return isinstance(inside, Ref) and inside.name in self.known.parameters

    def over_members(self, node: Scripts) -> Piece:
        r"""\sum_{k \in \{i, f\}}: the term with each member in turn."""
        end = next(
            (
                i
                for i, n in enumerate(self.items)
                if i >= self.at and text_of(n) in ("+", "-", *ENDS)
            ),
            len(self.items),
        )
        body, self.at = self.items[self.at : end], end
        members = where(node.below).members
        if not body or not members:
            raise Unclear("over what this runs is not understood", node.span)
        span = node.span[0], body[-1].span[1]
        return summed([self.inner(with_member(body, member), span) for member in members])

    # factors

    def factor(self) -> Piece:
        found = self.derivative() or self.function()
        if found is not None:
            return found
        node = self.peek()
        assert node is not None
        self.at += 1
        match node:
            case Sign(text="#"):
                return self.count(node)
            case Sign(text=text) if text[:1].isdigit() or text[:1] == ".":
                return self.number(text, node.span)
            case Ratio(top=top, bottom=bottom):
                parts = self.inner(top, node.span), self.inner(bottom, node.span)
                ratio = Div(parts[0].formula, parts[1].formula)
                return Piece(ratio, node.span, parts, entry_of(parts))
            case Root(items=items):
                inside = self.inner(items, node.span)
                return Piece(Call("sqrt", (inside.formula,)), node.span, (inside,), inside.entry)
            case Fence():
                return self.fence(node)
            case Table():
                return self.table(node)
            case Scripts(base=Fence() as fence) if fence.left != "{" or len(fence.items) > 1:
                return self.hung(fence, node)
            case Scripts(base=Sign(text=text) as base) if text[:1].isdigit() and not node.below:
                return self.raised(self.number(text, base.span), node.above, node.span)
            case Scripts(base=Table() | Ratio() | Root() as base) if not node.below:
                return self.raised(self.inner((base,), base.span), node.above, node.span)
            case Scripts(base=Sign() | Styled()) if constant := self.constant(node):
                return constant
        return self.symbol(node)
