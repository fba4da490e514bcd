"""Another back end than NumPy: 150 lines that print loops over single numbers pass all checks."""

from pathlib import Path

import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.settings import Features
from tests.cases import ZOO, model
from tests.kernels import toy
from tests.kernels.toy import TOY

LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); p = h[T-1] @ V; L = mse(y, p)"


def test_it_is_short() -> None:
    assert len(Path(toy.__file__).read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("name", ZOO)
def test_its_kernels_hold_what_their_texts_say(name: str) -> None:
    report = model(name).verify(3, backend=TOY)
    assert report.holds, str(report)


@pytest.mark.parametrize(
    "features",
    [Features(forward_only=True), Features(checkpoint=True), Features(batch_first=True)],
    ids=str,
)
def test_what_is_a_transformation_it_has_for_nothing(features: Features) -> None:
    report = model("elman").verify(5, backend=TOY, **features)
    assert report.holds, str(report)


def test_states_of_several_steps_are_what_they_are_elsewhere() -> None:
    report = symrnn.parse(LAGS).verify(4, wrt=("h0", "x"), backend=TOY)
    assert report.holds, str(report)


def test_its_file_says_the_same_of_itself() -> None:
    ours, theirs = model("lstm").kernel(3, backend=TOY), model("lstm").kernel(3)
    for table in ("PARAMS", "INPUTS", "STATES", "OUTPUTS", "START", "CAUSAL"):
        assert getattr(ours, table) == getattr(theirs, table)


def test_what_it_has_not_is_refused() -> None:
    with pytest.raises(UsageError, match="the back end toy has no kernels with --lengths; exp"):
        model("elman").generate(3, lengths=True, backend=TOY)
    with pytest.raises(UsageError, match="the back end has no erf"):
        symrnn.parse("h[t] = gelu(x[t] @ W + h[t-1] @ U)").generate(3, backend=TOY)


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no back end is called 'nunpy'.*numpy.*there is numpy"):
        model("elman").generate(3, backend="nunpy")
