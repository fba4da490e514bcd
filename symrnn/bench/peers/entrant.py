"""One who takes part, made ready for a case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symrnn.bench.agree import Answer


class LeftOut(Exception):  # noqa: N818  (no error: a reason)
    """Why one does not take part in a case."""


@dataclass(frozen=True)
class Entrant:
    """`step` is what is timed; `read` makes its result an answer, by the model's own names. A step
    that gives no answer has no `read`."""

    step: Callable[[], Any]
    read: Callable[[Any], Answer] | None = None
