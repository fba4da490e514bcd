"""The order of the lanes: the one in which the most statements find their operands side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

from symrnn.kernels.program.layout.families import Family
from symrnn.kernels.program.layout.lanes import Lanes
from symrnn.kernels.program.merge import alike, stretches
from symrnn.kernels.program.program import Loop, Plain, Product, Program

MOST = 6
"""More lanes than this keep the order in which they appear: 7! orders are too many to try."""

Wish = tuple[frozenset[str], int]
"""Lanes that should be neighbours, and how much is to be gained."""


def ranks(program: Program, lanes: Lanes, families: Sequence[Family]) -> dict[str, int]:
    """The place of each lane in its group: those of the order with the fewest gaps."""
    wishes: dict[str, list[Wish]] = {}
    for wanted, gain in _wishes(program, lanes, families):
        wishes.setdefault(lanes.root(min(wanted)), []).append((wanted, gain))
    found: dict[str, int] = {}
    for root, members in lanes.groups().items():
        best: Sequence[str] = members
        if len(members) <= MOST:
            own = wishes.get(root, [])
            best = min(permutations(members), key=lambda way: _gaps(way, own))
        found |= {lane: place for place, lane in enumerate(best)}
    return found


def _wishes(program: Program, lanes: Lanes, families: Sequence[Family]) -> Iterator[Wish]:
    """What each statement that could be one for several lanes wishes for."""
    known = {name: place for place, family in enumerate(families) for name in family.members}
    for section in program.sections.values():
        for straight in stretches(section):
            looped = isinstance(straight, Loop)
            body = straight.body if isinstance(straight, Loop) else straight
            times = program.steps if looped else 1
            for own in _together(body, lanes, known):
                yield own, times
            for own in _summed(body, lanes):
                yield own, 3 * times if looped else 1


def _together(
    body: Sequence[Plain], lanes: Lanes, known: Mapping[str, int]
) -> Iterator[frozenset[str]]:
    """The lanes of statements that are alike."""
    for group in alike(body, known):
        outs = [statement.out.name for statement in group.statements]
        own = frozenset(lanes.of_these(outs))
        if len(own) > 1 and outs[0] in known:
            yield own


def _summed(body: Sequence[Plain], lanes: Lanes) -> Iterator[frozenset[str]]:
    """The lanes of a sum of products: of neighbours it is one product."""
    for statement in body:
        if isinstance(statement, Product):
            own = frozenset(lanes.of_these(pair.left.name for pair in statement.pairs))
            if len(own) > 1:
                yield own


def _gaps(way: Iterable[str], wishes: Sequence[Wish]) -> int:
    """How often lanes that should be neighbours are not.

    >>> _gaps("ifog", [(frozenset("io"), 5), (frozenset("fo"), 1)])
    5
    """
    total = 0
    for wanted, weight in wishes:
        runs = 0
        inside = False
        for lane in way:
            runs += lane in wanted and not inside
            inside = lane in wanted
        total += weight * (runs - 1)
    return total
