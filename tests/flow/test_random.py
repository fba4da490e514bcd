"""Systems drawn at random: the terms sum to the gradient, and the triangle to the terms."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.model import Model
from tests.cases import explicit_states
from tests.extent import draws
from tests.flow.test_numbers import Passes
from tests.grammar import Writer


@settings(max_examples=draws(5, 40, 1000), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_terms_and_triangle_of_a_random_system(seed: int, steps: int) -> None:
    text = Writer(random.Random(seed), rough=seed % 5 == 0, attention=True).text()
    of = Model("random", explicit_states(parse(text)) if seed % 2 else parse(text))
    passes = Passes(of, steps)
    whole = interpret(of.adjoint, passes.data, steps)
    terms = passes.terms(np.ones(steps), 1)
    alone = [passes.terms(row, 0) for row in np.eye(steps)] + [passes.terms(np.zeros(steps), 1)]
    largest = max(float(np.linalg.norm(whole[bar])) for bar in terms.parameters.values())
    if not np.isfinite(largest):
        return
    for bar in terms.parameters.values():
        places = (None, *range(1, steps + 1))
        each = [terms.at(bar, place)[0] for place in places]
        sizes = [float(np.linalg.norm(one)) for one in each]
        allowed = 1e-11 * max(*sizes, 1e-3 * largest, 1e-9)
        assert np.linalg.norm(np.sum(each, axis=0) - whole[bar]) <= allowed, bar
        for place, one in zip(places, each, strict=True):
            parts = np.sum([entry.at(bar, place)[0] for entry in alone], axis=0)
            assert np.linalg.norm(parts - one) <= allowed, (bar, place)
