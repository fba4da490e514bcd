"""Which arrays are neighbours, and in which order.

Matrices that the same operand is multiplied with (the four gates of an LSTM) become columns of one
matrix, so that one product serves them all; what is worked out of the products lies in the same
order: one *lane* for each matrix. Lanes are ordered so that as many statements as possible find
their operands side by side.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

from symrnn.program.merge import alike, stretches
from symrnn.program.program import (
    Loop,
    Map,
    Pack,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    plain,
)
from symrnn.system import names

MOST = 6
"""More lanes than this keep the order in which they appear: 7! orders are too many to try."""

ARITHMETIC = ("add", "subtract", "copy", "multiply", "negative")


def layout(program: Program) -> Program:
    """The program with packs."""
    lanes = Lanes(program)
    families = _families(program, lanes)
    order = _order(lanes, families, program.steps)
    taken = set(program.arrays)
    packs: list[Pack] = []
    for family in families:
        members = sorted(family.members, key=lambda name: order[lanes.of[name]])
        name = names.free(pack_name(members), taken)
        taken.add(name)
        packs.append(Pack(name, family.kind, tuple(members)))
    return replace(program, packs=tuple(packs))


def pack_name(members: Sequence[str]) -> str:
    """
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


Kind = Literal["columns", "blocks"]


@dataclass
class Family:
    """Arrays that play one part, each in another lane."""

    kind: Kind
    members: list[str]


class Lanes:
    """The lane of each array: the pre-activation that it belongs to, among those of one scan."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.arrays = program.arrays
        self.group: dict[str, str] = {}
        """The lanes that belong together, under the name of one of them."""
        self.of: dict[str, str] = {}
        self.matrices: dict[Slice, list[Product]] = {}
        self.find_products()
        self.find_gradients()
        self.spread()

    def statements(self) -> Iterator[Plain]:
        for body in self.program.sections.values():
            yield from plain(body)

    def find_products(self) -> None:
        loops = self.home()
        uses: dict[str, int] = {}
        for statement in self.statements():
            if isinstance(statement, Product):
                for pair in statement.pairs:
                    if not pair.right_turned and not pair.left_turned:
                        uses[pair.right.name] = uses.get(pair.right.name, 0) + 1
        by_left: dict[object, list[Product]] = {}
        for statement in self.statements():
            if not isinstance(statement, Product) or len(statement.pairs) != 1:
                continue
            (pair,) = statement.pairs
            single = uses.get(pair.right.name) == 1
            if pair.left_turned or pair.right_turned or not single:
                continue
            if self.arrays[pair.right.name].role != "parameter":
                continue
            key = (pair.left, statement.during, loops.get(statement.about))
            by_left.setdefault(key, []).append(statement)
        for products in by_left.values():
            lanes = [p.about for p in products]
            widths = {self.arrays[p.out.name].width for p in products}
            if len(products) < 2 or len(widths) > 1 or len(set(lanes)) < len(lanes):
                continue
            root = self.root(lanes[0])
            for product in products:
                self.group[self.root(product.about)] = root
                self.group.setdefault(product.about, root)
                self.of[product.about] = product.about
                self.of[product.out.name] = product.about
                self.of[product.pairs[0].right.name] = product.about
            self.matrices[products[0].pairs[0].left] = products

    def home(self) -> dict[str, int]:
        """The loop in which each variable is worked out, or read first."""
        loops = [s for s in self.program.statements() if isinstance(s, Loop)]
        found: dict[str, int] = {}
        for count, loop in enumerate(loops):
            for inner in loop.body:
                found.setdefault(inner.about, count)
        for count, loop in enumerate(loops):
            for inner in loop.body:
                for read in inner.reads:
                    found.setdefault(read.name, count)
        return found

    def root(self, lane: str) -> str:
        while self.group.get(lane, lane) != lane:
            lane = self.group[lane]
        return lane

    def find_gradients(self) -> None:
        """Gradients lie as their parameters do, and the adjoints that they are made of."""
        for array in self.arrays.values():
            if array.role == "gradient" and array.of in self.of:
                self.of[array.name] = self.of[array.of]
        clash: set[str] = set()
        for statement in self.statements():
            if isinstance(statement, Product) and statement.out.name in self.of:
                for pair in statement.pairs:
                    if pair.left_turned and self.arrays[pair.right.name].role != "parameter":
                        lane = self.of[statement.out.name]
                        if self.of.setdefault(pair.right.name, lane) != lane:
                            clash.add(pair.right.name)
        for name in clash:
            del self.of[name]

    def spread(self) -> None:
        """What is worked out of one lane alone, and what a lane's own equation needs, is in it."""
        vectors: dict[str, set[str]] = {}
        for statement in self.statements():
            out = statement.out.name
            about = statement.about
            lane = self.of.get(about)
            reads = {self.of[r.name] for r in statement.reads if r.name in self.of}
            if lane is None and len(reads) == 1 and isinstance(statement, Map):
                lane = next(iter(reads))
            if lane is not None and out not in self.of and isinstance(statement, Map | Product):
                self.of[out] = lane
            for read in statement.reads:
                array = self.arrays[read.name]
                if array.role == "parameter" and len(array.shape) == 1:
                    vectors.setdefault(read.name, set()).add(self.of.get(out, ""))
        for name, found in vectors.items():
            if len(found) == 1 and "" not in found:
                (self.of[name],) = found
        for array in self.arrays.values():
            if array.role == "gradient" and array.of in vectors and array.of in self.of:
                self.of[array.name] = self.of[array.of]


