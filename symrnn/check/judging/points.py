"""Settings in which formulas are tried: draws of numbers, numbers of steps, sets of widths.

All widths differ and are above 1, and initial states are not zero: with zeros a slip may cancel,
and with widths of 1 a wrong order passes. Where a function has a kink, its draws are chosen: in
one everything is active, in others some of it at every step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np

from symrnn.check.judging.truth import Truth
from symrnn.check.judging.unrolled import unrolled
from symrnn.derive.derivation import Derivation
from symrnn.errors import EquationError
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.calls import losses_of, rough_functions, wants_positive
from symrnn.language.tree import Written
from symrnn.system import initial_states, with_states
from symrnn.system.symbols import dimensions
from symrnn.system.system import System

DRAWS = 3
WIDTHS = ((2, 3, 4, 5, 7, 6, 8, 9), (5, 3, 6, 2, 4, 7, 9, 8))
STEPS = (4, 3)
TRIES = 60


@dataclass(frozen=True)
class Network:
    """The equations that formulas are about."""

    written: Written
    system: System
    named: frozenset[str]
    """The author's variables that can be held fixed."""


def network(derivation: Derivation) -> Network:
    """The equations of a derivation, with an input for each initial state and, where the loss is
    a sum over time, a name for that of a step."""
    whole = derivation.by_steps
    plain = whole.plain
    system = with_states(plain) if initial_states(plain) else plain
    try:
        own = whole.rolled.own
    except EquationError:  # what it reads depends on T
        own = whole.own
    named = own - {"L", *whole.step_losses}
    return Network(whole.written, system, frozenset(named))


@dataclass(frozen=True)
class Setting:
    """A draw, a number of steps, widths."""

    network: Network
    steps: int
    dims: Mapping[str, int]
    seed: int
    active: bool = False
    """Whether everything is above zero, so that no path is cut by a kink."""
    data: Mapping[str, Array] = field(default_factory=dict)
    """Numbers that the document gives."""

    @cached_property
    def truth(self) -> Truth:
        best: Truth | None = None
        for number in range(TRIES):
            found = self.drawn(number)
            if not all(np.isfinite(value).all() for value in found.values.values()):
                continue
            if self.is_fit(found):
                return found
            best = best or found
        return best or self.drawn(0)

    def drawn(self, number: int) -> Truth:
        net = self.network
        seed = self.seed * TRIES + number
        found = sample(net.written, net.system.symbols, self.dims, self.steps, 1, seed)
        positive = self.active or (wants_positive(net.written) and number > TRIES // 3)
        if positive:
            found = {name: np.abs(value) + 0.05 for name, value in found.items()}
        given = {n: np.broadcast_to(v, found[n].shape) for n, v in self.data.items()}
        return Truth(unrolled(net.system, self.steps), {**found, **given}, self.dims, net.named)

    def is_fit(self, truth: Truth) -> bool:
        """Whether every step of what has a kink has an entry that is active."""
        rough = rough_functions(self.network.written)
        if not rough or self.active:
            return True
        zeros = [v for n, v in truth.values.items() if n[0] in self.network.named and n[1]]
        return all(value.any() for value in zeros)


def settings(
    derivation: Derivation,
    steps: int | None,
    seed: int,
    least: int = 1,
    known: Mapping[str, int] | None = None,
) -> tuple[Setting, ...]:
    """Every setting, the quickest first; `least` is the last step that a document names, and
    `known` says how wide some dimensions are."""
    net = network(derivation)
    fixed = net.system.steps or steps
    names = dimensions(net.system.symbols)
    all_dims = list(_widths(names, {**derivation.dims, **(known or {})}))
    rough = bool(rough_functions(net.written))
    lengths = [fixed] if fixed else [max(each, least + 1 - i) for i, each in enumerate(STEPS)]
    every = product(range(DRAWS), dict.fromkeys(lengths), all_dims)
    return tuple(
        Setting(net, length, dims, seed * DRAWS + draw, active=rough and draw == 1)
        for draw, length, dims in every
    )


def outputs(derivation: Derivation) -> list[str]:
    """The dimensions of targets whose loss is one of numbers: there may be a single one."""
    losses = losses_of(derivation.written)
    symbols = derivation.plain.symbols
    found = [
        name
        for target, loss in losses.items()
        if loss != "ce" and target in symbols
        for name in symbols[target].width.names
    ]
    net = network(derivation)
    states = unrolled(net.system, net.system.steps or STEPS[0]).states
    wide = {n for state in states for width in net.system.symbols[state].shape for n in width.names}
    return [name for name in dict.fromkeys(found) if name not in {*derivation.dims, *wide}]


def _widths(names: Sequence[str], known: Mapping[str, int]) -> Iterator[dict[str, int]]:
    more = range(10, 10 + len(names))
    found = [dict(zip(names, (*widths, *more), strict=False)) | dict(known) for widths in WIDTHS]
    return iter(found[:1] if found[0] == found[1] else found)
