"""Which arrays are neighbours, and in which order.

Matrices that the same operand is multiplied with (the four gates of an LSTM) become columns of one
matrix, so that one product serves them all; what is worked out of the products lies in the same
order. Arrays that play one part, each in another gate, can be neighbours:

    f[t] = sigmoid(a_f[t])
    i[t] = sigmoid(a_i[t])    =>    {a_f, a_i, a_o} as columns, {f, i, o} as blocks
    o[t] = sigmoid(a_o[t])

Columns of one matrix are what products make, and sums of them; what a function makes of columns
lies in blocks, each of which is one piece of memory. Gates are ordered so that as many statements
as possible find their operands side by side.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from symrnn.kernels.program.gates import Gates
from symrnn.kernels.program.merge import alike, stretches
from symrnn.kernels.program.program import (
    KINDS,
    Array,
    Kind,
    Loop,
    Map,
    Now,
    Pack,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
)
from symrnn.kernels.program.rewrite import is_by_id
from symrnn.system import names

SUMS = ("add", "subtract", "copy")
LINEAR = (*SUMS, "multiply", "negative")
"""What makes columns of columns."""


@dataclass(frozen=True)
class Family:
    """Arrays that play one part, each in another gate."""

    kind: Kind
    members: tuple[str, ...]


def families_of(program: Program, gates: Gates, kinds: Sequence[Kind]) -> list[Family]:
    """First those of the matrices, then what the statements suggest, one level after another."""
    found = _Families(program, gates, kinds)
    for products in gates.matrices:
        found.add("columns", [product.pairs[0].right.name for product in products])
        found.add("columns", [product.out.name for product in products])
    for root in gates.groups():
        found.add("columns", _adjoints(gates, root))
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

    def __init__(self, program: Program, gates: Gates, kinds: Sequence[Kind]) -> None:
        self.arrays, self.gates, self.allowed = program.arrays, gates, kinds
        self.families: list[Family] = []
        self.known: dict[str, int] = {}
        """The family of each array."""
        self.read_as_rows = _read_as_rows(gates.statements)
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
        """Whether these can be neighbours: alike, free, and in different gates of one group."""
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
        own = self.gates.of_these(names)
        in_different = len(own) == len(names) == len(set(own))
        return in_different and len({self.gates.root(gate) for gate in own}) == 1

    # what statements suggest

    def add_suggested(self, body: Sequence[Plain]) -> None:
        """Families of what similar statements make, of operands that are families already."""
        before = -1
        while len(self.families) > before:
            before = len(self.families)
            kinds = self.kinds()
            for group in alike(body, kinds):
                outs = [statement.out.name for statement in group.statements]
                if len(outs) > 1 and all(name in self.gates.of for name in outs):
                    self.add_operands(group.statements, kinds)

    def kinds(self) -> dict[str, object]:
        """What makes statements alike: families, and what could become one."""
        found: dict[str, object] = {**self.known}
        for name, gate in self.gates.of.items():
            array = self.arrays.get(name)
            if array is not None and name not in found:
                is_parameter = array.role == "parameter"
                found[name] = ("open", self.gates.root(gate), array.shape, is_parameter)
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


def _adjoints(gates: Gates, root: str) -> list[str]:
    """The adjoints of which the gradients of a group's matrices are made."""
    found: dict[str, None] = {}
    for statement in gates.statements:
        if isinstance(statement, Product):
            for pair in statement.pairs:
                name = pair.right.name
                gate = gates.of.get(name) if pair.left_turned else None
                given = gates.arrays[name].role in ("input", "parameter", "fixed")
                if gate is not None and not given and gates.root(gate) == root:
                    found[name] = None
    return list(found)


MOST = 6
"""More gates than this keep the order in which they appear: 7! orders are too many to try."""

Wish = tuple[frozenset[str], int]
"""Gates that should be neighbours, and how much is to be gained."""


def ranks(program: Program, gates: Gates, families: Sequence[Family]) -> dict[str, int]:
    """The place of each gate in its group: those of the order with the fewest gaps."""
    wishes: dict[str, list[Wish]] = {}
    for wanted, gain in _wishes(program, gates, families):
        wishes.setdefault(gates.root(min(wanted)), []).append((wanted, gain))
    found: dict[str, int] = {}
    for root, members in gates.groups().items():
        best: Sequence[str] = members
        if len(members) <= MOST:
            own = wishes.get(root, [])
            best = min(permutations(members), key=lambda way: _gaps(way, own))
        found |= {gate: place for place, gate in enumerate(best)}
    return found


