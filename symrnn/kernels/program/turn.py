"""Matrices that are read transposed are copied so, once a section.

for t = T … 1:                                     U_turned = transpose(U)
    d_h[t] = d_a[t+1] @ transpose(U)      =>       for t = T … 1:
                                                       d_h[t] = d_a[t+1] @ U_turned
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.kernels.program.program import (
    Array,
    Loop,
    Map,
    Pair,
    Plain,
    Product,
    Program,
    Slice,
    Statement,
    plain,
)
from symrnn.system import names


def turn(program: Program) -> Program:
    """The program in which no given matrix is read transposed."""
    found = _Turn(program)
    sections = {name: found.section(body) for name, body in program.sections.items()}
    return replace(program, arrays=found.arrays, sections=sections)


class _Turn:
    def __init__(self, program: Program) -> None:
        self.arrays = dict(program.arrays)
        self.made = {s.out.name for s in plain(tuple(program.statements()))}
        self.turned: dict[str, Slice] = {}

    def section(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        self.turned = {}
        new = [
            replace(s, body=tuple(map(self.change, s.body)))
            if isinstance(s, Loop)
            else self.change(s)
            for s in body
        ]
        return (*_copies(self.turned, body), *new)

    def change(self, statement: Plain) -> Plain:
        if not isinstance(statement, Product):
            return statement
        return replace(statement, pairs=tuple(map(self.pair, statement.pairs)))

    def pair(self, pair: Pair) -> Pair:
        right, array = pair.right, self.arrays[pair.right.name]
        given = len(array.shape) == 2 and array.steps is None and right.part is None
        if not pair.right_turned or not given or right.name in self.made:
            return pair
        if right.name not in self.turned:
            name = names.free(f"{right.name}_turned", set(self.arrays))
            self.arrays[name] = Array(name, "scratch", array.shape[::-1])
            self.turned[right.name] = Slice((name,))
        return replace(pair, right=self.turned[right.name], right_turned=False)


def _copies(turned: dict[str, Slice], body: tuple[Statement, ...]) -> Iterator[Map]:
    """A copy of each, said to be about the first variable that is worked out with it."""
    about = {
        pair.right.name: s.about
        for s in reversed(list(plain(body)))
        if isinstance(s, Product)
        for pair in s.pairs
    }
    for name, out in turned.items():
        yield Map(out, "turned", (Slice((name,)),), about=about.get(name, ""))
