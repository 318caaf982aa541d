# SPDX-License-Identifier: BSD-3-Clause
"""XGBoost, LightGBM and CatBoost, where they are installed."""

import numpy as np
import pytest
import xgboost
from sklearn.multioutput import MultiOutputRegressor

from skrln.multitask import PerTaskEarlyStopping
from skrln.multitask._boosting import read_all

from ._models import make_classes, make_labels, make_outputs

#: Why a test is skipped.
OPTIONAL = "the tests install XGBoost alone of the three libraries"


def stop(estimator, **params):
    defaults = {
        "strategy": "brute_force",
        "n_clusters": "all",
        "smoothing_window": 1,
        "random_state": 0,
    }
    return PerTaskEarlyStopping(estimator, **(defaults | params))


@pytest.mark.parametrize("kind", ["numbers", "labels", "classes", "binary"])
def test_xgboost(kind):
    make = {"numbers": make_outputs, "labels": make_labels}.get(kind, make_classes)
    X, y = make(n_rows=150)
    y = y % 2 if kind == "binary" else y
    estimator = xgboost.XGBRegressor if kind == "numbers" else xgboost.XGBClassifier
    model = stop(estimator(n_estimators=12, max_depth=2, n_jobs=1)).fit(X, y)
    (whole,) = model.estimators_
    method = "predict" if kind == "numbers" else "predict_proba"

    def at(stage):
        return getattr(whole, method)(X, iteration_range=(0, stage + 1))

    for stage, output in enumerate(read_all(whole, X)):
        np.testing.assert_allclose(output, at(stage), rtol=1e-4, atol=1e-6)
    assert stage == 11
    if kind in ("numbers", "labels"):
        found = getattr(model, method)(X)
        for task, best in enumerate(model.task_best_stage_):
            np.testing.assert_array_equal(found[:, task], at(best)[:, task])
    single = stop(whole, n_clusters=1).fit(X, y)
    expected = single.estimators_[0]
    end = (0, single.best_stage_ + 1)
    np.testing.assert_array_equal(
        getattr(single, method)(X),
        getattr(expected, method)(X, iteration_range=end),
    )


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"booster": "dart"}, "booster='dart'"),
        ({"early_stopping_rounds": 3}, "early_stopping_rounds=3"),
    ],
)
def test_settings_without_stages(params, match):
    with pytest.raises(ValueError, match=match):
        stop(xgboost.XGBRegressor(**params)).fit(*make_outputs())


def test_lightgbm():
    lightgbm = pytest.importorskip("lightgbm", reason=OPTIONAL)
    X, y = make_outputs(n_rows=150)
    inner = lightgbm.LGBMRegressor(n_estimators=12, verbose=-1, n_jobs=1)
    model = stop(MultiOutputRegressor(inner)).fit(X, y)
    for task, stage in enumerate(model.task_best_stage_):
        one = model.estimators_[0].estimators_[task]
        expected = one.predict(X, num_iteration=stage + 1)
        np.testing.assert_array_equal(model.predict(X)[:, task], expected)


def test_catboost():
    catboost = pytest.importorskip("catboost", reason=OPTIONAL)
    X, y = make_outputs(n_rows=150)
    inner = catboost.CatBoostRegressor(
        iterations=12,
        loss_function="MultiRMSE",
        verbose=False,
        thread_count=1,
        allow_writing_files=False,
    )
    model = stop(inner).fit(X, y)
    for task, stage in enumerate(model.task_best_stage_):
        expected = model.estimators_[0].predict(X, ntree_end=stage + 1)[:, task]
        np.testing.assert_array_equal(model.predict(X)[:, task], expected)
