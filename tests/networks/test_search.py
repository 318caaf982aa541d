# SPDX-License-Identifier: BSD-3-Clause
"""Networks that choose theta and the penalty's step by cross-validation."""

import copy
import logging
import pickle
import threading

import jax
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io as io
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, get_scorer, make_scorer, mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import (
    RLNClassifier,
    RLNClassifierCV,
    RLNRegressor,
    RLNRegressorCV,
    clear_caches,
)
from skrln._ensemble import _grid_results, _search
from skrln._table._problem import Arguments
from skrln.options import Transfer
from skrln.presets import READABLE

from ._tables import (
    BEFORE_CALLBACKS,
    assert_same_fit,
    is_same_fit,
    make_classes,
    make_table,
    rln,
    uniform,
)
from ._tables import classifier as plain_classifier
from ._tables import regressor as plain_regressor

X, Y = make_table()
_, CLASSES = make_classes()
THETAS, STEPS = (-8.0, -6.5), (0.03, 0.1)
CHOSEN = {"theta", "warm_start"}
ADDED = {"thetas", "reg_steps", "cv", "scoring", "one_standard_error"}


def small(estimator, **params):
    defaults = {
        "hidden_layer_sizes": (5,),
        "thetas": THETAS,
        "cv": 2,
        "penalty": rln(),
        "max_iter": 10,
        "learning_rate_init": 0.01,
        "random_state": 0,
    }
    return estimator(**(defaults | params))


def regressor(**params):
    return small(RLNRegressorCV, **params)


def classifier(**params):
    return small(RLNClassifierCV, **params)


# -- the contract of scikit-learn ------------------------------------------------------

CHECKED = [
    cls(hidden_layer_sizes=(16,), thetas=(-8, -6), cv=2, max_iter=40, random_state=0)
    for cls in (RLNRegressorCV, RLNClassifierCV)
]


# check_sample_weight_equivalence gives both fits folds of the same rows: it passes. Some
# checks have a class with a single row, of which StratifiedKFold warns.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.filterwarnings("ignore:The least populated class in y has only 1 members")
@parametrize_with_checks(CHECKED)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("search", "network"),
    [(RLNRegressorCV, RLNRegressor), (RLNClassifierCV, RLNClassifier)],
)
def test_parameters_are_those_of_the_network(search, network):
    """At the values of the network to read: an ensemble has no theta to search for.

    Its small batches are not for tables of any size, nor for weights that are repetitions.
    """
    settings = READABLE | {"batch_size": "auto"}
    ours, theirs = search().get_params(), network(**settings).get_params()
    assert set(ours) == set(theirs) - CHOSEN | ADDED
    assert all(ours[name] == theirs[name] for name in set(ours) - ADDED)
    assert set(search._parameter_constraints) == set(ours)


# -- the search ------------------------------------------------------------------------


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    ("search", "network", "y", "scoring"),
    [
        (regressor, plain_regressor, Y, "r2"),
        (classifier, plain_classifier, CLASSES, "neg_log_loss"),
    ],
)
def test_is_a_grid_search(search, network, y, scoring, early_stopping):
    others = {"early_stopping": early_stopping, "validation_fraction": 0.2}
    ours = search(reg_steps=STEPS, scoring=scoring, cv=3, **others).fit(X, y)
    grid = {"theta": list(THETAS), "penalty__step": list(STEPS)}
    theirs = GridSearchCV(network(**others), grid, cv=3, scoring=scoring).fit(X, y)
    found, expected = ours.cv_results_, by_our_names(theirs.cv_results_)
    assert set(found) == set(expected) | {"mean_n_active_features"}
    for name in expected:
        if "time" in name:
            assert found[name].shape == expected[name].shape
            assert np.isfinite(found[name]).all()
        elif name == "params":
            assert found[name] == expected[name]
        elif name.startswith("param_"):
            assert isinstance(found[name], np.ma.MaskedArray)
            np.testing.assert_array_equal(found[name], expected[name])
        else:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-9)
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_score_ == pytest.approx(theirs.best_score_)
    assert ours.n_splits_ == theirs.n_splits_
    chosen = {"theta": ours.theta_, "penalty__step": ours.reg_step_}
    assert theirs.best_params_ == chosen
    assert_same_fit(ours, theirs.best_estimator_)
    assert pd.DataFrame(found).shape[0] == 4


