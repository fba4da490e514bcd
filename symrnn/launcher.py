"""Whether a launcher such as mpirun has started this process together with others: launchers say
so in the environment, before any library of MPI is there."""

import os
from collections.abc import Mapping
from typing import NamedTuple

LAUNCHERS = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),  # Open MPI
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),  # MPICH and what descends from it, srun --mpi=pmi2
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"),  # srun --mpi=pmix
)
"""The variables with the number of a process, with how many there are, and with its number on its
own machine."""


class Place(NamedTuple):
    """A process among those that were started together; the first is number 0."""

    rank: int = 0
    size: int = 1
    local: int = 0
    """Its number on its own machine."""


def place(environment: Mapping[str, str] = os.environ) -> Place:
    """Where this process stands; alone, if no launcher says anything else.

    >>> place({"PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "1"})
    Place(rank=1, size=2, local=1)
    >>> place({"PATH": "/bin"})
    Place(rank=0, size=1, local=0)
    """
    for rank, size, local in LAUNCHERS:
        said = environment.get(rank, ""), environment.get(size, "")
        if all(each.isascii() and each.isdigit() for each in said):
            near = environment.get(local, "")
            found = Place(int(said[0]), int(said[1]), int(near) if near.isdigit() else 0)
            return found if found.size > 1 else Place()
    return Place()
