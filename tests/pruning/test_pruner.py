# SPDX-License-Identifier: BSD-3-Clause
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrln.pruning
from skrln import RLNClassifier, RLNClassifierCV, RLNRegressor
from skrln.pruning import DistinctivenessPruner

from ._networks import TINY, classifier, digits_like, frozen, mlp, ours, table

X = table()
Y = X[:, 0]
#: Units that have nothing to do with each other, one per column; intercepts in the last row.
APART = np.vstack([np.eye(3), [0.1, -0.2, 0.3]])


def prune(model, X=X, y=Y, **params):
    return DistinctivenessPruner(frozen(model), **{"retrain": False} | params).fit(X, y)


def test_public_names():
    assert skrln.pruning.__all__ == ["DistinctivenessPruner"]


# -- the function is kept ----------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["weight", "activation"])
@pytest.mark.parametrize("compensate", ["regression", "pair", "add"])
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu"])
def test_duplicate_unit(criterion, compensate, activation):
    model = mlp([np.c_[APART, APART[:, 1]]], activation=activation)
    pruner = prune(model, criterion=criterion, compensate=compensate)
    np.testing.assert_array_equal(pruner.masks_[0], [1, 1, 1, 0])
    np.testing.assert_array_equal(pruner.pairs_, [[0, 1, 3, 0]])
    np.testing.assert_allclose(pruner.predict(X), model.predict(X), atol=1e-6)
    lost = prune(model, criterion=criterion, compensate=None)
    assert np.abs(lost.predict(X) - model.predict(X)).max() > 1e-2


@pytest.mark.parametrize("criterion", ["weight", "activation"])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_exact_complement(criterion, activation):
    model = mlp([np.c_[APART, -APART[:, 1]]], activation=activation)
    outputs = model.predict(X)
    for compensate in ("regression", "pair", "add"):
        pruner = prune(model, criterion=criterion, compensate=compensate)
        np.testing.assert_array_equal(pruner.pairs_, [[0, 1, 3, 1]])
        np.testing.assert_allclose(pruner.predict(X), outputs, atol=1e-6)
    both = prune(model, criterion=criterion, complement="remove")
    np.testing.assert_array_equal(both.masks_[0], [1, 0, 1, 0])
    assert np.abs(both.predict(X) - outputs).max() > 1e-2
    # V_i a_i + V_j (1 - a_i) is a constant where V_i equals V_j, and nothing is lost but it.
    model.coefs_[1][3] = model.coefs_[1][1]
    constant = prune(model, criterion=criterion, complement="remove").predict(X)
    assert np.ptp(constant - model.predict(X)) < 1e-6


def test_scaled_twin():
    model = mlp([np.c_[APART, 2 * APART[:, 1]]])
    every, fit, add = (
        prune(model, compensate=c) for c in ("regression", "pair", "add")
    )
    np.testing.assert_allclose(every.predict(X), model.predict(X), atol=1e-6)
    np.testing.assert_array_equal(fit.masks_[0], [1, 1, 1, 0])
    np.testing.assert_allclose(fit.predict(X), model.predict(X), atol=1e-6)
    expected = model.coefs_[1][1] + 2 * model.coefs_[1][3]
    np.testing.assert_allclose(fit.estimator_.coefs_[1][1], expected)
    assert np.abs(add.predict(X) - model.predict(X)).max() > 1e-2
    # Layer means do not see it, the means of the units do.
    assert prune(model, criterion="activation").pruning_ratio_ == 0
    by_unit = prune(model, criterion="activation", center="unit")
    assert by_unit.pruning_ratio_ == 0.25


