"""What is left out of a sweep by pairs is no pair."""

from itertools import combinations, product

import pytest

from tests.extent import WIDE, pairs


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 5, 16), (16, 2, 3), (5, 16, 3), (4, 4, 4)])
def test_each_value_meets_each_of_the_other_parameters(sizes: tuple[int, int, int]) -> None:
    parameters = [[(place, i) for i in range(size)] for place, size in enumerate(sizes)]
    one, two, three = parameters
    found = pairs(one, two, three)
    met = {pair for case in found for pair in combinations(case, 2)}
    assert met == {pair for each in combinations(parameters, 2) for pair in product(*each)}
    largest = sorted(sizes)[1:]
    assert len(found) == (sizes[0] * sizes[1] * sizes[2] if WIDE else largest[0] * largest[1])
    assert all(case in product(one, two, three) for case in found)
