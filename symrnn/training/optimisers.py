"""The optimisers: each a few numbers and one formula, g the gradient, η the learning rate.

Formulas, defaults and places of ε are those of PyTorch's classes of the same names.

>>> Adam(0.01)
Adam(learning_rate=0.01, weight_decay=0.0, beta1=0.9, beta2=0.999, eps=1e-08)
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import KW_ONLY, dataclass, fields
from math import isfinite, sqrt
from typing import ClassVar

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array

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


# the optimisers


@dataclass(frozen=True)
class SGD(Optimiser):
    """θ ← θ - η g; with momentum v ← μ v + g and θ ← θ - η v, or - η (g + μ v) after Nesterov."""

    learning_rate: float = 1e-3
    _: KW_ONLY
    momentum: float = 0.0
    nesterov: bool = False
    shares: ClassVar[tuple[str, ...]] = ("momentum",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise UsageError("SGD: nesterov needs a momentum; expected one such as 0.9")

    @property
    def keeps(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def step(self, gradient: Array, out: Array, rate: float, count: int, state: State) -> None:
        if not self.momentum:
            np.multiply(gradient, rate, out)
            return
        velocity = state["velocity"]
        _push(velocity, self.momentum, gradient)
        if self.nesterov:
            np.multiply(velocity, self.momentum, out)
            np.add(out, gradient, out)
            np.multiply(out, rate, out)
        else:
            np.multiply(velocity, rate, out)


@dataclass(frozen=True)
class Adagrad(Optimiser):
    """s ← s + g², θ ← θ - η g / (√s + ε)."""

    learning_rate: float = 1e-2
    _: KW_ONLY
    initial: float = 0.0
    eps: float = 1e-10

    @property
    def keeps(self) -> tuple[str, ...]:
        return ("sum",)

    @property
    def first(self) -> float:
        return self.initial

    def step(self, gradient: Array, out: Array, rate: float, count: int, state: State) -> None:
        total = state["sum"]
        np.multiply(gradient, gradient, out)
        np.add(total, out, total)
        np.sqrt(total, out)
        np.add(out, self.eps, out)
        np.divide(gradient, out, out)
        np.multiply(out, rate, out)


@dataclass(frozen=True)
class RMSprop(Optimiser):
    """s ← α s + (1 - α) g², θ ← θ - η g / (√s + ε).

    `centred` takes the square of the mean gradient off s under the root; with momentum
    v ← μ v + g / (√s + ε) and θ ← θ - η v.
    """

    learning_rate: float = 1e-2
    _: KW_ONLY
    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centred: bool = False
    shares: ClassVar[tuple[str, ...]] = ("alpha", "momentum")

    @property
    def keeps(self) -> tuple[str, ...]:
        wanted = {"square": True, "mean": self.centred, "velocity": self.momentum}
        return tuple(name for name, kept in wanted.items() if kept)

    def step(self, gradient: Array, out: Array, rate: float, count: int, state: State) -> None:
        square = state["square"]
        np.multiply(gradient, gradient, out)
        _average(square, self.alpha, out)
        if self.centred:
            mean = state["mean"]
            np.multiply(gradient, 1 - self.alpha, out)
            _push(mean, self.alpha, out)
            np.multiply(mean, mean, out)
            np.subtract(square, out, out)
            np.maximum(out, 0, out=out)  # rounding may have gone below, where there is no root
            np.sqrt(out, out)
        else:
            np.sqrt(square, out)
        np.add(out, self.eps, out)
        np.divide(gradient, out, out)
        if self.momentum:
            _push(state["velocity"], self.momentum, out)
            np.multiply(state["velocity"], rate, out)
        else:
            np.multiply(out, rate, out)


@dataclass(frozen=True)
class Adam(Optimiser):
    """m ← β₁ m + (1 - β₁) g, s ← β₂ s + (1 - β₂) g², θ ← θ - η m̂ / (√ŝ + ε).

    m̂ = m / (1 - β₁ᵏ) and ŝ = s / (1 - β₂ᵏ) after k steps.
    """

    learning_rate: float = 1e-3
    _: KW_ONLY
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    shares: ClassVar[tuple[str, ...]] = ("beta1", "beta2")

    @property
    def keeps(self) -> tuple[str, ...]:
        return ("mean", "square")

    def step(self, gradient: Array, out: Array, rate: float, count: int, state: State) -> None:
        mean, square = state["mean"], state["square"]
        np.multiply(gradient, 1 - self.beta1, out)
        _push(mean, self.beta1, out)
        np.multiply(gradient, gradient, out)
        _average(square, self.beta2, out)
        # m̂ / (√ŝ + ε), above and below multiplied by r: one pass over the vector less
        r = sqrt(1 - self.beta2**count)
        np.sqrt(square, out)
        np.add(out, self.eps * r, out)
        np.divide(mean, out, out)
        np.multiply(out, rate * r / (1 - self.beta1**count), out)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, and θ ← θ - η λ θ: the decay λ does not go through the averages."""

    weight_decay: float = 1e-2
    decoupled: ClassVar[bool] = True


def _push(vector: Array, share: float, new: Array) -> None:
    """vector ← share · vector + new."""
    np.multiply(vector, share, vector)
    np.add(vector, new, vector)


def _average(vector: Array, share: float, new: Array) -> None:
    """vector ← share · vector + (1 - share) · new, which is spoilt."""
    np.multiply(new, 1 - share, new)
    _push(vector, share, new)


OPTIMISERS: dict[str, type[Optimiser]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
"""The optimisers by the names that a command line has for them."""
