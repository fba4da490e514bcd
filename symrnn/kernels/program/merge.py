"""Neighbours worked out together: statements of one kind, at one level of a step.

    f[t] = sigmoid(a_f[t])        =>    (f | i | o)[t] = sigmoid((a_f | a_i | a_o)[t])
    i[t] = sigmoid(a_i[t])
    o[t] = sigmoid(a_o[t])

Products of one operand with several matrices become one product, and so do sums of products. Which
arrays are neighbours the layout has said; what it has not said stays as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symrnn.kernels.program.program import (
    Argument,
    Loop,
    Map,
    Pack,
    Pair,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Statement,
)
from symrnn.kernels.program.rewrite import is_by_id, map_slices


def merge(program: Program) -> Program:
    """The program with neighbouring statements as one."""
    packs = program.pack_of()

    def together(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        found: list[Statement] = []
        for straight in stretches(statements):
            if isinstance(straight, Loop):
                found.append(replace(straight, body=_merged(straight.body, packs)))
            else:
                found += _merged(tuple(straight), packs)
        return tuple(found)

    return program.map_sections(together)


def stretches(statements: Sequence[Statement]) -> Iterator[Loop | list[Plain]]:
    """The loops, and what stands between them."""
    between: list[Plain] = []
    for statement in statements:
        if isinstance(statement, Loop):
            if between:
                yield between
            between = []
            yield statement
        else:
            between.append(statement)
    if between:
        yield between


def levels(statements: Sequence[Plain]) -> list[int]:
    """How many statements must come before each of them, one after the other."""
    found: list[int] = []
    written: dict[str, int] = {}
    for statement in statements:
        needed = [written.get(name, -1) for read in statement.reads for name in read.names]
        level = 1 + max(needed, default=-1)
        found.append(level)
        for name in statement.out.names:
            written[name] = max(written.get(name, -1), level)
    return found


@dataclass(frozen=True)
class Alike:
    """Statements that differ in their gates alone."""

    statements: tuple[Plain, ...]
    level: int


def alike(statements: Sequence[Plain], known: Mapping[str, object]) -> Iterator[Alike]:
    """Statements of one level and one kind. `known` says to which family an array belongs."""
    buckets: dict[object, list[Plain]] = {}
    order: dict[object, int] = {}
    for statement, level in zip(statements, levels(statements), strict=True):
        key = _key(statement, known)
        if key is not None:
            buckets.setdefault((level, key), []).append(statement)
            order[level, key] = level
    for key, found in buckets.items():
        yield Alike(tuple(found), order[key])


def _key(statement: Plain, known: Mapping[str, object]) -> object:
    """What statements must share to become one; None for one that stands alone."""

    def side(argument: Argument) -> object:
        if isinstance(argument, Slice) and argument.part is None and argument.name in known:
            return (known[argument.name], argument.when)
        return argument

    if statement.out.part is not None or len(statement.out.names) > 1 or is_by_id(statement):
        return None
    if isinstance(statement, Map) and statement.op == "turned":
        return None
    about = (statement.during, statement.out.when, known.get(statement.out.name))
    match statement:
        case Map(op=op, args=args):
            return (op, about, *map(side, args))
        case Reduce(op=op, arg=arg, over=over) if over != "features":
            return (op, about, over, side(arg))
        case Product(pairs=(pair,)) if not pair.right_turned:
            return (
                "product",
                about,
                pair.left,
                pair.left_turned,
                side(pair.right),
            )
    return None


def _merged(statements: tuple[Plain, ...], packs: dict[str, Pack]) -> tuple[Plain, ...]:
    known = {name: pack.name for name, pack in packs.items()}
    statements = tuple(_pairs_merged(s, packs) for s in statements)
    by_first: dict[Plain, Plain] = {}
    gone: set[Plain] = set()
    for group in alike(statements, known):
        if not _can_join(group.statements[0], packs):
            continue
        for run in _runs(group.statements, packs):
            if len(run) > 1:
                by_first[run[0]] = _one(run)
                gone.update(run[1:])
    if not by_first:
        return statements
    found = [
        (level, by_first.get(statement, statement))
        for statement, level in zip(statements, levels(statements), strict=True)
        if statement not in gone
    ]
    found.sort(key=lambda pair: pair[0])
    return tuple(statement for _, statement in found)


def _can_join(statement: Plain, packs: dict[str, Pack]) -> bool:
    """Whether neighbours make one operand: matrices do side by side, as columns."""
    if isinstance(statement, Map):
        return True
    kinds = {packs[o.name].kind for o in _operands(statement) if o.name in packs}
    return kinds <= {"columns"}


def _runs(statements: Sequence[Plain], packs: dict[str, Pack]) -> Iterator[list[Plain]]:
    """Statements whose every operand that differs lies next to that of the one before."""
    if statements[0].out.name not in packs:
        for statement in statements:
            yield [statement]
        return
    rank = packs[statements[0].out.name].members.index
    run: list[Plain] = []
    for statement in sorted(statements, key=lambda s: rank(s.out.name)):
        ways = _ways(run[-1], statement, packs) if run else []
        if None in ways or (len(run) > 1 and ways != _ways(run[0], run[1], packs)):
            yield run
            run = []
        run.append(statement)
    yield run


def _ways(one: Plain, other: Plain, packs: dict[str, Pack]) -> list[bool | None]:
    """For each operand, whether it is the same one (False), the next one (True), or neither."""
    return [
        False if left == right else True if _is_next(left.name, right.name, packs) else None
        for left, right in zip(_operands(one), _operands(other), strict=True)
    ]


def _is_next(one: str, other: str, packs: dict[str, Pack]) -> bool:
    pack = packs.get(one)
    if pack is None or pack is not packs.get(other):
        return False
    return pack.members.index(other) == pack.members.index(one) + 1


def _operands(statement: Plain) -> list[Slice]:
    return [statement.out, *statement.reads]


def _one(run: Sequence[Plain]) -> Plain:
    """One statement for a run of neighbours."""
    columns = [list(_operands(statement)) for statement in run]
    joined: list[Slice] = []
    for operands in zip(*columns, strict=True):
        names = tuple(operand.name for operand in operands)
        first = operands[0]
        joined.append(first if len(set(names)) == 1 else replace(first, names=names))
    left = iter(joined)
    about = " ".join(dict.fromkeys(name for s in run for name in s.about.split()))
    return replace(map_slices(run[0], lambda old: next(left)), about=about)


def _pairs_merged(statement: Plain, packs: dict[str, Pack]) -> Plain:
    """A sum of products over neighbours is one product."""
    if not isinstance(statement, Product) or len(statement.pairs) < 2:
        return statement

    def rank(pair: Pair) -> tuple[str, int]:
        pack = packs.get(pair.left.name)
        return (pack.name, pack.members.index(pair.left.name)) if pack else ("", 0)

    pairs: list[Pair] = []
    for pair in sorted(statement.pairs, key=rank):
        if pairs and (both := _joined(pairs[-1], pair, packs)):
            pairs[-1] = both
        else:
            pairs.append(pair)
    return replace(statement, pairs=tuple(pairs))


def _joined(one: Pair, other: Pair, packs: dict[str, Pack]) -> Pair | None:
    alike = (one.left.when, one.left_turned, one.right_turned, one.left.part)
    if alike != (other.left.when, other.left_turned, other.right_turned, other.left.part):
        return None
    if one.left_turned or not one.right_turned:
        return None
    for left, right in ((one.left, other.left), (one.right, other.right)):
        pack = packs.get(right.name)
        if (
            pack is None
            or pack.kind != "columns"
            or not _is_next(left.names[-1], right.name, packs)
        ):
            return None
    return replace(
        one,
        left=replace(one.left, names=(*one.left.names, other.left.name)),
        right=replace(one.right, names=(*one.right.names, other.right.name)),
    )
