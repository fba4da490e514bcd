"""The estimators inside scikit-learn: its own checks, clone, Pipeline, GridSearchCV, and digits."""

import importlib.util
import pickle
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np
import pytest

from symrnn.language.arrays import Array
from symrnn.training import SequenceClassifier, SequenceRegressor

if importlib.util.find_spec("sklearn") is None:
    pytest.skip("scikit-learn is not installed: pip install scikit-learn", allow_module_level=True)

KINDS = (SequenceClassifier, SequenceRegressor)
SMALL: dict[str, Any] = {"hidden": 8, "epochs": 20, "random_state": 0}


# what check_estimator asks

HANDS_OVER_A_TABLE = {
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_empty_data_messages",
    "check_estimators_fit_returns_self",
    "check_estimators_nan_inf",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
    "check_requires_y_none",
    "check_supervised_y_2d",
    # of classifiers
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_one_label",
    "check_classifiers_regression_target",
    "check_classifiers_train",
    # of regressors
    "check_regressor_data_not_an_array",
    "check_regressor_multioutput",
    "check_regressors_int",
    "check_regressors_no_decision_function",
    "check_regressors_train",
}
"""Checks that fit X of shape (n, columns). They cannot apply to an estimator that asks for
(n, T, D): it refuses a table, since nobody can tell steps from features in it. With `features` said
it takes tables, and all of these hold."""


def answers(estimator: Any, expected: dict[str, str]) -> dict[str, set[str]]:
    """Names of checks, by what has become of them."""
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no base class of scikit-learn's
        found = check_estimator(
            estimator, expected_failed_checks=expected, on_skip=None, on_fail=None
        )
    names: dict[str, set[str]] = {}
    for answer in found:
        names.setdefault(answer["status"], set()).add(answer["check_name"])
    return names


