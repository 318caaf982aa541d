# SPDX-License-Identifier: BSD-3-Clause
"""Ensembles: their predictions, the rows of their members, and their attributes."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from skrln._ensemble import _combine, _engine, _fit
from skrln._ensemble._blend import temper
from skrln._ensemble._kinds import make_kinds, read_facts
from skrln.options import Transfer

from ._tables import (
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
    rln,
    target_of,
    uniform,
)

X, Y = make_table(60)
_, CLASSES = make_classes(60, n_classes=3)
# After these few epochs no input helps in some of the tables: it would be dropped.
KEEP = {"input_selection": False}
THREE = {"n_estimators": 3, **KEEP}
EVERYTHING = {"n_estimators": 3, "theta": "auto", "numeric_embedding": "auto"}
#: Attributes that each network has of its own.
OF_NETWORKS = (
    "coefs_",
    "intercepts_",
    "batch_norms_",
    "plain_coefs_",
    "plain_intercepts_",
    "reg_coefs_",
    "best_iteration_",
    "loss_curve_",
    "validation_loss_curve_",
    "sparsity_curve_",
    "task_loss_curve_",
    "task_weight_curve_",
    "validation_task_loss_curve_",
    "task_log_variance_",
    "reg_path_",
    "reg_path_edges_",
)


@pytest.fixture(scope="module")
def numbers():
    return regressor(**EVERYTHING).fit(X, Y)


@pytest.fixture(scope="module")
def three():
    """Three networks of one kind."""
    return regressor(**THREE).fit(X, Y)


@pytest.fixture(scope="module")
def labels():
    return classifier(**EVERYTHING).fit(X, CLASSES)


# -- predictions ------------------------------------------------------------------


def test_prediction_is_the_weighted_mean(numbers):
    alone = [member.predict(X) for member in numbers.estimators_]
    expected = np.average(alone, axis=0, weights=numbers.estimator_weights_)
    np.testing.assert_allclose(numbers.predict(X), expected, rtol=1e-10)
    assert np.std(alone, axis=0).max() > 0.01


def test_probabilities_are_averaged_and_then_tempered(labels):
    """The mean of the probabilities differs from the mean of the logits."""
    alone = np.array([member.predict_proba(X) for member in labels.estimators_])
    weights = labels.estimator_weights_
    mean = np.average(alone, axis=0, weights=weights)
    expected = temper(target_of(labels), mean, labels.temperature_)
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


# -- rows of the members ------------------------------------------------------------


def test_rows_of_weight_zero_are_ignored():
    weights = np.ones(60)
    weights[:12] = 0
    model = regressor(**EVERYTHING).fit(X, Y, sample_weight=weights)
    assert_same_fit(model, regressor(**EVERYTHING).fit(X[12:], Y[12:]))


def test_validation_data_are_for_all_members():
    held_out = {"X_val": X[40:], "y_val": Y[40:]}
    model = regressor(**THREE).fit(X[:40], Y[:40], **held_out)
    for member in model.estimators_:
        residual = (member.predict(X[40:]) - Y[40:]) / target_of(member).scale
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


# -- what "auto" stands for ------------------------------------------------------------
# The values themselves are tested without fits, in ensemble/test_kinds_auto.py.


def kinds_of(model):
    """Kinds that the parameters of an estimator ask for on the table of its fit."""
    ensemble = model._fitted
    facts = read_facts(X, ensemble.columns, len(X))
    return make_kinds(model._parameters(), facts, ensemble.target)


def test_networks_are_of_the_kinds_of_their_parameters(numbers, labels):
    for model in (numbers, labels):
        kinds = {(one.theta, one.numeric_embedding) for one in kinds_of(model)}
        assert kinds == {(-7.0, None), (-8.0, "piecewise")}
        members = {(m.theta, m.numeric_embedding) for m in model.estimators_}
        assert members <= kinds


def test_dropout_and_epochs_are_those_of_the_kind():
    params = {"dropout": "auto", "max_iter": "auto", "early_stopping": False}
    both = THREE | {"n_estimators": 2, "theta": -7.0, "numeric_embedding": "auto"}
    model = classifier(warm_start=True, **both, **params).fit(X, CLASSES)
    expected = [(None, 0.15, 200)] * 2 + [("piecewise", 0.0, 100)] * 2

    def networks():
        return [(m.numeric_embedding, m.dropout, m.n_iter_) for m in model.estimators_]

    assert networks() == expected
    # Each network is of the same kind where the fit goes on.
    model.fit(X, CLASSES)
    assert networks() == expected


def test_automatic_dropout_of_a_single_network_is_none():
    single = classifier(dropout="auto").fit(X, CLASSES)
    assert_same_fit(single, classifier(dropout=0.0).fit(X, CLASSES))


def test_automatic_epochs_of_the_best_of_some_networks():
    model = regressor(theta="auto", max_iter="auto", n_iter_no_change=1000)
    assert model.fit(X, Y).n_iter_ == 100


def test_patience_of_networks_trained_again_is_that_of_their_columns(monkeypatch):
    """A wide table has a short patience, the few columns that are kept a longer one."""
    rng = np.random.RandomState(0)
    table = rng.normal(size=(60, 151))
    y = table[:, 0] + 0.1 * rng.normal(size=60)
    params = {"n_estimators": 2, "n_iter_no_change": "auto"}
    kept = regressor(**params, **KEEP).fit(table, y)
    assert {one.n_iter_no_change for one in kept.estimators_} == {20}
    kept.set_params(warm_start=True).fit(table, y)
    assert {one.n_iter_no_change for one in kept.estimators_} == {20}
    monkeypatch.setattr(_fit, "screens", lambda *args: True)
    monkeypatch.setattr(_fit, "is_better", lambda *losses: True)
    again = regressor(**params, input_selection=True).fit(table, y)
    assert again.n_active_features_ < 76
    assert {one.n_iter_no_change for one in again.estimators_} == {30}


def test_parameters_of_networks_are_those_of_their_kind(numbers, three):
    for member in numbers.estimators_:
        assert member.dropout == 0.0
        assert member.n_iter_no_change == 30
        assert isinstance(member.theta, float)
    for member in three.estimators_:
        assert member.penalty is not three.penalty
        params, expected = (one.get_params() for one in (member, three))
        del params["penalty"], expected["penalty"]  # copies, of equal options
        different = {name for name in params if params[name] != expected[name]}
        assert different == {"n_estimators", "n_iter_no_change", "random_state"}


@pytest.mark.parametrize(
    ("penalty", "thetas"),
    [(rln(), {-8, -7, -6}), (uniform(), {-9, -8, -7}), (None, {-7})],
    ids=str,
)
def test_one_network_is_the_best_of_them(penalty, thetas):
    model = regressor(theta="auto", early_stopping=True, penalty=penalty, **KEEP)
    model.fit(X, Y)
    assert model.theta_ in thetas
    assert len(model.estimators_) == 1
    assert model.coefs_[0].shape == (4, 5)
    assert model.predict(X).shape == Y.shape


def test_best_of_the_thetas_has_the_lowest_validation_loss(monkeypatch):
    losses, original = [], _combine.mean_loss

    def record(*arguments):
        losses.append(original(*arguments))
        return losses[-1]

    monkeypatch.setattr(_combine, "mean_loss", record)
    given = {"X_val": X[40:], "y_val": Y[40:]}
    chosen = regressor(theta="auto", max_iter=30).fit(X[:40], Y[:40], **given)
    thetas = [kind.theta for kind in kinds_of(chosen)]
    assert len(losses) == len(thetas) == 3
    assert chosen.theta_ == thetas[np.argmin(losses)]
    residual = (chosen.predict(X[40:]) - Y[40:]) / target_of(chosen).scale
    assert np.square(residual).mean() / 2 == pytest.approx(min(losses))


def test_automatic_number_of_networks_is_what_is_trained():
    model = regressor(n_estimators="auto", **KEEP)
    assert len(model.fit(X, Y).estimators_) == 8


def test_theta_cannot_be_chosen_without_rows_that_are_held_out():
    model = regressor(theta="auto", early_stopping=False)
    with pytest.raises(ValueError, match=r"Got theta='auto' with early_stopping=False"):
        model.fit(X, Y)
    assert not hasattr(model, "n_features_in_")


# -- attributes ------------------------------------------------------------------------


def test_inputs_of_an_ensemble_are_those_of_its_members(numbers):
    members = numbers.estimators_
    used = set().union(*(member.active_features_ for member in members))
    assert set(numbers.active_features_) == used
    assert (numbers.feature_importances_ > 0).any()
    assert numbers.feature_importances_.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_attribute_of_a_network_names_the_networks(numbers, labels, name):
    for model in (numbers, labels):
        n, kind = len(model.estimators_), type(model).__name__
        message = (
            rf"^{kind} has {n} networks, each with its own {name}\. "
            rf"Read estimators_\[k\]\.{name}, or fit with n_estimators=1\.$"
        )
        with pytest.raises(AttributeError, match=message):
            getattr(model, name)
        assert not hasattr(model, name)


def test_attributes_are_read_only(numbers):
    for name in (*OF_NETWORKS, "n_iter_", "theta_", "feature_importances_"):
        with pytest.raises(AttributeError):
            setattr(numbers, name, None)
    assert set(vars(numbers)) == {*numbers.get_params(deep=False), "_fitted"}


def test_single_network_is_an_ensemble_of_one():
    model = regressor().fit(X, Y)
    assert model.estimators_ == [model]
    np.testing.assert_array_equal(model.estimator_weights_, [1.0])
    assert model.temperature_ == 1.0
    assert model.n_outputs_ == 1


def test_attribute_before_fit_is_none_at_all():
    for name in (*OF_NETWORKS, "estimator_weights_", "n_iter_", "estimators_"):
        assert not hasattr(regressor(), name)


# -- life ------------------------------------------------------------------------------


def test_threads_change_nothing(monkeypatch, numbers):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n_jobs: 1)
    alone = regressor(**EVERYTHING).fit(X, Y)
    assert_same_fit(alone, numbers)
    np.testing.assert_array_equal(alone.predict(X), numbers.predict(X))


def test_copies_predict_the_same(labels):
    again = pickle.loads(pickle.dumps(labels))
    np.testing.assert_array_equal(again.predict_proba(X), labels.predict_proba(X))
    assert not hasattr(clone(labels), "estimator_weights_")


def test_a_fit_forgets_the_last_one(three):
    """A single network leaves nothing of an ensemble behind, nor the other way round."""
    model = pickle.loads(pickle.dumps(three))
    model.set_params(n_estimators=1).fit(X, Y)
    single = regressor().fit(X, Y)
    assert_same_fit(model, single)
    np.testing.assert_array_equal(model.estimator_weights_, [1.0])
    assert vars(model).keys() == vars(single).keys()
    model.set_params(**THREE).fit(X, Y)
    assert_same_fit(model, three)
    assert not hasattr(model, "coefs_")


def test_warm_start_goes_on_with_every_member(three):
    model = pickle.loads(pickle.dumps(three)).set_params(warm_start=True)
    model.set_params(learning_rate_init=1e-12, max_iter=1, tol=0).fit(X, Y)
    assert len(model.estimators_) == 3
    np.testing.assert_allclose(model.predict(X), three.predict(X), rtol=1e-4)


def test_calls_of_partial_fit_train_every_member(numbers):
    model = regressor(theta="auto", numeric_embedding="auto", **THREE)
    scores = [model.partial_fit(X, Y).score(X, Y) for _ in range(60)]
    assert len(model.estimators_) == 3
    assert scores[-1] > max(0.5, scores[0])
    fitted = pickle.loads(pickle.dumps(numbers)).partial_fit(X, Y)
    assert len(fitted.estimators_) == len(numbers.estimators_)
    for after, before in zip(fitted.estimators_, numbers.estimators_, strict=True):
        assert not is_same_fit(after, before)


def test_members_start_from_those_of_a_pretrained_ensemble(three):
    start = Transfer(three, n_frozen_layers=1)
    model = regressor(pretrained=start, **THREE).fit(X, -Y)
    for old, new in zip(three.estimators_, model.estimators_, strict=True):
        np.testing.assert_array_equal(new.coefs_[0], old.coefs_[0])
    assert model.score(X, -Y) > three.score(X, -Y)


def test_progress_is_that_of_all_networks(capsys):
    regressor(verbose=True, **THREE).fit(X, Y)
    assert "epoch 30/30" in capsys.readouterr().err


def test_interrupt_ends_all_of_them(monkeypatch):
    """An interrupt of one thread ends the other networks between two calls of the program."""

    def interrupt(job):
        raise KeyboardInterrupt

    model, submitted = regressor(**THREE), []

    class Pool(_engine.ThreadPoolExecutor):
        def submit(self, train, job):
            submitted.append(job)
            return super().submit(interrupt if len(submitted) == 3 else train, job)

    monkeypatch.setattr(_engine, "ThreadPoolExecutor", Pool)
    with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
        model.fit(X, Y)
    assert len(model.estimators_) < 3
    assert np.isfinite(model.predict(X)).all()


def test_ensemble_is_better_than_one_network():
    """Mean over folds of a table with noise; the single network stops early, too."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, 4))
    y = table[:, 0] * table[:, 1] + table[:, 2] + rng.normal(size=200)
    settings = {"hidden_layer_sizes": (16,), "max_iter": 60, "theta": -8}
    one = cross_val_score(regressor(early_stopping=True, **settings), table, y, cv=4)
    five = cross_val_score(regressor(n_estimators=5, **settings), table, y, cv=4)
    assert five.mean() > one.mean()


