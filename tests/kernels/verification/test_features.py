"""What a kernel can do beside holds for every model that comes along, before the three oracles."""

import pytest

from symrnn.kernels.settings import Features
from symrnn.library.zoo import models
from symrnn.model import Model
from tests.cases import model, state_names
from tests.extent import WIDE

X: Features = {"ids": ("x",)}
PAIRS: dict[str, Features] = {
    "lengths, sequences first": {"lengths": True, "batch_first": True},
    "ids, lengths": {**X, "lengths": True},
    "forward only": {"forward_only": True},
    "ids, forward only, sequences first": {**X, "forward_only": True, "batch_first": True},
}
"""Every two that go together, each with and without the other."""

ALONE: dict[str, Features] = {
    "lengths": {"lengths": True},
    "sequences first": {"batch_first": True},
    "forward only, sequences first": {"forward_only": True, "batch_first": True},
    "ids": X,
}
FEATURES = {**PAIRS, **ALONE} if WIDE else PAIRS

STEPS = {"lengths": (6, 1), "ids, lengths": (6,)}
"""Three, but for these."""


def narrow(made: Model) -> dict[str, int]:
    """Widths that are quick at 50 digits, and not all the same."""
    return {dim: 2 + place % 2 for place, dim in enumerate(made.kernel(1).DIMS)}


@pytest.mark.parametrize("name", models())
@pytest.mark.parametrize("feature", FEATURES)
def test_kernels_hold(feature: str, name: str) -> None:
    features = FEATURES[feature]
    without = "ids" in features or "forward_only" in features
    wrt = () if without else ("x", *state_names(model(name))[:1])
    for steps in STEPS.get(feature, (3,)):
        report = model(name).verify(steps, None, wrt, 3, narrow(model(name)), steps, **features)
        assert report.failed == ()
        assert len([check for check in report.checks if check.holds]) >= 5


@pytest.mark.parametrize("head", ["classes", "steps"])
@pytest.mark.parametrize("name", models())
def test_so_do_targets_that_are_ids(name: str, head: str) -> None:
    made = model(name).with_head(head)
    lengths = head == "classes"
    report = made.verify(3, batch=3, dims=narrow(made), seed=3, ids=("y",), lengths=lengths)
    assert report.failed == ()
