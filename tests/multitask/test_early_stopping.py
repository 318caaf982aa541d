# SPDX-License-Identifier: BSD-3-Clause
"""What it predicts, against the wrapped estimators by hand."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.metrics import log_loss
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skrln.multitask import PerTaskEarlyStopping, oracle_recall
from skrln.options import RLNPenalty

from ._models import (
    N_STAGES,
    NoSkill,
    Scripted,
    make_classes,
    make_labels,
    make_network,
    make_outputs,
)

#: A network whose tasks are at their best at different epochs.
OVERFITS = {"penalty": None, "learning_rate_init": 0.1}


def stop(estimator, **params):
    defaults = {
        "strategy": "brute_force",
        "n_clusters": "all",
        "smoothing_window": 1,
        "random_state": 0,
    }
    return PerTaskEarlyStopping(estimator, **(defaults | params))


def scripted(peaks, n_stages=12):
    """Errors that are smallest at the peaks, growing on both sides."""
    distance = np.abs(np.arange(n_stages) - np.asarray(peaks)[:, None])
    return Scripted(0.1 * distance)


def truth(n_tasks, n_rows=50, seed=0):
    return np.random.default_rng(seed).normal(size=(n_rows, n_tasks))


# -- T2: two tasks with peaks at 3 and 9 ----------------------------------------------------


@pytest.mark.parametrize("strategy", ["brute_force", "kmeans", "best_k"])
def test_both_peaks_are_found(strategy):
    y = truth(2)
    number = "all" if strategy == "brute_force" else 2
    model = stop(scripted([3, 9]), strategy=strategy, n_clusters=number).fit(y, y)
    assert model.task_best_stage_.tolist() == [3, 9]
    assert model.stage_of_cluster_.tolist() == [3, 9]
    np.testing.assert_array_equal(model.predict(y), y)


@pytest.mark.parametrize("strategy", ["brute_force", "kmeans", "best_k"])
def test_one_cluster_is_the_best_stage_of_the_mean(strategy):
    y = truth(2)
    estimator = scripted([3, 9])
    estimator.errors[1] *= 0.1  # the mean of the curves follows the first task
    model = stop(estimator, strategy=strategy, n_clusters=1).fit(y, y)
    assert model.best_stage_ == 3
    assert model.stage_of_cluster_.tolist() == [3]
    np.testing.assert_array_equal(model.predict(y), y + estimator.errors[:, 3])


def test_brute_force_is_checked_unless_all_stages_are_asked_for():
    """Two tasks that learn, with peaks far apart, against one that the rows do not tell."""
    y = truth(2, n_rows=200)
    sure = stop(scripted([3, 9]), n_clusters="auto").fit(y, y)
    assert sure.stage_of_cluster_.tolist() == [3, 9]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), rng.normal(size=(200, 8))
    unsure = stop(make_network(max_iter=12, penalty=None), n_clusters="auto").fit(X, y)
    assert len(unsure.stage_of_cluster_) == 1
    every = clone(unsure).set_params(n_clusters="all").fit(X, y)
    assert len(every.stage_of_cluster_) > 1
    np.testing.assert_array_equal(
        every.stage_of_cluster_[every.task_cluster_], every.task_best_stage_
    )


def test_centre_or_medoid():
    y = truth(3)
    found = {
        kind: stop(
            scripted([2, 3, 7]), strategy="kmeans", n_clusters=2, cluster_stage=kind
        ).fit(y, y)
        for kind in ("centre", "medoid")
    }
    assert found["centre"].stage_of_cluster_.tolist() == [2, 7]
    y = truth(4)
    estimator = scripted([2, 2, 4, 9])
    params = {"strategy": "kmeans", "n_clusters": 2}
    centre = stop(estimator, **params).fit(y, y)
    medoid = stop(estimator, cluster_stage="medoid", **params).fit(y, y)
    assert centre.stage_of_cluster_.tolist() == [3, 9]
    assert medoid.stage_of_cluster_.tolist() == [2, 9]


# -- T4: a model without skill ----------------------------------------------------------------


def test_the_oracle_inflates_and_the_deployable_mode_does_not():
    rng = np.random.default_rng(0)
    n_classes, gains = 8, []
    for seed in range(10):
        X, X_val, X_test = rng.normal(size=(3, 600, 3))
        y, y_val, y_test = rng.integers(n_classes, size=(3, 600))
        model = stop(NoSkill(seed=seed), smoothing_window=1)
        model.fit(X, y, X_val=X_val, y_val=y_val)
        assert len(model.stage_of_cluster_) > 1
        single = clone(model).set_params(n_clusters=1)
        single.fit(X, y, X_val=X_val, y_val=y_val)
        gains.append(model.score(X_test, y_test) - single.score(X_test, y_test))
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    assert abs(np.mean(gains)) < 2 * error

    proba_val, proba = (
        np.stack(list(model.estimators_[0].staged_predict_proba(rows)))
        for rows in (X_val, X_test)
    )
    report = oracle_recall(
        proba_val, y_val, proba, y_test, smoothing_window=1, random_state=0
    )
    assert report.gain > 0.05
    assert report.no_skill_gain > 0.05
    assert abs(report.gain - report.no_skill_gain) < 0.05


# -- T5: one of two outputs overfits early ----------------------------------------------------


def test_gradient_boosting_by_hand(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    X = rng.normal(size=(900, 5))
    signal = np.c_[5 * X[:, 0] * X[:, 1] + 3 * np.sin(3 * X[:, 2]), 0.3 * X[:, 3]]
    y = signal + rng.normal(size=(900, 2)) * [0.1, 1.0]
    train, val, test = slice(150), slice(150, 300), slice(300, None)
    boosting = GradientBoostingRegressor(
        n_estimators=120, max_depth=3, learning_rate=0.2, random_state=0
    )
    data = {"X_val": X[val], "y_val": y[val]}
    own = stop(MultiOutputRegressor(boosting), smoothing_window=5)
    own.fit(X[train], y[train], **data)
    shared = clone(own).set_params(n_clusters=1).fit(X[train], y[train], **data)
    assert own.task_best_stage_[1] < own.task_best_stage_[0]

    def errors(model):
        return ((model.predict(X[test]) - signal[test]) ** 2).mean(axis=0)

    assert np.all(errors(own) <= errors(shared))
    assert np.sum(errors(own)) < np.sum(errors(shared))
    for task, stage in enumerate(own.task_best_stage_):
        alone = clone(boosting).fit(X[train], y[train, task])
        staged = list(alone.staged_predict(X[test]))
        np.testing.assert_array_equal(own.predict(X[test])[:, task], staged[stage])


# -- T6: tasks that are all the same ----------------------------------------------------------


def test_the_same_task_three_times():
    X, y = make_outputs(n_tasks=1)
    y = np.repeat(y + np.random.default_rng(1).normal(size=y.shape), 3, axis=1)
    boosting = GradientBoostingRegressor(n_estimators=60, random_state=0)
    model = stop(MultiOutputRegressor(boosting)).fit(X, y)
    assert len(set(model.task_best_stage_)) == 1
    assert model.discrepancy_.tolist() == [0, 0, 0]
    assert 0 < model.best_stage_ < 59
    single = clone(model).set_params(n_clusters=1).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), single.predict(X))
    inner = model.estimators_[0].estimators_[0]
    plain = list(inner.staged_predict(X))[model.best_stage_]
    np.testing.assert_array_equal(model.predict(X), np.stack([plain] * 3, axis=1))


# -- One cluster is what the estimator does by itself -----------------------------------------


def test_network_stops_where_it_would_stop_by_itself():
    X, y = make_outputs()
    y[:, 2] *= 3  # in another unit
    data = {"X_val": X[40:], "y_val": y[40:]}
    params = {
        "theta": -9,
        "penalty": RLNPenalty(warmup=0.3),
        "learning_rate_init": 0.2,
        "max_iter": 40,
    }
    alone = make_network(n_iter_no_change=40, **params)
    alone.set_params(early_stopping=True).fit(X[:40], y[:40], **data)
    model = stop(make_network(**params), n_clusters=1).fit(X[:40], y[:40], **data)
    assert 11 <= alone.best_iteration_ < 39
    assert model.first_stage_ == 11
    assert model.best_stage_ == alone.best_iteration_
    (network,) = model.estimators_
    np.testing.assert_array_equal(network.predict(X), alone.predict(X))
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))
    for name in ("coefs_", "intercepts_", "reg_coefs_", "loss_curve_"):
        for a, b in zip(getattr(network, name), getattr(alone, name), strict=True):
            np.testing.assert_array_equal(a, b)
    curve = alone.validation_loss_curve_
    # The loss of the network is half the squared error.
    np.testing.assert_allclose((1 - model.summary_curve_) / 2, curve, rtol=1e-5)


@pytest.mark.parametrize("make", [make_labels, make_classes])
def test_one_stage_of_a_classifier(make):
    X, y = make()
    model = stop(make_network(classifier=True), n_clusters=1).fit(X, y)
    (network,) = model.estimators_
    assert network.best_iteration_ == model.best_stage_
    np.testing.assert_array_equal(model.predict_proba(X), network.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), network.predict(X))
    np.testing.assert_array_equal(model.classes_, network.classes_)
    assert model.calibration_ is None


# -- Each kind of estimator, stage by stage ---------------------------------------------------


def assert_columns(model, X, staged):
    """Every column is that of the estimator at the task's own stage."""
    stages = model.stage_of_cluster_[model.task_cluster_]
    assert len(set(stages)) > 1
    for task, stage in enumerate(stages):
        np.testing.assert_array_equal(model.predict(X)[:, task], staged[stage][:, task])


