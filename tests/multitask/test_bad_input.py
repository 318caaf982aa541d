# SPDX-License-Identifier: BSD-3-Clause
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, SGDClassifier, SGDRegressor
from sklearn.metrics import make_scorer, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln.multitask import PerTaskEarlyStopping, oracle_recall

from ._models import Scripted, make_labels, make_network, make_outputs

X, Y = make_outputs()


def fails(match, estimator=None, data=None, **params):
    estimator = make_network() if estimator is None else estimator
    model = PerTaskEarlyStopping(estimator, **({"smoothing_window": 1} | params))
    with pytest.raises(ValueError, match=match):
        model.fit(X, Y, **(data or {}))
    assert not hasattr(model, "estimators_")


def test_no_stages():
    fails("Got Ridge, which has no stages to choose from.*In a pipeline, wrap", Ridge())
    pipeline = make_pipeline(StandardScaler(), make_network())
    fails("Got Pipeline, which has no stages", pipeline)


def test_window_longer_than_the_curve():
    fails("Got smoothing_window=13 for curves of 12", smoothing_window=13)


def test_more_clusters_than_distinct_stages():
    same = Scripted(np.tile([0.3, 0.1, 0.2], (3, 1)))
    model = PerTaskEarlyStopping(same, n_clusters=2, smoothing_window=1)
    with pytest.raises(
        ValueError, match="Got n_clusters=2, but the tasks have only 1 "
    ):
        model.fit(Y, Y)
    fails("with strategy='brute_force'", strategy="brute_force", n_clusters=2)


@pytest.mark.parametrize("scoring", [make_scorer(r2_score), r2_score])
def test_one_number_for_all_tasks(scoring):
    fails("one per task|one number for all", scoring=scoring)


def test_score_of_the_other_kind():
    fails(r"Got scoring='roc_auc', but expected one of \['r2'", scoring="roc_auc")


def test_classifier_without_probabilities():
    model = PerTaskEarlyStopping(SGDClassifier())
    with pytest.raises(ValueError, match="a classifier without predict_proba"):
        model.fit(X, (Y[:, 0] > 0).astype(int))


def test_validation_data():
    fails("X_val is provided, but y_val was not", data={"X_val": X})
    both = {"X_val": X, "y_val": Y}
    fails("Got X_val and y_val together with cv=3", data=both, cv=3)
    fails(r"Got y_val of shape \(60, 2\)", data=both | {"y_val": Y[:, :2]})


def test_burn_in_that_leaves_nothing_is_not_possible():
    fails("The 'burn_in' parameter", burn_in=1.0)
    late = PerTaskEarlyStopping(make_network(), burn_in=0.5, smoothing_window=1)
    assert late.fit(X, Y).task_best_stage_.min() >= 6


def test_a_function_with_a_number_for_each_task():
    scoring = partial(r2_score, multioutput="raw_values")
    model = PerTaskEarlyStopping(make_network(), scoring=scoring, smoothing_window=1)
    assert model.fit(X, Y).validation_curves_.shape == (3, 12)
    default = PerTaskEarlyStopping(make_network(), smoothing_window=1, random_state=0)
    absolute = PerTaskEarlyStopping(
        make_network(),
        smoothing_window=1,
        random_state=0,
        scoring="neg_mean_absolute_error",
    )
    curves = [one.fit(X, Y).validation_curves_ for one in (default, absolute)]
    assert not np.allclose(*curves)


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_brier_score"])
def test_scores_of_labels(scoring):
    X, y = make_labels()
    model = PerTaskEarlyStopping(
        make_network(classifier=True), scoring=scoring, smoothing_window=1
    )
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert model.scoring_name_ == scoring.replace("_", " ")
    model.set_params(n_clusters=1).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    if scoring == "roc_auc":
        proba = model.predict_proba(X[40:])
        expected = roc_auc_score(y[40:], proba, average=None)
        found = model.validation_curves_[:, model.best_stage_]
        np.testing.assert_allclose(found, expected)


def test_the_tolerance_and_the_burn_in_change_the_intervals():
    wide, narrow = (
        PerTaskEarlyStopping(
            make_network(), tolerance=t, smoothing_window=1, random_state=0
        ).fit(X, Y)
        for t in (10.0, 0.0)
    )
    assert np.ptp(wide.intervals_, axis=1).min() == 11
    assert np.ptp(narrow.intervals_, axis=1).max() == 0


def test_the_oracle_has_its_control():
    proba = np.ones((12, 5, 2))
    with pytest.raises(ValueError, match="without its control"):
        oracle_recall(proba, np.arange(5) % 2, proba, np.arange(5) % 2, n_shuffles=1)


def test_predictions_of_objects():
    """As scikit-learn's linear models make them of categories that are numbers."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({k: pd.Categorical(rng.integers(0, 4, 30)) for k in "abc"})
    model = PerTaskEarlyStopping(
        SGDRegressor(random_state=0), max_iter=3, smoothing_window=1, random_state=0
    )
    assert np.isfinite(model.fit(table, rng.normal(size=30)).predict(table)).all()
