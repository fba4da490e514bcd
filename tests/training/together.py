"""Ranks without MPI: threads of this process that exchange what processes would."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import numpy as np

from symrnn.language.arrays import Array
from symrnn.training.ranks import MpiRanks

T = TypeVar("T")
IN_PLACE = object()


class Meeting:
    """Where all of them put something down and take what the others have."""

    def __init__(self, size: int) -> None:
        self.places: list[Any] = [None] * size
        self.barrier = Barrier(size, timeout=60)

    def exchange(self, rank: int, value: Any) -> list[Any]:
        self.places[rank] = value
        self.barrier.wait()
        found = list(self.places)
        self.barrier.wait()
        return found


class Communicator:
    """As much of one of mpi4py's as is asked of it; it counts the sums of vectors."""

    def __init__(self, meeting: Meeting, rank: int) -> None:
        self.meeting, self.rank, self.size = meeting, rank, len(meeting.places)
        self.sums = 0

    def Allreduce(self, place: object, vector: Array) -> None:  # noqa: N802 (its name)
        assert place is IN_PLACE
        self.sums += 1
        vector[...] = np.add.reduce(self.meeting.exchange(self.rank, vector.copy()))

    def allgather(self, value: Any) -> list[Any]:
        return self.meeting.exchange(self.rank, value)


def together(size: int, work: Callable[[MpiRanks], T]) -> list[T]:
    """What each of so many ranks makes of the work."""
    meeting = Meeting(size)

    def one(rank: int) -> T:
        try:
            return work(MpiRanks(Communicator(meeting, rank), IN_PLACE))
        except BaseException:
            meeting.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        return [each.result() for each in [pool.submit(one, rank) for rank in range(size)]]
