"""A command that several processes carry out together, where a launcher such as mpirun has started
them: the first speaks for all, and what fails on one ends all."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from time import sleep
from traceback import format_exc
from typing import TYPE_CHECKING

from symrnn.cli.options import Answer
from symrnn.errors import SymrnnError, UsageError, not_enough, readable
from symrnn.launcher import place

if TYPE_CHECKING:
    from symrnn.training.ranks import Ranks

COMMANDS = ("train",)
"""What can be shared; of any other command each process does the whole."""
LATE, LATEST = 0.5, 5.0
"""Seconds that each rank waits longer than the one before until it says what has gone wrong: where
it goes wrong on all at once, one says so and ends the others."""
HEARD = 0.25
"""Seconds from there to the end of all: a launcher that is slow to read may learn of the end first,
and ends without having passed on what was said."""


@contextmanager
def one_voice(command: str | None) -> Iterator[None]:
    """Whatever other processes than the first print goes nowhere."""
    if command not in COMMANDS or not place().rank:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        yield


def together(work: Callable[["Ranks"], Answer]) -> Answer:
    """Do the work, with whoever was started together with this process."""
    from symrnn.training.ranks import Agreed, launched

    where = place()
    try:
        ranks = launched(where)
    except UsageError as error:  # so none can tell another; one of each machine says it
        if where.rank and not where.local:
            _say(str(error))
        raise
    if ranks.size == 1:
        return work(ranks)
    said, status = "", 2
    try:
        return work(ranks)
    except Agreed:
        raise
    except SymrnnError as error:
        said = str(error)
    except MemoryError as error:
        said = not_enough(error)
    except KeyboardInterrupt:
        said, status = "interrupted", 130
    except Exception:
        said, status = format_exc().rstrip(), 1
    try:
        sleep(min(LATE * ranks.rank, LATEST))
        _say(f"rank {ranks.rank} of {ranks.size}: {said}" if ranks.rank else said)
        sleep(HEARD)
    finally:  # the others would wait for ever
        ranks.abort(status)
    return Answer("", status)  # which comes to nobody


def _say(message: str) -> None:
    if sys.__stderr__ is not None:
        print(f"symrnn: {readable(message)}", file=sys.__stderr__, flush=True)
