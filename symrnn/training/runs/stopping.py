"""Ctrl-C, and a polite request to end: heard between two steps, so that nothing is half done."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from symrnn.training.loop import STOP, Record
from symrnn.training.ranks import ALONE, WISHES, Ranks

_, _, INTERRUPT, END = WISHES
SIGNALS = {signal.SIGINT: INTERRUPT, signal.SIGTERM: END}
"""And what one rank wishes of all that hears it."""


class Stopping:
    """Hears signals between two steps, so that nothing is half done: while it is entered, the
    first signal is kept in `signal`; a second one ends at once. What one rank hears, all do.

    >>> with Stopping() as stopping:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stopping.signal == signal.SIGINT
    True
    """

    def __init__(self, ranks: Ranks = ALONE) -> None:
        self.ranks = ranks
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():  # others may not ask for signals
            self._before = {each: signal.signal(each, self._heard) for each in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put_back()

    def __call__(self, record: Record) -> str | None:
        """As a callback of a loop: end it after the step that is done."""
        for number, wish in SIGNALS.items():
            if self.ranks.agree(wish, self.signal == number):
                self.signal = number
                return STOP
        return None

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self.ranks.wish(SIGNALS[signal.Signals(number)], True)
        self._put_back()

    def _put_back(self) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        self._before = {}
