"""Medians of runs that take turns, so that whatever the machine does happens to all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any


def medians(runs: Mapping[str, Callable[[], Any]], seconds: float = 2.0) -> dict[str, float]:
    """The median time of each run, in seconds."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def table(title: str, found: Mapping[str, float], against: str) -> None:
    """The times, and each as a multiple of one of them."""
    print(f"\n{title}")
    width = max(map(len, found))
    for name, took in found.items():
        print(f"  {name:<{width}}  {took * 1e6:10.0f} µs  {took / found[against]:6.2f}")
