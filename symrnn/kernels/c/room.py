"""How many bytes the structs of a kernel take, and whether that is more than they may."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from symrnn.errors import UsageError
from symrnn.kernels.settings import Sizes

if TYPE_CHECKING:
    from symrnn.kernels.c.unit import Work


Member = tuple[str, list[str]]
"""The name of an array in a struct, and its axes."""


@dataclass(frozen=True)
class Room:
    """What a struct takes, and how much of it is the state that goes from one call to the next."""

    name: str
    bytes: int
    state: int = 0


def rooms(made: Sequence["Work"], sizes: Sizes) -> list[Room]:
    """The structs in the order in which a header has them."""
    found = [Room(f"{made[0].prefix}_params", room_of(made[0], made[0].param_members, sizes))]
    for work in made:
        states = work.contract.groups
        held = [(name, axes) for name, axes in work.inputs if name in states]
        state = room_of(work, held, sizes) if held else 0
        given = (sizes.batch if work.ragged else 0) + work.any_batch
        found.append(Room(f"{work.prefix}_inputs", room_of(work, work.inputs, sizes, given), state))
        memory = [*work.memory, *work.results]
        table = 2 + work.kernel.steps + 1 + 2 * sizes.batch if work.ragged else 0
        found.append(Room(f"{work.prefix}_memory", room_of(work, memory, sizes, table)))
    return found


def room_of(work: "Work", members: Sequence[Member], sizes: Sizes, integers: int = 0) -> int:
    """How many bytes a struct of these takes, with so many integers behind them; one of nothing
    holds a number all the same."""
    known = {work.spelling.own[f"dim {name}"]: size for name, size in sizes.dims.items()}
    known |= {"B": sizes.batch, "T": work.kernel.steps}
    count = sum(prod(size_of(axis, known) for axis in axes) for _, axes in members)
    width = 8 if sizes.dtype == "float64" else 4
    return -(-((count or 1) * width + 4 * integers) // width) * width


def size_of(axis: str, known: Mapping[str, int]) -> int:
    """An axis as a number.

    >>> size_of("(T - 1) * B", {"T": 9, "B": 2}), size_of("H + C + 1", {"H": 3, "C": 4})
    (16, 8)
    """
    many, _, rows = axis.rpartition(" * ")
    if many:
        return size_of(many.strip("()"), known) * size_of(rows, known)
    return sum(
        (-1 if sign == "-" else 1) * (int(part) if part.isdigit() else known[part])
        for sign, part in re.findall(r"([+-]?) ?(\w+)", axis)
    )


def check_budget(made: Sequence["Work"], sizes: Sizes) -> None:
    """Refuse a kernel that takes more than it may, with the figures of what takes less."""
    if sizes.memory is None or (many := sum(taken(made, sizes).values())) <= sizes.memory:
        return
    parts = ", ".join(f"{name} {size}" for name, size in taken(made, sizes).items())
    less = {
        "--batch 1": replace(sizes, batch=1),
        "--dtype float32": replace(sizes, dtype="float32"),
    }
    ways = [
        f"with {option} it takes {size}"
        for option, other in less.items()
        if (size := sum(taken(made, other).values())) < many
    ]
    whole = made[0].kernel
    less_again = ["fewer --steps"] * (whole.steps > 1)
    less_again += ["--forward-only"] * ("backward" in made[0].sections)
    if less_again:
        verb = "take" if whole.steps > 1 else "takes"
        ways.append(f"{' and '.join(less_again)} {verb} less")
    raise UsageError(
        f"the kernel takes {many} bytes ({parts}), and --memory allows {sizes.memory}"
        + "".join(f"; {way}" for way in ways)
    )


def taken(made: Sequence["Work"], sizes: Sizes) -> dict[str, int]:
    """What stands in memory while sequences are worked out, or while a kernel trains."""
    whole = made[0]
    params, inputs, memory = (room.bytes for room in rooms(made, sizes)[:3])
    found = {"inputs": inputs, "memory": memory}
    if "backward" not in whole.sections:
        return found if sizes.weights is not None else {"parameters": params, **found}
    if whole.kernel.system.loss is not None:
        found["moments"] = 2 * params + LONG
    return {"parameters": params, "gradients": params, **found}


LONG = 8
"""The most that the count of Adam's steps takes."""
STRUCTS = {"parameters": "params", "gradients": "params"}


def structs(made: Sequence["Work"], sizes: Sizes) -> list[str]:
    """The same as C says it, whatever sizes it is compiled with."""
    names = taken(made, replace(sizes, dims=dict.fromkeys(made[0].dims, 1)))
    return [f"sizeof({made[0].prefix}_{STRUCTS.get(name, name)})" for name in names]
