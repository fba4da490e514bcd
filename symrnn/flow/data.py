"""What flow has found: numbers, frozen, which `text` and `pictures` show."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from symrnn.language.arrays import Array


@dataclass(frozen=True, eq=False)
class ParameterFlow:
    """The gradient of one parameter as the sum of what each step adds to it."""

    name: str
    norm: float
    """Of the whole gradient."""
    terms: Array
    """The norm of what each step adds: (T,)."""
    cosines: Array
    """Between what a step adds and the whole: 1 along it, -1 against it; 0 for nothing."""
    once: float
    """The norm of what is added outside of the steps, as by a read-out after the last."""
    cosine_once: float
    triangle: Array | None
    """How much of what enters at a step (a row, see `Flow.entries`) arrives through each step:
    norms, (entries, T). None where it was not asked for."""
    reach: int | None
    """The largest lag at which what arrives is 1 % of the largest or more; None without triangle,
    or without anything that arrives."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of the gradient on its way through a recurrence."""

    word: str
    """vanishing, exploding, healthy, not finite, none."""
    said: str
    """In a sentence, with the figures that it rests on."""
    factor: float | None = None
    """By how much the gradient changes a step, as a geometric mean."""
    reach: int | None = None
    """The largest lag at which 1 % of the largest or more arrives."""
    left: float | None = None
    """What arrives at the largest lag, as a share of the largest."""


@dataclass(frozen=True, eq=False)
class RecurrenceFlow:
    """What is handed on from step to step in one direction of time."""

    direction: int
    """1: from the first step to the last; -1: from the last to the first."""
    states: tuple[str, ...]
    """The variables that are handed on; together they are the state s_t."""
    scans: tuple[str, ...]
    """All variables that are worked out from step to step with them."""
    width: int
    """How many numbers the state is."""
    delta: Array
    """‖∂L/∂s_t‖ of the whole batch: (T,)."""
    profile: Array
    """‖∂L/∂s_{t-lag}‖ of what enters at t, as a mean over what enters: one for each lag. Without
    triangle it is that of the entry with the longest way before it."""
    norms: Array | None
    """The largest singular value of ∂s_t/∂s_{t-1}, a mean over sequences, in the order in which
    the recurrence goes: (T - 1,). None of this where the state is wider than `WIDEST`."""
    radii: Array | None
    """The largest absolute eigenvalue, likewise."""
    eigenvalues: Array | None
    """All of them: (T - 1, sequences, width)."""
    product_norms: Array | None
    """The largest singular value of ∂s_e/∂s_{e-lag}, where e is the step at which the recurrence
    ends: for each lag from 1 on."""
    product_radii: Array | None
    verdict: Verdict
    symbols: tuple[str, ...] = ()
    """∂s_t/∂s_{t-1} as the derivation has it; of several variables the blocks that lead from each
    to itself."""


@dataclass(frozen=True, eq=False)
class Saturation:
    """How steep a function is at the values that it works at."""

    name: str
    function: str
    slope: Array
    """The mean absolute value of its derivative, at each step: (T,)."""
    share: Array
    """The share of the units at which it is flat, likewise."""


@dataclass(frozen=True, eq=False)
class Flow:
    """How the gradient of a model flows through time, for given parameters and data."""

    model: str
    steps: int
    batch: int
    loss: float
    entries: tuple[int, ...]
    """The steps at which the gradient enters: those that the loss reads."""
    parameters: tuple[ParameterFlow, ...]
    recurrences: tuple[RecurrenceFlow, ...]
    saturation: tuple[Saturation, ...]
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        from symrnn.flow.text import text

        return text(self)

    __repr__ = __str__

    def parameter(self, name: str) -> ParameterFlow:
        return next(each for each in self.parameters if each.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Everything, of lists and numbers alone; what is not finite is None."""
        found: dict[str, Any] = plain(self)
        return found

    def _repr_html_(self) -> str:
        from symrnn.derive.pages.html import section_html
        from symrnn.flow.page import section

        title = f"How the gradient of {self.model} flows"
        return section_html(section(self, title), "flow")

    def picture(self, kind: str = "steps", form: str = "svg") -> bytes:
        """One of the pictures: steps, triangle or spectrum, as svg, png or pdf."""
        from symrnn.flow.pictures import picture

        return picture(self, kind, form)


def plain(value: Any) -> Any:
    """A value for JSON; a complex number is its real and imaginary part.

    >>> plain((np.array([1.0, np.inf]), 2j))
    [[1.0, None], [0.0, 2.0]]
    """
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
