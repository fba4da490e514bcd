"""Families, in the order of their lanes, are the packs of a program."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.kernels.program.layout.families import families_of
from symrnn.kernels.program.layout.lanes import Lanes
from symrnn.kernels.program.layout.ranks import ranks
from symrnn.kernels.program.program import KINDS, Kind, Pack, Program
from symrnn.system import names


def layout(program: Program, kinds: Sequence[Kind] = KINDS) -> Program:
    """The program with packs of these kinds. If it has packs already, another program has said how
    parameters lie, and they lie so."""
    lanes = Lanes(program)
    families = families_of(program, lanes, kinds)
    rank = ranks(program, lanes, families)
    taken = set(program.arrays)
    packs = list(program.packs)
    if packs:
        taken |= {pack.name for pack in packs}
        rank |= {lanes.of[n]: i for p in packs for i, n in enumerate(p.members) if n in lanes.of}
        given = {name for name, array in program.arrays.items() if array.role == "parameter"}
        families = [family for family in families if given.isdisjoint(family.members)]
    for family in families:
        members = sorted(family.members, key=lambda name: rank[lanes.of[name]])
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