def test_multi_output_network():
    X, y = make_outputs()
    model = stop(make_network(**OVERFITS)).fit(X[:40], y[:40])
    by_stage = {n.best_iteration_: n.predict(X) for n in model.estimators_}
    assert sorted(by_stage) == model.stage_of_cluster_.tolist()
    assert_columns(model, X, by_stage)
    assert len(model.estimators_) == len(model.stage_of_cluster_)


def test_partial_fit_network_of_scikit_learn():
    X, y = make_outputs()
    mlp = MLPRegressor(
        hidden_layer_sizes=(5,),
        learning_rate_init=0.3,
        max_iter=N_STAGES,
        random_state=0,
    )
    model = stop(mlp).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    staged, stepped = [], clone(mlp)
    for _ in range(N_STAGES):
        staged.append(stepped.partial_fit(X[:40], y[:40]).predict(X))
    assert model.validation_curves_.shape == (3, N_STAGES)
    assert_columns(model, X, staged)


def test_partial_fit_of_several():
    X, y = make_outputs()
    sgd = MultiOutputRegressor(SGDRegressor(eta0=0.05, random_state=0))
    model = stop(sgd, max_iter=7).fit(X, y)
    assert model.validation_curves_.shape == (3, 7)
    default = stop(sgd.set_params(estimator__max_iter=5)).fit(X, y)
    assert default.validation_curves_.shape == (3, 5)
    automatic = stop(make_network(max_iter="auto"))
    assert automatic.fit(X, y).validation_curves_.shape == (3, 100)


