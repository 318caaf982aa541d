# SPDX-License-Identifier: BSD-3-Clause
"""early_stopping="sparsest": of the epochs that are about as good, the one with most zeros."""

import numpy as np
import pytest

from skrln import RLNClassifier, RLNMultiTask, RLNRegressor, RLNRegressorCV
from skrln.datasets import make_friedman1_noise

SETTINGS = {
    "hidden_layer_sizes": (32,),
    "theta": -5.5,
    "dropout": 0.0,
    "numeric_embedding": None,
    "n_estimators": 1,
    "batch_size": 16,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
X, Y = make_friedman1_noise(160, 40, random_state=0)
STOP = {"early_stopping": "sparsest", "validation_fraction": 0.25}


def zeros(model):
    return sum(int(np.sum(weight == 0)) for weight in model.coefs_)


def fit_both(make, y, **params):
    settings = SETTINGS | STOP | params
    best = make(**settings | {"early_stopping": True}).fit(X, y)
    return best, make(**settings).fit(X, y)


@pytest.mark.parametrize("make", [RLNRegressor, RLNClassifier])
def test_epoch_is_later_and_sparser_and_within_the_error(make):
    y = Y if make is RLNRegressor else np.digitize(Y, [12, 16])
    best, sparsest = fit_both(make, y)
    assert zeros(sparsest) > zeros(best)
    assert sparsest.best_iteration_ > best.best_iteration_
    curve = sparsest.validation_loss_curve_
    np.testing.assert_allclose(curve, best.validation_loss_curve_, rtol=1e-5)
    # The epochs are the same; the loss of the one that is kept is a little higher.
    lowest = np.nanargmin(curve[20:]) + 20
    assert best.best_iteration_ == lowest
    assert curve[lowest] <= curve[sparsest.best_iteration_] < 1.25 * curve[lowest]
    counted = sum(
        np.round(share * weight.size)
        for share, weight in zip(
            sparsest.sparsity_curve_[sparsest.best_iteration_],
            sparsest.coefs_,
            strict=True,
        )
    )
    assert counted == zeros(sparsest)


def test_shuffled_labels_do_not_bring_the_dense_start_back():
    y = np.random.default_rng(1).permutation(Y)
    best, sparsest = fit_both(RLNRegressor, y, theta=-5.0)
    assert sparsest.feature_importances_.astype(bool).mean() <= 0.05
    assert zeros(sparsest) >= zeros(best)


def test_start_of_a_warm_fit_competes():
    """Rates so high that every epoch is worse: the weights stay as they were."""
    model = RLNRegressor(**SETTINGS | STOP, warm_start=True)
    held_out = {"X_val": X[:40], "y_val": Y[:40]}
    model.fit(X[40:], Y[40:], **held_out)
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=3.0).fit(X[40:], Y[40:], **held_out)
    assert model.best_iteration_ == -1
    np.testing.assert_array_equal(model.coefs_[0], before)


def test_networks_of_an_ensemble():
    few = {"n_estimators": 2, "max_iter": 40, "input_selection": False}
    best, sparsest = fit_both(RLNRegressor, Y, **few)
    pairs = list(zip(sparsest.estimators_, best.estimators_, strict=True))
    assert all(zeros(a) >= zeros(b) for a, b in pairs)
    assert sum(zeros(a) - zeros(b) for a, b in pairs) > 0


def test_search_and_several_tasks():
    settings = {k: v for k, v in SETTINGS.items() if k != "theta"} | STOP
    search = RLNRegressorCV(thetas=[-5.5], cv=2, **settings).fit(X, Y)
    np.testing.assert_array_equal(
        search.coefs_[0], RLNRegressor(**SETTINGS | STOP).fit(X, Y).coefs_[0]
    )
    tasks = np.column_stack([Y, X[:, 0] * X[:, 1]])
    kinds = {"task_types": ["regression"] * 2, "theta": -7.0}
    best, sparsest = fit_both(RLNMultiTask, tasks, **kinds)
    assert zeros(sparsest) > zeros(best)