def test_several_layers_at_once():
    second = np.vstack([np.random.default_rng(3).normal(size=(5, 3)), [0.1, 0.2, 0.3]])
    weights = [np.c_[APART, APART[:, :2]], np.c_[second, second[:, 0]]]
    model = mlp(weights, activation="tanh")
    outputs = model.predict(X)
    pruner = prune(model)
    np.testing.assert_array_equal(pruner.masks_[0], [1, 1, 1, 0, 0])
    np.testing.assert_array_equal(pruner.masks_[1], [1, 1, 1, 0])
    np.testing.assert_allclose(pruner.predict(X), outputs, atol=1e-6)
    assert pruner.estimator_.hidden_layer_sizes == (3, 3)
    assert pruner.pruning_ratio_ == pytest.approx(3 / 9)
    last = prune(model, layers=-1)
    assert last.layers_ == [1]
    assert last.masks_[0].all()
    assert last.estimator_.hidden_layer_sizes == (5, 3)
    assert last.pruning_ratio_ == pytest.approx(1 / 4)
    first = prune(model, layers=[0, 0])
    assert first.estimator_.hidden_layer_sizes == (3, 4)
    np.testing.assert_allclose(first.predict(X), outputs, atol=1e-6)


def with_twins(model):
    """Copy of a network whose second unit is the first one, in both hidden layers."""

    def twins(arrays):
        copies = [array.copy() for array in arrays]
        for array in copies[:2]:  # not those of the outputs
            array[..., 1] = array[..., 0]
        return copies

    (member,) = model._fitted.members
    network = member.network._replace(
        coefs=twins(member.network.coefs),
        intercepts=twins(member.network.intercepts),
        batch_norms=twins(member.network.batch_norms),
    )
    member = member._replace(network=network)
    return model._with_fitted(model._fitted._replace(members=[member]))


@pytest.mark.parametrize(
    ("make", "batch_norm"),
    [(RLNRegressor, None), (RLNRegressor, "before"), (RLNClassifier, "after")],
)
def test_own_networks(make, batch_norm):
    model = with_twins(ours(make, (6, 5), batch_norm=batch_norm, dtype="float64"))
    respond = "predict_proba" if make is RLNClassifier else "predict"
    pruner = prune(model, y=(Y > 0 if make is RLNClassifier else Y), similar_angle=1e-3)
    assert {tuple(pair) for pair in pruner.pairs_} == {(0, 0, 1, 0), (1, 0, 1, 0)}
    small = pruner.estimator_
    assert small.hidden_layer_sizes == (5, 4)
    assert [lam.shape for lam in small.reg_coefs_] == [w.shape for w in small.coefs_]
    np.testing.assert_allclose(
        getattr(pruner, respond)(X), getattr(model, respond)(X), atol=1e-6
    )
    assert model.coefs_[0].shape == (3, 6)  # the frozen one is left alone
    assert small.feature_importances_.shape == (3,)
    if batch_norm is None:
        assert small.partial_fit(X, Y).coefs_[0].shape == (3, 5)


# -- criteria ----------------------------------------------------------------------------


def test_random_removes_as_many_units():
    model = mlp([np.c_[APART, APART, APART]])
    weight = prune(model)
    runs = [prune(model, criterion="random", random_state=s) for s in range(4)]
    assert {run.masks_[0].sum() for run in runs} == {weight.masks_[0].sum()} == {3}
    assert len({tuple(run.masks_[0]) for run in runs}) > 1
    again = prune(model, criterion="random", random_state=0)
    np.testing.assert_array_equal(again.masks_[0], runs[0].masks_[0])
    half = prune(model, criterion="random", ratio=0.5, random_state=0)
    assert half.masks_[0].sum() == prune(model, ratio=0.5).masks_[0].sum() == 5


def test_include_bias():
    twin = APART[:, 1].copy()
    twin[-1] = 5.0
    model = mlp([np.c_[APART, twin]])
    assert prune(model).pruning_ratio_ == 0
    assert prune(model, include_bias=False).pruning_ratio_ == 0.25


@pytest.mark.parametrize("center", ["mean", "midrange", "unit"])
def test_center_decides_about_angles(center):
    model = mlp([np.random.default_rng(0).normal(size=(4, 6))], activation="logistic")
    usual, other = (
        prune(model, criterion="activation", center=c) for c in ("auto", center)
    )
    assert np.abs(usual.angles_[0] - other.angles_[0]).max() > 1


def test_angles():
    model = mlp([APART])
    pruner = prune(model)
    vectors = APART / np.linalg.norm(APART, axis=0)
    expected = np.degrees(np.arccos(np.clip(vectors.T @ vectors, -1, 1)))
    np.testing.assert_allclose(pruner.angles_[0], expected, atol=1e-5)


