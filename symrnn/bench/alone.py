"""A process of its own, on one core: libraries read how many threads they may have on import."""

import os
import subprocess
import sys
from pathlib import Path

import symrnn
from symrnn.bench.plan import Request
from symrnn.bench.report import Report
from symrnn.errors import UsageError

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TORCHINDUCTOR_COMPILE_THREADS",
)
XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def one_core() -> dict[str, str]:
    """The environment in which everything has one thread."""
    path = [str(Path(symrnn.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **dict.fromkeys(THREADS, "1"),
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {XLA}".strip(),
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
    }


def measured(request: Request) -> Report:
    """What the process found; what it says meanwhile goes to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "symrnn.bench.worker"],
        input=request.to_json().encode(),
        stdout=subprocess.PIPE,
        env=one_core(),
        check=False,
    )
    if done.returncode:
        raise UsageError(
            f"the process that measures ended with status {done.returncode}; what it said stands"
            " above"
        )
    return Report.from_json(done.stdout.decode())