@pytest.mark.parametrize(
    ("search", "network", "y", "default", "same"),
    [
        (RLNRegressorCV, RLNRegressor, Y, "r2", None),
        (RLNClassifierCV, RLNClassifier, CLASSES, "accuracy", "neg_log_loss"),
    ],
)
def test_readable_search_has_the_scores_of_a_grid_search(
    search, network, y, default, same
):
    """With the same scorer; by default the scores are losses, as the docstring says."""
    params = READABLE | {"hidden_layer_sizes": (5,), "max_iter": 10, "random_state": 0}
    shared = {"cv": 3, "thetas": list(THETAS)}

    def ours(scoring):
        model = search(**params.without("theta"), **shared, scoring=scoring)
        return model.fit(X, y).cv_results_["mean_test_score"]

    def theirs(scoring):
        model = GridSearchCV(
            network(**params), {"theta": list(THETAS)}, cv=3, scoring=scoring
        )
        return model.fit(X, y).cv_results_["mean_test_score"]

    np.testing.assert_allclose(ours(default), theirs(None), rtol=1e-9)
    assert np.all(ours(None) < 0)
    assert not np.allclose(ours(None), theirs(None))
    if same is not None:
        np.testing.assert_allclose(ours(None), theirs(same), rtol=1e-6)


def by_our_names(results):
    """Results of a GridSearchCV over `penalty__step` with the names of a search."""
    renamed = {
        name.replace("penalty__step", "reg_step"): column
        for name, column in results.items()
    }
    renamed["params"] = [
        {"reg_step": params["penalty__step"], "theta": params["theta"]}
        for params in results["params"]
    ]
    return renamed


def test_default_score_is_the_loss_on_the_rows_held_out():
    search = regressor(thetas=[-8]).fit(X, Y)
    for k, (train, test) in enumerate(KFold(2).split(X)):
        network = plain_regressor(theta=-8).fit(X[train], Y[train])
        residual = (network.predict(X[test]) - Y[test]) / Y[train].std()
        expected = -0.5 * np.mean(residual**2)
        found = search.cv_results_[f"split{k}_test_score"][0]
        assert found == pytest.approx(expected)
    search = classifier(thetas=[-8], scoring="neg_log_loss").fit(X, CLASSES)
    assert classifier(thetas=[-8]).fit(X, CLASSES).best_score_ == pytest.approx(
        search.best_score_
    )


@pytest.mark.parametrize(
    "loss", ["absolute_error", "huber", "quantile", "poisson", "squared_error"]
)
def test_every_loss_scores(loss):
    search = regressor(loss=loss).fit(X, np.abs(Y))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_best_is_chosen():
    search = regressor(thetas=[-4.5, -9, -6], max_iter=60)
    search.set_params(learning_rate_init=0.03).fit(X, Y)
    found = search.cv_results_
    assert search.theta_ == -9
    assert found["rank_test_score"][search.best_index_] == 1
    assert search.best_score_ == found["mean_test_score"].max()
    assert search.cv_results_["params"][search.best_index_] == {
        "theta": search.theta_,
        "reg_step": search.reg_step_,
    }
    active = found["mean_n_active_features"]
    assert active[0] < active[1]


def grid_of(scores, thetas):
    outcomes = [
        [_grid_results.Attempted(score, 0.0, 0.0, 1, None) for score in row]
        for row in scores
    ]
    candidates = [_grid_results.Candidate(0.03, theta) for theta in thetas]
    return _grid_results.describe_grid(candidates, outcomes)


def test_one_standard_error():
    scores = [[0.9, 1.1, 1.0], [1.0, 1.2, 1.1], [0.99, 1.19, 1.09], [0.0, 0.0, 0.0]]
    found = grid_of(scores, [-9, -8, -7, -6])
    assert _grid_results.choose(found, one_standard_error=False) == 1
    # The error is that of the mean, 0.1 / sqrt(3).
    assert _grid_results.choose(found, one_standard_error=True) == 2
    # Of equal thetas the better one.
    found = grid_of(scores, [-9, -8, -8, -6])
    assert _grid_results.choose(found, one_standard_error=True) == 1
    # A single split has no error.
    found = grid_of([row[:1] for row in scores], [-9, -8, -7, -6])
    assert _grid_results.choose(found, one_standard_error=True) == 1