def test_every_network_learns_its_own_coefficients():
    """Weights that survive have a smaller coefficient than weights that are zero."""
    fit = {"n_estimators": 2, "theta": -5.5, "max_iter": 60, **KEEP}
    learned = regressor(**fit).fit(X, Y)
    for network in learned.estimators_:
        lam, alive = network.reg_coefs_[0], network.coefs_[0] != 0
        assert lam.mean() == pytest.approx(-5.5, abs=1e-4)
        assert 0 < alive.mean() < 1
        assert lam[alive].mean() < lam[~alive].mean() - 0.1
    first, second = (network.reg_coefs_[0] for network in learned.estimators_)
    assert not np.array_equal(first, second)
    constant = regressor(**fit, penalty=uniform()).fit(X, Y)
    for network in constant.estimators_:
        assert (network.reg_coefs_[0] == -5.5).all()


@pytest.mark.parametrize(
    ("has_jumps", "embedding"), [(True, "piecewise"), (False, None)]
)
def test_default_trains_on_with_the_kind_that_helps(has_jumps, embedding):
    """Pieces of numbers model jumps; plain numbers model a wave across four columns."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(600, 4))
    jumps = np.sign(np.sin(12 * X[:, 0])) + np.sign(np.sin(9 * X[:, 1]))
    model = regressor(
        hidden_layer_sizes=(32,),
        n_estimators="auto",
        numeric_embedding="auto",
        max_iter=40,
        theta=-9.0,
        learning_rate_init=0.01,
        dtype="float32",
        **KEEP,
    ).fit(X, jumps if has_jumps else np.sin(2 * X.sum(axis=1)))
    assert {one.numeric_embedding for one in model.estimators_} == {embedding}
    assert len(model.estimators_) == 4