def test_warm_start_over_members():
    X, y = make_labels(n_rows=80)
    forest = RandomForestClassifier(n_estimators=8, max_depth=3, random_state=0)
    data = {"X_val": X[50:], "y_val": y[50:]}
    model = stop(forest).fit(X[:50], y[:50], **data)
    sizes = [len(one.estimators_) for one in model.estimators_]
    assert sizes == (model.stage_of_cluster_ + 1).tolist()
    for task, stage in enumerate(model.stage_of_cluster_[model.task_cluster_]):
        alone = clone(forest).set_params(n_estimators=stage + 1).fit(X[:50], y[:50])
        ours, theirs = model.predict_proba(X)[task], alone.predict_proba(X)[task]
        np.testing.assert_array_equal(ours, theirs)


def test_warm_start_over_iterations():
    X, y = make_classes()
    logistic = LogisticRegression(warm_start=True, max_iter=6)
    model = stop(logistic, n_clusters=1, max_iter=4).fit(X, y)
    assert model.validation_curves_.shape == (3, 4)
    assert model.score(X, y) > 0.6


def test_staged_probabilities_of_several():
    X, y = make_labels(n_rows=90)
    boosting = GradientBoostingClassifier(n_estimators=N_STAGES, random_state=0)
    data = {"X_val": X[50:], "y_val": y[50:]}
    model = stop(MultiOutputClassifier(boosting)).fit(X[:50], y[:50], **data)
    for task, stage in enumerate(model.task_best_stage_):
        alone = clone(boosting).fit(X[:50], y[:50, task])
        staged = list(alone.staged_predict_proba(X))[stage]
        np.testing.assert_array_equal(model.predict_proba(X)[task], staged)
        np.testing.assert_array_equal(model.predict(X)[:, task], staged.argmax(axis=1))


