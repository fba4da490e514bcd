"""The states of recurrences, and the Jacobians between their steps.

The state of a recurrence is what it hands from step to step, in one direction of time; where it has
parts, (h_t, c_t), a Jacobian is a matrix of blocks, and what happens within a step is put into it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symrnn.derive.build import plus, product, transposed
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge, moved_edge
from symrnn.derive.formula import Blocks, Equation, Formula, Immediate, Name, Zeros
from symrnn.derive.network import Network
from symrnn.derive.paths import LOSS, Paths
from symrnn.derive.recursion import Closed
from symrnn.derive.rows import Rows, Use
from symrnn.errors import UsageError
from symrnn.language.tree import NARROW, Ref, Width


@dataclass(frozen=True)
class State:
    """The variables that a recurrence hands from step to step; `way` is 1 for a forward one."""

    names: tuple[str, ...]
    way: int
    letter: str

    def at(self, base: str, shift: int = 0) -> Formula:
        """The state at a step: the variable itself where it is one."""
        if len(self.names) == 1:
            return Ref(self.names[0], base, shift)
        return Name(self.letter, Ref("", base, shift))

    def jacobian(self, index: str) -> Immediate:
        """∂s_j/∂s_{j-1}: over one step, everything within the step put in."""
        return Immediate(self.at(index), self.at(index, -self.way), alone=True)


def states(derivation: Derivation) -> frozenset[str]:
    """The author's variables that a recurrence reads at another step."""
    network = derivation.network
    found: set[str] = set()
    for node, edges in network.edges.items():
        for edge in edges:
            if node.base == "t" and edge.of.base == "t" and edge.of.shift and edge.at is None:
                if abs(edge.of.shift) > 1:
                    raise UsageError(
                        f"the product view reads one step back, and {edge.of.name} reads"
                        f" {node.name} over {abs(edge.of.shift)}; delta serves any lag"
                    )
                found.add(node.name)
    return frozenset(found)


def way_of(network: Network, name: str) -> int:
    """1 where later steps hand back to a variable, -1 where earlier ones do."""
    shifts = [e.of.shift for e in network.edges.get(Ref(name, "t"), []) if e.of.base == "t"]
    return -1 if any(shift < 0 for shift in shifts) else 1


def free_letters(derivation: Derivation, wanted: Sequence[str]) -> list[str]:
    """Letters that the model does not use: bold where it does."""
    taken = set(derivation.plain.symbols)
    return [letter if letter not in taken else rf"\mathbf{{{letter}}}" for letter in wanted]


@dataclass(frozen=True)
class Factor:
    """The last factor of a chain, at step t: what it is, by what it is the derivative of the
    state if it has a name, and the use of a matrix that it belongs to."""

    matrix: Formula
    by: Formula | None
    use: Use | None = None


