"""What steps, epochs and whole runs leave behind; and how a callback stops a run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

STOP: Final = "stop"
"""A callback that returns it ends the run after this step or epoch."""


class StopTraining(Exception):  # noqa: N818 (it is no error)
    """A callback, or the batches, may raise it: the run ends, and its history is handed back."""


class Step(NamedTuple):
    """One step: its number from 1 on, loss, norm of the gradient before clipping, learning rate,
    seconds; in a run also the epoch, from 0 on, and the tokens, if they are counted."""

    number: int
    loss: float
    norm: float
    rate: float
    seconds: float
    epoch: int = 0
    tokens: int | None = None


class Epoch(NamedTuple):
    """One epoch, from 0 on: its steps, the mean of their losses (weighted by tokens, if they are
    counted), seconds with validation, tokens, the validation's value, whether none was lower."""

    number: int
    steps: int
    loss: float
    seconds: float
    tokens: int | None
    validation: float | None
    best: bool


Record: TypeAlias = Step | Epoch
Callback: TypeAlias = Callable[[Record], object]


@dataclass(frozen=True)
class History:
    """A run: the loss and the norm of every step, the epochs, and what ended it: `epochs`,
    `patience` or `callback`."""

    losses: tuple[float, ...]
    norms: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    ended: str

    @property
    def best(self) -> Epoch | None:
        """The epoch of the lowest validation."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)