def test_several_that_end_at_different_iterations():
    X, y = make_outputs(n_rows=90)
    boosting = GradientBoostingRegressor(
        n_estimators=40, n_iter_no_change=2, learning_rate=0.5, random_state=0
    )
    model = stop(MultiOutputRegressor(boosting)).fit(X, y)
    inner = model.estimators_[0].estimators_
    ends = [one.n_estimators_ for one in inner]
    assert len(set(ends)) > 1
    assert model.validation_curves_.shape == (3, max(ends))
    for task, stage in enumerate(model.task_best_stage_):
        staged = list(inner[task].staged_predict(X))
        expected = staged[min(stage, ends[task] - 1)]
        np.testing.assert_array_equal(model.predict(X)[:, task], expected)


def test_outputs_with_several_classes():
    X, y = make_classes()
    _, labels = make_labels()
    both = np.column_stack([np.array(["a", "b", "c"])[y], labels[:, 1]]).astype(object)
    both[:, 1] = labels[:, 1]
    model = stop(make_network(classifier=True)).fit(X, both)
    assert model.validation_curves_.shape == (2, N_STAGES)
    first, second = model.predict_proba(X)
    assert first.shape == (60, 3)
    assert second.shape == (60, 2)
    assert set(model.predict(X)[:, 0]) <= {"a", "b", "c"}
    first_log, _ = model.predict_log_proba(X)
    np.testing.assert_array_equal(first_log, np.log(first))


def test_sparse_inputs_to_networks_and_names_of_columns():
    from scipy import sparse

    X, y = make_outputs()
    dense = stop(make_network()).fit(np.where(X > 0, X, 0), y)
    thin = stop(make_network()).fit(sparse.csr_matrix(np.where(X > 0, X, 0)), y)
    assert thin.predict(sparse.csr_matrix(X)).shape == dense.predict(X).shape
    frame = pd.DataFrame(X, columns=list("abcd"))
    targets = pd.DataFrame(y, columns=["u", "v", "w"])
    model = stop(make_network()).fit(frame, targets)
    assert model.task_names_.tolist() == ["u", "v", "w"]
    assert model.feature_names_in_.tolist() == list("abcd")
    assert model.n_features_in_ == 4


# -- Multiclass -------------------------------------------------------------------------------


@pytest.mark.parametrize("cv", [None, 3])
def test_calibrated_columns(cv):
    X, y = make_classes(n_rows=150)
    names = np.array(["ant", "bee", "cow"])
    model = stop(
        HistGradientBoostingClassifier(
            max_iter=20, min_samples_leaf=3, learning_rate=0.4
        ),
        cv=cv,
    )
    model.fit(X, names[y])
    assert len(model.stage_of_cluster_) > 1
    assert model.task_names_.tolist() == names.tolist()
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), names[proba.argmax(axis=1)])
    # By hand: each class from its own stage.
    staged = list(model.estimators_[0].staged_predict_proba(X))
    stages = model.stage_of_cluster_[model.task_cluster_]
    columns = np.stack([staged[s][:, k] for k, s in enumerate(stages)], axis=1)
    slope, intercept = model.calibration_.T
    scaled = 1 / (1 + np.exp(-(slope * np.log(columns / (1 - columns)) + intercept)))
    expected = scaled / scaled.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, expected, rtol=1e-6)


