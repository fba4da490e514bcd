"""Medians over rounds in which all take turns.

On one core the time that a process has had of it is the time that passes, less what other processes
take; where the system tells it finely enough, that is what counts.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

FEWEST, MOST = 3, 15  # rounds
ENOUGH = 0.02  # seconds to warm up in


@dataclass(frozen=True)
class Figure:
    """Seconds a call: the median and the quartiles over rounds of so many calls each."""

    median: float
    lower: float
    upper: float
    rounds: int
    calls: int


Clock = Callable[[], float]
FINE = 1e-6  # seconds
_own = time.get_clock_info("process_time").resolution <= FINE
CLOCK: Clock = time.process_time if _own else time.perf_counter
Step = Callable[[], object]


def take_turns(
    steps: Mapping[str, Step], seconds: float, clock: Clock = CLOCK
) -> dict[str, Figure]:
    """What each step takes, measured for about so many seconds; more where three calls need more.

    Each round runs every step once, as often in a row as the clock needs; a machine that slows
    down for a while does so for all.
    """
    single = {name: _warm(step, clock) for name, step in steps.items()}
    slowest = max(single.values(), default=seconds)
    rounds = min(MOST, max(FEWEST, int(seconds / max(slowest, 1e-9))))
    calls = {name: max(1, round(seconds / rounds / max(t, 1e-9))) for name, t in single.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()  # a collection belongs to nobody in particular
    try:
        for _ in range(rounds):
            for name, step in steps.items():
                times[name].append(_batch(step, calls[name], clock) / calls[name])
    finally:
        if collecting:
            gc.enable()
    return {name: _figure(found, calls[name]) for name, found in times.items()}


def _warm(step: Step, clock: Clock) -> float:
    """About how long a call takes, once caches and pools of memory are filled; a first call may
    have had something to compile."""
    start = clock()
    found: list[float] = []
    while len(found) < 2 or (clock() - start < ENOUGH and len(found) < 1000):
        found.append(_batch(step, 1, clock))
    return min(found)


def _batch(step: Step, calls: int, clock: Clock) -> float:
    start = clock()
    for _ in range(calls):
        step()
    return clock() - start


def _figure(times: list[float], calls: int) -> Figure:
    lower, median, upper = statistics.quantiles(times, n=4, method="inclusive")
    return Figure(median, lower, upper, len(times), calls)