def _wishes(program: Program, gates: Gates, families: Sequence[Family]) -> Iterator[Wish]:
    """What each statement that could be one for several gates wishes for."""
    known = {name: place for place, family in enumerate(families) for name in family.members}
    for section in program.sections.values():
        for straight in stretches(section):
            looped = isinstance(straight, Loop)
            body = straight.body if isinstance(straight, Loop) else straight
            times = program.steps if looped else 1
            for own in _together(body, gates, known):
                yield own, times
            for own in _summed(body, gates):
                yield own, 3 * times if looped else 1


def _together(
    body: Sequence[Plain], gates: Gates, known: Mapping[str, int]
) -> Iterator[frozenset[str]]:
    """The gates of statements that are alike."""
    for group in alike(body, known):
        outs = [statement.out.name for statement in group.statements]
        own = frozenset(gates.of_these(outs))
        if len(own) > 1 and outs[0] in known:
            yield own


def _summed(body: Sequence[Plain], gates: Gates) -> Iterator[frozenset[str]]:
    """The gates of a sum of products: of neighbours it is one product."""
    for statement in body:
        if isinstance(statement, Product):
            own = frozenset(gates.of_these(pair.left.name for pair in statement.pairs))
            if len(own) > 1:
                yield own


def _gaps(way: Iterable[str], wishes: Sequence[Wish]) -> int:
    """How often gates that should be neighbours are not.

    >>> _gaps("ifog", [(frozenset("io"), 5), (frozenset("fo"), 1)])
    5
    """
    total = 0
    for wanted, weight in wishes:
        runs = 0
        inside = False
        for gate in way:
            runs += gate in wanted and not inside
            inside = gate in wanted
        total += weight * (runs - 1)
    return total


def layout(
    program: Program, kinds: Sequence[Kind] = KINDS, in_loops_alone: bool = False
) -> Program:
    """The program with packs of these kinds; of those gates alone that share a product inside of a
    loop, where cutting columns apart costs more than one product more for all steps. If it has
    packs already, another program has said how parameters lie, and they lie so."""
    gates = Gates(program)
    families = families_of(program, gates, kinds)
    if in_loops_alone:
        shared = {
            product.about
            for products in gates.matrices
            if isinstance(products[0].pairs[0].left.when, Now)
            for product in products
        }
        own = (tuple(n for n in f.members if gates.of[n] in shared) for f in families)
        families = [
            replace(family, members=members)
            for family, members in zip(families, own, strict=True)
            if len(members) > 1
        ]
    rank = ranks(program, gates, families)
    taken = set(program.arrays)
    packs = list(program.packs)
    if packs:
        taken |= {pack.name for pack in packs}
        rank |= {gates.of[n]: i for p in packs for i, n in enumerate(p.members) if n in gates.of}
        given = {name for name, array in program.arrays.items() if array.role == "parameter"}
        families = [family for family in families if given.isdisjoint(family.members)]
    for family in families:
        members = sorted(family.members, key=lambda name: rank[gates.of[name]])
        name = names.free(pack_name(members), taken)
        taken.add(name)
        packs.append(Pack(name, family.kind, tuple(members)))
    return replace(program, packs=tuple(packs))


def pack_name(members: Sequence[str]) -> str:
    """What the names of neighbours share, or all of them.

    >>> pack_name(["W_i", "W_f"]), pack_name(["i", "o", "f"]), pack_name(["d_a_n", "d_u_n_2"])
    ('W', 'iof', 'd_n')
    >>> pack_name(["W_0", "U_0"])  # a name begins with a letter
    'W_0_U_0'
    """
    tokens = [name.split("_") for name in members]
    shared = [column[0] for column in zip(*tokens, strict=False) if len(set(column)) == 1]
    if shared and shared[0][:1].isalpha():
        return "_".join(shared)
    return ("_" if max(map(len, members)) > 1 else "").join(members)
