"""Estimators: what they learn, what they refuse, and that they do not need scikit-learn."""

import pickle
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import Diverged, EstimatorError, SymrnnError, UsageError
from symrnn.language.arrays import Array
from symrnn.training import SGD, SequenceClassifier, SequenceRegressor

WORDS = np.array(["few", "some", "many"])
SMALL: dict[str, Any] = {"hidden": 6, "epochs": 3, "batch_size": 8, "random_state": 0}


def ragged(count: int = 60, width: int = 2) -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(rng.integers(1, 12), width)) for _ in range(count)]


def named(data: list[Array]) -> Array:
    """A word that says how long a sequence is."""
    return WORDS[[min(len(x) // 4, 2) for x in data]]


RAGGED = ragged()
LABELS = named(RAGGED)
EVEN = np.random.default_rng(1).normal(size=(40, 5, 2))
SIGNS = EVEN[:, 2, 0] > 0


def test_it_learns_sequences_of_different_lengths_and_words_for_classes() -> None:
    data = ragged(300)
    net = SequenceClassifier("gru", hidden=16, epochs=40, random_state=0).fit(data, named(data))
    assert net.classes_.tolist() == sorted(WORDS)
    assert net.score(data, named(data)) > 0.97
    assert net.model_.text == symrnn.load("gru").with_head("classes").text
    assert net.params_["w_y"].shape == (16, 3)


def test_it_learns_what_stands_at_one_step_and_two_classes_have_a_binary_head() -> None:
    data = np.random.default_rng(0).normal(size=(900, 5, 2))
    net = SequenceClassifier(hidden=16, epochs=20, random_state=0)
    net.fit(data[:700], data[:700, 2, 0] > 0)
    assert net.score(data[700:], data[700:, 2, 0] > 0) > 0.9
    assert net.params_["w_y"].shape == (16, 1)
    assert net.classes_.tolist() == [False, True]
    found = net.predict_proba(data)
    assert found.shape == (900, 2)
    np.testing.assert_allclose(found.sum(1), 1)
    assert (net.predict(data) == (found[:, 1] > 0.5)).all()


def test_a_regressor_gives_back_the_shape_of_y() -> None:
    both = np.stack([EVEN.mean((1, 2)), EVEN[:, -1, 1]], 1)
    net = SequenceRegressor("elman", hidden=16, epochs=200, random_state=0)
    assert net.fit(EVEN, both[:, 0]).predict(EVEN).shape == (40,)
    assert net.score(EVEN, both[:, 0]) > 0.9
    assert net.fit(EVEN, both).predict(EVEN).shape == (40, 2)
    assert net.score(EVEN, both) > 0.9
    assert net.fit(EVEN, both[:, :1]).predict(EVEN).shape == (40, 1)


def test_scores_are_the_share_that_is_right_and_the_share_of_variance() -> None:
    net = SequenceClassifier("elman", **SMALL).fit(EVEN, SIGNS)
    right = net.predict(EVEN) == SIGNS
    weights = np.arange(40)
    assert net.score(EVEN, SIGNS) == right.mean()
    assert net.score(EVEN, SIGNS, weights) == pytest.approx((right * weights).sum() / weights.sum())
    y = EVEN[:, -1, 0]
    other = SequenceRegressor("elman", **SMALL).fit(EVEN, y)
    left = ((other.predict(EVEN) - y) ** 2).mean()
    assert other.score(EVEN, y) == pytest.approx(1 - left / y.var())


@pytest.mark.parametrize("name", symrnn.models())
def test_every_model_stands_under_the_heads_and_a_batch_is_its_sequences_one_by_one(
    name: str,
) -> None:
    net = SequenceClassifier(name, dropout=0.2, patience=2, **SMALL).fit(RAGGED, LABELS)
    together = net.predict_proba(RAGGED)
    alone = np.vstack([net.predict_proba([x]) for x in RAGGED])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-14)


def test_parameters_belong_to_the_model_and_give_the_same_elsewhere() -> None:
    net = SequenceClassifier("lstm", **SMALL).fit(EVEN, SIGNS)
    kernel = net.model_.kernel(steps=5)
    outputs, _ = kernel.forward(net.params_, x=EVEN.transpose(1, 0, 2))
    np.testing.assert_allclose(net.predict_proba(EVEN)[:, 1:], outputs["yhat"], rtol=1e-12)


def test_other_lengths_than_those_learned_from_can_be_asked_about() -> None:
    net = SequenceClassifier("lstm", **SMALL).fit(EVEN, SIGNS)
    longer = np.concatenate([EVEN, EVEN], 1)
    found = net.predict_proba([*EVEN[:2], *longer[:2]])
    np.testing.assert_allclose(found[:2], net.predict_proba(EVEN[:2]), rtol=1e-12)
    np.testing.assert_allclose(found[2:], net.predict_proba(longer[:2]), rtol=1e-12)


def test_a_table_is_sequences_step_after_step() -> None:
    net = SequenceClassifier("elman", **SMALL).fit(EVEN, SIGNS)
    table = SequenceClassifier("elman", features=2, **SMALL).fit(EVEN.reshape(40, -1), SIGNS)
    assert (net.n_features_in_, table.n_features_in_) == (2, 10)
    assert (net.predict_proba(EVEN) == table.predict_proba(EVEN.reshape(40, 10))).all()


def test_arrays_lists_and_objects_are_the_same_sequences() -> None:
    net = SequenceClassifier("elman", **SMALL).fit(EVEN, SIGNS)
    found = net.predict_proba(EVEN)
    objects = np.empty(40, object)
    objects[:] = list(EVEN)
    for form in (list(EVEN), EVEN.tolist(), objects, EVEN[::-1][::-1]):
        assert (net.predict_proba(form) == found).all()


def test_the_same_state_does_the_same_again() -> None:
    def curve(state: Any) -> list[float]:
        settings = {**SMALL, "random_state": state}
        return SequenceClassifier("elman", **settings).fit(RAGGED, LABELS).loss_curve_

    assert curve(3) == curve(3) != curve(4)
    assert curve(np.random.RandomState(3)) == curve(np.random.RandomState(3))
    assert curve(np.random.default_rng(3)) == curve(np.random.default_rng(3))
    assert curve(None) != curve(None)


def test_it_is_pickled_and_copied_with_all_that_it_has_learned() -> None:
    net = SequenceClassifier("lstm", **SMALL).fit(RAGGED, LABELS)
    for other in (pickle.loads(pickle.dumps(net)), deepcopy(net)):
        assert (other.predict_proba(RAGGED) == net.predict_proba(RAGGED)).all()
        assert repr(other) == repr(net)
        assert other.model_ == net.model_


def test_errors_survive_the_way_from_another_process() -> None:
    with pytest.raises(SymrnnError) as found:
        SequenceClassifier().predict(EVEN)
    for error in (found.value, Diverged("step 1", 1, 2.0, 3.0), EstimatorError("X")):
        copy = pickle.loads(pickle.dumps(error))
        assert isinstance(copy, type(error))
        assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_parameters_are_read_set_and_shown() -> None:
    net = SequenceClassifier("gru", hidden=16)
    assert repr(net) == "SequenceClassifier(model='gru', hidden=16)"
    assert net.set_params(hidden=8, clip=None) is net
    assert SequenceClassifier(**net.get_params()).get_params() == net.get_params()
    assert net.get_params()["hidden"] == 8
    with pytest.raises(EstimatorError, match="no parameter 'hiden'; did you mean 'hidden'"):
        net.set_params(hiden=3)


def test_the_model_is_a_name_a_path_a_text_or_a_model(tmp_path: Path) -> None:
    text = symrnn.load("elman").text
    path = tmp_path / "mine.rnn"
    path.write_text(text, "utf-8")
    forms: list[Any] = ["elman", path, str(path), text, symrnn.load("elman")]
    nets = [SequenceClassifier(form, **SMALL).fit(EVEN, SIGNS) for form in forms]
    assert len({tuple(net.loss_curve_) for net in nets}) == 1


def test_a_head_of_ones_own_and_widths_by_name() -> None:
    cell = "a[t] = tanh(x[t] @ W + u * a[t-1]); q[t] = a[t] @ V; q: K; L = mse(y, q[T])"
    head = "y: onehot; p = softmax(mean(state[t]) @ R + c); L = ce(y, p)"
    net = SequenceClassifier(cell, head=head, **{**SMALL, "hidden": {"H": 4}})
    assert net.fit(EVEN, SIGNS).params_["R"].shape == (4, 2)
    with pytest.raises(EstimatorError, match="expected a width for each of H, or one number"):
        net.set_params(hidden={"K": 4}).fit(EVEN, SIGNS)


def test_early_stopping_keeps_the_best_and_holds_back_some_of_each_class() -> None:
    labels = np.random.default_rng(0).integers(2, size=40)  # there is nothing to learn
    net = SequenceClassifier("elman", **{**SMALL, "epochs": 500, "patience": 3, "hidden": 16})
    net.fit(EVEN, labels)
    best = int(np.argmin(net.validation_curve_))
    assert net.n_iter_ == len(net.loss_curve_) == len(net.validation_curve_) == best + 4 < 500
    shorter = SequenceClassifier(**{**net.get_params(), "schedule": None}).fit(EVEN, labels)
    kept = SequenceClassifier(**{**shorter.get_params(), "epochs": 1 + shorter.n_iter_ - 4})
    kept.fit(EVEN, labels)
    assert (kept.predict_proba(EVEN) == shorter.predict_proba(EVEN)).all()


def test_dropout_is_for_training_alone() -> None:
    plain = SequenceClassifier("elman", **SMALL).fit(EVEN, SIGNS)
    net = SequenceClassifier("elman", dropout=0.5, **SMALL).fit(EVEN, SIGNS)
    assert net.loss_curve_ != plain.loss_curve_
    assert net.model_ == plain.model_
    assert (net.predict_proba(EVEN) == net.predict_proba(EVEN)).all()


def test_an_optimiser_is_a_name_or_an_object_and_the_rate_goes_before_its_own() -> None:
    def curve(**settings: Any) -> list[float]:
        return SequenceClassifier("elman", **SMALL, **settings).fit(EVEN, SIGNS).loss_curve_

    assert curve(optimiser="sgd") == curve(optimiser=SGD(0.01)) != curve(optimiser=SGD(0.3))
    assert curve(optimiser=SGD(0.3)) == curve(optimiser="sgd", learning_rate=0.3)
    assert curve(optimiser=SGD(0.3), learning_rate=0.01) == curve(optimiser="sgd")
    assert curve() == curve(schedule="cosine:15") != curve(schedule=None)  # 3 epochs of 5 batches


def test_single_precision_stays_single() -> None:
    net = SequenceClassifier("lstm", dtype=np.float32, **SMALL).fit(RAGGED, LABELS)
    assert net.predict_proba(RAGGED).dtype == np.float32
    assert {value.dtype for value in net.params_.values()} == {np.dtype(np.float32)}


HOLE = EVEN.copy()
HOLE[3, 1, 0] = np.nan
REFUSED: list[tuple[str, Any, Any]] = [
    (r"X has shape \(40, 10\); expected \(n, T, D\)", EVEN.reshape(40, 10), SIGNS),
    (r"X has shape \(3,\); expected \(n, T, D\)", np.ones(3), SIGNS),
    (r"X has shape \(0, 5, 2\); expected at least one of each", EVEN[:0], SIGNS[:0]),
    (r"X\[3\] holds NaN at step 1, feature 0", HOLE, SIGNS),
    (r"X\[1\] holds inf at step 0, feature 1", [EVEN[0], np.array([[1, np.inf]])], [0, 1]),
    (r"X\[1\] has 3 features, and X\[0\] 2", [EVEN[0], np.ones((4, 3))], [0, 1]),
    (r"X\[1\] has shape \(0, 2\); expected \(T, D\)", [EVEN[0], EVEN[0][:0]], [0, 1]),
    (r"X\[1\] has shape \(\); expected \(T, D\)", [EVEN[0], 3], [0, 1]),
    ("X cannot be read as numbers", np.full((2, 2, 2), "a"), [0, 1]),
    ("Complex data not supported: X is complex128", EVEN * 1j, SIGNS),
    ("X has 40 sequences and y 39 labels", EVEN, SIGNS[1:]),
    ("y has one class, True; expected at least two", EVEN, np.ones(40, bool)),
    ("Unknown label type: y holds 0.5", EVEN, np.arange(40) / 2),
    ("Unknown label type: y mixes kinds", EVEN, np.array(["a", 1] * 20, object)),
    (r"y has shape \(40, 2\); expected \(n,\)", EVEN, np.ones((40, 2))),
    ("the target y is None", EVEN, None),
]


@pytest.mark.parametrize(("said", "data", "labels"), REFUSED, ids=[row[0] for row in REFUSED])
def test_data_that_does_not_fit_is_refused(said: str, data: Any, labels: Any) -> None:
    with pytest.raises(EstimatorError, match=said):
        SequenceClassifier("elman").fit(data, labels)


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    (r"the target of elman-steps is y; expected one with a row for the whole", {"head": "steps"}),
    ("head 'regress' has the loss mse; expected ce, or bce for 2 classes", {"head": "regress"}),
    (
        "elman_steps-weights reads|reads x, drop_x",
        {"model": symrnn.load("elman").with_dropout("x")},
    ),
    ("model is of type int; expected a name such as 'lstm'", {"model": 3}),
    (
        "x has the width 3 in the model; the data have 2",
        {"model": "x: 3\n" + symrnn.load("elman").text},
    ),
    ("hidden is 0; expected a whole number", {"hidden": 0}),
    ("epochs is 0; expected a whole number", {"epochs": 0}),
    ("batch_size is 2.5; expected a whole number", {"batch_size": 2.5}),
    ("features is 0; expected a whole number", {"features": 0}),
    (r"X has shape \(40, 5, 2\); expected a table \(n, T \* 2\)", {"features": 2}),
    ("dropout is 1; expected one from 0 to below 1", {"dropout": 1}),
    ("patience is 0; expected a whole number", {"patience": 0}),
    ("validation_fraction is 1.5; expected a share", {"validation_fraction": 1.5, "patience": 1}),
    ("leaves none of 40 to validate with", {"validation_fraction": 0.01, "patience": 1}),
    ("optimiser is 'adm'; did you mean 'adam'", {"optimiser": "adm"}),
    ("random_state is -1; expected a whole number", {"random_state": -1}),
    ("dtype is complex128; expected one of real numbers", {"dtype": complex}),
]


@pytest.mark.parametrize(("said", "settings"), SETTINGS, ids=[row[0] for row in SETTINGS])
def test_settings_that_do_not_fit_are_refused(said: str, settings: dict[str, Any]) -> None:
    with pytest.raises(EstimatorError, match=said):
        SequenceClassifier(**{"model": "elman", **settings}).fit(EVEN, SIGNS)


def test_what_other_parts_refuse_is_refused_as_they_do() -> None:
    with pytest.raises(UsageError, match="unknown model 'lsmt'; did you mean 'lstm'"):
        SequenceClassifier("lsmt").fit(EVEN, SIGNS)
    with pytest.raises(EstimatorError, match="has the loss bce; expected ce for 3 classes"):
        SequenceClassifier("elman", head="binary").fit(RAGGED, LABELS)
    with pytest.raises(EstimatorError, match=r"y\[3\] is nan; expected finite numbers"):
        SequenceRegressor("elman").fit(EVEN, np.where(np.arange(40) == 3, np.nan, 1.0))


def test_questions_that_do_not_fit_are_refused() -> None:
    net = SequenceClassifier("elman", **SMALL)
    with pytest.raises(ValueError, match=r"this SequenceClassifier is not fitted; call fit"):
        net.predict(EVEN)
    with pytest.raises(AttributeError, match="is not fitted"):
        net.predict_proba(EVEN)
    net.fit(EVEN, SIGNS)
    with pytest.raises(EstimatorError, match="X has 1 features, but SequenceClassifier is expect"):
        net.predict(EVEN[..., :1])
    with pytest.raises(EstimatorError, match=r"y has shape \(39,\), and predictions \(40,\)"):
        net.score(EVEN, SIGNS[1:])
    table = SequenceClassifier("elman", features=2, **SMALL).fit(EVEN.reshape(40, 10), SIGNS)
    with pytest.raises(EstimatorError, match="X has 9 columns; expected whole steps"):
        table.predict(np.ones((3, 9)))
    with pytest.raises(EstimatorError, match=r"X has 8 features, but .* is expecting 10"):
        table.predict(np.ones((3, 8)))


def test_a_column_of_labels_is_read_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="column-vector y was passed"):
        net = SequenceClassifier("elman", **SMALL).fit(EVEN, SIGNS[:, None])
    assert net.predict(EVEN).shape == (40,)


def test_nothing_of_it_needs_scikit_learn() -> None:
    script = """
import pickle, sys
sys.modules["sklearn"] = None  # an import of it fails
import numpy as np
from symrnn.training import SequenceClassifier
assert "sympy" not in sys.modules, "models are read in fit"
net = SequenceClassifier("elman", hidden=4, epochs=2)
try:
    net.predict(np.ones((1, 2, 3)))
except (ValueError, AttributeError) as error:
    print(error)
X = np.random.default_rng(0).normal(size=(8, 2, 3))
net.fit(X, ["a", "b"] * 4)
print(pickle.loads(pickle.dumps(net)).predict(X).shape, net.get_params()["hidden"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines() == [
        "this SequenceClassifier is not fitted; call fit(X, y) first",
        "(8,) 4",
    ]