def test_thresholds():
    a = np.radians(20)
    weights = np.array(
        [[1, np.cos(a), -np.cos(a)], [0, np.sin(a), np.sin(a)], [0.0] * 3]
    )
    model = mlp([weights], X[:, :2])
    found = {
        (s, c): prune(model, X[:, :2], similar_angle=s, complementary_angle=c).pairs_
        for s, c in ((15, 165), (25, 165), (15, 155), (0, 180))
    }
    assert [len(pairs) for pairs in found.values()] == [0, 1, 1, 0]
    np.testing.assert_array_equal(found[25, 165], [[0, 0, 1, 0]])
    np.testing.assert_array_equal(found[15, 155], [[0, 0, 2, 1]])


def test_path_is_what_fits_at_each_threshold_give():
    rows, y = digits_like()
    model = classifier().fit(rows, y)
    pruner = prune(model, rows, y)
    thresholds = [(15, 165), (40, 140), (60, 120), (80, 100)]
    path = pruner.path(rows, y, thresholds)
    assert list(path) == [
        "similar_angle", "complementary_angle", "pruning_ratio", "score",
    ]  # fmt: skip
    for k, (similar, complementary) in enumerate(thresholds):
        one = prune(
            model, rows, y, similar_angle=similar, complementary_angle=complementary
        )
        assert path["pruning_ratio"][k] == pytest.approx(one.pruning_ratio_)
        assert path["score"][k] == one.score(rows, y)
    assert path["pruning_ratio"][-1] > path["pruning_ratio"][0]


# -- training ----------------------------------------------------------------------------


def test_clone_is_fitted_and_trained_again():
    rows, y = digits_like()
    network = classifier(max_iter=1000, alpha=1.0)
    pruner = DistinctivenessPruner(network, ratio=0.75, retrain=2000).fit(rows, y)
    assert not hasattr(network, "coefs_")
    trained = clone(network).fit(rows, y)
    np.testing.assert_allclose(pruner.unpruned_estimator_.coefs_[0], trained.coefs_[0])
    bare = prune(trained, rows, y, ratio=0.75)
    assert bare.estimator_.loss_ == trained.loss_
    assert pruner.estimator_.coefs_[0].shape == (4, 3)
    assert pruner.estimator_.max_iter == 1000
    assert not pruner.estimator_.warm_start
    assert pruner.estimator_.loss_ < 0.5
    assert pruner.score(rows, y) >= bare.score(rows, y)
    assert is_classifier(pruner)
    np.testing.assert_array_equal(pruner.classes_, [0, 1, 2])
    assert pruner.predict_proba(rows).shape == (90, 3)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_epochs_of_retraining(early_stopping):
    rows, y = digits_like()
    network = MLPClassifier(
        (12,), early_stopping=early_stopping, n_iter_no_change=100, max_iter=5,
        random_state=0,
    )  # fmt: skip
    with pytest.warns(Warning, match="Maximum iterations"):
        network.fit(rows, y)
    for retrain, n_more in ((False, 0), (3, 3), (True, 5)):
        pruner = DistinctivenessPruner(frozen(network), ratio=0.5, retrain=retrain)
        if retrain:
            with pytest.warns(Warning, match="Maximum iterations"):
                pruner.fit(rows, y)
        else:
            pruner.fit(rows, y)
        assert len(pruner.history_["loss_curve"]) == 5 + n_more
        assert pruner.history_["epoch"].tolist() == [5]
        assert pruner.history_["n_removed"].tolist() == [6]
        assert pruner.estimator_.coefs_[0].shape == (4, 6)
    assert network.coefs_[0].shape == (4, 12)


def test_own_network_goes_on_where_it_was():
    model = ours(max_iter=60)
    bare = prune(model, ratio=0.5)
    pruner = prune(model, ratio=0.5, retrain=40)
    curve = pruner.history_["loss_curve"]
    assert len(curve) == 100
    np.testing.assert_array_equal(curve[:60], model.loss_curve_)
    assert pruner.estimator_.max_iter == 60
    assert pruner.estimator_.pretrained is None
    assert pruner.estimator_.hidden_layer_sizes == (3,)
    assert pruner.score(X, Y) > bare.score(X, Y)


