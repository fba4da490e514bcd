"""Clipping: in place, exact at the border, and with numbers whose squares overflow."""

import numpy as np
import pytest

from symrnn.language.arrays import Array
from symrnn.training import clip_norm, clip_value, norm


def test_a_long_gradient_is_shortened_and_keeps_its_direction() -> None:
    gradient = np.random.default_rng(0).normal(size=100)
    before = gradient.copy()
    assert clip_norm(gradient, 2.0) == pytest.approx(float(np.linalg.norm(before)), rel=1e-14)
    assert np.linalg.norm(gradient) == pytest.approx(2, rel=1e-14)
    np.testing.assert_allclose(gradient / before, 2 / np.linalg.norm(before), rtol=1e-13)


def test_a_short_one_stays_bit_for_bit() -> None:
    gradient = np.array([3.0, 4.0])
    assert clip_norm(gradient, 5.0) == 5
    assert gradient.tolist() == [3, 4]


def test_entries_are_cut_off() -> None:
    gradient = np.array([0.1, -7, 7, -0.5], np.float32)
    clip_value(gradient, 0.5)
    assert gradient.tolist() == [np.float32(0.1), -0.5, 0.5, -0.5]
    assert gradient.dtype == np.float32


@pytest.mark.parametrize(("dtype", "large"), [(np.float32, 1e30), (np.float64, 1e200)])
@pytest.mark.parametrize("way", [1, -1])
def test_squares_may_overflow_and_vanish(dtype: type, large: float, way: int) -> None:
    entry = large**way
    gradient: Array = np.full(4, entry, dtype)
    assert norm(gradient) == pytest.approx(2 * float(dtype(entry)), rel=1e-6)
    clip_norm(gradient, entry)
    assert gradient == pytest.approx(np.full(4, entry / 2), rel=1e-6)


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_has_no_norm() -> None:
    assert norm(np.zeros(3)) == 0
    assert norm(np.zeros(0)) == 0
    assert norm(np.array([1, np.inf])) == np.inf
    assert np.isnan(norm(np.array([1, np.nan, np.inf])))
