r"""From the structure of a line to a formula: what a symbol is, what a product is of, where Σ ends.

Products bind tighter than ⊙, and ⊙ tighter than sums: w a ⊙ b is (w a) ⊙ b. Σ reaches to the next +
or -; ∏ to the last factor with its index.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symrnn.check.claims import Span
from symrnn.check.reading.pieces import NUMBER, Measure, Piece, joined, over
from symrnn.check.reading.symbols import (
    Known,
    apart,
    canon,
    is_delta,
    is_outside,
    look_up,
    own_letter,
    split,
    time_of,
)
from symrnn.check.reading.tex import (
    Fence,
    Items,
    Node,
    Ratio,
    Root,
    Scripts,
    Sign,
    Styled,
    Table,
    Text,
    Unclear,
)
from symrnn.check.reading.where import where, with_member
from symrnn.derive.formula import (
    ALWAYS,
    Big,
    Blocks,
    Bracket,
    Chain,
    Diagonal,
    Eye,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Ones,
    Product,
    Times,
    Total,
    Zeros,
)
from symrnn.derive.functions import PRIME
from symrnn.derive.pieces import walk
from symrnn.errors import suggestion
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Own,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)

EXPLICIT = ("cdot", "times", "*", "odot", "circ", "otimes", "/")
"""Signs of products."""

ENTRIES = ("odot", "circ")
TRANSPOSED = (r"\top", "T", r"\intercal")
UNKNOWN_WIDTH = Width()
"""Of a unit matrix or zeros that are written without one."""

COUNT = r"\#"
"""The letter of the number of parameters."""

Entries = list[tuple[str, Piece]]
"""The factors of a product, each with the sign before it."""


class Expression:
    """Reads a sequence of nodes as one formula.

    `own` are the letters that the writer uses for something of his own.
    """

    def __init__(
        self,
        known: Known,
        own: frozenset[str],
        items: Items,
        span: Span,
        anywhere: bool = False,
    ) -> None:
        self.known, self.own, self.items, self.span = known, own, items, span
        self.anywhere = anywhere
        self.measure = Measure(known)
        self.at = 0

    def inner(self, items: Items, span: Span, anywhere: bool = False) -> Piece:
        """Another sequence, read by itself. What there is a derivative by may lie `anywhere`: at
        a step outside 1…T the derivative is zero."""
        return Expression(self.known, self.own, items, span, anywhere).whole()

    def whole(self) -> Piece:
        if not self.items:
            raise Unclear("nothing stands here", self.span)
        found = self.sum()
        if (node := self.peek()) is not None:
            raise Unclear("what begins here is not understood", node.span)
        return found

    def peek(self, ahead: int = 0) -> Node | None:
        place = self.at + ahead
        return self.items[place] if place < len(self.items) else None

    def sign(self, ahead: int = 0) -> str:
        """The sign that stands here, if it is one."""
        node = self.peek(ahead)
        return node.text if isinstance(node, Sign) else ""

    # sums and products

    def sum(self) -> Piece:
        terms: list[Piece] = []
        while (node := self.peek()) is not None:
            sign = self.sign() if self.sign() in ("+", "-") else ""
            if terms and not sign:
                break
            if sign:
                self.at += 1
            if self.sign() in ("+", "-"):
                inside = self.negated()
            else:
                inside = self.term()
            if sign == "-":
                inside = Piece(Neg(inside.formula), (node.span[0], inside.span[1]), (inside,))
            terms.append(inside)
        if not terms:
            end = self.items[-1].span[1] if self.items else self.span[1]
            raise Unclear("a term is missing here", (max(end - 1, 0), end))
        return joined_sum(terms) if len(terms) > 1 else terms[0]

    def negated(self) -> Piece:
        """A second sign: 1 + -a."""
        node = self.peek()
        assert node is not None
        minus = self.sign() == "-"
        self.at += 1
        inside = self.term()
        span = node.span[0], inside.span[1]
        return Piece(Neg(inside.formula), span, (inside,)) if minus else inside

    def term(self) -> Piece:
        entries = self.entries()
        if not entries:
            node = self.peek() or (self.items[-1] if self.items else None)
            raise Unclear("a factor is missing here", node.span if node else self.span)
        return self.entrywise(entries)

    def entries(self) -> Entries:
        """Factors and the signs between them, up to the end of the term."""
        found: Entries = []
        while (node := self.peek()) is not None:
            sign = self.sign()
            if sign in ("+", "-") or sign in ENDS:
                break
            if sign in EXPLICIT:
                if not found:
                    raise Unclear("a factor is missing before this sign", node.span)
                self.at += 1
            else:
                sign = ""
            following = self.peek()
            if following is None or self.sign() in (*ENDS, "+") or self.sign() in EXPLICIT:
                raise Unclear("a factor is missing behind this sign", node.span)
            if self.sign() == "-":
                found.append((sign, self.signed()))
                continue
            if (big := self.big_sign(following)) is not None:
                self.big(big, sign, found)
                continue
            if isinstance(following, Scripts) and _is_bar(following.base):
                self.at += 1
                before, piece = found.pop()
                found.append((before, self.at_bar(piece, following)))
                continue
            piece = self.factor()
            if sign == "/":
                before, top = found.pop()
                parts = top, piece
                found.append((before, Piece(Div(top.formula, piece.formula), over(parts), parts)))
            else:
                found.append((sign, piece))
        return found

    def signed(self) -> Piece:
        node = self.peek()
        assert node is not None
        self.at += 1
        inside = self.factor()
        return Piece(Neg(inside.formula), (node.span[0], inside.span[1]), (inside,))

    def entrywise(self, entries: Entries) -> Piece:
        """The factors between the signs of ⊙ as products, these entry by entry."""
        groups: list[Entries] = [[]]
        for place, (sign, piece) in enumerate(entries):
            if sign in ENTRIES or (sign == "*" and self.are_rows(groups[-1], entries[place:])):
                groups.append([])
                sign = ""
            groups[-1].append((sign, piece))
        parts = [self.product(group) for group in groups]
        if len(parts) == 1:
            return parts[0]
        return joined(Times if self.known.scalar else Odot, parts)

    def are_rows(self, before: Entries, after: Entries) -> bool:
        """Whether a * stands between vectors of one shape, which no product of matrices joins."""
        end = next((i for i, (s, _) in enumerate(after) if i and s in (*ENTRIES, "*")), len(after))
        left = self.measure.shape(self.product(before).formula)
        right = self.measure.shape(self.product(after[:end]).formula)
        return left == right != NUMBER and NARROW in left

    def product(self, entries: Entries) -> Piece:
        """Numbers before what they multiply; matrices in their order; partial derivatives as a
        chain."""
        entries = self.outer(_powers_of_ten(entries))
        parts = [piece for _, piece in entries]
        if len(parts) == 1:
            return parts[0]
        partial = [isinstance(p.formula, Total | Immediate) for p in parts]
        partial = [p or _is_product(q.formula) for p, q in zip(partial, parts, strict=True)]
        shown = any(partial) and (sum(partial) > 1 or any(s for s, _ in entries))
        if self.known.scalar:
            if not shown:
                return joined(Times, parts)
            plain = [p for p in parts if _is_count(p.formula)]
        else:
            plain = [p for p in parts if self.measure.is_number(p.formula)]
            plain = [p for p in plain if not (shown and isinstance(p.formula, Total | Immediate))]
        rest = [p for p in parts if p not in plain]
        if len(rest) < 2:
            return joined(Times, parts)
        span = over(parts)
        whole = joined(Chain if shown else Product, rest)
        return Piece(whole.formula, span, whole.parts) if not plain else _times(plain, whole, span)

    def outer(self, entries: Entries) -> Entries:
        r"""a \otimes b is the outer product."""
        found: Entries = []
        for sign, piece in entries:
            if sign == "otimes" and found:
                before, left = found.pop()
                turned = Piece(Transpose(left.formula), left.span, (left,))
                other = Piece(Transpose(piece.formula), piece.span, (piece,))
                pair = (left, other) if self.known.columns else (turned, piece)
                found.append((before, joined(Product, pair)))
            else:
                found.append((sign, piece))
        return found

    # Σ and ∏

    def big_sign(self, node: Node) -> Scripts | Sign | None:
        base = node.base if isinstance(node, Scripts) else node
        is_big = isinstance(base, Sign) and base.text in ("sum", "prod", r"\Sigma", r"\Pi")
        if is_big and isinstance(node, Scripts | Sign):
            return node if base.text in ("sum", "prod") or isinstance(node, Scripts) else None
        return None

    def big(self, node: Scripts | Sign, sign: str, found: Entries) -> None:
        base = node.base if isinstance(node, Scripts) else node
        assert isinstance(base, Sign)
        if isinstance(node, Scripts) and any(
            isinstance(n, Sign) and n.text == "in" for n in node.below
        ):
            self.at += 1
            found.append((sign, self.over_members(node)))
            return
        kind = "prod" if base.text in ("prod", r"\Pi") else "sum"
        if isinstance(node, Sign):
            raise Unclear("say over what: \\sum_t", node.span)
        index, low, high = self.bounds(node)
        self.at += 1
        if kind == "sum":
            body = self.term()
            rest: Entries = []
        else:
            entries = self.entries()
            uses = [i for i, (_, p) in enumerate(entries) if _mentions(p.formula, index)]
            cut = max(uses, default=len(entries) - 1) + 1
            if not entries:
                raise Unclear("a factor is missing here", node.span)
            body, rest = self.entrywise(entries[:cut]), entries[cut:]
        whole = Big(kind, index, low, high, body.formula)
        found.append((sign, Piece(whole, (node.span[0], body.span[1]), (body,))))
        found += rest

    def over_members(self, node: Scripts) -> Piece:
        r"""\sum_{k \in \{i, f\}}: the term with each member in turn."""
        end = self.at
        while end < len(self.items):
            each = self.items[end]
            if isinstance(each, Sign) and each.text in ("+", "-", *ENDS):
                break
            end += 1
        body, self.at = self.items[self.at : end], end
        if not body:
            raise Unclear("a factor is missing here", node.span)
        span = node.span[0], body[-1].span[1]
        terms = [self.inner(with_member(body, m), span) for m in where(node.below).members]
        if not terms:
            raise Unclear("over what this runs is not understood", node.span)
        return joined_sum(terms) if len(terms) > 1 else terms[0]

    def bounds(self, node: Scripts) -> tuple[str, Ref, Ref]:
        r"""t=1 and T; without bounds \sum_t; 1 \le k \le t; t \ge j > k, downwards."""
        below = node.below
        texts = [n.text if isinstance(n, Sign) else "" for n in below]
        marks = [i for i, text in enumerate(texts) if text in ("=", "leq", "geq", "<", ">")]
        above = time_of(node.above) if node.above else None
        if not marks:
            index = time_of(below)
            if index is None or index.base in ("1", "T") or index.shift or node.above:
                raise Unclear("over what this runs is not understood; write \\sum_{t=1}^{T}",
                              node.span)  # fmt: skip
            return index.base, ALWAYS, ALWAYS
        cuts = [-1, *marks, len(below)]
        parts = [below[a + 1 : b] for a, b in zip(cuts, cuts[1:], strict=False)]
        times = [time_of(part) for part in parts]
        signs = [texts[mark] for mark in marks]
        if all(t is not None for t in times):
            first, *others = (t for t in times if t is not None)
            if signs == ["="] and above is not None and _is_index(first):
                return first.base, others[0], above
            if len(signs) == 1 and not node.above and _is_index(first):
                if signs[0] in ("leq", "<"):
                    return first.base, Ref("", "1"), _inside(others[0], signs[0])
                if signs[0] in ("geq", ">"):
                    return first.base, _inside(others[0], signs[0]), Ref("", "T")
            if len(signs) == 2 and not node.above and _is_index(others[0]):
                one, two = signs
                same = {one, two} <= {"leq", "<"} or {one, two} <= {"geq", ">"}
                if same:
                    low = _inside(first, {"<": ">", ">": "<"}.get(one, one))
                    return others[0].base, low, _inside(others[1], two)
        raise Unclear("these bounds are not understood; write \\sum_{t=1}^{T}", node.span)

    # factors

    def factor(self) -> Piece:
        node = self.peek()
        assert node is not None
        if (found := self.derivative()) is not None:
            return found
        if (found := self.function()) is not None:
            return found
        self.at += 1
        match node:
            case Sign(text="#"):
                return self.count(node)
            case Sign(text=text) if text[0].isdigit() or text[0] == ".":
                return Piece(Num(number(text, node.span)), node.span)
            case Ratio(top=top, bottom=bottom):
                parts = self.inner(top, node.span), self.inner(bottom, node.span)
                return Piece(Div(parts[0].formula, parts[1].formula), node.span, parts)
            case Root(items=items):
                inside = self.inner(items, node.span)
                return Piece(Call("sqrt", (inside.formula,)), node.span, (inside,))
            case Fence():
                return self.fence(node)
            case Table():
                return self.table(node)
            case Scripts(base=Sign(text=text)) if text[:1].isdigit():
                return self.raised(
                    Piece(Num(number(text, node.base.span)), node.base.span), node.above, node
                )
            case Scripts(base=Fence() as fence):
                return self.scripted_fence(fence, node)
            case Scripts(base=Table() | Ratio() | Root() as base) if not node.below:
                inside = Expression(self.known, self.own, (base,), base.span).factor()
                return self.raised(inside, node.above, node)
            case Scripts(base=Styled(items=items, style=style)) if len(items) == 1 and style in (
                "mathbf",
                "mathbb",
                "boldsymbol",
            ):
                if (constant := self.constant(canon(items), node)) is not None:
                    return constant
        return self.symbol(node)

    def count(self, node: Node) -> Piece:
        r"""\# and words: the number of parameters."""
        end = node.span[1]
        while (following := self.peek()) is not None and (
            isinstance(following, Text | Styled)
            or (isinstance(following, Sign) and following.text.isalpha())
            and following.text not in ENDS
        ):
            end = following.span[1]
            self.at += 1
        return Piece(Name(COUNT), (node.span[0], end))

    def constant(self, letter: str, node: Scripts) -> Piece | None:
        """1, I and 0 with their widths below; an indicator."""
        if letter not in ("1", "I", "0") or not node.below:
            return None
        fenced = isinstance(node.below[0], Fence)
        if letter == "1" and any(isinstance(n, Sign) and n.text in (">", "<") for n in node.below):
            return self.step(node.below, node.span)
        parts = split(node.below, "times")
        widths = [self.width_of(part) for part in parts]
        if fenced or any(width is None for width in widths):
            return None
        rows, columns = (widths * 2)[:2]
        assert rows is not None and columns is not None
        made: Formula
        if letter == "0":
            made = Zeros(rows, columns) if len(parts) == 2 else Zeros(NARROW, columns)
        else:
            made = Ones(rows) if letter == "1" else Eye(rows)
        return self.raised(Piece(made, node.span), node.above, node)

    def width_of(self, items: Items) -> Width | None:
        """A sum of dimensions and numbers: H, H_f + H_b, n_{C} + 1."""
        total = Width()
        for part in split(items, "+"):
            count = 1
            if len(part) == 2 and isinstance(part[0], Sign) and part[0].text.isdigit():
                count, part = int(part[0].text[:6]), part[1:]
            if len(part) != 1:
                return None
            if isinstance(part[0], Sign) and part[0].text.isdigit():
                total += Width((), int(part[0].text[:9]))
                continue
            base, subs, sups = apart(part[0])
            key = canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))
            width = self.known.sizes.get(key)
            if width is None:
                return None
            for _ in range(min(count, 100)):
                total += width
        return total

    def fence(self, node: Fence) -> Piece:
        match node.left:
            case "|":
                inside = self.inner(node.items, node.span)
                return Piece(Call("abs", (inside.formula,)), node.span, (inside,))
            case "Vert":
                inside = self.inner(node.items, node.span)
                return Piece(Call("norm", (inside.formula,)), node.span, (inside,))
            case ".":
                raise Unclear("the bar says nothing without a subscript", node.span)
        texts = {n.text for n in node.items if isinstance(n, Sign)}
        if ">" in texts or "<" in texts:
            return self.step(node.items, node.span)
        if "," in texts or ";" in texts:
            rows = [split(row) for row in split(node.items, ";")]
            return self.blocks([[self.cell(c, node.span) for c in row] for row in rows], node.span)
        inside = self.inner(node.items, node.span)
        return Piece(inside.formula, node.span, inside.parts)

    def step(self, items: Items, span: Span) -> Piece:
        """[z > 0]."""
        for sign in (">", "<"):
            parts = split(items, sign)
            if len(parts) == 2:
                zero, other = (1, 0) if sign == ">" else (0, 1)
                if canon(parts[zero]) == "0":
                    inside = self.inner(parts[other], span)
                    return Piece(Call("step", (inside.formula,)), span, (inside,))
        raise Unclear("only [z > 0] is read as 1 where that holds", span)

    def cell(self, items: Items, span: Span) -> Piece:
        return self.inner(items, span)

    def table(self, node: Table) -> Piece:
        if node.kind == "cases":
            raise Unclear("cases stand alone on the right side", node.span)
        grid = [[self.cell(cell, node.span) for cell in row] for row in node.rows]
        return self.blocks(grid, node.span)

    def blocks(self, grid: list[list[Piece]], span: Span) -> Piece:
        if len({len(row) for row in grid}) != 1:
            raise Unclear("the rows of this matrix differ in length", span)
        if len(grid) == len(grid[0]) == 1:
            return grid[0][0]
        shapes = [[self.measure.shape(p.formula) for p in row] for row in grid]
        zero = [[isinstance(p.formula, Zeros) for p in row] for row in grid]
        for i, row in enumerate(grid):
            for j, piece in enumerate(row):
                if zero[i][j]:  # how high and wide it is, its neighbours say
                    beside = [shapes[i][k] for k in range(len(row)) if not zero[i][k]]
                    below = [shapes[k][j] for k in range(len(grid)) if not zero[k][j]]
                    width = piece.formula.columns if isinstance(piece.formula, Zeros) else NARROW
                    flat = bool(below) and below[0][0] == NARROW or not (beside or below)
                    thin = bool(beside) and beside[0][1] == NARROW
                    rows = beside[0][0] if beside else NARROW if flat else width
                    columns = below[0][1] if below else NARROW if thin else width
                    row[j] = Piece(Zeros(rows, columns), piece.span)
        found = Blocks(tuple(tuple(p.formula for p in row) for row in grid))
        return Piece(found, span, tuple(p for row in grid for p in row))

    def scripted_fence(self, fence: Fence, node: Scripts) -> Piece:
        """Something in brackets with a power, a transpose, a step, or a part of it."""
        texts = [n.text if isinstance(n, Sign) else "" for n in node.below]
        if fence.left == ".":
            return self.at_bar(self.inner(fence.items, fence.span), node)
        if not node.below:
            return self.raised(self.fence(fence), node.above, node)
        if texts[:2] == ["t", "="] or (len(texts) > 1 and texts[1] == "="):
            return self.raised(self.at_bar(self.fence(fence), node), node.above, node)
        cut = texts.index(":") if ":" in texts else None
        first = self.width_of(node.below if cut is None else node.below[:cut])
        last = self.width_of(node.below if cut is None else node.below[cut + 1 :])
        if first is None or last is None or not first.number:
            raise Unclear("what stands below this bracket is not understood", node.span)
        skip = Width(first.names, first.number - 1)
        names = list(last.names)
        for name in skip.names:
            if name not in names:
                raise Unclear("this part ends before it begins", node.span)
            names.remove(name)
        inside = self.fence(fence)
        width = Width(tuple(names), last.number - skip.number)
        part = Piece(Part(inside.formula, skip, width), node.span, (inside,))
        return self.raised(part, node.above, node)

    def at_bar(self, piece: Piece, node: Scripts) -> Piece:
        """]_{t=3}, or what a derivative holds fixed."""
        span = min(piece.span[0], node.span[0]), node.span[1]
        texts = [n.text if isinstance(n, Sign) else "" for n in node.below]
        if "=" in texts:
            at = time_of(node.below[texts.index("=") + 1 :])
            if at is None or texts[1] != "=":
                raise Unclear("the step behind this bracket is not understood", node.span)
            return Piece(Bracket(piece.formula, at), span, (piece,))
        if isinstance(piece.formula, Total | Immediate):
            held = tuple(self.inner(part, node.span).formula for part in split(node.below))
            found = Immediate(piece.formula.of, piece.formula.by, fixed=held)
            return Piece(found, span, piece.parts)
        raise Unclear("what stands below this bar is not understood", node.span)

    def raised(self, piece: Piece, above: Items, node: Node) -> Piece:
        """A power or a transpose."""
        if isinstance(node, Scripts) and node.primes and not above:
            raise Unclear("a ' stands for a derivative of a function; write ^\\top", node.span)
        if not above:
            return piece if piece.span == node.span else Piece(piece.formula, node.span, piece.parts)
        if canon(above) in TRANSPOSED:
            return Piece(Transpose(piece.formula), node.span, (piece,))
        exponent = self.inner(above, node.span)
        if isinstance(piece.formula, Num) and (power := _ten(piece.formula, exponent.formula)):
            return Piece(power, node.span)
        parts = piece, exponent
        return Piece(Pow(piece.formula, exponent.formula), node.span, parts)

    # derivatives

    def derivative(self) -> Piece | None:
        node = self.peek()
        if isinstance(node, Ratio) and _is_partial(node.top):
            return self.fraction(node)
        base, above = (node.base, node.above) if isinstance(node, Scripts) else (node, ())
        if not isinstance(base, Sign):
            return None
        if base.text == r"\nabla" and isinstance(node, Scripts) and node.below:
            self.at += 1
            by, of = self.inner(node.below, node.span, True), self.operand(node)
            found = Total(of.formula, by.formula)
            return Piece(found, (node.span[0], of.span[1]), (of, by))
        is_inline = base.text == r"\partial" or (
            base.text == "d" and self.sign(2) == "/" and _is_d(self.peek(3))
        )
        if not is_inline or (isinstance(node, Scripts) and node.below):
            return None
        assert node is not None
        self.at += 1
        of = self.operand(node)
        if self.sign() != "/":
            raise Unclear("a derivative is written ∂u/∂v", node.span)
        self.at += 1
        below = self.peek()
        if below is None or not _is_d(below):
            raise Unclear("a derivative is written ∂u/∂v", node.span)
        self.at += 1
        by = self.inner(self.items[self.at : self.at + 1], below.span, True)
        self.at += 1
        return self.partial(of, by, self.is_immediate(above, node), (node.span[0], by.span[1]))

    def operand(self, after: Node) -> Piece:
        node = self.peek()
        if node is None:
            raise Unclear("it is not said of what this is the derivative", after.span)
        self.at += 1
        if isinstance(node, Fence):
            return self.fence(node)
        return self.symbol(node)

    def fraction(self, node: Ratio) -> Piece:
        """∂u/∂v; ∂/∂v before u."""
        first = node.top[0]
        bottom = node.bottom
        if not bottom or not _is_d(bottom[0]):
            raise Unclear("below a derivative stands ∂v", node.span)
        if isinstance(bottom[0], Scripts) or len(bottom) < 2:
            raise Unclear("only first derivatives are read", node.span)
        self.at += 1
        by = self.inner(bottom[1:], node.span, True)
        end = node.span[1]
        if len(node.top) == 1:
            of = self.operand(node)
            end = of.span[1]
        else:
            of = self.inner(node.top[1:], node.span)
        above = first.above if isinstance(first, Scripts) else ()
        return self.partial(of, by, self.is_immediate(above, node), (node.span[0], end))

    def is_immediate(self, above: Items, node: Node) -> bool:
        if above and canon(above) not in ("+", "(+)"):
            raise Unclear("only first derivatives are read, and ∂⁺", node.span)
        return bool(above)

    def partial(self, of: Piece, by: Piece, immediate: bool, span: Span) -> Piece:
        if not isinstance(of.formula, Ref | Name):
            raise Unclear("a derivative is read of a variable with a name", of.span)
        held = isinstance(by.formula, Product)
        if not isinstance(by.formula, Ref | Name | Marked) and not held:
            raise Unclear("a derivative is read by a variable with a name", by.span)
        if immediate or held:
            found: Formula = Immediate(of.formula, by.formula)
        else:
            found = Total(of.formula, by.formula)
        return Piece(found, span, (of, by))

    # functions

    def function(self) -> Piece | None:
        node = self.peek()
        base, above, primes = node, (), 0
        if isinstance(node, Scripts):
            base, above, primes = node.base, node.above, node.primes
        if node is None or not isinstance(base, Sign | Styled | Text):
            return None
        name = canon((base,))
        if name == "e" and isinstance(node, Scripts) and above and not self.is_letter(node):
            self.at += 1
            inside = self.inner(above, node.span)
            return Piece(Call("exp", (inside.formula,)), node.span, (inside,))
        if name == "diag" and not isinstance(node, Scripts):
            self.at += 1
            inside = self.argument(node)[0]
            return Piece(Diagonal(inside.formula), (node.span[0], inside.span[1]), (inside,))
        if isinstance(node, Scripts) and node.below:
            name = f"{name}_{canon(node.below)}"
        function = self.known.functions.get(name)
        if function is None or self.is_letter(node):
            return None
        self.at += 1
        return self.applied(function, node, above, primes)

    def is_letter(self, node: Node) -> bool:
        """Whether the same letter is a symbol of the model or of the writer."""
        return next(look_up(self.known, node), None) is not None

    def applied(self, function: str | Own, node: Node, above: Items, primes: int) -> Piece:
        following = self.peek()
        fence = following.base if isinstance(following, Scripts) else following
        called = isinstance(fence, Fence) and fence.left in ("(", "[", "{{")
        if called and isinstance(fence, Fence):
            called = not self.holds_bare(fence.items, node)
        if primes > 1:
            raise Unclear("only first derivatives are read", node.span)
        if called:
            args = self.argument(node)
        elif isinstance(function, str) and self.takes_letter(function, following) and not primes:
            args = [self.letter(node)]
        else:
            return self.bare(function, node, above, primes)
        end = args[-1].span[1] if not called else self.items[self.at - 1].span[1]
        if called and isinstance(following, Scripts):
            end = following.base.span[1]
        values = tuple(arg.formula for arg in args)
        span = node.span[0], end
        whole = Piece(self.call(function, values, primes, node), span, tuple(args))
        if above:
            whole = self.raised(whole, above, Fence("{", "}", (), span))
        if called and isinstance(following, Scripts):
            whole = self.raised(whole, following.above, Fence("{", "}", (), (span[0], following.span[1])))
        return whole

    def call(
        self, function: str | Own, args: tuple[Formula, ...], primes: int, node: Node
    ) -> Formula:
        if isinstance(function, Own):
            if len(args) != len(function.args):
                raise Unclear(f"{function.name} takes {len(function.args)} arguments", node.span)
            if primes:
                from symrnn.language.own import derivative_of

                return Call(function.name, args, derivative_of(function, 0))
            return Call(function.name, args, function)
        if len(args) > 1 and function not in ("max", "min", "surrogate"):
            raise Unclear(f"{function} takes one argument", node.span)
        return Call(function + PRIME * primes, args)

    def argument(self, node: Node) -> list[Piece]:
        """What stands in brackets behind a function."""
        following = self.peek()
        fence = following.base if isinstance(following, Scripts) else following
        if not isinstance(fence, Fence) or fence.left not in ("(", "[", "{{", "{"):
            raise Unclear("its argument stands in brackets", node.span)
        self.at += 1
        return [self.inner(part, fence.span) for part in split(fence.items)]

    def takes_letter(self, function: str, following: Node | None) -> bool:
        """Whether a function is applied to the one letter behind it: log ŷ, tanh c_t."""
        if following is None or not isinstance(following, Sign | Styled | Scripts | Ratio):
            return False
        if isinstance(following, Sign) and (
            following.text in EXPLICIT or following.text in (*ENDS, "+", "-")
        ):
            return False
        if isinstance(following, Scripts) and _is_bar(following.base):
            return False
        return function not in ("sigmoid",) and self.known.bare.get(function, ()) is not None

    def letter(self, node: Node) -> Piece:
        found = self.factor()
        following = self.peek()
        if following is not None and not (
            isinstance(following, Sign)
            and (following.text in (*EXPLICIT, *ENDS) or following.text in "+-")
        ):
            raise Unclear("where its argument ends is not clear; put it in brackets",
                          (node.span[0], following.span[1]))  # fmt: skip
        return found

    def holds_bare(self, items: Items, function: Node) -> bool:
        """Whether the same function stands without an argument there: σ(1 - σ)."""
        base = function.base if isinstance(function, Scripts) else function
        own = canon((base,))
        for node, following in zip(items, (*items[1:], None), strict=True):
            inside = node.base if isinstance(node, Scripts) else node
            called = following.base if isinstance(following, Scripts) else following
            if isinstance(inside, Sign | Styled) and canon((inside,)) == own:
                if not isinstance(called, Fence) or self.holds_bare(called.items, function):
                    return True
            if isinstance(inside, Fence) and self.holds_bare(inside.items, function):
                return True
        return False

    def bare(self, function: str | Own, node: Node, above: Items, primes: int) -> Piece:
        """σ alone: its value where the model applies it."""
        name = function if isinstance(function, str) else function.name
        values = self.known.bare.get(name, ())
        if len(values) != 1:
            many = "the model applies it several times" if values else "the model has no value of it"
            raise Unclear(f"of what this is the value is not said, and {many}", node.span)
        span = node.span
        made: Formula = values[0]
        if primes:
            made = Call(name + PRIME, (self.inside_of(values[0], node),))
        return self.raised(Piece(made, span), above, Fence("{", "}", (), span))

    def inside_of(self, value: Formula, node: Node) -> Formula:
        """What goes into the function whose value this is."""
        assert isinstance(value, Ref)
        own = Ref(f"a_{value.name}", value.base, value.shift)
        if own.name in self.known.derivation.rolled.system.symbols:
            return own
        raise Unclear("say of what: f'(a_t)", node.span)

    # symbols

    def symbol(self, node: Node) -> Piece:
        """A name of the model, a dimension, or a letter of the writer's own."""
        if isinstance(node, Text):
            raise Unclear(f"'{node.text.strip()[:40]}' are words", node.span)
        found = list(look_up(self.known, node))
        fitting = [f for f in found if f[0].timed == (f[1] is not None)]
        if fitting:
            entry, at, mark, left = fitting[0]
            if any(f[0].name != entry.name for f in fitting[1:]) and fitting[1][3] == left:
                other = fitting[1][0].name
                raise Unclear(f"this may be {entry.name} and {other} at another step", node.span)
            return self.named(entry.name, at, mark, left, node)
        letter, at, left = own_letter(self.known, node)
        if letter in self.own or letter in self.known.states or is_delta(letter):
            piece = Piece(Name(letter, at), node.span)
            return self.raised(piece, left, node) if left else piece
        if isinstance(node, Scripts | Sign | Styled):
            if (width := self.width_of((node,))) is not None:
                return Piece(Size(width), node.span)
            base = node.base if isinstance(node, Scripts) else node
            if isinstance(node, Scripts) and (width := self.width_of((base,))) is not None:
                if not node.below:
                    return self.raised(Piece(Size(width), base.span), node.above, node)
            if canon((base,)) == "I" and not (isinstance(node, Scripts) and node.below):
                above = node.above if isinstance(node, Scripts) else ()
                return self.raised(Piece(Eye(UNKNOWN_WIDTH), base.span), above, node)
            if letter in (r"\eta",):
                return Piece(Name(letter), node.span)
        raise self.unknown(found, node)

    def named(self, name: str, at: Ref | None, mark: str, left: Items, node: Node) -> Piece:
        ref = Ref(name) if at is None else Ref(name, at.base, at.shift)
        if canon(left) == "T" and at is not None and self.known.notation.time == "superscript":
            base, subs, _ = apart(node)
            if not subs and isinstance(base, Sign | Styled) and not _has_time(node):
                raise Unclear("T may be a step here or a transpose; write (T) or \\top", node.span)
        made: Formula = Marked(ref, mark) if mark else ref
        if not self.anywhere and is_outside(self.known, ref):
            raise Unclear(f"there is no step {_shown(ref)} of this", node.span)
        piece = Piece(made, node.span)
        return self.raised(piece, left, Fence("{", "}", (), node.span)) if left else piece

    def unknown(self, found: Sequence[tuple], node: Node) -> Unclear:
        shown = canon((node,)).replace("\0", "")[:40]
        if found:
            entry, at, _, _ = found[0]
            if entry.timed:
                return Unclear(f"{shown} runs over time, and no step is said", node.span)
            return Unclear(f"{shown}: {entry.name} is the same at every step", node.span)
        printed = {_printed(key): entry.name for (key, _), entry in self.known.symbols.items()}
        near = suggestion(shown, list(printed))
        listed = ", ".join(list(printed)[:12])
        help_ = near or f"; the model has {listed}"
        return Unclear(f"{shown or 'this'} is not known{help_}", node.span)


