"""What starts several processes, where it is installed."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.documents import ROOT

BESIDE = Path(sys.executable).parent / "mpiexec"
MPIRUN = str(BESIDE) if BESIDE.exists() else shutil.which("mpiexec")


def without(program: str) -> str:
    """Why it cannot be started here, or nothing."""
    if program == "mpirun":
        if importlib.util.find_spec("mpi4py") is None:
            return "mpi4py is not installed: pip install mpi4py"
        return "" if MPIRUN else "there is no mpiexec here: pip install mpich"
    if program == "torchrun" and importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed: pip install torch"
    return ""


def started(command: Sequence[str], where: Path, **more: str) -> "subprocess.Popen[bytes]":
    """A command that begins with python, mpirun or torchrun, each that of this environment."""
    programs = {
        "python": [sys.executable],
        "mpirun": [str(MPIRUN)],
        "torchrun": [sys.executable, "-m", "torch.distributed.run"],
    }
    return subprocess.Popen(
        [word for each in command for word in programs.get(each, [each])],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
