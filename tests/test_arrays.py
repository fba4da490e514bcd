"""An array with a mask is refused by whatever would lose the mask and count what it hides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.training import SequenceClassifier, SequenceRegressor, Trainer, metrics, started

X = np.zeros((2, 3, 2))
HIDDEN = np.ma.masked_array(X, X == 0)
Y = np.ma.masked_array([0.0, 1.0], [True, False])
NET = symrnn.load("elman").kernel(steps=2)
PARAMS = NET.init_params(D=2, H=3, C=1)
BATCH = {"x": np.zeros((2, 3, 2)), "y": np.zeros((3, 1))}


def ids(x: Any) -> Any:
    module = symrnn.load("elman").kernel(steps=2, ids=("x",))
    return module.loss(PARAMS, x=x, y=BATCH["y"])


CALLS: dict[str, Callable[[], object]] = {
    "classifier, X": lambda: SequenceClassifier("elman").fit(HIDDEN, [0, 1]),
    "classifier, a list": lambda: SequenceClassifier("elman").fit([X[0], HIDDEN[1]], [0, 1]),
    "classifier, y": lambda: SequenceClassifier("elman").fit(X, Y),
    "regressor, y": lambda: SequenceRegressor("elman").fit(X, Y),
    "weights": lambda: weights.save("no.npz", {"w": HIDDEN}),
    "tensors": lambda: weights.save("no.safetensors", {"w": HIDDEN}),
    "a kernel's input": lambda: NET.loss(PARAMS, **{**BATCH, "x": HIDDEN}),
    "a kernel's parameter": lambda: NET.loss({**PARAMS, "b": np.ma.ones(3)}, **BATCH),
    "a kernel's ids": lambda: ids(np.ma.zeros((2, 3), int)),
    "a trainer": lambda: Trainer(started(NET, 3, D=2, H=3, C=1)).train_step(
        {**BATCH, "y": np.ma.zeros((3, 1))}
    ),
    "a metric": lambda: metrics.squared_error(Y[:, None], Y[:, None].filled(0)),
    "a metric's weights": lambda: metrics.class_accuracy([0, 1], np.eye(2), weights=Y),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_mask_is_never_lost(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((symrnn.errors.SymrnnError, TypeError), match="is a masked array, and "):
        CALLS[call]()


@pytest.mark.filterwarnings("error")
def test_numbers_that_the_dtype_has_not_are_told_of() -> None:
    large = np.where(np.arange(12).reshape(2, 3, 2) == 4, 1e39, 0.0)
    net = SequenceRegressor("elman", dtype="float32")
    for odd in (large, list(large)):
        with pytest.raises(ValueError, match=r"X\[0\] holds 1e\+39 at step 2, feature 0; expected"):
            net.fit(odd, [0.0, 1.0])
    with pytest.raises(ValueError, match=r"y\[1\] is -1e\+39; expected finite numbers of float32"):
        net.fit(np.zeros((2, 3, 2)), [0.0, -1e39])
