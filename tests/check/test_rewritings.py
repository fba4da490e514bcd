"""No false alarm: a formula of the same value is right, however it is put and typed."""

import random

import numpy as np
import pytest

from symrnn.errors import CheckError
from tests.check.judged import alarms, reports
from tests.check.lines import Page
from tests.extent import draws

PAGES = [
    Page("elman_n4", "closed", scalar=True, steps=3),
    Page("elman", "closed", steps=3),
    Page("elman", "delta", "books"),
    Page("elman_outside", "chain", "N2", scalar=True, steps=3),
    Page("elman_steps", "delta"),
    Page("lstm", "delta"),
    Page("lstm", "closed", scalar=True, steps=2),
    Page("gru", "delta", "books"),
    Page("gru", "local", steps=2),
    Page("char", "delta", "N5"),
    Page("char", "closed", steps=2),
    Page("jordan", "delta", scalar=True),
    Page("stacked", "delta"),
    Page("leaky", "delta"),
    Page("birnn", "local", steps=2),
    Page("indrnn", "closed", steps=2),
]
KNOWN = {"t": 2, "k": 1, "j": 1}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_rewriting_has_the_same_value(page: Page) -> None:
    """Without the checker: what is rewritten below is worth what it was."""
    rng, on, changed = random.Random(1), page.evaluator, 0
    for equation in page.equations:
        for right in equation.rights:
            try:
                wanted = on(right, KNOWN)
            except CheckError:
                continue  # what it names has no equation here
            for _ in range(4):
                new = page.rewriter(rng)(right, 3)
                changed += new != right
                found = on(new, KNOWN)
                same = found.size in (1, wanted.size) or wanted.size == 1
                assert same, (right, new)
                np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=str(new))
    assert changed > 10


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_rewriting_is_found_right(page: Page) -> None:
    """At least a thousand in all, with other letters and typed by other people."""
    rng = random.Random(f"{page}")
    for renamed in (False, True):
        lines, mapping = page.rewritten(rng, draws(4, 32, 200), renamed)
        found = reports(page.derived, lines, notation=page.notation, mapping=mapping)
        told = alarms(found)
        assert not told, "\n".join(["", *told])
        (report,) = found
        assert len(report.verdicts) == len(lines)
