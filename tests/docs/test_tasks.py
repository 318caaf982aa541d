# SPDX-License-Identifier: BSD-3-Clause
"""The tasks of a new user, each in a script that follows the documentation."""

from pathlib import Path

import numpy as np
import pytest

from ._scripts import run_script

TASKS = Path(__file__).with_name("tasks")


def run(name):
    """Return the variables of the script of a task, which warns of nothing."""
    variables, _, warned = run_script(TASKS / f"{name}.py")
    assert not warned
    return variables


def test_pipeline_with_categories_and_missing_values():
    task = run("pipeline")
    assert task["scores"].mean() > 0.8
    X, model = task["X"], task["model"]
    assert X.isna().any().to_dict() == {
        "plan": True,
        "country": True,
        "age": True,
        "income": False,
        "joined": False,
    }
    importances = model[-1].feature_importances_
    assert model[-1].feature_names_in_[importances.argmax()] in ("plan", "age")
    assert np.isfinite(model.predict_proba(task["new"])).all()


def test_columns_that_matter():
    task = run("columns")
    true = {"x0", "x1", "x2", "x3", "x4"}
    assert true <= set(task["network"].active_features_)
    assert task["network"].n_active_features_ < 15
    assert set(task["importances"].nlargest(4).index) <= true
    assert true >= set(task["selected"]) > set()


def test_search():
    task = run("search")
    grid, search = task["grid"], task["search"]
    # The same scores, by the same folds and random seeds.
    assert search.theta_ == grid.best_params_["theta"]
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"],
        grid.cv_results_["mean_test_score"],
        atol=5e-3,
    )
    assert search.score(task["X_test"], task["y_test"]) > 0.9


@pytest.mark.parametrize("format", ["skops", "pickle"])
def test_save_and_load_elsewhere(saved, format):
    np.testing.assert_array_equal(saved["loaded"][format], saved["expected"])


def test_the_process_that_loads_needs_no_jax(saved):
    assert not saved["loaded"]["jax"]


@pytest.fixture(scope="module")
def saved():
    return run("save")


def test_early_stopping_on_rows_of_the_user_in_a_pipeline():
    task = run("stopping")
    network, model = task["network"], task["model"]
    assert network.n_iter_ < 100
    assert 0 < network.best_iteration_ < network.n_iter_
    # The validation rows went through the scaler: the kept loss is that of the pipeline.
    error = model.predict(task["X_val"]) - task["y_val"]
    assert task["lowest"] == pytest.approx(
        error.pow(2).mean() / task["y_train"].var(ddof=0) / 2, rel=1e-3
    )