@pytest.mark.parametrize(
    "network",
    [
        MLPClassifier((12,), learning_rate_init=0.01, max_iter=30, random_state=0),
        RLNClassifier((8,), **TINY, learning_rate_init=0.01, max_iter=30),
    ],
)
def test_pruning_in_the_middle_third_alone(network):
    rows, y = digits_like()
    pruner = DistinctivenessPruner(
        network,
        schedule="middle_third",
        prune_every=5,
        similar_angle=50,
        complementary_angle=130,
        ratio=0.5 if isinstance(network, RLNClassifier) else None,
    ).fit(rows, y)
    history = pruner.history_
    assert len(history["loss_curve"]) == 30
    assert history["epoch"].tolist() == [10, 15]
    assert history["n_removed"].sum() == np.sum(~pruner.masks_[0]) > 0
    assert pruner.unpruned_estimator_ is None
    left = pruner.masks_[0].sum()
    assert pruner.estimator_.coefs_[0].shape == (4, left)
    gone = {pair[2] for pair in pruner.pairs_}
    assert gone == set(np.flatnonzero(~pruner.masks_[0]))
    with pytest.raises(ValueError, match="Got schedule='middle_third', which prunes"):
        pruner.path(rows, y)


def test_ratio_is_reached_in_steps():
    rows, y = digits_like()
    network = MLPClassifier((12,), learning_rate_init=0.01, max_iter=24, random_state=0)
    pruner = DistinctivenessPruner(
        network, schedule="middle_third", prune_every=2, ratio=0.5
    ).fit(rows, y)
    assert pruner.history_["epoch"].tolist() == [8, 10, 12, 14]
    assert pruner.history_["n_removed"].sum() == 6
    assert pruner.history_["n_removed"].max() == 2


def test_nothing_is_pruned_while_the_loss_rises():
    rows, y = digits_like()
    network = MLPClassifier((6,), learning_rate_init=1e-9, max_iter=12, random_state=0)
    wide = {"similar_angle": 89, "complementary_angle": 91, "prune_every": 2}
    noise = np.random.default_rng(0).normal(size=rows.shape)
    pruner = DistinctivenessPruner(network, schedule="middle_third", **wide)

    class Rising(MLPClassifier):
        def partial_fit(self, X, y, classes=None):
            super().partial_fit(X, y, classes=classes)
            self.loss_curve_[-1] = float(len(self.loss_curve_))
            return self

    assert pruner.fit(noise, y).pruning_ratio_ >= 0
    rising = Rising((6,), max_iter=12, random_state=0)
    pruner = DistinctivenessPruner(rising, schedule="middle_third", **wide).fit(rows, y)
    assert pruner.pruning_ratio_ == 0
    assert pruner.angles_ == []


def test_labels_of_several_tasks():
    rows, y = digits_like()
    both = np.c_[y, y == 1]
    for schedule in ("post", "middle_third"):
        network = RLNClassifier((2,), **TINY, max_iter=12, learning_rate_init=0.03)
        pruner = DistinctivenessPruner(
            network, ratio=0.5, schedule=schedule, prune_every=2
        ).fit(rows, both)
        assert pruner.masks_[0].sum() == 1
        assert [len(classes) for classes in pruner.classes_] == [3, 2]
        assert pruner.predict(rows).shape == (90, 2)
        assert [p.shape[1] for p in pruner.predict_proba(rows)] == [3, 2]
    labels = np.c_[y == 0, y == 1].astype(int)
    multilabel = MLPClassifier((6,), max_iter=6, random_state=0)
    pruner = DistinctivenessPruner(multilabel, schedule="middle_third", prune_every=1)
    assert pruner.fit(rows, labels).predict(rows).shape == (90, 2)


def test_metadata_reach_the_network():
    weights = np.where(Y > 0, 1.0, 1e-3)
    with config_context(enable_metadata_routing=True):
        network = RLNRegressor((6,), **TINY, max_iter=5)
        network.set_fit_request(sample_weight=True)
        pruner = DistinctivenessPruner(network, retrain=False)
        weighted = pruner.fit(X, Y, sample_weight=weights).predict(X)
    plain = pruner.fit(X, Y).predict(X)
    assert np.abs(weighted - plain).max() > 1e-3
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        pruner.fit(X, Y, sample_weight=weights)


