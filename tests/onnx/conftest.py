# SPDX-License-Identifier: BSD-3-Clause
"""Models that several modules convert."""

import numpy as np
import pytest

from skrln import RLNClassifier, RLNRegressor

from ._models import TINY, make_frame, make_target


@pytest.fixture(scope="session")
def frame():
    return make_frame()


@pytest.fixture(scope="session")
def table():
    """Numbers only, and a target."""
    X = np.random.default_rng(0).normal(size=(60, 4))
    return X, 3 + 2 * X[:, 0] - X[:, 1] * X[:, 2]


@pytest.fixture(scope="session")
def mixed_ensemble(frame):
    """Networks on numbers and on pieces of numbers, and on categories."""
    params = TINY | {"n_estimators": 2, "numeric_embedding": "auto", "max_iter": 10}
    return RLNRegressor(**params, input_selection=False).fit(frame, make_target(frame))


@pytest.fixture(scope="session")
def regressor(table):
    return RLNRegressor(**TINY | {"hidden_layer_sizes": (8, 5)}).fit(*table)


@pytest.fixture(scope="session")
def classifier(table):
    X, y = table
    names = np.array(["low", "middle", "high"])[np.digitize(y, [2, 4])]
    return RLNClassifier(**TINY).fit(X, names)
