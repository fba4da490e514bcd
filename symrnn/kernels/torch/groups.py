"""What stands between two products of a loop, as one group: it is worked out entry by entry."""

from collections.abc import Sequence
from dataclasses import dataclass

from symrnn.kernels.program.program import Program, Slice
from symrnn.kernels.torch.nodes import Item


@dataclass
class Group:
    """Statements over the same entries; or one that stands alone: a product, a sum."""

    items: list[Item]
    name: str = ""
    """The function that it is; a statement that stands alone is none."""


def groups(items: Sequence[Item], program: Program) -> list[Group]:
    """The statements of a loop in an order in which as many as possible stand together: what stands
    alone comes as early as it can."""
    waiting, found = list(items), list[Group]()
    while waiting:
        alone = [one for one in waiting if not one.is_map and _is_ready(one, waiting)]
        if alone:
            found += [Group([one]) for one in alone]
            waiting = [one for one in waiting if one not in alone]
            continue
        group: list[Item] = []
        for one in list(waiting):
            if one.is_map and _is_ready(one, waiting):
                group.append(one)
                waiting.remove(one)
        found.append(Group(group))
    return found


def _is_ready(one: Item, waiting: Sequence[Item]) -> bool:
    """Whether nothing that it needs is still to be worked out."""
    return not any(
        _touches(read, other.out)
        for other in waiting
        if other is not one
        for read in one.node.reads()
    )


def _touches(read: Slice, out: Slice) -> bool:
    return read.when == out.when and bool(set(read.names) & set(out.names))