def test_one_standard_error_makes_a_sparser_network():
    params = {"thetas": [-9, -8, -7, -6], "max_iter": 40, "cv": 4}
    best = regressor(**params).fit(X, Y)
    sparse_one = regressor(one_standard_error=True, **params).fit(X, Y)
    assert sparse_one.theta_ >= best.theta_


def test_scores_that_are_no_number_come_last():
    found = grid_of([[np.nan, 1.0], [0.5, 0.5]], [-9, -8])
    assert found["rank_test_score"].tolist() == [2, 1]
    assert _grid_results.choose(found, one_standard_error=True) == 1
    nothing = grid_of([[np.nan, np.nan]], [-9])
    assert _grid_results.choose(nothing, one_standard_error=True) == 0


@pytest.mark.parametrize(
    ("penalty", "n_thetas"), [(rln(), 8), (uniform(), 8), (None, 1)]
)
def test_auto_grid(penalty, n_thetas):
    search = regressor(thetas="auto", penalty=penalty, max_iter=2)
    tried = search.fit(X, Y).cv_results_["param_theta"]
    assert len(tried) == n_thetas
    assert search.theta_ in tried


def test_result_is_the_network_itself():
    search = regressor().fit(X, Y)
    network = plain_regressor(theta=search.theta_, penalty=rln(search.reg_step_))
    network.fit(X, Y)
    assert_same_fit(search, network)
    np.testing.assert_array_equal(search.predict(X), network.predict(X))
    for name in ("loss_curve_", "feature_importances_", "active_features_"):
        np.testing.assert_array_equal(getattr(search, name), getattr(network, name))
    assert search.score(X, Y) == network.score(X, Y)
    assert search.estimators_ == [search]
    assert search.n_iter_ == 10


def test_ensemble_is_of_the_refit_alone():
    settings = {"n_estimators": 3, "max_iter": 60}
    search = regressor(**settings).fit(X, Y)
    network = plain_regressor(theta=search.theta_, **settings).fit(X, Y)
    assert len(search.estimators_) == 3
    assert_same_fit(search, network)
    assert search.best_score_ == regressor(max_iter=60).fit(X, Y).best_score_
    assert search.theta_ in THETAS


def test_auto_embedding_is_of_the_refit_alone():
    search = regressor(numeric_embedding="auto").fit(X, Y)
    assert search.best_score_ == regressor().fit(X, Y).best_score_
    network = plain_regressor(numeric_embedding="auto", theta=search.theta_).fit(X, Y)
    assert_same_fit(search, network)


def test_path_is_of_the_refit_alone():
    search = regressor(penalty=rln(n_path_edges=6)).fit(X, Y)
    assert search.reg_path_.shape == (10, 6, 2)
    assert search.best_score_ == regressor().fit(X, Y).best_score_


def test_nothing_leaks_from_the_rows_held_out():
    """Encoders of inputs and target know the training rows of their fold alone."""
    parameters = regressor()._parameters()
    folds = _search.make_folds(parameters, 2, Arguments(X, Y), seed=0)
    for fold, (rows, _) in zip(folds, KFold(2).split(X), strict=True):
        job = fold.job
        problem = job.shared.problem(job.kind, job.number, job.split)
        scaler, target = problem.encoder.table.scaler, problem.target
        np.testing.assert_allclose(scaler.center, X[rows].mean(axis=0))
        np.testing.assert_allclose(target.center, Y[rows].mean())


# -- many threads ---------------------------------------------------------


def test_threads_change_nothing(monkeypatch):
    threads = set()
    fits = []
    for count in (1, 4):
        monkeypatch.setattr(
            "skrln._ensemble._engine.effective_n_jobs", lambda _, count=count: count
        )
        scorer = make_scorer(
            lambda y, p: threads.add(threading.get_ident()) or -mean_squared_error(y, p)
        )
        fits.append(regressor(reg_steps=STEPS, scoring=scorer).fit(X, Y))
    assert len(threads) > 1
    assert_same_fit(*fits)
    for name in fits[0].cv_results_:
        if "score" in name and "time" not in name:
            np.testing.assert_array_equal(*(one.cv_results_[name] for one in fits))


