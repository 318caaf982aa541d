# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import BlendingClassifier, BlendingRegressor, RLNClassifier, RLNRegressor

from ._graphs import assert_same
from ._models import TINY, make_target

NUMBERS = ["count", "rate"]


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression())


def test_regressors(table):
    X, y = table
    models = [
        ("network", RLNRegressor(**TINY)),
        ("pipeline", make_pipeline(StandardScaler(), Ridge())),
        ("linear", Ridge()),
    ]
    blend = BlendingRegressor(models, cv=2, random_state=0).fit(X, y)
    assert blend.weights_.min() > 0.01
    assert_same(blend, X)
    assert_same(blend, X.astype(np.float32))


def test_two_classes(table):
    X, y = table
    models = [("network", RLNClassifier(**TINY)), ("linear", linear())]
    blend = BlendingClassifier(models, cv=2).fit(X, np.where(y > 3, "yes", "no"))
    assert blend.temperature_ != 1
    assert_same(blend, X)


def test_several_classes(table):
    X, y = table
    models = [("network", RLNClassifier(**TINY)), ("linear", linear())]
    blend = BlendingClassifier(models, cv=2).fit(X, np.digitize(y, [2, 4]))
    assert_same(blend, X)


def test_class_without_weight(table):
    X, y = table
    labels = np.digitize(y, [1, 3, 5])
    weights = np.where(labels == 1, 0.0, 1.0)
    models = [("network", RLNClassifier(**TINY)), ("linear", LogisticRegression())]
    blend = BlendingClassifier(models, cv=2).fit(X, labels, sample_weight=weights)
    outputs = assert_same(blend, X)
    assert (outputs["probabilities"][:, 1] == 0).all()


def test_columns_of_a_frame(frame):
    """The network takes an input for each column, and the linear model all together."""
    X, y = frame[NUMBERS], make_target(frame)
    models = [("network", RLNRegressor(**TINY)), ("linear", Ridge())]
    assert_same(BlendingRegressor(models, cv=2, random_state=0).fit(X, y), X)