def test_the_label_is_not_known():
    """Rows are predicted alone as they are among others: no label, no other row counts."""
    X, y = make_classes(n_rows=90)
    model = stop(GradientBoostingClassifier(n_estimators=8, random_state=0)).fit(X, y)
    whole = model.predict_proba(X)
    alone = np.concatenate([model.predict_proba(X[[i]]) for i in range(90)])
    np.testing.assert_allclose(alone, whole, rtol=1e-12)


def test_digits_with_a_network():
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    train, test = rows[:400], rows[400:]
    mlp = MLPClassifier(
        hidden_layer_sizes=(20,), max_iter=40, learning_rate_init=0.01, random_state=0
    )
    model = stop(mlp, smoothing_window=5).fit(X[train], y[train])
    single = stop(mlp, smoothing_window=5, n_clusters=1).fit(X[train], y[train])
    ours, theirs = (
        log_loss(y[test], one.predict_proba(X[test])) for one in (model, single)
    )
    assert ours < theirs + 0.05
    assert model.score(X[test], y[test]) > 0.85


# -- Memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["network", "mlp"])
def test_replayed_past_the_cap(kind):
    X, y = make_outputs()
    estimator = make_network(**OVERFITS)
    if kind == "mlp":
        estimator = MLPRegressor(
            hidden_layer_sizes=(5,), learning_rate_init=0.3, max_iter=N_STAGES
        )
    kept = stop(estimator).fit(X, y)
    replayed = stop(estimator, max_snapshot_bytes=2_000).fit(X, y)
    assert not kept.replayed_
    assert replayed.replayed_
    assert len(replayed.estimators_) > 1
    np.testing.assert_array_equal(kept.predict(X), replayed.predict(X))
    np.testing.assert_array_equal(kept.validation_curves_, replayed.validation_curves_)