def _families(program: Program, lanes: Lanes) -> list[Family]:
    """First those of the matrices, then what the statements suggest, one level after another."""
    families: list[Family] = []
    known: dict[str, object] = {}
    rows = set(_read_as_rows(program))
    gradients = {a.of: a.name for a in program.arrays.values() if a.role == "gradient"}

    def add(kind: Kind, members: Iterable[str], mirror: bool = False) -> None:
        found = list(dict.fromkeys(members))
        arrays = [program.arrays[name] for name in found]
        own = [lanes.of.get(name) for name in found]
        alike = {(a.shape, a.rows, a.role in ("variable", "scratch") or a.role) for a in arrays}
        steps = {a.steps for a in arrays}
        taken = any(name in known for name in found)
        if len(found) < 2 or taken or None in own or len(set(own)) < len(own) or len(steps) > 1:
            return
        if len(alike) > 1 or any(array.role in ("input", "target") for array in arrays):
            return
        if len({lanes.root(lane) for lane in own if lane}) > 1:
            return
        if kind == "blocks" and any(name in rows for name in found):
            return
        if any(array.role == "gradient" for array in arrays) and not mirror:
            return
        for name in found:
            known[name] = len(families)
        families.append(Family(kind, found))
        if arrays[0].role == "parameter" and all(name in gradients for name in found):
            add(kind, [gradients[name] for name in found], mirror=True)

    for products in lanes.matrices.values():
        add("columns", [p.pairs[0].right.name for p in products])
        add("columns", [p.out.name for p in products])
    for root in dict.fromkeys(lanes.root(lane) for lane in lanes.group):
        add("columns", _adjoints(program, lanes, root))
    parts = [part for section in program.sections.values() for part in stretches(section)]
    for loops in (True, False):
        for part in parts:
            if isinstance(part, Loop) == loops:
                body = part.body if isinstance(part, Loop) else part
                _suggested(body, program, lanes, known, families, add)
    return families


def _read_as_rows(program: Program) -> Iterator[str]:
    """Arrays whose steps are read all at once as the rows of one matrix: no blocks between them."""
    for body in program.sections.values():
        for statement in plain(body):
            sums = isinstance(statement, Reduce) and statement.over in ("rows", "all")
            if isinstance(statement, Product) or sums:
                for what in (*statement.reads, statement.out):
                    if isinstance(what.when, Span):
                        yield from what.names


def _adjoints(program: Program, lanes: Lanes, root: str) -> list[str]:
    """The adjoints that are multiplied with the matrices of a group of lanes."""
    found: dict[str, None] = {}
    for statement in lanes.statements():
        if isinstance(statement, Product):
            for pair in statement.pairs:
                name = pair.right.name if pair.left_turned else ""
                array = program.arrays.get(name)
                outside = array is None or array.role in ("input", "parameter")
                if not outside and name in lanes.of and lanes.root(lanes.of[name]) == root:
                    found[name] = None
    return list(found)