def test_pickle_and_names():
    frame = pd.DataFrame(X, columns=list("abc"))
    pruner = DistinctivenessPruner(RLNRegressor((6,), **TINY, max_iter=5), retrain=2)
    pruner.fit(frame, Y)
    assert pruner.feature_names_in_.tolist() == ["a", "b", "c"]
    again = pickle.loads(pickle.dumps(pruner))
    np.testing.assert_array_equal(again.predict(frame), pruner.predict(frame))


# -- bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"similar_angle": 100, "complementary_angle": 90},
            "Got similar_angle=100 and complementary_angle=90, but expected",
        ),
        ({"similar_angle": -1}, "'similar_angle' parameter"),
        ({"complementary_angle": 181}, "'complementary_angle' parameter"),
        ({"ratio": 1.0}, "'ratio' parameter"),
        (
            {"layers": 1},
            "Got layers=1, but expected .* from -1 to 0: the network has 1",
        ),
        ({"layers": []}, r"Got layers=\[\], but expected"),
        ({"layers": [0.5]}, r"Got layers=\[0.5\], but expected"),
        ({"schedule": "middle_third"}, "Got schedule='middle_third' with a fitted"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        prune(mlp([APART]), **params)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            LogisticRegression(),
            "Got estimator of type LogisticRegression, but expected",
        ),
        (
            make_pipeline(StandardScaler(), MLPRegressor()),
            "Got estimator of type Pipeline, .* make the pruner the step",
        ),
        (
            RLNClassifierCV(),
            "Got estimator of type RLNClassifierCV, which chooses theta",
        ),
        (
            RLNRegressor(),
            "Got RLNRegressor with n_estimators='auto', .* expected a single network",
        ),
        (MLPRegressor(hidden_layer_sizes=()), "Got a network without a hidden layer"),
    ],
)
# Refused before or after a few epochs of training, which need not converge.
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_networks_that_cannot_be_pruned(network, message):
    pruner = DistinctivenessPruner(network)
    with pytest.raises(ValueError, match=message):
        pruner.fit(X, Y)
    assert not hasattr(pruner, "estimator_")


def test_no_epochs_to_prune_between():
    pruner = DistinctivenessPruner(
        MLPRegressor(solver="lbfgs"), schedule="middle_third"
    )
    with pytest.raises(
        ValueError, match="Got schedule='middle_third' with solver='lbfgs'"
    ):
        pruner.fit(X, Y)


def test_unfitted():
    pruner = DistinctivenessPruner(frozen(MLPRegressor()))
    with pytest.raises(NotFittedError):
        pruner.fit(X, Y)
    with pytest.raises(NotFittedError):
        pruner.predict(X)
    assert is_regressor(pruner)
    assert not hasattr(pruner, "predict_proba")


def test_members_of_an_ensemble_one_by_one():
    rows, y = digits_like()
    ensemble = RLNClassifier((8,), **TINY | {"n_estimators": 2}, max_iter=5)
    ensemble.fit(rows, y)
    with pytest.raises(ValueError, match="one of the estimators_ of a fitted ensemble"):
        prune(ensemble, rows, y)
    pruner = prune(ensemble.estimators_[0], rows, y, ratio=0.5, retrain=2)
    assert pruner.estimator_.hidden_layer_sizes == (4,)
    assert pruner.predict(rows).shape == (90,)


@pytest.mark.parametrize("schedule", ["post", "middle_third"])
def test_epochs_that_a_network_leaves_to_itself(schedule):
    """They are a hundred, to train and to train anew."""
    network = RLNRegressor((2,), **TINY | {"max_iter": "auto"})
    pruner = DistinctivenessPruner(
        network, schedule=schedule, prune_every=16, ratio=0.5, random_state=0
    )
    X = table()
    pruner.fit(X, X[:, 0])
    n_losses = {"post": 200, "middle_third": 100}[schedule]
    assert len(pruner.history_["loss_curve"]) == n_losses
