"""Turns, rounds and medians, on a clock that is ours."""

import gc

import pytest

from symrnn.clock import FEWEST, MOST, take_turns


class Time:
    """Steps that take as long as they say."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def __call__(self) -> float:
        return self.now

    def step(self, name: str, *seconds: float) -> None:
        taken = seconds[self.order.count(name) % len(seconds)]
        self.order.append(name)
        self.now += taken


def test_quick_and_slow_ones_take_turns() -> None:
    time = Time()
    steps = {"quick": lambda: time.step("quick", 0.125), "slow": lambda: time.step("slow", 1.0)}
    found = take_turns(steps, 10.0, time)
    assert (found["slow"].rounds, found["slow"].calls) == (10, 1)
    assert (found["quick"].rounds, found["quick"].calls) == (10, 8)
    assert time.order[-27:] == (["quick"] * 8 + ["slow"]) * 3
    assert found["quick"].median == found["quick"].lower == 0.125
    assert found["slow"].median == 1.0


def test_a_step_that_is_too_long_is_still_measured_some_times() -> None:
    time = Time()
    found = take_turns({"slow": lambda: time.step("slow", 100.0)}, 0.5, time)
    assert (found["slow"].rounds, found["slow"].calls) == (FEWEST, 1)


def test_the_median_forgives_a_hiccup() -> None:
    time = Time()
    found = take_turns({"a": lambda: time.step("a", 1, 1, 1, 1, 1, 1, 50)}, 12.0, time)
    assert found["a"].rounds == 12 <= MOST
    assert (found["a"].lower, found["a"].median, found["a"].upper) == (1, 1, 1)


def test_nothing_to_time_is_no_trouble() -> None:
    assert take_turns({}, 1.0) == {}


def test_collection_is_off_meanwhile_and_on_again_afterwards() -> None:
    time, seen = Time(), []

    def step() -> None:
        seen.append(gc.isenabled())
        time.step("a", 1.0)
        if len(seen) > 2:
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        take_turns({"a": step}, 1.0, time)
    assert seen[-1] is False
    assert gc.isenabled()