def _suggested(body, program, lanes, known, families, add) -> None:  # type: ignore[no-untyped-def]
    """Families of what similar statements make, of operands that are families already."""
    while True:
        before = len(families)
        kinds: dict[str, object] = {**known}
        for name, lane in lanes.of.items():
            array = program.arrays.get(name)
            if array is not None and name not in kinds:
                kinds[name] = ("open", lanes.root(lane), array.shape, array.role == "parameter")
        for group in alike(body, kinds):
            first = group.statements[0]
            if len(group.statements) < 2 or not isinstance(first, Map | Reduce):
                continue
            if not all(s.out.name in lanes.of for s in group.statements):
                continue
            for place, read in enumerate(first.reads):
                if read.name not in known and read.name in kinds:
                    kind = _operand_kind(program, first, read, families, known)
                    add(kind, [list(s.reads)[place].name for s in group.statements])
            if first.out.name not in known:
                add(_kind(first, families, known), [s.out.name for s in group.statements])
        if len(families) == before:
            return


def _operand_kind(program, statement, read, families, known) -> str:  # type: ignore[no-untyped-def]
    """What is added to columns lies in columns, and so do vectors; all else in blocks."""
    array = program.arrays[read.name]
    if not array.rows and len(array.shape) == 1:
        return "columns"
    sums = isinstance(statement, Map) and statement.op in ("add", "subtract", "copy")
    return _kind(statement, families, known) if sums else "blocks"


def _kind(statement: Plain, families: Sequence[Family], known: dict[str, object]) -> str:
    """Sums of columns are columns; what a function makes of them lies in blocks."""
    if isinstance(statement, Reduce):
        return "columns"
    columns = any(
        families[place].kind == "columns"
        for read in statement.reads
        if isinstance(place := known.get(read.name), int)
    )
    sums = isinstance(statement, Map) and statement.op in ARITHMETIC
    return "columns" if columns and sums else "blocks"


def _order(lanes: Lanes, families: Sequence[Family], steps: int) -> dict[str, int]:
    """The order of the lanes of each group: the one with the fewest gaps."""
    wishes: dict[str, list[tuple[frozenset[str], int]]] = {}
    known: dict[str, object] = {n: i for i, f in enumerate(families) for n in f.members}
    for section in lanes.program.sections.values():
        for straight in stretches(section):
            looped = isinstance(straight, Loop)
            body = straight.body if isinstance(straight, Loop) else straight
            for group in alike(body, known):
                outs = [s.out.name for s in group.statements]
                own = {lanes.of[n] for n in outs if n in lanes.of}
                if len(own) > 1 and outs[0] in known:
                    root = lanes.root(next(iter(own)))
                    wishes.setdefault(root, []).append((frozenset(own), steps if looped else 1))
            for statement in body:
                if isinstance(statement, Product) and len(statement.pairs) > 1:
                    lefts = [p.left.name for p in statement.pairs]
                    own = {lanes.of[n] for n in lefts if n in lanes.of}
                    if len(own) > 1:
                        root = lanes.root(next(iter(own)))
                        weight = 3 * steps if looped else 1
                        wishes.setdefault(root, []).append((frozenset(own), weight))
    order: dict[str, int] = {}
    groups: dict[str, list[str]] = {}
    for lane in lanes.group:
        groups.setdefault(lanes.root(lane), []).append(lane)
    for root, members in groups.items():
        best = members
        if len(members) <= MOST:
            sets = wishes.get(root, [])
            best = list(min(permutations(members), key=lambda way: _gaps(way, sets)))
        order |= {lane: place for place, lane in enumerate(best)}
    return order


def _gaps(way: Iterable[str], wishes: Sequence[tuple[frozenset[str], int]]) -> int:
    """How often lanes that should be neighbours are not."""
    total = 0
    for wanted, weight in wishes:
        runs = 0
        inside = False
        for lane in way:
            runs += lane in wanted and not inside
            inside = lane in wanted
        total += weight * (runs - 1)
    return total