@pytest.mark.parametrize("model", ["elman", "lstm"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_tables_every_check_passes(kind: Any, model: str, figures: list[str]) -> None:
    found = answers(kind(model, features=1), {})
    assert found.keys() <= {"passed", "skipped"}, found
    assert len(found["passed"]) > 45
    # skipped are those that need pandas, and a switch in the environment
    assert found.get("skipped", set()) <= {
        "check_array_api_input",
        "check_classifier_data_not_an_array",
        "check_regressor_data_not_an_array",
    }
    figures.append(f"{kind.__name__}, {model}: {len(found['passed'])} checks of scikit-learn pass")


@pytest.mark.parametrize("kind", KINDS)
def test_with_sequences_what_hands_over_a_table_cannot_pass_and_the_rest_does(kind: Any) -> None:
    reason = "X is a table, and sequences are expected"
    found = answers(claiming_tables(kind)(), dict.fromkeys(HANDS_OVER_A_TABLE, reason))
    assert found.keys() <= {"passed", "skipped", "xfail"}, found
    of_the_other = {SequenceClassifier: "check_regressor", SequenceRegressor: "check_classifier"}
    own = {name for name in HANDS_OVER_A_TABLE if not name.startswith(of_the_other[kind])}
    assert found["xfail"] == own
    assert {"check_estimator_cloneable", "check_set_params", "check_fit1d"} <= found["passed"]


def claiming_tables(kind: Any) -> Any:
    """The class under the tags of one that takes tables; without, hardly any check is run."""

    def tags(self: Any) -> Any:
        found = kind.__sklearn_tags__(self)
        found.input_tags.two_d_array = True
        return found

    return type(kind.__name__, (kind,), {"__sklearn_tags__": tags})


# inside its tools


def waves(count: int = 120) -> tuple[list[Array], Array]:
    """Sequences of several lengths, and the sign of each one's last number."""
    rng = np.random.default_rng(0)
    found = [rng.normal(size=(rng.integers(2, 7), 2)) for _ in range(count)]
    return found, np.array(["down", "up"])[[int(x[-1, 0] > 0) for x in found]]


def test_a_clone_has_the_parameters_and_nothing_that_was_learned() -> None:
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.exceptions import NotFittedError

    data, labels = waves()
    net = SequenceClassifier("elman", **SMALL).fit(data, labels)
    other = clone(net)
    assert other.get_params() == net.get_params()
    with pytest.raises(NotFittedError, match="not fitted") as found:
        other.predict(data)
    assert isinstance(pickle.loads(pickle.dumps(found.value)), NotFittedError)
    assert is_classifier(net)
    assert is_regressor(SequenceRegressor())


def test_a_grid_is_searched_over_lists_of_sequences_by_two_processes() -> None:
    from sklearn.model_selection import GridSearchCV

    data, labels = waves()
    grid = {"model": ["elman", "gru"], "learning_rate": np.array([1e-6, 0.02])}
    search = GridSearchCV(
        SequenceClassifier(**SMALL), grid, cv=3, n_jobs=2, error_score="raise"
    ).fit(data, labels)
    assert search.best_params_["learning_rate"] == 0.02
    assert search.best_score_ > 0.8
    again = GridSearchCV(SequenceClassifier(**SMALL), grid, cv=3).fit(data, labels)
    assert (search.cv_results_["mean_test_score"] == again.cv_results_["mean_test_score"]).all()


def test_a_pipeline_scales_tables_and_reshapes_sequences() -> None:
    from sklearn.metrics import get_scorer
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    rng = np.random.default_rng(0)
    sequences = 1000 + 100 * rng.normal(size=(150, 5, 2))
    labels = sequences[:, -1, 0] > 1000
    net = SequenceClassifier("elman", features=2, **SMALL)
    tables = make_pipeline(StandardScaler(), net)
    assert cross_val_score(tables, sequences.reshape(150, 10), labels).mean() > 0.85
    scaled = FunctionTransformer(lambda x: (x - 1000) / 100)
    whole = make_pipeline(scaled, SequenceClassifier("elman", **SMALL))
    assert cross_val_score(whole, sequences, labels, scoring="roc_auc").mean() > 0.9
    whole.fit(sequences, labels)
    assert get_scorer("accuracy")(whole, sequences, labels) == whole.score(sequences, labels)


def test_scores_are_those_of_its_metrics() -> None:
    from sklearn.metrics import accuracy_score, r2_score

    rng = np.random.default_rng(0)
    data, weights = rng.normal(size=(50, 4, 2)), rng.random(50)
    y = data[:, -1] + 3
    labels = y[:, 0] > 3
    net = SequenceClassifier("elman", **SMALL).fit(data, labels)
    assert net.score(data, labels, weights) == pytest.approx(
        accuracy_score(labels, net.predict(data), sample_weight=weights)
    )
    other = SequenceRegressor("elman", **SMALL).fit(data, y)
    assert other.score(data, y, weights) == pytest.approx(
        r2_score(y, other.predict(data), sample_weight=weights)
    )
    level = np.ones((50, 2)) * [1, 2]
    assert other.score(data, level) == r2_score(level, other.predict(data)) == 0


def test_it_is_imported_by_whoever_asks_for_it_alone() -> None:
    script = """
import sys
from symrnn.training import SequenceClassifier
SequenceClassifier("elman", hidden=2, epochs=1).fit([[[1.0]], [[0.0]]], [0, 1]).predict([[[1.0]]])
print("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "False"


# real data


@pytest.mark.parametrize("model", ["elman", "lstm"])
def test_digits_are_read_row_by_row(model: str, figures: list[str]) -> None:
    """One split, with settings that were chosen on its training part (benchmarks/digits.py)."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, digits = load_digits(return_X_y=True)
    learn, test, known, asked = train_test_split(
        pixels.reshape(-1, 8, 8) / 16, digits, test_size=0.25, stratify=digits, random_state=0
    )
    net = SequenceClassifier(model, hidden=64, epochs=60, random_state=0)
    start = time.process_time()
    accuracy = net.fit(learn, known).score(test, asked)
    seconds = time.process_time() - start
    assert accuracy >= 0.955
    assert seconds < 60
    figures.append(f"digits by {model}: {accuracy:.2%} of the test part, in {seconds:.1f} s")
