"""The statements of a function as lines of PyTorch."""

from collections import Counter
from collections.abc import Sequence

from symrnn.kernels.comments import LoopBlock, commented
from symrnn.kernels.contract import Kernel
from symrnn.kernels.infix import WHOLE, Text, called
from symrnn.kernels.names import Names
from symrnn.kernels.program.program import Loop, Map, Number, Plain, Product, Span, Statement
from symrnn.kernels.torch.groups import Cells, groups
from symrnn.kernels.torch.loop import Inside
from symrnn.kernels.torch.nesting import Nesting
from symrnn.kernels.torch.nodes import Item, Node, is_copy
from symrnn.kernels.torch.spelling import Speller
from symrnn.kernels.torch.tensors import Tensors
from symrnn.kernels.torch.units import Units

UNTRACKED = 'with torch.inference_mode(fuse != "compile"):'
"""Where loops are; compiled functions would be compiled once more for what is made there."""


class Body(Tensors):
    """Prints the statements of some sections, one after the other."""

    def __init__(self, kernel: Kernel, units: Units, names: Names, cells: Cells) -> None:
        super().__init__(kernel.program, units, names)
        self.kernel, self.cells = kernel, cells
        self.called: dict[str, None] = {}
        """The functions of groups that are called."""
        self.apart: dict[str, list[str]] = {}
        """The names of the gradients of neighbours, by what these are together."""
        self.nesting = Nesting(self.program, units)

    def section(self, statements: Sequence[Statement], kept: bool = True) -> None:
        """The lines of a section; `kept` if what is in front of loops may be needed for long."""
        outside: list[tuple[tuple[str, ...], Plain]] = []
        start = len(self.lines)
        for block in commented(self.kernel, statements):
            if isinstance(block, LoopBlock):
                self.straight(outside)
                outside = []
                start = len(self.lines) if kept else start
                self.loop(block)
                self.untracked(start)
                start = len(self.lines)
            else:
                said = [block.said, *[()] * (len(block.statements) - 1)]
                outside += zip(said, block.statements, strict=True)
        self.straight(outside)

    def untracked(self, start: int) -> None:
        """Put the lines from one on where autograd does not look: calls are quicker there."""
        inside = self.lines[start:]
        self.lines[start:] = [UNTRACKED, *(f"    {line}" for line in inside)]

    def straight(self, statements: Sequence[tuple[tuple[str, ...], Plain]]) -> None:
        items = self.nesting.items(statements)
        self.waiting = Counter((self.units.unit(item.out).name, item.out.when) for item in items)
        for item in items:
            self.note(item.said)
            self.item(item)

    def item(self, item: Item) -> None:
        """The lines of a statement outside of loops."""
        speller = Speller(self.units, self.read, self.units.number, ragged=self.program.ragged)
        self.write(item.out, self.value(speller, item.node))

    def value(self, speller: Speller, node: Node) -> Text:
        """The expression of a node; a number alone fills a tensor."""
        if isinstance(node.statement, Map) and not any(node.reads()):
            sizes = speller.sizes(node.statement.out)
            axes = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"

            def full(number: Number) -> Text:
                return called(f"{self.like}.new_full", axes, self.units.number(number))

            return Speller(self.units, speller.read, full).spelled(node)
        special = self.special(speller, node)
        found = Text(special) if special is not None else speller.whole(node)
        return called(f"{found.within(WHOLE)}.clone") if self.is_shared(node) else found

    def is_shared(self, node: Node) -> bool:
        """Whether it is the gradient by an argument and nothing but another tensor: what is done
        in place with the one, such as clipping, must not be done with the other. What is a step
        alone becomes a tensor of its own when steps are put together."""
        arrays, out = self.program.arrays, node.statement.out
        array = arrays[out.names[0]]
        of, whole = arrays.get(array.of), Span(*array.steps) if array.steps else None
        by_argument = of is not None and of.role in ("input", "fixed", "parameter")
        return by_argument and out.when == whole and is_copy(node)

    def special(self, speller: Speller, node: Node) -> str | None:
        """What is about class ids."""
        statement = node.statement
        read = speller.read
        if isinstance(statement, Product):
            (pair,) = statement.pairs
            if self.program.arrays[pair.left.names[0]].classes is None:
                return None
            numbers, right = read(pair.left), read(pair.right)
            if pair.left_turned:
                classes = self.units.program.arrays[statement.out.names[0]].shape[0]
                count = self.units.sum_widths([classes])
                return f"_scatter({numbers}, {speller.there(right, pair.right)}, {count})"
            return f"_look_up({numbers}, {right})"
        if isinstance(statement, Map) and statement.op == "pick":
            rows, ids = node.args
            return f"_pick({speller.text(rows)}, {speller.text(ids)})"
        if isinstance(statement, Map) and statement.op == "add_at":
            rows, amount, ids = node.args
            texts = ", ".join(speller.text(arg) for arg in (rows, amount, ids))
            return f"_add_at({texts})"
        return None

    def inside(self, loop: Loop) -> Inside:
        return Inside(self, loop, self.value, self.cells)

    def loop(self, block: LoopBlock) -> None:
        """The lines of a loop, and those before it that it needs."""
        loop = block.loop
        items = self.nesting.items(list(zip(block.inside, loop.body, strict=True)))
        steps = range(loop.first, loop.last + 1)
        inside = self.inside(loop)
        found = groups(items, self.units)
        inside.groups = found
        for group in found:
            inside.prepare(group)
        self.note(block.said)
        ends = (
            f"{loop.first}, {loop.last + 1}"
            if loop.direction > 0
            else f"{loop.last}, {loop.first - 1}, -1"
        )
        lines = [line for group in found for line in inside.lines(group)]
        self.called |= dict.fromkeys(inside.called)
        self.lines.append(f"for t in range({ends}):")
        self.lines += [f"    {line}" for line in (*lines, *inside.forgotten())]
        for key in inside.listed:
            self.places[key].filled |= set(steps)
