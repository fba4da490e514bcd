"""Arrays that play one part, each in another lane: they can be neighbours.

    f[t] = sigmoid(a_f[t])
    i[t] = sigmoid(a_i[t])    =>    {a_f, a_i, a_o} as columns, {f, i, o} as blocks
    o[t] = sigmoid(a_o[t])

Columns of one matrix are what products make, and sums of them; what a function makes of columns
lies in blocks, each of which is one piece of memory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symrnn.kernels.program.layout.lanes import Lanes
from symrnn.kernels.program.merge import alike, stretches
from symrnn.kernels.program.program import (
    Array,
    Kind,
    Loop,
    Map,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
)
from symrnn.kernels.program.rewrite import is_by_id

SUMS = ("add", "subtract", "copy")
LINEAR = (*SUMS, "multiply", "negative")
"""What makes columns of columns."""


@dataclass(frozen=True)
class Family:
    """Arrays that play one part, each in another lane."""

    kind: Kind
    members: tuple[str, ...]


def families_of(program: Program, lanes: Lanes, kinds: Sequence[Kind]) -> list[Family]:
    """First those of the matrices, then what the statements suggest, one level after another."""
    found = _Families(program, lanes, kinds)
    for products in lanes.matrices.values():
        found.add("columns", [product.pairs[0].right.name for product in products])
        found.add("columns", [product.out.name for product in products])
    for root in lanes.groups():
        found.add("columns", _adjoints(lanes, root))
    parts = [part for section in program.sections.values() for part in stretches(section)]
    for part in parts:
        if isinstance(part, Loop):
            found.add_suggested(part.body)
    for part in parts:
        if not isinstance(part, Loop):
            found.add_suggested(part)
    return found.families


class _Families:
    """Families as they are found."""

    def __init__(self, program: Program, lanes: Lanes, kinds: Sequence[Kind]) -> None:
        self.arrays, self.lanes, self.allowed = program.arrays, lanes, kinds
        self.families: list[Family] = []
        self.known: dict[str, int] = {}
        """The family of each array."""
        self.read_as_rows = _read_as_rows(lanes.statements)
        self.gradients = {a.of: a.name for a in self.arrays.values() if a.role == "gradient"}

    # one family

    def add(self, kind: Kind, names: Iterable[str]) -> None:
        """Make these a family, if they can be one; gradients follow their parameters."""
        members = tuple(dict.fromkeys(names))
        arrays = [self.arrays[name] for name in members]
        if any(array.role == "gradient" for array in arrays) or not self.can_be(kind, arrays):
            return
        self.enter(Family(kind, members))
        if arrays[0].role == "parameter" and all(name in self.gradients for name in members):
            gradients = tuple(self.gradients[name] for name in members)
            if self.can_be(kind, [self.arrays[name] for name in gradients]):
                self.enter(Family(kind, gradients))

    def enter(self, family: Family) -> None:
        self.known |= dict.fromkeys(family.members, len(self.families))
        self.families.append(family)

    def can_be(self, kind: Kind, arrays: Sequence[Array]) -> bool:
        """Whether these can be neighbours: alike, free, and in different lanes of one group."""
        names = [array.name for array in arrays]
        if kind not in self.allowed or len(arrays) < 2:
            return False
        if any(name in self.known for name in names):
            return False
        if any(array.role in ("input", "target", "fixed") for array in arrays):
            return False
        if len({(a.shape, a.rows, a.steps, _part(a)) for a in arrays}) > 1:
            return False
        if kind == "blocks" and not self.read_as_rows.isdisjoint(names):
            return False
        own = self.lanes.of_these(names)
        in_different = len(own) == len(names) == len(set(own))
        return in_different and len({self.lanes.root(lane) for lane in own}) == 1

    # what statements suggest

    def add_suggested(self, body: Sequence[Plain]) -> None:
        """Families of what similar statements make, of operands that are families already."""
        before = -1
        while len(self.families) > before:
            before = len(self.families)
            kinds = self.kinds()
            for group in alike(body, kinds):
                outs = [statement.out.name for statement in group.statements]
                if len(outs) > 1 and all(name in self.lanes.of for name in outs):
                    self.add_operands(group.statements, kinds)

    def kinds(self) -> dict[str, object]:
        """What makes statements alike: families, and what could become one."""
        found: dict[str, object] = {**self.known}
        for name, lane in self.lanes.of.items():
            array = self.arrays.get(name)
            if array is not None and name not in found:
                is_parameter = array.role == "parameter"
                found[name] = ("open", self.lanes.root(lane), array.shape, is_parameter)
        return found

    def add_operands(self, statements: Sequence[Plain], kinds: dict[str, object]) -> None:
        """Families of what these read, one operand after the other, and of what they make."""
        first = statements[0]
        if not isinstance(first, Map | Reduce):
            return
        for place, read in enumerate(first.reads):
            if read.name in kinds and read.name not in self.known:
                names = [list(statement.reads)[place].name for statement in statements]
                self.add(self.operand_kind(first, read), names)
        if first.out.name not in self.known:
            self.add(self.result_kind(first), [statement.out.name for statement in statements])

    def operand_kind(self, statement: Map | Reduce, read: Slice) -> Kind:
        """What is added to columns lies in columns, and so do vectors; all else in blocks."""
        array = self.arrays[read.name]
        if not array.rows and len(array.shape) == 1:
            return "columns"
        sums = isinstance(statement, Map) and statement.op in SUMS
        return self.result_kind(statement) if sums else "blocks"

    def result_kind(self, statement: Map | Reduce) -> Kind:
        """Sums of columns are columns; what a function makes of them lies in blocks."""
        if isinstance(statement, Reduce):
            return "columns"
        places = [self.known[read.name] for read in statement.reads if read.name in self.known]
        of_columns = any(self.families[place].kind == "columns" for place in places)
        return "columns" if of_columns and statement.op in LINEAR else "blocks"


def _part(array: Array) -> str:
    """The part that an array plays: variables and results on the way to them may be neighbours."""
    return "variable" if array.role == "scratch" else array.role


def _read_as_rows(statements: Iterable[Plain]) -> set[str]:
    """Arrays whose steps are read all at once as the rows of one matrix: no blocks between them."""
    found: set[str] = set()
    for statement in statements:
        sums = isinstance(statement, Reduce) and statement.over in ("rows", "all")
        if isinstance(statement, Product) or sums or is_by_id(statement):
            for what in (*statement.reads, statement.out):
                if isinstance(what.when, Span):
                    found.update(what.names)
    return found


def _adjoints(lanes: Lanes, root: str) -> list[str]:
    """The adjoints of which the gradients of a group's matrices are made."""
    found: dict[str, None] = {}
    for statement in lanes.statements:
        if isinstance(statement, Product):
            for pair in statement.pairs:
                name = pair.right.name
                lane = lanes.of.get(name) if pair.left_turned else None
                given = lanes.arrays[name].role in ("input", "parameter", "fixed")
                if lane is not None and not given and lanes.root(lane) == root:
                    found[name] = None
    return list(found)