def test_random_state():
    assert_same_fit(*(regressor().fit(X, Y) for _ in range(2)))
    rng, same = np.random.RandomState(5), np.random.RandomState(5)
    first, second = (regressor(random_state=rng).fit(X, Y) for _ in range(2))
    assert not is_same_fit(first, second)
    assert_same_fit(first, regressor(random_state=same).fit(X, Y))
    unseeded = [regressor(random_state=None).fit(X, Y) for _ in range(2)]
    assert not is_same_fit(*unseeded)


# -- folds, weights, groups ------------------------------------------------------------


def test_folds_of_classes_are_stratified():
    order = np.argsort(CLASSES)  # plain folds would hold one class each
    search = classifier(cv=2, scoring="accuracy").fit(X[order], CLASSES[order])
    grid = GridSearchCV(plain_classifier(), {"theta": THETAS}, cv=2)
    grid.fit(X[order], CLASSES[order])
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], grid.cv_results_["mean_test_score"]
    )


def test_class_that_a_fold_lacks():
    order = np.argsort(CLASSES)
    search = classifier(cv=KFold(2)).fit(X[order], CLASSES[order])
    assert np.isfinite(search.best_score_)
    assert search.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("form", [list, iter])
def test_splits_as_they_are(form):
    parts = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    found = regressor(cv=form(parts)).fit(X, Y)
    assert found.n_splits_ == 2
    expected = regressor(cv=KFold(2)).fit(X, Y)
    assert sorted(found.cv_results_["split0_test_score"]) == sorted(
        expected.cv_results_["split1_test_score"]
    )