ENDS = (",", ";", "=", "approx", "gets", ":", "leq", "geq", "<", ">", "neq", "in", "to", "sim",
        "propto", ".", "forall", "Rightarrow", "dots", "!")  # fmt: skip
"""Signs that no term goes beyond."""


def joined_sum(terms: Sequence[Piece]) -> Piece:
    formula = Add(tuple(term.formula for term in terms))
    return Piece(formula, over(terms), tuple(terms))


def number(text: str, span: Span) -> Fraction:
    if len(text) > 40:
        raise Unclear("this number has too many digits", span)
    return Fraction(text)


def _powers_of_ten(entries: Entries) -> Entries:
    r"""1.5 \cdot 10^{-3} is one number."""
    found: Entries = []
    for sign, piece in entries:
        before = found[-1][1].formula if found else None
        value = piece.formula
        if (
            isinstance(before, Num)
            and isinstance(value, Num)
            and sign in ("cdot", "times")
            and not piece.parts
            and _is_power_of_ten(value.value)
        ):
            sign, left = found.pop()
            span = left.span[0], piece.span[1]
            found.append((sign, Piece(Num(before.value * value.value), span)))
        else:
            found.append((sign, piece))
    return found


def _ten(base: Num, exponent: Formula) -> Num | None:
    """10^{-3} as a number."""
    sign, inside = (-1, exponent.arg) if isinstance(exponent, Neg) else (1, exponent)
    if base.value != 10 or not isinstance(inside, Num) or inside.value.denominator != 1:
        return None
    if inside.value > 300:
        return None
    return Num(Fraction(10) ** (sign * int(inside.value)))


