"""How much of one step reaches a later one: ‖∂O_t/∂O_k‖ in numbers, for each pair of steps.

The norm is the spectral one, the most by which a small change of O_k can grow on its way to O_t; of
a number it is the absolute value. What a recurrence hands from step to step is its state: where
that has parts, (h_t, c_t), the Jacobian is that of the whole, and a part's is its block.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symrnn.derive.derivation import Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Blocks, Formula, Grid, Name, Sheet, Total, Value
from symrnn.derive.views.jacobians import free_letters
from symrnn.language.arrays import Array
from symrnn.language.tree import Call, Ref

STEPS = 7
"""A table shows no more of them: the first, the last, and others between."""

DIGITS = 3
"""Of a norm."""

NEAR = 0.005
"""A factor so near to 1 neither vanishes nor explodes in as many steps as anybody prints."""

LETTERS = ("s", "q", "r", "u", "v", "z")
"""For the state of a recurrence that has parts."""


def sheets(derivation: Derivation, evaluate: Evaluator) -> Iterator[Sheet]:
    """A table for each recurrence that the gradient goes through, and for each part of its
    state."""
    if derivation.steps is None or derivation.steps < 2:
        return
    whole = replace(derivation, truncate=None)  # where the gradient is cut, the steps go on
    letters = iter(free_letters(derivation, LETTERS))
    for group in derivation.plain.groups():
        found = _Recurrence(
            whole, evaluate, frozenset(n.name for n in group.nodes), group.direction
        )
        tables = [found.table(part) for part in found.parts]
        if len(tables) > 1:
            tables.insert(0, found.table(letter=next(letters, LETTERS[0])))
        yield from (table for table in tables if table.grid is not None and table.grid.rows)


@dataclass(frozen=True)
class _Recurrence:
    """Variables that need each other, and the way that they run: 1 from the first step on."""

    derivation: Derivation
    evaluate: Evaluator
    names: frozenset[str]
    way: int

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The variables that are read at another step: the state."""
        read = {
            edge.by.name
            for edges in self.derivation.network.edges.values()
            for edge in edges
            if edge.by.name in self.names and edge.of.name in self.names
            if edge.by.base == edge.of.base == "1" and edge.of.shift != edge.by.shift
        }
        return tuple(s.name for s in self.derivation.plain.named("variable") if s.name in read)

    @cached_property
    def steps(self) -> list[int]:
        """The steps of the tables, in the order in which the recurrence goes through them."""
        last = self.derivation.steps or 0
        count = min(last, STEPS)
        found = [1 + round(n * (last - 1) / (count - 1)) for n in range(count)]
        return found if self.way == 1 else found[::-1]

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where each part stands in the state."""
        found, size = {}, 0
        for name in self.parts:
            width = self.evaluate(Ref(name, "1")).size
            found[name] = slice(size, size + width)
            size += width
        return found

    @cached_property
    def jacobians(self) -> dict[tuple[int, int], Array]:
        """∂s_t/∂s_k for the pairs of steps; what the recurrence itself does not work out is held
        fixed, and so is what it holds at step k beside its state."""
        network, rows = self.derivation.network, self.derivation.rows
        order = [node for node in reversed(network.edges) if node.name in self.names]
        reads: dict[Ref, list[tuple[Array, Ref]]] = {}
        for node in order:
            for edge in network.edges[node]:
                if edge.of.name in self.names:
                    jacobian = self.evaluate(rows.jacobian(edge))
                    reads.setdefault(edge.of, []).append((jacobian, node))
        size = sum(place.stop - place.start for place in self.places.values())
        found: dict[tuple[int, int], Array] = {}
        for position, k in enumerate(self.steps):
            known = {Ref(n, "1", k - 1): np.eye(size)[place] for n, place in self.places.items()}
            for node in order:
                if (node.shift + 1 - k) * self.way > 0:
                    parts = [by @ known[read] for by, read in reads.get(node, []) if read in known]
                    if parts:
                        known[node] = np.sum(parts, axis=0)
            for t in self.steps[position + 1 :]:
                nodes = {n: Ref(n, "1", t - 1) for n in self.places}
                if all(node in network.edges for node in nodes.values()):
                    zero = np.zeros((size, size))
                    blocks = [known.get(node, zero[self.places[n]]) for n, node in nodes.items()]
                    found[t, k] = np.concatenate(blocks)
        return found

    def table(self, part: str = "", letter: str = "") -> Sheet:
        """The table of the state that a letter stands for, or of one part of it."""

        def at(base: str, step: int = 0) -> Formula:
            return Ref(part, base, step) if part else Name(letter, Ref("", base, step))

        own = self.places[part] if part else slice(None)
        norms = {pair: _norm(matrix[own, own]) for pair, matrix in self.jacobians.items()}
        number = self.derivation.scalar and part
        symbol = Call("abs" if number else "norm", (Total(at("t"), at("k")),))
        rows = tuple(
            (at("1", t - 1), *(_cell(norms.get((t, k))) for k in self.steps[:-1]))
            for t in self.steps
            if any((t, k) in norms for k in self.steps)
        )
        grid = Grid((symbol, *(at("1", k - 1) for k in self.steps[:-1])), rows)
        note: list[str | Formula] = []
        if not part:
            state = Blocks((tuple(Ref(name, "t") for name in self.parts),))
            note += ["The state ", at("t"), " is ", state, ". "]
        most = "" if number else "at most "
        note += ["A small change of ", at("k"), f" is {most}", symbol, " times as large when it"]
        note += [" reaches ", at("t"), "" if number else " (the spectral norm)"]
        if part and len(self.parts) > 1:
            note += [", while the rest of the state at step ", Name("k"), " stays as it is"]
        note.append(". ")
        first = self.steps[0]
        if reached := [t for t, k in norms if k == first]:
            last = max(reached, key=lambda t: t * self.way)
            ends = at("1", first - 1), at("1", last - 1)
            note += _reading(*ends, norms[last, first], abs(last - first))
        if len(self.steps) < (self.derivation.steps or 0):
            note.append(f"The table has {len(self.steps)} of {self.derivation.steps} steps. ")
        return Sheet(
            ("How much of ", at("k"), " reaches ", at("t")), (), note=tuple(note), grid=grid
        )


def _reading(first: Formula, last: Formula, norm: float, steps: int) -> Iterator[str | Formula]:
    """What the table says, from the first step to the last."""
    if not np.isfinite(norm):
        return
    if not norm:
        yield from ("Nothing of ", first, " reaches ", last, ". ")
        return
    factor = norm ** (1 / steps)
    yield from ("From ", first, " to ", last, " it is ", _cell(norm) or "")
    if steps > 1:
        yield from (", on average a factor of ", _cell(factor) or "", " a step")
    if abs(factor - 1) > NEAR:
        does = "vanishes" if factor < 1 else "explodes"
        yield f"; a product of such factors {does} as steps are added. "
    else:
        yield ". "


def _norm(matrix: Array) -> float:
    return float(np.linalg.norm(matrix, 2)) if np.isfinite(matrix).all() else float("nan")


def _cell(norm: float | None) -> Formula | None:
    return None if norm is None else Value(((float(f"{norm:.{DIGITS}g}"),),))
