"""Processes that train one model together, each on its rows of every batch.

Every process, a rank, reads all batches and has all parameters. A rank works out the loss and the
gradient of its own rows; the mean over all rows comes back to everyone (one Allreduce), and
everyone takes the same step. So nothing else differs from training alone: clipping, schedule and
patience see the whole batch. `Ranks` is a process alone, `MpiRanks` are several under MPI, by
mpi4py; no other file knows of MPI.
"""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import numpy as np

from symrnn.errors import SymrnnError, UsageError, not_enough
from symrnn.language.arrays import Array
from symrnn.launcher import Place, place

T = TypeVar("T")
WISHES: Final = "save", "save after the epoch", "interrupt", "end"
"""What a rank may wish between two steps; if one does, all do it."""


class Agreed(UsageError):  # noqa: N818 (it says what it is)
    """What all ranks have learnt: each ends by itself, and the first one says it."""


class Ranks:
    """One process, with nobody to share with."""

    rank = 0
    size = 1

    def rows(self, batch: int) -> int:
        """How many rows of a batch are this rank's: every size-th from its own number on, so that
        rows in the order of their lengths are as much work for each."""
        return len(range(self.rank, batch, self.size))

    def most(self, batch: int) -> int:
        """The most rows that any rank has."""
        return -(-batch // self.size)

    def own(self, array: Array, axis: int) -> Array:
        """This rank's rows of an array, whose rows lie along this axis."""
        return array

    def whole(self, own: Mapping[str, Array], axes: Mapping[str, int]) -> dict[str, Array]:
        """Arrays of which each rank has its rows; all ranks have to ask at once."""
        return dict(own)

    def mean(self, gradient: Array, loss: float, share: float) -> float:
        """The loss of a whole batch, this rank having such a share of its rows; its gradient is
        put in the place of this rank's, which may be anything where the share is 0. Wishes are
        heard."""
        return loss

    def everyone(self, value: T) -> list[T]:
        """What each rank has here, in their order; all ranks have to ask at once."""
        return [value]

    def wish(self, what: str, wished: bool) -> None:
        """Whether this rank wishes it: the others hear so with the next step."""

    def agree(self, what: str, wished: bool) -> bool:
        """Whether it is wished now, by this process alone; or was by any rank in the last step."""
        return wished

    def agreed(self, call: Callable[[], T]) -> T:
        """What a call gives that each rank makes; fails it on one, all of them hear of it."""
        return call()

    def abort(self, status: int) -> None:
        """End all others, wherever they are, and this one."""
        raise SystemExit(status)


ALONE: Final = Ranks()


class MpiRanks(Ranks):
    """The processes of a communicator of mpi4py."""

    def __init__(self, communicator: Any, in_place: Any) -> None:
        self.rank, self.size = communicator.rank, communicator.size
        self._all, self._in_place = communicator, in_place
        self._message = np.empty(0)
        self._wishes, self._granted = [False] * len(WISHES), [False] * len(WISHES)

    def __deepcopy__(self, memo: Any) -> "MpiRanks":
        return self  # the processes are what they are

    def own(self, array: Array, axis: int) -> Array:
        rows = (slice(None),) * axis + (slice(self.rank, None, self.size),)
        return np.ascontiguousarray(array[rows])

    def whole(self, own: Mapping[str, Array], axes: Mapping[str, int]) -> dict[str, Array]:
        parts = self.everyone(own)
        return {name: _side_by_side([part[name] for part in parts], axes[name]) for name in own}

    def mean(self, gradient: Array, loss: float, share: float) -> float:
        count = gradient.size
        message = self._message
        if (message.size, message.dtype) != (count + 1 + len(WISHES), gradient.dtype):
            message = self._message = np.empty(count + 1 + len(WISHES), gradient.dtype)
        message[:count] = 0
        if share:
            np.multiply(gradient, share, out=message[:count])
        message[count] = loss * share
        message[count + 1 :] = self._wishes
        self._all.Allreduce(self._in_place, message)
        gradient[...] = message[:count]
        self._granted = [bool(each) for each in message[count + 1 :]]
        return float(message[count])

    def everyone(self, value: T) -> list[T]:
        found: list[T] = self._all.allgather(value)
        return found

    def wish(self, what: str, wished: bool) -> None:
        self._wishes[WISHES.index(what)] = wished

    def agree(self, what: str, wished: bool) -> bool:
        return self._granted[WISHES.index(what)]

    def agreed(self, call: Callable[[], T]) -> T:
        said, found = "", None
        try:
            found = call()
        except SymrnnError as error:
            said = str(error) or type(error).__name__
        except MemoryError as error:
            said = not_enough(error)
        told = self.everyone(said)
        rank = next((rank for rank, each in enumerate(told) if each), None)
        if rank is None:
            return found  # type: ignore[return-value]  # the call has given it
        raise Agreed(told[rank] if rank == 0 else f"rank {rank} of {self.size}: {told[rank]}")

    def abort(self, status: int) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # it may be closed, or not there
                stream.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what was wrong has been said
        self._all.Abort(status)


def launched(where: Place | None = None) -> Ranks:
    """The processes that a launcher such as mpirun has started together with this one; without
    one, this process alone, and no library of MPI is looked for.

    >>> launched(Place()).size
    1
    """
    where = place() if where is None else where
    if where.size == 1:
        return ALONE
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError, OSError) as error:  # not there, or its MPI is not
        raise UsageError(
            f"a launcher has started {where.size} processes, and mpi4py, by which they would train"
            f" together, cannot be imported on {platform.node()}: {error}; pip install"
            " 'symrnn[mpi]', or start one process alone"
        ) from None
    if MPI.COMM_WORLD.size != where.size:
        raise UsageError(
            f"a launcher has started {where.size} processes, and each knows of"
            f" {MPI.COMM_WORLD.size}: mpi4py uses another MPI"
            f" ({MPI.Get_library_version().splitlines()[0].strip()}) than the launcher; start it"
            " with the mpiexec of that one"
        )
    return MpiRanks(MPI.COMM_WORLD, MPI.IN_PLACE)


def _side_by_side(parts: list[Array], axis: int) -> Array:
    """The whole of which each part has every n-th row, from its own number on."""
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    whole = np.empty(shape, parts[0].dtype)
    for number, part in enumerate(parts):
        whole[(slice(None),) * axis + (slice(number, None, len(parts)),)] = part
    return whole
