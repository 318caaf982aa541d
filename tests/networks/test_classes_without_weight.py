# SPDX-License-Identifier: BSD-3-Clause
"""A class whose rows all have weight zero keeps its place, with probability zero."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from skrln import BlendingClassifier, RLNClassifier, RLNClassifierCV, RLNMultiTask
from skrln.joint import JointClassifier
from skrln.multitask import PerTaskEarlyStopping
from skrln.presets import READABLE

X = np.random.default_rng(0).normal(size=(90, 4))
Y = np.where(np.arange(90) < 20, 1, np.where(X[:, 0] > 0, 2, 0))
WEIGHTS = np.where(Y == 1, 0.0, 1.0)
SMALL = READABLE | {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
ENSEMBLE = {
    "hidden_layer_sizes": (8,),
    "max_iter": 5,
    "n_estimators": 2,
    "numeric_embedding": None,
    "random_state": 0,
}


def make_models():
    boosting = HistGradientBoostingClassifier(max_iter=3, random_state=0)
    linear = LogisticRegression(max_iter=1000)
    network = RLNClassifier(**SMALL)
    return {
        "peer": boosting,
        "network": network,
        "ensemble": RLNClassifier(**ENSEMBLE),
        "sparsest": RLNClassifier(**SMALL | {"early_stopping": "sparsest"}),
        "search": RLNClassifierCV(
            (8,), thetas=[-7.0], cv=2, max_iter=5, random_state=0, scoring="accuracy"
        ),
        "search by loss": RLNClassifierCV(
            (8,), thetas=[-7.0], cv=2, max_iter=5, random_state=0
        ),
        "blend": BlendingClassifier(
            [("rln", network), ("linear", linear)], cv=2, random_state=0
        ),
        "stages": PerTaskEarlyStopping(network, smoothing_window=1, random_state=0),
        "joint, one domain": JointClassifier((8,), max_iter=5, random_state=0),
    }


# No held-out row tells the stage of the class.
@pytest.mark.filterwarnings("ignore:1 of 3 tasks:UserWarning")
@pytest.mark.parametrize("kind", make_models())
def test_class_has_probability_zero(kind):
    model = make_models()[kind].fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    proba = model.predict_proba(X)
    assert proba.shape == (90, 3)
    assert proba[:, 1].max() < (0.1 if kind in ("peer", "blend") else 1e-12)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert set(model.predict(X).tolist()) <= {0, 2}
    assert 0 < model.score(X, Y) < 0.85
    assert model.score(X, Y, sample_weight=WEIGHTS) > model.score(X, Y)


@pytest.mark.parametrize("kind", ["network", "ensemble"])
def test_predictions_are_those_without_the_rows(kind):
    model = make_models()[kind].fit(X, Y, sample_weight=WEIGHTS)
    without = make_models()[kind].fit(X[WEIGHTS > 0], Y[WEIGHTS > 0])
    np.testing.assert_allclose(
        model.predict_proba(X)[:, [0, 2]], without.predict_proba(X), atol=1e-12
    )
    np.testing.assert_array_equal(model.predict(X), without.predict(X))


def test_joint_fit_of_several_domains():
    domain = np.arange(90) % 2
    model = JointClassifier((8,), max_iter=5, random_state=0)
    model = model.fit(X, Y, sample_weight=WEIGHTS, sample_domain=domain)
    proba = model.predict_proba(X, sample_domain=domain)
    assert proba.shape == (90, 3)
    assert np.all(proba[:, 1] == 0)
    assert [names.tolist() for names in model.domain_classes_] == [[0, 2], [0, 2]]
    assert set(model.predict(X, sample_domain=domain).tolist()) <= {0, 2}


def test_uncertainty_has_the_shape_of_the_probabilities():
    labels = ["a", "bbb", "c"]
    y = np.array(labels, object)[Y]
    model = RLNClassifier(**ENSEMBLE).fit(X, y, sample_weight=WEIGHTS)
    assert model.classes_.tolist() == labels
    proba, std = model.predict_proba(X, return_std=True)
    assert proba.shape == std.shape == (90, 3)
    assert np.all(std[:, 1] == 0)
    draws = model.sample_predictions(X[:5], n_samples=4, random_state=0)
    assert draws.shape == (5, 3, 4)
    assert np.all(draws[:, 1] == 0)
    assert set(model.predict(X).tolist()) <= {labels[0], labels[2]}


def test_several_tasks():
    y = np.column_stack([Y, np.where(X[:, 1] > 0, 3, 4)])
    model = RLNClassifier(**SMALL).fit(X, y, sample_weight=WEIGHTS)
    assert [names.tolist() for names in model.classes_] == [[0, 1, 2], [3, 4]]
    first, second = model.predict_proba(X)
    assert first.shape == (90, 3)
    assert second.shape == (90, 2)
    assert np.all(first[:, 1] == 0)
    mixed = np.column_stack([Y, X[:, 1] + 0.5])
    model = RLNMultiTask(**SMALL, task_types=["classification", "regression"])
    model = model.fit(X, mixed, sample_weight=WEIGHTS)
    assert model.classes_[0].tolist() == [0, 1, 2]
    proba, nothing = model.predict_proba(X)
    assert nothing is None
    assert proba.shape == (90, 3)
    assert np.all(proba[:, 1] == 0)
    assert model.predict(X).shape == (90, 2)


def test_labels_beyond_zero_and_one_make_no_multilabel_problem():
    y = np.column_stack([np.where(Y == 1, 2, Y // 2), (X[:, 1] > 0).astype(int)])
    model = RLNClassifier(**SMALL).fit(X, y, sample_weight=WEIGHTS)
    assert [names.tolist() for names in model.classes_] == [[0, 1, 2], [0, 1]]
    assert [proba.shape for proba in model.predict_proba(X)] == [(90, 3), (90, 2)]


def test_two_classes_need_weight():
    weights = np.where(Y == 2, 1.0, 0.0)
    with pytest.raises(ValueError, match="at least 2 classes with positive weight"):
        RLNClassifier(**SMALL).fit(X, Y, sample_weight=weights)


def test_held_out_labels_of_the_class_are_refused():
    with pytest.raises(
        ValueError, match=r"class\(es\) \[1\] in y_val.*positive weight"
    ):
        RLNClassifier(**SMALL).fit(X, Y, sample_weight=WEIGHTS, X_val=X, y_val=Y)


def test_continued_fits():
    """The error about new classes names what `fit` takes."""
    model = RLNClassifier(**SMALL, warm_start=True).fit(X, Y, sample_weight=WEIGHTS)
    with pytest.raises(ValueError, match=r"\[1\] in y.*fit a new estimator"):
        model.fit(X, Y)
    model.fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    model.partial_fit(X, Y, classes=[0, 1, 2], sample_weight=WEIGHTS)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
