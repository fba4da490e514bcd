"""The process that measures: a request on standard input, a report on standard output."""

import os
import sys

from symrnn.bench.plan import Request


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
