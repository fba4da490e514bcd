"""A process of its own that measures on one core: libraries read how many threads they may have on
import. A request goes to its standard input, a report comes from its standard output.
"""

import os
import subprocess
import sys
from pathlib import Path

import symrnn
from symrnn.bench.report import Report
from symrnn.bench.request import Request
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
        [sys.executable, "-m", "symrnn.bench.process"],
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


# what runs in it


def main() -> None:
    results = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no part of the result
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from symrnn.bench.measure import measure

    report = measure(Request.from_json(sys.stdin.read()), _say)
    with os.fdopen(results, "w", encoding="utf-8") as out:
        out.write(report.to_json())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
