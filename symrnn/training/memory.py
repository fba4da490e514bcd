"""What an optimiser is, and what it remembers of the one vector that it moves."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import KW_ONLY, dataclass, fields
from math import isfinite
from typing import ClassVar

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.table import Array

State = Mapping[str, Array]


@dataclass(frozen=True)
class Optimiser(ABC):
    """A rule that turns gradients into steps; its numbers, and nothing that changes.

    `weight_decay` adds so many times theta to the gradient; where `decoupled`, to the step.
    """

    learning_rate: float = 1e-3
    _: KW_ONLY
    weight_decay: float = 0.0
    decoupled: ClassVar[bool] = False
    shares: ClassVar[tuple[str, ...]] = ()
    """The numbers that have to be below 1."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool):
                continue
            share = field.name in self.shares
            if not isfinite(value) or value < 0 or (share and value >= 1):
                wanted = "from 0 to below 1" if share else "that is not negative"
                raise UsageError(
                    f"{type(self).__name__}: {field.name} is {value}; expected a number {wanted}"
                )

    @property
    @abstractmethod
    def keeps(self) -> tuple[str, ...]:
        """The names of the vectors that are remembered; they start at `initial`."""

    @abstractmethod
    def step(self, gradient: Array, out: Array, rate: float, count: int, state: State) -> None:
        """Write into `out` what the step of this number (the first is 1) takes off theta."""

    @property
    def first(self) -> float:
        """What is remembered at first, in every entry."""
        return 0.0

    def start(self, theta: Array) -> "Memory":
        """The memory of a vector, which steps will change in place."""
        return Memory(self, theta)


class Memory:
    """Moves `theta` in place, one gradient after the other; nothing is allocated after the start.

    `state` (arrays by name) and `count` (the steps done) are all that it remembers.

    >>> from symrnn.training.optimisers import SGD
    >>> memory = SGD(0.1, momentum=0.9).start(np.ones(2))
    >>> memory.step(np.array([1.0, 2.0]))
    >>> memory.theta.tolist(), memory.state["velocity"].tolist(), memory.count
    ([0.9, 0.8], [1.0, 2.0], 1)
    """

    def __init__(self, optimiser: Optimiser, theta: Array) -> None:
        if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
            kind = theta.dtype if isinstance(theta, np.ndarray) else type(theta).__name__
            raise DataError(f"theta is {kind}; expected an array of real floating point numbers")
        self.optimiser, self.theta, self.count = optimiser, theta, 0
        self.state = {name: np.full_like(theta, optimiser.first) for name in optimiser.keeps}
        self._taken = np.empty_like(theta)
        self._decay = np.empty_like(theta) if optimiser.weight_decay else None

    def __copy__(self) -> "Memory":
        return deepcopy(self)

    def step(self, gradient: Array, scale: float = 1.0) -> None:
        """Take one step; `scale` multiplies the learning rate. The gradient stays as it is."""
        optimiser, theta, taken, decay = self.optimiser, self.theta, self._taken, self._decay
        if gradient.shape != theta.shape:
            raise DataError(f"the gradient has shape {gradient.shape}; expected {theta.shape}")
        rate = optimiser.learning_rate * float(scale)  # a NumPy number would change the dtype
        if decay is not None and not optimiser.decoupled:
            np.multiply(theta, optimiser.weight_decay, decay)
            np.add(gradient, decay, decay)
            gradient = decay
        optimiser.step(gradient, taken, rate, self.count + 1, self.state)
        if decay is not None and optimiser.decoupled:
            np.multiply(theta, rate * optimiser.weight_decay, decay)
            np.add(taken, decay, taken)
        np.subtract(theta, taken, theta)  # theta changes here alone, all of it or nothing
        self.count += 1

    def restore(self, state: State, count: int) -> None:
        """Put back what was remembered; the arrays are copied."""
        if state.keys() != self.state.keys():
            raise DataError(
                f"{type(self.optimiser).__name__} remembers {_listed(self.state)}; the state holds"
                f" {_listed(state)}: it is that of another optimiser, or of other settings"
            )
        for name, own in self.state.items():
            check_array(name, state[name], own)
        for name, own in self.state.items():
            own[...] = state[name]
        self.count = int(count)


def check_array(name: str, found: Array, wanted: Array) -> None:
    """Refuse an array that is not of the shape and dtype of another."""
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise DataError(
            f"{name} is {found.dtype} of shape {found.shape}; expected {wanted.dtype} of shape"
            f" {wanted.shape}"
        )


def _listed(state: State) -> str:
    return ", ".join(state) or "nothing"
