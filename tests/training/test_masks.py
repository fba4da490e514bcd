"""Masks: their values, the generator, and what is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training import masks

Draw = Callable[..., Array]


def test_dropout_keeps_the_mean_and_zoneout_the_share() -> None:
    rng = np.random.default_rng(1)
    dropped = masks.dropout(rng, (100, 200), 0.2)
    assert set(np.unique(dropped)) == {0, 1.25}
    assert dropped.mean() == pytest.approx(1, abs=0.01)
    kept = masks.zoneout(rng, (100, 200), 0.1)
    assert set(np.unique(kept)) == {0, 1}
    assert kept.mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("draw", [masks.dropout, masks.zoneout])
def test_a_seed_draws_the_same_mask_in_every_dtype(draw: Draw) -> None:
    wide = draw(np.random.default_rng(3), (4, 5), 0.5)
    narrow = draw(np.random.default_rng(3), (4, 5), 0.5, np.float32)
    assert narrow.dtype == np.float32
    assert np.array_equal(wide, narrow)
    assert not np.array_equal(wide, draw(np.random.default_rng(4), (4, 5), 0.5))


def test_nothing_is_dropped_with_probability_zero() -> None:
    rng = np.random.default_rng(0)
    assert masks.dropout(rng, 7, 0).tolist() == [1.0] * 7
    assert masks.zoneout(rng, 7, 0).tolist() == [0.0] * 7


@pytest.mark.parametrize("draw", [masks.dropout, masks.zoneout])
@pytest.mark.parametrize("p", [1, 1.5, -0.1, float("nan")])
def test_what_is_no_probability_is_refused(draw: Draw, p: float) -> None:
    with pytest.raises(DataError, match=f"the probability is {p}; expected a number from 0 to bel"):
        draw(np.random.default_rng(0), 3, p)


def test_whole_numbers_hold_no_mask() -> None:
    with pytest.raises(DataError, match="a mask of int64 cannot hold 1/"):
        masks.dropout(np.random.default_rng(0), 3, 0.5, np.int64)
