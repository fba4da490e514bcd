"""One step of a recurrence by itself, and its Jacobian.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)   =>   h[t] = tanh(x[t] @ W + from_h_1[t] @ U)

The state is all that a step reads of those before it: every variable at a lag, as often as it has
lags. Each direction in time has a state of its own. What a step reads beside its state, such as
what runs the other way, stands still.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref, Width
from symrnn.system import names
from symrnn.system.adjoint import adjoint
from symrnn.system.symbols import GIVEN, Symbol, Symbols
from symrnn.system.system import Linear, System, Total, map_refs, uses

NUMBERS = 20_000_000
"""So many numbers are held at a time, about; what is wider is worked out part by part."""


@dataclass(frozen=True)
class Recurrence:
    """What is handed on from step to step in one direction."""

    direction: int
    """1 from the first step to the last, -1 from the last to the first."""
    lags: Mapping[str, int]
    """The variables that are the state, and how many of their last steps are."""
    activations: tuple[Ref, ...] = ()
    """What its scans work out at each step."""

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.lags)

    def before(self, lag: int) -> int:
        """The shift to a step that has come so many earlier."""
        return -self.direction * lag


def recurrences(system: System, moved: Collection[str] | None = None) -> list[Recurrence]:
    """The recurrences of a system; of the variables in `moved` alone, where they are said: those
    that the loss depends on and a parameter moves.

    >>> import symrnn
    >>> [(each.direction, dict(each.lags)) for each in recurrences(symrnn.load("bilstm").system)]
    [(1, {'c_f': 1, 'h_f': 1}), (-1, {'c_b': 1, 'h_b': 1})]
    """
    groups = system.groups()
    scans = {d: [n for g in groups if g.direction == d for n in g.nodes] for d in (1, -1)}
    found = []
    for direction, nodes in scans.items():
        lags = _lags(system, {n.name for n in nodes}, direction)
        if moved is not None:
            lags = {name: lag for name, lag in lags.items() if name in moved}
        if lags:
            found.append(Recurrence(direction, lags, tuple(n for n in nodes if n.base == "t")))
    return found


def _lags(system: System, scans: set[str], direction: int) -> dict[str, int]:
    """What the scans, and what they read at the same step, read at earlier ones."""
    lags: dict[str, int] = {}
    equations = {e.target.name: e for e in system.equations if e.target.base == "t"}
    waiting, seen = [name for name in equations if name in scans], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in equations:
            continue
        seen.add(name)
        for use in uses(equations[name]):
            ref = use.ref
            if ref.base != "t" or system.symbols[ref.name].role != "variable":
                continue
            lag = -direction * ref.shift
            if lag >= 0:
                waiting.append(ref.name)
            if lag > 0:
                lags[ref.name] = max(lag, lags.get(ref.name, 0))
    return {name: lags[name] for name in equations if name in lags}


class Step:
    """The step of a recurrence, with the states before it and all else that it reads as inputs."""

    def __init__(self, system: System, recurrence: Recurrence) -> None:
        self.whole, self.of = system, recurrence
        self.symbols: Symbols = {}
        self.held: dict[str, Ref] = {}
        """Inputs that stand for something that does not move."""
        self.earlier: dict[str, tuple[str, int]] = {}
        """Inputs that stand for a state, and how many steps before."""
        self._names: dict[Ref, str] = {}
        own = replace(system, equations=tuple(self.equations()), symbols=self.symbols, steps=None)
        found = adjoint(own, wrt=tuple(self.earlier), cotangents=True)
        kept = tuple(e for e in found.equations if not isinstance(e, Total))
        gone = {e.target.name for e in found.equations if isinstance(e, Total)}
        symbols = {n: s for n, s in found.symbols.items() if n not in gone}
        self.system = replace(found, equations=kept, symbols=symbols)
        self.seeds = {s.weighs: s.name for s in symbols.values() if s.weighs}
        self.bars = {s.of.name: s.name for s in symbols.values() if s.of is not None}
        self.run = Interpreter(self.system)

    # the system

    def equations(self) -> Iterator[Linear]:
        defined = {e.target: e for e in self.whole.equations}
        waiting = [Ref(name, "t") for name in self.of.states]
        needed: set[Ref] = set()
        while waiting:
            node = waiting.pop()
            if node in needed:
                continue
            needed.add(node)
            equation = self.without_additions(defined[node])
            waiting += [use.ref for use in uses(equation) if self.is_worked_out(use.ref, defined)]
        for node in (e.target for e in self.whole.equations if e.target in needed):
            own = node.name in self.of.lags
            self.symbols[node.name] = replace(self.whole.symbols[node.name], output=own)
            yield map_refs(  # type: ignore[misc]  # of whatever kind it was
                self.without_additions(defined[node]), lambda ref: self.put(ref, defined)
            )

    def without_additions(self, equation: object) -> Linear:
        """What is added at one step alone is no part of the step."""
        if isinstance(equation, Linear):
            return replace(equation, terms=tuple(t for t in equation.terms if t.everywhere))
        return equation  # type: ignore[return-value]

    def is_worked_out(self, ref: Ref, defined: Mapping[Ref, object]) -> bool:
        here = (ref.base, ref.shift) == ("t", 0)
        return ref in defined and (here or self.whole.symbols[ref.name].role == "weight")

    def put(self, ref: Ref, defined: Mapping[Ref, object]) -> Ref:
        """A reference as the step alone makes it."""
        symbol = self.whole.symbols[ref.name]
        if self.is_worked_out(ref, defined) or symbol.role != "variable":
            self.symbols.setdefault(ref.name, symbol)
            return ref
        lag = -self.of.direction * ref.shift
        if ref.base == "t" and 1 <= lag <= self.of.lags.get(ref.name, 0):
            name = self.input(ref, f"from_{ref.name}_{lag}", symbol)
            self.earlier[name] = ref.name, lag
        else:
            name = self.input(ref, f"held_{names.label(ref)}", symbol)
            self.held[name] = ref
        return Ref(name, "t" if ref.base == "t" else "")

    def input(self, ref: Ref, name: str, symbol: Symbol) -> str:
        if ref not in self._names:
            self._names[ref] = name = names.free(name, {**self.whole.symbols, **self.symbols})
            self.symbols[name] = Symbol(name, "input", ref.base == "t", symbol.shape)
        return self._names[ref]

    # numbers

    def jacobians(self, values: Result, dims: Mapping[str, int], sequences: int) -> Array:
        """∂s_t/∂s_{t-1} of the first sequences: (T - 1, sequences, n, n), in the order in which
        the recurrence goes. Row j is what state j at a step owes to the states before it."""
        states = [(name, lag) for name, most in self.of.lags.items() for lag in range(most)]
        widths = [_count(values.symbols[name].width, dims) for name, _ in states]
        starts = dict(zip(states, np.cumsum([0, *widths]), strict=False))
        n, steps = sum(widths), values.steps
        found = np.zeros((steps, sequences, n, n))
        for (name, lag), width in zip(states, widths, strict=True):
            at = starts[name, lag]
            if lag:
                own = starts[name, lag - 1]
                found[:, :, at : at + width, own : own + width] = np.eye(width)
            elif name in self.seeds:
                for first in range(0, width, many := self.at_a_time(values, sequences)):
                    last = min(width, first + many)
                    for source, block in self.rows(values, dims, sequences, name, first, last):
                        column = starts[source[0], source[1] - 1]
                        to = slice(column, column + block.shape[-1])
                        found[:, :, at + first : at + last, to] = block
        order = found if self.of.direction > 0 else found[::-1]
        return order[1:]

    def at_a_time(self, values: Result, sequences: int) -> int:
        """How many rows of a Jacobian are worked out together."""
        one = sum(np.size(v) for v in values.values.values()) / max(1, values.steps)
        rows = max(1, len(next(iter(values.values.values()), [0])))
        return max(1, int(NUMBERS / (4 * values.steps * sequences * max(1.0, one / rows))))

    def rows(
        self,
        values: Result,
        dims: Mapping[str, int],
        sequences: int,
        name: str,
        first: int,
        last: int,
    ) -> Iterator[tuple[tuple[str, int], Array]]:
        """Some rows of the Jacobian, by the earlier state that they are of."""
        count, steps = last - first, values.steps
        data = dict(self.given(values, sequences, count))
        for state, seed in self.seeds.items():
            width = _count(values.symbols[state].width, dims)
            rows = np.zeros((steps, count, sequences, width))
            if state == name:
                rows[:, np.arange(count), :, np.arange(first, last)] = 1
            data[seed] = rows.reshape(steps, count * sequences, width)
        found = self.run(data, steps)
        for name_in, source in self.earlier.items():
            bar = self.bars.get(name_in)
            if bar is not None:
                block = found[bar].reshape(steps, count, sequences, -1)
                yield source, np.swapaxes(block, 1, 2)

    def given(self, values: Result, sequences: int, count: int) -> Iterator[tuple[str, Array]]:
        """What the step reads, for so many rows of each sequence."""
        for name, symbol in self.symbols.items():
            if name in self.earlier or name in self.held:
                ref = self.held.get(name)
                if ref is None:
                    state, lag = self.earlier[name]
                    ref = Ref(state, "t", self.of.before(lag))
                array = _values(values, ref)
            elif symbol.role in ("input", "target"):
                array = np.asarray(values.data[name], float)
            elif symbol.role in GIVEN:
                yield name, values.data[name]
                continue
            else:
                continue
            array = array[..., :sequences, :]
            yield name, np.tile(array, (*(1 for _ in array.shape[:-2]), count, 1))


def _count(width: Width, dims: Mapping[str, int]) -> int:
    return width.count(dict(dims))


def _values(values: Result, ref: Ref) -> Array:
    """A variable at every step, with its boundaries, or where it is read once."""
    if not ref.base:
        return values.values[ref.name, None]
    if ref.base == "T":
        ref = Ref(ref.name, "1", values.steps - 1 + ref.shift)
    like = next(v for (name, _), v in values.values.items() if name == ref.name)
    zeros = np.zeros_like(like)
    if ref.base == "1":
        return values.values.get((ref.name, ref.shift + 1), zeros)
    steps = range(1, values.steps + 1)
    return np.stack([values.values.get((ref.name, t + ref.shift), zeros) for t in steps])