def test_snapshots_stay_under_the_cap(monkeypatch):
    from skrln.multitask import _sources

    held, store = [], _sources.Source._store

    def watched(self, stage, make, keep):
        store(self, stage, make, keep)
        snapshots = self.snapshots or {}
        held.append(sum(map(_sources._size_of, snapshots.values())))

    monkeypatch.setattr(_sources.Source, "_store", watched)
    X, y = make_outputs()
    model = stop(make_network()).fit(X, y)
    size = max(held)
    assert len(model.estimators_) < N_STAGES
    held.clear()
    stop(make_network(), max_snapshot_bytes=size // 2).fit(X, y)
    assert max(held) <= size // 2


def test_only_chosen_stages_are_kept():
    X, y = make_outputs()
    model = stop(make_network(), n_clusters=1).fit(X, y)
    small = len(pickle.dumps(model))
    assert small < 2 * len(pickle.dumps(model.estimators_[0])) + 10_000
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


# -- Validation data --------------------------------------------------------------------------


def test_cross_validated_stages():
    X, y = make_outputs(n_rows=90)
    mlp = MLPRegressor(
        hidden_layer_sizes=(5,),
        learning_rate_init=0.3,
        max_iter=N_STAGES,
        random_state=0,
    )
    model = stop(mlp, cv=3).fit(X, y)
    curves = []
    for fold in range(3):
        held_out = slice(30 * fold, 30 * fold + 30)
        rows = np.r_[0 : 30 * fold, 30 * fold + 30 : 90]
        one = stop(mlp).fit(X[rows], y[rows], X_val=X[held_out], y_val=y[held_out])
        errors = 1 - one.validation_curves_
        curves.append(errors * y[rows].var(axis=0)[:, None])
    expected = 1 - np.mean(curves, axis=0) / y.var(axis=0)[:, None]
    np.testing.assert_allclose(model.validation_curves_, expected)
    # The final fit is on all rows.
    staged, stepped = [], clone(mlp)
    for _ in range(N_STAGES):
        staged.append(stepped.partial_fit(X, y).predict(X))
    stages = model.stage_of_cluster_[model.task_cluster_]
    for task, stage in enumerate(stages):
        np.testing.assert_array_equal(model.predict(X)[:, task], staged[stage][:, task])


def test_the_part_held_out():
    X, y = make_outputs()
    seen = stop(make_network(), validation_fraction=0.25).fit(X, y)
    other = stop(make_network(), validation_fraction=0.5).fit(X, y)
    assert not np.array_equal(seen.validation_curves_, other.validation_curves_)
    again = stop(make_network(), validation_fraction=0.25).fit(X, y)
    np.testing.assert_array_equal(seen.predict(X), again.predict(X))
    seed = stop(make_network(), validation_fraction=0.25, random_state=1).fit(X, y)
    assert not np.array_equal(seen.validation_curves_, seed.validation_curves_)


def test_groups_are_held_out_whole():
    from sklearn.model_selection import GroupKFold

    X, y = make_outputs()
    groups = np.arange(60) // 5
    model = stop(make_network(), cv=GroupKFold(3))
    assert model.fit(X, y, groups=groups).validation_curves_.shape == (3, N_STAGES)
    with pytest.raises(ValueError, match="groups"):
        model.fit(X, y)


@pytest.mark.parametrize(
    "estimator",
    [make_network(), MultiOutputRegressor(SGDRegressor(random_state=0, max_iter=5))],
)
def test_rows_of_weight_zero_are_not_there(estimator):
    X, y = make_outputs()
    weights = np.ones(60)
    weights[40:] = 0
    y_wrong = y.copy()
    y_wrong[40:] = 1e3
    data = {"X_val": X[40:], "y_val": y[40:], "sample_weight_val": np.arange(20.0)}
    model = stop(estimator)
    wrong = clone(model).fit(X, y_wrong, weights, **data)
    plain = clone(model).fit(X, y, weights, **data)
    np.testing.assert_allclose(wrong.predict(X), plain.predict(X))
    unweighted = clone(model).fit(X, y, weights, X_val=X[40:], y_val=y[40:])
    assert not np.array_equal(unweighted.validation_curves_, plain.validation_curves_)


# -- Missing labels ---------------------------------------------------------------------------


def test_missing_labels():
    X, y = make_outputs()
    y[::3, 0] = np.nan
    y[1::4, 2] = np.nan
    data = {"X_val": X[40:], "y_val": y[40:]}
    model = stop(make_network()).fit(X[:40], y[:40], **data)
    curves = model.validation_curves_
    assert np.isfinite(curves).all()
    network = model.estimators_[0]
    stage, known = network.best_iteration_, ~np.isnan(y[40:, 0])
    error = np.mean((network.predict(X[40:])[known, 0] - y[40:, 0][known]) ** 2)
    assert curves[0, stage] == pytest.approx(1 - error / np.nanvar(y[:40, 0]))
    assert np.isfinite(model.score(X, y))


def test_a_task_without_labels_to_validate_on():
    X, y = make_outputs()
    y_val = y[40:].copy()
    y_val[:, 1] = np.nan
    model = stop(make_network(**OVERFITS))
    with pytest.warns(
        UserWarning, match=r"1 of 3 tasks \(1\) have no validation labels"
    ):
        model.fit(X[:40], y[:40], X_val=X[40:], y_val=y_val)
    assert model.fallback_tasks_.tolist() == [1]
    assert np.isnan(model.validation_curves_[1]).all()
    assert model.task_best_stage_[1] == model.best_stage_
    assert model.stage_of_cluster_[model.task_cluster_[1]] == model.best_stage_
    np.testing.assert_allclose(
        model.summary_curve_, model.validation_curves_[[0, 2]].mean(axis=0)
    )


def test_a_label_with_one_class_to_validate_on():
    X, y = make_labels()
    y_val = y[40:].copy()
    y_val[:, 2] = 0
    model = stop(make_network(classifier=True), strategy="kmeans", n_clusters=1)
    with pytest.warns(UserWarning, match="take the stage with the best mean score"):
        model.fit(X[:40], y[:40], X_val=X[40:], y_val=y_val)
    assert model.fallback_tasks_.tolist() == [2]


def test_sgd_with_one_class_at_all_stages_has_nothing_to_choose_by():
    X, y = make_classes(n_classes=2)
    model = stop(SGDClassifier(loss="log_loss"), max_iter=3)
    with pytest.raises(ValueError, match="without labels of two classes for any task"):
        model.fit(X, y, X_val=X[:3], y_val=np.zeros(3, int))
    assert not hasattr(model, "estimators_")
