# SPDX-License-Identifier: BSD-3-Clause
"""Several networks from one fit: their mean, their rows, and what they count."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_score

from skrln import RLNRegressor
from skrln._core import _assembly, _jobs, _members
from skrln._core._blend import temper
from skrln._core._members import auto_thetas, count_members
from skrln._core._splits import member_splits

from ._tables import (
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
)

X, Y = make_table(60)
_, CLASSES = make_classes(60, n_classes=3)
# After these few epochs no input helps in some of the tables: it would be dropped.
KEEP = {"input_selection": False}
THREE = {"n_estimators": 3, **KEEP}
EVERYTHING = {"n_estimators": 3, "theta": "auto", "numeric_embedding": "auto"}


@pytest.fixture(scope="module")
def numbers():
    return regressor(**EVERYTHING).fit(X, Y)


@pytest.fixture(scope="module")
def labels():
    return classifier(**EVERYTHING).fit(X, CLASSES)


# -- what it predicts ------------------------------------------------------------------


def test_prediction_is_the_weighted_mean(numbers):
    alone = [member.predict(X) for member in numbers.estimators_]
    expected = np.average(alone, axis=0, weights=numbers.estimator_weights_)
    np.testing.assert_allclose(numbers.predict(X), expected, rtol=1e-10)
    assert np.std(alone, axis=0).max() > 0.01


def test_probabilities_are_averaged_and_then_tempered(labels):
    """Of probabilities, not of logits: the means differ."""
    alone = np.array([member.predict_proba(X) for member in labels.estimators_])
    weights = labels.estimator_weights_
    mean = np.average(alone, axis=0, weights=weights)
    expected = temper(labels._target, mean, labels.temperature_)
    np.testing.assert_allclose(labels.predict_proba(X), expected, rtol=1e-10)
    logits = np.average(np.log(alone), axis=0, weights=weights)
    assert not np.allclose(softmax(logits, axis=1), mean)
    assert labels.temperature_ != 1


def test_weights_sum_to_one(numbers, labels):
    for model in (numbers, labels):
        weights = model.estimator_weights_
        assert len(weights) == len(model.estimators_)
        assert weights.sum() == pytest.approx(1)
        assert (weights > 0).all()


def test_poisson_means_are_averaged():
    counts = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = regressor(loss="poisson", **THREE).fit(X, counts)
    alone = [member.predict(X) for member in model.estimators_]
    np.testing.assert_allclose(model.predict(X), np.mean(alone, axis=0), rtol=1e-10)


@pytest.mark.parametrize(
    "y", [np.column_stack([Y, X[:, 2]]), np.column_stack([Y > 3, X[:, 0] > 0])]
)
def test_several_outputs(y):
    make = regressor if y.dtype == float else classifier
    model = make(**THREE).fit(X, y)
    assert model.predict(X).shape == y.shape


def test_sparse_table():
    table = sparse.csr_matrix(np.where(np.abs(X) < 0.5, 0, X))
    model = regressor(**EVERYTHING, **KEEP).fit(table, Y)
    assert {one.numeric_embedding for one in model.estimators_} == {None}
    np.testing.assert_allclose(model.predict(table), model.predict(table.toarray()))


# -- who is trained on what ------------------------------------------------------------


def splits(n_members, rows=60, **options):
    arguments = {
        "fraction": 0.2,
        "validation_cv": None,
        "groups": None,
        "stratify": None,
        "random_state": 0,
    }
    return member_splits(X, Y, np.arange(rows), n_members, **(arguments | options))


@pytest.mark.parametrize(("n_members", "n_folds"), [(2, 5), (5, 5), (8, 8)])
def test_members_hold_out_one_fold_after_the_other(n_members, n_folds):
    found = splits(n_members)
    assert len(found) == n_members
    for train, held_out in found:
        assert len(held_out) == pytest.approx(60 / n_folds, abs=1)
        np.testing.assert_array_equal(
            np.sort(np.concatenate([train, held_out])), np.arange(60)
        )
    together = np.concatenate([held_out for _, held_out in found])
    assert len(np.unique(together)) == len(together)
    assert (len(together) == 60) == (n_members == n_folds)


def test_classes_are_held_out_in_equal_shares():
    rare = (np.arange(60) % 6 == 0).astype(int)
    for _, held_out in splits(3, stratify=rare):
        assert rare[held_out].sum() == 2
    # A class with fewer rows than folds cannot be, and is no error.
    assert len(splits(12, stratify=rare)) == 12


def test_too_few_rows_are_all_trained_on():
    for train, held_out in splits(3, rows=11):
        assert held_out is None
        assert len(train) == 11


def test_own_splitter_gives_each_member_its_split():
    groups = np.repeat(np.arange(6), 10)
    found = splits(4, validation_cv=GroupKFold(3), groups=groups)
    for train, held_out in found:
        assert not set(groups[train]) & set(groups[held_out])
    np.testing.assert_array_equal(found[0][1], found[3][1])


def test_rows_of_weight_zero_are_as_good_as_not_there():
    weights = np.ones(60)
    weights[:12] = 0
    model = regressor(**EVERYTHING).fit(X, Y, sample_weight=weights)
    assert_same_fit(model, regressor(**EVERYTHING).fit(X[12:], Y[12:]))


def test_validation_data_are_for_all_members():
    told = {"X_val": X[40:], "y_val": Y[40:]}
    model = regressor(**THREE).fit(X[:40], Y[:40], **told)
    for member in model.estimators_:
        residual = (member.predict(X[40:]) - Y[40:]) / member._target.scale
        best = member.validation_loss_curve_[member.best_iteration_]
        assert np.mean(residual**2) / 2 == pytest.approx(best)


def test_without_early_stopping_all_rows_are_trained_on():
    model = regressor(early_stopping=False, **THREE).fit(X, Y)
    assert all(one.validation_loss_curve_ is None for one in model.estimators_)
    np.testing.assert_allclose(model.estimator_weights_, 1 / 3)
    first = model.estimators_[0]
    alone = clone(first).set_params(early_stopping=False).fit(X, Y)
    assert not is_same_fit(model.estimators_[1], first)
    assert alone.n_iter_ == first.n_iter_


def test_bootstrap_draws_with_replacement(monkeypatch):
    seen = []
    original = _jobs.encode

    def watch(estimator, encoder, target, table, name, inputs=None):
        if name == "y":
            seen.append(table.y)
        return original(estimator, encoder, target, table, name, inputs)

    monkeypatch.setattr(_jobs, "encode", watch)
    regressor(bootstrap=True, early_stopping=False, **THREE).fit(X, Y)
    for drawn in seen:
        assert len(drawn) == 60
        assert 25 < len(np.unique(drawn)) < 50


# -- theta="auto" ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_rows", "expected"),
    [(50, -7.0), (3000, -7.0), (12_000, -7.693), (50_000, -8.407)],
)
def test_theta_of_an_ensemble_falls_with_the_rows(n_rows, expected):
    """By half their logarithm, above 3,000."""
    [theta] = auto_thetas(regressor(theta="auto", **THREE), n_rows)
    assert theta == pytest.approx(expected, abs=1e-3)
    [weaker] = auto_thetas(
        regressor(theta="auto", regularization="uniform", **THREE), 9
    )
    assert weaker == -8


def test_networks_with_pieces_have_a_weaker_theta():
    model = regressor(theta="auto", numeric_embedding="auto", **THREE).fit(X, Y)
    found = {(one.numeric_embedding, one.theta) for one in model.estimators_}
    assert found == {(None, -7.0), ("piecewise", -8.0)}
    fixed = regressor(theta=-6.0, numeric_embedding="auto", **THREE).fit(X, Y)
    assert {one.theta for one in fixed.estimators_} == {-6.0}


# -- max_iter="auto" ---------------------------------------------------------------------


def epochs_of_kinds(**params):
    """Embedding, and epochs that ran without early stopping, of each kind of networks."""
    params = {"theta": -7.0, "max_iter": "auto", "early_stopping": False} | params
    model = regressor(**params).fit(X, Y)
    return {(one.numeric_embedding, one.n_iter_) for one in model.estimators_}


def test_networks_on_numbers_train_longer_beside_those_with_pieces():
    both = {"numeric_embedding": "auto", "n_estimators": 2}
    assert epochs_of_kinds(**both) == {(None, 200), ("piecewise", 100)}
    assert epochs_of_kinds(**both, max_iter=7) == {(None, 7), ("piecewise", 7)}
    assert epochs_of_kinds(n_estimators=2) == {(None, 100)}
    assert epochs_of_kinds() == {(None, 100)}


def test_automatic_epochs_of_a_fit_that_goes_on():
    """The same numbers again: each network is of the kind that it was."""
    both = {"numeric_embedding": "auto", "n_estimators": 2, "theta": -7.0}
    params = {"max_iter": "auto", "early_stopping": False, "warm_start": True}
    model = regressor(**both, **params).fit(X, Y)
    model.fit(X, Y)
    assert [one.n_iter_ for one in model.estimators_] == [200, 200, 100, 100]


def test_automatic_epochs_of_the_best_of_some_networks():
    model = regressor(theta="auto", max_iter="auto", n_iter_no_change=1000)
    assert model.fit(X, Y).n_iter_ == 100


# -- n_iter_no_change="auto" -------------------------------------------------------------


def patience_of_members(n_columns, **params):
    X = np.random.RandomState(0).normal(size=(40, n_columns))
    # No epoch improves by ten: networks stop as soon as they may.
    settings = {"n_estimators": 2, "max_iter": 60, "tol": 10.0, **KEEP, **params}
    model = regressor(**settings).fit(X, X[:, 0])
    return {one.n_iter_ - 1 for one in model.estimators_}


def test_automatic_patience_is_short_on_wide_tables():
    assert patience_of_members(150) == {40}
    assert patience_of_members(151) == {20}
    assert patience_of_members(151, n_iter_no_change=3) == {3}
    assert patience_of_members(151, plain_features=[0]) == {40}


def test_automatic_patience_of_networks_that_are_read():
    assert patience_of_members(151, early_stopping="sparsest") == {40}
    assert patience_of_members(151, n_estimators=1, early_stopping=True) == {40}


def test_automatic_patience_of_a_fit_that_goes_on():
    X = np.random.RandomState(0).normal(size=(40, 151))
    params = {"n_estimators": 2, "max_iter": 60, "tol": 10.0, "warm_start": True}
    model = regressor(**params, **KEEP).fit(X, X[:, 0])
    model.fit(X, X[:, 0])
    assert {one.n_iter_no_change for one in model.estimators_} == {20}


def test_automatic_patience_of_networks_trained_again_on_few_columns():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(400, 200))
    y = X[:, 0] + 0.1 * rng.normal(size=400)
    model = RLNRegressor(hidden_layer_sizes=(32,), n_estimators=2, random_state=0)
    model.fit(X, y)
    assert {one.n_iter_no_change for one in model.estimators_} == {40}


@pytest.mark.parametrize(
    ("regularization", "thetas"),
    [("rln", {-8, -7, -6}), ("uniform", {-9, -8, -7}), (None, {-7})],
)
def test_one_network_is_the_best_of_them(regularization, thetas):
    params = {"early_stopping": True, "regularization": regularization, **KEEP}
    model = regressor(theta="auto", **params).fit(X, Y)
    assert set(auto_thetas(model, 60)) == thetas
    assert model.theta_ in thetas
    assert len(model.estimators_) == 1
    assert model.coefs_[0].shape == (4, 5)
    assert model.predict(X).shape == Y.shape


def test_best_of_the_thetas_has_the_lowest_validation_loss(monkeypatch):
    losses, original = [], _assembly.mean_loss

    def record(*arguments):
        losses.append(original(*arguments))
        return losses[-1]

    monkeypatch.setattr(_assembly, "mean_loss", record)
    told = {"X_val": X[40:], "y_val": Y[40:]}
    chosen = regressor(theta="auto", max_iter=30).fit(X[:40], Y[:40], **told)
    thetas = auto_thetas(chosen, 40)
    assert len(losses) == len(thetas)
    assert chosen.theta_ == thetas[np.argmin(losses)]
    residual = (chosen.predict(X[40:]) - Y[40:]) / chosen._target.scale
    assert np.square(residual).mean() / 2 == pytest.approx(min(losses))


@pytest.mark.parametrize(("n_rows", "expected"), [(60, 8), (1000, 8), (1001, 4)])
def test_automatic_number_of_networks(n_rows, expected):
    assert count_members(regressor(n_estimators="auto"), n_rows) == expected


def test_automatic_number_of_networks_is_what_is_trained():
    model = regressor(n_estimators="auto", **KEEP)
    assert len(model.fit(X, Y).estimators_) == 8


def test_automatic_dropout_is_for_classes_without_embedding():
    settings = {"dropout": "auto", "numeric_embedding": "auto", **THREE}
    for make, y, expected in ((regressor, Y, 0.0), (classifier, CLASSES, 0.15)):
        members = make(**settings).fit(X, y).estimators_
        found = {one.numeric_embedding: one.dropout for one in members}
        assert found == {None: expected, "piecewise": 0.0}
    single = classifier(dropout="auto").fit(X, CLASSES)
    assert_same_fit(single, classifier(dropout=0.0).fit(X, CLASSES))


def test_theta_cannot_be_chosen_without_rows_that_are_held_out():
    model = regressor(theta="auto", early_stopping=False)
    with pytest.raises(ValueError, match=r"Got theta='auto' with early_stopping=False"):
        model.fit(X, Y)
    assert not hasattr(model, "n_features_in_")


# -- reading it ------------------------------------------------------------------------


def test_inputs_of_an_ensemble_are_those_of_its_members(numbers):
    members = numbers.estimators_
    used = set().union(*(member.active_features_ for member in members))
    assert set(numbers.active_features_) == used
    importance = np.average(
        [member.feature_importances_ for member in members],
        axis=0,
        weights=numbers.estimator_weights_,
    )
    np.testing.assert_allclose(numbers.feature_importances_, importance)
    assert numbers.feature_importances_.sum() == pytest.approx(1)
    assert not hasattr(numbers, "coefs_")


# -- life ------------------------------------------------------------------------------


def test_threads_change_nothing(monkeypatch, numbers):
    monkeypatch.setattr(_members, "effective_n_jobs", lambda n_jobs: 1)
    alone = regressor(**EVERYTHING).fit(X, Y)
    assert_same_fit(alone, numbers)
    np.testing.assert_array_equal(alone.predict(X), numbers.predict(X))


def test_copies_predict_the_same(labels):
    again = pickle.loads(pickle.dumps(labels))
    np.testing.assert_array_equal(again.predict_proba(X), labels.predict_proba(X))
    assert not hasattr(clone(labels), "estimator_weights_")


def test_a_fit_forgets_the_last_one():
    """A single network leaves nothing of an ensemble behind, nor the other way round."""
    model = regressor(**THREE).fit(X, Y)
    model.set_params(n_estimators=1).fit(X, Y)
    assert_same_fit(model, regressor().fit(X, Y))
    assert not hasattr(model, "estimator_weights_")
    model.set_params(**THREE).fit(X, Y)
    assert not hasattr(model, "coefs_")


def test_warm_start_goes_on_with_every_member():
    model = regressor(warm_start=True, **THREE).fit(X, Y)
    before = model.predict(X)
    model.set_params(learning_rate_init=1e-12, max_iter=1, tol=0).fit(X, Y)
    assert len(model.estimators_) == 3
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-4)


def test_calls_of_partial_fit_train_every_member():
    model = regressor(theta="auto", numeric_embedding="auto", **THREE)
    scores = [model.partial_fit(X, Y).score(X, Y) for _ in range(60)]
    assert len(model.estimators_) == 3
    assert scores[-1] > max(0.5, scores[0])
    fitted = regressor(**EVERYTHING).fit(X, Y)
    before = fitted.predict(X)
    assert not np.array_equal(fitted.partial_fit(X, Y).predict(X), before)


def test_members_start_from_those_of_a_pretrained_ensemble():
    source = regressor(**THREE).fit(X, Y)
    model = regressor(pretrained=source, n_frozen_layers=1, **THREE).fit(X, -Y)
    for old, new in zip(source.estimators_, model.estimators_, strict=True):
        np.testing.assert_array_equal(new.coefs_[0], old.coefs_[0])
    assert model.score(X, -Y) > source.score(X, -Y)


def test_progress_is_that_of_all_networks(capsys):
    regressor(verbose=True, **THREE).fit(X, Y)
    assert "epoch 30/30" in capsys.readouterr().err


def test_interrupt_ends_all_of_them(monkeypatch):
    """One thread is told; the others look between the calls of the program."""

    def interrupt(self, on_epoch, *rest):
        raise KeyboardInterrupt

    model = regressor(**THREE)
    future = _members.ThreadPoolExecutor
    asked = []

    class Pool(future):
        def submit(self, train, job, on_epoch, cancelled):
            asked.append(cancelled)
            if len(asked) == 3:
                return super().submit(interrupt, job, on_epoch, cancelled)
            return super().submit(train, job, on_epoch, cancelled)

    monkeypatch.setattr(_members, "ThreadPoolExecutor", Pool)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert all(cancelled() for cancelled in asked)
    assert not hasattr(model, "n_features_in_")


def test_ensemble_is_better_than_one_network():
    """Mean over folds of a table with noise; one network is no straw man: it stops early."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, 4))
    y = table[:, 0] * table[:, 1] + table[:, 2] + rng.normal(size=200)
    settings = {"hidden_layer_sizes": (16,), "max_iter": 60, "theta": -8}
    one = cross_val_score(regressor(early_stopping=True, **settings), table, y, cv=4)
    five = cross_val_score(regressor(n_estimators=5, **settings), table, y, cv=4)
    assert five.mean() > one.mean()


def test_every_network_learns_its_own_coefficients():
    """Not one penalty for all weights: what survives is what was let go."""
    fit = {"n_estimators": 2, "theta": -5.5, "max_iter": 60, **KEEP}
    learned = regressor(**fit).fit(X, Y)
    for network in learned.estimators_:
        lam, alive = network.reg_coefs_[0], network.coefs_[0] != 0
        assert lam.mean() == pytest.approx(-5.5, abs=1e-4)
        assert 0 < alive.mean() < 1
        assert lam[alive].mean() < lam[~alive].mean() - 0.1
    first, second = (network.reg_coefs_[0] for network in learned.estimators_)
    assert not np.array_equal(first, second)
    uniform = regressor(**fit, regularization="uniform").fit(X, Y)
    for network in uniform.estimators_:
        assert (network.reg_coefs_[0] == -5.5).all()
