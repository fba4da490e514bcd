"""What stands in brackets: formulas, matrices, steps, parts; and what hangs on a bracket."""

from symrnn.check.claims import Span
from symrnn.check.reading.letters import ENTRIES
from symrnn.check.reading.nodes import Fence, Items, Scripts, Table, Unclear, text_of
from symrnn.check.reading.partials import Partials
from symrnn.check.reading.pieces import Piece
from symrnn.check.reading.symbols import canon, split, time_of
from symrnn.derive.formula import Blocks, Bracket, Formula, Immediate, Total, Zeros
from symrnn.language.tree import NARROW, Call, Part, Width


class Brackets(Partials):
    def fence(self, node: Fence) -> Piece:
        """Something in brackets."""
        if node.left in ("|", "Vert"):
            inside = self.inner(node.items, node.span)
            name = "abs" if node.left == "|" else "norm"
            return Piece(Call(name, (inside.formula,)), node.span, (inside,))
        if node.left == ".":
            raise Unclear("the bar says nothing without a subscript", node.span)
        texts = set(map(text_of, node.items))
        if texts & {">", "<"}:
            return self.step(node.items, node.span)
        if texts & {",", ";"}:
            rows = [split(row) for row in split(node.items, ";")]
            return self.blocks([[self.inner(c, node.span) for c in row] for row in rows], node.span)
        within = type(self)(self.known, self.own, node.items, node.span)
        within.enclosed = True
        inside = within.whole()
        return Piece(inside.formula, node.span, inside.parts, inside.entry)

    def step(self, items: Items, span: Span) -> Piece:
        """[z > 0]."""
        for sign, zero in ((">", 1), ("<", 0)):
            parts = split(items, sign)
            if len(parts) == 2 and canon(parts[zero]) == "0":
                inside = self.inner(parts[1 - zero], span)
                return Piece(Call("step", (inside.formula,)), span, (inside,))
        raise Unclear("only [z > 0] is read as 1 where that holds", span)

    def table(self, node: Table) -> Piece:
        if node.kind == "cases":
            raise Unclear("cases stand alone on the right side", node.span)
        grid = [[self.inner(cell, node.span) for cell in row] for row in node.rows]
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
                if isinstance(piece.formula, Zeros):  # how high and wide, its neighbours say
                    beside = [shapes[i][k] for k in range(len(row)) if not zero[i][k]]
                    below = [shapes[k][j] for k in range(len(grid)) if not zero[k][j]]
                    high, width = piece.formula.rows, piece.formula.columns
                    high = width if high == NARROW else high
                    flat = below[0][0] == NARROW if below else not beside
                    rows = beside[0][0] if beside else NARROW if flat else high
                    thin = bool(beside) and beside[0][1] == NARROW
                    columns = below[0][1] if below else NARROW if thin else width
                    row[j] = Piece(Zeros(rows, columns), piece.span)
        found = Blocks(tuple(tuple(p.formula for p in row) for row in grid))
        return Piece(found, span, tuple(p for row in grid for p in row))

    def hung(self, fence: Fence, node: Scripts) -> Piece:
        """Something in brackets with a power, a transpose, a step, or a part of it."""
        if fence.left == ".":
            return self.at_bar(self.inner(fence.items, fence.span), node)
        inside = self.fence(fence)
        texts = list(map(text_of, node.below))
        if "=" in texts:
            inside = self.at_bar(inside, node)
        elif canon(node.below) in ENTRIES and not self.known.scalar:
            inside = Piece(inside.formula, inside.span, inside.parts, canon(node.below))
        elif node.below:
            inside = self.part(inside, node, texts.index(":") if ":" in texts else None)
        return self.raised(inside, node.above, node.span)

    def part(self, inside: Piece, node: Scripts, cut: int | None) -> Piece:
        """[…]_{1 : H}; [v]_1."""
        first = self.width_of(node.below if cut is None else node.below[:cut])
        last = first if cut is None else self.width_of(node.below[cut + 1 :])
        if first is None or last is None or not first.number:
            raise Unclear("what stands below this bracket is not understood", node.span)
        skip = Width(first.names, first.number - 1)
        names = list(last.names)
        for name in skip.names:
            if name not in names:
                raise Unclear("this part ends before it begins", node.span)
            names.remove(name)
        width = Width(tuple(names), last.number - skip.number)
        return Piece(Part(inside.formula, skip, width), node.span, (inside,))

    def at_bar(self, piece: Piece, node: Scripts) -> Piece:
        """]_{t=3}, or what a derivative holds fixed."""
        span = min(piece.span[0], node.span[0]), node.span[1]
        texts = list(map(text_of, node.below))
        if texts[1:2] == ["="]:
            at = time_of(node.below[2:])
            if at is None:
                raise Unclear("the step behind this bracket is not understood", node.span)
            return Piece(Bracket(piece.formula, at), span, (piece,))
        if not isinstance(piece.formula, Total | Immediate):
            raise Unclear("what stands below this bar is not understood", node.span)
        held: tuple[Formula, ...] = tuple(
            self.inner(part, node.span).formula for part in split(node.below)
        )
        found = Immediate(piece.formula.of, piece.formula.by, fixed=held)
        return Piece(found, span, piece.parts)
