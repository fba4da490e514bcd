"""Schedules at points where their values are known, and the texts that name them."""

import numpy as np
import pytest

from symrnn.errors import UsageError
from symrnn.training import schedule
from symrnn.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    StepDecay,
    WarmUp,
    lasting,
)
from tests.documents import Page

EXAMPLES = [row.example for row in SCHEDULES.values()]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("constant", {0: 1, 10**9: 1}),
        ("step:10", {0: 1, 9: 1, 10: 0.1, 19: 0.1, 20: 0.01}),
        ("step:10:0.5", {9: 1, 10: 0.5, 30: 0.125}),
        ("exponential:0.5", {0: 1, 1: 0.5, 3: 0.125}),
        ("cosine:100", {0: 1, 50: 0.5, 100: 0, 101: 0, 10**6: 0}),
        ("cosine:100:0.2", {0: 1, 50: 0.6, 100: 0.2, 150: 0.2}),
        ("cosine:3", {1: 0.75, 2: 0.25}),
        ("warmup:4", {0: 0.25, 1: 0.5, 3: 1, 4: 1, 99: 1}),
        ("warmup:4,cosine:100", {0: 0.25, 3: 1, 4: 1, 54: 0.5, 104: 0}),
        ("warmup:2, step:10:0.5", {0: 0.5, 2: 1, 11: 1, 12: 0.5}),
    ],
)
def test_values(text: str, values: dict[int, float]) -> None:
    found = schedule(text)
    for count, wanted in values.items():
        assert found(count) == pytest.approx(wanted, abs=1e-15)
        assert isinstance(found(count), float)


def test_a_text_names_a_schedule() -> None:
    assert schedule("constant") == Constant()
    assert schedule("step:5") == StepDecay(5, 0.1)
    assert schedule("exponential:0.9") == Exponential(0.9)
    assert schedule("warmup:3,cosine:9:0.1") == WarmUp(3, Cosine(9, 0.1))


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_that_messages_give_can_be_read(text: str) -> None:
    assert callable(schedule(text))


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_documentation_has_every_schedule(text: str) -> None:
    assert f'`"{text}"`' in Page("docs/training-python.md").text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cosine", "cosine:100"),
        ("warmup:10, cosine", "warmup:10,cosine:90"),
        ("warmup:200,cosine", "warmup:200,cosine:1"),
        ("cosine:7", "cosine:7"),
        ("warmup:10", "warmup:10"),
        ("constant", "constant"),
        ("cosin", "cosin"),
    ],
)
def test_what_says_no_number_lasts_as_long_as_the_run(text: str, wanted: str) -> None:
    assert lasting(text, 100) == wanted


@pytest.mark.parametrize("text", EXAMPLES)
def test_no_schedule_leaves_0_to_1(text: str) -> None:
    values = np.array([schedule(text)(count) for count in range(2000)])
    assert values.min() >= 0
    assert values.max() <= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cosin:10", "schedule 'cosin:10': 'cosin' is none; did you mean 'cosine'?; there are"),
        ("", "schedule '': '' is none; there are constant, step"),
        ("cosine", "cosine has 0 numbers; expected 1 to 2, as in 'cosine:1000:0.1'"),
        ("exponential", "exponential has 0 numbers; expected 1, as in 'exponential:0.999'"),
        ("constant:2", "constant has 1 numbers; expected 0, as in 'constant'"),
        ("step:1.5", "schedule 'step:1.5': expected numbers after step, as in 'step:1000:0.5'"),
        ("step:0", "step: every is 0; expected a whole number, at least 1"),
        ("cosine:10:2", "cosine: floor is 2.0; expected a number from 0 to 1"),
        ("exponential:nan", "exponential: factor is nan; expected a number from 0 to 1"),
        ("cosine:10,step:5", "cosine goes on for ever, nothing comes after it; expected a comma"),
        ("warmup:10,", "schedule '': '' is none"),
        ("warmup:x", "expected numbers after warmup"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        schedule(text)
    assert message in str(error.value)
