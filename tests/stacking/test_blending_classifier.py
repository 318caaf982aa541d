# SPDX-License-Identifier: BSD-3-Clause
"""A weighted and calibrated mean of the probabilities of classifiers."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import BlendingClassifier, RLNClassifier
from skrln.stacking._linear_pool import LinearPool

X, Y = make_classification(300, 6, n_informative=4, random_state=0)
FLOWERS = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
LINEAR = LogisticRegression(max_iter=1000)
MODELS = [("linear", LINEAR), ("tree", TREE)]


# scikit-learn looks at labels that are infinite before it refuses them.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@parametrize_with_checks([BlendingClassifier(MODELS, cv=2, random_state=0)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# -- the weights ---------------------------------------------------------------------------


def fit_pool(probabilities, labels, **params):
    """Pool of models of two classes, from their probabilities of the second class."""
    return LinearPool(**params).fit(np.column_stack(probabilities), labels)


def mixture(n_rows=4000):
    """Two models, and labels drawn from .3 of the first and .7 of the second."""
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.02, 0.98, (2, n_rows))
    labels = (rng.uniform(size=n_rows) < 0.3 * first + 0.7 * second).astype(int)
    return (first, second), labels


def test_weights_of_a_mixture_are_found():
    pool = fit_pool(*mixture(), equal_pull=0.0)
    np.testing.assert_allclose(pool.weights_, [0.3, 0.7], atol=0.05)
    assert pool.temperature_ == pytest.approx(1, abs=0.1)


def test_weights_have_the_lowest_log_loss():
    """Of all on a grid, by hand."""
    (first, second), labels = mixture(500)
    pool = fit_pool((first, second), labels, equal_pull=0.0, calibrate=False)
    shares = np.linspace(0, 1, 101)
    losses = [
        log_loss(labels, share * first + (1 - share) * second) for share in shares
    ]
    assert pool.weights_[0] == pytest.approx(shares[np.argmin(losses)], abs=0.01)


def test_pull_draws_weights_together():
    probabilities, labels = mixture(40)
    spreads = [
        np.ptp(fit_pool(probabilities, labels, equal_pull=pull).weights_)
        for pull in (0.0, 3.0, 1e6)
    ]
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 1e-3


def test_a_model_that_knows_nothing_is_left_out():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 1000)
    good = np.where(labels == 1, 0.9, 0.1)
    pool = fit_pool((rng.uniform(size=1000), good), labels, equal_pull=0.0)
    assert pool.weights_[1] > 0.99


def test_temperature_undoes_what_is_too_soft():
    """The model halves the logits: the temperature is a half."""
    rng = np.random.default_rng(1)
    logit = rng.normal(scale=2, size=20_000)
    labels = (rng.uniform(size=len(logit)) < 1 / (1 + np.exp(-logit))).astype(int)
    soft = 1 / (1 + np.exp(-logit / 2))
    pool = fit_pool((soft,), labels)
    assert pool.temperature_ == pytest.approx(0.5, abs=0.03)
    column = soft[:, None]
    np.testing.assert_allclose(
        pool.predict_proba(column)[:, 1], 1 / (1 + np.exp(-logit)), atol=0.03
    )
    kept = fit_pool((soft,), labels, calibrate=False)
    assert kept.temperature_ == 1
    np.testing.assert_allclose(kept.predict_proba(column)[:, 1], soft)


def test_row_weights_count():
    """Half of the rows believe one model, half the other; the weights decide."""
    labels = np.tile([0, 1], 200)
    right, wrong = np.where(labels == 1, 0.8, 0.2), np.where(labels == 1, 0.2, 0.8)
    half = np.arange(400) < 200
    columns = np.column_stack(
        [np.where(half, right, wrong), np.where(half, wrong, right)]
    )
    for weights, first in ((half + 0.01, 1), (~half + 0.01, 0)):
        pool = LinearPool(equal_pull=0.0).fit(columns, labels, sample_weight=weights)
        assert pool.weights_[0] == pytest.approx(first, abs=0.05)


# -- the stack -----------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "n_classes"), [((X, Y), 2), (FLOWERS, 3)])
def test_prediction_by_hand(table, n_classes):
    X, y = table
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    blend = BlendingClassifier(MODELS, cv=folds).fit(X, y)
    found = blend.predict_proba(X)
    assert found.shape == (len(y), n_classes)
    pooled = sum(
        share * model.predict_proba(X)
        for share, model in zip(blend.weights_, blend.estimators_, strict=True)
    )
    sharp = pooled ** (1 / blend.temperature_)
    np.testing.assert_allclose(found, sharp / sharp.sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(
        blend.predict(X), blend.classes_[found.argmax(axis=1)]
    )
    unseen = np.hstack(
        [
            cross_val_predict(model, X, y, cv=folds, method="predict_proba")[
                :, int(n_classes == 2) :
            ]
            for _, model in MODELS
        ]
    )
    again = LinearPool().fit(unseen, y)
    np.testing.assert_allclose(again.weights_, blend.weights_)


def test_folds_are_shuffled_and_stratified():
    """The label is constant over blocks of rows, which only neighbours know."""
    blocks = np.repeat(np.random.default_rng(0).integers(0, 2, 10), 20)
    rows = np.arange(200.0)[:, None]
    models = [("bayes", GaussianNB()), ("near", KNeighborsClassifier(3))]
    shuffled = BlendingClassifier(models, random_state=0).fit(rows, blocks)
    in_turn = BlendingClassifier(models, cv=StratifiedKFold(5)).fit(rows, blocks)
    assert shuffled.weights_[1] > 0.9
    assert in_turn.weights_[1] < 0.7
    seed = np.random.RandomState(42).randint(np.iinfo(np.int32).max)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    by_hand = BlendingClassifier(models, cv=folds).fit(rows, blocks)
    by_seed = BlendingClassifier(models, cv=3, random_state=42).fit(rows, blocks)
    np.testing.assert_array_equal(by_seed.weights_, by_hand.weights_)


def test_seeds_of_the_folds():
    first, same, other = (
        BlendingClassifier(MODELS, random_state=seed).fit(X, Y).weights_
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


@pytest.mark.parametrize("y", [Y, np.array(["no", "yes"])[Y]], ids=["numbers", "text"])
def test_none_is_five_folds(y):
    found, expected = (
        BlendingClassifier(MODELS, cv=cv, random_state=0).fit(X, y).weights_
        for cv in (None, 5)
    )
    np.testing.assert_array_equal(found, expected)


def test_better_than_a_logistic_regression_on_many_classes():
    """Which has to learn from few rows what a probability is."""
    X, y = make_classification(
        900, 8, n_informative=6, n_classes=8, n_clusters_per_class=1, random_state=0
    )
    models = [("bayes", GaussianNB()), ("tree", TREE), ("linear", LINEAR)]
    train, test = slice(0, 300), slice(300, None)
    folds = StratifiedKFold(5)
    losses = [
        log_loss(
            y[test],
            kind(models, cv=folds).fit(X[train], y[train]).predict_proba(X[test]),
        )
        for kind in (BlendingClassifier, StackingClassifier)
    ]
    assert losses[0] < losses[1]


def test_networks_and_trees_with_names_of_classes():
    names = np.array(["no", "yes"])[Y]
    network = RLNClassifier(
        (5,), n_estimators=1, numeric_embedding=None, dropout=0.0, theta=-6.5,
        learning_rate_init=0.01, max_iter=30, random_state=0,
    )  # fmt: skip
    models = [("rln", network), ("tree", TREE)]
    blend = BlendingClassifier(models, cv=2, random_state=0).fit(X, names)
    assert blend.classes_.tolist() == ["no", "yes"]
    assert blend.score(X, names) > 0.8
    again = pickle.loads(pickle.dumps(blend))
    np.testing.assert_array_equal(again.predict_proba(X), blend.predict_proba(X))


def test_parameters_are_searched_and_reach_the_combiner():
    search = GridSearchCV(
        BlendingClassifier(MODELS, cv=2, random_state=0),
        {"tree__max_depth": [1, 2], "equal_pull": [1e6], "calibrate": [False]},
        cv=2,
    ).fit(X, Y)
    best = search.best_estimator_
    np.testing.assert_allclose(best.weights_, 0.5, atol=1e-3)
    assert best.temperature_ == 1
    assert clone(best).get_params()["calibrate"] is False


def test_row_weights_reach_classifiers_and_combiner():
    """Rows of weight zero are as good as not there, but for the folds."""
    splits = [
        (np.arange(150), np.arange(150, 300)),
        (np.arange(150, 300), np.arange(150)),
    ]
    wrong = np.where(np.arange(300) % 3 == 0, 1 - Y, Y)
    weights = (np.arange(300) % 3 > 0).astype(float)
    weighted = BlendingClassifier(MODELS, cv=splits).fit(
        X, wrong, sample_weight=weights
    )
    misled = BlendingClassifier(MODELS, cv=splits).fit(X, wrong)
    assert weighted.score(X, Y) > misled.score(X, Y)
    assert weighted.temperature_ < misled.temperature_


def test_fitted_estimators_are_taken_as_they_are():
    fitted = [(name, clone(model).fit(X[:150], Y[:150])) for name, model in MODELS]
    blend = BlendingClassifier(fitted, cv="prefit").fit(X[150:], Y[150:])
    assert blend.estimators_ == [model for _, model in fitted]
    assert blend.weights_.sum() == pytest.approx(1)


def test_dropped_estimator_has_no_weight():
    blend = BlendingClassifier([*MODELS, ("bayes", "drop")], cv=2, random_state=0).fit(
        X, Y
    )
    assert blend.weights_.shape == (2,)


# -- bad input ------------------------------------------------------------------------------


def test_several_tasks_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"one task.*StackingClassifier"):
        BlendingClassifier([("tree", TREE)], cv=2, random_state=0).fit(
            X, np.column_stack([Y, 1 - Y])
        )


def test_without_probabilities_there_is_nothing_to_average():
    with pytest.raises(ValueError, match="predict_proba"):
        BlendingClassifier([("svm", LinearSVC())], cv=2, random_state=0).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "value"),
    [("equal_pull", -1.0), ("calibrate", "yes"), ("cv", 2.5), ("random_state", "a")],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"'{name}'"):
        BlendingClassifier(MODELS, **{name: value}).fit(X, Y)


class Certain(ClassifierMixin, BaseEstimator):
    """Says with certainty what is wrong half of the time."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Certainty."""
        second = (X[:, 0] > 0).astype(float)
        return np.column_stack([1 - second, second])

    def predict(self, X):
        """Classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_certain_mistakes_do_not_break_the_loss():
    blend = BlendingClassifier(
        [("certain", Certain()), *MODELS], cv=2, random_state=0
    ).fit(X, Y)
    assert np.isfinite(log_loss(Y, blend.predict_proba(X)))
    assert blend.weights_[0] < 0.3


def test_stored_blends_have_their_classifiers_by_name():
    """A Bunch is no type that skops trusts: the state has a dictionary instead."""
    blend = BlendingClassifier(MODELS, cv=2, random_state=0).fit(X, Y)
    assert type(blend.__getstate__()["named_estimators_"]) is dict
    again = pickle.loads(pickle.dumps(blend))
    assert again.named_estimators_.tree is again.estimators_[1]
    np.testing.assert_array_equal(again.predict_proba(X), blend.predict_proba(X))


def test_stored_blends_without_a_seed_fit_again():
    """Files of earlier versions have no `random_state`."""
    blend = BlendingClassifier(MODELS, cv=2, random_state=0).fit(X, Y)
    state = blend.__getstate__()
    del state["random_state"]
    again = BlendingClassifier.__new__(BlendingClassifier)
    again.__setstate__(state)
    assert again.get_params()["random_state"] is None
    np.testing.assert_array_equal(again.predict_proba(X), blend.predict_proba(X))
    assert again.fit(X, Y).weights_.sum() == pytest.approx(1)


def three_classes(n_rows=60):
    """Probabilities of two models, and labels; rows of the third class come last."""
    rng = np.random.default_rng(0)
    models = rng.dirichlet(np.ones(3), (2, n_rows))
    return np.hstack(models), np.repeat([0, 1, 2], n_rows // 3)


def test_rows_without_weight_change_nothing():
    columns, labels = three_classes()
    weights = np.linspace(0.5, 1, 60) * (np.arange(60) % 4 > 0)
    pool = LinearPool().fit(columns, labels, weights)
    kept = weights > 0
    alone = LinearPool().fit(columns[kept], labels[kept], weights[kept])
    np.testing.assert_array_equal(pool.weights_, alone.weights_)
    assert pool.temperature_ == alone.temperature_


def test_a_class_without_weight_has_probability_zero():
    columns, labels = three_classes()
    columns[0] = [0, 0, 1] * 2  # a row of which both models are sure
    pool = LinearPool().fit(columns, labels, (labels < 2).astype(float))
    proba = pool.predict_proba(columns)
    np.testing.assert_array_equal(pool.classes_, [0, 1, 2])
    np.testing.assert_array_equal(proba[:, 2], 0)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(proba[0], [0.5, 0.5, 0])
    assert set(pool.predict(columns)) == {0, 1}
    first, second = columns.reshape(60, 2, 3)[:, :, :2].transpose(1, 0, 2)
    two = [model[:, 1] / model.sum(axis=1) for model in (first[1:], second[1:])]
    alone = fit_pool([np.r_[0.5, model] for model in two], labels * (labels < 2))
    assert alone.classes_.tolist() == [0, 1]