def _is_power_of_ten(value: Fraction) -> bool:
    top, bottom = str(value.numerator), str(value.denominator)
    return value not in (0, 1) and top[0] == bottom[0] == "1" and {*top[1:], *bottom[1:]} == {"0"}


def _times(plain: Sequence[Piece], whole: Piece, span: Span) -> Piece:
    parts = (*plain, whole)
    return Piece(Times(tuple(p.formula for p in parts)), span, parts)


def _is_product(formula: Formula) -> bool:
    return isinstance(formula, Big) and formula.sign == "prod"


def _is_count(formula: Formula) -> bool:
    """Whether it is made of numbers and dimensions."""
    return all(isinstance(part, Num | Size | Div | Times | Neg) for part in walk(formula))


def _is_bar(node: Node) -> bool:
    return isinstance(node, Sign) and node.text == "|"


def _is_d(node: Node | None) -> bool:
    """∂ or an upright or slanted d."""
    base = node.base if isinstance(node, Scripts) else node
    return isinstance(base, Sign | Styled) and canon((base,)) in (r"\partial", "d")


def _is_partial(items: Items) -> bool:
    if not items:
        return False
    first = items[0]
    base = first.base if isinstance(first, Scripts) else first
    letter = canon((base,)) if isinstance(base, Sign | Styled) else ""
    return letter == r"\partial" or (letter == "d" and len(items) in (1, 2))


def _is_index(ref: Ref) -> bool:
    return ref.base not in ("1", "T") and not ref.shift


def _inside(bound: Ref, sign: str) -> Ref:
    """A bound that is not reached itself lies one step further in."""
    shift = {"<": -1, ">": 1}.get(sign, 0)
    return Ref("", bound.base, bound.shift + shift)


def _mentions(formula: Formula, index: str) -> bool:
    return any(
        isinstance(p, Ref | Name) and (p.base if isinstance(p, Ref) else p.at.base) == index
        for p in walk(formula)
    )


def _has_time(node: Node) -> bool:
    _, _, sups = apart(node)
    return any(isinstance(n, Fence) for part in sups for n in part)


def _shown(ref: Ref) -> str:
    from symrnn.derive.notation.spelling import time_text

    return time_text(ref)


def _printed(key: tuple[str, tuple[str, ...], tuple[str, ...]]) -> str:
    stem, subs, sups = key
    below = f"_{{{','.join(subs)}}}" if subs else ""
    above = f"^{{{','.join(sups)}}}" if sups else ""
    return stem + above + below
