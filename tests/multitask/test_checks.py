# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn, for a wrapped estimator of each kind."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import SGDRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import RLNRegressor
from skrln.multitask import PerTaskEarlyStopping

from ._models import make_network


def stop(estimator, **params):
    defaults = {
        "strategy": "brute_force",
        "n_clusters": "all",
        "smoothing_window": 1,
        "random_state": 0,
    }
    return PerTaskEarlyStopping(estimator, **(defaults | params))


#: The program of a network without hidden layers takes the least time to compile.
LINEAR = {
    "hidden_layer_sizes": (),
    "theta": -9,
    "max_iter": 12,
    "learning_rate_init": 0.2,
}
WRAPPED = [
    stop(make_network(**LINEAR)),
    stop(make_network(classifier=True, **LINEAR), strategy="kmeans"),
    stop(GradientBoostingClassifier(n_estimators=12, random_state=0)),
    stop(SGDRegressor(random_state=0), max_iter=10, strategy="best_k"),
]

REASON = (
    "The validation part is drawn by rows: one of weight two is in one part, two may be "
    "in two."
)
BY_ROWS = {
    f"check_sample_weight_equivalence_on_{kind}_data": REASON
    for kind in ("dense", "sparse")
}
#: test_the_order_of_rows compares the same.
SETS = {
    "check_methods_sample_order_invariance": (
        "Sets n_clusters=2, for K-means; tasks without two best stages refuse it."
    )
}


def exceptions(estimator):
    """Networks and trees do not fail the first, as they are constant on so few rows."""
    if isinstance(estimator.estimator, SGDRegressor):
        return BY_ROWS | SETS
    return {} if estimator.strategy == "kmeans" else SETS


# Some checks have labels that inputs tell nothing about, or few of a class in the
# validation part: the estimator warns, as it should.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.filterwarnings("ignore:.* tasks .* have no validation labels, or labels")
@parametrize_with_checks(WRAPPED, expected_failed_checks=exceptions)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", WRAPPED)
def test_predicting_changes_nothing(estimator):
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = clone(estimator).fit(X, (X[:, 0] > 0).astype(int))
    before = dict(vars(model))
    for method in ("predict", "predict_proba"):
        if hasattr(model, method):
            getattr(model, method)(X)
    assert vars(model) == before


@pytest.mark.parametrize("estimator", WRAPPED)
def test_the_order_of_rows(estimator):
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = clone(estimator).fit(X, (X[:, 0] > 0).astype(int))
    np.testing.assert_allclose(model.predict(X)[::-1], model.predict(X[::-1]))


def test_type_and_tags_are_those_of_the_wrapped_estimator():
    assert is_regressor(WRAPPED[0])
    assert is_classifier(WRAPPED[1])
    tags = get_tags(WRAPPED[0])
    assert tags.target_tags.multi_output
    assert tags.input_tags.allow_nan
    assert get_tags(WRAPPED[1]).classifier_tags.multi_label
    assert not get_tags(WRAPPED[3]).target_tags.multi_output
    assert get_tags(stop(MultiOutputRegressor(SGDRegressor()))).target_tags.multi_output
    assert not hasattr(WRAPPED[0], "predict_proba")
    assert not hasattr(WRAPPED[0].fit(np.eye(20), np.arange(20.0)), "classes_")


def test_in_a_search_and_a_pipeline():
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from ._models import make_outputs

    X, y = make_outputs()
    pipeline = make_pipeline(StandardScaler(), stop(make_network()))
    grid = {
        "pertaskearlystopping__estimator__theta": [-6.5, -8.0],
        "pertaskearlystopping__strategy": ["kmeans", "brute_force"],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == y.shape


def test_without_parameters_it_says_what_networks_it_takes():
    with pytest.raises(ValueError, match=r"Got RLNRegressor with n_estimators='auto'"):
        PerTaskEarlyStopping(RLNRegressor()).fit(np.eye(20), np.arange(20.0))
