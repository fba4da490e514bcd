"""What several ranks find together on batches is what one process finds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.training.ranks import ALONE, Ranks
from symrnn.training.runs.scores import Scores, own_scores
from symrnn.training.runs.session import RunRequest, begin, check_shared
from tests.training.runs.setting import labelled, numbers, text
from tests.training.together import together


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("shared")
    rng = np.random.default_rng(0)
    numbers(found / "mean.npz")
    steps = rng.integers(3, size=(40, 6))
    steps[0, :3] = 0, 1, 2
    np.savez(
        found / "steps.npz", x=rng.normal(size=(40, 6, 2)), y=steps, lengths=rng.integers(3, 7, 40)
    )
    labelled(found / "colours.csv")
    text(found / "book.txt", 1500)
    return found


READING: dict[str, dict[str, Any]] = {
    "mean.npz": {"batch": 7},
    "steps.npz": {"batch": 7},
    "colours.csv": {"batch": 2},
    "book.txt": {"batch": 5, "steps": 20},
}


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("name", READING)
def test_scores(where: Path, name: str, size: int) -> None:
    """A batch whose sequences differ in length: its loss is a mean over them, its accuracy over
    their steps."""

    def scores(ranks: Ranks) -> Scores:
        request = RunRequest(READING[name], {"seed": 1}, hidden=4)
        session = begin(symrnn.load("gru"), str(where / name), request, ranks)
        check_shared(session)
        return own_scores(session.data, session.kernels, ranks)[0]

    alone = scores(ALONE)
    for found in together(size, scores):
        assert found.loss == pytest.approx(alone.loss, rel=2e-6)
        assert found.value == pytest.approx(alone.value, rel=2e-6)
        assert (found.metric, found.counted) == (alone.metric, alone.counted)
        if alone.confusion is not None:
            np.testing.assert_array_equal(found.confusion, alone.confusion)


def test_a_model_that_counts_sequences_is_for_one_process(where: Path) -> None:
    text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = size(B) * mse(y, h[T] @ V)"

    def start(ranks: Ranks) -> None:
        begin(symrnn.parse(text), str(where / "mean.npz"), RunRequest({}, {}, hidden=4), ranks)

    start(ALONE)
    with pytest.raises(UsageError, match=r"model reads size\(B\), the number of sequences"):
        together(2, start)


def test_ranks_that_are_ready_for_different_runs(where: Path) -> None:
    def start(ranks: Ranks) -> str:
        request = RunRequest({}, {"seed": ranks.rank // 2}, hidden=4)
        session = begin(symrnn.load("elman"), str(where / "mean.npz"), request, ranks)
        with pytest.raises(UsageError) as said:
            check_shared(session)
        return str(said.value)

    assert {each[:40] for each in together(3, start)} == {
        "rank 2 of 3 is ready for another run tha"
    }