def test_groups_reach_both_splitters():
    groups = np.arange(40) % 4
    seen = []

    class Splitter(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(None if groups is None else list(groups))
            yield from super().split(X, y, groups)

    regressor(cv=Splitter(2), validation_cv=Splitter(2)).fit(X, Y, groups=groups)
    assert seen[0] == list(groups)
    assert [len(one) for one in seen[1:]] == [20, 20, 40]
    assert all(len(set(one)) == 2 for one in seen[1:3])


def test_weights_count_in_training_and_in_the_score():
    weights = np.arange(40.0) + 1
    train, test = next(KFold(2).split(X))
    search = regressor(thetas=[-8]).fit(X, Y, sample_weight=weights)
    network = plain_regressor(theta=-8).fit(X[train], Y[train], weights[train])
    scale = np.sqrt(np.cov(Y[train], aweights=weights[train], ddof=0))
    residual = (network.predict(X[test]) - Y[test]) / scale
    expected = -0.5 * np.average(residual**2, weights=weights[test])
    assert search.cv_results_["split0_test_score"][0] == pytest.approx(expected)


def test_rows_of_weight_zero_teach_nothing():
    weights = np.ones(40)
    weights[::3] = 0
    wild = Y.copy()
    wild[::3] = 1e6
    calm, changed = (regressor().fit(X, y, sample_weight=weights) for y in (Y, wild))
    assert_same_fit(calm, changed)
    assert calm.best_score_ == changed.best_score_


def test_scorer_gets_the_weights_that_it_asks_for():
    weights, seen = np.arange(40.0) + 1, []

    def score(y, prediction, sample_weight=None):
        seen.append(sample_weight)
        return -mean_squared_error(y, prediction, sample_weight=sample_weight)

    params = {"thetas": [-8], "max_iter": 2}
    regressor(scoring=make_scorer(score), **params).fit(X, Y, sample_weight=weights)
    assert seen == [None, None]
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(sample_weight=True)
        regressor(scoring=scorer, **params).fit(X, Y, sample_weight=weights)
    assert sorted(len(one) for one in seen[2:]) == [20, 20]
    assert sum(one.sum() for one in seen[2:]) == weights.sum()


def test_routing_of_weights_and_groups():
    seen = []

    class Splitter(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(len(groups))
            yield from super().split(X, y, groups)

    weights, groups = np.arange(40.0) + 1, np.arange(40) % 4
    with config_context(enable_metadata_routing=True):
        search = regressor(cv=Splitter(2)).set_fit_request(
            sample_weight=True, groups=True
        )
        search.set_score_request(sample_weight=True)
        metadata = {"sample_weight": weights, "groups": groups}
        scores = cross_val_score(search, X, Y, cv=2, params=metadata)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        outer = make_pipeline(scaler, search).fit(X, Y, **metadata)
    assert np.isfinite(scores).all()
    assert seen == [20, 20, 40]
    assert np.isfinite(outer[-1].best_score_)


def test_scorers():
    by_name = classifier(scoring="accuracy").fit(X, CLASSES)
    by_object = classifier(scoring=get_scorer("accuracy")).fit(X, CLASSES)
    by_function = classifier(scoring=lambda m, X, y: accuracy_score(y, m.predict(X)))
    by_function.fit(X, CLASSES)
    for other in (by_object, by_function):
        assert other.best_score_ == by_name.best_score_
        assert_same_fit(other, by_name)


def test_validation_data_stop_every_fit():
    settings = {"n_iter_no_change": 1, "tol": 10.0, "max_iter": 30}
    search = regressor(**settings).fit(X, Y, X_val=X[:10], y_val=Y[:10])
    assert search.n_iter_ == 2
    network = plain_regressor(theta=search.theta_, **settings)
    assert_same_fit(search, network.fit(X, Y, X_val=X[:10], y_val=Y[:10]))
    assert search.best_score_ < regressor(max_iter=30).fit(X, Y).best_score_


def test_several_tasks_with_missing_labels():
    tasks = np.column_stack([Y, X[:, 2]])
    tasks[::4, 1] = np.nan
    search = regressor().fit(X, tasks)
    assert search.predict(X).shape == (40, 2)
    assert np.isfinite(search.best_score_)
    labels = np.column_stack([CLASSES, X[:, 2] > 0]).astype(float)
    labels[::4, 1] = np.nan
    assert classifier().fit(X, labels).predict_proba(X).shape == (40, 2)
    letters = np.array(["a", "b", "c"])[make_classes(n_classes=3)[1]]
    tasks = np.column_stack([letters, letters])
    assert classifier().fit(X, tasks).predict(X).shape == (40, 2)


def frame():
    kinds = np.array([f"kind {i % 3}" for i in range(40)], dtype=object)
    kinds[[1, 30]] = ["rare", "rarer"]  # each in one fold only
    return pd.DataFrame({"number": Y, "kind": kinds})


def test_frames_with_categories_that_a_fold_lacks():
    search = regressor(scoring="r2").fit(frame(), pd.Series(Y))
    assert search.feature_names_in_.tolist() == ["number", "kind"]
    assert set(search.active_features_) <= {"number", "kind"}
    grid = GridSearchCV(plain_regressor(), {"theta": THETAS}, cv=2).fit(frame(), Y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], grid.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("form", ["csr_matrix", "coo_matrix", "csc_array"])
def test_sparse_tables(form):
    table = np.where(np.abs(X) < 0.5, 0, X)
    found = regressor().fit(getattr(sparse, form)(table), Y)
    assert np.isfinite(found.best_score_)
    assert found.predict(getattr(sparse, form)(table)).shape == (40,)


def test_pieces_of_numbers():
    search = regressor(numeric_embedding="piecewise").fit(X, Y)
    network = plain_regressor(numeric_embedding="piecewise", theta=search.theta_)
    assert_same_fit(search, network.fit(X, Y))


def test_pretrained():
    source = plain_regressor(random_state=7).fit(X, Y)
    search = regressor(pretrained=Transfer(source, n_frozen_layers=1)).fit(X, Y)
    np.testing.assert_array_equal(search.coefs_[0], source.coefs_[0])
    # And a search is a network to start from.
    other = plain_regressor(pretrained=Transfer(search, n_frozen_layers=1)).fit(X, Y)
    np.testing.assert_array_equal(other.coefs_[0], source.coefs_[0])
    assert regressor(pretrained=search).fit(X, Y).n_splits_ == 2


# -- around it -------------------------------------------------------------------------


def without_penalty(search):
    """Parameters, and the options of the penalty instead of the penalty itself."""
    return {k: v for k, v in search.get_params().items() if k != "penalty"}


def test_copies():
    search = regressor(n_estimators=2, input_selection=False).fit(X, Y)
    for again in (copy.deepcopy(search), pickle.loads(pickle.dumps(search))):
        np.testing.assert_array_equal(again.predict(X), search.predict(X))
        np.testing.assert_array_equal(
            again.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
        )
    twin = clone(search)
    assert not hasattr(twin, "cv_results_")
    assert not hasattr(twin, "theta_")
    penalty, other = (one.get_params().pop("penalty") for one in (twin, search))
    assert penalty is not other
    assert without_penalty(twin) == without_penalty(search)


def test_pickle_is_small():
    table, y = make_table(2000)
    model = regressor(hidden_layer_sizes=(64, 32), max_iter=1).fit(table, y)
    n_bytes = sum(array.nbytes for array in model.coefs_ + model.intercepts_)
    assert len(pickle.dumps(model)) < 2 * n_bytes + 20_000


def test_skops():
    search = regressor().fit(X, Y)
    dumped = io.dumps(search)
    untrusted = io.get_untrusted_types(data=dumped)
    assert all(name.startswith("skrln.") for name in untrusted)
    again = io.loads(dumped, trusted=untrusted)
    np.testing.assert_array_equal(again.predict(X), search.predict(X))


def test_inside_of_others():
    scores = cross_val_score(regressor(), X, Y, cv=2)
    assert np.isfinite(scores).all()
    pipeline = make_pipeline(StandardScaler(), classifier()).fit(X, CLASSES)
    assert pipeline.predict_proba(X).shape == (40, 2)
    search = GridSearchCV(regressor(), {"max_iter": [5, 10]}, cv=2).fit(X, Y)
    assert search.best_estimator_.theta_ in THETAS
    # Worker processes are started by a test of the networks; they get pickled searches.
    with joblib.parallel_config(backend="threading"):
        copied = pickle.loads(pickle.dumps(regressor()))
        found = cross_val_score(copied, X, Y, cv=2, n_jobs=2)
    np.testing.assert_allclose(found, scores, rtol=1e-9)


def test_no_partial_fit():
    for search in (regressor(), regressor().fit(X, Y)):
        assert not hasattr(search, "partial_fit")
        with pytest.raises(
            AttributeError, match=r"theta_ and reg_step_ .* RLNRegressor"
        ):
            search.partial_fit(X, Y)


def test_progress_of_all_jobs(capsys):
    loud = regressor(verbose=True, max_iter=3).fit(X, Y)
    shown = capsys.readouterr()
    assert shown.out == ""
    before, of_grid, before_refit, of_refit, end = shown.err.splitlines()
    assert "compiling" in before
    assert "RLNRegressorCV" in of_grid
    assert "epoch 12/12" in of_grid  # two values on two folds
    assert "compiling" in before_refit
    assert "epoch 3/3" in of_refit
    assert end.startswith("RLNRegressorCV: fitted in ")
    quiet = regressor(max_iter=3).fit(X, Y)
    assert capsys.readouterr().err == ""
    assert_same_fit(loud, quiet)


class Recorder:
    """A callback that notes the epochs, and calls `at_epoch`."""

    max_propagation_depth = None

    def __init__(self, at_epoch=lambda epoch: None):
        self.at_epoch, self.epochs, self.scores = at_epoch, [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(
        self, estimator, context, *, X, y, metadata=None, fitted_estimator=None
    ):
        if context.task_name != "epoch":
            return None
        self.epochs.append(context.task_id)
        self.scores.append(fitted_estimator.score(X, y))
        return self.at_epoch(context.task_id)


def test_callbacks_hear_of_the_refit():
    pytest.importorskip("sklearn.callback", reason=BEFORE_CALLBACKS)
    seen = Recorder()
    search = regressor().set_callbacks(seen).fit(X, Y)
    assert seen.epochs == list(range(10))
    assert seen.scores[-1] == search.score(X, Y)
    assert_same_fit(search, regressor().fit(X, Y))


def test_interrupt_of_the_refit_keeps_what_there_is():
    pytest.importorskip("sklearn.callback", reason=BEFORE_CALLBACKS)

    def interrupt(epoch):
        if epoch == 3:
            raise KeyboardInterrupt

    search = regressor().set_callbacks(Recorder(interrupt))
    with pytest.warns(ConvergenceWarning, match="by the user after 4 epochs"):
        search.fit(X, Y)
    assert search.n_iter_ == 4
    assert search.n_splits_ == 2


@pytest.mark.parametrize("fitted", [False, True])
def test_interrupt_of_the_search_ends_it(monkeypatch, fitted):
    search = regressor()
    if fitted:
        search.fit(X, Y)
    before = dict(vars(search))

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skrln._kernels._run.train_epochs", interrupt)
    with pytest.raises(KeyboardInterrupt):
        search.fit(2 * X, Y)
    assert vars(search) == before
    if not fitted:
        with pytest.raises(NotFittedError):
            search.predict(X)


def test_divergence_warns():
    wild = {"solver": "sgd", "learning_rate_init": 1e6, "max_iter": 30}
    with pytest.warns(ConvergenceWarning) as warned:
        regressor(**wild).fit(X, Y)
    messages = [str(one.message) for one in warned]
    assert any("in 4 of the 4 fits of the search" in one for one in messages)
    assert any("Training diverged in epoch" in one for one in messages)


# -- refused ---------------------------------------------------------------------------

REFUSED = {
    "no thetas": ({"thetas": []}, r"Got thetas=\[\], but expected one or more finite"),
    "infinite theta": ({"thetas": [-8, np.inf]}, r"Got thetas=\[-8, inf\], but"),
    "theta as text": ({"thetas": ["a"]}, r"Got thetas=\['a'\], but expected .* e\.g\."),
    "a number": ({"thetas": -8}, r"'thetas' parameter .* Got -8"),
    "a table": ({"thetas": [[-8]]}, r"Got thetas=\[\[-8\]\], but"),
    "another word": ({"thetas": "best"}, r"'thetas' parameter .* Got 'best'"),
    "no steps": ({"reg_steps": ()}, r"Got reg_steps=\(\), but"),
    "negative step": (
        {"reg_steps": [-1]},
        r"Got reg_steps=\[-1\], but .* non-negative",
    ),
    "scoring": ({"scoring": "beauty"}, r"'scoring' parameter .* Got 'beauty'"),
    "two scores": (
        {"scoring": lambda model, X, y: {"a": 1}},
        "Got scoring=.* of type dict, but expected a single number",
    ),
    "cv": ({"cv": 1}, r"'cv' parameter .* Got 1"),
    "folds": ({"cv": 41}, r"Got cv=41 with 40 rows .* Lower cv, or pass more rows"),
    "no splits": ({"cv": []}, r"Got cv=\[\] with no splits, but expected"),
    "empty split": (
        {"cv": [(np.arange(40), [])]},
        r"Got cv=.* with split\(s\) \[0\] without rows",
    ),
    "one row": (
        {"cv": [(np.arange(20), np.arange(20, 40)), ([0], np.arange(1, 20))]},
        r"1 sample.* This is about split 1 of cv=.* with 1 training and 19 test rows",
    ),
    "fixed validation": (
        {"validation_cv": [(np.arange(9), np.arange(9, 15))]},
        "Got validation_cv of type list, but expected an int or a splitter",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case):
    params, message = REFUSED[case]
    search = regressor(**params)
    before = dict(vars(search))
    with pytest.raises(ValueError, match=f"(?s){message}"):
        search.fit(X, Y)
    assert vars(search) == before


def test_fold_without_weight():
    weights = np.ones(40)
    weights[:20] = 0
    with pytest.raises(ValueError, match=r"This is about split \d of cv=2"):
        regressor().fit(X, Y, sample_weight=weights)


def test_splitter_inside_of_folds():
    search = regressor(validation_cv=ShuffleSplit(1, test_size=0.2, random_state=0))
    assert search.fit(X, Y).validation_loss_curve_.shape == (10,)


# -- one program: the last test, because it clears the caches -------------------------


@pytest.fixture
def compilations(caplog):
    """Names of the programs compiled so far, in any thread."""
    caplog.set_level(logging.WARNING, logger="jax")
    clear_caches()
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)
    yield lambda: [
        record.getMessage().split("jit(")[1].split(")")[0]
        for record in caplog.records
        if "XLA compilation of jit(" in record.getMessage()
    ]
    jax.config.update("jax_log_compiles", before)


def test_grid_compiles_once(compilations):
    """For all values, folds of unequal sizes, and the fit on all rows."""
    table, y = make_table(197)
    params = {"batch_size": 32, "hidden_layer_sizes": (7,), "max_iter": 3}
    regressor(thetas=(-9, -8, -7, -6), reg_steps=STEPS, cv=5, **params).fit(table, y)
    assert compilations().count("train_epochs") == 1
