# SPDX-License-Identifier: BSD-3-Clause
"""A weighted mean of the predictions of regressors."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import BlendingRegressor, RLNRegressor
from skrln.stacking._mean_pool import MeanPool

X, Y = make_regression(200, 5, noise=20.0, random_state=0)
TREE = DecisionTreeRegressor(max_depth=3, random_state=0)
MODELS = [("linear", Ridge()), ("tree", TREE)]


@parametrize_with_checks([BlendingRegressor(MODELS, cv=2, random_state=0)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# -- the weights ---------------------------------------------------------------------------


def noisy_models(n_rows=2000, errors=(1.0, 2.0)):
    """Targets, and models with independent errors of these sizes."""
    rng = np.random.default_rng(0)
    y = rng.normal(3, 5, n_rows)
    return y, y[:, None] + rng.standard_normal((n_rows, len(errors))) * errors


def test_weights_of_independent_errors_are_inverse_variances():
    y, predictions = noisy_models()
    pool = MeanPool(equal_pull=0.0).fit(predictions, y)
    np.testing.assert_allclose(pool.weights_, [0.8, 0.2], atol=0.03)
    np.testing.assert_allclose(pool.predict(predictions), predictions @ pool.weights_)


def test_weights_have_the_lowest_squared_error():
    y, predictions = noisy_models(60)
    pool = MeanPool(equal_pull=0.0).fit(predictions, y)
    shares = np.linspace(0, 1, 1001)
    blends = np.outer(predictions[:, 0], shares) + np.outer(
        predictions[:, 1], 1 - shares
    )
    best = shares[np.argmin(((blends - y[:, None]) ** 2).mean(axis=0))]
    assert pool.weights_[0] == pytest.approx(best, abs=0.01)


def test_pull_draws_weights_together():
    y, predictions = noisy_models(40)
    spreads = [
        np.ptp(MeanPool(pull).fit(predictions, y).weights_) for pull in (0.0, 3.0, 1e6)
    ]
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 1e-3


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_do_not_matter(factor):
    y, predictions = noisy_models(100)
    expected = MeanPool().fit(predictions, y).weights_
    found = MeanPool().fit(factor * predictions, factor * y).weights_
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_row_weights_count():
    y, predictions = noisy_models(400)
    swapped = predictions.copy()
    swapped[:200] = swapped[:200, ::-1]
    half = np.arange(400) < 200
    for weights, better in ((half.astype(float), 1), ((~half).astype(float), 0)):
        pool = MeanPool(0.0).fit(swapped, y, sample_weight=weights)
        assert pool.weights_[better] > 0.7
        alone = MeanPool(0.0).fit(swapped[weights > 0], y[weights > 0])
        np.testing.assert_array_equal(pool.weights_, alone.weights_)


# -- the stack -----------------------------------------------------------------------------


def test_prediction_by_hand():
    folds = KFold(3, shuffle=True, random_state=0)
    blend = BlendingRegressor(MODELS, cv=folds).fit(X, Y)
    unseen = [cross_val_predict(model, X, Y, cv=folds) for _, model in MODELS]
    expected = MeanPool().fit(np.column_stack(unseen), Y).weights_
    np.testing.assert_allclose(blend.weights_, expected)
    parts = [clone(model).fit(X, Y).predict(X) for _, model in MODELS]
    np.testing.assert_allclose(blend.predict(X), np.column_stack(parts) @ expected)


def test_folds_are_shuffled():
    """The target is a random walk over the rows, which only neighbours know."""
    walk = np.random.default_rng(0).standard_normal(200).cumsum()
    rows = np.arange(200.0)[:, None]
    models = [("mean", DummyRegressor()), ("near", KNeighborsRegressor(1))]
    shuffled = BlendingRegressor(models, random_state=0).fit(rows, walk)
    in_turn = BlendingRegressor(models, cv=KFold(5)).fit(rows, walk)
    assert shuffled.weights_[1] > 0.9
    assert in_turn.weights_[1] < shuffled.weights_[1]


def test_seeds_of_the_folds():
    first, same, other = (
        BlendingRegressor(MODELS, random_state=seed).fit(X, Y).weights_
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


def test_predictions_stay_in_the_range_of_the_models():
    trees = [("a", TREE), ("b", DecisionTreeRegressor(max_depth=2, random_state=1))]
    far = 10 * X
    blend = BlendingRegressor(trees, random_state=0).fit(X, Y)
    parts = np.column_stack([model.predict(far) for model in blend.estimators_])
    assert np.all(blend.predict(far) <= parts.max(axis=1) + 1e-9)
    assert np.all(blend.predict(far) >= parts.min(axis=1) - 1e-9)


@pytest.mark.parametrize("missing", [np.nan, None])
def test_rows_without_a_target_are_left_out(missing):
    y = Y.astype(object)
    y[::5] = missing
    if missing is not None:
        y = y.astype(float)
    known = np.arange(len(Y)) % 5 > 0
    weights = np.linspace(0.5, 1, len(Y))
    frame = pd.DataFrame(X)
    blend = BlendingRegressor(MODELS, cv=2, random_state=0)
    found = clone(blend).fit(frame, y, sample_weight=weights)
    expected = blend.fit(frame[known], Y[known], sample_weight=weights[known])
    np.testing.assert_array_equal(found.predict(frame), expected.predict(frame))


def test_splits_of_the_user_count_all_rows():
    """Positions are those of the table that is passed, missing targets included."""
    y = Y.copy()
    y[:60:2] = np.nan
    known = ~np.isnan(y)
    halves = np.arange(200) < 80
    splits = [(~halves, halves), (halves, ~halves)]
    found = BlendingRegressor(MODELS, cv=splits).fit(X, y)
    own = [(train[known], test[known]) for train, test in splits]
    expected = BlendingRegressor(MODELS, cv=own).fit(X[known], y[known])
    np.testing.assert_array_equal(found.weights_, expected.weights_)


def test_networks_and_trees():
    network = RLNRegressor(
        (5,), n_estimators=1, numeric_embedding=None, theta=-6.5, max_iter=30,
        learning_rate_init=0.01, random_state=0,
    )  # fmt: skip
    blend = BlendingRegressor([("rln", network), ("tree", TREE)], cv=2, random_state=0)
    assert blend.fit(X, Y).score(X, Y) > 0.7
    again = pickle.loads(pickle.dumps(blend))
    np.testing.assert_array_equal(again.predict(X), blend.predict(X))
    assert again.named_estimators_.tree is again.estimators_[1]


def test_parameters_are_searched():
    search = GridSearchCV(
        BlendingRegressor(MODELS, cv=2, random_state=0),
        {"tree__max_depth": [1, 2], "equal_pull": [1e6]},
        cv=2,
    ).fit(X, Y)
    np.testing.assert_allclose(search.best_estimator_.weights_, 0.5, atol=1e-3)


def test_fitted_estimators_are_taken_as_they_are():
    fitted = [(name, clone(model).fit(X[:100], Y[:100])) for name, model in MODELS]
    blend = BlendingRegressor(fitted, cv="prefit").fit(X[100:], Y[100:])
    assert blend.estimators_ == [model for _, model in fitted]


def test_dropped_estimator_has_no_weight():
    blend = BlendingRegressor([*MODELS, ("none", "drop")], cv=2).fit(X, Y)
    assert blend.weights_.shape == (2,)


# -- bad input -----------------------------------------------------------------------------


def test_several_tasks_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="one task"):
        BlendingRegressor(MODELS, cv=2).fit(X, np.column_stack([Y, Y]))


def test_rows_that_no_fold_holds_out_are_refused():
    with pytest.raises(ValueError, match="every row once"):
        BlendingRegressor(MODELS, cv=TimeSeriesSplit(3)).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "value"),
    [("equal_pull", -1.0), ("cv", 2.5), ("cv", 1), ("random_state", "a")],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        BlendingRegressor(MODELS, **{name: value}).fit(X, Y)


def test_a_fit_that_fails_leaves_the_blend_as_it_was():
    blend = BlendingRegressor(MODELS, cv=2, random_state=0).fit(X, Y)
    before = blend.predict(X)
    with pytest.raises(ValueError, match="y"):
        blend.fit(X, Y[:-1])
    np.testing.assert_array_equal(blend.predict(X), before)


def test_missing_targets_only():
    with pytest.raises(ValueError, match="y"):
        BlendingRegressor(MODELS, cv=2).fit(X, np.full(len(Y), np.nan))