class Jacobians:
    """What the factors of a product are, in the network of the states alone."""

    def __init__(self, derivation: Derivation, names: frozenset[str]) -> None:
        self.derivation = derivation
        self.network = derivation.network_of(names)
        known = derivation.put_in(derivation.network.values)
        values = {n: e for n, e in known.items() if n.name not in names}
        self.rows = Rows(self.network.system, values, derivation.dims)
        self.paths = Paths(self.network, every=True)
        self.closed = Closed(self.rows, self.paths)

    def direct(self, state: State, place: Ref) -> Formula:
        """∂⁺L/∂s_t: what arrives at the state from outside of the recurrence."""
        parts: list[Formula] = []
        for name in state.names:
            node = Ref(name, place.base, place.shift)
            terms = [t for t in self.paths.terms(node) if t.last.of.name not in state.names]
            width = self.rows.width_of(node)
            found = plus(map(self.closed.term, terms))
            parts.append(found if terms else Zeros(NARROW, width))
        return parts[0] if len(parts) == 1 else Blocks((tuple(parts),))

    def within(self, state: State, of: str, by: str, lag: int) -> list[Formula]:
        """The matrices that carry a row at `of` back to `by`, on every way within one step and
        then `lag` steps back."""
        found: list[Formula] = []
        for edge in self.network.edges.get(Ref(by, "t"), []):
            if edge.of.name not in state.names or edge.at is not None:
                continue
            own = self.moved(edge)
            if edge.of.shift != lag * state.way:
                continue
            if edge.of.name == of:
                found.append(own)
            for before in self.within(state, of, edge.of.name, 0):
                found.append(product(before, own))
        return found

    def moved(self, edge: Edge) -> Formula:
        """The matrix of an edge, its reader standing at step t."""
        node = Ref(edge.by.name, "t")
        there = moved_edge(edge, node, Ref(node.name, "t", -edge.of.shift))
        width = self.rows.width_of(edge.of)
        return plus(self.rows.matrix(self.rows.cancelled(r), width) for r in there.routes)

    def jacobian(self, state: State) -> Iterator[Equation]:
        """∂s_t/∂s_{t-1}: a block for each part of the one and of the other."""
        blocks: dict[tuple[str, str], Formula] = {}
        for of in state.names:
            for by in state.names:
                ways = self.within(state, of, by, 1)
                zero = Zeros(self.width(of), self.width(by))
                blocks[by, of] = plus(ways) if ways else zero
        if len(blocks) == 1:
            yield Equation(state.jacobian("t"), tuple(blocks.values()))
            return

        def named(by: str, of: str) -> Formula:
            found = blocks[by, of]
            return found if isinstance(found, Zeros) else self.block(state, by, of)

        grid = tuple(tuple(named(by, of) for by in state.names) for of in state.names)
        yield Equation(state.jacobian("t"), (Blocks(grid),))
        for (by, of), block in blocks.items():
            if not isinstance(block, Zeros):
                yield Equation(self.block(state, by, of), (block,))

    def block(self, state: State, by: str, of: str) -> Immediate:
        """∂⁺h_t/∂c_{t-1}: the rest of the earlier state held fixed."""
        shift = -state.way
        others = tuple(Ref(name, "t", shift) for name in state.names if name != by)
        fixed = others if self.otherwise(of, Ref(by, "t"), -shift) else ()
        return Immediate(Ref(of, "t"), Ref(by, "t", shift), fixed=fixed)

    def outside(self, state: State, place: Ref) -> Immediate:
        """∂⁺L/∂s_t: the state of the step after held fixed."""
        after = state.at(place.base, place.shift + state.way)
        at = state.at(place.base, place.shift)
        other = isinstance(at, Ref) and self.otherwise(LOSS.name, Ref(at.name, "t"))
        return Immediate(LOSS, at, fixed=(after,) if other else ())

    def last(self, state: State, index: str, by: Formula) -> Immediate:
        """∂⁺s_k/∂w: the state of the step before held fixed."""
        return self.last_of(state, state.at(index), index, by)

    def last_of(self, state: State, of: Formula, index: str, by: Formula) -> Immediate:
        """The same of the state, or of a part of it."""
        other = isinstance(of, Ref) and isinstance(by, Ref) and self.otherwise(of.name, by)
        return Immediate(of, by, fixed=(state.at(index, -state.way),) if other else ())

    def otherwise(self, of: str, by: Ref, shift: int = 0) -> bool:
        """Whether a derivative with this symbol is another one in other views: there what happens
        within a step has nodes of its own, and what leads through them does not belong to it."""
        edges = self.derivation.network.edges.get(by, [])
        here = [e for e in edges if e.of.base != "t" or e.over or e.of.shift == shift]
        return any(e.of.name == of for e in here) and any(e.of.name != of for e in here)

    def factors(self, state: State, target: Ref) -> list[Factor]:
        """The last factor of the chains to a parameter: one for each operand of a matrix."""
        found: dict[object, tuple[Use | None, dict[str, list[Formula]]]] = {}
        for edge in self.network.edges[target]:
            name = edge.of.name
            if name not in state.names:
                continue
            if not self.rows.is_use(edge):
                width = self.width(name)
                own = [self.rows.matrix(self.rows.cancelled(r), width) for r in edge.routes]
                found.setdefault(None, (None, {}))[1].setdefault(name, []).extend(own)
            else:
                for use in self.rows.uses(edge):
                    key = use.operand, use.turned
                    found.setdefault(key, (use, {}))[1].setdefault(name, []).append(use.matrix)
        return [
            self.factor(state, target, use, {name: plus(parts) for name, parts in ends.items()})
            for use, ends in found.values()
        ]

    def factor(
        self, state: State, target: Ref, use: Use | None, ends: dict[str, Formula]
    ) -> Factor:
        """The matrix that a row at the whole state is multiplied with, on every way within the
        step; `ends` are those at the parts that read the parameter itself."""
        width = use.width if use is not None else self.rows.shape_of(target.name)[1]
        rows: list[tuple[Formula, ...]] = []
        for name in state.names:
            own = [ends[name]] if name in ends else []
            for other, end in ends.items():
                if other != name:
                    own += [product(way, end) for way in self.within(state, name, other, 0)]
            rows.append((plus(own) if own else Zeros(self.width(name), width),))
        if use is None:
            return Factor(rows[0][0] if len(rows) == 1 else Blocks(tuple(rows)), target)
        if len(rows) == 1:
            return Factor(rows[0][0], None, use)
        weight = Ref(target.name)
        by = product(use.operand, transposed(weight) if use.turned else weight)
        return Factor(Blocks(tuple(rows)), by, use)

    def width(self, name: str) -> Width:
        return self.rows.width_of(Ref(name))
