"""How many bytes the structs of a kernel take, and whether that is more than they may."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from symrnn.errors import UsageError
from symrnn.kernels.settings import Sizes

if TYPE_CHECKING:
    from symrnn.kernels.c.unit import Work


@dataclass(frozen=True)
class Room:
    """What a struct takes, and how much of it is the state that goes from one call to the next."""

    name: str
    bytes: int
    state: int = 0


def rooms(made: Sequence["Work"], sizes: Sizes) -> list[Room]:
    """The structs in the order in which a header has them."""
    found = [Room(f"{made[0].prefix}_params", room_of(made[0], made[0].params, sizes))]
    for work in made:
        inputs, states = dict(work.inputs), work.contract.groups
        held = [name for name in inputs if name in states]
        state = room_of(work, held, sizes) if held else 0
        found.append(Room(f"{work.prefix}_inputs", room_of(work, inputs, sizes), state))
        found.append(Room(f"{work.prefix}_memory", room_of(work, dict(work.memory), sizes)))
    return found


def room_of(work: "Work", names: Iterable[str], sizes: Sizes) -> int:
    """How many bytes a struct of these takes; one of nothing holds a number all the same."""
    count = 0
    for key in names:
        members = work.spelling.groups.get(key, (key,))
        array = work.kernel.program.arrays[members[0]]
        rows = (array.places or 1) * (sizes.batch if array.rows else 1)
        count += len(members) * rows * prod(w.count(dict(sizes.dims)) for w in array.shape)
    return (count or 1) * (8 if sizes.dtype == "float64" else 4)


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
    last = " and --forward-only take" if "backward" in made[0].sections else " take"
    if whole.steps > 1 or "backward" in made[0].sections:
        ways.append(f"fewer --steps{last} less")
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
